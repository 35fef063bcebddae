//! The entries: who gave, took or used how much, when and why. Nothing changes or deletes one: the databases refuse it.

use super::model::CreditKind;
use crate::access::{AccountId, Actor, UserId};
use crate::activity::Seals;
use crate::clock;
use crate::db::{Conn, Rows, time_text};
use crate::error::Result;
use crate::schema::{ledger, users};
use crate::text_enum;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_derive_newtype::DieselNewType;
use serde_json::json;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, DieselNewType)]
pub struct EntryId(pub i64);

text_enum! {
    pub enum EntryKind {
        Grant = "grant", "Granted";
        Allocate = "allocate", "Allocated";
        TakeBack = "take_back", "Taken back";
        Use = "use", "Used";
        Refund = "refund", "Refunded";
        Expire = "expire", "Expired";
    }
}

/// Usage, as a product has reported it.
#[derive(Debug, Clone)]
pub struct Reported {
    /// As the product knows it; may be empty.
    pub reference: String,
    /// Nothing is counted twice under one key.
    pub key: IdempotencyKey,
    pub at: NaiveDateTime,
    /// The account's day that it counts to.
    pub day: NaiveDate,
}

/// What says that two reports are the same one. Kept as a hash, since products may put anything into it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, DieselNewType)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    pub fn of(text: &str) -> Self {
        use sha2::{Digest, Sha256};
        IdempotencyKey(hex::encode(Sha256::digest(text)))
    }

    /// Of the end of a cycle, which the program itself makes.
    pub(super) fn of_cycle(kind: CreditKind, ends_at: NaiveDateTime) -> Self {
        IdempotencyKey(format!("cycle:{}:{ends_at}", kind.code()))
    }
}

/// An entry to be written.
#[derive(Debug, Clone)]
pub(super) struct NewEntry {
    pub id: EntryId,
    pub kind: CreditKind,
    pub entry: EntryKind,
    pub user: Option<UserId>,
    pub amount: i64,
    pub balance: i64,
    pub cycle: i32,
    pub key: Option<IdempotencyKey>,
    pub reported: Option<Reported>,
}

/// Writes entries, with the actor's reason for all of them.
pub(super) fn write(conn: &mut Conn, actor: &Actor, reason: &str, entries: &[NewEntry]) -> Result<()> {
    let says_more = |entry: &&NewEntry| {
        !reason.is_empty() || entry.reported.as_ref().is_some_and(|reported| !reported.reference.is_empty())
    };
    let people: Vec<UserId> = entries.iter().filter(says_more).filter_map(|entry| entry.user).collect();
    let seals = Seals::load(conn, actor.account, &people)?;
    let now = time_text(clock::now());
    let rows = entries.iter().map(|entry| {
        let seal = |text: &str| match entry.user {
            Some(user) => seals.seal(user, text),
            // Of a pool: the operator's own words, about nobody.
            None => Ok(text.to_owned()),
        };
        let reported = entry.reported.as_ref();
        Ok(json!({
            "account_id": actor.account.0,
            "id": entry.id.0,
            "at": now,
            "kind": entry.kind.code(),
            "entry": entry.entry.code(),
            "user_id": entry.user.map(|user| user.0),
            "amount": entry.amount,
            "balance": entry.balance,
            "cycle": entry.cycle,
            "actor_id": actor.user.map(|user| user.0),
            "impersonator_id": actor.impersonator.map(|user| user.0),
            "token_id": actor.token,
            "reason": seal(reason)?,
            "reference": seal(reported.map_or("", |reported| &reported.reference))?,
            "batch_id": actor.batch,
            "idempotency_key": entry.key.as_ref().map(|key| &key.0),
            "used_at": reported.map(|reported| time_text(reported.at)),
            "day": reported.map(|reported| reported.day.to_string()),
        }))
    });
    Rows::of("ledger", rows.collect::<Result<_>>()?).insert(conn)
}

/// An entry that was written.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = ledger)]
pub struct Entry {
    pub id: EntryId,
    pub at: NaiveDateTime,
    pub kind: CreditKind,
    pub entry: EntryKind,
    pub user_id: Option<UserId>,
    pub amount: i64,
    pub balance: i64,
    pub actor_id: Option<UserId>,
    pub token_id: Option<i64>,
    pub batch_id: Option<i64>,
    /// Sealed.
    reason: String,
}

impl Entry {
    pub fn reason(&self, seals: &Seals) -> String {
        self.user_id.map_or_else(|| self.reason.clone(), |user| seals.open(user, &self.reason))
    }
}

/// What was given to a user and taken from them, latest first: `rows` entries before `before`. Usage is told by reports.
pub fn history(
    conn: &mut Conn,
    account: AccountId,
    user: UserId,
    before: Option<EntryId>,
    rows: i64,
) -> Result<Vec<Entry>> {
    Ok(ledger::table
        .filter(ledger::account_id.eq(account))
        .filter(ledger::user_id.eq(user))
        // In the words of the partial index.
        .filter(sql::<Bool>("ledger.entry IN ('allocate', 'take_back')"))
        .filter(ledger::id.lt(before.unwrap_or(EntryId(i64::MAX))))
        .order(ledger::id.desc())
        .limit(rows)
        .select(Entry::as_select())
        .load(conn)?)
}

/// Who was given something by a batch, by id after `after`.
pub fn given_by_batch(
    conn: &mut Conn,
    account: AccountId,
    batch: i64,
    after: UserId,
    rows: i64,
) -> Result<Vec<UserId>> {
    let given = ledger::table
        .inner_join(
            users::table.on(users::account_id.eq(ledger::account_id).and(ledger::user_id.eq(users::id.nullable()))),
        )
        .filter(ledger::account_id.eq(account))
        .filter(ledger::batch_id.eq(batch))
        .filter(ledger::entry.eq(EntryKind::Allocate))
        .filter(users::id.gt(after));
    Ok(given.order(users::id).limit(rows).select(users::id).load(conn)?)
}

/// Whether somebody has less left than a batch gave them. Who is being deleted has given it back.
pub fn is_used_of_batch(conn: &mut Conn, account: AccountId, batch: i64) -> Result<bool> {
    use diesel::sql_types::BigInt;
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let used = diesel::sql_query(
        "SELECT COUNT(*) AS n FROM ledger \
         JOIN users ON users.account_id = ledger.account_id AND users.id = ledger.user_id AND users.status <> 'pending' \
         JOIN credit_pools ON credit_pools.account_id = ledger.account_id AND credit_pools.kind = ledger.kind \
         JOIN allocations ON allocations.account_id = ledger.account_id AND allocations.user_id = ledger.user_id \
         AND allocations.kind = ledger.kind \
         WHERE ledger.account_id = $1 AND ledger.batch_id = $2 AND ledger.entry = 'allocate' \
         AND allocations.allocated - CASE WHEN allocations.cycle = credit_pools.cycle THEN allocations.used ELSE 0 END \
         < ledger.amount",
    );
    Ok(used.bind::<BigInt, _>(account).bind::<BigInt, _>(batch).get_result::<Count>(conn)?.n > 0)
}

/// What is known already under these keys.
pub fn known(conn: &mut Conn, account: AccountId, keys: &[IdempotencyKey]) -> Result<Vec<(IdempotencyKey, Entry)>> {
    let rows: Vec<(Option<IdempotencyKey>, Entry)> = ledger::table
        .filter(ledger::account_id.eq(account))
        // In the words of the partial index: of a list that it does not know yet, Postgres can't tell that it has no NULL.
        .filter(ledger::idempotency_key.is_not_null())
        .filter(ledger::idempotency_key.eq_any(keys.to_vec()))
        .select((ledger::idempotency_key, Entry::as_select()))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(key, entry)| Some((key?, entry))).collect())
}
