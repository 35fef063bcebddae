//! The tables, in Markdown.

use super::cases::Case;
use super::load::Measured;
use crate::support::place::Place;
use crate::support::table;
use std::time::Duration;

#[derive(Default)]
pub struct Report {
    filled: Vec<String>,
    servers: Vec<String>,
    weight: (usize, usize),
    pages: Vec<String>,
}

impl Report {
    pub fn filled(&mut self, database: &str, users: u32, place: &Place) {
        let (seconds, peak) = (place.filled_in.as_secs_f64(), megabytes(place.peak));
        self.filled.push(format!("| {database} | {users} | {seconds:.1} | {peak} |"));
        eprintln!("{database}, {users} users: filled in {seconds:.1} s, {peak} MB at most");
    }

    pub fn server(
        &mut self,
        database: &str,
        users: u32,
        first: Duration,
        [idle, loaded]: [u64; 2],
        (quiet, storm): (Duration, Duration),
    ) {
        let row = format!(
            "| {database} | {users} | {} | {} | {} | {} | {} | {:.1} |",
            milliseconds(first),
            megabytes(idle),
            megabytes(loaded),
            milliseconds(quiet),
            milliseconds(storm),
            storm.as_secs_f64() / quiet.as_secs_f64()
        );
        eprintln!("{row}");
        self.servers.push(row);
    }

    /// The same for all databases and sizes.
    pub fn weight(&mut self, weight: (usize, usize)) {
        self.weight = weight;
    }

    pub fn pages(
        &mut self,
        database: &str,
        users: u32,
        cases: &[Case],
        measured: &[Measured],
        baseline: &[Measured; 2],
    ) {
        let [rendered, bytes] = baseline;
        let mut add = |name: &str, one: &Measured| {
            let row = format!(
                "| {database} | {users} | {name} | {:.0} | {} | {} | {} | {} | {:.2} | {:.2} |",
                one.per_second,
                milliseconds(one.median),
                milliseconds(one.p99),
                one.cpu.0.as_micros(),
                if database == "Postgres" { one.cpu.1.as_micros().to_string() } else { String::new() },
                one.per_second / rendered.per_second,
                one.per_second / bytes.per_second,
            );
            eprintln!("{row}");
            self.pages.push(row);
        };
        cases.iter().zip(measured).for_each(|(case, one)| add(case.name, one));
        add("from memory, rendered", rendered);
        add("from memory, bytes", bytes);
    }

    pub fn print(&self) {
        let (first, later) = self.weight;
        println!("The first visit of Manage Users moves {first} bytes, each later one {later}.\n");
        table::print("| database | users | filled in s | memory at most, MB |", &self.filled);
        table::print(
            "| database | users | start to first page, ms | resident idle, MB | after load | p99 of Manage Users, ms | \
             in a sign-in storm | ratio |",
            &self.servers,
        );
        table::print(
            "| database | users | page | requests/s | median, ms | p99, ms | CPU, µs | Postgres' CPU, µs | of rendered | \
             of bytes |",
            &self.pages,
        );
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1000.0)
}

fn megabytes(bytes: u64) -> u64 {
    bytes >> 20
}
