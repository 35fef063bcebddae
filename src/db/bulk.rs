//! Many rows at once: for the demo, and for who is meant by a change to many.

use super::Conn;
use crate::error::Result;
use diesel::RunQueryDsl;

/// A time as both databases read it and SQLite keeps it (as Diesel writes it there): for [`bulk_insert`].
pub fn time_text(at: chrono::NaiveDateTime) -> String {
    at.format("%F %T%.f").to_string()
}

/// Inserts many rows, hundreds a statement: JSON objects by column name, with truth values as such and times by
/// [`time_text`]. `table` and `columns` are the program's own words, never what somebody typed.
pub fn bulk_insert(conn: &mut Conn, table: &str, columns: &[&str], rows: &[serde_json::Value]) -> Result<()> {
    const ROWS: usize = 500;
    let into = columns.join(", ");
    for rows in rows.chunks(ROWS) {
        let json = serde_json::to_string(rows).map_err(anyhow::Error::from)?;
        match conn {
            Conn::Sqlite(conn) => {
                let values: Vec<String> = columns.iter().map(|column| format!("row ->> '{column}'")).collect();
                let values = values.join(", ");
                // LIMIT keeps the subquery apart: each row is rendered once, and not again for each column.
                let rows = "(SELECT jsonb(value) AS row FROM json_each($1) LIMIT -1)";
                diesel::sql_query(format!("INSERT INTO {table} ({into}) SELECT {values} FROM {rows}"))
                    .bind::<diesel::sql_types::Text, _>(json)
                    .execute(conn)?
            }
            Conn::Postgres(conn) => {
                let rows = format!("json_populate_recordset(NULL::{table}, $1::json)");
                diesel::sql_query(format!("INSERT INTO {table} ({into}) SELECT {into} FROM {rows}"))
                    .bind::<diesel::sql_types::Text, _>(json)
                    .execute(conn)?
            }
        };
    }
    Ok(())
}
