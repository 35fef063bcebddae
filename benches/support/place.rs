//! Where the demo's data are: a file, or a database of its own on a Postgres server.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use seatkeeper::db::{Db, Location};
use seatkeeper::demo;
use seatkeeper::sessions::Passwords;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use url::Url;

pub struct Place {
    pub url: String,
    pub folder: TempDir,
    /// How long filling took, and the most memory that this program held meanwhile.
    pub filled_in: Duration,
    pub peak: u64,
    /// Server and database, to be dropped.
    postgres: Option<(String, String)>,
}

impl Place {
    /// A new database with the demo's account of so many users.
    pub fn fill(server: Option<&str>, name: &str, users: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let postgres = server.map(|server| (server.to_owned(), format!("seatkeeper_bench_{name}")));
        let url = match &postgres {
            Some((server, name)) => {
                let mut on_server = PgConnection::establish(server).expect("POSTGRES can't be reached");
                on_server.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).unwrap();
                on_server.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
                let mut url = Url::parse(server).unwrap();
                url.set_path(name);
                url.into()
            }
            None => format!("sqlite://{}", folder.path().join("bench.db").display()),
        };
        // What was held before is not filling's.
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        let started = Instant::now();
        let db = demo::open(Location::parse(&url).unwrap(), false, 2).unwrap();
        // The cost of real ones: the sign-in is measured.
        demo::fill(&db, users, &Passwords::new(12).hash_now(demo::PASSWORD).unwrap()).unwrap();
        let filled_in = started.elapsed();
        if postgres.is_some() {
            // As autovacuum does in time.
            PgConnection::establish(&url).unwrap().batch_execute("VACUUM ANALYZE").unwrap();
        }
        let peak = super::process::memory(std::process::id(), "VmHWM");
        Place { url, folder, filled_in, peak, postgres }
    }

    pub fn open(&self) -> Db {
        Db::open(Location::parse(&self.url).unwrap(), 2).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.postgres {
            let mut on_server = PgConnection::establish(server).unwrap();
            on_server.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).unwrap();
        }
    }
}
