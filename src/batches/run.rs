//! Applying: chunk by chunk, by whichever instance comes first.

use super::action::{Action, Terms};
use super::model::{Batch, BatchId, BatchState, Why, find, first};
use crate::access::{AccountId, Actor, UserId};
use crate::config::Config;
use crate::db::Conn;
use crate::error::Result;
use crate::schema::{batch_items, batches};
use crate::users::{self, Removal};
use crate::{activity, clock};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// Users of one transaction: few, so that the one writer of SQLite, and the account's row, are soon free again.
const CHUNK: i64 = 50;

/// What one step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Users were dealt with, and there may be more.
    More,
    /// The batch is done. `erased`: it was about deleting.
    Done { erased: bool },
}

/// The batch that has waited longest for its next chunk.
pub fn running(conn: &mut Conn) -> Result<Option<(AccountId, BatchId)>> {
    Ok(batches::table
        // As the index says it: a bound value would not tell SQLite that it serves.
        .filter(sql::<Bool>("batches.state = 'running'"))
        .order(batches::changed_at)
        .select((batches::account_id, batches::id))
        .first(conn)
        .optional()?)
}

/// To the end of the queue: for a batch whose chunk has failed.
pub fn put_off(conn: &mut Conn, account: AccountId, id: BatchId) -> Result<()> {
    diesel::update(batches::table.find((account, id))).set(batches::changed_at.eq(clock::now())).execute(conn)?;
    Ok(())
}

/// Applies the next chunk of this batch.
pub fn step(conn: &mut Conn, config: &Config, account: AccountId, id: BatchId) -> Result<Step> {
    // Whoever else is about it waits here, and goes on behind us. Then the account's turn, before anything is read.
    let running = batches::table.find((account, id)).filter(batches::state.eq(BatchState::Running));
    let is_running = diesel::update(running).set(batches::changed_at.eq(clock::now())).execute(conn)? == 1;
    users::take_turn(conn, account)?;
    let batch = find(conn, account, id)?;
    let action = batch.action()?;
    let done = Step::Done { erased: action == Action::Delete };
    if !is_running {
        return Ok(done);
    }
    let chunk = first(conn, &batch, CHUNK)?;
    let is_last = (chunk.len() as i64) < CHUNK;
    if !chunk.is_empty() {
        apply_to(conn, config, &batch, action, &chunk)?;
    }
    if !is_last {
        return Ok(Step::More);
    }
    diesel::update(batches::table.find((account, id))).set(batches::state.eq(BatchState::Done)).execute(conn)?;
    Ok(done)
}

/// Applies it to the next users.
fn apply_to(conn: &mut Conn, config: &Config, batch: &Batch, action: Action, chunk: &[UserId]) -> Result<()> {
    let actor = actor_of(conn, batch)?.filter(|actor| actor.permissions.has(action.needs()));
    let reason = match batch.reason.as_str() {
        "" => String::new(),
        sealed => activity::open(conn, batch.account_id, batch.actor_id, sealed)?,
    };
    let terms = Terms { removal: Removal { heir: batch.heir_id, erase_at: batch.erase_at() }, reason };
    let mut after = batch.clone();
    for user in chunk.iter().copied() {
        after.reached = user;
        let done = match &actor {
            Some(actor) => apply(conn, config, actor, action, user, &terms)?,
            None => Err(Why::Rights),
        };
        match done {
            Ok(true) => after.done += 1,
            Ok(false) => after.unchanged += 1,
            Err(why) => {
                after.refused += 1;
                let row = batch_items::table.find((batch.account_id, batch.id, user));
                diesel::update(row).set(batch_items::refused.eq(why)).execute(conn)?;
            }
        }
    }
    save(conn, batch, &after)
}

/// The actor as they are now: rights that were lost since are lost here too. None where they can't sign in any more.
fn actor_of(conn: &mut Conn, batch: &Batch) -> Result<Option<Actor>> {
    let Some(actor) = users::actor(conn, batch.account_id, batch.actor_id)? else { return Ok(None) };
    let address = activity::open(conn, batch.account_id, batch.actor_id, &batch.address)?;
    Ok(Some(Actor { address, batch: Some(batch.id.0), ..actor }))
}

/// In a savepoint of its own: a refused user leaves no trace in the chunk.
fn apply(
    conn: &mut Conn,
    config: &Config,
    actor: &Actor,
    action: Action,
    user: UserId,
    terms: &Terms,
) -> Result<std::result::Result<bool, Why>> {
    match conn.transaction(|conn| action.apply(conn, config, actor, user, terms)) {
        Ok(changed) => Ok(Ok(changed)),
        Err(error) => Why::of(&error).map(Err).ok_or(error),
    }
}

/// The batch's place and counts; those who were dealt with are needed no more, but the refused.
fn save(conn: &mut Conn, before: &Batch, after: &Batch) -> Result<()> {
    diesel::update(batches::table.find((after.account_id, after.id)))
        .set((
            batches::reached.eq(after.reached),
            batches::done.eq(after.done),
            batches::unchanged.eq(after.unchanged),
            batches::refused.eq(after.refused),
        ))
        .execute(conn)?;
    let dealt_with = batch_items::account_id
        .eq(after.account_id)
        .and(batch_items::batch_id.eq(after.id))
        .and(batch_items::user_id.gt(before.reached))
        .and(batch_items::user_id.le(after.reached))
        .and(batch_items::refused.eq(""));
    diesel::delete(batch_items::table.filter(dealt_with)).execute(conn)?;
    Ok(())
}
