//! Bringing the schema up to date.

use super::{Conn, Db, LOCK_WAIT};
use anyhow::{Context, anyhow};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// How many migrations the program has that the database lacks, and the other way round.
pub struct SchemaState {
    pub pending: usize,
    pub unknown: usize,
}

impl Db {
    /// Brings the schema up to date; instances that start together wait for each other.
    pub fn migrate(&self) -> anyhow::Result<usize> {
        let mut conn = self.writers.get().context("the database is busy")?;
        let done = match &mut **conn {
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
                in_turn(conn, |conn| run_migrations(conn, POSTGRES_MIGRATIONS).inspect(|_| create_trigram_index(conn)))?
            }
        };
        Ok(done)
    }

    /// Compares the database's schema with the program's.
    pub fn schema_state(&self) -> anyhow::Result<SchemaState> {
        let mut conn = self.writers.get().context("the database is busy")?;
        match &mut **conn {
            Conn::Sqlite(conn) => schema_state(conn, SQLITE_MIGRATIONS),
            // In turn too: Diesel makes its own table where it is missing, and two that do so at once disturb each other.
            Conn::Postgres(conn) => in_turn(conn, |conn| schema_state(conn, POSTGRES_MIGRATIONS)),
        }
    }
}

/// Of the programs that start on one Postgres, one after the other.
fn in_turn<T>(conn: &mut PgConnection, work: impl FnOnce(&mut PgConnection) -> anyhow::Result<T>) -> anyhow::Result<T> {
    conn.batch_execute("SET statement_timeout=0; SET lock_timeout=0; SELECT pg_advisory_lock(7411)")?;
    let done = work(conn);
    conn.batch_execute(&format!(
        "SELECT pg_advisory_unlock(7411); SET statement_timeout=30000; SET lock_timeout={LOCK_WAIT}"
    ))?;
    done
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
        tracing::warn!(%cause, "the extensions pg_trgm and btree_gin can't be created: large accounts search by the beginning of names, addresses and usernames only");
    }
}
