//! A database for each test: a file of its own, or a database of its own on the Postgres of `TEST_DATABASE_URL`. The
//! schema is made once a process and copied from then on.

use super::postgres::PostgresServer;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, PgConnection, SqliteConnection};
use seatkeeper::db::{Db, Location};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;
use url::Url;

/// The Postgres to test on, if there is one: a database of it that nobody uses.
pub fn postgres() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty())
}

pub struct TestDatabase {
    pub url: String,
    /// A folder that goes with the database: the SQLite file is in it, and the program's data may be.
    pub folder: TempDir,
    /// The database's name on Postgres.
    name: Option<String>,
}

impl TestDatabase {
    /// Without a schema.
    pub fn empty() -> Self {
        let database = Self::place();
        if let Some(name) = &database.name {
            on_postgres(&format!("CREATE DATABASE {name}")).expect("Postgres can't make a database");
        }
        database
    }

    /// With the schema of this program, and nothing in it.
    pub fn migrated() -> Self {
        let database = Self::place();
        match &database.name {
            Some(name) => {
                let copy = format!("CREATE DATABASE {name} TEMPLATE {}", postgres_template());
                on_postgres(&copy).expect("Postgres can't copy the template");
            }
            None => std::fs::write(database.folder.path().join("test.db"), sqlite_template()).unwrap(),
        }
        database
    }

    /// With the schema, on a Postgres of the test's own.
    pub fn on(server: &PostgresServer) -> Self {
        let database = TestDatabase { url: server.url(), folder: folder(), name: None };
        database.open().migrate().unwrap();
        database
    }

    fn place() -> Self {
        let folder = folder();
        match postgres() {
            Some(server) => {
                let name = new_name("test");
                TestDatabase { url: url_of(&server, &name), folder, name: Some(name) }
            }
            None => {
                let url = format!("sqlite://{}", folder.path().join("test.db").display());
                TestDatabase { url, folder, name: None }
            }
        }
    }

    /// A handle as the program has it, with few connections.
    pub fn open(&self) -> Db {
        Db::open(Location::parse(&self.url).unwrap(), 4).unwrap()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // A pool that was just dropped may still be opening a connection, and put a file back that was deleted here.
        let gone = || std::fs::remove_dir_all(self.folder.path()).is_ok() || !self.folder.path().exists();
        for _ in 0..100 {
            if gone() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        if let Some(name) = &self.name
            && let Err(cause) = on_postgres(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        {
            eprintln!("the test database {name} is left behind: {cause}");
        }
    }
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("seatkeeper-test-").tempdir().unwrap()
}

/// The number `n` of a query with one row.
pub fn number(db: &Db, sql: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    // A column may be narrower than what counts are.
    let sql = format!("SELECT CAST(n AS BIGINT) AS n FROM ({sql}) AS one");
    let row: Number = db.read_now(|conn| Ok(diesel::sql_query(&sql).get_result(conn)?)).expect(&sql);
    row.n
}

/// The texts `t` of a query.
pub fn texts(db: &Db, sql: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct OneText {
        #[diesel(sql_type = Text)]
        t: String,
    }
    let rows: Vec<OneText> = db.read_now(|conn| Ok(diesel::sql_query(sql).load(conn)?)).expect(sql);
    rows.into_iter().map(|row| row.t).collect()
}

fn url_of(server: &str, name: &str) -> String {
    let mut url = Url::parse(server).expect("TEST_DATABASE_URL is a URL");
    url.set_path(name);
    url.into()
}

fn new_name(kind: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("seatkeeper_{kind}_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn on_postgres(sql: &str) -> diesel::QueryResult<()> {
    let server = postgres().expect("only asked where there is one");
    PgConnection::establish(&server).expect("TEST_DATABASE_URL can't be reached").batch_execute(sql)
}

/// The bytes of a migrated file.
fn sqlite_template() -> &'static [u8] {
    static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let (original, copy): (PathBuf, PathBuf) = (folder.path().join("original.db"), folder.path().join("copy.db"));
        let db = Db::open(Location::Sqlite(original.clone()), 1).unwrap();
        db.migrate().unwrap();
        // A copy of its own: what was migrated may still be in the write-ahead log.
        let mut conn = SqliteConnection::establish(&original.display().to_string()).unwrap();
        conn.batch_execute(&format!("VACUUM INTO '{}'", copy.display())).unwrap();
        std::fs::read(copy).unwrap()
    })
}

/// The name of a migrated database. It goes with the throw-away server.
fn postgres_template() -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let name = new_name("template");
        on_postgres(&format!("CREATE DATABASE {name}")).expect("Postgres can't make a database");
        let server = postgres().expect("only asked where there is one");
        let db = Db::open(Location::parse(&url_of(&server, &name)).unwrap(), 1).unwrap();
        db.migrate().unwrap();
        assert!(db.has_trigrams().unwrap(), "Postgres lacks pg_trgm or btree_gin: install postgresql-contrib");
        drop(db);
        // Nobody may be connected to what is copied: the pool's threads let go a moment later.
        on_postgres(&format!(
            "ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false;
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ))
        .unwrap();
        name
    })
}
