//! Failed sign-ins slow down, by what was typed and by network address, in the database: for all instances alike.
//!
//! A failure is counted BEFORE the password is looked at and taken back when it was right, so that guesses sent all at
//! once count too. Only hashes are kept: people type passwords into the wrong field.

use super::store::hash;
use crate::clock;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::schema::sign_in_failures as failures;
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

/// Failures without consequence, for one name and for one network address (behind which a whole office may be).
const FREE_BY_NAME: i32 = 5;
const FREE_BY_ADDRESS: i32 = 50;
/// Then each failure doubles the wait, from this many seconds to the longest.
const FIRST_WAIT: i64 = 15;
const LONGEST_WAIT: i64 = 15 * 60;
/// Seconds after which failures are forgotten.
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
            by_address: hash(&format!("address {address}")),
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

    /// The password was right: the name starts anew, the address gets its one back.
    pub fn succeed(&self, conn: &mut Conn) -> Result<()> {
        diesel::delete(failures::table.find(&self.by_name)).execute(conn)?;
        diesel::update(failures::table.find(&self.by_address).filter(failures::failures.gt(0)))
            .set(failures::failures.eq(failures::failures - 1))
            .execute(conn)?;
        Ok(())
    }
}

fn count(conn: &mut Conn, key: &str, free: i32, now: NaiveDateTime) -> Result<()> {
    let row: Option<(i32, NaiveDateTime)> =
        failures::table.find(key).select((failures::failures, failures::last_at)).first(conn).optional()?;
    let Some((count, last)) = row else {
        let first = (failures::key_hash.eq(key), failures::failures.eq(1), failures::last_at.eq(now));
        diesel::insert_into(failures::table).values(first).execute(conn)?;
        return Ok(());
    };
    let age = (now - last).num_seconds();
    let wait = wait_after(count - free) - age;
    if wait > 0 {
        return Err(Error::TooMany { seconds: wait });
    }
    let next = if age > MEMORY { 1 } else { count + 1 };
    // Guarded: of two attempts at the same moment only one passes, the other is run again and finds it.
    let counted = diesel::update(failures::table.find(key).filter(failures::failures.eq(count)))
        .set((failures::failures.eq(next), failures::last_at.eq(now)))
        .execute(conn)?;
    if counted == 1 { Ok(()) } else { Err(Error::TooMany { seconds: 1 }) }
}

/// Seconds to wait after this many failures beyond the free ones.
fn wait_after(beyond: i32) -> i64 {
    match beyond {
        ..0 => 0,
        n => (FIRST_WAIT << n.min(10)).min(LONGEST_WAIT),
    }
}

/// Drops what is forgotten.
pub fn purge(conn: &mut Conn) -> Result<()> {
    let old = clock::now() - Duration::seconds(MEMORY);
    diesel::delete(failures::table.filter(failures::last_at.lt(old))).execute(conn)?;
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
