//! What is known of an account once all its users are there, as [`Rows`]: companies, pools with their history, sums, and that
//! the first users were added.

use super::calendar::Calendar;
use super::fill::Tally;
use super::people::Person;
use super::pools::{Filling, Pools};
use super::rows::{Batch, entry, sum};
use crate::access::AccountId;
use crate::activity::Change;
use crate::credits::{AtCycleEnd, CreditKind, EntryKind, Whose, month_of};
use crate::db::{self, Rows, time_text};
use crate::error::Result;
use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Batch {
    /// What is known once all users are there: companies, pools, and that the first users were added.
    pub fn sums(account: AccountId, tally: &Tally, pools: &mut Pools, begin: NaiveDateTime) -> Result<Self> {
        let activity = tally.first.iter().map(|person| added(account, &tally.first[0], person));
        let companies = tally.companies.iter().map(
            |(key, (name, users))| json!({ "account_id": account.0, "name_key": key, "name": name, "users": users }),
        );
        let histories = pools.all.iter().map(|pool| History::of(pool, &pools.calendar, begin)).collect::<Vec<_>>();
        let rows = pools.all.iter().zip(&histories).map(|(pool, history)| {
            history.pool(account, pool, pools.calendar.next_month().filter(|_| pool.plan.monthly > 0))
        });
        let rows = rows.collect();
        let grants: Vec<Grant> = histories.into_iter().flat_map(|history| history.grants).collect();
        let grants = grants.into_iter().map(|grant| {
            let id = pools.entry_id(grant.at);
            let Grant { kind, entry, amount, balance, cycle, at } = grant;
            self::entry(account, id, entry, None, kind, (amount, balance, cycle), at)
        });
        let grants = grants.collect();
        let (days, months) = sums_of(account, pools);
        Ok(Batch(vec![
            Rows::of("companies", companies.collect()),
            Rows::of("credit_pools", rows),
            Rows::of("ledger", grants),
            Rows::of("usage_days", days),
            Rows::of("usage_months", months),
            Rows::of("activity", activity.collect::<Result<_>>()?),
        ]))
    }
}

/// Days and months of the account and of its teams.
fn sums_of(account: AccountId, pools: &Pools) -> (Vec<Value>, Vec<Value>) {
    let (mut days, mut months) = (vec![], vec![]);
    for (whose, amounts) in &pools.sums {
        let whose = whose.map_or(Whose::Account, Whose::Team);
        let mut by_month: BTreeMap<(CreditKind, NaiveDate), i64> = BTreeMap::new();
        for (day, amounts) in pools.calendar.days.iter().zip(amounts) {
            for kind in CreditKind::ALL {
                let amount = amounts[*kind as usize];
                if amount > 0 {
                    days.push(sum(account, whose, *kind, ("day", day.date), amount));
                    *by_month.entry((*kind, month_of(day.date))).or_default() += amount;
                }
            }
        }
        let rows = by_month.into_iter();
        months.extend(rows.map(|((kind, month), amount)| sum(account, whose, kind, ("month", month), amount)));
    }
    (days, months)
}

/// What a pool got, or lost with a cycle.
struct Grant {
    kind: CreditKind,
    entry: EntryKind,
    amount: i64,
    balance: i64,
    cycle: i32,
    at: NaiveDateTime,
}

/// How a pool came to what it has: the first grant, and what each month brought.
struct History {
    grants: Vec<Grant>,
    total: i64,
    monthly: i64,
    cap: i64,
}

impl History {
    fn of(pool: &Filling, calendar: &Calendar, begin: NaiveDateTime) -> Self {
        let months = calendar.months.len();
        let monthly = pool.total * pool.plan.monthly / 100;
        let kept = pool.plan.at_end == AtCycleEnd::Keep;
        let first = if kept { pool.total - monthly * (months as i64 - 1) } else { monthly };
        let mut history = History { grants: vec![], total: first, monthly, cap: 0 };
        if pool.plan.at_end == AtCycleEnd::RollOver {
            history.cap = pool.total - monthly;
        }
        history.push(pool, EntryKind::Grant, first, first, 0, begin);
        for month in 1..months {
            history.turn(pool, month, calendar.months[month].start);
        }
        history
    }

    /// What the end of a month's cycle does, as the program itself would do it.
    fn turn(&mut self, pool: &Filling, month: usize, at: NaiveDateTime) {
        let allocated = pool.allocated_before(month);
        if pool.plan.at_end == AtCycleEnd::Keep {
            self.total += self.monthly;
            return self.push(pool, EntryKind::Grant, self.monthly, self.total - allocated, month, at);
        }
        let left = self.total - pool.used_in(month - 1);
        let kept = left.min(self.cap);
        self.total = (self.monthly + kept).max(allocated);
        self.push(pool, EntryKind::Grant, self.total - kept, self.total - allocated, month, at);
        self.push(pool, EntryKind::Expire, left - kept, self.total - allocated, month, at);
    }

    fn push(&mut self, pool: &Filling, entry: EntryKind, amount: i64, balance: i64, month: usize, at: NaiveDateTime) {
        if amount > 0 {
            let (kind, cycle) = (pool.kind, pool.cycle(month));
            self.grants.push(Grant { kind, entry, amount, balance: balance.max(0), cycle, at });
        }
    }

    fn pool(&self, account: AccountId, pool: &Filling, ends_at: Option<NaiveDateTime>) -> Value {
        let used = pool.used_now();
        // As if its admins had been told.
        let warned = [95, 80].into_iter().find(|percent| used * 100 >= self.total * percent).unwrap_or(0);
        json!({
            "account_id": account.0,
            "kind": pool.kind.code(),
            "total": self.total,
            "allocated": pool.allocated,
            "used": used,
            "erased": 0,
            "cycle": pool.cycle_now(),
            "cycle_ends_at": ends_at.map(time_text),
            "cycle_day": 1,
            "at_cycle_end": pool.plan.at_end.code(),
            "cycle_grant": self.monthly,
            "roll_over_cap": self.cap,
            "warned": warned,
        })
    }
}

/// The entry, by the Owner, who came by set-up. Without personal values: these would have to be sealed one by one.
fn added(account: AccountId, owner: &Person, person: &Person) -> Result<Value> {
    let details = &person.details;
    let changes = [
        Change::plain("role", "", details.role.code()),
        Change::plain("plan", "", details.plan.0.to_string()),
        Change::plain("seat", "", details.seat.code()),
    ];
    Ok(json!({
        "account_id": account.0,
        "id": db::new_id(),
        "at": time_text(person.created_at),
        "actor_id": (person.id != owner.id).then_some(owner.id.0),
        "impersonator_id": null,
        "address": "",
        "action": "user.added",
        "object_id": person.id.0,
        "changes": serde_json::to_string(&changes).map_err(anyhow::Error::from)?,
    }))
}
