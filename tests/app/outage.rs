//! Postgres away, hanging, slow, restarted: pages say so in time, and the program comes back by itself. SQLite has no
//! network that could fail.

use crate::support::{Browser, Client, Network, Page, Program, Proxy, Serving, TestApp, at_once, postgres, until};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use seatkeeper::access::Role;
use serde_json::json;
use std::time::{Duration, Instant};

const AWAY: &str = "The server can't answer at the moment. Nothing was changed. Try again in a minute.";
/// Longer than this nobody waits for an answer, whatever the network does.
const LONGEST: Duration = Duration::from_secs(20);

/// The program with a network between it and its database, and Harbourline's Owner in front of it.
struct Outage {
    serving: Serving,
    amara: Browser,
    proxy: Proxy,
    app: TestApp,
}

impl Outage {
    /// None on SQLite.
    async fn possible() -> Option<Self> {
        postgres()?;
        let (app, amara) = TestApp::with_owner().await;
        let proxy = Proxy::to(&app.database.url);
        let serving = Program::beside(&app).at(&proxy.url).serve().await;
        let amara = serving.visited_by(&amara);
        assert_eq!(amara.get("/users").await.status, 200);
        Some(Outage { serving, amara, proxy, app })
    }

    /// Pages are read and somebody can be added.
    async fn is_back(&self, newcomer: &str) {
        let started = Instant::now();
        while self.amara.get("/users").await.status != 200 {
            assert!(started.elapsed() < LONGEST, "it does not come back");
        }
        let added = self.amara.post("/users", self.app.a_user(newcomer)).await;
        assert_eq!(added.status, 303, "{added:?}");
        assert_eq!(self.serving.visitor().get("/readyz").await.status, 200);
        assert_eq!(self.app.differences(), Vec::<String>::new());
    }

    /// Sends a form that adds somebody.
    fn add(&self, name: &str) -> impl Future<Output = Page> + use<> {
        let (amara, form) = (self.amara.clone(), self.app.a_user(name));
        async move { amara.post("/users", form).await }
    }

    /// A program that reports usage.
    fn client(&self) -> Client {
        Client::of(&self.app, self.app.account, self.app.owner).at(self.serving.visitor())
    }

    /// Whoever changes this table waits at the commit itself, as long as the connection holds its lock.
    fn hold_commits(&self, table: &str) -> PgConnection {
        self.app.run(&format!(
            "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;
             CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION wait()"
        ));
        let mut other = PgConnection::establish(&self.app.database.url).unwrap();
        other.batch_execute("SELECT pg_advisory_lock(1)").unwrap();
        other
    }

    fn is_added(&self, key: &str) -> bool {
        self.app.count(&format!("users WHERE name_key = '{key}'")) == 1
    }

    async fn until_somebody_waits(&self) {
        let waiting = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        until("somebody waits for a lock", || self.app.count(waiting) > 0).await;
    }
}

#[actix_web::test]
async fn a_database_that_is_away_or_hangs_is_told_in_time_and_missed_no_longer_than_that() {
    let Some(outage) = Outage::possible().await else { return };
    let client = outage.client();
    outage.app.give(outage.app.owner, "export", 100, 0);
    let event = json!({ "user_id": outage.app.owner.to_string(), "kind": "export", "amount": 7 });
    for network in [Network::Refusing, Network::Stalled] {
        let key = format!("{network:?}");
        outage.proxy.set(network);
        if network == Network::Refusing {
            outage.proxy.cut();
        }
        let started = Instant::now();
        // More than there are threads and connections.
        let asking = (0..30).map(|n| {
            let (amara, form) = (outage.amara.clone(), outage.app.a_user("Mateo Silva"));
            async move { if n % 2 == 0 { amara.get("/users").await } else { amara.post("/users", form).await } }
        });
        let (pages, (), answer) = tokio::join!(
            at_once(asking.collect()),
            async {
                let visitor = outage.serving.visitor();
                assert_eq!(visitor.get("/healthz").await.status, 200);
                assert_eq!(visitor.get("/favicon.ico").await.status, 200);
                assert_eq!(visitor.get("/readyz").await.status, 503);
            },
            client.report(&key, event.clone())
        );
        assert!(started.elapsed() < LONGEST, "{network:?}: {:?}", started.elapsed());
        for page in pages {
            assert!(page.status == 503 && page.says(AWAY), "{network:?}: {page:?}");
        }
        assert_eq!(answer.status, 503, "{network:?}: a problem, for programs");
        outage.proxy.set(Network::Fine);
        outage.is_back(&format!("After {network:?}")).await;
        assert!(!outage.is_added("mateo silva"), "nothing was changed");
        assert_eq!(client.report(&key, event.clone()).await.status, 201, "it was not counted");
    }
}

#[actix_web::test]
async fn a_slow_network_is_borne() {
    let Some(outage) = Outage::possible().await else { return };
    outage.proxy.set(Network::Slow(Duration::from_millis(40)));
    assert_eq!(outage.amara.get("/users").await.status, 200);
    outage.is_back("Late Comer").await;
}

#[actix_web::test]
async fn connections_that_were_cut_cost_one_page() {
    let Some(outage) = Outage::possible().await else { return };
    let ask = || {
        let amara = outage.amara.clone();
        async move { amara.get("/users").await.status }
    };
    at_once((0..12).map(|_| ask()).collect()).await;
    outage.proxy.cut();
    let mut lost = 0;
    for _ in 0..12 {
        match ask().await {
            200 => {}
            503 => lost += 1,
            other => panic!("{other}"),
        }
    }
    assert!(lost <= 1, "{lost} pages were lost");
    outage.is_back("Late Comer").await;
}

#[actix_web::test]
async fn a_write_whose_page_was_told_that_nothing_changed_changes_nothing_later() {
    let Some(outage) = Outage::possible().await else { return };
    let mut other = PgConnection::establish(&outage.app.database.url).unwrap();
    other.batch_execute("BEGIN; LOCK TABLE user_settings IN ACCESS EXCLUSIVE MODE").unwrap();
    let (page, ()) = tokio::join!(outage.add("Mateo Silva"), async {
        outage.until_somebody_waits().await;
        outage.proxy.set(Network::Stalled);
        // The database goes on; its answers no longer arrive.
        other.batch_execute("COMMIT").unwrap();
    });
    assert!(page.status == 503 && page.says(AWAY), "{page:?}");
    outage.proxy.set(Network::Fine);
    outage.is_back("Late Comer").await;
    assert!(!outage.is_added("mateo silva"));
}

#[actix_web::test]
async fn a_write_whose_commit_was_cut_off_may_be_saved_and_the_page_says_so() {
    let Some(outage) = Outage::possible().await else { return };
    let mut other = outage.hold_commits("users");
    let (page, ()) = tokio::join!(outage.add("Mateo Silva"), async {
        outage.until_somebody_waits().await;
        outage.proxy.cut();
    });
    assert_eq!((page.status, page.text("h1").as_str()), (503, "Your change may be saved or not"), "{page:?}");
    other.batch_execute("SELECT pg_advisory_unlock(1)").unwrap();
    until("the database has saved it", || outage.is_added("mateo silva")).await;
    outage.is_back("Late Comer").await;
    assert_eq!(outage.app.find_by_name("Mateo Silva").details.role, Role::Member);
}

#[actix_web::test]
async fn a_report_whose_commit_was_cut_off_comes_again_and_is_counted_once() {
    let Some(outage) = Outage::possible().await else { return };
    let (client, owner) = (outage.client(), outage.app.owner);
    outage.app.give(owner, "export", 100, 0);
    let event = json!({ "user_id": owner.to_string(), "kind": "export", "amount": 7 });
    let mut other = outage.hold_commits("ledger");
    let (answer, ()) = tokio::join!(client.report("call-1", event.clone()), async {
        outage.until_somebody_waits().await;
        outage.proxy.cut();
    });
    assert_eq!(answer.status, 503, "{answer:?}");
    other.batch_execute("SELECT pg_advisory_unlock(1)").unwrap();
    until("the database has counted it", || outage.app.count("ledger WHERE entry = 'use'") == 1).await;
    let again = client.report("call-1", event).await;
    assert_eq!((again.status, again.body["left"].as_i64()), (200, Some(93)), "{again:?}");
    outage.is_back("Late Comer").await;
    assert_eq!(outage.app.count("ledger WHERE entry = 'use'"), 1);
}
