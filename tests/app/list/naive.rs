//! Whatever is asked, and whichever way the list goes about it, it shows what a list in memory would.

use super::with_many;
use crate::support::{Dice, TestApp, two_words};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamp};
use seatkeeper::access::UserId;
use seatkeeper::users::list::{self, Count, Limits, ListQuery, Scope, Sort};
use seatkeeper::web::text::Times;
use std::collections::BTreeSet;
use std::time::Duration;

const WORDS: &[&str] = &[
    "",
    "",
    "",
    "ann",
    "an",
    "a",
    "lukasz",
    "ŁUKASZ",
    "zoe",
    "silva",
    "50%",
    "%",
    "_",
    "'",
    "\"",
    "\\",
    "o'brien",
    "anna-lena",
    "anna lena",
    "smith",
    "4158",
    "(415) 836",
    "+1415",
    "0101",
    "nordwind",
    "soehne",
    "sohne",
    "harbourline",
    "@",
    "user.1",
    "山田",
    "ivanov",
    "van der",
    "zzz",
    "mateo silva",
    "ateo",
    "|",
    "ann|",
    "AND",
    "*",
    "ä",
    "+",
    "(",
    "00000",
    "\u{e000}",
];
const DAYS: &[&str] = &["", "", "", "2026-01-01", "2026-01-03", "2026-01-05", "2027-01-01", "2026-02-30", "yesterday"];

#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = BigInt)]
    plan_id: i64,
    #[diesel(sql_type = Text)]
    name_key: String,
    #[diesel(sql_type = Text)]
    email_key: String,
    #[diesel(sql_type = Text)]
    company_key: String,
    #[diesel(sql_type = Text)]
    search: String,
    #[diesel(sql_type = BigInt)]
    credits: i64,
    #[diesel(sql_type = Timestamp)]
    last_activity: NaiveDateTime,
    #[diesel(sql_type = Timestamp)]
    created_at: NaiveDateTime,
}

/// The list as anybody would write it: all users in memory.
struct Naive {
    users: Vec<Known>,
    members: BTreeSet<(i64, i64)>,
}

impl Naive {
    fn of(app: &TestApp) -> Self {
        let sql = format!("SELECT * FROM users WHERE account_id = {}", app.account.0);
        let users = app.db.read_now(|conn| Ok(diesel::sql_query(sql).load(conn)?)).unwrap();
        let members = app.texts("SELECT CAST(team_id AS TEXT) || ' ' || CAST(user_id AS TEXT) AS t FROM team_members");
        let pair = |text: &String| {
            let (team, user) = two_words(text);
            (team.parse().unwrap(), user.parse().unwrap())
        };
        Naive { users, members: members.iter().map(pair).collect() }
    }

    /// `inside`: words are looked for anywhere, however short they are.
    fn list(&self, query: &ListQuery, times: &Times, inside: bool) -> Vec<UserId> {
        let filter = query.filter(times);
        let has_words = |user: &Known, words: &str| {
            let is_long = words.split(|c: char| !c.is_ascii_alphanumeric()).any(|run| run.len() >= 3);
            if inside || is_long {
                return user.search.contains(words);
            }
            user.name_key.starts_with(words)
        };
        let mut found: Vec<&Known> = self
            .users
            .iter()
            .filter(|user| user.status == filter.status.code() && !filter.nobody)
            .filter(|user| filter.words.as_ref().is_none_or(|words| has_words(user, words)))
            .filter(|user| filter.role.is_none_or(|role| role.code() == user.role))
            .filter(|user| filter.plan.is_none_or(|plan| plan.0 == user.plan_id))
            .filter(|user| filter.team.is_none_or(|team| self.members.contains(&(team.0, user.id))))
            .filter(|user| filter.company.as_ref().is_none_or(|company| *company == user.company_key))
            .filter(|user| filter.from.is_none_or(|from| user.created_at >= from))
            .filter(|user| filter.to.is_none_or(|to| user.created_at < to))
            .collect();
        let (sort, ascending) = query.order();
        found.sort_by(|one, other| {
            let by_column = match sort {
                Sort::Name => one.name_key.cmp(&other.name_key),
                Sort::Email => one.email_key.cmp(&other.email_key),
                Sort::Credits => one.credits.cmp(&other.credits),
                Sort::LastActivity => one.last_activity.cmp(&other.last_activity),
                Sort::Created => one.created_at.cmp(&other.created_at),
            };
            by_column.then(one.id.cmp(&other.id))
        });
        if !ascending {
            found.reverse();
        }
        found.into_iter().map(|user| UserId(user.id)).collect()
    }
}

/// A random address of the list.
fn any_query(dice: &mut Dice, app: &TestApp, teams: &[i64]) -> ListQuery {
    let plans = [String::new(), String::new(), String::new(), app.plan("Free"), app.plan("Enterprise"), "77".into()];
    let mut team_ids: Vec<String> = teams.iter().map(ToString::to_string).collect();
    team_ids.extend(["".into(), "".into(), "".into(), "77".into(), "x".into()]);
    let sorts = [
        "",
        "-name",
        "email",
        "-email",
        "credits",
        "-credits",
        "last_activity",
        "-last_activity",
        "created",
        "-created",
    ];
    ListQuery {
        status: (*dice.roll(&["", "", "", "disabled", "pending"])).into(),
        q: (*dice.roll(WORDS)).into(),
        role: (*dice.roll(&["", "", "", "agent", "member", "owner", "emperor"])).into(),
        plan: dice.roll(&plans).clone(),
        team: dice.roll(&team_ids).clone(),
        company: (*dice.roll(&["", "", "", "acme", "NORDWIND GMBH", "Söhne & Co", "none"])).into(),
        from: (*dice.roll(DAYS)).into(),
        to: (*dice.roll(DAYS)).into(),
        sort: (*dice.roll(&sorts)).into(),
        ..ListQuery::default()
    }
}

/// All pages of a list, forth by Next and back by Previous.
fn walk(app: &TestApp, scope: &Scope, query: &ListQuery, times: &Times, expected: &[UserId]) {
    let sort = query.order().0;
    let page = |query: &ListQuery| app.db.read_now(|conn| list::page(conn, scope, query, times)).unwrap();
    for backward in [false, true] {
        let mut asked = query.clone();
        if backward {
            asked.before = "end".into();
        }
        let mut met: Vec<UserId> = vec![];
        loop {
            let listing = page(&asked);
            let ids: Vec<UserId> = listing.rows.iter().map(|row| row.id).collect();
            assert!(!listing.stopped);
            match listing.count {
                Count::Exactly(count) => assert_eq!(count, expected.len(), "{asked:?}"),
                Count::MoreThan(cap) => {
                    assert!(expected.len() > cap, "{asked:?}: {} are not over {cap}", expected.len())
                }
                Count::Kept => {}
            }
            let (more, edge) = match backward {
                false => (listing.has_next, listing.rows.last()),
                true => (listing.has_previous, listing.rows.first()),
            };
            if more {
                assert_eq!(ids.len(), 25, "a page with more after it is full: {asked:?}");
            }
            met = if backward { [ids, met].concat() } else { [met, ids].concat() };
            let Some(edge) = edge.filter(|_| more) else { break };
            let cursor = sort.cursor(edge).encode();
            asked = if backward {
                ListQuery { before: cursor, ..query.clone() }
            } else {
                ListQuery { after: cursor, ..query.clone() }
            };
        }
        assert_eq!(met, expected, "backward: {backward} {query:?} {:?}", scope.limits);
    }
}

/// Everybody who matches, for whoever needs them all: the same people, by id.
fn all_at_once(app: &TestApp, scope: &Scope, query: &ListQuery, times: &Times, mut expected: Vec<UserId>) {
    let (mut met, mut after) = (vec![], UserId(0));
    loop {
        let found = app.db.read_now(|conn| list::matching(conn, scope, query, times, after)).unwrap();
        met.extend(found.ids);
        match found.reached {
            Some(reached) => after = reached,
            None => break,
        }
    }
    expected.sort();
    assert_eq!(met, expected, "{query:?} {:?}", scope.limits);
}

#[actix_web::test]
async fn however_large_the_account_the_list_is_the_naive_one() {
    let app = with_many(150).await;
    app.run("UPDATE users SET status = 'pending' WHERE role = 'admin'");
    let naive = Naive::of(&app);
    let teams: Vec<i64> = naive.members.iter().map(|(team, _)| *team).collect::<BTreeSet<_>>().into_iter().collect();
    let times = Times::new("UTC", seatkeeper::clock::now());
    let scope = |limits: Limits| Scope {
        account: app.account,
        users: naive.users.len() as i32,
        trigrams: true,
        postgres: app.db.is_postgres(),
        limits,
    };
    let low = |cap: usize, stride: i64| {
        let count_time = Duration::from_secs(30);
        Limits { small: 0, few: cap, cap, stride, count_time, ..Limits::default() }
    };
    let (small, large, middle) = (scope(Limits::default()), scope(low(10, 7)), scope(low(40, 1000)));
    let mut dice = Dice::new(7);
    let mut found = 0;
    for n in 0..240 {
        // Mostly one or two conditions: what meets nobody says little.
        let mut query = any_query(&mut dice, &app, &teams);
        if n % 4 != 0 {
            let keep = *dice.roll(&[0, 1, 2, 3]);
            let blank = |kept: usize, text: String| if keep == kept { text } else { String::new() };
            (query.role, query.plan) = (blank(0, query.role), blank(1, query.plan));
            (query.team, query.company) = (blank(2, query.team), blank(3, query.company));
            (query.from, query.to) = (String::new(), blank(0, query.to));
        }
        let (scope, inside) = match n % 3 {
            0 => (&small, true),
            1 => (&large, false),
            _ => (&middle, false),
        };
        let expected = naive.list(&query, &times, inside);
        found += usize::from(!expected.is_empty());
        walk(&app, scope, &query, &times, &expected);
        all_at_once(&app, scope, &query, &times, expected);
    }
    assert!(found > 70, "many queries should find somebody: {found}");
}

#[actix_web::test]
async fn a_page_that_takes_too_long_is_shown_as_far_as_it_is() {
    let app = with_many(60).await;
    let times = Times::new("UTC", seatkeeper::clock::now());
    let query = ListQuery { role: "member".into(), to: "2027-01-01".into(), ..ListQuery::default() };
    let page = |time: Duration| {
        let limits = Limits { small: 0, few: 0, cap: 100, stride: 5, time, count_time: time };
        let scope = Scope { account: app.account, users: 60, trigrams: true, postgres: app.db.is_postgres(), limits };
        app.db.read_now(|conn| list::page(conn, &scope, &query, &times)).unwrap()
    };
    let whole = page(Duration::from_secs(30));
    let cut = page(Duration::ZERO);
    assert!(!whole.stopped && cut.stopped && cut.has_next);
    assert!(cut.rows.len() < whole.rows.len(), "{} of {}", cut.rows.len(), whole.rows.len());
    assert!(matches!((whole.count, cut.count), (Count::Exactly(_), Count::MoreThan(_))), "{:?}", cut.count);
}

#[actix_web::test]
async fn every_word_is_found_as_the_naive_list_finds_it() {
    let app = with_many(60).await;
    let naive = Naive::of(&app);
    let times = Times::new("UTC", seatkeeper::clock::now());
    for word in WORDS {
        for (limits, inside) in
            [(Limits::default(), true), (Limits { small: 0, few: 3, cap: 3, stride: 5, ..Limits::default() }, false)]
        {
            let scope =
                Scope { account: app.account, users: 60, trigrams: true, postgres: app.db.is_postgres(), limits };
            let query = ListQuery { q: (*word).into(), ..ListQuery::default() };
            walk(&app, &scope, &query, &times, &naive.list(&query, &times, inside));
        }
    }
}
