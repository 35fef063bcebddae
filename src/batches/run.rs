//! Applying: chunk by chunk, by whichever instance comes first.

use super::action::Action;
use super::model::{Batch, BatchId, BatchState, Why, find, first};
use crate::access::{AccountId, Actor, UserId};
use crate::config::Config;
use crate::db::Conn;
use crate::error::Result;
use crate::schema::{batch_items, batches};
use crate::{activity, clock, users};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// Users of one transaction: few, so that the one writer of SQLite, and the account's row, are soon free again.
const CHUNK: i64 = 50;

/// Applies the next chunk of the batch that has waited longest; false where none is running.
pub fn step(conn: &mut Conn, config: &Config) -> Result<bool> {
    match running(conn)? {
        Some((account, id)) => step_of(conn, config, account, id),
        None => Ok(false),
    }
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

/// Applies the next chunk of this batch; false where it is not running, or just came to its end.
pub fn step_of(conn: &mut Conn, config: &Config, account: AccountId, id: BatchId) -> Result<bool> {
    // Whoever else is about it waits here, and goes on behind us.
    let running = batches::table.find((account, id)).filter(batches::state.eq(BatchState::Running));
    if diesel::update(running).set(batches::changed_at.eq(clock::now())).execute(conn)? == 0 {
        return Ok(false);
    }
    let batch = find(conn, account, id)?;
    let action = batch.action()?;
    let Some(actor) = actor_of(conn, &batch)?.filter(|actor| actor.permissions.has(action.needs())) else {
        refuse_rest(conn, &batch)?;
        return Ok(false);
    };
    let chunk = first(conn, &batch, CHUNK)?;
    let Some(last) = chunk.last().copied() else {
        diesel::update(batches::table.find((account, id))).set(batches::state.eq(BatchState::Done)).execute(conn)?;
        return Ok(false);
    };
    let mut after = Batch { reached: last, ..batch };
    for user in chunk {
        match apply(conn, config, &actor, action, user, after.heir_id)? {
            Ok(true) => after.done += 1,
            Ok(false) => after.unchanged += 1,
            Err(why) => {
                after.refused += 1;
                let row = batch_items::table.find((account, id, user));
                diesel::update(row).set(batch_items::refused.eq(why)).execute(conn)?;
            }
        }
    }
    save(conn, &after)?;
    Ok(true)
}

/// The actor as they are now: rights that were lost since are lost here too. None where they can't sign in any more.
fn actor_of(conn: &mut Conn, batch: &Batch) -> Result<Option<Actor>> {
    let Some(actor) = users::actor(conn, batch.account_id, batch.actor_id)? else { return Ok(None) };
    let address = activity::open(conn, batch.account_id, batch.actor_id, &batch.address)?;
    Ok(Some(Actor { address, ..actor }))
}

/// In a savepoint of its own: a refused user leaves no trace in the chunk.
fn apply(
    conn: &mut Conn,
    config: &Config,
    actor: &Actor,
    action: Action,
    user: UserId,
    heir: Option<UserId>,
) -> Result<std::result::Result<bool, Why>> {
    match conn.transaction(|conn| action.apply(conn, config, actor, user, heir)) {
        Ok(changed) => Ok(Ok(changed)),
        Err(error) => Why::of(&error).map(Err).ok_or(error),
    }
}

/// The batch's place and counts; those who were dealt with are needed no more, but the refused.
fn save(conn: &mut Conn, after: &Batch) -> Result<()> {
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
        .and(batch_items::user_id.le(after.reached))
        .and(batch_items::refused.eq(""));
    diesel::delete(batch_items::table.filter(dealt_with)).execute(conn)?;
    Ok(())
}

fn refuse_rest(conn: &mut Conn, batch: &Batch) -> Result<()> {
    let rest = batch_items::account_id
        .eq(batch.account_id)
        .and(batch_items::batch_id.eq(batch.id))
        .and(batch_items::user_id.gt(batch.reached));
    let refused =
        diesel::update(batch_items::table.filter(rest)).set(batch_items::refused.eq(Why::Rights)).execute(conn)?;
    diesel::update(batches::table.find((batch.account_id, batch.id)))
        .set((
            batches::state.eq(BatchState::Done),
            batches::refused.eq(batches::refused + refused as i32),
            batches::reached.eq(i64::MAX),
        ))
        .execute(conn)?;
    Ok(())
}
