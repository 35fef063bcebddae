//! The queries of one page.

use super::{Count, Filter, Limits, ListQuery, Listing, Matching, Scope, Sort, has_trigram};
use crate::access::UserId;
use crate::db::{Conn, Prepared};
use crate::error::Result;
use crate::schema::{team_members, users};
use crate::teams::TeamId;
use crate::users::model::{Row, UserQuery};
use crate::web::list::{self, Condition, Cursor, Window};
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text, Timestamp};
use std::time::{Duration, Instant};

/// Whether a condition may be answered by its own index, or is only checked on rows that another index brings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Index,
    Row,
}

pub struct Request<'a> {
    pub scope: &'a Scope,
    pub query: &'a ListQuery,
    pub filter: &'a Filter,
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
            query = query.filter(equals::<Text, _>("users.role", role.code(), by));
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

    /// Rows whose texts have these words: inside, or where that has no index, at the beginning of names; longer words also of
    /// addresses and usernames.
    fn matches(&self, words: &str, by: By) -> Condition<users::table> {
        if !self.scope.searches_inside(words) {
            let begins = |column| self.begins_with(column, words, by);
            return match has_trigram(words) {
                true => {
                    Box::new(begins("users.name_key").or(begins("users.email_key")).or(begins("users.username_key")))
                }
                false => begins("users.name_key"),
            };
        }
        Box::new(sql::<Bool>("users.search LIKE ").bind::<Text, _>(containing(words)).sql(" ESCAPE '\\'"))
    }

    /// SQLite's way to a word: along the trigram index, so that a frequent one costs no more than the rows that are
    /// wanted of it. With detail=none the index knows which trigrams a row has, not in which order: LIKE checks again.
    fn by_trigrams(&self, conn: &mut Conn, words: &str, limit: i64) -> Result<Vec<UserId>> {
        let found = diesel::sql_query(
            "SELECT users.id FROM users_search CROSS JOIN users ON users.id = users_search.rowid \
             WHERE users_search MATCH ? AND users.account_id = ? AND users.status = ? \
             AND users.search LIKE ? ESCAPE '\\' LIMIT ?",
        )
        .bind::<Text, _>(trigrams(words))
        .bind::<BigInt, _>(self.scope.account)
        .bind::<Text, _>(self.filter.status)
        .bind::<Text, _>(containing(words))
        .bind::<BigInt, _>(limit);
        Ok(Prepared(found).load::<Found>(conn)?.into_iter().map(|row| row.id).collect())
    }

    /// By its index: names account and status again, so that each column can go through one of its own. (Those of usernames
    /// hold only users who have one, so the query must say so.)
    fn begins_with(&self, column: &str, words: &str, by: By) -> Condition<users::table> {
        let column = if by == By::Index { column.to_owned() } else { format!("COALESCE({column}, {column})") };
        Box::new(
            sql::<Bool>("(users.account_id = ")
                .bind::<BigInt, _>(self.scope.account)
                .sql(" AND users.status = ")
                .bind::<Text, _>(self.filter.status)
                .sql(&format!(" AND {column} <> '' AND {column} >= "))
                .bind::<Text, _>(words.to_owned())
                .sql(&format!(" AND {column} < "))
                .bind::<Text, _>(format!("{words}\u{10FFFF}"))
                .sql(")"),
        )
    }

    /// Where the list is walked: the whole tab, or of names in their own order those that begin with the word.
    fn walked(&self) -> UserQuery<'static> {
        match &self.filter.words {
            Some(words) if !self.scope.is_small() && !has_trigram(words) && self.query.order().0 == Sort::Name => {
                self.all(By::Index).filter(self.begins_with("users.name_key", words, By::Index))
            }
            _ => self.all(By::Index),
        }
    }

    /// The ids of a condition that few users meet; None where each is met by many.
    pub fn few(&self, conn: &mut Conn) -> Result<Option<Vec<UserId>>> {
        let Limits { few, cap, .. } = self.scope.limits;
        for one in self.filter.each() {
            // Words are looked up slowly: no more of them than are counted.
            let few = if one.words.is_some() { cap } else { few };
            let ids = self.candidates(conn, &one, few as i64 + 1)?;
            if ids.len() <= few {
                return Ok(Some(ids));
            }
        }
        Ok(None)
    }

    /// Users who meet this one condition, through its index.
    fn candidates(&self, conn: &mut Conn, one: &Filter, limit: i64) -> Result<Vec<UserId>> {
        match &one.words {
            Some(words) if !self.scope.postgres && self.scope.searches_inside(words) => {
                self.by_trigrams(conn, words, limit)
            }
            _ => {
                let by = if one.words.is_some() || one.team.is_some() { By::Row } else { By::Index };
                Ok(Prepared(self.narrowed(self.all(by), one, By::Index).select(users::id).limit(limit)).load(conn)?)
            }
        }
    }

    /// Those who match among the next users by id, a stride of the account.
    pub fn matching(&self, conn: &mut Conn, after: UserId) -> Result<Matching> {
        let mine = || users::table.filter(users::account_id.eq(self.scope.account)).filter(users::id.gt(after));
        let end = mine().order(users::id).offset(self.scope.limits.stride - 1).select(users::id);
        let reached: Option<UserId> = end.first(conn).optional()?;
        // The account's own index of ids, whatever else would serve.
        let mut query = users::table
            .filter(users::account_id.eq(self.scope.account))
            .filter(users::id.gt(after))
            .filter(equals::<Text, _>("users.status", self.filter.status.code(), By::Row))
            .into_boxed();
        if let Some(reached) = reached {
            query = query.filter(users::id.le(reached));
        }
        let ids = self.narrowed(query, self.filter, By::Row).order(users::id).select(users::id).load(conn)?;
        Ok(Matching { ids, reached })
    }

    /// Those of these users who match, by id.
    pub fn matching_among(&self, conn: &mut Conn, ids: &[UserId]) -> Result<Matching> {
        let query = self.narrowed(self.among(Some(ids)), self.filter, By::Row);
        Ok(Matching { ids: query.order(users::id).select(users::id).load(conn)?, reached: None })
    }

    /// The tab's users, or only these.
    fn among(&self, ids: Option<&[UserId]>) -> UserQuery<'static> {
        match ids {
            Some(ids) => self.all(By::Row).filter(users::id.eq_any(ids.to_vec())),
            None => self.all(By::Index),
        }
    }

    pub fn count(&self, conn: &mut Conn, among: Option<&[UserId]>) -> Result<Count> {
        let cap = self.scope.limits.cap;
        let query = self.narrowed(self.among(among), self.filter, By::Row);
        let query = query.select(users::id).limit(cap as i64 + 1);
        let found: Vec<UserId> = if among.is_some() { query.load(conn)? } else { Prepared(query).load(conn)? };
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
    pub fn sorted(&self, conn: &mut Conn, among: Option<&[UserId]>) -> Result<Vec<Row>> {
        let window = self.query.window();
        let query = self.narrowed(self.among(among), self.filter, By::Row);
        let query = self.ordered(query, window.cursor()).limit(self.query.page_size() as i64 + 1);
        let query = query.select(Row::as_select());
        // Lists of ids may be of any length.
        Ok(if among.is_some() { query.load(conn)? } else { Prepared(query).load(conn)? })
    }

    /// The page's rows and one more, along the sort column's index; true if the time was up before.
    pub fn walk(&self, conn: &mut Conn) -> Result<(Vec<Row>, bool)> {
        let Limits { time, .. } = self.scope.limits;
        self.walk_from(conn, self.query.window().cursor().cloned(), self.query.page_size() + 1, time)
    }

    /// Counts along the same index, from its start, up to the cap or until the time is up: then it is at least so many.
    pub fn count_walking(&self, conn: &mut Conn) -> Result<Count> {
        let Limits { cap, count_time, .. } = self.scope.limits;
        let (rows, stopped) = self.walk_from(conn, None, cap + 1, count_time)?;
        Ok(if stopped || rows.len() > cap { Count::MoreThan(rows.len().min(cap)) } else { Count::Exactly(rows.len()) })
    }

    fn walk_from(
        &self,
        conn: &mut Conn,
        mut from: Option<Cursor>,
        wanted: usize,
        time: Duration,
    ) -> Result<(Vec<Row>, bool)> {
        let started = Instant::now();
        let sort = self.query.order().0;
        let mut rows: Vec<Row> = vec![];
        // What many have is found soon, so strides begin short.
        let mut stride = self.scope.limits.stride.min(1000);
        loop {
            let end = self.ordered(self.walked(), from.as_ref()).offset(stride).limit(1);
            let end: Option<Row> = Prepared(end.select(Row::as_select())).get_result(conn).optional()?;
            let query = self.narrowed(self.walked(), self.filter, By::Row);
            let mut query = self.ordered(query, from.as_ref());
            let end = end.map(|row| sort.cursor(&row));
            if let Some(end) = &end {
                query = query.filter(list::up_to(sort.columns(), end, self.is_ascending()));
            }
            let query = query.limit((wanted - rows.len()) as i64).select(Row::as_select());
            let here: Vec<Row> = Prepared(query).load(conn)?;
            rows.extend(here);
            if rows.len() >= wanted || end.is_none() {
                return Ok((rows, false));
            }
            if started.elapsed() > time {
                return Ok((rows, true));
            }
            from = end;
            stride = (stride * 4).min(self.scope.limits.stride);
        }
    }

    pub fn listing(&self, mut rows: Vec<Row>, count: Count, stopped: bool) -> Listing {
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

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    id: UserId,
}

/// A LIKE pattern for texts with these words in them; `%`, `_` and the escape itself are letters here.
fn containing(words: &str) -> String {
    format!("%{}%", words.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

/// `"bri" AND "ght" AND "ter"`: how FTS5 with detail=none is asked for "brighter". No more trigrams than hold every letter,
/// since the answer is checked again.
fn trigrams(words: &str) -> String {
    let letters: Vec<char> = words.chars().collect();
    let last = letters.len().saturating_sub(3);
    let starts = (0..last).step_by(3).chain([last]);
    let each = starts.map(|start| letters.iter().skip(start).take(3).collect::<String>().replace('"', "\"\""));
    each.map(|three| format!("\"{three}\"")).collect::<Vec<_>>().join(" AND ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_asked_as_trigrams() {
        assert_eq!(trigrams("brighter"), r#""bri" AND "ght" AND "ter""#);
        assert_eq!(trigrams("smithy"), r#""smi" AND "thy""#);
        assert_eq!(trigrams("mit"), r#""mit""#);
        assert_eq!(trigrams("a\"b"), "\"a\"\"b\"");
        assert_eq!(containing("50%_\\"), "%50\\%\\_\\\\%");
    }
}
