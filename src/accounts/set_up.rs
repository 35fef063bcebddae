//! The one-time link of an installation without an account: one valid at a time, for 24 hours, only its hash stored.

use super::model::{NewAccount, create};
use crate::clock;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::operator;
use crate::schema::{accounts, setup_links};
use crate::sessions::{NewKey, hash};
use chrono::Duration;
use diesel::dsl::exists;
use diesel::prelude::*;

const VALID: Duration = Duration::hours(24);

pub fn has_accounts(conn: &mut Conn) -> Result<bool> {
    Ok(diesel::select(exists(accounts::table.select(accounts::id))).get_result(conn)?)
}

/// A new token; the one before is void.
pub fn new_link(conn: &mut Conn) -> Result<String> {
    let token = NewKey::generate()?;
    diesel::delete(setup_links::table).execute(conn)?;
    diesel::insert_into(setup_links::table)
        .values((setup_links::token_hash.eq(&token.hash), setup_links::expires_at.eq(clock::now() + VALID)))
        .execute(conn)?;
    Ok(token.key)
}

/// Whether this token opens set-up now.
pub fn is_valid(conn: &mut Conn, token: &str) -> Result<bool> {
    let valid = setup_links::table.find(hash(token)).filter(setup_links::expires_at.gt(clock::now()));
    Ok(diesel::select(exists(valid)).get_result::<bool>(conn)? && !has_accounts(conn)?)
}

/// Uses the token up: creates the account, its Owner, and makes them the operator. 404 where it is not valid.
pub fn use_link(conn: &mut Conn, token: &str, new: &NewAccount) -> Result<()> {
    let valid = setup_links::table.find(hash(token)).filter(setup_links::expires_at.gt(clock::now()));
    let used = diesel::delete(valid).execute(conn)?;
    if used != 1 || has_accounts(conn)? {
        return Err(Error::NotFound);
    }
    let (account, user) = create(conn, new)?;
    operator::appoint(conn, account, user)
}
