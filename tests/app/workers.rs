//! What the program does behind its pages: it goes on after a fault, and leaves nothing of the erased in SQLite's log.

use crate::support::{NOTHING, Person, Program, TestApp, until};
use seatkeeper::access::{Role, UserId};
use seatkeeper::plans::PlanId;
use seatkeeper::users::Status;

/// Selects a user for a batch, which is confirmed without being begun.
async fn leave_to_the_worker(app: &TestApp, who: &Person, id: UserId, action: &str) {
    let page = who.post("/users/batches", [("id", id.to_string().as_str()), ("action", action)]).await;
    assert_eq!(page.status, 303, "{page:?}");
    app.run("UPDATE batches SET state = 'running' WHERE state = 'draft'");
}

#[actix_web::test]
async fn a_batch_that_fails_is_put_off_and_the_next_one_is_done() {
    let (app, amara) = TestApp::with_owner().await;
    let (mateo, yara) = (app.user("Mateo Silva", Role::Member), app.user("Yara Haddad", Role::Member));
    leave_to_the_worker(&app, &amara, mateo, "disable").await;
    app.run("UPDATE batches SET action = 'nonsense'");
    leave_to_the_worker(&app, &amara, yara, "disable").await;
    let mut serving = Program::on(&app.database).with("LOG", "off").serve().await;
    until("the other batch is done", || app.find(yara).details.status == Status::Disabled).await;
    assert_eq!(app.find(mateo).details.status, Status::Enabled);
    assert_eq!(serving.stop().await, Some(0));
}

/// Bytes of SQLite's write-ahead log.
fn log_bytes(app: &TestApp) -> u64 {
    std::fs::metadata(app.database.folder.path().join("test.db-wal")).map_or(0, |file| file.len())
}

#[actix_web::test]
async fn after_an_erasure_the_write_ahead_log_is_emptied() {
    let (app, amara) = TestApp::with_owner().await;
    let free = PlanId(app.plan("Free").parse().unwrap());
    let by_batch = app.user_with("Mateo Silva", |details| details.plan = free);
    let by_time = app.user("Yara Haddad", Role::Member);
    let mut serving = Program::on(&app.database).with("LOG", "off").serve().await;
    let is_empty = || app.db.is_postgres() || log_bytes(&app) == 0;
    let is_gone = |id: UserId| app.count(&format!("users WHERE id = {id}")) == 0;
    until("it is emptied at the start", is_empty).await;
    leave_to_the_worker(&app, &amara, by_batch, "delete").await;
    until("a batch has erased", || is_gone(by_batch)).await;
    until("the log is empty after the batch", is_empty).await;

    let page = amara.post("/users/batches", [("id", by_time.to_string().as_str()), ("action", "delete")]).await;
    let path = amara.follow(&page).await.attrs("dialog form", "action").remove(0);
    assert_eq!(amara.post(&path, NOTHING).await.status, 303);
    app.run("UPDATE deletions SET erase_at = '2026-01-01 00:00:00'");
    until("the time has come", || is_gone(by_time)).await;
    until("the log is empty after the erasure", is_empty).await;
    assert_eq!(serving.stop().await, Some(0));
}
