//! The database alone: the inserts and updates that the program makes, and nothing else: no looking, no rules. On SQLite
//! each by a statement that is prepared once; on Postgres a batch is one statement a table.

use crate::people::{PEOPLE, People};
use chrono::{Datelike, NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Text, Timestamp};
use seatkeeper::clock;
use seatkeeper::db::{self, Backend, Conn, Prepared};
use seatkeeper::error::Result;
use std::collections::BTreeMap;

const ENTRY: &str = "INSERT INTO ledger (account_id, id, at, kind, entry, user_id, amount, balance, cycle, actor_id, token_id, \
    reason, reference, idempotency_key, used_at, day) \
    VALUES ($1, $2, $3, 'export', 'use', $4, 1, 1, 1, $5, $6, '', $7, $8, $9, $10)";
const GIVEN: &str = "INSERT INTO ledger (account_id, id, at, kind, entry, user_id, amount, balance, cycle, actor_id, reason, \
    reference) VALUES ($1, $2, $3, 'calling', 'allocate', $4, 1, 1, 1, $5, '', '')";
const PART_USED: &str =
    "UPDATE allocations SET used = used + $1 WHERE account_id = $2 AND user_id = $3 AND kind = 'export'";
const PART_GIVEN: &str =
    "UPDATE allocations SET allocated = allocated + $1 WHERE account_id = $2 AND user_id = $3 AND kind = 'calling'";
const POOL_USED: &str = "UPDATE credit_pools SET used = used + $1 WHERE account_id = $2 AND kind = 'export'";
const POOL_GIVEN: &str =
    "UPDATE credit_pools SET allocated = allocated + $1 WHERE account_id = $2 AND kind = 'calling'";
const LISTED: &str = "UPDATE users SET credits = credits + $1 WHERE account_id = $2 AND id = $3";
const LOGGED: &str = "INSERT INTO activity (account_id, id, at, actor_id, address, action, object_id, changes) \
    VALUES ($1, $2, $3, $4, '', 'user.credits_allocated', $5, \
    '[{\"field\":\"calling\",\"before\":\"500000\",\"after\":\"500001\",\"sealed\":false}]')";
const DAY: &str = "INSERT INTO usage_days (account_id, scope, of_id, kind, day, amount) VALUES ($1, $2, $3, 'export', $4, $5) \
    ON CONFLICT (account_id, scope, of_id, kind, day) DO UPDATE SET amount = usage_days.amount + excluded.amount";
const MONTH: &str = "INSERT INTO usage_months (account_id, scope, of_id, kind, month, amount) \
    VALUES ($1, $2, $3, 'export', $4, $5) \
    ON CONFLICT (account_id, scope, of_id, kind, month) DO UPDATE SET amount = usage_months.amount + excluded.amount";

enum Value<'a> {
    Number(i64),
    Text(&'a str),
    Time(NaiveDateTime),
    Day(NaiveDate),
}
use Value::{Day, Number, Time};

/// By a statement that is prepared once.
fn run<const N: usize>(conn: &mut Conn, sql: &'static str, values: [Value; N]) -> Result<()> {
    let statement = values.into_iter().fold(diesel::sql_query(sql).into_boxed::<Backend>(), |sql, value| match value {
        Number(number) => sql.bind::<BigInt, _>(number),
        Value::Text(text) => sql.bind::<Text, _>(text.to_owned()),
        Time(time) => sql.bind::<Timestamp, _>(time),
        Day(day) => sql.bind::<Date, _>(day),
    });
    Prepared(statement).execute(conn)?;
    Ok(())
}

pub struct Raw {
    people: People,
    next: usize,
}

/// Entries of usage, and what they sum up to.
struct Batch {
    account: i64,
    actor: i64,
    token: i64,
    now: NaiveDateTime,
    entries: Vec<Entry>,
    /// By scope and id.
    sums: BTreeMap<(&'static str, i64), i64>,
}

struct Entry {
    id: i64,
    user: i64,
    /// As long as a sealed one.
    reference: String,
    /// As long as a hash.
    key: String,
}

impl Raw {
    pub fn new(people: People) -> Self {
        Raw { people, next: 0 }
    }

    pub fn report(&mut self, events: usize) {
        let batch = self.batch(events);
        self.people
            .db
            .write_now(|conn| match conn {
                Conn::Postgres(conn) if events > 1 => batch.write_at_once(conn),
                conn => batch.write(conn),
            })
            .unwrap();
    }

    fn batch(&mut self, events: usize) -> Batch {
        let actor = &self.people.actor;
        let mut batch = Batch {
            account: actor.account.0,
            actor: actor.user.unwrap().0,
            token: actor.token.unwrap(),
            now: clock::now(),
            entries: vec![],
            sums: BTreeMap::new(),
        };
        for number in self.next..self.next + events {
            let person = &self.people.all[number % PEOPLE];
            let teams = person.teams.iter().map(|team| ("team", team.0));
            for whose in [("account", 0), ("user", person.id.0)].into_iter().chain(teams) {
                *batch.sums.entry(whose).or_default() += 1;
            }
            let (reference, key) = (format!("{number:0104}"), format!("{number:064}"));
            batch.entries.push(Entry { id: db::new_id(), user: person.id.0, reference, key });
        }
        self.next += events;
        batch
    }

    pub fn allocate(&mut self) {
        let user = self.people.all[self.next % PEOPLE].id.0;
        self.next += 1;
        let (account, actor) = (self.people.actor.account.0, self.people.actor.user.unwrap().0);
        let write = |conn: &mut Conn| {
            let now = clock::now();
            let (account, user, actor) = (|| Number(account), || Number(user), || Number(actor));
            run(conn, PART_GIVEN, [Number(1), account(), user()])?;
            run(conn, POOL_GIVEN, [Number(1), account()])?;
            run(conn, GIVEN, [account(), Number(db::new_id()), Time(now), user(), actor()])?;
            run(conn, LISTED, [Number(1), account(), user()])?;
            run(conn, LOGGED, [account(), Number(db::new_id()), Time(now), actor(), user()])
        };
        self.people.db.write_now(write).unwrap();
    }
}

impl Batch {
    fn users(&self) -> impl Iterator<Item = (i64, i64)> {
        self.sums.iter().filter(|((scope, _), _)| *scope == "user").map(|((_, user), amount)| (*user, *amount))
    }

    fn day(&self) -> NaiveDate {
        self.now.date()
    }

    fn month(&self) -> NaiveDate {
        self.day().with_day(1).unwrap()
    }

    fn write(&self, conn: &mut Conn) -> Result<()> {
        let account = || Number(self.account);
        for (user, amount) in self.users() {
            run(conn, PART_USED, [Number(amount), account(), Number(user)])?;
        }
        run(conn, POOL_USED, [Number(self.entries.len() as i64), account()])?;
        for Entry { id, user, reference, key } in &self.entries {
            let (reference, key) = (Value::Text(reference), Value::Text(key));
            let (actor, token) = (Number(self.actor), Number(self.token));
            let (now, day) = (|| Time(self.now), Day(self.day()));
            let user = Number(*user);
            run(conn, ENTRY, [account(), Number(*id), now(), user, actor, token, reference, key, now(), day])?;
        }
        for (&(scope, id), amount) in &self.sums {
            let sum = |start| [account(), Value::Text(scope), Number(id), Day(start), Number(*amount)];
            run(conn, DAY, sum(self.day()))?;
            run(conn, MONTH, sum(self.month()))?;
        }
        Ok(())
    }

    /// One statement a table.
    fn write_at_once(&self, conn: &mut PgConnection) -> Result<()> {
        let (users, amounts): (Vec<i64>, Vec<i64>) = self.users().unzip();
        diesel::sql_query(
            "UPDATE allocations SET used = used + n FROM unnest($1, $2) AS more (of_user, n) \
             WHERE account_id = $3 AND user_id = of_user AND kind = 'export'",
        )
        .bind::<Array<BigInt>, _>(users)
        .bind::<Array<BigInt>, _>(amounts)
        .bind::<BigInt, _>(self.account)
        .execute(conn)?;
        diesel::sql_query(POOL_USED)
            .bind::<BigInt, _>(self.entries.len() as i64)
            .bind::<BigInt, _>(self.account)
            .execute(conn)?;
        let of = |field: fn(&Entry) -> i64| self.entries.iter().map(field).collect::<Vec<_>>();
        let text = |field: fn(&Entry) -> &str| self.entries.iter().map(field).collect::<Vec<_>>();
        diesel::sql_query(
            "INSERT INTO ledger (account_id, id, at, kind, entry, user_id, amount, balance, cycle, actor_id, token_id, reason, \
             reference, idempotency_key, used_at, day) \
             SELECT $1, id, $2, 'export', 'use', of_user, 1, 1, 1, $3, $4, '', reference, key, $2, $5 \
             FROM unnest($6, $7, $8, $9) AS more (id, of_user, reference, key)",
        )
        .bind::<BigInt, _>(self.account)
        .bind::<Timestamp, _>(self.now)
        .bind::<BigInt, _>(self.actor)
        .bind::<BigInt, _>(self.token)
        .bind::<Date, _>(self.day())
        .bind::<Array<BigInt>, _>(of(|entry| entry.id))
        .bind::<Array<BigInt>, _>(of(|entry| entry.user))
        .bind::<Array<Text>, _>(text(|entry| &entry.reference))
        .bind::<Array<Text>, _>(text(|entry| &entry.key))
        .execute(conn)?;
        for (table, start, day) in [("usage_days", "day", self.day()), ("usage_months", "month", self.month())] {
            let scopes: Vec<&str> = self.sums.keys().map(|(scope, _)| *scope).collect();
            let ids: Vec<i64> = self.sums.keys().map(|(_, id)| *id).collect();
            let amounts: Vec<i64> = self.sums.values().copied().collect();
            diesel::sql_query(format!(
                "INSERT INTO {table} (account_id, scope, of_id, kind, {start}, amount) \
                 SELECT $1, scope, id, 'export', $2, n FROM unnest($3, $4, $5) AS more (scope, id, n) \
                 ON CONFLICT (account_id, scope, of_id, kind, {start}) \
                 DO UPDATE SET amount = {table}.amount + excluded.amount"
            ))
            .bind::<BigInt, _>(self.account)
            .bind::<Date, _>(day)
            .bind::<Array<Text>, _>(scopes)
            .bind::<Array<BigInt>, _>(ids)
            .bind::<Array<BigInt>, _>(amounts)
            .execute(conn)?;
        }
        Ok(())
    }
}
