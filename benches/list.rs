//! How long one page of Manage Users takes in the database, at the size you say:
//!
//! ```sh
//! cargo bench --bench list                          # 100,000 users on SQLite, in a temporary folder
//! USERS=1000000 cargo bench --bench list
//! DATABASE_URL=postgres://…/empty cargo bench --bench list
//! ```
//!
//! Prints the median of several runs in milliseconds. Compare lines of one run; machines differ.
#![allow(clippy::unwrap_used)]

use seatkeeper::db::Location;
use seatkeeper::sessions::Passwords;
use seatkeeper::users::list::{self, Limits, ListQuery, Scope};
use seatkeeper::web::text::Times;
use seatkeeper::{accounts, clock, demo};
use std::time::{Duration, Instant};

const RUNS: usize = 15;

const QUERIES: [&str; 22] = [
    "",
    "before=end",
    "sort=email",
    "sort=-credits",
    "sort=-last_activity",
    "sort=-created",
    "status=disabled",
    "q=okafor",
    "q=an",
    "q=example",
    "q=zzzzzz",
    "q=4155550",
    "role=owner",
    "role=agent",
    "role=agent&sort=-created",
    "role=manager&sort=-credits",
    "company=Brightwater+Clinics&sort=email",
    "from=2026-10-01&to=2026-10-02",
    "from=2026-01-01&sort=credits",
    "role=member&q=maria",
    "role=dev&company=Harbourline&q=an&sort=-credits",
    "rows=100",
];

fn main() {
    let users: u32 = std::env::var("USERS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let folder = tempfile::tempdir().unwrap();
    let location = match std::env::var("DATABASE_URL") {
        Ok(url) => Location::parse(&url).unwrap(),
        Err(_) => Location::Sqlite(folder.path().join("demo.db")),
    };
    let db = demo::open(location, true, 2).unwrap();
    if demo::is_empty(&db).unwrap() {
        let started = Instant::now();
        demo::fill(&db, users, &Passwords::new(4).hash_now(demo::PASSWORD).unwrap()).unwrap();
        println!("filled with {users} users in {:.1} s", started.elapsed().as_secs_f64());
    }
    let account = db.read_now(accounts::ids).unwrap()[0];
    let scope = Scope {
        account,
        users: users as i32,
        trigrams: db.has_trigrams().unwrap(),
        postgres: db.is_postgres(),
        limits: Limits::default(),
    };
    let times = Times::new("UTC", clock::now());
    println!("{:>9}  {:>5}  query", "ms", "rows");
    for text in QUERIES {
        let query = ListQuery::from_text(text);
        let mut taken: Vec<(Duration, usize)> = (0..RUNS)
            .map(|_| {
                let started = Instant::now();
                let listing = db.read_now(|conn| list::page(conn, &scope, &query, &times)).unwrap();
                (started.elapsed(), listing.rows.len())
            })
            .collect();
        taken.sort();
        let (median, rows) = taken[RUNS / 2];
        println!("{:9.2}  {rows:5}  /users?{text}", median.as_secs_f64() * 1000.0);
    }
}
