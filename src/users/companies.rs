//! The companies that an account's users work for, with how many each: what the form suggests and the filter offers,
//! without asking every user.

use super::fold::fold;
use crate::access::AccountId;
use crate::db::Conn;
use crate::error::Result;
use crate::schema::companies;
use diesel::prelude::*;

/// Names that are suggested at most.
const SUGGESTED: i64 = 200;

/// The account's companies, by name.
pub fn suggestions(conn: &mut Conn, account: AccountId) -> Result<Vec<String>> {
    Ok(companies::table
        .filter(companies::account_id.eq(account))
        .order(companies::name_key)
        .limit(SUGGESTED)
        .select(companies::name)
        .load(conn)?)
}

/// Moves one user from one company to another; "" for none. After the account's counts, which make writers take turns.
pub fn change(conn: &mut Conn, account: AccountId, before: &str, after: &str) -> Result<()> {
    let (old, new) = (fold(before), fold(after));
    if old == new {
        return Ok(());
    }
    if !new.is_empty() {
        let joined = diesel::update(companies::table.find((account, &new)))
            .set(companies::users.eq(companies::users + 1))
            .execute(conn)?;
        if joined == 0 {
            diesel::insert_into(companies::table)
                .values((
                    companies::account_id.eq(account),
                    companies::name_key.eq(&new),
                    companies::name.eq(after),
                    companies::users.eq(1),
                ))
                .execute(conn)?;
        }
    }
    if !old.is_empty() {
        let row = companies::table.find((account, &old));
        let last = diesel::delete(row.filter(companies::users.le(1))).execute(conn)?;
        if last == 0 {
            diesel::update(companies::table.find((account, &old)))
                .set(companies::users.eq(companies::users - 1))
                .execute(conn)?;
        }
    }
    Ok(())
}
