//! Failed sign-ins slow down whoever guesses, and nobody else.

use crate::support::{Browser, PASSWORD, Person, Setup, TestApp, TestDatabase, at_once};
use diesel::connection::SimpleConnection;
use seatkeeper::access::{Actor, Role, Site, UserId};
use seatkeeper::clock;
use seatkeeper::db::Db;
use seatkeeper::error::{Error, Result};
use seatkeeper::sessions::{self, Attempt};
use seatkeeper::users::{self, Removal};

const ELSEWHERE: &str = "198.51.100.7";
const HOME: &str = "203.0.113.9";

async fn behind_a_proxy() -> (TestApp, Person) {
    let app = TestApp::with(Setup { proxy: true, ..Setup::default() }).await;
    let amara = app.knows(app.account, app.owner);
    (app, amara)
}

/// Guesses until one must wait; how many were looked at.
async fn guess(browser: &Browser, login: &str) -> usize {
    for guesses in 0..60 {
        match browser.try_sign_in(login, "not-the-password").await.status {
            422 => {}
            429 => return guesses,
            other => panic!("{other}"),
        }
    }
    panic!("{login} can be guessed at without end");
}

async fn signs_in(browser: &Browser, login: &str) -> bool {
    let status = browser.try_sign_in(login, PASSWORD).await.status;
    assert!([303, 429].contains(&status), "{status}");
    status == 303
}

/// As if guesses had come from very many networks.
fn guessed_from_everywhere(app: &TestApp) {
    app.run("UPDATE sign_in_failures SET failures = 5000");
}

#[actix_web::test]
async fn too_many_failures_must_wait_whether_or_not_the_address_exists() {
    let app = TestApp::new().await;
    let mateo = app.person("Mateo Silva", Role::Member).await;
    for login in [mateo.login.as_str(), "nobody@harbourline.example"] {
        for attempt in 0..5 {
            assert_eq!(app.visitor().try_sign_in(login, "not-the-password").await.status, 422, "{attempt}");
        }
        let page = app.visitor().try_sign_in(&login.to_uppercase(), PASSWORD).await;
        assert_eq!(page.status, 429, "{login}");
        let seconds: i64 = page.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=15).contains(&seconds), "{seconds}");
        assert!(page.says("Too many attempts"));
    }
    assert!(mateo.is_signed_in().await, "who is in stays in");
    let kept = app.texts("SELECT key_hash AS t FROM sign_in_failures");
    assert!(kept.iter().all(|key| key.len() == 64), "only hashes are kept: {kept:?}");
}

#[actix_web::test]
async fn of_guesses_sent_all_at_once_no_more_are_looked_at_than_are_free() {
    let app = TestApp::new().await;
    let login = app.find(app.owner).details.email;
    let guesses = (0..20).map(|n| {
        let (visitor, login) = (app.visitor(), login.clone());
        async move { visitor.try_sign_in(&login, &format!("wrong-guess-{n}")).await.status }
    });
    let answers = at_once(guesses.collect()).await;
    let looked_at = answers.iter().filter(|status| **status == 422).count();
    let refused = answers.iter().filter(|status| **status == 429).count();
    assert!((1..=5).contains(&looked_at), "{answers:?}");
    assert_eq!(looked_at + refused, 20, "{answers:?}");
}

#[actix_web::test]
async fn a_right_password_forgets_the_failures_of_the_name() {
    let app = TestApp::new().await;
    let mateo = app.knows(app.account, app.user("Mateo Silva", Role::Member));
    for _ in 0..3 {
        for _ in 0..4 {
            assert_eq!(app.visitor().try_sign_in(&mateo.login, "not-the-password").await.status, 422);
        }
        app.visitor().sign_in(&mateo.login, PASSWORD, None).await;
    }
}

#[actix_web::test]
async fn whoever_shares_an_address_does_not_clear_the_others_failures() {
    let app = TestApp::new().await;
    let email = "mateo@silva.example";
    app.user_with("Mateo Silva", |details| details.email = email.into());
    let twin = app.user_of(app.other_account, "Mateo Silva", |details| details.email = email.into());
    let other = seatkeeper::sessions::Passwords::new(4).hash_now("copper-meadow-17").unwrap();
    let system = seatkeeper::access::Actor::system(app.other_account);
    app.db.write_now(|conn| seatkeeper::users::set_password(conn, &system, twin, &other)).unwrap();
    let mut answers = vec![];
    for _ in 0..3 {
        for _ in 0..4 {
            answers.push(app.visitor().try_sign_in(email, "a-guess-at-ours").await.status);
        }
        answers.push(app.visitor().try_sign_in(email, "copper-meadow-17").await.status);
    }
    assert!(answers.contains(&429), "{answers:?}");
}

#[actix_web::test]
async fn guessing_many_names_from_one_address_must_wait_too() {
    let app = TestApp::new().await;
    let visitor = app.visitor();
    for n in 0..50 {
        assert_eq!(visitor.try_sign_in(&format!("guess{n}@harbourline.example"), "a-guess").await.status, 422, "{n}");
    }
    assert_eq!(visitor.try_sign_in("guess50@harbourline.example", "a-guess").await.status, 429);
}

#[actix_web::test]
async fn guesses_from_elsewhere_make_nobody_wait() {
    let (app, amara) = behind_a_proxy().await;
    let mallory = app.visitor().from(ELSEWHERE);
    assert_eq!(guess(&mallory, &amara.login).await, 5);
    assert!(!signs_in(&mallory, &amara.login).await);
    assert!(signs_in(&app.visitor().from(HOME), &amara.login).await, "she has never been here, and comes in");
    assert!(!signs_in(&app.visitor().from(ELSEWHERE), &amara.login).await, "her sign-in gave him no new guesses");
}

#[actix_web::test]
async fn a_browser_one_has_signed_in_with_waits_for_nobodys_guesses() {
    let (app, amara) = behind_a_proxy().await;
    amara.from(HOME).sign_in(&amara.login, PASSWORD, None).await;
    let mallory = app.visitor().from(HOME);
    guess(&mallory, &amara.login).await;
    for n in 0..45 {
        mallory.try_sign_in(&format!("guess{n}@harbourline.example"), "a-guess").await;
    }
    assert!(!signs_in(&app.visitor().from(HOME), "zora.quill@quillworks.example").await, "the whole network waits");
    guessed_from_everywhere(&app);
    assert!(!signs_in(&app.visitor().from(ELSEWHERE), &amara.login).await, "whoever is not known waits");
    assert!(signs_in(&amara.from(HOME), &amara.login).await);
    assert!(signs_in(&amara.from(ELSEWHERE), &amara.login.to_uppercase()).await, "in whatever network");
}

#[actix_web::test]
async fn a_known_browser_has_few_guesses_and_only_at_its_own_name() {
    let (app, amara) = behind_a_proxy().await;
    let mateo = app.person("Mateo Silva", Role::Member).await;
    assert_eq!(guess(&mateo, &mateo.login).await, 5, "a stolen laptop guesses no more than others");
    assert_eq!(guess(&mateo, &amara.login).await, 5, "nor does being known as oneself help against another");
    guessed_from_everywhere(&app);
    assert!(!signs_in(&mateo, &amara.login).await);
    for forged in ["", "x", "nonsense.nonsense", &mateo.cookie("session").unwrap(), &"A".repeat(200)] {
        let mallory = app.visitor();
        mallory.set_cookie("known", forged);
        assert!(!signs_in(&mallory, &amara.login).await, "{forged}");
    }
}

#[actix_web::test]
async fn a_name_guessed_at_from_very_many_networks_waits_where_it_is_not_known() {
    let (app, amara) = behind_a_proxy().await;
    for n in 0..200 {
        let mallory = app.visitor().from(&format!("10.0.{n}.1"));
        assert_eq!(mallory.try_sign_in(&amara.login, "not-the-password").await.status, 422, "{n}");
    }
    assert!(!signs_in(&app.visitor().from("10.1.0.1"), &amara.login).await);
}

#[actix_web::test]
async fn nobody_chooses_the_network_they_guess_from() {
    let app = TestApp::new().await;
    let login = app.find(app.owner).details.email;
    let mut statuses = vec![];
    for n in 0..6 {
        let mallory = app.visitor().from(&format!("10.0.{n}.1"));
        statuses.push(mallory.try_sign_in(&login, "not-the-password").await.status);
    }
    assert_eq!(statuses, [422, 422, 422, 422, 422, 429], "no proxy is trusted here");
}

#[actix_web::test]
async fn whoever_is_signed_in_confirms_with_their_password_whatever_others_guess() {
    let (app, amara) = behind_a_proxy().await;
    amara.from(HOME).sign_in(&amara.login, PASSWORD, None).await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let mallory = app.visitor().from(HOME);
    for n in 0..51 {
        mallory.try_sign_in(&format!("guess{n}@harbourline.example"), "a-guess").await;
    }
    let form = |password: &'static str| [("role", "owner"), ("own_password", password)];
    let path = format!("/users/{mateo}/role");
    let here = amara.from(HOME);
    for _ in 0..4 {
        assert_eq!(here.post(&path, form("a-guess")).await.status, 422);
    }
    assert_eq!(here.post(&path, form(PASSWORD)).await.status, 303);
    let path = format!("/users/{}/role", app.user("Nora Lind", Role::Member));
    for _ in 0..5 {
        assert_eq!(here.post(&path, form("a-guess")).await.status, 422);
    }
    assert_eq!(here.post(&path, form(PASSWORD)).await.status, 429, "a stolen session guesses no password");
}

#[actix_web::test]
async fn every_failed_sign_in_costs_the_same_work() {
    let app = TestApp::new().await;
    app.user_with("Mateo Silva", |details| details.username = "mateo".into());
    app.user_with("Dina Ott", |details| details.status = users::Status::Disabled);
    let nora = app.user("Nora Lind", Role::Member);
    app.run(&format!("DELETE FROM credentials WHERE user_id = {nora}"));
    app.user_with("Jonas Twin", |details| details.username = "twin".into());
    app.user_of(app.other_account, "Jonas Twin", |details| details.username = "twin".into());
    let logins = [
        "nobody@harbourline.example",
        "nobody",
        "mateo.silva@harbourline.example",
        "mateo",
        "dina.ott@harbourline.example",
        "nora.lind@harbourline.example",
        "twin",
    ];
    for login in logins {
        let before = app.passwords.made();
        assert_eq!(app.visitor().try_sign_in(login, "not-the-password").await.status, 422, "{login}");
        assert_eq!(app.passwords.made() - before, 1, "{login}");
    }
}

#[actix_web::test]
async fn of_who_is_erased_not_even_the_failures_are_left() {
    let (app, _) = behind_a_proxy().await;
    let mateo = app.person("Mateo Silva", Role::Member).await;
    for browser in [&mateo.from(HOME), &app.visitor().from(HOME), &app.visitor().from(ELSEWHERE)] {
        browser.try_sign_in(&mateo.login, "not-the-password").await;
    }
    assert_eq!(app.count("sign_in_failures"), 7, "known; twice here; everywhere; two networks, and the test's own");
    erase(&app, mateo.id);
    assert_eq!(app.count("sign_in_failures"), 3, "the networks, which are nobody's");
}

fn erase(app: &TestApp, id: UserId) {
    let removal = Removal { heir: None, erase_at: clock::now() };
    let system = Actor::system(app.account);
    app.db.write_now(|conn| users::delete(conn, &app.config, &system, id, &removal)).unwrap();
    app.db.write_now(|conn| users::erase_due(conn, app.account)).unwrap();
    assert_eq!(app.count(&format!("users WHERE id = {id}")), 0);
}

/// An attempt of a browser that is not known, below the pages.
fn attempt(name: &str, address: &str) -> Attempt {
    Attempt::to_sign_in(Site::Shared, name, address, None)
}

fn begin(db: &Db, name: &str, address: &str) -> Result<()> {
    db.write_now(|conn| attempt(name, address).begin(conn))
}

fn must_wait(done: Result<()>) -> bool {
    matches!(done, Err(Error::TooMany { .. }))
}

#[test]
fn what_was_right_is_taken_back_from_the_network_too() {
    let database = TestDatabase::migrated();
    let db = database.open();
    for n in 0..60 {
        let name = format!("name{n}");
        begin(&db, &name, HOME).unwrap_or_else(|error| panic!("{n}: {error}"));
        db.write_now(|conn| attempt(&name, HOME).succeed(conn, n % 2 == 0)).unwrap();
    }
}

#[test]
fn the_addresses_of_one_ipv6_network_count_as_one() {
    let database = TestDatabase::migrated();
    let db = database.open();
    for n in 0..50 {
        begin(&db, &format!("name{n}"), &format!("2001:db8:1:2::{n:x}")).unwrap();
    }
    assert!(must_wait(begin(&db, "one more", "2001:db8:1:2:ffff:ffff:ffff:ffff")));
    begin(&db, "a neighbour", "2001:db8:1:3::1").unwrap();
}

#[test]
fn what_is_over_is_purged_and_nothing_else() {
    let database = TestDatabase::migrated();
    let db = database.open();
    for _ in 0..5 {
        begin(&db, "old", HOME).unwrap();
    }
    db.write_now(|conn| Ok(conn.batch_execute("UPDATE sign_in_failures SET since = '2020-01-01 00:00:00'")?)).unwrap();
    for _ in 0..5 {
        begin(&db, "new", ELSEWHERE).unwrap();
    }
    db.write_now(sessions::purge).unwrap();
    begin(&db, "old", HOME).unwrap();
    assert!(must_wait(begin(&db, "new", ELSEWHERE)), "what is recent is remembered");
}
