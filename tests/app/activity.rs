//! What every write leaves behind.

use crate::support::{NOTHING, PASSWORD, Person, TestApp};
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web;
use seatkeeper::access::{Role, UserId};
use seatkeeper::activity;
use seatkeeper::app::{self, App};
use seatkeeper::config::Config;
use seatkeeper::users::Status;

/// Who did what to whom since the last look, as "actor action object".
struct Log(i64);

impl Log {
    fn from_now(app: &TestApp) -> Self {
        Log(app.count("activity"))
    }

    fn new_entries(&mut self, app: &TestApp) -> Vec<String> {
        let all = app.texts(
            "SELECT COALESCE(CAST(actor_id AS TEXT), 'system') || ' ' || action || ' ' || CAST(object_id AS TEXT) AS t
             FROM activity ORDER BY id",
        );
        let new = all[self.0 as usize..].to_vec();
        self.0 = all.len() as i64;
        new
    }
}

fn entry(actor: &Person, action: &str, object: UserId) -> Vec<String> {
    vec![format!("{} {action} {object}", actor.id)]
}

/// The changed fields of the newest entry.
fn changes(app: &TestApp) -> Vec<serde_json::Value> {
    let text = app.texts("SELECT changes AS t FROM activity ORDER BY id DESC LIMIT 1").remove(0);
    serde_json::from_str(&text).unwrap()
}

#[actix_web::test]
async fn every_write_leaves_one_entry_that_says_who_and_whom() {
    let (app, amara) = TestApp::with_owner().await;
    let mut log = Log::from_now(&app);
    amara.post("/users", app.a_user("Mateo Silva")).await;
    let mateo = app.find_by_name("Mateo Silva").id;
    assert_eq!(log.new_entries(&app), entry(&amara, "user.added", mateo));

    let path = format!("/users/{mateo}");
    let form = amara.get(&path).await.form("#user").with("job_title", "Lead").with("role", "agent");
    amara.post(&path, form).await;
    assert_eq!(log.new_entries(&app), entry(&amara, "user.edited", mateo));
    let fields: Vec<_> = changes(&app).iter().map(|change| change["field"].as_str().unwrap().to_owned()).collect();
    assert_eq!(fields, ["job_title", "role"]);
    assert_eq!((&changes(&app)[1]["before"], &changes(&app)[1]["after"]), (&"member".into(), &"agent".into()));

    for (status, action) in [("disabled", "user.disabled"), ("enabled", "user.enabled")] {
        amara.post(&format!("{path}/status"), [("status", status)]).await;
        assert_eq!(log.new_entries(&app), entry(&amara, action, mateo));
    }

    let visitor = app.visitor();
    visitor.sign_in("mateo.silva", PASSWORD, None).await;
    assert_eq!(log.new_entries(&app), [format!("{mateo} session.started {mateo}")]);
    visitor.post("/sign-out", NOTHING).await;
    assert_eq!(log.new_entries(&app), [format!("{mateo} session.ended {mateo}")]);
}

#[actix_web::test]
async fn what_is_refused_leaves_no_entry() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user_with("Mateo Silva", |details| details.username = "mateo".into());
    let mut log = Log::from_now(&app);
    amara.post("/users", app.a_user("Eve Adams").with("username", "mateo")).await;
    amara.post("/users", app.a_user("Eve Adams").with("phone", "x")).await;
    let path = format!("/users/{mateo}");
    let form = amara.get(&path).await.form("#user").with("email", &amara.login);
    assert_eq!(amara.post(&path, form).await.status, 422);
    amara.post(&format!("{}/status", amara.path()), [("status", "disabled")]).await;
    app.visitor().try_sign_in(&amara.login, "not-the-password").await;
    assert_eq!(log.new_entries(&app), Vec::<String>::new());
}

#[actix_web::test]
async fn the_log_holds_nobodys_name_address_or_password_in_clear() {
    let (app, amara) = TestApp::with_owner().await;
    let form = app
        .a_user("Mateo Silva")
        .with("email", "mateo@silva.example")
        .with("phone", "+14158360148")
        .with("company", "Nordwind")
        .with("job_title", "Night shift lead")
        .with("phone_ext", "77104")
        .with("ext_phone", "+14158360149");
    assert_eq!(amara.post("/users", form).await.status, 303);
    let mateo = app.find_by_name("Mateo Silva").id;
    let path = format!("/users/{mateo}");
    let form = amara
        .get(&path)
        .await
        .form("#user")
        .with("email", "mateo@elsewhere.example")
        .with("password", "copper-meadow-17");
    assert_eq!(amara.post(&path, form).await.status, 303);
    app.visitor().sign_in("mateo@elsewhere.example", "copper-meadow-17", None).await;
    let log = app.texts(&activity_as_text()).join("\n");
    assert!(log.contains("user.added") && log.contains("session.started"));
    for personal in [
        "Mateo",
        "mateo",
        "Silva",
        "silva",
        "elsewhere",
        "4158360148",
        "4158360149",
        "77104",
        "Nordwind",
        "Night shift",
        "127.0.0.1",
        PASSWORD,
        "copper-meadow",
        "$2b$",
        "Amara",
        "harbourline",
    ] {
        assert!(!log.contains(personal), "{personal} stands in the log");
    }
}

/// In process, since the test's own server has no proxy in front of it.
#[actix_web::test]
async fn an_entry_says_from_where_and_what_under_the_persons_key() {
    let app = TestApp::new().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let form = app.browse_as(app.account, app.owner).await.get(&format!("/users/{mateo}")).await.form("#user");
    let config = Config { trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()], ..app.config.clone() };
    let served = web::Data::new(App::new(config, app.db.clone()).unwrap());
    let service = init_service(app::build(served)).await;
    let login = app.find(app.owner).details.email;
    let host = app.config.listen.to_string();
    let post = |path: &str| {
        let request = TestRequest::post().uri(path).peer_addr("127.0.0.1:9".parse().unwrap());
        let request = request.insert_header(("host", host.as_str()));
        let request = request.insert_header(("origin", format!("http://{host}")));
        request.insert_header(("x-forwarded-for", "10.9.9.9, 198.51.100.7"))
    };
    let signed_in = call_service(
        &service,
        post("/sign-in").set_form([("login", login.as_str()), ("password", PASSWORD)]).to_request(),
    )
    .await;
    let cookie = signed_in.response().cookies().find(|cookie| cookie.name() == "session").unwrap().into_owned();
    let fields: Vec<(String, String)> = form.with("job_title", "Lead").into_iter().collect();
    let request = post(&format!("/users/{mateo}")).cookie(cookie).set_form(fields).to_request();
    assert_eq!(call_service(&service, request).await.status().as_u16(), 303);

    let open = |person: UserId, sealed: &str| {
        app.db.read_now(|conn| activity::open(conn, app.account, person, sealed)).unwrap()
    };
    for action in ["session.started", "user.edited"] {
        let sealed =
            app.texts(&format!("SELECT address AS t FROM activity WHERE action = '{action}' ORDER BY id DESC LIMIT 1"));
        assert_eq!(open(app.owner, &sealed[0]), "198.51.100.7", "{action}");
    }
    let change = changes(&app).remove(0);
    assert_eq!((&change["field"], &change["sealed"]), (&"job_title".into(), &true.into()));
    assert_eq!(open(mateo, change["before"].as_str().unwrap()), "");
    assert_eq!(open(mateo, change["after"].as_str().unwrap()), "Lead");
}

fn activity_as_text() -> String {
    crate::support::tables().iter().find(|table| table.name == "activity").unwrap().rows_as_text()
}

#[actix_web::test]
async fn an_entry_that_cannot_be_written_undoes_the_write() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    // Without the sealing key there is no entry.
    app.run(&format!("DELETE FROM person_keys WHERE user_id = {mateo}"));
    let before = app.everything();
    let page = amara.post(&format!("/users/{mateo}/status"), [("status", "disabled")]).await;
    assert_ne!(page.status, 303, "{page:?}");
    let form = amara.get(&format!("/users/{mateo}")).await.form("#user").with("job_title", "Lead");
    assert_ne!(amara.post(&format!("/users/{mateo}"), form).await.status, 303);
    assert_eq!(app.everything(), before);
    assert_eq!(app.find(mateo).details.status, Status::Enabled);
    assert_eq!(app.differences(), Vec::<String>::new());
}
