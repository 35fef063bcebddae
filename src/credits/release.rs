//! What a deleted user leaves: unused credits and minutes go back to the pool or to a colleague; what was used stays used.

use super::model::{Allocation, CreditKind, allocations_of};
use crate::access::{AccountId, UserId};
use crate::activity::Change;
use crate::db::Conn;
use crate::error::Result;
use crate::schema::{allocations, credit_pools};
use diesel::prelude::*;

/// What of one kind was taken from one user, and what the heir had of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Released {
    kind: CreditKind,
    before: i64,
    unused: i64,
    heir_had: i64,
}

impl Released {
    /// The sum of the credits, minutes apart.
    pub fn credits(all: &[Released]) -> i64 {
        all.iter().filter(|one| CreditKind::CREDITS.contains(&one.kind)).map(|one| one.unused).sum()
    }

    /// The log's line for who had it.
    pub fn change(&self) -> Change {
        let after = self.before - self.unused;
        Change::plain(self.kind.code(), self.before.to_string(), after.to_string())
    }

    /// The log's line for who has it now.
    pub fn inherited(&self) -> Change {
        let after = self.heir_had + self.unused;
        Change::plain(self.kind.code(), self.heir_had.to_string(), after.to_string())
    }
}

/// What of an allocation is not used yet.
pub fn unused(allocation: &Allocation) -> i64 {
    allocation.allocated - allocation.used
}

/// Takes what a user has not used. The caller keeps `users.credits` in step, and has the account's turn.
pub fn release(conn: &mut Conn, account: AccountId, user: UserId, heir: Option<UserId>) -> Result<Vec<Released>> {
    let mut released = vec![];
    for allocation in allocations_of(conn, account, &[user])? {
        let unused = unused(&allocation);
        if unused == 0 {
            continue;
        }
        diesel::update(allocations::table.find((account, user, allocation.kind)))
            .set(allocations::allocated.eq(allocations::used))
            .execute(conn)?;
        let heir_had = match heir {
            Some(heir) => give(conn, account, heir, allocation.kind, unused)?,
            None => {
                diesel::update(credit_pools::table.find((account, allocation.kind)))
                    .set(credit_pools::allocated.eq(credit_pools::allocated - unused))
                    .execute(conn)?;
                0
            }
        };
        released.push(Released { kind: allocation.kind, before: allocation.allocated, unused, heir_had });
    }
    Ok(released)
}

/// Adds to what the heir has; what they had.
fn give(conn: &mut Conn, account: AccountId, heir: UserId, kind: CreditKind, amount: i64) -> Result<i64> {
    let had = allocations_of(conn, account, &[heir])?.into_iter().find(|one| one.kind == kind);
    match had {
        Some(_) => diesel::update(allocations::table.find((account, heir, kind)))
            .set(allocations::allocated.eq(allocations::allocated + amount))
            .execute(conn)?,
        None => diesel::insert_into(allocations::table)
            .values((
                allocations::account_id.eq(account),
                allocations::user_id.eq(heir),
                allocations::kind.eq(kind),
                allocations::allocated.eq(amount),
                allocations::used.eq(0),
            ))
            .execute(conn)?,
    };
    Ok(had.map_or(0, |had| had.allocated))
}

/// Drops an erased user's allocations. What they had used stays used in the pool, and unused goes back to it.
pub fn forget(conn: &mut Conn, account: AccountId, user: UserId) -> Result<()> {
    release(conn, account, user, None)?;
    for Allocation { kind, used, .. } in allocations_of(conn, account, &[user])? {
        diesel::update(credit_pools::table.find((account, kind)))
            .set(credit_pools::erased.eq(credit_pools::erased + used))
            .execute(conn)?;
        diesel::delete(allocations::table.find((account, user, kind))).execute(conn)?;
    }
    Ok(())
}
