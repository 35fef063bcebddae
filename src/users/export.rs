//! Users as tables: what the list shows and every field besides, in the order in which they were added.

use super::list::{self, ListQuery, Scope};
use super::model::{Seat, SettingsRow, UserRow, full_name, known};
use crate::access::{AccountId, UserId};
use crate::activity::Change;
use crate::credits::{self, CreditKind};
use crate::db::Conn;
use crate::error::Result;
use crate::plans;
use crate::schema::{user_settings, users};
use crate::teams;
use crate::web::download::Cell;
use crate::web::text::Times;
use diesel::prelude::*;
use std::collections::{HashMap, VecDeque};

pub const COLUMNS: [&str; 27] = [
    "Name",
    "Email",
    "Phone #",
    "Phone EXT",
    "Role",
    "Plan",
    "Credits",
    "Status",
    "Last activity",
    "Created At",
    "First Name",
    "Last Name",
    "Username",
    "User type",
    "Job title",
    "Company Name",
    "Teams",
    "Dialer",
    "Local Presence",
    "Use Balance",
    "Ext Phone",
    "Pay for Seat",
    "Packages/Seat Limit",
    "Export",
    "Direct Dial",
    "Calling",
    "Minutes",
];

/// Users of one XLSX file.
pub const XLSX_ROWS: usize = 100_000;

/// Users of one slice: so many are in memory at a time.
pub const SLICE: usize = 1000;

/// Everybody who is meant, slice by slice: between two of them no transaction is open.
pub struct Cursor {
    scope: Scope,
    query: ListQuery,
    times: Times,
    /// These users, whatever the filter.
    is_selection: bool,
    /// Found, and still to be written.
    waiting: VecDeque<UserId>,
    /// Where to look for more; None at the end.
    after: Option<UserId>,
}

impl Cursor {
    /// All who match the list's filter.
    pub fn matching(scope: Scope, query: ListQuery, times: Times) -> Self {
        Cursor { scope, query, times, is_selection: false, waiting: VecDeque::new(), after: Some(UserId(0)) }
    }

    /// These users, as far as they are the account's.
    pub fn of(conn: &mut Conn, scope: Scope, times: Times, ids: &[UserId]) -> Result<Self> {
        let mut waiting = known(conn, scope.account, ids)?;
        waiting.sort();
        Ok(Cursor {
            scope,
            query: ListQuery::default(),
            times,
            is_selection: true,
            waiting: waiting.into(),
            after: None,
        })
    }

    /// Who is meant, for the log: how they were chosen, and how many they are where that is known before.
    pub fn chosen(&self) -> Vec<Change> {
        let by = match self.is_selection {
            true => Change::plain("selection", "", "yes"),
            false => Change::plain("filter", "", self.query.filter(&self.times).summary()),
        };
        let users = self.after.is_none().then(|| Change::plain("users", "", self.waiting.len().to_string()));
        [by].into_iter().chain(users).collect()
    }

    /// Finds all who are meant; false where they are more than `most`.
    pub fn gather(&mut self, conn: &mut Conn, most: usize) -> Result<bool> {
        while let Some(after) = self.after {
            let found = list::matching(conn, &self.scope, &self.query, &self.times, after)?;
            self.waiting.extend(found.ids);
            self.after = found.reached;
            if self.waiting.len() > most {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The rows of the next slice; None at the end. A slice may be empty where many do not match.
    pub fn next(&mut self, conn: &mut Conn) -> Result<Option<Vec<Vec<Cell>>>> {
        if self.waiting.is_empty() {
            let Some(after) = self.after else { return Ok(None) };
            let found = list::matching(conn, &self.scope, &self.query, &self.times, after)?;
            self.waiting = found.ids.into();
            self.after = found.reached;
        }
        let ids: Vec<UserId> = self.waiting.drain(..self.waiting.len().min(SLICE)).collect();
        rows(conn, self.scope.account, &ids, &self.times).map(Some)
    }
}

fn rows(conn: &mut Conn, account: AccountId, ids: &[UserId], times: &Times) -> Result<Vec<Vec<Cell>>> {
    let found: Vec<(UserRow, SettingsRow)> = users::table
        .inner_join(
            user_settings::table
                .on(user_settings::account_id.eq(users::account_id).and(user_settings::user_id.eq(users::id))),
        )
        .filter(users::account_id.eq(account))
        .filter(users::id.eq_any(ids.to_vec()))
        .order(users::id)
        .select((UserRow::as_select(), SettingsRow::as_select()))
        .load(conn)?;
    let plans = plans::all(conn)?;
    let mut teams: HashMap<UserId, Vec<String>> = HashMap::new();
    for (id, name) in teams::names_of_users(conn, account, ids)? {
        teams.entry(id).or_default().push(name);
    }
    let allocations = credits::allocations_of(conn, account, ids)?.into_iter();
    let allocations: HashMap<_, _> = allocations.map(|one| ((one.user_id, one.kind), one.allocated)).collect();
    let row = |(user, settings): &(UserRow, SettingsRow)| {
        let plan = plans::name_among(&plans, user.plan_id);
        let teams = teams.get(&user.id).map(|names| names.join("; ")).unwrap_or_default();
        let allocated = |kind| Cell::Number(allocations.get(&(user.id, kind)).copied().unwrap_or(0));
        let credits = CreditKind::ALL.iter().copied().map(allocated);
        cells(user, settings, plan, teams, times).into_iter().chain(credits).collect()
    };
    Ok(found.iter().map(row).collect())
}

fn cells(user: &UserRow, settings: &SettingsRow, plan: &str, teams: String, times: &Times) -> Vec<Cell> {
    let text = |text: &str| Cell::Text(text.to_owned());
    let yes_no = |yes: bool| text(if yes { "Yes" } else { "No" });
    let seen =
        if user.last_activity == crate::clock::never() { "Never".to_owned() } else { times.full(&user.last_activity) };
    vec![
        Cell::Text(full_name(&user.first_name, &user.last_name)),
        text(&user.email),
        text(&user.phone),
        text(&user.phone_ext),
        text(user.role.label()),
        text(plan),
        Cell::Number(user.credits),
        text(user.status.label()),
        Cell::Text(seen),
        Cell::Text(times.full(&user.created_at)),
        text(&user.first_name),
        text(&user.last_name),
        text(&user.username),
        text(settings.user_type.label()),
        text(&settings.job_title),
        text(&user.company),
        Cell::Text(teams),
        yes_no(settings.dialer),
        yes_no(settings.local_presence),
        text(settings.use_balance.label()),
        text(&settings.ext_phone),
        yes_no(user.seat == Seat::Direct),
        yes_no(user.seat == Seat::Package),
    ]
}
