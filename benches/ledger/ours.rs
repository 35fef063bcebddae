//! The program: its verbs in this process, one write after the other, and the same over HTTP.

use crate::people::{ENOUGH, PEOPLE, People, USERS};
use crate::support::http::Client;
use crate::support::plans;
use crate::support::process::Server;
use seatkeeper::access::UserId;
use seatkeeper::clock;
use seatkeeper::config::{Config, ServerSettings};
use seatkeeper::credits::{self, CreditKind, IdempotencyKey};
use seatkeeper::usage::{self, Direction, Event, Outcome};
use seatkeeper::users::{self, Name};
use seatkeeper::{tokens, verify};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};

pub struct Ours {
    people: People,
    config: Config,
    next: AtomicUsize,
}

impl Ours {
    pub fn new(people: People) -> Self {
        let config = Config::read(&ServerSettings::plain(), people.place.folder.path()).unwrap();
        Ours { people, config, next: AtomicUsize::new(0) }
    }

    pub fn server(&self) -> Server {
        Server::start(&self.people.place)
    }

    /// So many numbers that nobody else has: events of one user after the other.
    fn take(&self, count: usize) -> std::ops::Range<usize> {
        let first = self.next.fetch_add(count, Ordering::Relaxed);
        first..first + count
    }

    fn person(&self, number: usize) -> UserId {
        self.people.all[number % PEOPLE].id
    }

    /// What `POST /api/v1/usage` does once HTTP is done with.
    pub fn report(&self, events: usize) {
        let actor = &self.people.actor;
        let numbers = self.take(events);
        let names: Vec<Name> = numbers.clone().map(|number| Name::Id(self.person(number))).collect();
        let event = |(number, user): (usize, Option<_>)| Event {
            user,
            kind: CreditKind::Export,
            direction: Direction::Use,
            amount: 1,
            at: clock::now(),
            reference: reference(number),
            key: IdempotencyKey::of(&key(number)),
        };
        let outcomes = self.people.db.write_now(|conn| {
            tokens::take_turn(conn, actor)?;
            let users = users::named(conn, actor.account, &names)?;
            let events: Vec<Event> = numbers.clone().zip(users).map(event).collect();
            usage::report(conn, &self.config, actor, &events)
        });
        let all_counted = outcomes.unwrap().iter().all(|one| matches!(one, Outcome::Counted { .. }));
        assert!(all_counted);
    }

    /// What saving Manage Credit does once HTTP is done with.
    pub fn allocate(&self) {
        let number = self.take(1).start;
        let (actor, user) = (&self.people.actor, self.person(number));
        self.people.db.write_now(|conn| users::allocate_more(conn, actor, user, CreditKind::Calling, 1, "")).unwrap();
    }

    pub fn report_by_http(&self, client: &mut Client, events: usize) {
        let numbers = self.take(events);
        let headers = format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", self.people.token);
        let event = |number| json!({ "user_id": self.person(number).0, "kind": "export", "amount": 1, "reference": reference(number) });
        let (headers, body) = match events {
            1 => (format!("{headers}Idempotency-Key: {}\r\n", key(numbers.start)), event(numbers.start)),
            _ => {
                let events = numbers.map(|number| {
                    let mut event = event(number);
                    event["idempotency_key"] = json!(key(number));
                    event
                });
                (headers, json!({ "events": events.collect::<Vec<_>>() }))
            }
        };
        let answer = client.send("POST", "/api/v1/usage", &headers, &body.to_string());
        let body = String::from_utf8_lossy(&answer.body);
        assert!(answer.status == 201 || answer.status == 200, "{body}");
        assert!(!body.contains("\"title\""), "an event was refused: {body}");
    }

    pub fn allocate_by_http(&self, client: &mut Client) {
        let number = self.take(1).start;
        let form = [("calling", (ENOUGH / 2 + number as i64).to_string())];
        let form = serde_html_form::to_string(form).unwrap();
        let answer = client.post(&format!("/users/{}/manage-credit", self.person(number)), &form);
        assert_eq!(answer.status, 303, "{}", String::from_utf8_lossy(&answer.body));
    }

    /// The plans of what it asks the database.
    pub fn explain(&mut self) {
        plans::watch();
        self.people.db = self.people.place.open();
        let heard = |what, write: &dyn Fn()| {
            plans::listen();
            write();
            (what, plans::heard())
        };
        let user = self.person(0);
        let history = || {
            let account = self.people.actor.account;
            self.people.db.read_now(|conn| credits::history(conn, account, user, None, 25)).unwrap();
        };
        let asked = [
            heard("an event of usage", &|| self.report(1)),
            heard("an allocation", &|| self.allocate()),
            heard("what a user was given", &history),
        ];
        plans::write(&self.people.db, "ledger", USERS, asked.to_vec());
    }

    /// All of it was right.
    pub fn verify(&self) {
        assert_eq!(verify::run(&self.people.db).unwrap(), Vec::<String>::new());
    }
}

fn reference(number: usize) -> String {
    format!("call-{number:07}")
}

fn key(number: usize) -> String {
    format!("benchmark-{number}")
}
