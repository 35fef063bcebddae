//! Both databases have the tables of src/schema.rs, and the way down leads back to nothing.

use crate::support::{Column, Table, TestDatabase, postgres, tables};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use seatkeeper::db::{Conn, Db, Location};
use seatkeeper::demo;
use seatkeeper::sessions::Passwords;
use std::ffi::OsString;
use std::path::Path;

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

/// Our tables, with columns in order; what the databases keep for themselves left out.
fn gathered(found: Vec<Found>, kind: impl Fn(&Found) -> String) -> Vec<Table> {
    let mut tables: Vec<Table> = vec![];
    for one in found {
        if one.table_name.starts_with("users_search") || one.table_name == "__diesel_schema_migrations" {
            continue;
        }
        let column = Column { name: one.column_name.clone(), kind: kind(&one), nullable: one.nullable };
        match tables.last_mut().filter(|table| table.name == one.table_name) {
            Some(table) => table.columns.push(column),
            None => tables.push(Table { name: one.table_name, columns: vec![column] }),
        }
    }
    tables
}

/// Compared table by table, so that a difference is told where it is.
fn assert_same(database: &str, found: Vec<Table>) {
    let declared = tables();
    let names = |tables: &[Table]| tables.iter().map(|table| table.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&found), names(&declared), "{database}");
    for (found, declared) in found.iter().zip(&declared) {
        assert_eq!(found, declared, "{database}");
    }
}

fn sqlite_file(folder: &Path) -> SqliteConnection {
    SqliteConnection::establish(&folder.join("schema.db").display().to_string()).unwrap()
}

fn postgres_tables(conn: &mut PgConnection) -> Vec<Table> {
    let found: Vec<Found> = diesel::sql_query(
        "SELECT table_name::text, column_name::text, data_type::text AS kind, is_nullable = 'YES' AS nullable
         FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name COLLATE \"C\", ordinal_position",
    )
    .load(conn)
    .unwrap();
    gathered(found, |one| {
        match one.kind.as_str() {
            "bigint" => "Int8",
            "integer" => "Int4",
            "text" => "Text",
            "boolean" => "Bool",
            "timestamp without time zone" => "Timestamp",
            other => panic!("{} {} is {other}", one.table_name, one.column_name),
        }
        .to_owned()
    })
}

fn sqlite_tables(conn: &mut SqliteConnection) -> Vec<Table> {
    // The row's own id is written INTEGER and holds 64 bits.
    let found: Vec<Found> = diesel::sql_query(
        "SELECT m.name AS table_name, c.name AS column_name,
                CASE WHEN c.pk = 1 AND c.type = 'INTEGER' THEN 'BIGINT' ELSE c.type END AS kind,
                c.\"notnull\" = 0 AS nullable
         FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid",
    )
    .load(conn)
    .unwrap();
    gathered(found, |one| {
        match one.kind.as_str() {
            "BIGINT" => "Int8",
            "INTEGER" => "Int4",
            "TEXT" => "Text",
            "BOOLEAN" => "Bool",
            "TIMESTAMP" => "Timestamp",
            other => panic!("{} {} is {other}", one.table_name, one.column_name),
        }
        .to_owned()
    })
}

fn migrations(database: &str) -> FileBasedMigrations {
    FileBasedMigrations::from_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(database)).unwrap()
}

/// The migrations of a database, in order.
fn names(database: &str) -> Vec<OsString> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(database);
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

#[test]
fn sqlite_has_the_declared_tables_and_the_way_down_leads_to_none() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(Location::Sqlite(folder.path().join("schema.db")), 1).unwrap();
    assert!(db.migrate().unwrap() > 0);
    assert_eq!(db.migrate().unwrap(), 0, "a second time there is nothing to do");
    let mut conn = sqlite_file(folder.path());
    assert_same("SQLite", sqlite_tables(&mut conn));
    conn.revert_all_migrations(migrations("sqlite")).unwrap();
    assert_eq!(sqlite_tables(&mut conn), []);
    assert!(db.migrate().unwrap() > 0, "and up again");
    assert_same("SQLite", sqlite_tables(&mut conn));
}

#[test]
fn postgres_has_the_declared_tables_and_the_way_down_leads_to_none() {
    // On a run with SQLite alone there is no Postgres to ask; tests/run does both.
    if postgres().is_none() {
        return;
    }
    let database = TestDatabase::empty();
    let db = database.open();
    assert!(db.migrate().unwrap() > 0);
    assert_eq!(db.migrate().unwrap(), 0, "a second time there is nothing to do");
    let mut conn = PgConnection::establish(&database.url).unwrap();
    assert_same("Postgres", postgres_tables(&mut conn));
    conn.revert_all_migrations(migrations("postgres")).unwrap();
    assert_eq!(postgres_tables(&mut conn), []);
    assert!(db.migrate().unwrap() > 0, "and up again");
}

#[test]
fn both_databases_have_the_same_versions() {
    assert_eq!(names("sqlite"), names("postgres"));
}

#[test]
fn instances_that_start_together_migrate_once() {
    let database = TestDatabase::empty();
    let together = [database.open(), database.open(), database.open()];
    let together = together.map(|db| std::thread::spawn(move || db.migrate().unwrap()));
    let done: usize = together.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert_eq!(done, names("sqlite").len(), "each migration is applied once");
    let state = database.open().schema_state().unwrap();
    assert_eq!((state.pending, state.unknown), (0, 0));
}

#[derive(QueryableByName)]
struct Definition {
    #[diesel(sql_type = Text)]
    definition: String,
}

/// Everything that the schema says beside columns: indexes, triggers, constraints.
fn definitions(db: &Db) -> Vec<String> {
    let found = db.read_now(|conn| {
        let query = match conn {
            Conn::Sqlite(_) => "SELECT sql AS definition FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name",
            Conn::Postgres(_) => {
                "SELECT indexdef AS definition FROM pg_indexes WHERE schemaname = 'public' UNION ALL \
                 SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint \
                 WHERE connamespace = 'public'::regnamespace ORDER BY 1"
            }
        };
        Ok(diesel::sql_query(query).load::<Definition>(conn)?)
    });
    found.unwrap().into_iter().map(|one| one.definition).collect()
}

/// It takes indexes away and makes them again.
#[test]
fn filling_a_demo_leaves_the_schema_as_it_was() {
    let database = TestDatabase::migrated();
    let db = database.open();
    let before = definitions(&db);
    assert!(before.iter().any(|one| one.contains("users_by_name")));
    demo::fill(&db, 30, &Passwords::new(4).hash_now("violet-harbour-92").unwrap()).unwrap();
    assert_eq!(definitions(&db), before);
}
