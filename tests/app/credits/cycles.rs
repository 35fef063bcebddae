//! Billing cycles.

use super::{event, pool, report};
use crate::support::{Person, TestApp};
use seatkeeper::access::{Actor, Role};
use seatkeeper::credits::{AtCycleEnd, CreditKind, CycleSettings, set_cycle};
use seatkeeper::users::{self, Removal};
use seatkeeper::web::text::Times;
use seatkeeper::{clock, usage};

fn settings(at_end: AtCycleEnd, grant: i64, roll_over_cap: i64) -> CycleSettings {
    CycleSettings { day: 1, at_end, grant, roll_over_cap }
}

/// The pool's cycles go so from now on, and the one that runs was over a minute ago.
fn is_over(app: &TestApp, kind: CreditKind, settings: CycleSettings) {
    let times = Times::new("UTC", clock::now());
    app.db.write_now(|conn| set_cycle(conn, app.account, &times, kind, settings)).unwrap();
    over(app, kind);
}

fn over(app: &TestApp, kind: CreditKind) {
    let ended = (clock::now() - chrono::Duration::minutes(1)).format("%F %T%.6f");
    app.run(&format!(
        "UPDATE credit_pools SET cycle_ends_at = '{ended}' WHERE account_id = {} AND kind = '{}'",
        app.account.0,
        kind.code()
    ));
}

async fn with_usage() -> (TestApp, Person, seatkeeper::access::UserId) {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    amara.post(&format!("/users/{mateo}/manage-credit"), [("calling", "1000")]).await;
    report(&app, &[event(mateo, CreditKind::Calling, 300)]);
    (app, amara, mateo)
}

#[actix_web::test]
async fn a_reset_begins_with_nothing_used_and_the_grant_anew() {
    let (app, amara, mateo) = with_usage().await;
    is_over(&app, CreditKind::Calling, settings(AtCycleEnd::Reset, 3000, 0));
    assert_eq!(usage::end_cycles(&app.db).await.unwrap(), 1);
    assert_eq!(usage::end_cycles(&app.db).await.unwrap(), 0, "once");
    assert_eq!(pool(&app, "calling"), (3000, 1000, 0));
    let tab = amara.get(&format!("/users/{mateo}/credits")).await;
    assert_eq!(tab.texts("td[data-l=Used]"), ["0", "0", "0"]);
    assert_eq!(tab.texts("td[data-l=Left]"), ["0", "0", "1000"]);
    assert_eq!(app.differences(), Vec::<String>::new());
    // All of it can be used again, and what belonged to the cycle before can't be given back in this one.
    report(&app, &[event(mateo, CreditKind::Calling, 1000)]);
    assert_eq!(pool(&app, "calling"), (3000, 1000, 1000));
    let page = amara.post(&format!("/users/{mateo}/manage-credit"), [("calling", "999")]).await;
    assert!(page.says("1000 are used already"));
    over(&app, CreditKind::Calling);
    assert_eq!(usage::end_cycles(&app.db).await.unwrap(), 1);
    assert_eq!(amara.post(&format!("/users/{mateo}/manage-credit"), [("calling", "0")]).await.status, 303);
    assert_eq!(pool(&app, "calling"), (3000, 0, 0));
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn what_is_left_rolls_over_up_to_the_cap() {
    let (app, _, _) = with_usage().await;
    is_over(&app, CreditKind::Calling, settings(AtCycleEnd::RollOver, 2000, 500));
    usage::end_cycles(&app.db).await.unwrap();
    assert_eq!(pool(&app, "calling"), (2500, 1000, 0), "4700 were left");
    is_over(&app, CreditKind::Calling, settings(AtCycleEnd::RollOver, 2000, 9000));
    usage::end_cycles(&app.db).await.unwrap();
    assert_eq!(pool(&app, "calling"), (4500, 1000, 0), "all of it");
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn what_is_kept_stays_and_is_granted_more() {
    let (app, _, _) = with_usage().await;
    is_over(&app, CreditKind::Calling, settings(AtCycleEnd::Keep, 250, 0));
    usage::end_cycles(&app.db).await.unwrap();
    assert_eq!(pool(&app, "calling"), (5250, 1000, 300));
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn what_is_allocated_stays_so_where_the_grant_is_less() {
    let (app, _, _) = with_usage().await;
    is_over(&app, CreditKind::Calling, settings(AtCycleEnd::Reset, 10, 0));
    usage::end_cycles(&app.db).await.unwrap();
    assert_eq!(pool(&app, "calling"), (1000, 1000, 0));
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn what_erased_users_had_used_ends_with_the_cycle() {
    let (app, _, mateo) = with_usage().await;
    let (actor, removal) = (Actor::system(app.account), Removal { heir: None, erase_at: clock::now() });
    let free = app.plan("Free");
    app.run(&format!("UPDATE users SET plan_id = {free} WHERE id = {mateo}"));
    app.db.write_now(|conn| users::delete(conn, &app.config, &actor, mateo, &removal)).unwrap();
    assert_eq!(pool(&app, "calling"), (5000, 300, 300));
    is_over(&app, CreditKind::Calling, settings(AtCycleEnd::Reset, 100, 0));
    usage::end_cycles(&app.db).await.unwrap();
    assert_eq!(pool(&app, "calling"), (100, 0, 0));
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn missed_cycles_are_ended_one_by_one() {
    let (app, _, _) = with_usage().await;
    is_over(&app, CreditKind::Calling, settings(AtCycleEnd::Keep, 10, 0));
    let long_ago = (clock::now() - chrono::Duration::days(75)).format("%F %T%.6f");
    app.run(&format!("UPDATE credit_pools SET cycle_ends_at = '{long_ago}' WHERE kind = 'calling'"));
    let mut ended = 0;
    loop {
        match usage::end_cycles(&app.db).await.unwrap() {
            0 => break,
            some => ended += some,
        }
    }
    // The other accounts' pools have no cycle that is over.
    assert!((3..=8).contains(&ended), "{ended}");
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn two_instances_end_a_cycle_once() {
    let (app, _, _) = with_usage().await;
    is_over(&app, CreditKind::Calling, settings(AtCycleEnd::Keep, 100, 0));
    let others: Vec<_> = (0..3).map(|_| app.another_instance()).collect();
    let all = futures_util::future::join_all(others.iter().chain([&app.db]).map(usage::end_cycles)).await;
    assert_eq!(all.into_iter().map(|ended| ended.unwrap()).sum::<usize>(), 1);
    assert_eq!(pool(&app, "calling"), (5100, 1000, 300));
    assert_eq!(app.differences(), Vec::<String>::new());
}
