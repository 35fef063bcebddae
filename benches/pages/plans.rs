//! How the database means to find what the pages ask for: EXPLAIN of every query, beside the benchmark. On Postgres the
//! generic plan, for any values; on SQLite plans do not depend on values.

use super::cases::{Case, Request};
use crate::support::place::Place;
use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web;
use diesel::connection::{Instrumentation, InstrumentationEvent, SimpleConnection, set_default_instrumentation};
use diesel::prelude::*;
use diesel::sql_types::Text;
use seatkeeper::app::{self, App};
use seatkeeper::config::{Config, ServerSettings};
use seatkeeper::db::Conn;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::sync::Mutex;

/// What was asked, while a case runs.
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

/// Runs each case once, within this program, and writes down what it asks the database.
pub fn write(place: &Place, session: &str, cases: &[Case], users: u32) {
    // For each connection of this program from here on: pools open them when they are needed.
    set_default_instrumentation(|| Some(Box::new(Watched))).unwrap();
    let db = place.open();
    let config = Config::read(&ServerSettings::plain(), place.folder.path()).unwrap();
    let app = web::Data::new(App::new(config, db.clone()).unwrap());
    let asked = actix_web::rt::System::new().block_on(async move {
        let service = init_service(app::build(app)).await;
        let mut asked = vec![];
        for case in cases {
            *ASKED.lock().unwrap() = Some(vec![]);
            let Request { method, path, form, status } = case.request(0);
            let request = TestRequest::with_uri(&path)
                .method(Method::from_bytes(method.as_bytes()).unwrap())
                .insert_header(("Host", "127.0.0.1:8080"))
                .insert_header(("Origin", "http://127.0.0.1:8080"))
                .insert_header(("Cookie", session))
                .insert_header(("Content-Type", "application/x-www-form-urlencoded"))
                .peer_addr("127.0.0.1:1".parse().unwrap())
                .set_payload(form);
            let answer = call_service(&service, request.to_request()).await;
            assert_eq!(answer.status(), status, "{path}");
            asked.push((case.name, ASKED.lock().unwrap().take().unwrap_or_default()));
        }
        asked
    });
    let database = if db.is_postgres() { "postgres" } else { "sqlite" };
    let text = db.read_now(|conn| Ok(explained(conn, users, asked))).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/plans");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{database}.txt")), text).unwrap();
}

/// Each query once, where it is first asked.
fn explained(conn: &mut Conn, users: u32, asked: Vec<(&str, Vec<String>)>) -> String {
    let mut known = BTreeSet::new();
    let mut text = format!("Written by `cargo bench --bench pages`, {users} users in the account.\n");
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
