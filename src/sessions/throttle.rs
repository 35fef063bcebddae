//! Failed sign-ins slow down, by what was typed and by network address, in the database: for all instances alike.
//!
//! A failure is counted BEFORE the password is looked at and taken back when it was right, so that guesses sent all at
//! once count too. Only hashes are kept: people type passwords into the wrong field.

use super::store::hash;
use crate::access::{AccountId, Site};
use crate::clock;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::schema::sign_in_failures as failures;
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use std::net::IpAddr;

/// Failures without consequence, for one name and for one network address (behind which a whole office may be).
const FREE_BY_NAME: i32 = 5;
const FREE_BY_ADDRESS: i32 = 50;
/// Then each failure doubles the wait, from this many seconds to the longest.
const FIRST_WAIT: i64 = 15;
const LONGEST_WAIT: i64 = 15 * 60;
/// Seconds after the first failure at which all are forgotten.
const MEMORY: i64 = 24 * 60 * 60;

/// The two counters that one attempt moves.
#[derive(Debug, Clone)]
pub struct Attempt {
    by_name: String,
    by_address: String,
}

impl Attempt {
    /// `name` as typed, on `site` (names are told apart by it).
    pub fn new(site: &str, name: &str, address: &str) -> Self {
        Attempt {
            by_name: hash(&format!("name {site} {}", name.trim().to_lowercase())),
            by_address: hash(&format!("address {}", network(address))),
        }
    }

    /// Counts the attempt as failed until it is known better. 429 while one must wait.
    pub fn begin(&self, conn: &mut Conn) -> Result<()> {
        let now = clock::now();
        for (key, free) in [(&self.by_name, FREE_BY_NAME), (&self.by_address, FREE_BY_ADDRESS)] {
            count(conn, key, free, now)?;
        }
        Ok(())
    }

    /// The password was right. The name starts anew where it can mean one person only; otherwise, and for the address,
    /// this attempt is taken back: whoever shares a name with somebody must not clear the other's failures.
    pub fn succeed(&self, conn: &mut Conn, is_only_one: bool) -> Result<()> {
        if is_only_one {
            diesel::delete(failures::table.find(&self.by_name)).execute(conn)?;
        } else {
            take_back(conn, &self.by_name)?;
        }
        take_back(conn, &self.by_address)
    }
}

/// Whoever has one IPv6 address has the 64 bits that follow: they count as one.
fn network(address: &str) -> String {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => format!("{:x?}", &address.segments()[..4]),
        _ => address.to_owned(),
    }
}

fn take_back(conn: &mut Conn, key: &str) -> Result<()> {
    diesel::update(failures::table.find(key).filter(failures::failures.gt(0)))
        .set(failures::failures.eq(failures::failures - 1))
        .execute(conn)?;
    Ok(())
}

/// Counts one attempt. Guarded by what was read: where another attempt was faster, it is read again.
fn count(conn: &mut Conn, key: &str, free: i32, now: NaiveDateTime) -> Result<()> {
    for _ in 0..100 {
        let row: Option<(i32, NaiveDateTime, NaiveDateTime)> = failures::table
            .find(key)
            .select((failures::failures, failures::since, failures::last_at))
            .first(conn)
            .optional()?;
        let Some((count, since, last)) = row else {
            let first = (
                failures::key_hash.eq(key),
                failures::failures.eq(1),
                failures::since.eq(now),
                failures::last_at.eq(now),
            );
            diesel::insert_into(failures::table).values(first).execute(conn)?;
            return Ok(());
        };
        let is_forgotten = (now - since).num_seconds() > MEMORY;
        let wait = wait_after(count - free) - (now - last).num_seconds();
        if wait > 0 && !is_forgotten {
            return Err(Error::TooMany { seconds: wait });
        }
        let (next, since) = if is_forgotten { (1, now) } else { (count + 1, since) };
        let seen = failures::failures.eq(count).and(failures::last_at.eq(last));
        let counted = diesel::update(failures::table.find(key).filter(seen))
            .set((failures::failures.eq(next), failures::since.eq(since), failures::last_at.eq(now)))
            .execute(conn)?;
        if counted == 1 {
            return Ok(());
        }
    }
    Err(Error::TooMany { seconds: 1 })
}

/// Seconds to wait after this many failures beyond the free ones.
fn wait_after(beyond: i32) -> i64 {
    match beyond {
        ..0 => 0,
        n => (FIRST_WAIT << n.min(10)).min(LONGEST_WAIT),
    }
}

/// Forgets what was typed for somebody who is erased: even a hash of an address can be guessed.
pub fn forget(conn: &mut Conn, account: AccountId, logins: [&str; 2]) -> Result<()> {
    for login in logins.into_iter().filter(|login| !login.is_empty()) {
        for site in [Site::Shared, Site::Account(account)] {
            let attempt = Attempt::new(&format!("{site:?}"), login, "");
            diesel::delete(failures::table.find(attempt.by_name)).execute(conn)?;
        }
    }
    Ok(())
}

/// Drops what is forgotten.
pub fn purge(conn: &mut Conn) -> Result<()> {
    let old = clock::now() - Duration::seconds(MEMORY);
    diesel::delete(failures::table.filter(failures::since.lt(old))).execute(conn)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour() {
        let waits: Vec<i64> = (-1..9).map(wait_after).collect();
        assert_eq!(waits, [0, 15, 30, 60, 120, 240, 480, 900, 900, 900]);
        assert_eq!(wait_after(i32::MAX), 900);
    }
}
