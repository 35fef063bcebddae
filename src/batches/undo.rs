//! Taking back what a batch has allocated: a batch of its own, about those who got something, while nothing of it is used.

use super::action::Action;
use super::model::{self, Batch, BatchId, BatchState, Decision, SLICE, find, find_own};
use crate::access::{Actor, UserId};
use crate::credits;
use crate::db::{self, Conn, Db};
use crate::error::{Error, Refusal, Result};
use crate::schema::batches;
use diesel::prelude::*;

/// The batch that takes this one back; it is running.
pub async fn undo(db: &Db, actor: &Actor, id: BatchId) -> Result<BatchId> {
    let (undoing, by) = (BatchId(db::new_id()), actor.clone());
    db.write(move |conn| begin(conn, &by, id, undoing)).await?;
    let (account, mut after) = (actor.account, UserId(0));
    loop {
        let people = db.read(move |conn| credits::given_by_batch(conn, account, id.0, after, SLICE as i64)).await?;
        let Some(last) = people.last().copied() else { break };
        db.write(move |conn| model::add(conn, account, undoing, &people)).await?;
        after = last;
    }
    let by = actor.clone();
    db.write(move |conn| start(conn, &by, id, undoing)).await?;
    Ok(undoing)
}

/// What it takes back; refused where that can't be done as a whole.
fn check(conn: &mut Conn, actor: &Actor, id: BatchId) -> Result<(Batch, Action)> {
    let batch = find_own(conn, actor, id)?;
    let Action::Allocate(kind, amount) = batch.action()? else { return Err(Error::NotFound) };
    if batch.state != BatchState::Done {
        return Err(Error::NotFound);
    }
    if batch.undone_by.is_some() {
        return Err(Refusal::UndoneAlready.into());
    }
    if credits::is_used_of_batch(conn, actor.account, id.0)? {
        return Err(Refusal::UsedSince.into());
    }
    Ok((batch, Action::TakeBack(kind, amount)))
}

fn begin(conn: &mut Conn, actor: &Actor, id: BatchId, undoing: BatchId) -> Result<()> {
    let (_, action) = check(conn, actor, id)?;
    model::insert_draft(conn, actor, undoing, action)
}

/// Looked at again: of two who undo at once, one is told.
fn start(conn: &mut Conn, actor: &Actor, id: BatchId, undoing: BatchId) -> Result<()> {
    crate::users::take_turn(conn, actor.account)?;
    let (_, action) = check(conn, actor, id)?;
    if model::close(conn, actor.account, undoing)?.is_none() {
        return Err(Refusal::UndoneAlready.into());
    }
    let draft = find(conn, actor.account, undoing)?;
    let here = batches::table.find((actor.account, id)).filter(batches::undone_by.is_null());
    if diesel::update(here).set(batches::undone_by.eq(undoing)).execute(conn)? != 1 {
        return Err(Refusal::UndoneAlready.into());
    }
    model::confirm(conn, &draft, &Decision { action, heir: None, reason: "Undone".into() })
}
