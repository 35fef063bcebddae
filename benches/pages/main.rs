//! What a page costs: the real program, asked over HTTP by a signed-in Owner, on accounts of several sizes.
//!
//! ```sh
//! cargo bench --bench pages                                   # SQLite, 1,000 and 100,000 users
//! SIZES=1000,100000,1000000 cargo bench --bench pages
//! POSTGRES=postgres://user@host cargo bench --bench pages     # and Postgres; makes databases and drops them
//! ```
//!
//! Per page: requests per second (four connections), median and 99th percentile of the time of one request (one
//! connection, nothing else going on), and the CPU time of one request, Postgres' own included where it runs on this
//! machine. Beside them, in the same run, two handlers that touch no database: one renders the same page from memory, one
//! sends the same bytes. Machines differ: compare the ratios. Linux only, since CPU and memory are read from /proc.
//!
//! The plans of all queries, as both databases explain them, are written to benches/plans.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod baseline;
mod cases;
mod load;
mod plans;
mod report;
#[path = "../support/mod.rs"]
mod support;

use cases::Case;
use load::Measured;
use report::Report;
use support::http::Client;
use support::place::Place;
use support::process::Server;

fn main() {
    if baseline::is_asked() {
        return baseline::serve();
    }
    let sizes = std::env::var("SIZES").unwrap_or_else(|_| "1000,100000".into());
    let sizes: Vec<u32> = sizes.split(',').map(|size| size.trim().parse().expect("SIZES are numbers")).collect();
    let postgres = std::env::var("POSTGRES").ok();
    let mut report = Report::default();
    for (database, server) in [("SQLite", None), ("Postgres", postgres.as_deref())] {
        if database == "Postgres" && server.is_none() {
            continue;
        }
        for users in &sizes {
            measure(database, server, *users, &mut report);
        }
    }
    report.print();
}

/// All cases on one account.
fn measure(database: &str, on: Option<&str>, users: u32, report: &mut Report) {
    let place = Place::fill(on, &users.to_string(), users);
    report.filled(database, users, &place);
    let server = Server::start(&place);
    let mut client = Client::new(server.address);
    client.sign_in(cases::OWNER);
    let session = client.cookie.clone();
    // Again, with a session from before: from the start to the first page.
    drop(server);
    let server = Server::start(&place);
    let first = server.until_first_page(&session);
    let idle = server.resident();

    let cases = cases::all(server.address, &session);
    let measured: Vec<Measured> = cases.iter().map(|case| load::measure(&server, &session, case)).collect();
    let storm = load::storm(&server, &session);
    report.server(database, users, first, [idle, server.resident()], storm);
    report.weight(load::weight(&server, &session));
    drop(server);

    let baseline = baseline::start(&place);
    let baseline = baseline::CASES.map(|path| load::measure(&baseline, &session, &Case::get(path, path)));
    report.pages(database, users, &cases, &measured, &baseline);
    plans::write(&place, &session, &cases, users);
}
