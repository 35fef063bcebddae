//! Where the demo lives: a database of its own. Nothing else is ever emptied.

use super::SIGN_INS;
use super::samples::{HARBOURLINE, SUNFIELD};
use crate::db::{Conn, Db, Location};
use crate::error::Result;
use crate::schema::{accounts, users};
use crate::{accounts as account, server};
use anyhow::{Context, bail};
use diesel::connection::SimpleConnection;
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::Text;
use std::path::{Path, PathBuf};

/// What is in a database before the demo comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// No tables, or ours without any account.
    Nothing,
    /// A demo, whole: it is written in one transaction.
    Demo,
    /// Anything else.
    Other,
}

/// Opens the demo's database, brings its schema up to date and empties it, unless `keep` and it holds a demo.
/// Then [`is_empty`](super::is_empty) says whether it is to be filled. Refused where the database holds anything but an
/// earlier demo, or, on SQLite, where another process has it open.
pub fn open(location: Location, keep: bool, connections: u32) -> anyhow::Result<Db> {
    if let Location::Sqlite(path) = &location
        && path.exists()
    {
        clear_file(path, keep)?;
    }
    let db = Db::open(location, connections)?;
    if db.is_postgres() {
        db.write_now(|conn| Ok(clear_tables(conn, keep)?))?;
    }
    server::migrate(&db)?;
    Ok(db)
}

/// Whether there is no account yet.
pub fn is_empty(db: &Db) -> anyhow::Result<bool> {
    Ok(!db.read_now(account::has_accounts)?)
}

/// Deleting the file is much faster than deleting a million rows.
fn clear_file(path: &Path, keep: bool) -> anyhow::Result<()> {
    let name = path.display();
    // Not through Db::open, which would change the settings of a file that may not be ours.
    let mut conn = SqliteConnection::establish(&name.to_string()).with_context(|| format!("{name} can't be opened"))?;
    conn.batch_execute("PRAGMA busy_timeout=2000")?;
    let mut conn = Conn::Sqlite(conn);
    match look(&mut conn).with_context(|| format!("{name} can't be read"))? {
        Found::Other => bail!("{name} holds something else than a demo, and is left alone: name another database"),
        Found::Nothing => return Ok(()),
        Found::Demo if keep => return Ok(()),
        Found::Demo => {}
    }
    // Leaving WAL mode is refused as long as anybody else has the file open.
    conn.batch_execute("PRAGMA journal_mode=DELETE")
        .with_context(|| format!("{name} is in use: stop the other seatkeeper first"))?;
    drop(conn);
    for suffix in ["", "-wal", "-shm"] {
        let file = PathBuf::from(format!("{name}{suffix}"));
        if file.exists() {
            std::fs::remove_file(&file).with_context(|| format!("{} can't be deleted", file.display()))?;
        }
    }
    Ok(())
}

fn clear_tables(conn: &mut Conn, keep: bool) -> anyhow::Result<()> {
    match look(conn)? {
        Found::Other => bail!("the database holds something else than a demo, and is left alone: name an empty one"),
        Found::Nothing => return Ok(()),
        Found::Demo if keep => return Ok(()),
        Found::Demo => {}
    }
    let tables: Vec<String> = tables(conn)?.into_iter().filter(|table| table != MIGRATIONS).collect();
    let tables: Vec<String> = tables.iter().map(|table| format!("\"{table}\"")).collect();
    conn.batch_execute(&format!("TRUNCATE {}", tables.join(", ")))?;
    Ok(())
}

/// Diesel's own table.
const MIGRATIONS: &str = "__diesel_schema_migrations";

fn tables(conn: &mut Conn) -> Result<Vec<String>> {
    let query = match conn {
        Conn::Sqlite(_) => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        Conn::Postgres(_) => "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema()",
    };
    Ok(sql::<Text>(query).load(conn)?)
}

fn look(conn: &mut Conn) -> Result<Found> {
    let tables = tables(conn)?;
    if tables.is_empty() {
        return Ok(Found::Nothing);
    }
    if !["accounts", "users", MIGRATIONS].iter().all(|ours| tables.iter().any(|table| table == ours)) {
        return Ok(Found::Other);
    }
    // Only columns that every version has: an earlier demo may be an older program's.
    let names: Vec<String> = accounts::table.select(accounts::name).order(accounts::id).limit(3).load(conn)?;
    if names.is_empty() {
        return Ok(Found::Nothing);
    }
    let known = users::table.filter(users::email_key.eq_any(SIGN_INS));
    let has_known: bool = diesel::select(exists(known)).get_result(conn)?;
    let is_demo = names == [HARBOURLINE.name, SUNFIELD.name] && has_known;
    Ok(if is_demo { Found::Demo } else { Found::Other })
}

#[cfg(test)]
mod tests {
    use super::super::{PASSWORD, fill};
    use super::*;
    use crate::sessions::Passwords;
    use crate::verify;

    fn demo(location: &Location, keep: bool) -> anyhow::Result<Db> {
        open(location.clone(), keep, 1)
    }

    /// A pool that was dropped may close its last connection a moment later.
    fn demo_after_drop(location: &Location, keep: bool) -> Db {
        for _ in 0..100 {
            match demo(location, keep) {
                Err(error) if error.to_string().contains("in use") => {
                    std::thread::sleep(std::time::Duration::from_millis(50));
                }
                opened => return opened.unwrap(),
            }
        }
        panic!("still in use")
    }

    fn users(db: &Db) -> i64 {
        db.read_now(|conn| Ok(users::table.count().get_result(conn)?)).unwrap()
    }

    #[test]
    fn a_demo_is_whole_kept_when_asked_and_fresh_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("demo.db"));
        let hash = Passwords::new(4).hash_now(PASSWORD).unwrap();
        let db = demo(&location, true).unwrap();
        assert!(is_empty(&db).unwrap());
        fill(&db, 137, &hash).unwrap();
        assert_eq!(verify::run(&db).unwrap(), Vec::<String>::new());
        assert_eq!(users(&db), 137 + 12 + 3, "three more are pending deletion");
        assert!(demo(&location, false).is_err(), "somebody has it open");
        drop(db);
        let kept = demo(&location, true).unwrap();
        assert_eq!(users(&kept), 137 + 12 + 3);
        drop(kept);
        assert!(is_empty(&demo_after_drop(&location, false)).unwrap());
    }

    #[test]
    fn nothing_but_a_demo_is_ever_emptied() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("seatkeeper.db"));
        let db = demo(&location, false).unwrap();
        fill(&db, 7, &Passwords::new(4).hash_now(PASSWORD).unwrap()).unwrap();
        let rename =
            |conn: &mut Conn| Ok(diesel::update(accounts::table).set(accounts::name.eq("Customer")).execute(conn)?);
        db.write_now(rename).unwrap();
        drop(db);
        for keep in [true, false] {
            let refusal = demo(&location, keep).err().unwrap().to_string();
            assert!(refusal.contains("holds something else than a demo"), "{refusal}");
        }
        assert_eq!(users(&Db::open(location, 1).unwrap()), 7 + 12);
    }
}
