//! The e-mail when a pool runs low: once for each threshold that is crossed, to those who can do something about it.

use crate::access::AccountId;
use crate::accounts;
use crate::config::Config;
use crate::credits::Pool;
use crate::db::Conn;
use crate::error::Result;
use crate::mail::{self, Message, Recipient};
use crate::users;
use crate::web::text::number;

/// Told at most: an account may have thousands of admins.
const TOLD: i64 = 20;

/// Queues the message, in the transaction of what crossed the threshold.
pub fn tell(conn: &mut Conn, config: &Config, account: AccountId, pool: &Pool) -> Result<()> {
    let brand = accounts::brand(conn, config, account)?;
    let cycle_end = match pool.cycle_ends_at {
        Some(end) => accounts::times(conn, account)?.day(&end),
        None => String::new(),
    };
    let (used, total, left) = (number(pool.used), number(pool.total), number(pool.left()));
    for admin in users::who_allocate(conn, account, TOLD)? {
        let message = Message::LowCredits {
            first_name: &admin.first_name,
            pool: pool.kind.label(),
            percent: pool.used_share() / 10,
            used: &used,
            total: &total,
            left: &left,
            cycle_end: &cycle_end,
        };
        mail::queue(conn, &brand, Recipient { account, user: admin.id, email: &admin.email }, &message)?;
    }
    Ok(())
}
