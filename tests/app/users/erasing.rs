//! Erasing: once, whose time has come, and nothing is left of them.

use super::deleting::{delete, erase, is_there, removal};
use super::outbox;
use crate::support::{PASSWORD, Person, TestApp, tables};
use diesel::connection::SimpleConnection;
use seatkeeper::access::{Actor, Role, UserId};
use seatkeeper::users;

#[actix_web::test]
async fn whose_time_has_come_is_erased_once_however_many_workers_there_are() {
    let app = TestApp::new().await;
    let system = Actor::system(app.account);
    let ids: Vec<UserId> = (0..20).map(|n| app.user(&format!("Clone {n}"), Role::Member)).collect();
    for id in &ids {
        app.db.write_now(|conn| users::delete(conn, &app.config, &system, *id, &removal()).map(|_| ())).unwrap();
    }
    assert_eq!(erase(&app), 0, "not before their time");
    app.run(&format!("UPDATE deletions SET erase_at = '2026-01-01 00:00:00' WHERE user_id <> {}", ids[0]));
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let db = app.another_instance();
            std::thread::spawn(move || {
                let mut erased = 0;
                loop {
                    match db.read_now(users::due).unwrap() {
                        Some(account) => erased += db.write_now(|conn| users::erase_due(conn, account)).unwrap(),
                        None => return erased,
                    }
                }
            })
        })
        .collect();
    let erased: usize = workers.into_iter().map(|worker| worker.join().unwrap()).sum();
    assert_eq!(erased, 19);
    assert_eq!(app.count("activity WHERE action = 'user.erased'"), 19);
    assert_eq!((app.count("deletions"), is_there(&app, ids[0])), (1, true));
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn who_cannot_be_erased_is_put_off_and_in_nobodys_way() {
    let (app, amara) = TestApp::with_owner().await;
    let ids = ["Ada Lind", "Ben Okoro"].map(|name| app.user(name, Role::Member));
    let yara = app.user("Yara Haddad", Role::Member);
    for id in ids {
        delete(&amara, id).await;
    }
    app.run("UPDATE deletions SET erase_at = '2026-01-01 00:00:00'");
    // Without the sealing key there is no log entry, and without that no erasure.
    app.run(&format!("DELETE FROM person_keys WHERE user_id = {}", ids[0]));
    assert_eq!(erase(&app), 1);
    assert_eq!((is_there(&app, ids[0]), is_there(&app, ids[1]), is_there(&app, yara)), (true, false, true));
    assert_eq!(app.db.read_now(users::due).unwrap(), None, "not again at once");
    assert_eq!(app.count("deletions WHERE erase_at > '2026-01-02'"), 1, "but later");
    assert_eq!(outbox(&app).iter().filter(|mail| mail.contains("yara.haddad")).count(), 1);
    assert_eq!(app.differences(), Vec::<String>::new());
}

/// Every word that tells who it was.
const TRACES: &[&str] = &[
    "quirinus",
    "zwetschgenbaum",
    "q.zwetschgenbaum",
    "quirl77",
    "4158360177",
    "78901234",
    "4158360199",
    "pflaumenkoenig",
    "obstgarten",
    "backpflaume",
    "198.51.100",
];

async fn a_person(app: &TestApp, amara: &Person, plan: &str) -> UserId {
    let form = app.a_user("Quirinus Zwetschgenbaum").with("plan", app.plan(plan));
    let form = form.with("email", "q.zwetschgenbaum@obstgarten.example").with("username", "quirl77");
    let form = form.with("phone", "+14158360177").with("phone_ext", "78901234").with("ext_phone", "+14158360199");
    let form = form.with("job_title", "Pflaumenkoenig").with("company", "Obstgarten");
    let page = amara.post("/users", form).await;
    assert_eq!(page.status, 303, "{page:?}");
    let id = app.find_by_name("Quirinus Zwetschgenbaum").id;
    // A life: a session, edits, other addresses, a name that was typed wrong.
    let visitor = app.visitor();
    visitor.sign_in("quirl77", PASSWORD, None).await;
    let form = amara.get(&format!("/users/{id}")).await.form("#user").with("email", "backpflaume@obstgarten.example");
    assert_eq!(amara.post(&format!("/users/{id}"), form).await.status, 303);
    visitor.try_sign_in("backpflaume@obstgarten.example", "wrong").await;
    amara.get("/users?q=zwetschgenbaum").await;
    id
}

fn traces_in(text: &str) -> Vec<&'static str> {
    let text = text.to_lowercase();
    TRACES.iter().copied().filter(|trace| text.contains(trace)).collect()
}

/// Everything the database holds: its tables and, on SQLite, every byte of its files, free pages too.
fn all_that_is_stored(app: &TestApp) -> String {
    let rows = tables().into_iter().flat_map(|table| app.texts(&table.rows_as_text())).collect::<Vec<_>>().join("\n");
    if app.db.is_postgres() {
        return rows;
    }
    let files = std::fs::read_dir(app.database.folder.path()).unwrap();
    let bytes = files.map(|file| String::from_utf8_lossy(&std::fs::read(file.unwrap().path()).unwrap()).into_owned());
    rows + &bytes.collect::<String>()
}

#[actix_web::test]
async fn of_an_erased_person_no_name_address_or_number_is_left_anywhere() {
    let (app, amara) = TestApp::with_owner().await;
    let yara = app.person("Yara Haddad", Role::Member).await;
    for plan in ["Free", "Standard"] {
        let id = a_person(&app, &amara, plan).await;
        let found = traces_in(&all_that_is_stored(&app));
        assert!(found.len() >= 9, "the search itself must find them while they are there: {found:?}");
        delete(&amara, id).await;
        if plan == "Standard" {
            assert!(!traces_in(&all_that_is_stored(&app)).is_empty(), "kept until the time has come");
            app.run("UPDATE deletions SET erase_at = '2026-01-01 00:00:00'");
            assert_eq!(erase(&app), 1);
            // As the worker does after a round.
            assert!(app.db.checkpoint().unwrap());
        }
        assert_eq!(traces_in(&all_that_is_stored(&app)), Vec::<&str>::new(), "{plan}");
        let entries = format!("activity WHERE object_id = {id} AND action = 'user.erased'");
        assert_eq!(app.count(&entries), 1, "that it happened stays");
        assert!(app.count(&format!("activity WHERE object_id = {id}")) >= 3);
        assert_eq!(amara.get("/users?q=zwetschgenbaum").await.names(), Vec::<String>::new());
        assert!(yara.is_signed_in().await && is_there(&app, yara.id), "nobody else is touched");
        assert_eq!(outbox(&app), [format!("welcome {}", yara.login)]);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
    if !app.db.is_postgres() {
        app.db
            .write_now(|conn| {
                Ok(conn.batch_execute("INSERT INTO users_search (users_search) VALUES ('integrity-check')")?)
            })
            .unwrap();
    }
}
