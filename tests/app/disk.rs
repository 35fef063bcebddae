//! A disk that is full: reading goes on, writing says so, nothing is damaged. SQLite only: a limit of the size of files
//! does to the program what a full disk does, without root. (Postgres has a disk of its own; its words are told apart in
//! src/error.rs.)

use crate::support::{Client, PASSWORD, Person, Program, Serving, TestApp, postgres, until};
use seatkeeper::access::Role;
use serde_json::json;
use std::process::Command;

/// The sentence of an error page.
const FULL: &str = "The server's disk is full or fails. Nothing was changed, and pages can still be read. Tell whoever runs this installation.";

/// From now on no file of the program grows beyond so many bytes.
fn limit_files(serving: &Serving, bytes: &str) {
    let pid = serving.pid().to_string();
    let limited = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:unlimited")]).status();
    assert!(limited.expect("prlimit comes with util-linux").success());
}

/// Saves one title after the other until that is refused; the last one that was acknowledged.
async fn save_until_refused(amara: &Person, path: &str) -> String {
    let mut saved = String::new();
    for n in 0..500 {
        let title = format!("Title {n}");
        let form = amara.get(path).await.form("#user").with("job_title", &title);
        let page = amara.post(path, form).await;
        if page.status != 303 {
            assert_eq!((page.status, page.text("h1").as_str()), (507, "Nothing can be saved right now"), "{page:?}");
            assert!(page.says(FULL), "{page:?}");
            return saved;
        }
        saved = title;
    }
    panic!("the disk is never full");
}

#[actix_web::test]
async fn on_a_full_disk_pages_are_read_and_writes_say_so_until_there_is_room() {
    // On Postgres there is nothing to fill here.
    if postgres().is_some() {
        return;
    }
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let path = format!("/users/{mateo}");
    app.give(mateo, "export", 100, 0);
    let client = Client::of(&app, app.account, app.owner);
    let event = json!({ "user_id": mateo.to_string(), "kind": "export", "amount": 7 });
    // Without the signal a write that goes too far fails, as on a full disk, and the program lives.
    let program = Program::beside(&app).by_shell(r#"trap "" XFSZ; exec "$0" "$@""#);
    let mut serving = program.serve().await;
    let here = Person { browser: serving.visited_by(&amara), ..amara.clone() };
    let log = format!("{}-wal", app.database.url.trim_start_matches("sqlite://"));
    let size = std::fs::metadata(log).unwrap().len();
    limit_files(&serving, &(size + 200_000).to_string());
    let saved = save_until_refused(&here, &path).await;
    assert!(!saved.is_empty(), "it was full from the first");
    // What needed less may have found room; now there is none at all.
    limit_files(&serving, "0");

    // A session that is to be noted as in use is used all the same.
    app.run("UPDATE sessions SET last_seen = '2020-01-01 00:00:00'");
    for page in ["/users", "/users?q=mateo", &path, "/profile", "/readyz", "/users/new"] {
        assert_eq!(here.get(page).await.status, 200, "{page}");
    }
    let refused = [
        here.post("/users", app.a_user("Yara Haddad")).await,
        here.post(&format!("{path}/status"), [("status", "disabled")]).await,
        here.post("/users/batches", [("id", mateo.to_string().as_str()), ("action", "disable")]).await,
        here.get("/users/export.csv").await,
        serving.visitor().try_sign_in(&amara.login, PASSWORD).await,
    ];
    for page in refused {
        assert!(page.status == 507 && page.says(FULL), "{page:?}");
    }
    let client = client.at(serving.visitor());
    assert_eq!(client.report("call-1", event.clone()).await.status, 507, "a problem, for programs");
    assert_eq!(app.find(mateo).details.job_title, saved, "what was acknowledged is there");
    assert_eq!(app.differences(), Vec::<String>::new());

    limit_files(&serving, "unlimited");
    let added = here.post("/users", app.a_user("Yara Haddad")).await;
    assert_eq!(added.status, 303, "there is room again: {added:?}");
    assert_eq!(client.report("call-1", event).await.status, 201, "it was not counted");
    assert_eq!(serving.stop().await, Some(0));
    assert_eq!(program.run(&["verify"]).code, Some(0));
    assert_eq!(app.texts("SELECT integrity_check AS t FROM pragma_integrity_check"), ["ok"]);
}

#[actix_web::test]
async fn a_log_that_cannot_be_written_stops_nothing() {
    let (app, amara) = TestApp::with_owner().await;
    let program = Program::beside(&app).by_shell(r#"exec "$0" "$@" >/dev/full 2>/dev/full"#);
    let mut serving = program.serve().await;
    let here = serving.visited_by(&amara);
    assert_eq!(here.post("/users", app.a_user("Yara Haddad")).await.status, 303);
    until("the users are listed", || app.count("users WHERE name_key = 'yara haddad'") == 1).await;
    assert_eq!(here.get("/users").await.status, 200);
    assert_eq!(serving.stop().await, Some(0));
}
