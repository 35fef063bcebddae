//! Failed sign-ins slow down, in the database: for all instances alike.
//!
//! Nobody can make somebody else wait by guessing at their password: guesses count where they come from, by network
//! address, and a browser in which somebody has signed in before has counters of its own ([`super::known`]). Only where a
//! name is guessed at from very many networks does everybody wait who is not known.
//!
//! A failure is counted BEFORE the password is looked at and taken back when it was right, so that guesses sent all at
//! once count too. Only hashes are kept: people type passwords into the wrong field.

use super::known::Known;
use super::model::login_key;
use super::store::hash;
use crate::access::{AccountId, Site, UserId};
use crate::clock;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::schema::sign_in_failures as failures;
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use std::net::IpAddr;

/// Failures without consequence: for one name from one network or known browser, for one network (behind which a whole
/// office may be), and for one name from everywhere, which is more than the waits leave to one network in a day.
const FREE_BY_NAME: i32 = 5;
const FREE_BY_NETWORK: i32 = 50;
const FREE_EVERYWHERE: i32 = 200;
/// Then each failure doubles the wait, from this many seconds to the longest.
const FIRST_WAIT: i64 = 15;
const LONGEST_WAIT: i64 = 15 * 60;
/// Seconds after the first failure at which all are forgotten.
const MEMORY: i64 = 24 * 60 * 60;

/// The counters that one attempt moves, with what is free in each; the narrowest first.
#[derive(Debug, Clone)]
pub struct Attempt(Vec<(String, i32)>);

impl Attempt {
    /// Signing in with `login`, as typed. `known`: what the browser is known by.
    pub fn to_sign_in(site: Site, login: &str, address: &str, known: Option<&Known>) -> Self {
        let name = name_of(site, login);
        let network = format!("network {}", network(address));
        match known.and_then(|known| known.by(&name)) {
            Some(browser) => Attempt(vec![(key(&name, &format!("browser {browser}")), FREE_BY_NAME)]),
            None => Attempt(vec![
                (key(&name, &network), FREE_BY_NAME),
                (key(&name, "everywhere"), FREE_EVERYWHERE),
                (key("anybody", &network), FREE_BY_NETWORK),
            ]),
        }
    }

    /// Confirming with one's own password. Who is signed in has got past the others' guesses.
    pub fn to_confirm(user: UserId) -> Self {
        Attempt(vec![(key(&format!("user {user}"), "own password"), FREE_BY_NAME)])
    }

    /// Counts the attempt as failed until it is known better. 429 while one must wait; then nothing is counted, the caller's
    /// transaction being taken back.
    pub fn begin(&self, conn: &mut Conn) -> Result<()> {
        let now = clock::now();
        self.0.iter().try_for_each(|(key, free)| count(conn, key, *free, now))
    }

    /// The password was right. The name starts anew here where it can mean one person only; otherwise, and in the wider
    /// counters, this attempt is taken back: whoever shares a name with somebody must not clear the other's failures.
    pub fn succeed(&self, conn: &mut Conn, is_only_one: bool) -> Result<()> {
        for (at, (key, _)) in self.0.iter().enumerate() {
            if at == 0 && is_only_one {
                diesel::delete(failures::table.find(key)).execute(conn)?;
            } else {
                take_back(conn, key)?;
            }
        }
        Ok(())
    }
}

/// What somebody is called on a site (names are told apart by it).
pub(super) fn name_of(site: Site, login: &str) -> String {
    half(&format!("name {site:?} {}", login_key(login)))
}

/// The key of a counter: a hash of the name, so that all of a name are found, and one of the place.
fn key(name: &str, place: &str) -> String {
    half(name) + &half(place)
}

/// 128 bits of a hash are enough to tell counters apart.
fn half(text: &str) -> String {
    let mut hash = hash(text);
    hash.truncate(32);
    hash
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
        let passed = (now - last).num_seconds();
        // A failure that lies in the future is one of a clock that was set back since, and would be waited for as long.
        // A little ahead is another instance's clock only.
        let is_forgotten = (now - since).num_seconds() > MEMORY || passed < -LONGEST_WAIT;
        let wait = wait_after(count - free) - passed.max(0);
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

/// Forgets what was typed for somebody who is erased: even a hash of an address can be guessed. Only by the names that are
/// theirs now: of an older one nothing is left by which its hash could be found. [`purge`] drops that within a day.
pub fn forget(conn: &mut Conn, account: AccountId, logins: [&str; 2]) -> Result<()> {
    for login in logins.into_iter().filter(|login| !login.is_empty()) {
        for site in [Site::Shared, Site::Account(account)] {
            let name = half(&name_of(site, login));
            // Whatever the place: hexadecimal digits follow, which all come before "g".
            let theirs = failures::key_hash.ge(name.clone()).and(failures::key_hash.lt(name + "g"));
            diesel::delete(failures::table.filter(theirs)).execute(conn)?;
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
