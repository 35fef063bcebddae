//! Many rows at once: for the demo, and for who is meant by a change to many.

use super::{CACHE, Conn};
use crate::error::Result;
use anyhow::anyhow;
use diesel::connection::SimpleConnection;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use diesel::sqlite::Sqlite;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A time as both databases read it and SQLite keeps it (as Diesel writes it there): for [`Rows`].
pub fn time_text(at: chrono::NaiveDateTime) -> String {
    at.format("%F %T%.f").to_string()
}

/// Rows of one table: JSON objects by column name, all with the same columns; truth values as such and times by
/// [`time_text`]. Table and columns are the program's own words, never what somebody typed.
pub struct Rows {
    table: &'static str,
    rows: Vec<Value>,
    /// What becomes of rows that are there already; "" where none may be.
    on_conflict: &'static str,
}

impl Rows {
    pub fn of(table: &'static str, rows: Vec<Value>) -> Self {
        Rows { table, rows, on_conflict: "" }
    }

    /// With rows that may be there already: `(key) DO UPDATE SET …`, as both databases read it.
    pub fn on_conflict(self, on_conflict: &'static str) -> Self {
        Rows { on_conflict, ..self }
    }

    pub fn insert(&self, conn: &mut Conn) -> Result<()> {
        let Some(first) = self.rows.first().and_then(Value::as_object) else { return Ok(()) };
        let columns: Vec<&str> = first.keys().map(String::as_str).collect();
        let (table, into) = (self.table, columns.join(", "));
        let conflict = match self.on_conflict {
            "" => String::new(),
            what => format!(" ON CONFLICT {what}"),
        };
        match conn {
            Conn::Sqlite(conn) => {
                let insert = format!("INSERT INTO {table} ({into}) VALUES ");
                for rows in self.rows.chunks((CELLS / columns.len()).max(1)) {
                    let rows = rows.iter().filter_map(Cell::of_row).collect();
                    Many { insert: &insert, rows, conflict: &conflict }.execute(conn)?;
                }
            }
            Conn::Postgres(conn) => {
                let types = types_of(conn, table, &columns)?;
                let insert = format!("INSERT INTO {table} ({into}) SELECT ");
                for rows in self.rows.chunks(POSTGRES_ROWS) {
                    let texts = |column: &str| rows.iter().map(|row| as_text(&row[column])).collect();
                    let columns = columns.iter().zip(&types).map(|(column, cast)| (cast.as_str(), texts(column)));
                    ByColumn { insert: &insert, columns: columns.collect(), conflict: &conflict }.execute(conn)?;
                }
            }
        }
        Ok(())
    }
}

/// As Postgres reads a value of any type.
fn as_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.into()),
        other => Some(other.to_string().into()),
    }
}

/// By name, the types of a table's columns on Postgres.
type Types = Arc<BTreeMap<String, String>>;

/// The types of these columns on Postgres, which are asked for once: the program itself makes its tables.
fn types_of(conn: &mut PgConnection, table: &'static str, columns: &[&str]) -> Result<Vec<String>> {
    static KNOWN: Mutex<BTreeMap<&str, Types>> = Mutex::new(BTreeMap::new());
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let types = known().get(table).cloned();
    let types = match types {
        Some(types) => types,
        None => {
            let types = ask_types(conn, table)?;
            known().insert(table, types.clone());
            types
        }
    };
    let type_of = |column: &&str| types.get(*column).cloned().ok_or_else(|| anyhow!("{table} has no column {column}"));
    Ok(columns.iter().map(type_of).collect::<anyhow::Result<_>>()?)
}

fn ask_types(conn: &mut PgConnection, table: &str) -> Result<Types> {
    #[derive(diesel::QueryableByName)]
    struct Column {
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Text)]
        type_name: String,
    }
    let columns: Vec<Column> = diesel::sql_query(
        "SELECT attname::text AS name, format_type(atttypid, atttypmod) AS type_name FROM pg_attribute \
         WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped",
    )
    .bind::<Text, _>(table)
    .load(conn)?;
    Ok(Arc::new(columns.into_iter().map(|column| (column.name, column.type_name)).collect()))
}

/// Rows of one statement on Postgres, which would plan many small ones.
const POSTGRES_ROWS: usize = 5000;

/// Some rows for Postgres, whose statement is prepared once a table: each column as one array of texts, which the server
/// casts to the column's type. (Taken apart from JSON by the server, they need half as much time again.)
struct ByColumn<'a> {
    insert: &'a str,
    columns: Vec<(&'a str, Vec<Option<Cow<'a, str>>>)>,
    conflict: &'a str,
}

impl QueryFragment<Pg> for ByColumn<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.insert);
        for (index, (cast, texts)) in self.columns.iter().enumerate() {
            out.push_sql(if index == 0 { "unnest(" } else { ", unnest(" });
            out.push_bind_param::<Array<Nullable<Text>>, _>(texts)?;
            out.push_sql("::text[])::");
            out.push_sql(cast);
        }
        out.push_sql(self.conflict);
        Ok(())
    }
}

impl QueryId for ByColumn<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<PgConnection> for ByColumn<'_> {}

/// Values of one statement on SQLite.
const CELLS: usize = 400;

/// Some rows for SQLite, whose statement is prepared once a table. (Taken apart from JSON by the database, they
/// need twice the time.)
struct Many<'a> {
    insert: &'a str,
    rows: Vec<Vec<Cell<'a>>>,
    conflict: &'a str,
}

enum Cell<'a> {
    Text(&'a str),
    Number(i64),
    Truth(bool),
    Null,
}

impl<'a> Cell<'a> {
    fn of_row(row: &'a Value) -> Option<Vec<Self>> {
        Some(row.as_object()?.values().map(Cell::of).collect())
    }

    fn of(value: &'a Value) -> Self {
        match value {
            Value::String(text) => Cell::Text(text),
            Value::Bool(truth) => Cell::Truth(*truth),
            other => other.as_i64().map_or(Cell::Null, Cell::Number),
        }
    }
}

impl QueryFragment<Sqlite> for Many<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(self.insert);
        for (index, row) in self.rows.iter().enumerate() {
            out.push_sql(if index == 0 { "(" } else { ", (" });
            for (index, cell) in row.iter().enumerate() {
                if index > 0 {
                    out.push_sql(", ");
                }
                cell.walk_ast(out.reborrow())?;
            }
            out.push_sql(")");
        }
        out.push_sql(self.conflict);
        Ok(())
    }
}

impl QueryFragment<Sqlite> for Cell<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        match self {
            Cell::Text(text) => out.push_bind_param::<Text, _>(*text),
            Cell::Number(number) => out.push_bind_param::<BigInt, _>(number),
            Cell::Truth(truth) => out.push_bind_param::<Bool, _>(truth),
            Cell::Null => {
                out.push_sql("NULL");
                Ok(())
            }
        }
    }
}

impl QueryId for Many<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<SqliteConnection> for Many<'_> {}

/// A statement that takes something away, and the one that makes it again.
#[derive(diesel::QueryableByName)]
struct Part {
    #[diesel(sql_type = Text)]
    drop: String,
    #[diesel(sql_type = Text)]
    make: String,
}

/// Indexes and triggers of the tables in $1, a JSON array.
const SQLITE_PARTS: &str = "SELECT 'DROP ' || type || ' ' || name AS \"drop\", sql AS make FROM sqlite_master \
    WHERE type IN ('index', 'trigger') AND sql IS NOT NULL AND tbl_name IN (SELECT value FROM json_each($1))";

/// Foreign keys and indexes, but those of primary keys, which the foreign keys need.
const POSTGRES_PARTS: &str = "\
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop, \
    format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS make \
    FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text IN (SELECT json_array_elements_text($1::json)) \
    UNION ALL \
    SELECT format('DROP INDEX %I', indexname), indexdef FROM pg_indexes \
    WHERE schemaname = current_schema() AND tablename IN (SELECT json_array_elements_text($1::json)) \
    AND indexname NOT IN (SELECT conname FROM pg_constraint)";

/// Fills tables, the empty ones of a new database, without what has to be kept in step row by row: indexes, triggers and
/// foreign keys are taken away, and made again when all rows are there, which takes a fraction of the time. Called in a
/// write, whose end makes all of it stay or none.
pub fn without_indexes<T>(conn: &mut Conn, tables: &[&str], fill: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    let tables = serde_json::to_string(tables).map_err(anyhow::Error::from)?;
    let parts: Vec<Part> = match conn {
        Conn::Sqlite(conn) => {
            conn.batch_execute("PRAGMA cache_size=-64000")?;
            diesel::sql_query(SQLITE_PARTS).bind::<Text, _>(tables).load(conn)?
        }
        Conn::Postgres(conn) => {
            // JIT would compile statements that run once.
            conn.batch_execute(
                "SET LOCAL statement_timeout = 0; SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL jit = off",
            )?;
            diesel::sql_query(POSTGRES_PARTS).bind::<Text, _>(tables).load(conn)?
        }
    };
    for part in &parts {
        conn.batch_execute(&part.drop)?;
    }
    let filled = fill(conn)?;
    tracing::info!("all rows are there; {} indexes and the like are made", parts.len());
    for part in parts.iter().rev() {
        conn.batch_execute(&part.make)?;
    }
    if let Conn::Sqlite(conn) = conn {
        tracing::info!("the search index is made");
        // Words are gathered in more memory than usual (bytes), so that less is merged later.
        conn.batch_execute(
            "INSERT INTO users_search (users_search, rank) VALUES ('hashsize', 33554432); \
             INSERT INTO users_search (users_search) VALUES ('rebuild'); \
             INSERT INTO users_search (users_search, rank) VALUES ('hashsize', 1048576)",
        )?;
        conn.batch_execute(&format!("PRAGMA cache_size={CACHE}"))?;
    }
    Ok(filled)
}
