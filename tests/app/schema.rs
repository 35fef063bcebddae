//! Both databases have the tables of src/schema.rs, and the way down leads back to nothing.

use crate::support::{Column, Program, Table, TestDatabase, postgres, tables, until};
use diesel::connection::SimpleConnection;
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
            "date" => "Date",
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
            "DATE" => "Date",
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

/// What the program's migrations have made of this database so far.
fn our_tables(database: &TestDatabase) -> Vec<Table> {
    match Location::parse(&database.url).unwrap() {
        Location::Sqlite(path) => sqlite_tables(&mut SqliteConnection::establish(&path.display().to_string()).unwrap()),
        Location::Postgres(url) => postgres_tables(&mut PgConnection::establish(&url).unwrap()),
    }
}

#[test]
fn a_migration_that_fails_half_way_is_told_and_done_at_the_next_start() {
    let database = TestDatabase::empty();
    let program = Program::on(&database);
    let change = |sql: &str| database.open().write_now(|conn| Ok(conn.batch_execute(sql)?)).unwrap();
    change("CREATE TABLE outbox (in_the_way BIGINT NOT NULL PRIMARY KEY)");
    let run = program.run(&["migrate"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.sentence().starts_with("the schema can't be brought up to date: "), "{run:?}");
    let names: Vec<String> = our_tables(&database).into_iter().map(|table| table.name).collect();
    // SQLite does all or nothing; Postgres one migration after the other, each whole: those before the one that failed.
    let before = if postgres().is_some() { ["sessions", "setup_links", "sign_in_failures"].as_slice() } else { &[] };
    for table in ["sessions", "setup_links", "sign_in_failures", "deletions", "batches"] {
        assert_eq!(names.iter().any(|name| name == table), before.contains(&table), "{table}");
    }
    change("DROP TABLE outbox");
    assert_eq!(program.run(&["migrate"]).code, Some(0));
    assert_same("after a failure", our_tables(&database));
}

#[test]
fn a_migration_of_sqlite_that_is_killed_is_done_whole_at_the_next_start() {
    if postgres().is_some() {
        return;
    }
    let mut unfinished = 0;
    // Killed once the files have so many bytes: as it begins, and more and more of the way through its commit.
    for bytes in (0..20).map(|n| n * 25_000) {
        let database = TestDatabase::empty();
        let program = Program::on(&database);
        let path = database.folder.path();
        let size = || ["test.db", "test.db-wal"].map(|name| path.join(name).metadata().map_or(0, |file| file.len()));
        let mut migrating = program.start(&["migrate"]);
        while size().iter().sum::<u64>() < bytes && migrating.try_wait().unwrap().is_none() {
            std::hint::spin_loop();
        }
        migrating.kill().unwrap();
        migrating.wait().unwrap();
        let found = our_tables(&database);
        if found.is_empty() {
            unfinished += 1;
        } else {
            assert_same("killed", found);
        }
        let run = program.run(&["migrate"]);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert_same("after a kill", our_tables(&database));
    }
    assert!(unfinished > 0, "it was always killed too late to prove anything");
}

#[actix_web::test]
async fn a_migration_of_postgres_that_is_killed_is_finished_at_the_next_start() {
    if postgres().is_none() {
        return;
    }
    let database = TestDatabase::empty();
    let connect = || PgConnection::establish(&database.url).unwrap();
    let (mut other, mut watching) = (connect(), connect());
    for _ in 0..2 {
        other.run_next_migration(migrations("postgres")).unwrap();
    }
    // The next one refers to this table, and waits for it in its middle.
    other.batch_execute("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE").unwrap();
    let program = Program::on(&database);
    let mut migrating = program.start(&["migrate"]);
    let waiting =
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let waiting = diesel::dsl::sql::<diesel::sql_types::BigInt>(waiting);
    until("the migration waits", || waiting.clone().get_result::<i64>(&mut watching).unwrap() == 1).await;
    migrating.kill().unwrap();
    migrating.wait().unwrap();
    other.batch_execute("COMMIT").unwrap();
    let run = program.run(&["migrate"]);
    assert!(run.stdout.contains(&format!("({} applied)", names("postgres").len() - 2)), "{run:?}");
    assert_same("after a kill", our_tables(&database));
}
