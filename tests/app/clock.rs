//! A clock that was set back: what was written before lies in the future. Nobody waits for it to come.

use crate::support::{MailServer, PASSWORD, Program, TestApp, until};
use chrono::{Duration, NaiveDateTime};
use seatkeeper::access::Role;
use seatkeeper::db::time_text;
use seatkeeper::{clock, sessions};

fn ahead(by: Duration) -> String {
    format!("'{}'", time_text(clock::now() + by))
}

fn year() -> String {
    ahead(Duration::days(365))
}

fn time(app: &TestApp, column: &str) -> NaiveDateTime {
    let text = app.texts(&format!("SELECT CAST({column} AS TEXT) AS t FROM sessions")).remove(0);
    NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f").unwrap()
}

#[actix_web::test]
async fn a_session_goes_on_and_lasts_no_longer_than_others() {
    let (app, amara) = TestApp::with_owner().await;
    app.run(&format!("UPDATE sessions SET last_seen = {0}, created_at = {0}, expires_at = {0}", year()));
    app.run(&format!("UPDATE users SET last_activity = {0}, created_at = {0}", year()));
    for path in ["/users", "/users?sort=-last_activity", "/profile", &amara.path()] {
        assert_eq!(amara.get(path).await.status, 200, "{path}");
    }
    assert!(time(&app, "last_seen") <= clock::now(), "it was seen now");
    assert!(time(&app, "expires_at") <= clock::now() + Duration::hours(12));

    // One that is not used ends as soon as others do.
    app.run(&format!("UPDATE sessions SET last_seen = {0}, expires_at = {0}", year()));
    app.db.write_now(sessions::purge).unwrap();
    assert!(time(&app, "expires_at") <= clock::now() + Duration::hours(12));
    assert!(amara.is_signed_in().await);
}

#[actix_web::test]
async fn failures_of_the_future_lock_nobody_out() {
    let app = TestApp::new().await;
    app.user_with("Mateo Silva", |details| details.role = Role::Member);
    let mateo = app.visitor();
    let login = "mateo.silva@harbourline.example";
    let fail = async || mateo.try_sign_in(login, "not-the-password").await;
    for (failures, by, waits) in [
        (1, Duration::days(365), false),
        (40, Duration::days(365), false),
        // As much as the clocks of two instances may differ.
        (1, Duration::minutes(5), false),
        (40, Duration::minutes(5), true),
    ] {
        app.run("DELETE FROM sign_in_failures");
        assert_eq!(fail().await.status, 422);
        app.run(&format!("UPDATE sign_in_failures SET failures = {failures}, last_at = {0}, since = {0}", ahead(by)));
        let page = mateo.try_sign_in(login, PASSWORD).await;
        assert_eq!(page.status, if waits { 429 } else { 303 }, "{failures} {by}: {page:?}");
        let seconds: i64 = page.header("retry-after").unwrap_or("0").parse().unwrap();
        assert!(seconds <= 15 * 60, "{failures} {by}: {seconds}");
    }
}

#[actix_web::test]
async fn mail_and_batches_of_the_future_are_not_kept_waiting() {
    let server = MailServer::start();
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    app.user("Yara Haddad", Role::Member);
    app.user("Nora Lind", Role::Member);
    let draft = amara.post("/users/batches", [("id", mateo.to_string().as_str()), ("action", "disable")]).await;
    assert_eq!(draft.status, 303);
    app.run(&format!("UPDATE batches SET state = 'running', created_at = {0}, changed_at = {0}", year()));
    app.run(&format!("UPDATE outbox SET next_attempt_at = {0}, created_at = {0}", year()));
    app.run("UPDATE outbox SET attempts = 1 WHERE recipient LIKE 'yara%'");
    app.run("UPDATE outbox SET attempts = 1, state = 'sending' WHERE recipient LIKE 'nora%'");
    let mut serving = Program::beside(&app).sending_to(&server).serve().await;
    until("the batch is done", || app.count("batches WHERE state = 'done'") == 1).await;
    until("what was never tried is sent", || server.mails().len() == 1).await;
    assert_eq!(server.mails()[0].to, ["mateo.silva@harbourline.example"]);
    // What was tried waits as long as it ever would: a day, or until its worker must be dead.
    for (name, longest) in [("yara", Duration::days(1)), ("nora", Duration::minutes(10))] {
        let late = format!("recipient LIKE '{name}%' AND next_attempt_at > {}", ahead(longest));
        assert_eq!(app.count(&format!("outbox WHERE {late}")), 0, "{name}");
    }
    assert_eq!(serving.stop().await, Some(0));
    assert_eq!(app.differences(), Vec::<String>::new());
}
