//! Manage Credit and Allocate Minute: what a user has of the account's pools.

use super::model::find;
use super::rules;
use super::switch::Switched;
use super::write::{add_credits, begin, target};
use crate::access::{Actor, UserId};
use crate::activity::{self, Change};
use crate::credits::{Book, CreditKind};
use crate::db::Conn;
use crate::error::{Refusal, Result};

/// What a user shall have of one kind.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub kind: CreditKind,
    pub amount: i64,
    /// What they had when it was decided: refused where that is not so any more.
    pub had: Option<i64>,
}

/// Sets what a user has, all of it or nothing.
pub fn allocate(conn: &mut Conn, actor: &Actor, id: UserId, wanted: &[Wanted], reason: &str) -> Result<Switched> {
    change(conn, actor, id, reason, |book| {
        wanted.iter().try_for_each(|one| {
            if one.had.is_some_and(|had| had != book.part(id, one.kind).allocated) {
                return Err(Refusal::AllocationChanged.into());
            }
            book.set(id, one.kind, one.amount).map(|_| ())
        })
    })
}

/// Gives a user more of one kind.
pub fn allocate_more(
    conn: &mut Conn,
    actor: &Actor,
    id: UserId,
    kind: CreditKind,
    more: i64,
    reason: &str,
) -> Result<Switched> {
    change(conn, actor, id, reason, |book| book.allocate(id, kind, more))
}

/// Takes from a user what they have not used.
pub fn take_back(
    conn: &mut Conn,
    actor: &Actor,
    id: UserId,
    kind: CreditKind,
    less: i64,
    reason: &str,
) -> Result<Switched> {
    change(conn, actor, id, reason, |book| book.take_back(id, kind, less))
}

fn change(
    conn: &mut Conn,
    actor: &Actor,
    id: UserId,
    reason: &str,
    how: impl FnOnce(&mut Book) -> Result<()>,
) -> Result<Switched> {
    begin(conn, actor)?;
    let user = find(conn, actor.account, id)?;
    rules::allocating(actor, target(conn, &user, actor)?)?;
    let mut book = Book::open(conn, actor, &[id])?;
    let had = CreditKind::ALL.iter().map(|kind| book.part(id, *kind)).collect::<Vec<_>>();
    how(&mut book)?;
    let (mut changes, mut credits) = (vec![], 0);
    for had in had {
        let (kind, after) = (had.kind, book.part(id, had.kind).allocated);
        if after != had.allocated {
            changes.push(Change::plain(kind.code(), had.allocated.to_string(), after.to_string()));
            credits += if CreditKind::CREDITS.contains(&kind) { after - had.allocated } else { 0 };
        }
    }
    if changes.is_empty() {
        return Ok(Switched { user, changed: false });
    }
    book.save(conn, actor, reason)?;
    add_credits(conn, actor.account, id, credits)?;
    activity::record(conn, actor, "user.credits_allocated", id, changes)?;
    Ok(Switched { user, changed: true })
}
