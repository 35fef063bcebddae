//! Who used how much in the last month of the period: teams, and users by how much of the kind that is drawn.

use super::figures::Figures;
use super::query::ReportQuery;
use crate::access::{AccountId, UserId};
use crate::credits::{CreditKind, sums};
use crate::db::Conn;
use crate::error::Result;
use crate::teams::{self, TeamId};
use crate::users;
use crate::web::list::Window;
use crate::web::text::number;
use std::collections::BTreeMap;

/// Users on one page.
const ROWS: i64 = 25;

pub struct TeamRow {
    pub name: String,
    amounts: [i64; CreditKind::ALL.len()],
}

impl TeamRow {
    pub fn text(&self, kind: &CreditKind) -> String {
        number(self.amounts[*kind as usize])
    }
}

pub struct UserRow {
    pub id: UserId,
    pub name: String,
    amount: i64,
}

impl UserRow {
    pub fn text(&self) -> String {
        number(self.amount)
    }
}

pub struct Members {
    /// "November 2026"
    pub month: String,
    pub teams: Vec<TeamRow>,
    pub users: Vec<UserRow>,
    /// Where the pages before and after are.
    pub previous: Option<String>,
    pub next: Option<String>,
    /// The first page, where this is another.
    pub first: Option<String>,
}

impl Members {
    pub fn load(conn: &mut Conn, account: AccountId, figures: &Figures, query: &ReportQuery) -> Result<Self> {
        const PATH: &str = "/usage/team";
        let (kind, month, window) = (figures.kind, figures.period.last_month(), query.window());
        let mut most = sums::most(conn, account, kind, month, &window, ROWS + 1)?;
        let has_more = most.len() > ROWS as usize;
        if has_more && window.is_backward() {
            most.remove(0);
        }
        most.truncate(ROWS as usize);
        let place = |at: Option<&(UserId, i64)>| at.map(|(user, amount)| sums::place(*user, *amount));
        let (first, last) = (place(most.first()), place(most.last()));
        let is_first = window == Window::First;
        let first = first.filter(|_| if window.is_backward() { has_more } else { !is_first });
        let last = last.filter(|_| window.is_backward() || has_more);
        Ok(Members {
            month: month.format("%B %Y").to_string(),
            teams: teams_of(conn, account, figures)?,
            users: users_of(conn, account, &most)?,
            previous: first.map(|place| query.before(kind, &place).at(PATH)),
            next: last.map(|place| query.after(kind, &place).at(PATH)),
            first: (!is_first).then(|| query.first().at(PATH)),
        })
    }
}

/// By what they used of the kind that is drawn, most first.
fn teams_of(conn: &mut Conn, account: AccountId, figures: &Figures) -> Result<Vec<TeamRow>> {
    let mut amounts: BTreeMap<TeamId, [i64; CreditKind::ALL.len()]> = BTreeMap::new();
    for (team, kind, amount) in sums::by_team(conn, account, figures.period.last_month())? {
        amounts.entry(team).or_default()[kind as usize] += amount;
    }
    let names: BTreeMap<TeamId, String> =
        teams::all(conn, account)?.into_iter().map(|team| (team.id, team.name)).collect();
    let name = |team| names.get(&team).cloned().unwrap_or_else(|| "A team that is gone".to_owned());
    let rows = amounts.into_iter().map(|(team, amounts)| TeamRow { name: name(team), amounts });
    let mut rows: Vec<TeamRow> = rows.filter(|row| row.amounts.iter().any(|amount| *amount != 0)).collect();
    rows.sort_by(|one, other| {
        let by = |row: &TeamRow| std::cmp::Reverse(row.amounts[figures.kind as usize]);
        by(one).cmp(&by(other)).then_with(|| one.name.cmp(&other.name))
    });
    Ok(rows)
}

fn users_of(conn: &mut Conn, account: AccountId, most: &[(UserId, i64)]) -> Result<Vec<UserRow>> {
    let ids: Vec<UserId> = most.iter().map(|(user, _)| *user).collect();
    let names: BTreeMap<UserId, String> =
        users::rows(conn, account, &ids)?.into_iter().map(|row| (row.id, row.name())).collect();
    // Whoever has just been erased is left out.
    let row = |(id, amount): &(UserId, i64)| Some(UserRow { id: *id, name: names.get(id)?.clone(), amount: *amount });
    Ok(most.iter().filter_map(row).collect())
}
