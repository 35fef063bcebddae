//! No query of the list grows with the account. SQLite is asked for its plans, which do not depend on the data: nothing
//! may walk a whole tab but in the order of the sort column, where a LIMIT ends the walk. Postgres plans by statistics,
//! so there it is counted how many rows each page touches.

use crate::credits::event;
use crate::support::TestDatabase;
use diesel::connection::{Instrumentation, InstrumentationEvent, SimpleConnection};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use seatkeeper::access::{Actor, Role, Site, UserId};
use seatkeeper::credits::{self, CreditKind, Whose, sums};
use seatkeeper::db::{Conn, Db};
use seatkeeper::sessions::{self, Passwords};
use seatkeeper::usage::{self, Outcome};
use seatkeeper::users::list::{self, Limits, ListQuery, Scope};
use seatkeeper::users::{Removal, Status};
use seatkeeper::web::list::Window;
use seatkeeper::web::text::Times;
use seatkeeper::{accounts, batches, clock, demo, users};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SORTS: [&str; 9] =
    ["name", "-name", "email", "-email", "credits", "-credits", "last_activity", "-last_activity", "-created"];

/// One that few users meet and one that many meet, of each filter.
const FILTERS: [&str; 12] = [
    "",
    "q=okafor",
    "q=example",
    "q=zq",
    "role=owner",
    "role=member",
    "company=Harbourline",
    "company=Nobody",
    "team=1",
    "from=2020-01-01&to=2020-01-02",
    "from=2020-01-01",
    "role=owner&q=example",
];

fn pages() -> impl Iterator<Item = String> {
    SORTS.iter().flat_map(|sort| {
        FILTERS.iter().flat_map(move |filter| ["", "&before=end"].map(|end| format!("sort={sort}&{filter}{end}")))
    })
}

struct Filled {
    db: Db,
    scope: Scope,
    // Dropped last: the database goes with it.
    _database: TestDatabase,
}

fn demo_with(users: u32, cap: usize, stride: i64) -> Filled {
    let database = TestDatabase::migrated();
    let db = database.open();
    demo::fill(&db, users, &Passwords::new(4).hash_now("violet-harbour-92").unwrap()).unwrap();
    let account = db.read_now(accounts::ids).unwrap()[0];
    let limits =
        Limits { small: 0, few: cap, cap, stride, time: Duration::from_secs(30), count_time: Duration::from_secs(30) };
    let scope = Scope { account, users: users as i32, trigrams: true, postgres: db.is_postgres(), limits };
    Filled { db, scope, _database: database }
}

impl Filled {
    fn read(&self, conn: &mut Conn, page: &str) -> seatkeeper::error::Result<list::Listing> {
        list::page(conn, &self.scope, &ListQuery::from_text(page), &Times::new("UTC", clock::now()))
    }
}

struct Watched(Arc<Mutex<Vec<String>>>);

impl Instrumentation for Watched {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            self.0.lock().unwrap().push(text.split(" -- binds").next().unwrap().to_owned());
        }
    }
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// The SQL that one page asks, each with the steps of SQLite's plan.
fn sqlite_plans(filled: &Filled, page: &str) -> Vec<(String, Vec<String>)> {
    plans_of(filled, &|conn| filled.read(conn, page).map(drop))
}

fn plans_of(filled: &Filled, ask: &dyn Fn(&mut Conn) -> seatkeeper::error::Result<()>) -> Vec<(String, Vec<String>)> {
    filled
        .db
        .write_now(|conn| {
            let seen = Arc::new(Mutex::new(vec![]));
            conn.set_instrumentation(Watched(seen.clone()));
            ask(conn)?;
            conn.set_instrumentation(None::<Watched>);
            let asked = seen.lock().unwrap().clone();
            let plan = |sql: String| {
                let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(conn)?;
                Ok((sql, steps.into_iter().map(|step| step.detail).collect()))
            };
            asked.into_iter().map(plan).collect()
        })
        .unwrap()
}

/// Reads every row of the table, or of a tab.
fn walks(step: &str) -> bool {
    step == "SCAN users" || step.ends_with("(account_id=? AND status=?)") || step.ends_with("(account_id=?)")
}

#[test]
fn on_sqlite_no_query_walks_a_tab_but_in_the_order_of_its_page() {
    if crate::support::postgres().is_some() {
        return; // The next test is for Postgres; each database has one of the two.
    }
    let filled = demo_with(150, 10, 50);
    for page in pages() {
        for (sql, steps) in sqlite_plans(&filled, &page) {
            let in_order = sql.contains("ORDER BY") && !steps.iter().any(|step| step.contains("FOR ORDER BY"));
            let walking = steps.iter().find(|step| walks(step));
            assert!(walking.is_none() || in_order, "{page}\n{sql}\n{steps:#?}");
        }
    }
}

#[test]
fn on_sqlite_nothing_that_is_asked_beside_the_list_walks_a_table() {
    if crate::support::postgres().is_some() {
        return; // As above.
    }
    let filled = demo_with(150, 10, 50);
    let account = filled.scope.account;
    let now = clock::now();
    let (today, from) = (now.date(), now.date() - chrono::Duration::days(365));
    let person = filled.db.read_now(|conn| users::known_as(conn, "agent@demo.example", None)).unwrap()[0].1;
    let (system, removal) = (Actor::system(account), Removal { heir: None, erase_at: now });
    let config = crate::support::config("127.0.0.1:1".parse().unwrap());
    let comes_in = [event(person, CreditKind::Calling, 1), event(person, CreditKind::Minutes, 1)];
    let (matching, times) = (ListQuery::from_text("role=agent&q=example"), Times::new("UTC", now));
    let after = Window::After(sums::place(person, 5));
    let asked: [(&str, Asked); 17] = [
        ("a user", Box::new(|conn| users::find(conn, account, person).map(drop))),
        ("usage that comes in", Box::new(|conn| usage::report(conn, &config, &system, &comes_in).map(drop))),
        ("what is allocated", {
            Box::new(|conn| users::allocate_more(conn, &system, person, CreditKind::Export, 1, "").map(drop))
        }),
        ("disabling", Box::new(|conn| users::set_status(conn, &system, person, Status::Disabled).map(drop))),
        ("another role", Box::new(|conn| users::set_role(conn, &system, person, Role::Dev, true).map(drop))),
        ("deleting", Box::new(|conn| users::delete(conn, &config, &system, person, &removal).map(drop))),
        ("a sign-in", Box::new(|conn| sessions::candidates(conn, Site::Shared, "owner@demo.example").map(drop))),
        ("a user by address", Box::new(|conn| users::known_as(conn, "owner@demo.example", None).map(drop))),
        ("a user by username", Box::new(|conn| users::known_as(conn, "support", None).map(drop))),
        ("whose time has come", Box::new(|conn| users::due(conn).map(drop))),
        ("which batch goes on", Box::new(|conn| batches::running(conn).map(drop))),
        ("a user's days", Box::new(|conn| sums::days(conn, account, Whose::User(person), from, today).map(drop))),
        ("the account's months", Box::new(|conn| sums::months(conn, account, Whose::Account, from, today).map(drop))),
        ("each team's month", Box::new(|conn| sums::by_team(conn, account, today).map(drop))),
        ("who used most", {
            Box::new(|conn| {
                sums::most(conn, account, CreditKind::Calling, today, &Window::First, 25)?;
                sums::most(conn, account, CreditKind::Calling, today, &after, 25).map(drop)
            })
        }),
        ("what was allocated", Box::new(|conn| credits::history(conn, account, person, None, 25).map(drop))),
        ("everybody who matches", {
            Box::new(|conn| list::matching(conn, &filled.scope, &matching, &times, UserId(account.0)).map(drop))
        }),
    ];
    for (what, ask) in asked {
        for (sql, steps) in plans_of(&filled, &*ask) {
            // Of these an account has few, the index of running batches has nothing else in it, and of the ledger's only the
            // last entry is asked for.
            let few = [
                "plans",
                "operators",
                "domains",
                "teams",
                "credit_pools",
                "batches USING INDEX batches_running",
                "ledger USING COVERING INDEX",
            ];
            let table = |step: &String| step.split_once(' ').map(|(_, table)| table.to_owned()).unwrap_or_default();
            // (And rows that are written are walked.)
            let is_few =
                |step: &String| step.ends_with("VALUES CLAUSE") || few.iter().any(|few| table(step).starts_with(few));
            let walking = steps.iter().find(|step| (step.starts_with("SCAN ") || walks(step)) && !is_few(step));
            assert!(walking.is_none(), "{what}\n{sql}\n{steps:#?}");
            // What one of them used is found by all of its key.
            let is_of_one = sql.contains("usage_") && sql.contains("`of_id` = ?");
            let by_key = steps.iter().any(|step| step.contains("of_id=? AND kind=?"));
            assert!(!is_of_one || by_key, "{what}\n{sql}\n{steps:#?}");
            // Sums are never sorted: their index has them in the order of the page.
            let is_sorted = steps.iter().any(|step| step.contains("FOR ORDER BY")) && sql.contains("usage_");
            assert!(!is_sorted, "{what}\n{sql}\n{steps:#?}");
        }
    }
}

type Asked<'a> = Box<dyn Fn(&mut Conn) -> seatkeeper::error::Result<()> + 'a>;

#[derive(QueryableByName)]
struct Touched {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

/// What Postgres says of how it would answer, once it knows how much there is.
#[test]
fn on_postgres_reports_are_answered_by_indexes() {
    if crate::support::postgres().is_none() {
        return; // As above.
    }
    let filled = demo_with(400, 50, 200);
    filled.db.read_now(|conn| Ok(conn.batch_execute("VACUUM ANALYZE")?)).unwrap();
    let (account, today) = (filled.scope.account.0, clock::now().date());
    let days = "SELECT kind, day, amount FROM usage_days WHERE account_id = ACCOUNT AND scope = 'account' AND of_id = 0 \
                AND kind = ANY('{export,direct_dial,calling,minutes}') AND day BETWEEN date 'DAY' - 27 AND 'DAY'";
    let most = "SELECT of_id, amount FROM usage_months WHERE account_id = ACCOUNT AND scope = 'user' AND kind = 'calling' \
                AND month = date_trunc('month', date 'DAY')::date AND amount > 0 AND (amount <= 5 AND (amount < 5 OR of_id < 9)) \
                ORDER BY amount DESC, of_id DESC LIMIT 26";
    for query in [days, most] {
        let query = query.replace("ACCOUNT", &account.to_string()).replace("DAY", &today.to_string());
        let plan: Vec<Plan> =
            filled.db.read_now(|conn| Ok(diesel::sql_query(format!("EXPLAIN {query}")).load(conn)?)).unwrap();
        let plan: Vec<String> = plan.into_iter().map(|line| line.text).collect();
        assert!(!plan.iter().any(|line| line.contains("Seq Scan")), "{plan:#?}");
    }
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    text: String,
}

/// The rows of a table that this transaction has read so far, by scans and by indexes.
fn touched_so_far(conn: &mut Conn, table: &str) -> QueryResult<i64> {
    let counted = diesel::sql_query(
        "SELECT (seq_tup_read + COALESCE(idx_tup_fetch, 0))::bigint AS rows FROM pg_stat_xact_user_tables \
         WHERE relname = $1",
    );
    Ok(counted.bind::<Text, _>(table).get_result::<Touched>(conn)?.rows)
}

/// Postgres may keep a plan that was made when there was little.
#[test]
fn on_postgres_usage_that_comes_in_touches_no_entries_that_there_are() {
    if crate::support::postgres().is_none() {
        return; // As above.
    }
    let filled = demo_with(150, 50, 200);
    let account = filled.scope.account;
    let person = filled.db.read_now(|conn| users::known_as(conn, "agent@demo.example", None)).unwrap()[0].1;
    let (system, config) = (Actor::system(account), crate::support::config("127.0.0.1:1".parse().unwrap()));
    let all = |conn: &mut Conn| users::allocate_more(conn, &system, person, CreditKind::Calling, 200, "").map(drop);
    filled.db.write_now(all).unwrap();
    // So that it knows of many entries, but of none with a key.
    filled.db.read_now(|conn| Ok(conn.batch_execute("VACUUM ANALYZE")?)).unwrap();
    let touched_by = |count: i64| {
        let touched = filled.db.write_now(|conn| {
            let before = touched_so_far(conn, "ledger")?;
            let events: Vec<_> = (0..count).map(|_| event(person, CreditKind::Calling, 1)).collect();
            let outcomes = usage::report(conn, &config, &system, &events)?;
            assert!(outcomes.iter().all(|one| matches!(one, Outcome::Counted { .. })), "{outcomes:?}");
            credits::history(conn, account, person, None, 25)?;
            Ok(touched_so_far(conn, "ledger")? - before)
        });
        touched.unwrap()
    };
    // The last entry, and what was given: once by the demo and once here.
    let touched: Vec<i64> = (0..20).map(|_| touched_by(8)).collect();
    assert!(touched.iter().all(|touched| *touched < 8), "{touched:?}");
}

#[test]
fn on_postgres_no_page_touches_more_than_a_few_rows() {
    if crate::support::postgres().is_none() {
        return; // The test before is for SQLite.
    }
    // So many that the trigram index is worth its while.
    const USERS: u32 = 20_000;
    let (cap, stride) = (50, 200);
    let filled = demo_with(USERS, cap, stride);
    // As autovacuum does in time: statistics, and what waits to be added to the trigram index.
    filled.db.read_now(|conn| Ok(conn.batch_execute("VACUUM ANALYZE")?)).unwrap();
    // Where those who match stand together at the far end of the order (users without an address come first), the walk
    // is bounded by its time instead.
    for page in pages().filter(|page| !page.contains("email&q=example") && !page.contains("Harbourline")) {
        let touched = filled.db.write_now(|conn| {
            let before = touched_so_far(conn, "users")?;
            filled.read(conn, &page)?;
            Ok(touched_so_far(conn, "users")? - before)
        });
        let touched = touched.unwrap();
        // Candidates, their count and the page, or a few strides: never all of them.
        assert!(touched < 3000, "{page} touches {touched} of {USERS} rows");
    }
}
