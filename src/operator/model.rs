use crate::access::{AccountId, Actor, UserId};
use crate::activity;
use crate::db::Conn;
use crate::error::Result;
use crate::schema::operators;
use diesel::prelude::*;

/// Makes a user an operator of the installation: set-up and the command line do.
pub fn appoint(conn: &mut Conn, account: AccountId, user: UserId) -> Result<()> {
    diesel::insert_into(operators::table)
        .values((operators::account_id.eq(account), operators::user_id.eq(user)))
        .execute(conn)?;
    activity::record(conn, &Actor::system(account), "operator.appointed", user, vec![])
}

/// The operators among an account's users: few, whatever its size.
pub fn of_account(conn: &mut Conn, account: AccountId) -> Result<Vec<UserId>> {
    Ok(operators::table.filter(operators::account_id.eq(account)).select(operators::user_id).load(conn)?)
}
