//! Opening connections and keeping only those that live.

use super::{CACHE, Conn, LOCK_WAIT, Location};
use crate::error::{Error, Result};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{self, ManageConnection, PoolError, R2D2Connection};
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Who waits longer for a free connection is asked to come back; sooner, where the database is known to be away.
const LONGEST_QUEUE: Duration = Duration::from_secs(5);
const WHILE_AWAY: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(super) struct Pool {
    pool: r2d2::Pool<Manager>,
    is_away: Arc<AtomicBool>,
}

impl Pool {
    /// Of at most `size` connections, one of which is made at once.
    pub fn of(manager: Manager, size: u32) -> Result<Self, PoolError> {
        let is_away = manager.is_away.clone();
        let pool = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .test_on_check_out(true)
            .connection_timeout(LONGEST_QUEUE)
            .build(manager)?;
        Ok(Pool { pool, is_away })
    }

    pub fn get(&self) -> Result<r2d2::PooledConnection<Manager>, PoolError> {
        self.pool.get_timeout(if self.is_away.load(Ordering::Relaxed) { WHILE_AWAY } else { LONGEST_QUEUE })
    }

    pub fn size(&self) -> u32 {
        self.pool.max_size()
    }
}

/// Diesel's own manager would try one database after the other and drop the error.
#[derive(Clone, Debug)]
pub(super) struct Manager {
    location: Location,
    writes: bool,
    /// Whether the last attempt to connect failed.
    is_away: Arc<AtomicBool>,
    /// How many connections were found broken.
    losses: Arc<AtomicU64>,
}

/// A connection, and the losses when it was last known to live.
pub(super) struct Held {
    conn: Conn,
    losses: u64,
    is_lost: bool,
}

impl Held {
    /// Where work failed for want of the database, its connection is not used again. Diesel sees that a connection is
    /// broken by most of its failures, but not where a statement could not be prepared.
    pub fn heed<T>(&mut self, done: Result<T>) -> Result<T> {
        self.is_lost |= matches!(done, Err(Error::Busy | Error::InDoubt));
        done
    }
}

impl Deref for Held {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

impl Manager {
    pub fn new(location: &Location, writes: bool) -> Self {
        Manager { location: location.clone(), writes, is_away: Arc::default(), losses: Arc::default() }
    }

    fn open(&self) -> Result<Conn, r2d2::Error> {
        Ok(match &self.location {
            Location::Sqlite(path) => Conn::Sqlite(sqlite(path, self.writes)?),
            Location::Postgres(url) => Conn::Postgres(postgres(url)?),
        })
    }
}

impl ManageConnection for Manager {
    type Connection = Held;
    type Error = r2d2::Error;

    fn connect(&self) -> Result<Held, r2d2::Error> {
        let losses = self.losses.load(Ordering::Relaxed);
        let opened = self.open();
        self.is_away.store(opened.is_err(), Ordering::Relaxed);
        Ok(Held { conn: opened?, losses, is_lost: false })
    }

    /// Once one connection was lost, the others are asked before they are used: a restart of the database costs one
    /// visitor a page, and not one for each connection. As long as none is lost, nobody is asked.
    fn is_valid(&self, held: &mut Held) -> Result<(), r2d2::Error> {
        let losses = self.losses.load(Ordering::Relaxed);
        if held.losses != losses {
            held.conn.ping().map_err(r2d2::Error::QueryError)?;
            held.losses = losses;
        }
        Ok(())
    }

    fn has_broken(&self, held: &mut Held) -> bool {
        let is_broken = std::thread::panicking() || held.is_lost || held.conn.is_broken();
        if is_broken {
            self.losses.fetch_add(1, Ordering::Relaxed);
        }
        is_broken
    }
}

fn sqlite(path: &Path, writes: bool) -> Result<SqliteConnection, r2d2::Error> {
    let conn = SqliteConnection::establish(&path.display().to_string());
    let mut conn = conn.map_err(r2d2::Error::ConnectionError)?;
    let query_only = if writes { "OFF" } else { "ON" };
    // FULL: what was confirmed outlives a power cut; credits and money are at stake.
    conn.batch_execute(&format!(
        "PRAGMA busy_timeout={LOCK_WAIT}; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON; \
         PRAGMA cache_size={CACHE}; \
         PRAGMA temp_store=MEMORY; PRAGMA query_only={query_only};"
    ))
    .map_err(r2d2::Error::QueryError)?;
    keep_log(&mut conn).map_err(r2d2::Error::QueryError)?;
    Ok(conn)
}

/// Turns the write-ahead log on. While another program does that to a new file, SQLite fails at once where it would wait
/// elsewhere: the waiting is ours.
fn keep_log(conn: &mut SqliteConnection) -> QueryResult<()> {
    let until = Instant::now() + Duration::from_millis(LOCK_WAIT.into());
    loop {
        match conn.batch_execute("PRAGMA journal_mode=WAL") {
            Err(error) if error.to_string().contains("locked") && Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(10));
            }
            done => return done,
        }
    }
}

/// The server gives up what we hold (locks, the turn at migrating) soon after this machine is gone without a word.
fn postgres(url: &str) -> Result<PgConnection, r2d2::Error> {
    let mut conn = PgConnection::establish(url).map_err(r2d2::Error::ConnectionError)?;
    conn.batch_execute(&format!(
        "SET TIME ZONE 'UTC'; SET lock_timeout={LOCK_WAIT}; SET statement_timeout=30000; \
         SET idle_in_transaction_session_timeout=60000; SET client_min_messages=warning; \
         SET tcp_keepalives_idle=30; SET tcp_keepalives_interval=10; SET tcp_keepalives_count=3;"
    ))
    .map_err(r2d2::Error::QueryError)?;
    Ok(conn)
}
