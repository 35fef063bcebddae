//! The list of Manage Users: what its URL says, and how its rows are found without ever walking a large account.
//!
//! Small accounts scan their own rows. In large ones each condition is asked for its first [`Limits::cap`] + 1 users
//! through its own index (search: trigrams). One with few users gives the ids, and only these are sorted. Where all have
//! many, the sort column's index is walked in strides, so that no query touches more than [`Limits::stride`] rows, until
//! the page is full or the time is up.

use super::fold::{fold, fold_query};
use super::model::{Row, Status, UserQuery};
use crate::access::{AccountId, Role, UserId};
use crate::db::Conn;
use crate::error::Result;
use crate::plans::PlanId;
use crate::schema::{team_members, users};
use crate::teams::TeamId;
use crate::web::list::{self, Columns, Condition, Cursor, Key, Kind, Window};
use crate::web::text::Times;
use chrono::NaiveDateTime;
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text, Timestamp};
use serde::Deserialize;
use std::time::{Duration, Instant};

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
    /// From a query string such as `status=disabled&q=ann`, if it can be read.
    pub fn from_text(text: &str) -> Self {
        serde_html_form::from_str(text).unwrap_or_default()
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
        let company = fold(&self.company);
        Filter {
            status: self.status(),
            words: Some(fold_query(&self.q)).filter(|words| !words.is_empty()),
            role: if self.role.is_empty() { None } else { Some(Role::from_code(&self.role)) },
            plan: id(&self.plan).map(PlanId),
            team: id(&self.team).map(TeamId),
            company: Some(company).filter(|company| !company.is_empty()),
            from: times.start_of(&self.from),
            to: times.end_of(&self.to),
        }
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

pub const ROWS: [usize; 3] = [25, 50, 100];

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

    fn columns(self) -> Columns {
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

/// Who is shown.
#[derive(Debug, Clone)]
pub struct Filter {
    pub status: Status,
    /// Folded.
    pub words: Option<String>,
    /// Some(None): a role that there is not, which nobody has.
    pub role: Option<Option<Role>>,
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
    /// More than the cap.
    MoreThan(usize),
    /// Not counted: that would walk the account.
    Many,
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
    /// Matches that are counted, fetched and sorted.
    pub cap: usize,
    /// Rows that one query walks at most.
    pub stride: i64,
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { small: 20_000, cap: 1000, stride: 20_000, time: Duration::from_secs(3) }
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
    fn is_small(&self) -> bool {
        self.users <= self.limits.small
    }

    /// Trigrams need three letters or digits in a row; less is looked for at the beginning of names.
    fn searches_inside(&self, words: &str) -> bool {
        let has_trigram = words.split(|c: char| !c.is_ascii_alphanumeric()).any(|run| run.len() >= 3);
        self.is_small() || (self.trigrams && has_trigram)
    }
}

/// One page.
pub fn page(conn: &mut Conn, scope: &Scope, query: &ListQuery, times: &Times) -> Result<Listing> {
    let filter = query.filter(times);
    let request = Request { scope, query, filter: &filter };
    if scope.is_small() || !filter.is_narrowing() {
        let count = if filter.is_narrowing() { request.count(conn, None)? } else { Count::Many };
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
            let count = if filter.conditions() == 1 { Count::MoreThan(scope.limits.cap) } else { Count::Many };
            Ok(request.listing(rows, count, stopped))
        }
    }
}

impl Filter {
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

/// Whether a condition may be answered by its own index, or is only checked on rows that another index brings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Index,
    Row,
}

struct Request<'a> {
    scope: &'a Scope,
    query: &'a ListQuery,
    filter: &'a Filter,
}

impl Request<'_> {
    /// The tab's users. `By::Row` where ids come from elsewhere: SQLite knows no statistics and would rather walk the
    /// whole tab than look up a thousand ids. (Postgres finds ids by account.)
    fn all(&self, by: By) -> UserQuery<'static> {
        let account = if self.scope.postgres { By::Index } else { by };
        users::table
            .filter(equals::<BigInt, _>("users.account_id", self.scope.account.0, account))
            .filter(equals::<Text, _>("users.status", self.filter.status.code(), by))
            .into_boxed()
    }

    /// Adds the filter's conditions.
    fn narrowed(&self, mut query: UserQuery<'static>, filter: &Filter, by: By) -> UserQuery<'static> {
        if let Some(words) = &filter.words {
            query = query.filter(self.matches(words, by));
        }
        if let Some(role) = filter.role {
            let code = role.map_or("", Role::code);
            query = query.filter(equals::<Text, _>("users.role", code, by));
        }
        if let Some(plan) = filter.plan {
            query = query.filter(equals::<BigInt, _>("users.plan_id", plan.0, by));
        }
        if let Some(company) = &filter.company {
            query = query.filter(equals::<Text, _>("users.company_key", company.clone(), by));
        }
        if let Some(team) = filter.team {
            query = query.filter(self.in_team(team, by));
        }
        let created = if by == By::Index { "users.created_at" } else { "COALESCE(users.created_at, users.created_at)" };
        if let Some(from) = filter.from {
            query = query.filter(sql::<Bool>(&format!("{created} >= ")).bind::<Timestamp, _>(from));
        }
        if let Some(to) = filter.to {
            query = query.filter(sql::<Bool>(&format!("{created} < ")).bind::<Timestamp, _>(to));
        }
        query
    }

    fn in_team(&self, team: TeamId, by: By) -> Condition<users::table> {
        let members = team_members::table
            .filter(team_members::account_id.eq(self.scope.account))
            .filter(team_members::team_id.eq(team));
        match by {
            By::Index => Box::new(users::id.eq_any(members.select(team_members::user_id))),
            By::Row => Box::new(exists(members.filter(team_members::user_id.eq(users::id)))),
        }
    }

    /// Rows whose texts have these words: inside, or where that has no index, at the beginning of a name.
    fn matches(&self, words: &str, by: By) -> Condition<users::table> {
        if !self.scope.searches_inside(words) {
            return self.begins_with(words);
        }
        let like =
            sql::<Bool>("users.search LIKE ").bind::<Text, _>(format!("%{}%", escape_like(words))).sql(" ESCAPE '\\'");
        if by == By::Row || self.scope.postgres || self.scope.is_small() {
            return Box::new(like);
        }
        // FTS5 with detail=none knows which trigrams a row has, not in which order: LIKE checks again.
        Box::new(
            sql::<Bool>("users.id IN (SELECT rowid FROM users_search WHERE users_search MATCH ")
                .bind::<Text, _>(trigrams(words))
                .sql(")")
                .and(like),
        )
    }

    /// Each part names account and status again, so that each can go through an index of its own.
    fn begins_with(&self, words: &str) -> Condition<users::table> {
        let end = format!("{words}\u{10FFFF}");
        let begins = |column: &str| {
            sql::<Bool>("(users.account_id = ")
                .bind::<BigInt, _>(self.scope.account)
                .sql(" AND users.status = ")
                .bind::<Text, _>(self.filter.status)
                // The indexes of usernames hold only those who have one, so the query must say so.
                .sql(&format!(" AND {column} <> '' AND {column} >= "))
                .bind::<Text, _>(words.to_owned())
                .sql(&format!(" AND {column} < "))
                .bind::<Text, _>(end.clone())
                .sql(")")
        };
        Box::new(begins("users.name_key").or(begins("users.email_key")).or(begins("users.username_key")))
    }

    /// The ids of a condition that few users meet; None where each is met by more than the cap.
    fn few(&self, conn: &mut Conn) -> Result<Option<Vec<UserId>>> {
        let cap = self.scope.limits.cap;
        for one in self.filter.each() {
            let by = if one.words.is_some() || one.team.is_some() { By::Row } else { By::Index };
            let query = self.narrowed(self.all(by), &one, By::Index).select(users::id).limit(cap as i64 + 1);
            let ids: Vec<UserId> = query.load(conn)?;
            if ids.len() <= cap {
                return Ok(Some(ids));
            }
        }
        Ok(None)
    }

    /// The tab's users, or only these.
    fn among(&self, ids: Option<&[UserId]>) -> UserQuery<'static> {
        match ids {
            Some(ids) => self.all(By::Row).filter(users::id.eq_any(ids.to_vec())),
            None => self.all(By::Index),
        }
    }

    fn count(&self, conn: &mut Conn, among: Option<&[UserId]>) -> Result<Count> {
        let cap = self.scope.limits.cap;
        let query = self.narrowed(self.among(among), self.filter, By::Row);
        let query = query.select(users::id).limit(cap as i64 + 1);
        let found: Vec<UserId> = query.load(conn)?;
        Ok(if found.len() > cap { Count::MoreThan(cap) } else { Count::Exactly(found.len()) })
    }

    fn is_ascending(&self) -> bool {
        self.query.order().1 != self.query.window().is_backward()
    }

    /// In the direction in which the page is read, from its cursor on.
    fn ordered(&self, query: UserQuery<'static>, from: Option<&Cursor>) -> UserQuery<'static> {
        let columns = self.query.order().0.columns();
        let ascending = self.is_ascending();
        let direction = if ascending { "" } else { " DESC" };
        let query = query.order(sql::<Text>(&format!("{}{direction}, {}{direction}", columns.key, columns.id)));
        match from {
            Some(cursor) => query.filter(list::beyond(columns, cursor, ascending)),
            None => query,
        }
    }

    /// The page's rows and one more, sorted by the database: all of the account, or these ids.
    fn sorted(&self, conn: &mut Conn, among: Option<&[UserId]>) -> Result<Vec<Row>> {
        let window = self.query.window();
        let query = self.narrowed(self.among(among), self.filter, By::Row);
        let query = self.ordered(query, window.cursor()).limit(self.query.page_size() as i64 + 1);
        Ok(query.select(Row::as_select()).load(conn)?)
    }

    /// The page's rows and one more, along the sort column's index; true if the time was up before.
    fn walk(&self, conn: &mut Conn) -> Result<(Vec<Row>, bool)> {
        let started = Instant::now();
        let sort = self.query.order().0;
        let wanted = self.query.page_size() + 1;
        let mut from = self.query.window().cursor().cloned();
        let mut rows: Vec<Row> = vec![];
        // What many have is found soon, so strides begin short.
        let mut stride = self.scope.limits.stride.min(1000);
        loop {
            let end: Option<Row> = self
                .ordered(self.all(By::Index), from.as_ref())
                .offset(stride)
                .limit(1)
                .select(Row::as_select())
                .first(conn)
                .optional()?;
            let query = self.narrowed(self.all(By::Index), self.filter, By::Row);
            let mut query = self.ordered(query, from.as_ref());
            let end = end.map(|row| sort.cursor(&row));
            if let Some(end) = &end {
                query = query.filter(list::up_to(sort.columns(), end, self.is_ascending()));
            }
            let here: Vec<Row> = query.limit((wanted - rows.len()) as i64).select(Row::as_select()).load(conn)?;
            rows.extend(here);
            if rows.len() >= wanted || end.is_none() {
                return Ok((rows, false));
            }
            if started.elapsed() > self.scope.limits.time {
                return Ok((rows, true));
            }
            from = end;
            stride = (stride * 4).min(self.scope.limits.stride);
        }
    }

    fn listing(&self, mut rows: Vec<Row>, count: Count, stopped: bool) -> Listing {
        let window = self.query.window();
        let more = rows.len() > self.query.page_size() || stopped;
        rows.truncate(self.query.page_size());
        let (has_previous, has_next) = match window {
            Window::First => (false, more),
            Window::After(_) => (true, more),
            Window::Before(_) => (more, true),
            Window::Last => (more, false),
        };
        if window.is_backward() {
            rows.reverse();
        }
        Listing { rows, has_previous, has_next, count, stopped }
    }
}

fn equals<ST, T>(column: &'static str, value: T, by: By) -> Condition<users::table>
where
    ST: diesel::sql_types::SqlType + diesel::expression::TypedExpressionType + 'static,
    T: diesel::expression::AsExpression<ST>,
    T::Expression: diesel::query_builder::QueryFragment<crate::db::Backend> + Send + 'static,
{
    // Within COALESCE a column is compared without its index, which would bring a large part of the account.
    let column = if by == By::Index { column.to_owned() } else { format!("COALESCE({column}, {column})") };
    Box::new(sql::<Bool>(&format!("{column} = ")).bind::<ST, _>(value))
}

/// `%`, `_` and the escape itself are letters here.
fn escape_like(words: &str) -> String {
    words.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// `"smi" AND "mit" AND "ith"`: how FTS5 with detail=none is asked for "smith".
fn trigrams(words: &str) -> String {
    let letters: Vec<char> = words.chars().collect();
    let each = letters.windows(3).map(|three| format!("\"{}\"", three.iter().collect::<String>().replace('"', "\"\"")));
    each.collect::<Vec<_>>().join(" AND ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_and_written_alike() {
        let text = "status=disabled&q=o%27brien+%26+co&role=agent&sort=-created&rows=50&after=anna~5";
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

    #[test]
    fn words_are_asked_as_trigrams() {
        assert_eq!(trigrams("smith"), r#""smi" AND "mit" AND "ith""#);
        assert_eq!(trigrams("a\"b"), "\"a\"\"b\"");
        assert_eq!(escape_like("50%_\\"), "50\\%\\_\\\\");
    }
}
