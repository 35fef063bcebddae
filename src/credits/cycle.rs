//! Billing cycles: monthly, from a day on, in the account's time zone. At the end of one a pool is reset, rolls over or keeps
//! what it has. That is one change to the pool: what users had used counts no more because it belongs to an earlier cycle.

use super::book::Book;
use super::model::{AtCycleEnd, CreditKind};
use crate::access::{AccountId, Actor};
use crate::clock;
use crate::db::Conn;
use crate::error::Result;
use crate::schema::credit_pools;
use crate::web::text::Times;
use diesel::prelude::*;

/// The days on which a cycle may begin: every month has them.
pub const CYCLE_DAYS: std::ops::RangeInclusive<i32> = 1..=28;

/// How a pool's cycles go from now on.
#[derive(Debug, Clone, Copy)]
pub struct CycleSettings {
    pub day: i32,
    pub at_end: AtCycleEnd,
    pub grant: i64,
    pub roll_over_cap: i64,
}

/// Sets how the cycles of a pool go. The one that runs ends on the next such day.
pub fn set_cycle(
    conn: &mut Conn,
    account: AccountId,
    times: &Times,
    kind: CreditKind,
    settings: CycleSettings,
) -> Result<()> {
    diesel::update(credit_pools::table.find((account, kind)))
        .set((
            credit_pools::cycle_day.eq(settings.day),
            credit_pools::at_cycle_end.eq(settings.at_end),
            credit_pools::cycle_grant.eq(settings.grant),
            credit_pools::roll_over_cap.eq(settings.roll_over_cap),
            credit_pools::cycle_ends_at.eq(times.next_month_day(settings.day, clock::now())),
        ))
        .execute(conn)?;
    Ok(())
}

/// An account of which a pool's cycle is over.
pub fn cycle_over(conn: &mut Conn) -> Result<Option<AccountId>> {
    let over = credit_pools::table.filter(credit_pools::cycle_ends_at.le(clock::now()));
    Ok(over.order(credit_pools::cycle_ends_at).select(credit_pools::account_id).first(conn).optional()?)
}

/// Ends what is over, cycle by cycle where several are; how many. The caller has the account's turn: whoever else was about it
/// finds nothing left to do. (And the ledger takes each end once, whatever happens.)
pub fn end_cycles(conn: &mut Conn, account: AccountId, times: &Times) -> Result<usize> {
    let (actor, now) = (Actor::system(account), clock::now());
    let mut book = Book::open(conn, &actor, &[])?;
    let mut ended = 0;
    for &kind in CreditKind::ALL {
        while let Some(over) = book.pool(kind)?.cycle_ends_at.filter(|end| *end <= now) {
            let next = times.next_month_day(book.pool(kind)?.cycle_day, over);
            book.end_cycle(kind, next)?;
            ended += 1;
        }
    }
    book.save(conn, &actor, "")?;
    Ok(ended)
}
