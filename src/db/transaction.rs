//! One write: begun, committed or taken back.

use super::Conn;
use crate::error::{Error, Result};
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

type Manager = <Conn as Connection>::TransactionManager;

/// Between a page that waits and the write that it waits for: whoever takes it first decides what becomes of the write.
/// A page that has said "Nothing was changed" is right for ever.
#[derive(Clone, Default)]
pub(super) struct LastWord(Arc<AtomicBool>);

impl LastWord {
    /// Whether it is mine: true once.
    pub fn take(&self) -> bool {
        !self.0.swap(true, Ordering::SeqCst)
    }
}

/// Runs `f` in a transaction, which is committed where `may_commit` says so at the end.
pub(super) fn transaction<T>(
    conn: &mut Conn,
    f: &impl Fn(&mut Conn) -> Result<T>,
    may_commit: &impl Fn() -> bool,
) -> Result<T> {
    match conn {
        Conn::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")?,
        Conn::Postgres(conn) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN ISOLATION LEVEL READ COMMITTED")?
        }
    }
    match f(conn) {
        Ok(value) if may_commit() => {
            Manager::commit_transaction(conn).map_err(not_committed)?;
            Ok(value)
        }
        Ok(_) => {
            roll_back(conn);
            Err(Error::Busy)
        }
        Err(error) => {
            roll_back(conn);
            Err(error)
        }
    }
}

fn roll_back(conn: &mut Conn) {
    if let Err(rollback) = Manager::rollback_transaction(conn) {
        tracing::warn!(%rollback, "rollback failed; the connection is dropped");
    }
}

/// A connection that broke over the commit took the answer along: the change may be there.
fn not_committed(cause: DieselError) -> Error {
    match cause {
        DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => Error::InDoubt,
        other => other.into(),
    }
}

/// Deadlocks, serialization failures and two ids made alike in the same moment: the same write succeeds next time.
pub(super) fn lost_a_race(cause: &anyhow::Error) -> bool {
    match cause.downcast_ref::<DieselError>() {
        Some(DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
        Some(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info)) => {
            info.constraint_name().is_some_and(|name| name.ends_with("_pkey"))
                || info.message().contains("UNIQUE constraint failed")
        }
        Some(DieselError::DatabaseError(_, info)) => info.message().contains("deadlock detected"),
        _ => false,
    }
}
