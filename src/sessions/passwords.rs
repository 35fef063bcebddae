//! Passwords: bcrypt, two at a time at most, so that a storm of sign-ins leaves threads for everything else.

use crate::access::{AccountId, UserId};
use crate::clock;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::schema::credentials;
use crate::turns::Turns;
use anyhow::anyhow;
use diesel::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is stored of a password.
#[derive(Debug, Clone)]
pub struct PasswordHash(String);

impl PasswordHash {
    pub(super) fn from_stored(text: String) -> Self {
        PasswordHash(text)
    }

    /// For who writes credentials in bulk.
    pub(crate) fn as_stored(&self) -> &str {
        &self.0
    }
}

#[derive(Clone)]
pub struct Passwords {
    cost: u32,
    turns: Turns,
    /// Hashes made so far.
    made: Arc<AtomicU64>,
    /// Compared where there is no such user, so that the answer takes as long.
    nobody: PasswordHash,
}

impl Passwords {
    /// `cost`: bcrypt's, 12 in production (about 350 ms), lower in tests.
    pub fn new(cost: u32) -> Self {
        // A hash in bcrypt's form that no password has.
        let nobody = format!("$2b${cost:02}${}", ".".repeat(53));
        // Half of the cores, so that a storm of sign-ins leaves the other half to everybody else.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Passwords { cost, turns: Turns::new((cores / 2).max(1)), made: Arc::default(), nobody: PasswordHash(nobody) }
    }

    /// Hashes a password of at most 71 bytes; the form has refused longer ones.
    pub async fn hash(&self, password: String) -> Result<PasswordHash> {
        let passwords = self.clone();
        self.in_turn(move || passwords.hash_now(&password)).await?
    }

    /// [`Passwords::hash`] for the command line.
    pub fn hash_now(&self, password: &str) -> Result<PasswordHash> {
        let hash = bcrypt::non_truncating_hash(password, self.cost).map_err(|cause| Error::Internal(cause.into()))?;
        Ok(PasswordHash(hash))
    }

    /// The hash to keep of a password that is right: the stored one, or a new one where that cost other work than is
    /// asked now.
    pub async fn kept(&self, password: String, stored: PasswordHash) -> Result<PasswordHash> {
        let has_cost = stored.0.parse::<bcrypt::HashParts>().is_ok_and(|parts| parts.get_cost() == self.cost);
        if has_cost { Ok(stored) } else { self.hash(password).await }
    }

    /// Whether it is this one. Takes as long where there is none to compare with.
    pub async fn is_right(&self, password: String, stored: Option<PasswordHash>) -> Result<bool> {
        let (hash, exists) = match stored {
            Some(hash) => (hash, true),
            None => (self.nobody.clone(), false),
        };
        let same =
            self.in_turn(move || bcrypt::non_truncating_verify(password.as_bytes(), &hash.0).unwrap_or(false)).await?;
        Ok(same && exists)
    }

    /// How many hashes were made so far: nearly all of the work of signing in.
    pub fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let turn = self.turns.take().await?;
        self.made.fetch_add(1, Ordering::Relaxed);
        let work = move || {
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|cause| Error::Internal(anyhow!("hashing failed: {cause}")))
    }
}

/// The stored password of a user, if one is set.
pub fn credentials_of(conn: &mut Conn, account: AccountId, user: UserId) -> Result<Option<PasswordHash>> {
    let hash: Option<String> = credentials::table
        .filter(credentials::account_id.eq(account))
        .filter(credentials::user_id.eq(user))
        .select(credentials::password_hash)
        .first(conn)
        .optional()?;
    Ok(hash.map(PasswordHash::from_stored))
}

/// Sets or replaces a password. The caller ends the sessions.
pub fn set_password(conn: &mut Conn, account: AccountId, user: UserId, hash: &PasswordHash) -> Result<()> {
    let values = (credentials::password_hash.eq(&hash.0), credentials::changed_at.eq(clock::now()));
    let here = credentials::account_id.eq(account).and(credentials::user_id.eq(user));
    let replaced = diesel::update(credentials::table.filter(here)).set(values).execute(conn)?;
    if replaced == 0 {
        diesel::insert_into(credentials::table)
            .values((credentials::account_id.eq(account), credentials::user_id.eq(user), values))
            .execute(conn)?;
    }
    Ok(())
}
