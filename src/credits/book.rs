//! An account's pools and what some users have of them: read under the account's turn, changed in memory, then saved together
//! with the entries that tell of it. Whatever moves a credit moves it here.

use super::ledger::{self, EntryId, EntryKind, IdempotencyKey, NewEntry, Reported};
use super::model::{Allocation, AtCycleEnd, CreditKind, Pool, allocations_of, pools};
use super::shortage::Shortage;
use super::sums::Sums;
use crate::access::{AccountId, Actor, UserId};
use crate::db::{self, Conn, Rows};
use crate::error::{Error, Result};
use crate::schema::{accounts, credit_pools, ledger as entries};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

pub struct Book {
    pools: Vec<Pool>,
    /// As they were.
    read: Vec<Pool>,
    parts: BTreeMap<(UserId, CreditKind), Allocation>,
    changed: BTreeSet<(UserId, CreditKind)>,
    entries: Vec<NewEntry>,
    sums: Sums,
    /// At how many percent of a pool its admins are told.
    thresholds: Vec<i32>,
    last_id: EntryId,
}

impl Book {
    /// The caller has the account's turn.
    pub fn open(conn: &mut Conn, actor: &Actor, users: &[UserId]) -> Result<Self> {
        let account = actor.account;
        let parts = allocations_of(conn, account, users)?.into_iter();
        let pools = pools(conn, account)?;
        let (thresholds, last) = thresholds_and_last_entry(conn, account)?;
        Ok(Book {
            read: pools.clone(),
            pools,
            parts: parts.map(|part| ((part.user_id, part.kind), part)).collect(),
            thresholds,
            last_id: last.unwrap_or(EntryId(0)),
            changed: BTreeSet::new(),
            entries: vec![],
            sums: Sums::default(),
        })
    }

    pub fn pool(&self, kind: CreditKind) -> Result<&Pool> {
        let pool = self.pools.iter().find(|pool| pool.kind == kind);
        pool.ok_or_else(|| Error::Internal(anyhow::anyhow!("an account has no pool {}", kind.code())))
    }

    fn pool_mut(&mut self, kind: CreditKind) -> Result<&mut Pool> {
        let pool = self.pools.iter_mut().find(|pool| pool.kind == kind);
        pool.ok_or_else(|| Error::Internal(anyhow::anyhow!("an account has no pool {}", kind.code())))
    }

    /// What a user has of a kind; nothing where they were never given any.
    pub fn part(&self, user: UserId, kind: CreditKind) -> Allocation {
        self.parts.get(&(user, kind)).cloned().unwrap_or_else(|| Allocation::none(user, kind))
    }

    fn kinds_of(&self, user: UserId) -> Vec<CreditKind> {
        self.parts.keys().filter(|(owner, _)| *owner == user).map(|(_, kind)| *kind).collect()
    }

    /// Gives a user so much that they have `amount`, or takes as much. False where they had it already.
    pub fn set(&mut self, user: UserId, kind: CreditKind, amount: i64) -> Result<bool> {
        let had = self.part(user, kind).allocated;
        match amount - had {
            0 => return Ok(false),
            more @ 1.. => self.allocate(user, kind, more)?,
            less => self.take_back(user, kind, -less)?,
        }
        Ok(true)
    }

    /// Gives a user `more` of the pool.
    pub fn allocate(&mut self, user: UserId, kind: CreditKind, more: i64) -> Result<()> {
        let part = self.part(user, kind);
        part.may_have(self.pool(kind)?, part.allocated.saturating_add(more))?;
        self.pool_mut(kind)?.allocated += more;
        self.change(Allocation { allocated: part.allocated + more, ..part }, EntryKind::Allocate, more, None)
    }

    /// Takes what is not used back to the pool.
    pub fn take_back(&mut self, user: UserId, kind: CreditKind, less: i64) -> Result<()> {
        let part = self.part(user, kind);
        part.may_have(self.pool(kind)?, part.allocated.saturating_sub(less))?;
        self.pool_mut(kind)?.allocated -= less;
        self.change(Allocation { allocated: part.allocated - less, ..part }, EntryKind::TakeBack, less, None)
    }

    /// Counts usage, of what the user has left; what they have left after it.
    pub fn record_use(&mut self, user: UserId, kind: CreditKind, amount: i64, reported: Reported) -> Result<i64> {
        let part = self.part(user, kind);
        if amount > part.left() {
            let (left, allocated) = (part.left(), part.allocated);
            return Err(Shortage::Allocation { kind, wanted: amount, left, allocated }.into());
        }
        self.pool_mut(kind)?.used += amount;
        self.sums.add(user, kind, reported.day, amount);
        let left = part.left() - amount;
        self.change(Allocation { used: part.used + amount, ..part }, EntryKind::Use, amount, Some(reported))?;
        Ok(left)
    }

    /// Counts usage back; what the user has left after it.
    pub fn refund(&mut self, user: UserId, kind: CreditKind, amount: i64, reported: Reported) -> Result<i64> {
        let part = self.part(user, kind);
        if amount > part.used {
            return Err(Shortage::Refund { kind, wanted: amount, used: part.used }.into());
        }
        self.pool_mut(kind)?.used -= amount;
        self.sums.add(user, kind, reported.day, -amount);
        let left = part.left() + amount;
        self.change(Allocation { used: part.used - amount, ..part }, EntryKind::Refund, amount, Some(reported))?;
        Ok(left)
    }

    /// The id of the entry that was made last.
    pub fn last_entry(&self) -> EntryId {
        self.last_id
    }

    /// Takes back what a user has not used: what it was, by kind.
    pub fn release(&mut self, user: UserId) -> Result<Vec<Allocation>> {
        let mut released = vec![];
        for kind in self.kinds_of(user) {
            let part = self.part(user, kind);
            if part.left() > 0 {
                self.take_back(user, kind, part.left())?;
                released.push(part);
            }
        }
        Ok(released)
    }

    /// Leaves what a user has used to the pool: they are to be erased, and so are their rows.
    pub(super) fn forget(&mut self, user: UserId) -> Result<()> {
        for kind in self.kinds_of(user) {
            if let Some(part) = self.parts.remove(&(user, kind)) {
                self.pool_mut(kind)?.erased += part.used;
            }
            self.changed.remove(&(user, kind));
        }
        Ok(())
    }

    /// Adds to a pool.
    pub fn grant(&mut self, kind: CreditKind, amount: i64) -> Result<()> {
        let pool = self.pool_mut(kind)?;
        pool.total += amount;
        let (balance, cycle) = (pool.unallocated(), pool.cycle);
        self.push(kind, EntryKind::Grant, None, amount, balance, cycle);
        Ok(())
    }

    /// Ends the cycle of a pool, and begins the next, which ends at `next`. What its users have stays allocated, so a pool
    /// has at least that much.
    pub(super) fn end_cycle(&mut self, kind: CreditKind, next: Option<NaiveDateTime>) -> Result<()> {
        let ended = self.pool(kind)?.clone();
        let first = self.entries.len();
        if ended.at_cycle_end == AtCycleEnd::Keep {
            if ended.cycle_grant > 0 {
                self.grant(kind, ended.cycle_grant)?;
            }
        } else {
            self.begin_anew(kind, &ended)?;
        }
        self.pool_mut(kind)?.cycle_ends_at = next;
        if let (Some(ends_at), Some(entry)) = (ended.cycle_ends_at, self.entries.get_mut(first)) {
            entry.key = Some(IdempotencyKey::of_cycle(kind, ends_at));
        }
        Ok(())
    }

    /// Nothing is used any more, and what was left expires, but what rolls over.
    fn begin_anew(&mut self, kind: CreditKind, ended: &Pool) -> Result<()> {
        let kept = match ended.at_cycle_end {
            AtCycleEnd::RollOver => ended.left().min(ended.roll_over_cap),
            AtCycleEnd::Reset | AtCycleEnd::Keep => 0,
        };
        let allocated = ended.allocated - ended.erased;
        let total = ended.cycle_grant.saturating_add(kept).max(allocated);
        let cycle = ended.cycle + 1;
        let pool = self.pool_mut(kind)?;
        *pool = Pool { total, allocated, used: 0, erased: 0, cycle, ..pool.clone() };
        let moves = [
            (EntryKind::Grant, total - kept),
            (EntryKind::Expire, ended.left() - kept),
            // What erased users had used is nobody's any more.
            (EntryKind::TakeBack, ended.erased),
        ];
        for (entry, amount) in moves.into_iter().filter(|(_, amount)| *amount > 0) {
            self.push(kind, entry, None, amount, total - allocated, cycle);
        }
        Ok(())
    }

    fn change(&mut self, part: Allocation, entry: EntryKind, amount: i64, reported: Option<Reported>) -> Result<()> {
        let (user, kind, cycle) = (part.user_id, part.kind, self.pool(part.kind)?.cycle);
        self.push(kind, entry, Some(user), amount, part.left(), cycle);
        if let (Some(reported), Some(entry)) = (reported, self.entries.last_mut()) {
            entry.key = Some(reported.key.clone());
            entry.reported = Some(reported);
        }
        self.changed.insert((user, kind));
        self.parts.insert((user, kind), part);
        Ok(())
    }

    fn push(
        &mut self,
        kind: CreditKind,
        entry: EntryKind,
        user: Option<UserId>,
        amount: i64,
        balance: i64,
        cycle: i32,
    ) {
        // Rising within the account, whatever the clocks of several instances say.
        self.last_id = EntryId(db::new_id().max(self.last_id.0 + 1));
        self.entries.push(NewEntry {
            id: self.last_id,
            kind,
            entry,
            user,
            amount,
            balance,
            cycle,
            key: None,
            reported: None,
        });
    }

    /// Writes what has changed. The pools of which more is used than a threshold that nobody was told of.
    pub fn save(mut self, conn: &mut Conn, actor: &Actor, reason: &str) -> Result<Vec<Pool>> {
        let mut low = vec![];
        for pool in &mut self.pools {
            let reached = pool.threshold(&self.thresholds);
            let is_news = reached > pool.warned;
            pool.warned = reached;
            if is_news {
                low.push(pool.clone());
            }
        }
        let parts = self.changed.iter().filter_map(|key| self.parts.get(key));
        let cycle_of = |kind| self.pools.iter().find(|pool| pool.kind == kind).map_or(1, |pool| pool.cycle);
        let rows = parts.map(|part| {
            json!({
                "account_id": actor.account.0,
                "user_id": part.user_id.0,
                "kind": part.kind.code(),
                "allocated": part.allocated,
                "used": part.used,
                "cycle": cycle_of(part.kind),
            })
        });
        Rows::of("allocations", rows.collect())
            .on_conflict(
                "(account_id, user_id, kind) DO UPDATE SET allocated = excluded.allocated, used = excluded.used, \
                 cycle = excluded.cycle",
            )
            .insert(conn)?;
        for pool in self.pools.iter().filter(|pool| !self.read.contains(pool)) {
            diesel::update(credit_pools::table.find((actor.account, pool.kind))).set(pool).execute(conn)?;
        }
        ledger::write(conn, actor, reason, &self.entries)?;
        self.sums.save(conn, actor.account)?;
        Ok(low)
    }
}

/// At how many percent of a pool the account's admins are told, and the id of its last entry, where there is one.
fn thresholds_and_last_entry(conn: &mut Conn, account: AccountId) -> Result<(Vec<i32>, Option<EntryId>)> {
    let its = entries::table.filter(entries::account_id.eq(account)).select(entries::id);
    let last = its.order(entries::id.desc()).single_value();
    let both = accounts::table.find(account).select((accounts::low_credit_at, last));
    let (percents, last): (String, _) = both.first(conn)?;
    Ok((percents.split_whitespace().filter_map(|percent| percent.parse().ok()).collect(), last))
}
