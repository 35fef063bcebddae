//! Nothing of one account is visible to, guessable by or countable from another.

use crate::support::{NOTHING, Page, TestApp};
use actix_web::http::Method;
use seatkeeper::access::{Needs, Role};
use seatkeeper::routes;
use seatkeeper::users::Status;

/// Our account, with something of everything that has an id.
async fn with_people() -> TestApp {
    let app = TestApp::new().await;
    let team = app.team(app.account, "Harbour pilots");
    app.user_with("Mateo Silva", |details| {
        details.company = "Nordwind Reederei".into();
        details.username = "mateo.pilot".into();
        details.phone = "+14158360148".into();
        details.teams = vec![team];
    });
    app.user_with("Dina Ott", |details| details.status = Status::Disabled);
    app.token_of(app.account, app.owner, "Harbour dialer");
    app
}

/// What would give our account away.
const OURS: &[&str] = &[
    "Harbourline",
    "harbourline",
    "Mateo",
    "mateo.pilot",
    "Nordwind",
    "Harbour pilots",
    "Harbour dialer",
    "14158360148",
    "Dina",
    "Amara",
];

fn says_nothing_of_us(page: &Page, what: &str) {
    for word in OURS {
        assert!(!page.html.contains(word), "{what} says {word}: {page:?}");
    }
}

#[actix_web::test]
async fn every_address_with_an_id_is_not_found_from_another_account() {
    let app = with_people().await;
    let zora = app.stranger().await;
    let mateo = app.find_by_name("Mateo Silva");
    let mail = app.number("SELECT MIN(id) AS n FROM outbox");
    let amara = app.browse_as(app.account, app.owner).await;
    let page = amara.post("/users/batches", [("id", mateo.id.to_string().as_str()), ("action", "delete")]).await;
    assert_eq!(page.status, 303, "{page:?}");
    let batch = app.number("SELECT id AS n FROM batches");
    let token = app.number("SELECT id AS n FROM api_tokens");
    let before = app.everything();
    let mut tried = 0;
    for entry in routes::all() {
        if !entry.path.contains("{id}") {
            continue;
        }
        tried += 1;
        let id = match entry.path {
            path if path.starts_with("/users/{id}") => mateo.id.0,
            path if path.starts_with("/users/batches/{id}") => batch,
            path if path.starts_with("/operator/mail/{id}") => mail,
            path if path.starts_with("/api-tokens/{id}") => token,
            path => panic!("say in tests/app/isolation.rs whose id stands in {path}"),
        };
        let [path, nowhere] = [id, 1].map(|id| entry.path.replace("{id}", &id.to_string()));
        let forms = [
            vec![],
            vec![("status", "disabled"), ("role", "agent")],
            vec![("status", "enabled"), ("role", "admin"), ("version", "1")],
        ];
        for form in forms {
            let form_is_blank = form.is_empty();
            let ask = async |path: &str| match entry.method {
                Method::GET => zora.get(&format!("{path}?role=agent")).await,
                _ => zora.post(path, form.clone()).await,
            };
            let page = ask(&path).await;
            assert_eq!(
                page.html,
                ask(&nowhere).await.html,
                "what is not ours and what is not there read the same: {path}"
            );
            let (allowed, case) = (entry.needs != Needs::Operator, format!("{} {path}: {page:?}", entry.method));
            if form_is_blank && page.status == 400 {
                continue;
            }
            assert_eq!(page.status, if allowed { 404 } else { 403 }, "{case}");
            says_nothing_of_us(&page, &case);
        }
    }
    assert!(tried >= 4, "routes::all() names the addresses with an id");
    assert_eq!(app.everything(), before);
}

#[actix_web::test]
async fn drop_downs_offer_only_what_is_ones_own() {
    let app = with_people().await;
    app.team(app.other_account, "Scribes");
    let (zora, amara) = (app.stranger().await, app.browse_as(app.account, app.owner).await);
    let mateo = format!("/users/{}", app.find_by_name("Mateo Silva").id);
    let mut seen = String::new();
    for path in ["/users", "/users?status=disabled", &mateo, "/api-tokens"] {
        seen += &amara.get(path).await.html;
    }
    for word in OURS {
        assert!(seen.contains(word), "our own pages do not say {word}, so nothing is proved below");
    }
    for path in ["/users", "/users/new", &format!("/users/{}", zora.id), "/profile", "/api-tokens"] {
        let page = zora.get(path).await;
        assert_eq!(page.status, 200);
        says_nothing_of_us(&page, path);
    }
    assert!(zora.get("/users/new").await.says("Scribes"));
}

#[actix_web::test]
async fn another_accounts_team_is_refused_and_nothing_is_written() {
    let app = with_people().await;
    let zora = app.stranger().await;
    let pilots = app.number("SELECT id AS n FROM teams");
    let scribes = app.team(app.other_account, "Scribes");
    let before = app.everything();
    let form = app.a_user("Quentin Reed").and("teams", scribes.0).and("teams", pilots);
    let page = zora.post("/users", form).await;
    assert_eq!((page.status, page.fields_with_errors()), (422, vec!["teams".to_owned()]));
    let path = zora.path();
    let form = zora.get(&path).await.form("#user").and("teams", pilots);
    let page = zora.post(&path, form).await;
    assert_eq!((page.status, page.fields_with_errors()), (422, vec!["teams".to_owned()]));
    says_nothing_of_us(&page, "the refusal");
    assert_eq!(app.everything(), before);
    // The rule holds below the form too.
    let system = seatkeeper::access::Actor::system(app.other_account);
    let user = app.db.read_now(|conn| seatkeeper::users::find(conn, zora.account, zora.id)).unwrap();
    let mut details = user.details.clone();
    details.teams = vec![seatkeeper::teams::TeamId(pilots)];
    let update = seatkeeper::users::Update { version: user.version, details, password: None, confirmed: true };
    let done = app.db.write_now(|conn| seatkeeper::users::update(conn, &app.config, &system, zora.id, &update));
    assert_eq!(done.unwrap_err().to_string(), "Choose teams from the list.");
    assert_eq!(app.everything(), before);
}

#[actix_web::test]
async fn lists_searches_and_counts_know_only_ones_own() {
    let app = with_people().await;
    let zora = app.stranger().await;
    let ours = app.number("SELECT id AS n FROM teams");
    let mut paths = vec!["/users".to_owned(), "/users?status=disabled".into(), "/users?sort=-created&rows=100".into()];
    for word in ["mateo", "nordwind", "harbourline", "4158360148", "a", "silva", "pilot"] {
        paths.push(format!("/users?q={word}"));
    }
    paths.extend([format!("/users?team={ours}"), "/users?before=end".into(), "/users?after=a~1".into()]);
    let mateo = app.find_by_name("Mateo Silva").id;
    for key in ["after", "before"] {
        paths.extend(["a", "mateo silva", "zzz", "0"].map(|name| format!("/users?{key}={name}~{mateo}")));
        paths.push(format!("/users?sort=-created&{key}=2026-01-01T00:00:00Z~{mateo}"));
    }
    for sort in ["account_id", "password_hash", "users.account_id%20OR%201=1", "name,account_id", "-"] {
        paths.push(format!("/users?sort={sort}"));
    }
    for path in paths {
        let page = zora.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        // What was typed is repeated in its field, and nowhere else.
        let typed = page.html.replace("value=\"mateo\"", "").replace("value=\"nordwind\"", "");
        for word in ["Mateo", "Nordwind", "Harbourline", "Dina", "Amara", "pilots"] {
            assert!(!typed.contains(word), "{path} says {word}");
        }
        assert!(page.names().iter().all(|name| name == "Zora Quill"), "{path}: {:?}", page.names());
    }
    for path in
        [format!("id={mateo}"), format!("team={ours}"), "q=mateo".into(), "all=yes&back=status%3Ddisabled".into()]
    {
        let csv = zora.get(&format!("/users/export.csv?{path}")).await;
        says_nothing_of_us(&csv, &path);
    }
    let page = zora.get("/users?company=Nordwind+Reederei").await;
    assert_eq!(page.names(), Vec::<String>::new());
    let page = zora.get("/users").await;
    assert_eq!(page.texts(".stats dd:nth-of-type(1)"), ["1", "0", "25"]);
    assert_eq!(page.texts("nav.tabs .n"), ["1", "0"]);
}

#[actix_web::test]
async fn the_same_address_username_and_extension_may_be_in_both() {
    let app = with_people().await;
    let zora = app.stranger().await;
    let form = app.a_user("Mateo Silva").with("email", "mateo.silva@harbourline.example");
    let form = form.with("username", "mateo.pilot").with("phone", "+14158360148").with("phone_ext", "104");
    assert_eq!(zora.post("/users", form).await.status, 303);
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn a_session_of_one_account_writes_nothing_into_another() {
    let app = with_people().await;
    let zora = app.stranger().await;
    let ours = |app: &TestApp| {
        app.texts(&format!(
            "SELECT name_key || status AS t FROM users WHERE account_id = {} ORDER BY id",
            app.account.0
        ))
    };
    let before = ours(&app);
    zora.post("/users", app.a_user("Quentin Reed").and("account", app.account.0).and("account_id", app.account.0))
        .await;
    assert_eq!(ours(&app), before);
    assert_eq!(app.count(&format!("users WHERE account_id = {}", app.other_account.0)), 2);
}

#[actix_web::test]
async fn an_operators_sight_of_all_mail_is_not_an_owners() {
    let app = with_people().await;
    app.user_with("Yara Haddad", |_| {});
    let zora = app.stranger().await;
    assert_eq!(zora.get("/operator/mail").await.status, 403);
    let mina = app.person("Mina Park", Role::Member).await;
    app.appoint_operator(&mina);
    assert_eq!(mina.get("/operator/mail").await.status, 200);
    assert_eq!(mina.post("/operator/mail", NOTHING).await.status, 405);
}
