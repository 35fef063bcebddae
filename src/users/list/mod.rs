//! The list of Manage Users: what its URL says, and how its rows are found without ever walking a large account.
//!
//! Small accounts scan their own rows. In large ones each condition is asked for its first [`Limits::few`] + 1 users
//! through its own index (words: for [`Limits::cap`] + 1, by trigrams). One with few users gives the ids, and only these
//! are sorted. Where all have many, the sort column's index is walked in strides, so that no query touches more than
//! [`Limits::stride`] rows, until the page is full or the time is up.

mod find;
mod query;

pub use query::{ListQuery, ROWS, Sort};

use super::model::{Row, Status};
use crate::access::{AccountId, Role, UserId, Viewer};
use crate::app::App;
use crate::db::Conn;
use crate::error::Result;
use crate::plans::PlanId;
use crate::teams::TeamId;
use crate::web::text::Times;
use chrono::NaiveDateTime;
use find::Request;
use std::time::Duration;

/// Who is shown.
#[derive(Debug, Clone)]
pub struct Filter {
    pub status: Status,
    /// Nobody: something is asked that no user has. It must not come to mean everybody.
    pub nobody: bool,
    /// Folded.
    pub words: Option<String>,
    pub role: Option<Role>,
    pub plan: Option<PlanId>,
    pub team: Option<TeamId>,
    /// Folded.
    pub company: Option<String>,
    pub from: Option<NaiveDateTime>,
    /// Exclusive.
    pub to: Option<NaiveDateTime>,
}

/// How many match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    Exactly(usize),
    /// So many at least, and more: the cap, or what was found before the time was up.
    MoreThan(usize),
    /// Not counted: the whole tab, whose count is kept.
    Kept,
}

impl Count {
    /// What was counted in its time is no less than what the page has found in its own.
    fn at_least(self, shown: usize) -> Self {
        match self {
            Count::MoreThan(found) => Count::MoreThan(found.max(shown)),
            counted => counted,
        }
    }
}

/// One page of the list.
#[derive(Debug)]
pub struct Listing {
    pub rows: Vec<Row>,
    pub has_previous: bool,
    pub has_next: bool,
    pub count: Count,
    /// The time was up before the page was full.
    pub stopped: bool,
}

/// Where the list changes its way of searching. Tests set them low.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Users of an account that is simply scanned.
    pub small: i32,
    /// Users who meet a condition and are looked up and sorted; with more, the list is walked in its order instead.
    pub few: usize,
    /// Matches that are counted.
    pub cap: usize,
    /// Rows that one query walks at most.
    pub stride: i64,
    /// After this long a page is shown as far as it is.
    pub time: Duration,
    /// After this long counting ends.
    pub count_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            small: 20_000,
            few: 5000,
            cap: 1000,
            stride: 20_000,
            time: Duration::from_secs(3),
            count_time: Duration::from_millis(500),
        }
    }
}

/// Whose list, how large it is and what the database can.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    pub account: AccountId,
    pub users: i32,
    /// Whether any part of a word can be found by index.
    pub trigrams: bool,
    pub postgres: bool,
    pub limits: Limits,
}

impl Scope {
    /// The list of a viewer's account.
    pub fn of(app: &App, viewer: &Viewer) -> Self {
        Scope {
            account: viewer.account,
            users: viewer.users() + viewer.pending_users,
            trigrams: app.trigrams,
            postgres: app.db.is_postgres(),
            limits: Limits::default(),
        }
    }

    fn is_small(&self) -> bool {
        self.users <= self.limits.small
    }

    /// Trigrams need three letters or digits in a row; less is looked for at the beginning of names.
    fn searches_inside(&self, words: &str) -> bool {
        self.is_small() || (self.trigrams && has_trigram(words))
    }
}

fn has_trigram(words: &str) -> bool {
    words.split(|c: char| !c.is_ascii_alphanumeric()).any(|run| run.len() >= 3)
}

/// One page.
pub fn page(conn: &mut Conn, scope: &Scope, query: &ListQuery, times: &Times) -> Result<Listing> {
    let filter = query.filter(times);
    let request = Request { scope, query, filter: &filter };
    if filter.nobody {
        return Ok(request.listing(vec![], Count::Exactly(0), false));
    }
    if scope.is_small() || !filter.is_narrowing() {
        let count = if filter.is_narrowing() { request.count(conn, None)? } else { Count::Kept };
        let rows = request.sorted(conn, None)?;
        return Ok(request.listing(rows, count, false));
    }
    match request.few(conn)? {
        Some(ids) if ids.is_empty() => Ok(request.listing(vec![], Count::Exactly(0), false)),
        Some(ids) => {
            let count = request.count(conn, Some(&ids))?;
            let rows = request.sorted(conn, Some(&ids))?;
            Ok(request.listing(rows, count, false))
        }
        None => {
            let (rows, stopped) = request.walk(conn)?;
            // What many meet is met by more than is counted; several such conditions together may be met by few.
            let count = match filter.conditions() {
                1 => Count::MoreThan(scope.limits.cap),
                _ => request.count_walking(conn)?.at_least(rows.len().min(scope.limits.cap)),
            };
            Ok(request.listing(rows, count, stopped))
        }
    }
}

/// Those who match, some at a time.
pub struct Matching {
    pub ids: Vec<UserId>,
    /// Where to go on; None at the end.
    pub reached: Option<UserId>,
}

/// Everybody who matches, in the order of their ids, a stride of the account at a time: for whoever needs them all, and
/// without one long query. Begin after `UserId(0)`.
pub fn matching(conn: &mut Conn, scope: &Scope, query: &ListQuery, times: &Times, after: UserId) -> Result<Matching> {
    let filter = query.filter(times);
    if filter.nobody {
        return Ok(Matching { ids: vec![], reached: None });
    }
    let request = Request { scope, query, filter: &filter };
    let few = if after == UserId(0) && !scope.is_small() { request.few(conn)? } else { None };
    match few {
        Some(ids) => request.matching_among(conn, &ids),
        None => request.matching(conn, after),
    }
}

impl Filter {
    /// For the log. Of what may be a person's, words and companies, only that it was asked for.
    pub fn summary(&self) -> String {
        let parts = [
            Some(format!("status={}", self.status.code())),
            self.nobody.then(|| "nobody".into()),
            self.words.as_ref().map(|_| "words".into()),
            self.role.map(|role| format!("role={}", role.code())),
            self.plan.map(|plan| format!("plan={}", plan.0)),
            self.team.map(|team| format!("team={}", team.0)),
            self.company.as_ref().map(|_| "company".into()),
            self.from.map(|from| format!("from={from}")),
            self.to.map(|to| format!("to={to}")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    fn conditions(&self) -> usize {
        [
            self.words.is_some(),
            self.role.is_some(),
            self.plan.is_some(),
            self.team.is_some(),
            self.company.is_some(),
            self.from.is_some() || self.to.is_some(),
        ]
        .into_iter()
        .filter(|set| *set)
        .count()
    }

    fn is_narrowing(&self) -> bool {
        self.conditions() > 0
    }

    /// Each condition on its own.
    fn each(&self) -> Vec<Filter> {
        let none = Filter {
            words: None,
            role: None,
            plan: None,
            team: None,
            company: None,
            from: None,
            to: None,
            status: self.status,
            nobody: self.nobody,
        };
        [
            Filter { words: self.words.clone(), ..none.clone() },
            Filter { role: self.role, ..none.clone() },
            Filter { plan: self.plan, ..none.clone() },
            Filter { team: self.team, ..none.clone() },
            Filter { company: self.company.clone(), ..none.clone() },
            Filter { from: self.from, to: self.to, ..none },
        ]
        .into_iter()
        .filter(Filter::is_narrowing)
        .collect()
    }
}
