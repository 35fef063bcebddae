//! Signing in and out.

mod starting;

use crate::support::{Browser, NOTHING, PASSWORD, Page, Setup, TestApp};
use actix_web::cookie::{Cookie, CookieJar, Key};
use seatkeeper::access::{Actor, Role};
use seatkeeper::sessions::Passwords;
use seatkeeper::users::{self, Status};
use sha2::{Digest, Sha256};

const WRONG: &str = "The email, username or password is wrong. Check them and try again.";
const DISABLED: &str = "This user is disabled and can't sign in. Ask an admin of your account.";
const OURS: &str = "seats.harbourline.example";
const THEIRS: &str = "people.quillworks.example";

async fn with_domains() -> TestApp {
    TestApp::with(Setup { domain: Some(OURS), other_domain: Some(THEIRS), ..Setup::default() }).await
}

#[actix_web::test]
async fn an_email_or_a_username_signs_in_upper_and_lower_case_alike() {
    let app = TestApp::new().await;
    app.user_with("Mateo Silva", |details| details.username = "Mateo.S".into());
    for login in ["mateo.silva@harbourline.example", "  MATEO.Silva@Harbourline.EXAMPLE ", "mateo.s", "MATEO.S"] {
        let mateo = app.visitor();
        let page = mateo.try_sign_in(login, PASSWORD).await;
        assert_eq!((page.status, page.location.as_deref()), (303, Some("/")), "{login}");
        assert!(mateo.is_signed_in().await, "{login}");
    }
}

#[actix_web::test]
async fn a_wrong_password_and_an_unknown_address_read_the_same() {
    let app = TestApp::new().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let disabled = app.user_with("Dina Ott", |details| details.status = Status::Disabled);
    app.run(&format!("DELETE FROM credentials WHERE user_id = {}", app.user("Nora Lind", Role::Member)));
    let try_as = async |login: &str| {
        let page = app.visitor().try_sign_in(login, "not-the-password").await;
        assert_eq!((page.status, page.error("login").as_deref()), (422, Some(WRONG)), "{login}");
        assert_eq!(page.value("login"), login);
        page.html.replace(login, "…")
    };
    let unknown = try_as("nobody@harbourline.example").await;
    for id in [mateo, disabled] {
        assert_eq!(try_as(&app.find(id).details.email).await, unknown);
    }
    assert_eq!(try_as("nora.lind@harbourline.example").await, unknown, "a user without a password");
    assert_eq!(try_as("nobody").await, unknown, "a username");
}

#[actix_web::test]
async fn blank_fields_are_told_and_a_password_is_never_sent_back() {
    let app = TestApp::new().await;
    let page = app.visitor().post("/sign-in", NOTHING).await;
    assert_eq!((page.status, page.fields_with_errors()), (422, vec!["login".to_owned(), "password".to_owned()]));
    let page = app.visitor().try_sign_in("mateo", "secret-typed-password").await;
    assert!(!page.html.contains("secret-typed-password"), "{page:?}");
    let page = app.visitor().get("/sign-in?login=mateo&password=secret-typed-password").await;
    assert!(!page.html.contains("secret-typed-password"), "{page:?}");
}

#[actix_web::test]
async fn only_the_right_password_learns_that_a_user_is_disabled() {
    let app = TestApp::new().await;
    let dina = app.user_with("Dina Ott", |details| details.status = Status::Disabled);
    let login = app.find(dina).details.email;
    let page = app.visitor().try_sign_in(&login, PASSWORD).await;
    assert_eq!((page.status, page.error("login").as_deref()), (422, Some(DISABLED)));
    let page = app.visitor().try_sign_in(&login, "not-the-password").await;
    assert_eq!((page.status, page.error("login").as_deref()), (422, Some(WRONG)));
    assert_eq!(app.count("sessions"), 0);
}

#[actix_web::test]
async fn the_password_decides_between_accounts_that_share_an_address() {
    let app = TestApp::new().await;
    let email = "mateo@silva.example";
    let ours = app.user_with("Mateo Silva", |details| details.email = email.into());
    let theirs = app.user_of(app.other_account, "Mateo Silva", |details| details.email = email.into());
    // Both have the same password: which account is asked.
    let mateo = app.visitor();
    let page = mateo.try_sign_in(email, PASSWORD).await;
    assert_eq!((page.status, page.texts("label.tick")), (200, vec!["Harbourline".to_owned(), "Quillworks".to_owned()]));
    assert_eq!(app.count("sessions"), 0);
    let form = page.form("form").with("password", PASSWORD).with("account", app.other_account.0);
    assert_eq!(mateo.post("/sign-in", form).await.status, 303);
    assert_eq!(app.number("SELECT user_id AS n FROM sessions"), theirs.0);
    // Another one for ours: no question any more.
    let hash =
        app.texts(&format!("SELECT password_hash AS t FROM credentials WHERE user_id = {}", app.owner.0)).remove(0);
    app.run(&format!("DELETE FROM sessions; UPDATE credentials SET password_hash = '{hash}' WHERE user_id = {ours}"));
    let other = Passwords::new(4).hash_now("copper-meadow-17").unwrap();
    let system = Actor::system(app.other_account);
    app.db.write_now(|conn| users::set_password(conn, &system, theirs, &other)).unwrap();
    for (password, id) in [(PASSWORD, ours), ("copper-meadow-17", theirs)] {
        assert_eq!(app.visitor().try_sign_in(email, password).await.status, 303);
        assert_eq!(app.number("SELECT user_id AS n FROM sessions"), id.0);
        app.run("DELETE FROM sessions");
    }
}

#[actix_web::test]
async fn an_account_that_was_not_offered_cannot_be_chosen() {
    let app = TestApp::new().await;
    let amara = app.visitor();
    let fields = [("login", "amara.okafor@harbourline.example"), ("password", PASSWORD)];
    let forged = fields.into_iter().chain([("account", "1")]);
    assert_eq!(amara.post("/sign-in", forged).await.status, 303);
    assert_eq!(app.number("SELECT account_id AS n FROM sessions"), app.account.0);
}

#[actix_web::test]
async fn a_username_of_two_accounts_signs_in_on_their_own_domains_only() {
    let app = with_domains().await;
    let ours = app.user_with("Mateo Silva", |details| details.username = "mateo".into());
    assert_eq!(app.visitor().try_sign_in("mateo", PASSWORD).await.status, 303, "one account has it: no doubt");
    app.run("DELETE FROM sessions");
    let theirs = app.user_of(app.other_account, "Mateo Silva", |details| details.username = "mateo".into());
    let page = app.visitor().try_sign_in("mateo", PASSWORD).await;
    assert_eq!((page.status, page.error("login").as_deref()), (422, Some(WRONG)));
    for (host, id) in [(OURS, ours), (THEIRS, theirs)] {
        let mateo = app.visitor().at(host);
        assert_eq!(mateo.try_sign_in("MATEO", PASSWORD).await.status, 303, "{host}");
        assert_eq!(app.number("SELECT user_id AS n FROM sessions"), id.0);
        assert!(mateo.is_signed_in().await);
        app.run("DELETE FROM sessions");
    }
}

#[actix_web::test]
async fn a_domain_lets_in_nobody_of_another_account() {
    let app = with_domains().await;
    let zora = app.knows(app.other_account, app.other_owner);
    let page = app.visitor().at(OURS).try_sign_in(&zora.login, PASSWORD).await;
    assert_eq!((page.status, page.error("login").as_deref()), (422, Some(WRONG)));
    let zora = app.stranger().await;
    assert!(zora.is_signed_in().await);
    assert!(zora.at(THEIRS).is_signed_in().await);
    assert!(!zora.at(OURS).is_signed_in().await, "not even with a session");
    assert_eq!(zora.at(OURS).get("/sign-in").await.status, 200);
}

#[actix_web::test]
async fn an_account_that_left_the_shared_host_signs_in_on_its_domain_only() {
    let setup = Setup { shared_host: false, domain: Some(OURS), ..Setup::default() };
    let (app, amara) = TestApp::with_owner_and(setup).await;
    assert!(amara.at(OURS).is_signed_in().await);
    assert!(!amara.is_signed_in().await);
    let page = app.visitor().try_sign_in(&amara.login, PASSWORD).await;
    assert_eq!((page.status, page.error("login").as_deref()), (422, Some(WRONG)));
}

#[actix_web::test]
async fn signing_out_ends_the_session_on_the_server() {
    let (app, amara) = TestApp::with_owner().await;
    let kept = amara.cookie("session").unwrap();
    let elsewhere = app.browse_as(app.account, app.owner).await;
    let page = amara.post("/sign-out", NOTHING).await;
    assert_eq!(page.location.as_deref(), Some("/sign-in"));
    assert_eq!(amara.cookie("session"), None, "the cookie is taken back");
    assert_eq!(app.count("sessions"), 1);
    let thief = app.visitor();
    thief.set_cookie("session", &kept);
    assert!(!thief.is_signed_in().await, "a copy of the cookie is worthless");
    assert!(elsewhere.is_signed_in().await, "other sessions go on");
}

#[actix_web::test]
async fn the_cookie_is_kept_from_scripts_and_other_sites() {
    let app = TestApp::new().await;
    let page = app.visitor().try_sign_in(&app.find(app.owner).details.email, PASSWORD).await;
    let cookie = session_cookie(&page, "session");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"), "{cookie}");
    assert!(!cookie.contains("Domain") && !cookie.contains("Secure"), "{cookie}");

    let app = TestApp::with(Setup { base_url: Some("https://seats.example"), ..Setup::default() }).await;
    let page = app.visitor().at("seats.example").try_sign_in(&app.find(app.owner).details.email, PASSWORD).await;
    let cookie = session_cookie(&page, "__Host-session");
    assert!(cookie.contains("Secure") && cookie.contains("HttpOnly") && cookie.contains("Path=/"), "{cookie}");
}

/// A browser that carries these cookies, as one does over https: reqwest would not send them over http.
async fn with_cookies(browser: &Browser, method: reqwest::Method, path: &str, cookies: &str) -> Page {
    let request = browser.request(method, path).header("cookie", cookies).header("sec-fetch-site", "same-origin");
    let form = "application/x-www-form-urlencoded";
    browser.send(request.header("content-type", form).body("scheme=dark&status=disabled")).await
}

#[actix_web::test]
async fn over_https_no_neighbour_can_plant_a_cookie() {
    let app = TestApp::with(Setup { base_url: Some("https://seats.example"), ..Setup::default() }).await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let here = app.visitor().at("seats.example");
    let signed_in = here.try_sign_in(&app.find(app.owner).details.email, PASSWORD).await;
    let session = session_cookie(&signed_in, "__Host-session").split(';').next().unwrap().to_owned();
    let status = format!("/users/{mateo}/status");
    let told = with_cookies(&here, reqwest::Method::POST, &status, &session).await;
    let dark = with_cookies(&here, reqwest::Method::POST, "/scheme", &session).await;
    let mut names = std::collections::BTreeSet::new();
    for page in [&signed_in, &told, &dark] {
        for cookie in page.set_cookies() {
            names.insert(cookie.split('=').next().unwrap().to_owned());
            for flag in ["HttpOnly", "SameSite=Lax", "Path=/", "Secure"] {
                assert!(cookie.contains(flag), "{cookie}");
            }
            assert!(cookie.starts_with("__Host-") && !cookie.contains("Domain"), "{cookie}");
        }
    }
    let all = ["flash", "known", "scheme", "session"].map(|name| format!("__Host-{name}"));
    assert_eq!(names.into_iter().collect::<Vec<_>>(), all);
    let flash = session_cookie(&told, "__Host-flash").split(';').next().unwrap().to_owned();
    for (planted, notes) in [(flash.clone(), 1), (flash.replace("__Host-", ""), 0)] {
        let page = with_cookies(&here, reqwest::Method::GET, "/users", &format!("{session}; {planted}")).await;
        assert_eq!((page.status, page.count("main .note.flash")), (200, notes), "{planted}");
    }
}

fn session_cookie(page: &Page, name: &str) -> String {
    let cookies = page.set_cookies();
    let found = cookies.iter().find(|cookie| cookie.starts_with(&format!("{name}=")));
    found.unwrap_or_else(|| panic!("no {name} in {cookies:?}")).to_string()
}

/// The key in the browser's cookie, which only the server can open.
fn key_of(browser: &Browser, app: &TestApp) -> String {
    let mut jar = CookieJar::new();
    let value = browser.cookie("session").unwrap();
    let decoded = percent_encoding::percent_decode_str(&value).decode_utf8().unwrap().into_owned();
    jar.add_original(Cookie::new("session", decoded));
    let opened = jar.private(&Key::from(&app.config.cookie_key)).get("session").expect("sealed by this server");
    opened.value().to_owned()
}

#[actix_web::test]
async fn only_a_hash_of_the_key_is_stored() {
    let (app, amara) = TestApp::with_owner().await;
    let key = key_of(&amara, &app);
    assert_eq!(key.len(), 64, "32 random bytes");
    assert_eq!(app.texts("SELECT key_hash AS t FROM sessions"), [hex::encode(Sha256::digest(key.as_bytes()))]);
    assert!(!app.texts(&sessions_as_text()).concat().contains(&key));
}

fn sessions_as_text() -> String {
    let tables = crate::support::tables();
    tables.iter().find(|table| table.name == "sessions").unwrap().rows_as_text()
}

#[actix_web::test]
async fn the_key_is_a_new_one_at_each_sign_in() {
    let (app, amara) = TestApp::with_owner().await;
    let first = key_of(&amara, &app);
    amara.sign_in(&amara.login, PASSWORD, None).await;
    assert_ne!(key_of(&amara, &app), first, "whoever knew the key before does not know this one");
    let mallory = app.visitor();
    mallory.set_cookie("session", "planted");
    mallory.sign_in(&amara.login, PASSWORD, None).await;
    assert_ne!(mallory.cookie("session").as_deref(), Some("planted"));
}

#[actix_web::test]
async fn a_forged_or_expired_session_is_none() {
    let (app, amara) = TestApp::with_owner().await;
    let stranger = app.visitor();
    for forged in ["x", "", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "%00"] {
        stranger.set_cookie("session", forged);
        assert!(!stranger.is_signed_in().await, "{forged}");
    }
    app.run("UPDATE sessions SET expires_at = '2020-01-01 00:00:00'");
    assert!(amara.get("/users").await.sends_to_sign_in());
}

#[actix_web::test]
async fn one_comes_back_to_where_one_wanted_to_go() {
    let app = TestApp::new().await;
    let amara = app.visitor();
    let page = amara.get("/users?q=mateo&sort=-created").await;
    let back = "/sign-in?back=%2Fusers%3Fq%3Dmateo%26sort%3D-created";
    assert_eq!((page.status, page.location.as_deref()), (303, Some(back)));
    let form = amara.follow(&page).await.form("form");
    let login = app.find(app.owner).details.email;
    let page = amara.post("/sign-in", form.with("login", login).with("password", PASSWORD)).await;
    assert_eq!(page.location.as_deref(), Some("/users?q=mateo&sort=-created"));
    assert_eq!(amara.get("/sign-in?back=%2Fprofile").await.location.as_deref(), Some("/profile"), "already in");
}

#[actix_web::test]
async fn back_never_leads_to_another_site() {
    let (app, amara) = TestApp::with_owner().await;
    for evil in [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil.example",
        " //evil.example",
        "/%0d%0aSet-Cookie:x=y\r\nX: y",
    ] {
        let fields = [("login", amara.login.as_str()), ("password", PASSWORD), ("back", evil)];
        let page = app.visitor().post("/sign-in", fields).await;
        assert_eq!((page.status, page.location.as_deref()), (303, Some("/")), "{evil}");
        let page = app.visitor().post("/scheme", [("scheme", "dark"), ("back", evil)]).await;
        assert_eq!(page.location.as_deref(), Some("/"), "{evil}");
        let query: String = url::form_urlencoded::byte_serialize(evil.as_bytes()).collect();
        let page = amara.get(&format!("/sign-in?back={query}")).await;
        assert_eq!(page.location.as_deref(), Some("/"), "{evil}");
        let page = amara.post("/users", app.a_user(&format!("User {}", evil.len())).with("back", evil)).await;
        assert!(page.location.is_none_or(|to| to.starts_with("/users")), "{evil}");
    }
}

#[actix_web::test]
async fn a_removed_user_is_out_at_once() {
    let app = TestApp::new().await;
    let mateo = app.person("Mateo Silva", Role::Member).await;
    app.set_status(mateo.id, Status::Disabled);
    assert!(!mateo.is_signed_in().await);
    app.set_status(mateo.id, Status::Enabled);
    assert!(!mateo.is_signed_in().await, "being enabled again brings no session back");
    mateo.sign_in(&mateo.login, PASSWORD, None).await;
    assert!(mateo.is_signed_in().await);
    for status in ["disabled", "pending"] {
        app.run(&format!("UPDATE users SET status = '{status}' WHERE id = {}", mateo.id));
        assert!(!mateo.is_signed_in().await, "{status}: though the session is there");
    }
    assert_eq!(app.count("sessions"), 1);
}

#[actix_web::test]
async fn a_page_is_shown_where_the_last_activity_cannot_be_noted() {
    let (app, amara) = TestApp::with_owner().await;
    app.run("UPDATE sessions SET last_seen = '2020-01-01 00:00:00'");
    app.browse_as(app.account, app.owner).await;
    // The other session is recent already, and no two may be.
    app.run("CREATE UNIQUE INDEX one_recent ON sessions ((CASE WHEN last_seen > '2021-01-01' THEN 1 END))");
    assert_eq!(amara.get("/users").await.status, 200);
    assert_eq!(app.count("sessions WHERE last_seen < '2021-01-01'"), 1, "it could not be noted indeed");
}

#[actix_web::test]
async fn working_keeps_a_session_and_the_last_activity_fresh() {
    let (app, amara) = TestApp::with_owner().await;
    let version = app.find(amara.id).version;
    app.run(
        "UPDATE sessions SET last_seen = '2020-01-01 00:00:00', expires_at = '2099-01-01 00:00:00';
         UPDATE users SET last_activity = '2020-01-01 00:00:00'",
    );
    assert!(amara.is_signed_in().await);
    assert_eq!(
        app.count("sessions WHERE expires_at > '2098-01-01'"),
        0,
        "it ends so long after this, whatever it said"
    );
    let user = app.find(amara.id);
    assert!(seatkeeper::clock::now() - user.last_activity < chrono::Duration::minutes(1));
    assert_eq!(user.version, version, "no edit in progress is disturbed");
}
