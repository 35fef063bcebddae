//! What a deleted user leaves: unused credits and minutes go back to the pool or to a colleague; what was used stays used.

use super::book::Book;
use super::model::{Allocation, CreditKind};
use super::sums;
use crate::access::{Actor, UserId};
use crate::activity::Change;
use crate::db::Conn;
use crate::error::Result;
use crate::schema::allocations;
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

/// Takes what a user has not used. The caller keeps `users.credits` in step, and has the account's turn.
pub fn release(conn: &mut Conn, actor: &Actor, user: UserId, heir: Option<UserId>) -> Result<Vec<Released>> {
    let people: Vec<UserId> = [user].into_iter().chain(heir).collect();
    let mut book = Book::open(conn, actor, &people)?;
    let mut released = vec![];
    for Allocation { kind, allocated, used, .. } in book.release(user)? {
        let unused = allocated - used;
        let heir_had = match heir {
            Some(heir) => {
                let had = book.part(heir, kind).allocated;
                book.allocate(heir, kind, unused)?;
                had
            }
            None => 0,
        };
        released.push(Released { kind, before: allocated, unused, heir_had });
    }
    book.save(conn, actor, "")?;
    Ok(released)
}

/// Drops an erased user's allocations and sums. What they had used stays used in the pool, and unused goes back to it.
pub fn forget(conn: &mut Conn, actor: &Actor, user: UserId) -> Result<()> {
    let mut book = Book::open(conn, actor, &[user])?;
    book.release(user)?;
    book.forget(user)?;
    book.save(conn, actor, "")?;
    let theirs = allocations::account_id.eq(actor.account).and(allocations::user_id.eq(user));
    diesel::delete(allocations::table.filter(theirs)).execute(conn)?;
    sums::forget(conn, actor.account, user)
}
