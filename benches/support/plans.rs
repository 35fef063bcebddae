//! How the database means to find what is asked: EXPLAIN of every query, beside the benchmark. On Postgres the generic
//! plan, for any values; on SQLite plans do not depend on values.

use diesel::connection::{Instrumentation, InstrumentationEvent, SimpleConnection, set_default_instrumentation};
use diesel::prelude::*;
use diesel::sql_types::Text;
use seatkeeper::db::{Conn, Db};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::sync::Mutex;

/// What was asked, while somebody listens.
static ASKED: Mutex<Option<Vec<String>>> = Mutex::new(None);

struct Watched;

impl Instrumentation for Watched {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event
            && let Some(asked) = &mut *ASKED.lock().unwrap()
        {
            asked.push(query.to_string().split(" -- binds").next().unwrap_or_default().to_owned());
        }
    }
}

/// Each connection of this program from here on: pools open them when they are needed.
pub fn watch() {
    set_default_instrumentation(|| Some(Box::new(Watched))).unwrap();
}

pub fn listen() {
    *ASKED.lock().unwrap() = Some(vec![]);
}

/// What was asked since [`listen`].
pub fn heard() -> Vec<String> {
    ASKED.lock().unwrap().take().unwrap_or_default()
}

/// Writes down the plans of what each case has asked.
pub fn write(db: &Db, benchmark: &str, users: u32, asked: Vec<(&str, Vec<String>)>) {
    let database = if db.is_postgres() { "postgres" } else { "sqlite" };
    let title = format!("Written by `cargo bench --bench {benchmark}`, {users} users in the account.\n");
    let text = db.read_now(|conn| Ok(title + &explained(conn, asked))).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/plans");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{benchmark}-{database}.txt")), text).unwrap();
}

/// Each query once, where it is first asked.
fn explained(conn: &mut Conn, asked: Vec<(&str, Vec<String>)>) -> String {
    let mut known = BTreeSet::new();
    let mut text = String::new();
    for (case, queries) in asked {
        write!(text, "\n=== {case}\n").unwrap();
        for sql in queries {
            let is_query = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"].iter().any(|word| sql.starts_with(word));
            if is_query && known.insert(sql.clone()) {
                writeln!(text, "\n{sql}").unwrap();
                explain(conn, &sql).iter().for_each(|step| writeln!(text, "    {step}").unwrap());
            }
        }
    }
    text
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text, column_name = "detail")]
    sqlite: String,
}

fn explain(conn: &mut Conn, sql: &str) -> Vec<String> {
    match conn {
        Conn::Sqlite(conn) => {
            let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(conn).unwrap();
            steps.into_iter().map(|step| step.sqlite).collect()
        }
        Conn::Postgres(conn) => {
            conn.batch_execute(&format!("SET plan_cache_mode = force_generic_plan; PREPARE asked AS {sql}")).unwrap();
            let count = (1..).take_while(|number| sql.contains(&format!("${number}"))).count();
            let values = vec!["NULL"; count].join(", ");
            let values = if count == 0 { String::new() } else { format!("({values})") };
            let steps: Vec<Line> = diesel::sql_query(format!("EXPLAIN EXECUTE asked{values}")).load(conn).unwrap();
            conn.batch_execute("DEALLOCATE asked").unwrap();
            steps.into_iter().map(|step| step.postgres).collect()
        }
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    postgres: String,
}
