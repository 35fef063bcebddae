//! The database: SQLite or Postgres, told apart in this file only.
//!
//! [`Db::read`] and [`Db::write`] are the only ways in. A write is ONE transaction that can be run again, so its
//! closure is `Fn` and has no effect outside the database. On SQLite writes take turns on one connection
//! (`BEGIN IMMEDIATE`) while readers go on beside them; on Postgres a deadlock or serialization failure is run again.

mod bulk;
mod location;

pub use bulk::{Rows, time_text, without_indexes};
pub use location::Location;

use crate::error::{Error, Result};
use actix_web::web;
use anyhow::{Context, anyhow};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::prelude::*;
use diesel::r2d2::{self, ManageConnection, R2D2Connection};
use diesel::result::DatabaseErrorKind;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// A write that lost a race is run again this often before the visitor is told.
const ATTEMPTS: usize = 5;
/// Milliseconds that a connection waits for a lock.
const LOCK_WAIT: u32 = 5000;
/// Pages of SQLite that each connection keeps: negative, so in kB. The system keeps the rest of the file. No memory map: it
/// brought nothing that was seen, and counts as the program's memory, once a connection.
const CACHE: i32 = -4000;

#[derive(diesel::MultiConnection)]
pub enum Conn {
    Postgres(diesel::PgConnection),
    Sqlite(diesel::SqliteConnection),
}

/// The backend of [`Conn`], for signatures of boxed queries.
pub type Backend = <Conn as Connection>::Backend;

/// Opens connections: diesel's own manager would try one database after the other and drop the error.
#[derive(Clone, Debug)]
struct Manager {
    location: Location,
    writes: bool,
}

impl ManageConnection for Manager {
    type Connection = Conn;
    type Error = r2d2::Error;

    fn connect(&self) -> Result<Conn, r2d2::Error> {
        match &self.location {
            Location::Sqlite(path) => {
                let mut conn =
                    SqliteConnection::establish(&path.display().to_string()).map_err(r2d2::Error::ConnectionError)?;
                let query_only = if self.writes { "OFF" } else { "ON" };
                // FULL: what was confirmed outlives a power cut; credits and money are at stake.
                conn.batch_execute(&format!(
                    "PRAGMA busy_timeout={LOCK_WAIT}; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; \
                     PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON; PRAGMA cache_size={CACHE}; \
                     PRAGMA temp_store=MEMORY; PRAGMA query_only={query_only};"
                ))
                .map_err(r2d2::Error::QueryError)?;
                Ok(Conn::Sqlite(conn))
            }
            Location::Postgres(url) => {
                let mut conn = PgConnection::establish(url).map_err(r2d2::Error::ConnectionError)?;
                conn.batch_execute(&format!(
                    "SET TIME ZONE 'UTC'; SET lock_timeout={LOCK_WAIT}; SET statement_timeout=30000; \
                     SET idle_in_transaction_session_timeout=60000; SET client_min_messages=warning;"
                ))
                .map_err(r2d2::Error::QueryError)?;
                Ok(Conn::Postgres(conn))
            }
        }
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), r2d2::Error> {
        conn.ping().map_err(r2d2::Error::QueryError)
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        std::thread::panicking() || conn.is_broken()
    }
}

type Pool = diesel::r2d2::Pool<Manager>;

/// Hands out connections; cheap to clone.
#[derive(Clone)]
pub struct Db {
    readers: Pool,
    writers: Pool,
    location: Location,
}

/// How many migrations the program has that the database lacks, and the other way round.
pub struct SchemaState {
    pub pending: usize,
    pub unknown: usize,
}

impl Db {
    /// Connects, with at most `connections` readers (SQLite) or connections (Postgres). Does not migrate.
    pub fn open(location: Location, connections: u32) -> anyhow::Result<Self> {
        if let Location::Sqlite(path) = &location {
            keep_private(path).with_context(|| format!("the database {} can't be made", location.public()))?;
        }
        let manager = |writes| Manager { location: location.clone(), writes };
        // One look of our own: a pool says only that it timed out.
        manager(true)
            .connect()
            .map_err(|error| anyhow!("the database {} can't be opened: {}", location.public(), one_line(&error)))?;
        let pool = |size, writes| {
            r2d2::Pool::builder()
                .max_size(size)
                .min_idle(Some(1))
                .test_on_check_out(false)
                .connection_timeout(Duration::from_secs(10))
                .build(manager(writes))
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
        self.readers.max_size()
    }

    /// Reads, away from the threads that answer requests.
    pub async fn read<T: Send + 'static>(&self, f: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static) -> Result<T> {
        let db = self.clone();
        web::block(move || db.read_now(f)).await?
    }

    /// Writes, in one transaction that may be run again, away from the threads that answer requests.
    pub async fn write<T: Send + 'static>(&self, f: impl Fn(&mut Conn) -> Result<T> + Send + 'static) -> Result<T> {
        let db = self.clone();
        web::block(move || db.write_now(f)).await?
    }

    /// [`Db::read`] for the command line and workers of their own.
    pub fn read_now<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        f(&mut *self.readers.get().map_err(|_| Error::Busy)?)
    }

    /// Reads all of it as of one moment, whatever others write meanwhile.
    pub fn read_snapshot<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let mut conn = self.readers.get().map_err(|_| Error::Busy)?;
        let begin = match &*conn {
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
        let mut conn = self.writers.get().map_err(|_| Error::Busy)?;
        for _ in 1..ATTEMPTS {
            match transaction(&mut conn, &f) {
                Err(Error::Internal(cause)) if lost_a_race(&cause) => {
                    tracing::debug!(error = format!("{cause:#}"), "write is run again");
                }
                done => return done,
            }
        }
        transaction(&mut conn, &f)
    }

    /// SQLite: takes what was written from the log into the file, and empties the log, in which erased pages may linger.
    /// False while somebody reads from it: then a later call does. Postgres does the like by itself.
    pub fn checkpoint(&self) -> Result<bool> {
        #[derive(QueryableByName)]
        struct Outcome {
            #[diesel(sql_type = diesel::sql_types::Integer)]
            busy: i32,
        }
        let mut conn = self.writers.get().map_err(|_| Error::Busy)?;
        match &mut *conn {
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

    /// Brings the schema up to date; instances that start together wait for each other.
    pub fn migrate(&self) -> anyhow::Result<usize> {
        let mut conn = self.writers.get().context("the database is busy")?;
        let done = match &mut *conn {
            Conn::Sqlite(conn) => {
                // One transaction, begun as a writer: a program that starts at the same moment waits, then finds all done.
                AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")?;
                let done = run_migrations(conn, SQLITE_MIGRATIONS);
                match done {
                    Ok(_) => AnsiTransactionManager::commit_transaction(conn)?,
                    Err(_) => AnsiTransactionManager::rollback_transaction(conn)?,
                }
                done?
            }
            Conn::Postgres(conn) => {
                conn.batch_execute("SET statement_timeout=0; SET lock_timeout=0; SELECT pg_advisory_lock(7411)")?;
                let done = run_migrations(conn, POSTGRES_MIGRATIONS).inspect(|_| create_trigram_index(conn));
                conn.batch_execute(&format!(
                    "SELECT pg_advisory_unlock(7411); SET statement_timeout=30000; SET lock_timeout={LOCK_WAIT}"
                ))?;
                done?
            }
        };
        Ok(done)
    }

    /// Compares the database's schema with the program's.
    pub fn schema_state(&self) -> anyhow::Result<SchemaState> {
        let mut conn = self.writers.get().context("the database is busy")?;
        match &mut *conn {
            Conn::Sqlite(conn) => schema_state(conn, SQLITE_MIGRATIONS),
            Conn::Postgres(conn) => schema_state(conn, POSTGRES_MIGRATIONS),
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

/// Makes the file and its folder where they are missing, for their owner's eyes only: personal data and hashes are in it.
/// SQLite gives the files beside it (-wal, -shm) the same rights.
fn keep_private(path: &Path) -> std::io::Result<()> {
    let mut folders = std::fs::DirBuilder::new();
    let mut file = std::fs::OpenOptions::new();
    #[cfg(unix)]
    {
        std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
        std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        folders.recursive(true).create(folder)?;
    }
    if !path.exists() {
        file.append(true).create(true).open(path)?;
    }
    Ok(())
}

/// The last line of a database's message says what is wrong; the rest is where.
fn one_line(error: &r2d2::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn transaction<T>(conn: &mut Conn, f: &impl Fn(&mut Conn) -> Result<T>) -> Result<T> {
    type Manager = <Conn as Connection>::TransactionManager;
    match conn {
        Conn::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")?,
        Conn::Postgres(conn) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN ISOLATION LEVEL READ COMMITTED")?
        }
    }
    match f(conn) {
        Ok(value) => {
            Manager::commit_transaction(conn)?;
            Ok(value)
        }
        Err(error) => {
            if let Err(rollback) = Manager::rollback_transaction(conn) {
                tracing::warn!(%rollback, "rollback failed; the connection is dropped");
            }
            Err(error)
        }
    }
}

/// Deadlocks, serialization failures and two ids made alike in the same moment: the same write succeeds next time.
fn lost_a_race(cause: &anyhow::Error) -> bool {
    match cause.downcast_ref::<diesel::result::Error>() {
        Some(diesel::result::Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
        Some(diesel::result::Error::DatabaseError(DatabaseErrorKind::UniqueViolation, info)) => {
            info.constraint_name().is_some_and(|name| name.ends_with("_pkey"))
                || info.message().contains("UNIQUE constraint failed")
        }
        Some(diesel::result::Error::DatabaseError(_, info)) => info.message().contains("deadlock detected"),
        _ => false,
    }
}

fn run_migrations<DB: diesel::backend::Backend>(
    conn: &mut impl MigrationHarness<DB>,
    source: EmbeddedMigrations,
) -> anyhow::Result<usize>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    match conn.run_pending_migrations(source) {
        Ok(done) => Ok(done.len()),
        Err(cause) => Err(anyhow!("the schema can't be brought up to date: {cause}")),
    }
}

fn schema_state<DB: diesel::backend::Backend>(
    conn: &mut impl MigrationHarness<DB>,
    source: EmbeddedMigrations,
) -> anyhow::Result<SchemaState>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    let known: Vec<Box<dyn Migration<DB>>> = source.migrations().map_err(|cause| anyhow!("{cause}"))?;
    let applied: Vec<MigrationVersion<'static>> = conn.applied_migrations().map_err(|cause| anyhow!("{cause}"))?;
    let is_known = |version: &MigrationVersion| known.iter().any(|one| one.name().version() == *version);
    Ok(SchemaState {
        pending: known.iter().filter(|one| !applied.contains(&one.name().version().as_owned())).count(),
        unknown: applied.iter().filter(|version| !is_known(version)).count(),
    })
}

/// Search by any part of a word needs two extensions that ship with Postgres but may be forbidden on a customer's server.
fn create_trigram_index(conn: &mut PgConnection) {
    let created = conn.batch_execute(
        "CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE EXTENSION IF NOT EXISTS btree_gin; \
         CREATE INDEX IF NOT EXISTS users_search ON users USING gin (account_id, search gin_trgm_ops)",
    );
    if let Err(cause) = created {
        tracing::warn!(%cause, "the extensions pg_trgm and btree_gin can't be created: large accounts search by the beginning of a word only");
    }
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
