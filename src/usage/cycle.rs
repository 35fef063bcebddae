//! What the worker does about billing cycles.

use crate::accounts;
use crate::credits;
use crate::db::Db;
use crate::error::Result;
use crate::users;

/// Ends the cycles of one account that are over; how many.
pub async fn end_cycles(db: &Db) -> Result<usize> {
    // Looked for without a turn at writing, which others need more.
    let Some(account) = db.read(credits::cycle_over).await? else { return Ok(0) };
    db.work(move |conn| {
        users::take_turn(conn, account)?;
        let times = accounts::times(conn, account)?;
        credits::end_cycles(conn, account, &times)
    })
    .await
}
