//! Batches at work: one that fails, several instances, and a kill.

use super::{select, status, step};
use crate::support::{NOTHING, Program, Setup, TestApp, TestDatabase, until};
use seatkeeper::access::Role;
use seatkeeper::db::Db;
use seatkeeper::sessions::Passwords;
use seatkeeper::users::Status;
use seatkeeper::{batches, demo};

#[actix_web::test]
async fn a_batch_that_fails_is_in_no_others_way() {
    let (app, amara) = TestApp::with_owner().await;
    let (mateo, yara) = (app.user("Mateo Silva", Role::Member), app.user("Yara Haddad", Role::Member));
    select(&amara, &[mateo], "disable").await;
    app.run("UPDATE batches SET action = 'nonsense', state = 'running'");
    select(&amara, &[yara], "disable").await;
    app.run("UPDATE batches SET state = 'running'");
    let (account, broken) = app.db.read_now(batches::running).unwrap().unwrap();
    assert!(app.db.write_now(|conn| batches::step(conn, &app.config, account, broken)).is_err());
    app.db.write_now(|conn| batches::put_off(conn, account, broken)).unwrap();
    assert!(step(&app));
    assert_eq!(status(&app, yara), Status::Disabled);
}

#[actix_web::test]
async fn two_instances_that_work_at_one_batch_do_it_once() {
    let (app, amara) = TestApp::with_owner_and(Setup { seats: 400, ..Setup::default() }).await;
    let ids = app.users_of(app.account, (0..300).map(|n| app.details(app.account, &format!("Clone {n}"))).collect());
    let page = select(&amara, &ids, "disable").await;
    assert_eq!(page.count("dialog ul.box li"), 100);
    assert!(page.says("and 200 more"), "{page:?}");
    app.run("UPDATE batches SET state = 'running'");
    let workers = (0..2).map(|_| {
        let (db, config) = (app.another_instance(), app.config.clone());
        std::thread::spawn(move || {
            while let Some((account, batch)) = db.read_now(batches::running).unwrap() {
                db.write_now(|conn| batches::step(conn, &config, account, batch)).unwrap();
            }
        })
    });
    workers.collect::<Vec<_>>().into_iter().for_each(|worker| worker.join().unwrap());
    assert_eq!(app.count("activity WHERE action = 'user.disabled'"), 300);
    assert_eq!(app.number("SELECT done AS n FROM batches"), 300);
    assert_eq!(app.differences(), Vec::<String>::new());
}

/// The demo with this many users, and the program that serves it.
fn demo_of(users: u32) -> (TestDatabase, Db, Program) {
    let database = TestDatabase::migrated();
    let db = database.open();
    demo::fill(&db, users, &Passwords::new(4).hash_now(demo::PASSWORD).unwrap()).unwrap();
    let program = Program::on(&database);
    (database, db, program)
}

fn count(db: &Db, sql: &str) -> i64 {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Counted {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        n: i64,
    }
    let sql = format!("SELECT COUNT(*) AS n FROM {sql}");
    db.read_now(|conn| Ok(diesel::sql_query(&sql).get_result::<Counted>(conn)?)).unwrap().n
}

#[actix_web::test]
async fn a_batch_and_an_erasure_that_are_killed_are_finished_once() {
    let (_database, db, program) = demo_of(3000);
    let mut serving = program.serve().await;
    let owner = serving.visitor();
    owner.sign_in("owner@demo.example", demo::PASSWORD, None).await;
    let selected = owner.post("/users/batches", [("all", "yes"), ("action", "delete")]).await;
    let confirmation = owner.follow(&selected).await;
    let path = confirmation.attrs("dialog form", "action").remove(0);
    let kept = count(&db, "users WHERE status = 'disabled' OR role = 'owner'") + 12;
    let meant = count(&db, "users");
    // The demo's own, who were not deleted by anybody.
    let seeded = count(&db, "deletions");
    // The answer may never come: the server dies first.
    let sending = actix_web::rt::spawn({
        let owner = owner.clone();
        async move { owner.submission(&path, NOTHING).header("origin", format!("http://{}", owner.host())).send().await }
    });
    until("some are deleted", || count(&db, "activity WHERE action IN ('user.erased', 'user.deletion_scheduled')") > 0)
        .await;
    serving.kill();
    let _ = sending.await;
    let before = count(&db, "activity WHERE action IN ('user.erased', 'user.deletion_scheduled')");
    assert!(
        count(&db, "batches WHERE state = 'running'") == 1,
        "it was killed too late to prove anything: {before} of {meant}"
    );

    let mut serving = program.serve().await;
    until("the batch is done", || count(&db, "batches WHERE state = 'done'") == 1).await;
    let erased = count(&db, "activity WHERE action = 'user.erased'");
    let pending = count(&db, "users WHERE status = 'pending'");
    assert_eq!(count(&db, "activity WHERE action = 'user.deletion_scheduled'"), count(&db, "deletions") - seeded);
    assert_eq!(pending, count(&db, "deletions"));
    assert!(erased > 100 && pending > 1000, "{erased} {pending}");
    assert!(count(&db, "users WHERE status = 'enabled'") <= kept);

    // Their time comes; the worker dies in the middle, and another goes on.
    serving.kill();
    db.write_now(|conn| {
        use diesel::connection::SimpleConnection;
        Ok(conn.batch_execute("UPDATE deletions SET erase_at = '2026-01-01 00:00:00'")?)
    })
    .unwrap();
    let mut serving = program.serve().await;
    until("some are erased", || count(&db, "activity WHERE action = 'user.erased'") > erased).await;
    serving.kill();
    assert!(count(&db, "deletions") > 0, "it was killed too late to prove anything");
    let mut serving = program.serve().await;
    until("all are erased", || count(&db, "deletions") == 0).await;
    assert_eq!(count(&db, "activity WHERE action = 'user.erased'"), erased + pending, "each once");
    assert_eq!(serving.stop().await, Some(0));
    let verified = program.run(&["verify"]);
    assert_eq!((verified.code, verified.stdout.as_str()), (Some(0), "All counts are right.\n"));
}
