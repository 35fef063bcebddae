//! E-mail over real SMTP: sent once, tried again, given up visibly.

use crate::support::{MailServer, PASSWORD, Program, Setup, TestApp, Worker, at_once, until};
use seatkeeper::access::Role;
use seatkeeper::config::{Config, Smtp};
use std::net::TcpListener;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

async fn with_server() -> (TestApp, MailServer) {
    let server = MailServer::start();
    let app = TestApp::with(Setup { smtp: Some(server.smtp.clone()), seats: 100, ..Setup::default() }).await;
    (app, server)
}

/// A user with this address, whose welcome waits.
fn welcome(app: &TestApp, name: &str, email: &str) {
    app.user_with(name, |details| details.email = email.into());
}

/// State and attempts of the message to somebody.
fn state(app: &TestApp, email: &str) -> String {
    let columns = "state || ' ' || CAST(attempts AS TEXT)";
    app.texts(&format!("SELECT {columns} AS t FROM outbox WHERE recipient = '{email}'")).remove(0)
}

fn last_error(app: &TestApp, email: &str) -> String {
    app.texts(&format!("SELECT last_error AS t FROM outbox WHERE recipient = '{email}'")).remove(0)
}

/// Seconds until the message to somebody is tried again.
fn waits(app: &TestApp, email: &str) -> i64 {
    let next = app.texts(&format!("SELECT CAST(next_attempt_at AS TEXT) AS t FROM outbox WHERE recipient = '{email}'"));
    let next = chrono::NaiveDateTime::parse_from_str(&next[0], "%Y-%m-%d %H:%M:%S%.f").unwrap();
    (next - seatkeeper::clock::now()).num_seconds()
}

#[actix_web::test]
async fn a_welcome_arrives_with_text_and_html_over_tls() {
    let (app, server) = with_server().await;
    app.user_with("Zoë Šilhavý", |details| details.email = "zoe@harbourline.example".into());
    let _worker = Worker::start(&app.config, &app.db);
    until("the welcome arrives", || state(&app, "zoe@harbourline.example") == "sent 1").await;
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert!(mail.tls);
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("no-reply@seats.example", &["zoe@harbourline.example".to_owned()][..])
    );
    assert_eq!(mail.header("Subject"), Some("Welcome to Harbourline"));
    assert_eq!(mail.header("From"), Some("Harbourline <no-reply@seats.example>"));
    assert_eq!(mail.header("To"), Some("zoe@harbourline.example"));
    assert!(mail.header("Date").is_some() && mail.header("Message-ID").is_some(), "{}", mail.data);
    assert!(mail.header("Content-Type").unwrap().starts_with("multipart/alternative"));
    let (text, html) = mail.data.split_once("text/html").expect("both parts");
    assert!(text.contains("text/plain") && text.contains("Hello Zo=C3=AB") && html.contains("<html"), "{}", mail.data);
    for part in [text, html] {
        assert!(part.replace("=\r\n", "").contains(&app.config.url("/sign-in")), "{part}");
    }
    assert!(!mail.data.contains(PASSWORD));
    assert_eq!(last_error(&app, "zoe@harbourline.example"), "");
}

#[actix_web::test]
async fn who_is_not_vouched_for_by_our_authority_gets_no_mail() {
    let (app, server) = with_server().await;
    welcome(&app, "Mateo Silva", "mateo@harbourline.example");
    let smtp = Smtp { authority: Some(MailServer::another_authority()), ..server.smtp.clone() };
    let _worker = Worker::start(&Config { smtp: Some(smtp), ..app.config.clone() }, &app.db);
    until("the attempt fails", || state(&app, "mateo@harbourline.example") == "queued 1").await;
    assert!(last_error(&app, "mateo@harbourline.example").to_lowercase().contains("certificate"));
    assert_eq!(server.mails().len(), 0);
}

#[actix_web::test]
async fn a_wrong_password_leaves_mail_in_the_queue_or_says_why_it_failed() {
    let (app, server) = with_server().await;
    welcome(&app, "Mateo Silva", "mateo@harbourline.example");
    let credentials = Some(("seatkeeper".to_owned(), "wrong".to_owned()));
    let smtp = Smtp { credentials, ..server.smtp.clone() };
    let _worker = Worker::start(&Config { smtp: Some(smtp), ..app.config.clone() }, &app.db);
    until("the attempt fails", || state(&app, "mateo@harbourline.example") != "queued 0").await;
    until("the attempt is noted", || !last_error(&app, "mateo@harbourline.example").is_empty()).await;
    assert!(last_error(&app, "mateo@harbourline.example").contains("535"));
    assert_eq!(server.mails().len(), 0);
}

#[actix_web::test]
async fn what_is_refused_for_now_is_tried_again_later() {
    let (app, server) = with_server().await;
    welcome(&app, "Lara Later", "later@harbourline.example");
    welcome(&app, "Mateo Silva", "mateo@harbourline.example");
    let _worker = Worker::start(&app.config, &app.db);
    until("the next one is sent all the same", || state(&app, "mateo@harbourline.example") == "sent 1").await;
    until("the refusal is noted", || state(&app, "later@harbourline.example") == "queued 1").await;
    assert!(last_error(&app, "later@harbourline.example").contains("Come back later"));
    assert!((50..=60).contains(&waits(&app, "later@harbourline.example")), "a minute");
    // Time passes: the second wait is longer.
    app.run("UPDATE outbox SET next_attempt_at = '2020-01-01 00:00:00' WHERE state = 'queued'");
    until("it is tried again", || state(&app, "later@harbourline.example") == "queued 2").await;
    assert!((290..=300).contains(&waits(&app, "later@harbourline.example")), "five minutes");
    assert_eq!(server.mails().len(), 1);
}

#[actix_web::test]
async fn what_is_refused_for_good_fails_where_the_operator_sees_it() {
    let (app, server) = with_server().await;
    welcome(&app, "Nora Never", "never@harbourline.example");
    let _worker = Worker::start(&app.config, &app.db);
    until("it fails", || state(&app, "never@harbourline.example") == "failed 1").await;
    assert_eq!(server.mails().len(), 0);
    let amara = app.browse_as(app.account, app.owner).await;
    app.appoint_operator(&amara);
    let page = amara.get("/operator/mail").await;
    assert_eq!(page.texts("td .st.bad"), ["Failed"]);
    let message = amara.get(&page.attrs("tbody th a", "href")[0]).await;
    assert!(message.says("Nobody here has this name"), "{message:?}");
}

#[actix_web::test]
async fn a_mail_that_fails_too_often_is_given_up() {
    let (app, _server) = with_server().await;
    welcome(&app, "Lara Later", "later@harbourline.example");
    app.run("UPDATE outbox SET attempts = 7");
    let _worker = Worker::start(&app.config, &app.db);
    until("it is given up", || state(&app, "later@harbourline.example") == "failed 8").await;
}

#[actix_web::test]
async fn a_lost_connection_loses_no_mail() {
    let (app, server) = with_server().await;
    welcome(&app, "Greta Gone", "gone@harbourline.example");
    welcome(&app, "Mateo Silva", "mateo@harbourline.example");
    let _worker = Worker::start(&app.config, &app.db);
    until("the next one is sent", || state(&app, "mateo@harbourline.example") == "sent 1").await;
    assert_eq!(state(&app, "gone@harbourline.example"), "queued 1");
    assert!(!last_error(&app, "gone@harbourline.example").is_empty());
    assert_eq!(server.mails().len(), 1);
}

#[actix_web::test]
async fn a_mail_that_was_taken_unheard_comes_again_under_the_same_id() {
    let (app, server) = with_server().await;
    welcome(&app, "Una Unheard", "unheard@harbourline.example");
    let _worker = Worker::start(&app.config, &app.db);
    for attempt in 1..=2 {
        until("the loss is noted", || state(&app, "unheard@harbourline.example") == format!("queued {attempt}")).await;
        app.run("UPDATE outbox SET next_attempt_at = '2020-01-01 00:00:00'");
    }
    until("it came again", || server.mails().len() >= 2).await;
    let mails = server.mails();
    assert_eq!(mails[0].header("Message-ID"), mails[1].header("Message-ID"));
}

#[actix_web::test]
async fn a_silent_mail_server_keeps_nobody_from_a_page_and_is_given_up_for_now() {
    let (app, amara) = TestApp::with_owner().await;
    app.appoint_operator(&amara);
    // Takes connections, and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}?tls=none", silent.local_addr().unwrap());
    let mut serving = Program::beside(&app).with("SMTP_URL", &url).serve().await;
    let here = serving.visited_by(&amara);
    let mateo = "mateo@harbourline.example";
    assert_eq!(here.post("/users", app.a_user("Mateo Silva").with("email", mateo)).await.status, 303);
    until("it is being sent", || state(&app, mateo) == "sending 1").await;
    for path in ["/users", "/users/new", "/profile", "/operator/mail"] {
        let started = Instant::now();
        assert_eq!(here.get(path).await.status, 200, "{path}");
        assert!(started.elapsed() < Duration::from_secs(3), "{path}: {:?}", started.elapsed());
    }
    assert_eq!(here.get("/operator/mail").await.texts("tbody .st"), ["Sending"]);

    until("it is given up for now", || state(&app, mateo) == "queued 1").await;
    assert!((40..=60).contains(&waits(&app, mateo)), "a minute");
    // Then there is no server at all.
    drop(silent);
    app.run("UPDATE outbox SET next_attempt_at = '2020-01-01 00:00:00'");
    until("it fails again", || state(&app, mateo) == "queued 2").await;
    let queue = here.get("/operator/mail").await;
    assert_eq!(queue.texts("tbody .st"), ["Waiting, attempt 2"]);
    let message = here.get(&queue.attrs("tbody th a", "href")[0]).await;
    assert!(message.says("Connection refused"), "{message:?}");
    assert_eq!(serving.stop().await, Some(0));
}

#[actix_web::test]
async fn several_workers_send_each_mail_once() {
    let (app, server) = with_server().await;
    let people = (0..24).map(|n| {
        let mut details = app.details(app.account, &format!("Person {n}"));
        details.email = format!("person{n}@harbourline.example");
        details
    });
    app.users_of(app.account, people.collect());
    let other = app.another_instance();
    let _workers = [&app.db, &other, &app.db].map(|db| Worker::start(&app.config, db));
    until("all are sent", || app.count("outbox WHERE state = 'sent' AND attempts = 1") == 24).await;
    let mut recipients: Vec<String> = server.mails().into_iter().flat_map(|mail| mail.to).collect();
    assert_eq!(recipients.len(), 24);
    recipients.sort();
    recipients.dedup();
    assert_eq!(recipients.len(), 24, "each once");
}

#[actix_web::test]
async fn a_claim_that_a_dead_worker_left_is_taken_up_when_its_time_is_over() {
    let (app, server) = with_server().await;
    welcome(&app, "Mateo Silva", "mateo@harbourline.example");
    welcome(&app, "Yara Haddad", "yara@harbourline.example");
    app.run("UPDATE outbox SET state = 'sending', attempts = 1, next_attempt_at = '2020-01-01 00:00:00' WHERE recipient LIKE 'mateo%'");
    app.run("UPDATE outbox SET state = 'sending', attempts = 1, next_attempt_at = '2100-01-01 00:00:00' WHERE recipient LIKE 'yara%'");
    let _worker = Worker::start(&app.config, &app.db);
    until("it is sent", || state(&app, "mateo@harbourline.example") == "sent 2").await;
    assert_eq!(state(&app, "yara@harbourline.example"), "sending 1", "another worker may be at it");
    assert_eq!(server.mails().len(), 1);
}

#[actix_web::test]
async fn without_a_mail_server_mail_waits_and_the_operator_reads_it() {
    let (app, amara) = TestApp::with_owner().await;
    app.appoint_operator(&amara);
    assert_eq!(amara.post("/users", app.a_user("Yara Haddad").with("email", "yara@haddad.example")).await.status, 303);
    seatkeeper::mail::run(&app.config, &app.db, &AtomicBool::new(false)).await.unwrap();
    assert_eq!(state(&app, "yara@haddad.example"), "queued 0");
    let page = amara.get("/operator/mail").await;
    assert!(page.says("No mail server is configured, so messages wait here."));
    assert_eq!(page.texts("tbody th"), ["Welcome to Harbourline"]);
    let message = amara.get(&page.attrs("tbody th a", "href")[0]).await;
    assert!(message.text("pre").contains("Username: yara.haddad"), "{message:?}");
}

#[actix_web::test]
async fn mail_comes_in_the_name_and_from_the_domain_of_its_account() {
    let server = MailServer::start();
    let app = TestApp::with(Setup {
        domain: Some("seats.harbourline.example"),
        smtp: Some(server.smtp.clone()),
        ..Setup::default()
    })
    .await;
    app.user("Mateo Silva", Role::Member);
    app.user_of(app.other_account, "Quentin Reed", |_| {});
    let _worker = Worker::start(&app.config, &app.db);
    until("both are sent", || app.count("outbox WHERE state = 'sent'") == 2).await;
    for mail in server.mails() {
        let is_ours = mail.to[0].contains("harbourline");
        let data = mail.data.replace("=\r\n", "");
        assert_eq!(mail.header("Subject").unwrap().contains("Harbourline"), is_ours);
        assert_eq!(data.contains(&app.config.url_at("seats.harbourline.example", "/sign-in")), is_ours, "{data}");
        assert_eq!(data.contains("Quillworks"), !is_ours);
    }
}

#[actix_web::test]
async fn what_was_sent_long_ago_is_dropped_and_nothing_else() {
    let app = TestApp::new().await;
    for (name, state, sent_at) in [
        ("long", "sent", "'2020-01-01 00:00:00'"),
        ("recently", "sent", "'2099-01-01 00:00:00'"),
        ("failed", "failed", "NULL"),
        ("waiting", "queued", "NULL"),
    ] {
        let email = format!("{name}@harbourline.example");
        welcome(&app, &format!("Mail {name}"), &email);
        app.run(&format!("UPDATE outbox SET state = '{state}', sent_at = {sent_at} WHERE recipient = '{email}'"));
    }
    app.db.write_now(seatkeeper::mail::purge).unwrap();
    let kept = app.texts("SELECT recipient AS t FROM outbox ORDER BY id");
    assert_eq!(kept, ["recently", "failed", "waiting"].map(|name| format!("{name}@harbourline.example")));
}

#[actix_web::test]
async fn what_is_not_saved_sends_nothing() {
    let (app, amara) = TestApp::with_owner().await;
    app.user_with("Mateo Silva", |details| details.username = "mateo".into());
    let queued = app.count("outbox");
    let adding = (0..4).map(|n| {
        let form =
            app.a_user("Eve Adams").with("email", format!("eve{n}@harbourline.example")).with("username", "mateo");
        let amara = amara.clone();
        async move { amara.post("/users", form).await.status }
    });
    assert_eq!(at_once(adding.collect()).await, [422; 4]);
    assert_eq!(app.count("outbox"), queued);
}
