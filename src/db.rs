//! The database: SQLite or Postgres, told apart here and in this folder only. (The list asks [`Db::is_postgres`], to put
//! its questions so that each database's own indexes serve.)
//!
//! [`Db::read`] and [`Db::write`] are the only ways in. A write is ONE transaction that can be run again, so its
//! closure is `Fn` and has no effect outside the database. On SQLite writes take turns on one connection
//! (`BEGIN IMMEDIATE`) while readers go on beside them; on Postgres a deadlock or serialization failure is run again.
//! Whoever waits for the database waits so long and no longer; it comes back by itself when the database does.

mod bulk;
mod connect;
mod location;
mod migrate;
mod prepared;
mod transaction;

pub use bulk::{Rows, time_text, without_indexes};
pub use location::Location;
pub use migrate::SchemaState;
pub use prepared::Prepared;

use crate::error::{Error, Result};
use actix_web::rt::task;
use anyhow::{Context, anyhow};
use connect::{Manager, Pool};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{self, ManageConnection};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use transaction::{LastWord, lost_a_race, transaction};

/// A write that lost a race is run again this often before the visitor is told.
const ATTEMPTS: usize = 5;
/// Milliseconds that a connection waits for a lock.
const LOCK_WAIT: u32 = 5000;
/// Pages of SQLite that each connection keeps: negative, so in kB. The system keeps the rest of the file. No memory map: it
/// brought nothing that was seen, and counts as the program's memory, once a connection.
const CACHE: i32 = -4000;
/// So long a page waits for the database: a server that hangs behind a living network would keep it for ever.
const PATIENCE: Duration = Duration::from_secs(15);

#[derive(diesel::MultiConnection)]
pub enum Conn {
    Postgres(diesel::PgConnection),
    Sqlite(diesel::SqliteConnection),
}

/// The backend of [`Conn`], for signatures of boxed queries.
pub type Backend = <Conn as Connection>::Backend;

/// Hands out connections; cheap to clone.
#[derive(Clone)]
pub struct Db {
    readers: Pool,
    writers: Pool,
    location: Location,
}

impl Db {
    /// Connects, with at most `connections` readers (SQLite) or connections (Postgres). Does not migrate.
    pub fn open(location: Location, connections: u32) -> anyhow::Result<Self> {
        if let Location::Sqlite(path) = &location {
            keep_private(path).with_context(|| format!("the database {} can't be made", location.public()))?;
        }
        let manager = |writes| Manager::new(&location, writes);
        // One look of our own: a pool says only that it timed out.
        manager(true)
            .connect()
            .map_err(|error| anyhow!("the database {} can't be opened: {}", location.public(), one_line(&error)))?;
        let pool = |size, writes| {
            Pool::of(manager(writes), size)
                .with_context(|| format!("the database {} can't be opened", location.public()))
        };
        let (readers, writers) = match location {
            Location::Sqlite(_) => (pool(connections, false)?, pool(1, true)?),
            Location::Postgres(_) => {
                let pool = pool(connections, true)?;
                (pool.clone(), pool)
            }
        };
        Ok(Db { readers, writers, location })
    }

    pub fn location(&self) -> &Location {
        &self.location
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self.location, Location::Postgres(_))
    }

    /// Readers on SQLite, connections on Postgres.
    pub fn connections(&self) -> u32 {
        self.readers.size()
    }

    /// Reads, away from the threads that answer requests. 503 where that takes too long.
    pub async fn read<T: Send + 'static>(&self, f: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static) -> Result<T> {
        let db = self.clone();
        // In one transaction SQLite locks its file once, and not for each query; Postgres would be asked twice more.
        let read = move || if db.is_postgres() { db.read_now(f) } else { db.read_snapshot(f) };
        patiently(read, || Error::Busy).await
    }

    /// Writes, in one transaction that may be run again, away from the threads that answer requests. 503 where that takes
    /// too long, and then it is taken back.
    pub async fn write<T: Send + 'static>(&self, f: impl Fn(&mut Conn) -> Result<T> + Send + 'static) -> Result<T> {
        let (db, ours) = (self.clone(), LastWord::default());
        let its = ours.clone();
        let given_up = move || if ours.take() { Error::Busy } else { Error::InDoubt };
        patiently(move || db.write_if(f, || its.take()), given_up).await
    }

    /// [`Db::write`] for workers, whom nobody waits for: as long as it takes.
    pub async fn work<T: Send + 'static>(&self, f: impl Fn(&mut Conn) -> Result<T> + Send + 'static) -> Result<T> {
        let db = self.clone();
        task::spawn_blocking(move || db.write_now(f)).await.map_err(|_| Error::Busy)?
    }

    /// [`Db::read`] for the command line and workers of their own.
    pub fn read_now<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let mut conn = self.readers.get()?;
        let done = f(&mut conn);
        conn.heed(done)
    }

    /// Reads all of it as of one moment, whatever others write meanwhile.
    pub fn read_snapshot<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let mut conn = self.readers.get()?;
        let begin = match &**conn {
            Conn::Sqlite(_) => "BEGIN",
            Conn::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        conn.batch_execute(begin)?;
        let found = f(&mut conn);
        conn.batch_execute("ROLLBACK")?;
        found
    }

    /// [`Db::write`] for the command line and workers of their own.
    pub fn write_now<T>(&self, f: impl Fn(&mut Conn) -> Result<T>) -> Result<T> {
        self.write_if(f, || true)
    }

    fn write_if<T>(&self, f: impl Fn(&mut Conn) -> Result<T>, may_commit: impl Fn() -> bool) -> Result<T> {
        let mut conn = self.writers.get()?;
        for _ in 1..ATTEMPTS {
            match transaction(&mut conn, &f, &may_commit) {
                Err(Error::Internal(cause)) if lost_a_race(&cause) => {
                    tracing::debug!(error = format!("{cause:#}"), "write is run again");
                }
                done => return conn.heed(done),
            }
        }
        let done = transaction(&mut conn, &f, &may_commit);
        conn.heed(done)
    }

    /// SQLite: takes what was written from the log into the file, and empties the log, in which erased pages may linger.
    /// False while somebody reads from it: then a later call does. Postgres does the like by itself.
    pub fn checkpoint(&self) -> Result<bool> {
        #[derive(QueryableByName)]
        struct Outcome {
            #[diesel(sql_type = diesel::sql_types::Integer)]
            busy: i32,
        }
        let mut conn = self.writers.get()?;
        match &mut **conn {
            Conn::Sqlite(conn) => {
                // Briefly: as long as it waits for readers, nobody writes.
                conn.batch_execute("PRAGMA busy_timeout=100")?;
                let outcome = diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result::<Outcome>(conn);
                conn.batch_execute(&format!("PRAGMA busy_timeout={LOCK_WAIT}"))?;
                Ok(outcome?.busy == 0)
            }
            Conn::Postgres(_) => Ok(true),
        }
    }

    /// Whether words can be found anywhere in a text. Always on SQLite; on Postgres where its extensions are allowed.
    pub fn has_trigrams(&self) -> Result<bool> {
        self.read_now(|conn| match conn {
            Conn::Sqlite(_) => Ok(true),
            Conn::Postgres(conn) => {
                let query = diesel::dsl::sql::<diesel::sql_types::Bool>(
                    "SELECT EXISTS (SELECT 1 FROM pg_indexes WHERE schemaname = current_schema() AND indexname = 'users_search')",
                );
                Ok(query.get_result(conn)?)
            }
        })
    }
}

/// Work on a thread of its own, for as long as a page can wait. What has not begun by then never does.
async fn patiently<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
    given_up: impl FnOnce() -> Error,
) -> Result<T> {
    let mut work = task::spawn_blocking(work);
    match tokio::time::timeout(PATIENCE, &mut work).await {
        Ok(done) => done.map_err(|_| Error::Busy)?,
        Err(_) => {
            work.abort();
            Err(given_up())
        }
    }
}

/// Makes the file and its folder where they are missing, for their owner's eyes only: personal data and hashes are in it.
/// SQLite gives the files beside it (-wal, -shm) the same rights.
fn keep_private(path: &Path) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        private_folder(folder)?;
    }
    if !path.exists() {
        file.append(true).create(true).open(path)?;
    }
    Ok(())
}

/// Makes a folder, and those above it, where they are missing, for their owner's eyes only.
pub fn private_folder(folder: &Path) -> std::io::Result<()> {
    let mut folders = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
    folders.recursive(true).create(folder)
}

/// A database's message may have several lines; ours is one sentence.
fn one_line(error: &r2d2::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A new id: milliseconds and 20 random bits, always rising within this process. Ids can't be guessed or counted,
/// need no sequence shared by instances, and are never used again. Two processes may make the same one in the same
/// millisecond, one time in a million: the primary key refuses it and [`Db::write`] tries again.
pub fn new_id() -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let mut random = [0u8; 4];
    // Without random bits ids still rise and stay unique; only their gaps could be guessed.
    let _ = getrandom::fill(&mut random);
    let random = i64::from(u32::from_le_bytes(random) & 0xF_FFFF);
    let fresh = (chrono::Utc::now().timestamp_millis() << 20) | random;
    let step = 1 + (random & 0xFFF);
    let next = |last: i64| if fresh > last { fresh } else { last + step };
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
    next(last.unwrap_or_default())
}
