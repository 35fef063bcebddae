//! Long lists: pages by key, forth and back, never by offset, so that the last page costs what the first does.

use crate::db::Backend;
use crate::web::text::YEARS;
use chrono::{DateTime, Datelike, NaiveDateTime};
use diesel::dsl::sql;
use diesel::expression::{AsExpression, TypedExpressionType};
use diesel::prelude::*;
use diesel::query_builder::QueryFragment;
use diesel::sql_types::{BigInt, Bool, SqlType, Text, Timestamp};

/// Rows of the longest page of any list.
pub const LONGEST_PAGE: usize = 100;

/// A value of the column that a list is sorted by.
#[derive(Debug, Clone, PartialEq)]
pub enum Key {
    Text(String),
    Number(i64),
    Time(NaiveDateTime),
}

/// A place in a sorted list: the sort column's value and the id of a row that is, or was, there.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    pub key: Key,
    pub id: i64,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Time,
}

impl Cursor {
    /// As it stands in a URL: `key~id`.
    pub fn encode(&self) -> String {
        match &self.key {
            Key::Text(text) => format!("{text}~{}", self.id),
            Key::Number(number) => format!("{number}~{}", self.id),
            Key::Time(time) => format!("{}~{}", time.and_utc().timestamp_micros(), self.id),
        }
    }

    /// None for what no page of ours has written.
    pub fn decode(text: &str, kind: Kind) -> Option<Self> {
        let (key, id) = text.rsplit_once('~')?;
        let key = match kind {
            Kind::Text => Key::Text(key.to_owned()),
            Kind::Number => Key::Number(key.parse().ok()?),
            Kind::Time => {
                let time = DateTime::from_timestamp_micros(key.parse().ok()?)?.naive_utc();
                Key::Time(Some(time).filter(|time| YEARS.contains(&time.year()))?)
            }
        };
        Some(Cursor { key, id: id.parse().ok()? })
    }
}

/// Which page.
#[derive(Debug, Clone, PartialEq)]
pub enum Window {
    First,
    After(Cursor),
    Before(Cursor),
    Last,
}

impl Window {
    /// Whether rows are read from the end of the list towards its start.
    pub fn is_backward(&self) -> bool {
        matches!(self, Window::Before(_) | Window::Last)
    }

    pub fn cursor(&self) -> Option<&Cursor> {
        match self {
            Window::After(cursor) | Window::Before(cursor) => Some(cursor),
            Window::First | Window::Last => None,
        }
    }
}

/// A condition on any table, boxed.
pub type Condition<QS> = Box<dyn BoxableExpression<QS, Backend, SqlType = Bool>>;

/// The columns of a sorted list: constants of the program, never what somebody typed.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    pub key: &'static str,
    pub id: &'static str,
}

/// Which rows, as seen from a cursor: operators for the key or the same key, for another key, for the id.
#[derive(Clone, Copy)]
struct Side(&'static str, &'static str, &'static str);

/// Rows beyond a cursor. Written `a >= x AND (a > x OR id > y)`: with `a > x OR (a = x AND id > y)` neither database
/// goes straight to the place in the index (measured: 6.4 s instead of 0.3 ms at a million rows on Postgres).
pub fn beyond<QS: 'static>(columns: Columns, cursor: &Cursor, ascending: bool) -> Condition<QS> {
    on(if ascending { Side(">=", ">", ">") } else { Side("<=", "<", "<") }, columns, cursor)
}

/// Rows up to a cursor, itself included: all that are not [`beyond`] it. Not written with NOT, which no index ends at.
pub fn up_to<QS: 'static>(columns: Columns, cursor: &Cursor, ascending: bool) -> Condition<QS> {
    on(if ascending { Side("<=", "<", "<=") } else { Side(">=", ">", ">=") }, columns, cursor)
}

fn on<QS: 'static>(side: Side, columns: Columns, cursor: &Cursor) -> Condition<QS> {
    match &cursor.key {
        Key::Text(text) => compare::<QS, Text, _>(side, columns, text.clone(), cursor.id),
        Key::Number(number) => compare::<QS, BigInt, _>(side, columns, *number, cursor.id),
        Key::Time(time) => compare::<QS, Timestamp, _>(side, columns, *time, cursor.id),
    }
}

fn compare<QS, ST, T>(side: Side, columns: Columns, value: T, id: i64) -> Condition<QS>
where
    QS: 'static,
    ST: SqlType + TypedExpressionType + 'static,
    T: AsExpression<ST> + Clone,
    T::Expression: QueryFragment<Backend> + Expression + Send + 'static,
{
    let (Side(or_equal, strictly, by_id), Columns { key, id: id_column }) = (side, columns);
    Box::new(
        sql::<Bool>(&format!("({key} {or_equal} "))
            .bind::<ST, _>(value.clone())
            .sql(&format!(" AND ({key} {strictly} "))
            .bind::<ST, _>(value)
            .sql(&format!(" OR {id_column} {by_id} "))
            .bind::<BigInt, _>(id)
            .sql("))"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_url() {
        let time = DateTime::from_timestamp_micros(1_790_000_000_123_456).unwrap().naive_utc();
        for (key, kind) in [
            (Key::Text("anna~b".into()), Kind::Text),
            (Key::Text(String::new()), Kind::Text),
            (Key::Number(-5), Kind::Number),
            (Key::Time(time), Kind::Time),
        ] {
            let cursor = Cursor { key, id: 42 };
            assert_eq!(Cursor::decode(&cursor.encode(), kind), Some(cursor));
        }
        assert_eq!(Cursor::decode("nonsense", Kind::Text), None);
        assert_eq!(Cursor::decode("x~1", Kind::Number), None);
    }
}
