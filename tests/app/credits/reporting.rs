//! Usage as products report it.

use super::{event, pool, report, report_on};
use crate::support::TestApp;
use seatkeeper::access::{Actor, Role};
use seatkeeper::credits::{CreditKind, Shortage};
use seatkeeper::usage::{Direction, Event, Outcome};
use seatkeeper::users::Status;

const KIND: CreditKind = CreditKind::Calling;

fn is_counted(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Counted { .. })
}

#[actix_web::test]
async fn an_event_counts_once_and_never_beyond_what_is_allocated() {
    let app = TestApp::new().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    app.give(mateo, "calling", 100, 0);
    let first = event(mateo, KIND, 60);
    let over = event(mateo, KIND, 41);
    let fits = event(mateo, KIND, 40);
    let outcomes = report(&app, &[first.clone(), over.clone(), fits, first.clone()]);
    let Outcome::Counted { entry, left } = outcomes[0] else { panic!("{outcomes:?}") };
    assert_eq!(left, 40);
    let shortage = Shortage::Allocation { kind: KIND, wanted: 41, left: 40, allocated: 100 };
    assert_eq!(outcomes[1], Outcome::Refused(shortage));
    assert!(is_counted(&outcomes[2]), "the rest of the batch is not lost");
    assert_eq!(outcomes[3], Outcome::Known { entry, left }, "twice in one batch");
    assert_eq!(report(&app, std::slice::from_ref(&first)), [Outcome::Known { entry, left }], "and sent again");
    assert_eq!(report(&app, &[Event { amount: 61, ..first }]), [Outcome::KeyReused]);
    assert_eq!(report(&app, &[Event { user: None, ..event(mateo, KIND, 1) }]), [Outcome::UnknownUser]);
    app.give(mateo, "calling", 1, 0);
    app.give(mateo, "calling", 100, 0);
    assert!(is_counted(&report(&app, &[over])[0]), "what was refused may come again");
    assert_eq!(pool(&app, "calling"), (6500, 201, 141));
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn a_refund_gives_back_what_was_used_and_no_more() {
    let app = TestApp::new().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    app.give(mateo, "calling", 100, 30);
    app.set_status(mateo, Status::Disabled);
    let refund = |amount| Event { direction: Direction::Refund, ..event(mateo, KIND, amount) };
    let outcomes = report(&app, &[refund(31), refund(10)]);
    assert_eq!(outcomes[0], Outcome::Refused(Shortage::Refund { kind: KIND, wanted: 31, used: 30 }));
    assert!(is_counted(&outcomes[1]), "of a disabled user too");
    assert_eq!(pool(&app, "calling"), (5500, 100, 20));
    assert_eq!(app.number("SELECT SUM(amount) AS n FROM usage_days WHERE scope = 'user'"), 20);
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn usage_is_added_up_by_day_and_month_of_account_team_and_user() {
    let app = TestApp::new().await;
    let team = app.team(app.account, "Support");
    let mateo = app.user_with("Mateo Silva", |details| details.teams = vec![team]);
    let yara = app.user("Yara Haddad", Role::Member);
    app.run(&format!("UPDATE accounts SET time_zone = 'America/New_York' WHERE id = {}", app.account.0));
    app.give(mateo, "calling", 100, 0);
    app.give(yara, "calling", 100, 0);
    let at = |text: &str| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
    let used = |user, amount, text| Event { at: at(text), ..event(user, KIND, amount) };
    report(
        &app,
        &[
            // Still the last of October in New York.
            used(mateo, 1, "2026-11-01 03:30"),
            used(mateo, 2, "2026-11-01 12:00"),
            used(mateo, 4, "2026-11-02 12:00"),
            used(yara, 8, "2026-11-02 12:00"),
        ],
    );
    let days = app.texts(&format!(
        "SELECT scope || ' ' || CAST(day AS TEXT) || ' ' || CAST(amount AS TEXT) AS t FROM usage_days \
         WHERE of_id <> {yara} ORDER BY scope, day"
    ));
    let expected = ["2026-10-31 1", "2026-11-01 2", "2026-11-02 4"];
    assert_eq!(days[3..6], expected.map(|day| format!("team {day}")));
    assert_eq!(days[6..], expected.map(|day| format!("user {day}")));
    assert_eq!(days[..3], ["account 2026-10-31 1", "account 2026-11-01 2", "account 2026-11-02 12"]);
    let months = app.texts(
        "SELECT CAST(month AS TEXT) || ' ' || CAST(amount AS TEXT) AS t FROM usage_months WHERE scope = 'account' \
         ORDER BY month",
    );
    assert_eq!(months, ["2026-10-01 1", "2026-11-01 14"]);
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn admins_are_told_once_when_a_pool_crosses_a_threshold() {
    let (app, amara) = TestApp::with_owner().await;
    app.person("Adam Stone", Role::Admin).await;
    app.person("Mina Park", Role::Moderator).await;
    let mateo = app.user("Mateo Silva", Role::Member);
    amara.post(&format!("/users/{mateo}/manage-credit"), [("calling", "5000")]).await;
    let told = || app.count("outbox WHERE kind = 'low_credits'");
    for (amount, expected) in [(3999, 0), (1, 2), (100, 2), (649, 2), (1, 4), (250, 4)] {
        report(&app, &[event(mateo, KIND, amount)]);
        assert_eq!(told(), expected, "after {amount}");
    }
    let mail = app.texts("SELECT body_text AS t FROM outbox WHERE kind = 'low_credits' ORDER BY id").remove(0);
    assert!(mail.contains("80 percent of the Team Calling Credits of Harbourline are used: 4000 of 5000."), "{mail}");
    // It falls below again, and crosses anew.
    report(&app, &[Event { direction: Direction::Refund, ..event(mateo, KIND, 2000) }, event(mateo, KIND, 1500)]);
    assert_eq!(told(), 4, "in one batch it never fell");
    report(&app, &[Event { direction: Direction::Refund, ..event(mateo, KIND, 1500) }]);
    report(&app, &[event(mateo, KIND, 1000)]);
    assert_eq!(told(), 6);
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn sixty_four_that_report_usage_of_one_user_never_use_more_than_allocated() {
    let app = TestApp::new().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    app.give(mateo, "calling", 100, 0);
    let other = app.another_instance();
    let events: Vec<Event> = (0..32).map(|_| event(mateo, KIND, 5)).collect();
    // Each event comes twice, to two instances at the same moment.
    let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let sent = events.iter().flat_map(|event| [(&app.db, event), (&other, event)]);
        let threads: Vec<_> = sent
            .map(|(db, event)| {
                let (app, actor) = (&app, Actor::system(app.account));
                scope.spawn(move || {
                    let one = std::slice::from_ref(event);
                    // Whoever waits too long for a turn asks again, as products do.
                    (0..20).find_map(|_| db.write_now(|conn| report_on(conn, app, &actor, one)).ok()).unwrap().remove(0)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let count = |wanted: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| wanted(outcome)).count();
    assert_eq!(count(is_counted), 20, "{outcomes:?}");
    assert_eq!(count(|outcome| matches!(outcome, Outcome::Known { .. })), 20);
    assert_eq!(count(|outcome| matches!(outcome, Outcome::Refused(_))), 24);
    assert_eq!(pool(&app, "calling"), (5500, 100, 100));
    assert_eq!(app.differences(), Vec::<String>::new());
}
