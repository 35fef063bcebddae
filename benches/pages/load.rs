//! Asking, and counting what it costs.

use super::cases::Case;
use crate::support::http::Client;
use crate::support::process::Server;
use scraper::{Html, Selector};
use seatkeeper::demo::SIGN_INS;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long each figure is measured.
const TIME: Duration = Duration::from_millis(1500);
/// Requests at least, however long they take.
const LEAST: usize = 5;
pub const CONNECTIONS: usize = 4;

pub struct Measured {
    pub per_second: f64,
    pub median: Duration,
    pub p99: Duration,
    /// Of one request: the program's and Postgres'.
    pub cpu: (Duration, Duration),
}

pub fn measure(server: &Server, session: &str, case: &Case) -> Measured {
    // Caches fill, and whatever is made once is made.
    repeat(server, session, case, 0, TIME / 5);
    let before = server.cpu();
    let mut alone = repeat(server, session, case, 0, TIME);
    let after = server.cpu();
    let each = |before: Duration, after: Duration| after.saturating_sub(before) / alone.len() as u32;
    let cpu = (each(before.0, after.0), each(before.1, after.1));
    alone.sort();

    let started = Instant::now();
    let asked: usize = thread::scope(|scope| {
        let connections: Vec<_> = (0..CONNECTIONS)
            .map(|index| scope.spawn(move || repeat(server, session, case, index, TIME).len()))
            .collect();
        connections.into_iter().map(|one| one.join().unwrap()).sum()
    });
    let per_second = asked as f64 / started.elapsed().as_secs_f64();
    Measured { per_second, median: alone[alone.len() / 2], p99: percentile(&alone), cpu }
}

/// Asks again and again; how long each answer took.
fn repeat(server: &Server, session: &str, case: &Case, connection: usize, time: Duration) -> Vec<Duration> {
    let mut client = Client::with(server.address, if case.is_sign_in() { "" } else { session });
    let started = Instant::now();
    let mut taken = vec![];
    while taken.len() < LEAST || started.elapsed() < time {
        let request = case.request(connection);
        let asked = Instant::now();
        let answer = client.ask(request.method, &request.path, &request.form);
        taken.push(asked.elapsed());
        assert_eq!(answer.status, request.status, "{} {}", request.method, request.path);
    }
    taken
}

fn percentile(sorted: &[Duration]) -> Duration {
    sorted[(sorted.len() * 99 / 100).min(sorted.len() - 1)]
}

/// Bytes that a browser's first visit of Manage Users moves, and each later one.
pub fn weight(server: &Server, session: &str) -> (usize, usize) {
    let page = Client::with(server.address, session).get("/users").body;
    let page = Html::parse_document(&String::from_utf8(page).unwrap());
    let named = Selector::parse("link[href^='/'], script[src^='/']").unwrap();
    let parts = page.select(&named).filter_map(|part| part.attr("href").or_else(|| part.attr("src")));
    let mut client = Client::with(server.address, session);
    client.compressed = true;
    let later = client.get("/users").moved;
    (later + parts.map(|part| client.get(part).moved).sum::<usize>(), later)
}

/// The 99th percentile of Manage Users while nobody signs in, and while eight people do, again and again.
pub fn storm(server: &Server, session: &str) -> (Duration, Duration) {
    let page = Case::get("first page", "/users");
    let p99 = || {
        let mut taken = repeat(server, session, &page, 0, TIME * 3);
        taken.sort();
        percentile(&taken)
    };
    let quiet = p99();
    let over = AtomicBool::new(false);
    let stormy = thread::scope(|scope| {
        for login in SIGN_INS {
            let over = &over;
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    Client::new(server.address).sign_in(login);
                }
            });
        }
        let stormy = p99();
        over.store(true, Ordering::Relaxed);
        stormy
    });
    (quiet, stormy)
}
