//! What was used by day and by month, of the account, each team and each user: added up as usage comes in, so that no report
//! has to walk the ledger. Tables: `usage_days`, `usage_months`.

use super::model::CreditKind;
use crate::access::{AccountId, UserId};
use crate::db::{Conn, Prepared, Rows};
use crate::error::Result;
use crate::schema::{usage_days, usage_months};
use crate::teams::{self, TeamId};
use crate::text_enum;
use crate::web::list::{self, Columns, Cursor, Window};
use chrono::{Datelike, NaiveDate};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

text_enum! {
    /// Whose usage a sum is.
    pub enum Scope {
        Account = "account", "Account";
        Team = "team", "Team";
        User = "user", "User";
    }
}

/// Whose usage is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    Account,
    Team(TeamId),
    User(UserId),
}

impl Whose {
    pub fn scope(self) -> Scope {
        match self {
            Whose::Account => Scope::Account,
            Whose::Team(_) => Scope::Team,
            Whose::User(_) => Scope::User,
        }
    }

    /// As stored.
    pub fn id(self) -> i64 {
        match self {
            Whose::Account => 0,
            Whose::Team(team) => team.0,
            Whose::User(user) => user.0,
        }
    }
}

/// The first day of its month.
pub fn month_of(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// What was used of a kind on a day, or in a month that is named by its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct Sum {
    pub kind: CreditKind,
    pub start: NaiveDate,
    pub amount: i64,
}

/// What was used by day, both days included: at most one sum a day and kind, in no order.
pub fn days(conn: &mut Conn, account: AccountId, whose: Whose, from: NaiveDate, to: NaiveDate) -> Result<Vec<Sum>> {
    let query = usage_days::table
        .filter(usage_days::account_id.eq(account))
        .filter(usage_days::scope.eq(whose.scope()))
        .filter(usage_days::of_id.eq(whose.id()))
        // Named, so that each is a piece of the primary key.
        .filter(usage_days::kind.eq_any(CreditKind::ALL))
        .filter(usage_days::day.between(from, to))
        .select((usage_days::kind, usage_days::day, usage_days::amount));
    Ok(Prepared(query).load(conn)?)
}

/// The same by month, from the month of `from` to that of `to`.
pub fn months(conn: &mut Conn, account: AccountId, whose: Whose, from: NaiveDate, to: NaiveDate) -> Result<Vec<Sum>> {
    let query = usage_months::table
        .filter(usage_months::account_id.eq(account))
        .filter(usage_months::scope.eq(whose.scope()))
        .filter(usage_months::of_id.eq(whose.id()))
        .filter(usage_months::kind.eq_any(CreditKind::ALL))
        .filter(usage_months::month.between(month_of(from), month_of(to)))
        .select((usage_months::kind, usage_months::month, usage_months::amount));
    Ok(Prepared(query).load(conn)?)
}

/// In the words of the index of those who are compared.
fn compared() -> SqlLiteral<Bool> {
    sql("usage_months.scope <> 'account'")
}

/// What each team used in a month, in no order.
pub fn by_team(conn: &mut Conn, account: AccountId, month: NaiveDate) -> Result<Vec<(TeamId, CreditKind, i64)>> {
    let query = usage_months::table
        .filter(usage_months::account_id.eq(account))
        .filter(compared())
        .filter(usage_months::scope.eq(Scope::Team))
        .filter(usage_months::kind.eq_any(CreditKind::ALL))
        .filter(usage_months::month.eq(month_of(month)))
        .select((usage_months::of_id, usage_months::kind, usage_months::amount));
    let rows: Vec<(i64, CreditKind, i64)> = Prepared(query).load(conn)?;
    Ok(rows.into_iter().map(|(team, kind, amount)| (TeamId(team), kind, amount)).collect())
}

/// Who used most of a kind in a month, and how much: `rows` of them, as seen from the window.
pub fn most(
    conn: &mut Conn,
    account: AccountId,
    kind: CreditKind,
    month: NaiveDate,
    window: &Window,
    rows: i64,
) -> Result<Vec<(UserId, i64)>> {
    const COLUMNS: Columns = Columns { key: "usage_months.amount", id: "usage_months.of_id" };
    let query = usage_months::table
        .filter(usage_months::account_id.eq(account))
        .filter(compared())
        .filter(usage_months::scope.eq(Scope::User))
        .filter(usage_months::kind.eq(kind))
        .filter(usage_months::month.eq(month_of(month)))
        // What was given back in a later month leaves less than nothing there.
        .filter(usage_months::amount.gt(0))
        .select((usage_months::of_id, usage_months::amount))
        .limit(rows)
        .into_boxed();
    let backward = window.is_backward();
    let query = match window.cursor() {
        Some(cursor) => query.filter(list::beyond(COLUMNS, cursor, backward)),
        None => query,
    };
    let mut found: Vec<(UserId, i64)> = match backward {
        true => Prepared(query.order((usage_months::amount.asc(), usage_months::of_id.asc()))).load(conn)?,
        false => Prepared(query.order((usage_months::amount.desc(), usage_months::of_id.desc()))).load(conn)?,
    };
    if backward {
        found.reverse();
    }
    Ok(found)
}

/// A user's place among [`most`].
pub fn place(user: UserId, amount: i64) -> Cursor {
    Cursor { key: list::Key::Number(amount), id: user.0 }
}

/// What comes in together.
#[derive(Default)]
pub(super) struct Sums(BTreeMap<(UserId, CreditKind, NaiveDate), i64>);

impl Sums {
    pub fn add(&mut self, user: UserId, kind: CreditKind, day: NaiveDate, amount: i64) {
        *self.0.entry((user, kind, day)).or_default() += amount;
    }

    /// Adds it to what there is; a team's by who is in it now.
    pub fn save(&self, conn: &mut Conn, account: AccountId) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let users: BTreeSet<UserId> = self.0.keys().map(|(user, ..)| *user).collect();
        let mut teams_of: BTreeMap<UserId, Vec<TeamId>> = BTreeMap::new();
        for (user, team) in teams::of_users(conn, account, &users.into_iter().collect::<Vec<_>>())? {
            teams_of.entry(user).or_default().push(team);
        }
        let (mut days, mut months) = (BTreeMap::new(), BTreeMap::new());
        for (&(user, kind, day), amount) in &self.0 {
            let teams = teams_of.get(&user).into_iter().flatten().map(|team| Whose::Team(*team));
            for whose in [Whose::Account, Whose::User(user)].into_iter().chain(teams) {
                *days.entry((whose, kind, day)).or_insert(0) += amount;
                *months.entry((whose, kind, month_of(day))).or_insert(0) += amount;
            }
        }
        Rows::of("usage_days", rows(account, "day", &days))
            .on_conflict(
                "(account_id, scope, of_id, kind, day) DO UPDATE SET amount = usage_days.amount + excluded.amount",
            )
            .insert(conn)?;
        Rows::of("usage_months", rows(account, "month", &months))
            .on_conflict(
                "(account_id, scope, of_id, kind, month) DO UPDATE SET amount = usage_months.amount + excluded.amount",
            )
            .insert(conn)
    }
}

fn rows(
    account: AccountId,
    starts: &str,
    sums: &BTreeMap<(Whose, CreditKind, NaiveDate), i64>,
) -> Vec<serde_json::Value> {
    let row = |(&(whose, kind, start), amount): (&(Whose, CreditKind, NaiveDate), &i64)| {
        json!({
            "account_id": account.0,
            "scope": whose.scope().code(),
            "of_id": whose.id(),
            "kind": kind.code(),
            starts: start.to_string(),
            "amount": amount,
        })
    };
    sums.iter().map(row).collect()
}

/// Drops what tells of one user. The sums of the account and of teams stay as they are.
pub(super) fn forget(conn: &mut Conn, account: AccountId, user: UserId) -> Result<()> {
    let whose = Whose::User(user);
    let days = usage_days::account_id.eq(account).and(usage_days::scope.eq(Scope::User));
    diesel::delete(usage_days::table.filter(days).filter(usage_days::of_id.eq(whose.id()))).execute(conn)?;
    let months = usage_months::account_id.eq(account).and(usage_months::scope.eq(Scope::User));
    diesel::delete(usage_months::table.filter(months).filter(usage_months::of_id.eq(whose.id()))).execute(conn)?;
    Ok(())
}
