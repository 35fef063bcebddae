//! 64 that report usage of one user and 64 that allocate from one pool, at work until the program or its database goes
//! away. They remember what they were told, and send again what they were not answered.

use crate::support::{Browser, Client, Countdown, Dice, at_once, number, texts};
use reqwest::RequestBuilder;
use seatkeeper::access::UserId;
use seatkeeper::db::Db;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Of each sort.
pub const WRITERS: usize = 64;
/// Longer than this nobody waits until the program answers again.
const LONGEST: Duration = Duration::from_secs(60);

/// Where the writers reach the program, until it or its database goes away.
pub struct Life {
    pub client: Client,
    pub amara: Browser,
    pub answered: Countdown,
}

pub struct Writers {
    reporters: Vec<Reporter>,
    allocators: Vec<Allocator>,
    /// Of whom usage is reported: the first of those who are allocated to.
    mateo: UserId,
}

impl Writers {
    /// `people`: as many users as there are writers, who have nothing yet.
    pub fn of(people: &[UserId], seed: u64) -> Self {
        let mateo = people[0];
        let dice = |n: usize| Dice::new(seed + n as u64);
        let reporter = |n| Reporter { mateo, name: format!("reporter{n}"), ..Reporter::new(dice(n)) };
        let allocator = |(n, user): (usize, &UserId)| Allocator::new(dice(WRITERS + n), *user, *user == mateo);
        let allocators = people.iter().enumerate().map(allocator).collect();
        Writers { reporters: (0..WRITERS).map(reporter).collect(), allocators, mateo }
    }

    /// All at once, until enough was answered; then `end` takes away what answers, while requests are under way.
    pub async fn work(self, life: &Rc<Life>, end: impl FnOnce()) -> Self {
        let reporting = at_once(self.reporters.into_iter().map(|one| one.work(life.clone())).collect());
        let allocating = at_once(self.allocators.into_iter().map(|one| one.work(life.clone())).collect());
        let working = async {
            let done = tokio::join!(reporting, allocating);
            life.answered.finish();
            done
        };
        let ending = async {
            life.answered.is_over().await;
            end();
        };
        let ((reporters, allocators), ()) = tokio::join!(working, ending);
        Writers { reporters, allocators, ..self }
    }

    /// What was not answered is sent again, as it was, until it is.
    pub async fn repeat(self, life: &Rc<Life>) -> Self {
        let reporting = at_once(self.reporters.into_iter().map(|one| one.repeat(life.clone())).collect());
        let allocating = at_once(self.allocators.into_iter().map(|one| one.repeat(life.clone())).collect());
        let (reporters, allocators) = tokio::join!(reporting, allocating);
        Writers { reporters, allocators, ..self }
    }

    /// What is stored is what was answered: each event once, each user what they were given last, nothing else.
    pub fn check(&self, db: &Db, when: &str) {
        let counted = || self.reporters.iter().flat_map(|one| one.counted.values());
        let event = |one: &Counted| format!("{}: {} used {}", one.entry, self.mateo, one.amount);
        let used: i64 = counted().map(|one| one.amount).sum();
        let has = |one: &Allocator| format!("{}: {} {}", one.user, one.has, if one.is_of_mateo { used } else { 0 });
        are_stored(
            counted().map(event).collect(),
            "CAST(id AS TEXT) || ': ' || CAST(user_id AS TEXT) || ' ' || entry || 'd ' || CAST(amount AS TEXT) AS t
             FROM ledger WHERE entry IN ('use', 'refund')",
            (db, when),
        );
        are_stored(
            self.allocators.iter().filter(|one| one.has > 0).map(has).collect(),
            "CAST(user_id AS TEXT) || ': ' || CAST(allocated AS TEXT) || ' ' || CAST(used AS TEXT) AS t
             FROM allocations WHERE kind = 'export' AND allocated > 0",
            (db, when),
        );
        self.check_pool(db, used, when);
    }

    fn check_pool(&self, db: &Db, used: i64, when: &str) {
        let given: i64 = self.allocators.iter().map(|one| one.has).sum();
        assert!(given <= 5000, "{when}: {given} were given of 5000");
        let account = format!("(SELECT account_id FROM users WHERE id = {})", self.mateo);
        are_stored(
            vec![format!("5000 {given} {used}")],
            &format!(
                "CAST(total AS TEXT) || ' ' || CAST(allocated AS TEXT) || ' ' || CAST(used AS TEXT) AS t
                 FROM credit_pools WHERE kind = 'export' AND account_id = {account}"
            ),
            (db, when),
        );
        let count = |rows: &str| number(db, &format!("SELECT COUNT(*) AS n FROM {rows}"));
        let entries = count("ledger WHERE entry IN ('allocate', 'take_back')");
        assert_eq!(entries, count("activity WHERE action = 'user.credits_allocated'"), "{when}: half of a change");
    }

    /// The test fails where a reporter was not told so often that it should come again.
    pub fn were_put_off(&self, times: usize) {
        let least = self.reporters.iter().map(|one| one.put_off).min();
        assert!(least >= Some(times), "somebody was put off {least:?} times");
    }

    /// The test fails where there was too little to prove anything.
    pub fn have_worked(&self) {
        let all = |pick: fn(&Reporter) -> usize| -> usize { self.reporters.iter().map(pick).sum() };
        let counted = all(|one| one.counted.len());
        let (there, missing) = (all(|one| one.there), all(|one| one.missing));
        let refused = all(|one| one.refused) + self.allocators.iter().map(|one| one.refused).sum::<usize>();
        let given: usize = self.allocators.iter().map(|one| one.given).sum();
        let told = format!(
            "{counted} counted, {given} given, {refused} refused; of what came again {there} were there and {missing} not"
        );
        assert!(counted >= 100 && given >= 100 && refused > 0 && there > 0 && missing > 0, "{told}");
    }
}

/// These texts, and no others, are what a query gives.
fn are_stored(mut wanted: Vec<String>, query: &str, (db, when): (&Db, &str)) {
    let mut stored = texts(db, &format!("SELECT {query}"));
    wanted.sort();
    stored.sort();
    assert_eq!(stored, wanted, "{when}");
}

/// Now and then an answer is lost on the way: it may be there or not for all that its writer knows.
fn is_lost(dice: &mut Dice) -> bool {
    dice.number().is_multiple_of(8)
}

/// An event that was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Counted {
    entry: String,
    amount: i64,
}

#[derive(Debug, Clone)]
struct Event {
    key: String,
    amount: i64,
}

/// A program that reports one event after the other, or several at once.
struct Reporter {
    dice: Dice,
    name: String,
    mateo: UserId,
    made: u32,
    /// Requests that were not answered, or as good as not.
    open: Vec<Vec<Event>>,
    /// By key.
    counted: BTreeMap<String, Counted>,
    refused: usize,
    /// How often it was told to come again.
    put_off: usize,
    /// Events that came again, by whether they had been counted.
    there: usize,
    missing: usize,
}

impl Reporter {
    fn new(dice: Dice) -> Self {
        let (name, mateo, counted) = (String::new(), UserId(0), BTreeMap::new());
        Reporter { dice, name, mateo, made: 0, open: vec![], counted, refused: 0, put_off: 0, there: 0, missing: 0 }
    }

    async fn work(mut self, life: Rc<Life>) -> Self {
        loop {
            let events = self.events();
            let answer = self.send(&life.client, &events).await;
            let is_away = answer.is_none();
            match answer.filter(|_| !is_lost(&mut self.dice)) {
                Some(results) => self.take(&events, &results, false),
                None => self.open.push(events),
            }
            if is_away {
                return self;
            }
            life.answered.count();
        }
    }

    async fn repeat(mut self, life: Rc<Life>) -> Self {
        let started = Instant::now();
        while let Some(events) = self.open.pop() {
            match self.send(&life.client, &events).await {
                Some(results) => self.take(&events, &results, true),
                None => self.open.push(events),
            }
            assert!(started.elapsed() < LONGEST, "the program does not come back");
        }
        self
    }

    /// New ones, with sometimes one among them that was acknowledged long ago.
    fn events(&mut self) -> Vec<Event> {
        let many = *self.dice.roll(&[1, 1, 1, 2, 5]);
        let mut events: Vec<Event> = (0..many).map(|_| self.event()).collect();
        let known: Vec<(&String, &Counted)> = self.counted.iter().collect();
        if !known.is_empty() && self.dice.number().is_multiple_of(4) {
            let (key, Counted { amount, .. }) = *self.dice.roll(&known);
            events.push(Event { key: key.clone(), amount: *amount });
        }
        events
    }

    fn event(&mut self) -> Event {
        self.made += 1;
        Event { key: format!("{}.{}", self.name, self.made), amount: 1 + (self.dice.number() % 3) as i64 }
    }

    /// The result of each event; None where the request was not answered, or told that it should come again.
    async fn send(&mut self, client: &Client, events: &[Event]) -> Option<Vec<Value>> {
        let answer = client.try_send(self.request(client, events)).await?;
        if answer.status == 503 {
            self.put_off += 1;
            return None;
        }
        if events.len() > 1 {
            return Some(answer.results());
        }
        let mut result = answer.body;
        result["status"] = answer.status.into();
        Some(vec![result])
    }

    fn request(&self, client: &Client, events: &[Event]) -> RequestBuilder {
        let body =
            |event: &Event| json!({ "user_id": self.mateo.to_string(), "kind": "export", "amount": event.amount });
        if let [event] = events {
            return client.one(&event.key, body(event));
        }
        let keyed = events.iter().map(|event| {
            let mut body = body(event);
            body["idempotency_key"] = event.key.as_str().into();
            body
        });
        client.many(keyed.collect())
    }

    fn take(&mut self, events: &[Event], results: &[Value], came_again: bool) {
        assert_eq!(events.len(), results.len());
        for (event, result) in events.iter().zip(results) {
            let entry = result["entry"].as_str().unwrap_or_default().to_owned();
            let counted = Counted { entry, amount: event.amount };
            match (result["status"].as_u64(), self.counted.get(&event.key)) {
                (Some(200), Some(before)) => assert_eq!(*before, counted, "{event:?}"),
                (Some(200), None) if came_again => {
                    self.there += 1;
                    self.counted.insert(event.key.clone(), counted);
                }
                (Some(201), None) => {
                    self.missing += usize::from(came_again);
                    self.counted.insert(event.key.clone(), counted);
                }
                (Some(409), None) => self.refused += 1,
                (_, before) => panic!("{event:?}, counted before: {before:?}, came again: {came_again}: {result}"),
            }
        }
    }
}

/// An admin who says again and again what a user shall have.
struct Allocator {
    dice: Dice,
    user: UserId,
    is_of_mateo: bool,
    /// What was acknowledged last.
    has: i64,
    /// What was not answered, or as good as not.
    open: Option<i64>,
    given: usize,
    refused: usize,
}

impl Allocator {
    fn new(dice: Dice, user: UserId, is_of_mateo: bool) -> Self {
        Allocator { dice, user, is_of_mateo, has: 0, open: None, given: 0, refused: 0 }
    }

    async fn work(mut self, life: Rc<Life>) -> Self {
        while self.open.is_none() {
            let amount = self.amount();
            match self.save(&life.amara, amount).await {
                Some(is_saved) if !is_lost(&mut self.dice) => self.take(amount, is_saved),
                Some(_) => self.open = Some(amount),
                None => {
                    self.open = Some(amount);
                    return self;
                }
            }
            life.answered.count();
        }
        self
    }

    async fn repeat(mut self, life: Rc<Life>) -> Self {
        let started = Instant::now();
        while let Some(amount) = self.open {
            if let Some(is_saved) = self.save(&life.amara, amount).await {
                self.open = None;
                self.take(amount, is_saved);
            }
            assert!(started.elapsed() < LONGEST, "the program does not come back");
        }
        self
    }

    /// Of Mateo's credits more and more are used. The others leave him less than he comes to want.
    fn amount(&mut self) -> i64 {
        if self.is_of_mateo { self.has + 250 } else { (self.dice.number() % 100) as i64 }
    }

    /// Whether it was saved, which is refused where the pool has too few; None where that was not answered.
    async fn save(&self, amara: &Browser, amount: i64) -> Option<bool> {
        let form = [("export", amount.to_string())];
        let page = amara.try_post(&format!("/users/{}/manage-credit", self.user), form).await?;
        match page.status {
            303 => Some(true),
            422 if page.says(" unallocated of 5000") => Some(false),
            503 => None,
            _ => panic!("{amount} for {}: {page:?}", self.user),
        }
    }

    fn take(&mut self, amount: i64, is_saved: bool) {
        if is_saved {
            self.has = amount;
            self.given += 1;
        } else {
            self.refused += 1;
        }
    }
}
