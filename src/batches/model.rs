use super::action::Action;
use crate::access::{AccountId, Actor, UserId};
use crate::activity;
use crate::clock;
use crate::credits::Shortage;
use crate::db::{self, Conn, Db};
use crate::error::{Error, Refusal, Result};
use crate::schema::{batch_items, batches};
use crate::text_enum;
use crate::users;
use crate::users::list::{self, ListQuery, Scope};
use crate::web::text::Times;
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use diesel_derive_newtype::DieselNewType;
use serde_json::json;

#[derive(Debug, Clone, Copy, PartialEq, Eq, DieselNewType)]
pub struct BatchId(pub i64);

text_enum! {
    pub enum BatchState {
        Draft = "draft", "Waiting for confirmation";
        Running = "running", "Running";
        Done = "done", "Done";
    }
}

text_enum! {
    /// Why a user of a batch is left as they are.
    pub enum Why {
        Rank = "rank", "Their role is above yours";
        Itself = "self", "You can't do this to yourself";
        NoFreeSeat = "no_free_seat", "No license is free";
        LastOwner = "last_owner", "The only Owner who can sign in";
        OwnerRole = "owner_role", "The Owner role is given and taken one by one, with your password";
        Pending = "pending", "Pending deletion";
        PoolEmpty = "pool_empty", "Not enough is left in the pool";
        Used = "used", "Some of it is used already";
        HeirGone = "heir_gone", "The colleague who was to take over is gone";
        UnknownPlan = "unknown_plan", "The plan is gone";
        Gone = "gone", "Deleted meanwhile";
        Changed = "changed", "Somebody else was changing them";
        Rights = "rights", "Your own rights have changed meanwhile";
    }
}

impl Why {
    /// None for what is not about this one user: the chunk fails, and is tried again.
    pub fn of(error: &Error) -> Option<Self> {
        Some(match error {
            Error::Forbidden => Why::Rank,
            Error::NotFound => Why::Gone,
            Error::Refused(refusal) => match refusal {
                Refusal::NoFreeSeat => Why::NoFreeSeat,
                Refusal::LastOwner => Why::LastOwner,
                Refusal::Self_ | Refusal::DeleteSelf => Why::Itself,
                Refusal::WrongOwnPassword => Why::OwnerRole,
                Refusal::PendingDeletion => Why::Pending,
                Refusal::HeirGone => Why::HeirGone,
                Refusal::UnknownPlan => Why::UnknownPlan,
                Refusal::Credits(Shortage::Pool { .. }) => Why::PoolEmpty,
                Refusal::Credits(_) => Why::Used,
                _ => Why::Changed,
            },
            _ => return None,
        })
    }
}

/// A batch: what is done to how many, and how far it is.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = batches)]
pub struct Batch {
    pub account_id: AccountId,
    pub id: BatchId,
    pub actor_id: UserId,
    /// Sealed under the actor's key.
    pub(super) address: String,
    pub(super) action: String,
    pub state: BatchState,
    pub heir_id: Option<UserId>,
    pub total: i32,
    pub done: i32,
    pub unchanged: i32,
    pub refused: i32,
    pub(super) reached: UserId,
    pub(super) created_at: NaiveDateTime,
    /// Sealed under the actor's key.
    pub(super) reason: String,
    /// The batch that has taken this one back.
    pub undone_by: Option<BatchId>,
}

impl Batch {
    pub fn action(&self) -> Result<Action> {
        let action = Action::from_code(&self.action);
        action.ok_or_else(|| Error::Internal(anyhow::anyhow!("unknown action {}", self.action)))
    }

    /// When those are erased who are deleted with retention: fixed with the batch, so that the confirmation names it.
    pub fn erase_at(&self) -> NaiveDateTime {
        self.created_at + users::RETENTION
    }

    pub fn dealt_with(&self) -> i32 {
        self.done + self.unchanged + self.refused
    }
}

/// Who is meant.
pub enum Selection {
    Users(Vec<UserId>),
    /// Everybody who matches the list's filter.
    Matching {
        scope: Scope,
        query: Box<ListQuery>,
        times: Times,
    },
}

/// Ids that one statement writes.
pub(super) const SLICE: usize = 10_000;
/// A draft that nobody has confirmed is dropped after this.
const DRAFTS_KEPT: Duration = Duration::hours(1);
/// Drafts that one actor may have open, in as many windows; the oldest goes.
const DRAFTS: i64 = 5;
/// What a batch did is forgotten after this.
const KEPT: Duration = Duration::days(30);

/// Fixes who is meant, slice by slice, so that a million leave others their turns. None where it is nobody.
pub async fn create(db: &Db, actor: &Actor, action: Action, selection: Selection) -> Result<Option<Batch>> {
    let (account, id) = (actor.account, BatchId(db::new_id()));
    let by = actor.clone();
    // Whoever makes drafts sweeps as well.
    while db.write(purge).await? {}
    db.write(move |conn| insert_draft(conn, &by, id, action)).await?;
    match selection {
        Selection::Users(ids) => db.write(move |conn| add_known(conn, account, id, &ids)).await?,
        Selection::Matching { scope, query, times } => {
            let mut after = UserId(0);
            loop {
                let query = query.clone();
                let found = db.read(move |conn| list::matching(conn, &scope, &query, &times, after)).await?;
                for ids in found.ids.chunks(SLICE) {
                    let ids = ids.to_vec();
                    db.write(move |conn| add(conn, account, id, &ids)).await?;
                }
                match found.reached {
                    Some(reached) => after = reached,
                    None => break,
                }
            }
        }
    }
    db.write(move |conn| close(conn, account, id)).await
}

pub(super) fn insert_draft(conn: &mut Conn, actor: &Actor, id: BatchId, action: Action) -> Result<()> {
    let Some(user) = actor.user else { return Err(Error::Forbidden) };
    let now = clock::now();
    let own =
        batches::account_id.eq(actor.account).and(batches::actor_id.eq(user)).and(batches::state.eq(BatchState::Draft));
    let drafts = batches::table.filter(own).order(batches::id.desc()).offset(DRAFTS - 1).select(batches::id);
    if let Some(oldest) = drafts.first::<BatchId>(conn).optional()? {
        diesel::update(batches::table.filter(own).filter(batches::id.le(oldest)))
            .set(batches::created_at.eq(clock::never()))
            .execute(conn)?;
    }
    let address = activity::seal(conn, actor.account, user, &actor.address)?;
    diesel::insert_into(batches::table)
        .values((
            batches::account_id.eq(actor.account),
            batches::id.eq(id),
            batches::actor_id.eq(user),
            batches::address.eq(address),
            batches::action.eq(action.code()),
            batches::state.eq(BatchState::Draft),
            batches::total.eq(0),
            batches::done.eq(0),
            batches::unchanged.eq(0),
            batches::refused.eq(0),
            batches::reached.eq(0),
            batches::created_at.eq(now),
            batches::changed_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Those of the account; the ids of others are nobody here.
fn add_known(conn: &mut Conn, account: AccountId, id: BatchId, ids: &[UserId]) -> Result<()> {
    let known = users::known(conn, account, ids)?;
    add(conn, account, id, &known)
}

pub(super) fn add(conn: &mut Conn, account: AccountId, id: BatchId, users: &[UserId]) -> Result<()> {
    let row = |user: &UserId| json!({ "account_id": account.0, "batch_id": id.0, "user_id": user.0, "refused": "" });
    db::Rows::of("batch_items", users.iter().map(row).collect()).insert(conn)
}

/// Counts who is meant; a batch of nobody is dropped.
pub(super) fn close(conn: &mut Conn, account: AccountId, id: BatchId) -> Result<Option<Batch>> {
    let items = batch_items::account_id.eq(account).and(batch_items::batch_id.eq(id));
    let total: i64 = batch_items::table.filter(items).count().get_result(conn)?;
    let here = batches::table.find((account, id));
    if total == 0 {
        diesel::delete(here).execute(conn)?;
        return Ok(None);
    }
    diesel::update(here).set(batches::total.eq(total as i32)).execute(conn)?;
    find(conn, account, id).map(Some)
}

pub fn find(conn: &mut Conn, account: AccountId, id: BatchId) -> Result<Batch> {
    Ok(batches::table.find((account, id)).select(Batch::as_select()).first(conn)?)
}

/// A batch of this actor. Others' are not there.
pub fn find_own(conn: &mut Conn, actor: &Actor, id: BatchId) -> Result<Batch> {
    let batch = find(conn, actor.account, id)?;
    if actor.is(batch.actor_id) { Ok(batch) } else { Err(Error::NotFound) }
}

/// What is decided with the confirmation.
pub struct Decision {
    /// With the amount that each gets, where it is about credits.
    pub action: Action,
    /// Who gets what deleted users leave behind.
    pub heir: Option<UserId>,
    pub reason: String,
}

/// Confirms a draft, once: a second time nothing happens. 404 where it is too old.
pub fn confirm(conn: &mut Conn, batch: &Batch, decision: &Decision) -> Result<()> {
    let reason = match decision.reason.as_str() {
        "" => String::new(),
        reason => activity::seal(conn, batch.account_id, batch.actor_id, reason)?,
    };
    let draft = batches::table.find((batch.account_id, batch.id)).filter(batches::state.eq(BatchState::Draft));
    let values = (
        batches::state.eq(BatchState::Running),
        batches::action.eq(decision.action.code()),
        batches::heir_id.eq(decision.heir),
        batches::reason.eq(reason),
        batches::changed_at.eq(clock::now()),
    );
    let confirmed = diesel::update(draft.filter(batches::created_at.gt(clock::now() - DRAFTS_KEPT))).set(values);
    // Read again: on Postgres somebody who confirmed it at the same moment was waited for.
    if confirmed.execute(conn)? == 0 && find(conn, batch.account_id, batch.id)?.state == BatchState::Draft {
        // Too old: what it means is being swept away.
        return Err(Error::NotFound);
    }
    Ok(())
}

/// Whether this user is among those who are meant.
pub fn has(conn: &mut Conn, batch: &Batch, user: UserId) -> Result<bool> {
    let row = batch_items::table.find((batch.account_id, batch.id, user)).select(batch_items::user_id);
    Ok(row.first::<UserId>(conn).optional()?.is_some())
}

/// The first users of a batch who are still to be dealt with, by id.
pub fn first(conn: &mut Conn, batch: &Batch, rows: i64) -> Result<Vec<UserId>> {
    Ok(batch_items::table
        .filter(batch_items::account_id.eq(batch.account_id))
        .filter(batch_items::batch_id.eq(batch.id))
        .filter(batch_items::user_id.gt(batch.reached))
        .order(batch_items::user_id)
        .limit(rows)
        .select(batch_items::user_id)
        .load(conn)?)
}

/// The first users who were refused, and why.
pub fn refused(conn: &mut Conn, batch: &Batch, rows: i64) -> Result<Vec<(UserId, Why)>> {
    Ok(batch_items::table
        .filter(batch_items::account_id.eq(batch.account_id))
        .filter(batch_items::batch_id.eq(batch.id))
        .filter(batch_items::user_id.le(batch.reached))
        .order(batch_items::user_id)
        .limit(rows)
        .select((batch_items::user_id, batch_items::refused))
        .load(conn)?)
}

/// Drops some of what is too old; true where there may be more.
pub fn purge(conn: &mut Conn) -> Result<bool> {
    let now = clock::now();
    let is_draft = batches::state.eq(BatchState::Draft).and(batches::created_at.lt(now - DRAFTS_KEPT));
    let is_old = batches::created_at.lt(now - KEPT).and(batches::state.ne(BatchState::Running));
    let old: Option<(AccountId, BatchId)> = batches::table
        .filter(is_draft.or(is_old))
        .order(batches::created_at)
        .select((batches::account_id, batches::id))
        .first(conn)
        .optional()?;
    let Some((account, id)) = old else { return Ok(false) };
    let items = batch_items::table.filter(batch_items::account_id.eq(account)).filter(batch_items::batch_id.eq(id));
    let end = items.order(batch_items::user_id).offset(SLICE as i64).select(batch_items::user_id);
    match end.first::<UserId>(conn).optional()? {
        Some(end) => diesel::delete(items.filter(batch_items::user_id.lt(end))).execute(conn)?,
        // What is left goes with it.
        None => diesel::delete(batches::table.find((account, id))).execute(conn)?,
    };
    Ok(true)
}
