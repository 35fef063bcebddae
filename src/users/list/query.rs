//! What the list's URL says.

use super::Filter;
use crate::access::Role;
use crate::plans::PlanId;
use crate::teams::TeamId;
use crate::users::fold::{fold, fold_query};
use crate::users::model::{Row, Status};
use crate::web::form;
use crate::web::list::{Columns, Cursor, Key, Kind, LONGEST_PAGE, Window};
use crate::web::text::Times;
use serde::Deserialize;

/// The list's URL, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    pub status: String,
    pub q: String,
    pub role: String,
    pub plan: String,
    pub team: String,
    pub company: String,
    pub from: String,
    pub to: String,
    pub sort: String,
    pub rows: String,
    pub after: String,
    pub before: String,
}

/// `before=end`: the last page.
const END: &str = "end";

impl ListQuery {
    /// From a query string such as `status=disabled&q=ann`; None where it can't be read, or is longer than any of ours.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > form::LONGEST_BACK { None } else { form::read(text).ok() }
    }

    /// The same, for ways back: the plain list where it can't be read.
    pub fn from_text(text: &str) -> Self {
        Self::parse(text).unwrap_or_default()
    }

    fn pairs(&self) -> [(&'static str, &String); 12] {
        [
            ("status", &self.status),
            ("q", &self.q),
            ("role", &self.role),
            ("plan", &self.plan),
            ("team", &self.team),
            ("company", &self.company),
            ("from", &self.from),
            ("to", &self.to),
            ("sort", &self.sort),
            ("rows", &self.rows),
            ("after", &self.after),
            ("before", &self.before),
        ]
    }

    /// The query string, without what is empty.
    pub fn to_text(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.pairs() {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }

    pub fn path(&self) -> String {
        match self.to_text() {
            query if query.is_empty() => "/users".into(),
            query => format!("/users?{query}"),
        }
    }

    fn on_first_page(&self) -> Self {
        ListQuery { after: String::new(), before: String::new(), ..self.clone() }
    }

    pub fn tab(&self, status: &Status) -> String {
        let status = if *status == Status::Enabled { String::new() } else { status.code().to_owned() };
        ListQuery { status, ..self.on_first_page() }.path()
    }

    pub fn sorted(&self, sort: Sort, ascending: bool) -> String {
        let sign = if ascending { "" } else { "-" };
        ListQuery { sort: format!("{sign}{}", sort.code()), ..self.on_first_page() }.path()
    }

    pub fn first(&self) -> String {
        self.on_first_page().path()
    }

    pub fn last(&self) -> String {
        ListQuery { before: END.into(), ..self.on_first_page() }.path()
    }

    pub fn after(&self, cursor: &Cursor) -> String {
        ListQuery { after: cursor.encode(), ..self.on_first_page() }.path()
    }

    pub fn before(&self, cursor: &Cursor) -> String {
        ListQuery { before: cursor.encode(), ..self.on_first_page() }.path()
    }

    /// The same tab and sorting, without search and filters.
    pub fn unfiltered(&self) -> String {
        let Self { status, sort, rows, .. } = self.clone();
        ListQuery { status, sort, rows, ..ListQuery::default() }.path()
    }

    pub fn status(&self) -> Status {
        Status::from_code(&self.status).unwrap_or(Status::Enabled)
    }

    /// Column and whether ascending; by name where the URL says nothing we know.
    pub fn order(&self) -> (Sort, bool) {
        let (code, ascending) = match self.sort.strip_prefix('-') {
            Some(code) => (code, false),
            None => (self.sort.as_str(), true),
        };
        match Sort::from_code(code) {
            Some(sort) => (sort, ascending),
            None => (Sort::Name, true),
        }
    }

    pub fn page_size(&self) -> usize {
        ROWS.into_iter().find(|rows| rows.to_string() == self.rows).unwrap_or(ROWS[0])
    }

    pub fn window(&self) -> Window {
        let kind = self.order().0.kind();
        if self.before == END {
            return Window::Last;
        }
        let after = Cursor::decode(&self.after, kind).map(Window::After);
        let before = || Cursor::decode(&self.before, kind).map(Window::Before);
        after.or_else(before).unwrap_or(Window::First)
    }

    /// The filters; what the URL says of them and we do not know matches nobody.
    pub fn filter(&self, times: &Times) -> Filter {
        let id = |text: &str| if text.is_empty() { None } else { Some(text.parse().unwrap_or(0)) };
        let some = |folded: String| Some(folded).filter(|folded| !folded.is_empty());
        let filter = Filter {
            status: self.status(),
            nobody: false,
            words: some(fold_query(&self.q)),
            role: Role::from_code(&self.role),
            plan: id(&self.plan).map(PlanId),
            team: id(&self.team).map(TeamId),
            company: some(fold(&self.company)),
            from: times.start_of(&self.from),
            to: times.end_of(&self.to),
        };
        Filter { nobody: self.asks_for_nobody(&filter), ..filter }
    }

    /// Whether something was typed of which nothing is left: a word without letters that can be looked for, a role that
    /// is none, a day that no database knows.
    fn asks_for_nobody(&self, filter: &Filter) -> bool {
        let is_lost = |typed: &str, is_read: bool| !typed.trim().is_empty() && !is_read;
        is_lost(&self.q, filter.words.is_some())
            || is_lost(&self.company, filter.company.is_some())
            || is_lost(&self.role, filter.role.is_some())
            || is_lost(&self.from, filter.from.is_some())
            || is_lost(&self.to, filter.to.is_some())
    }

    pub fn is_beyond_first(&self) -> bool {
        !self.after.is_empty() || !self.before.is_empty()
    }

    /// Whether something is set that the page keeps under "More filters and sorting".
    pub fn has_more(&self) -> bool {
        [&self.company, &self.from, &self.to].iter().any(|value| !value.is_empty())
    }

    pub fn is_filtered(&self) -> bool {
        let Self { q, role, plan, team, company, from, to, .. } = self;
        [q, role, plan, team, company, from, to].iter().any(|value| !value.trim().is_empty())
    }
}

pub const ROWS: [usize; 3] = [25, 50, LONGEST_PAGE];

/// What the list can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Name,
    Email,
    Credits,
    LastActivity,
    Created,
}

impl Sort {
    pub const ALL: [Sort; 5] = [Sort::Name, Sort::Email, Sort::Credits, Sort::LastActivity, Sort::Created];

    pub fn code(self) -> &'static str {
        match self {
            Sort::Name => "name",
            Sort::Email => "email",
            Sort::Credits => "credits",
            Sort::LastActivity => "last_activity",
            Sort::Created => "created",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Sort::ALL.into_iter().find(|sort| sort.code() == code)
    }

    fn kind(self) -> Kind {
        match self {
            Sort::Name | Sort::Email => Kind::Text,
            Sort::Credits => Kind::Number,
            Sort::LastActivity | Sort::Created => Kind::Time,
        }
    }

    pub fn columns(self) -> Columns {
        let key = match self {
            Sort::Name => "users.name_key",
            Sort::Email => "users.email_key",
            Sort::Credits => "users.credits",
            Sort::LastActivity => "users.last_activity",
            Sort::Created => "users.created_at",
        };
        Columns { key, id: "users.id" }
    }

    pub fn cursor(self, row: &Row) -> Cursor {
        let key = match self {
            Sort::Name => Key::Text(row.name_key.clone()),
            Sort::Email => Key::Text(row.email_key.clone()),
            Sort::Credits => Key::Number(row.credits),
            Sort::LastActivity => Key::Time(row.last_activity),
            Sort::Created => Key::Time(row.created_at),
        };
        Cursor { key, id: row.id.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_and_written_alike() {
        let text = "status=disabled&q=o%27brien+%26+co&role=agent&sort=-created&rows=50&after=anna%7E5";
        let query = ListQuery::from_text(text);
        assert_eq!(query.to_text(), text);
        assert_eq!(query.order(), (Sort::Created, false));
        assert_eq!(query.page_size(), 50);
        assert_eq!(ListQuery::default().path(), "/users");
    }

    #[test]
    fn nonsense_in_the_url_reads_as_the_first_page_by_name() {
        let query = ListQuery::from_text("status=x&sort=password&rows=999999&after=x");
        assert_eq!((query.status(), query.order(), query.page_size()), (Status::Enabled, (Sort::Name, true), 25));
        assert_eq!(ListQuery { sort: "created".into(), ..query }.window(), Window::First);
    }
}
