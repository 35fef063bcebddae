//! What counting usage and allocating cost, beside the raw database that makes the same inserts and updates.
//!
//! ```sh
//! cargo bench --bench ledger                                  # SQLite
//! POSTGRES=postgres://user@host cargo bench --bench ledger    # and Postgres; makes databases and drops them
//! ```
//!
//! In one account of 10,000 users, 1,000 of whom have something, one after the other: events of usage, each in a write of
//! its own or a thousand together, and allocations to one user each. Done over HTTP by four connections (`POST
//! /api/v1/usage`, Manage Credit), by the program's verbs alone (one write after the other: no HTTP, no JSON, no session),
//! and by the database alone (see `raw.rs`). They take turns, a second each, some rounds; at the end `verify` must find
//! nothing. Machines differ: compare the ratios. The plans of all queries are written to benches/plans.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod ours;
mod people;
mod raw;
#[path = "../support/mod.rs"]
mod support;

use ours::Ours;
use people::People;
use raw::Raw;
use std::thread;
use std::time::{Duration, Instant};
use support::http::Client;
use support::process::Server;
use support::table;

const ROUNDS: usize = 4;
const TURN: Duration = Duration::from_secs(1);
const CONNECTIONS: usize = 4;
const BATCH: usize = 1_000;

#[derive(Clone, Copy)]
enum What {
    Event,
    Batch,
    Allocation,
}

impl What {
    const ALL: [What; 3] = [What::Event, What::Batch, What::Allocation];

    fn name(self) -> &'static str {
        match self {
            What::Event => "events, one a write",
            What::Batch => "events, 1,000 a write",
            What::Allocation => "allocations",
        }
    }

    /// How many of them one write is.
    fn count(self) -> usize {
        match self {
            What::Event | What::Allocation => 1,
            What::Batch => BATCH,
        }
    }
}

fn main() {
    let mut rows = vec![];
    let postgres = std::env::var("POSTGRES").ok();
    measure("SQLite", None, &mut rows);
    if let Some(server) = &postgres {
        measure("Postgres", Some(server), &mut rows);
    }
    table::print("| database | what | over HTTP /s | its verb /s | raw /s | HTTP of raw | verb of raw |", &rows);
}

fn measure(database: &str, server: Option<&str>, rows: &mut Vec<String>) {
    let mut ours = Ours::new(People::new(server, "ours"));
    let mut raw = Raw::new(People::new(server, "raw"));
    let server = ours.server();
    let mut owner = Client::new(server.address);
    People::sign_in(&mut owner);
    for what in What::ALL {
        let (mut http, mut verb, mut alone) = (Rate::default(), Rate::default(), Rate::default());
        for _ in 0..ROUNDS {
            http.add(by_http(&ours, &server, &owner.cookie, what));
            verb.add(turn(what, || match what {
                What::Allocation => ours.allocate(),
                _ => ours.report(what.count()),
            }));
            alone.add(turn(what, || match what {
                What::Allocation => raw.allocate(),
                _ => raw.report(what.count()),
            }));
        }
        let [http, verb, alone] = [http, verb, alone].map(Rate::per_second);
        let (of_http, of_verb) = (http / alone, verb / alone);
        let name = what.name();
        let row = format!("| {database} | {name} | {http:.0} | {verb:.0} | {alone:.0} | {of_http:.2} | {of_verb:.2} |");
        eprintln!("{row}");
        rows.push(row);
    }
    drop((server, owner));
    ours.verify();
    ours.explain();
}

#[derive(Default)]
struct Rate {
    done: usize,
    taken: Duration,
}

impl Rate {
    fn add(&mut self, other: Rate) {
        self.done += other.done;
        self.taken += other.taken;
    }

    fn per_second(self) -> f64 {
        self.done as f64 / self.taken.as_secs_f64()
    }
}

/// One write after the other.
fn turn(what: What, mut write: impl FnMut()) -> Rate {
    let started = Instant::now();
    let mut done = 0;
    while started.elapsed() < TURN {
        write();
        done += what.count();
    }
    Rate { done, taken: started.elapsed() }
}

fn by_http(ours: &Ours, server: &Server, session: &str, what: What) -> Rate {
    let started = Instant::now();
    let connection = || {
        let mut client = Client::with(server.address, session);
        turn(what, || match what {
            What::Allocation => ours.allocate_by_http(&mut client),
            _ => ours.report_by_http(&mut client, what.count()),
        })
        .done
    };
    let done = thread::scope(|scope| {
        let connections: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(connection)).collect();
        connections.into_iter().map(|one| one.join().unwrap()).sum()
    });
    Rate { done, taken: started.elapsed() }
}
