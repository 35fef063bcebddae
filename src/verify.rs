//! `seatkeeper verify`: counts again everything that is kept as a count or a sum.

use crate::accounts;
use crate::credits;
use crate::db::Db;
use crate::error::Result;
use crate::users;

/// What is wrong, one sentence each; empty when all is well.
pub fn run(db: &Db) -> Result<Vec<String>> {
    db.read_snapshot(|conn| {
        let mut wrong = vec![];
        for account in accounts::ids(conn)? {
            wrong.extend(users::recount(conn, account)?);
            wrong.extend(credits::recount(conn, account)?);
        }
        Ok(wrong)
    })
}
