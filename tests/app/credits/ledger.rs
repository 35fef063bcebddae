//! That the ledger cannot lie: nothing in it changes, and it follows a simple model whatever is done.

use super::{event, report};
use crate::support::TestApp;
use seatkeeper::access::{Actor, Role, UserId};
use seatkeeper::credits::{CreditKind, allocations_of, pools};
use seatkeeper::usage::{Direction, Event, Outcome};
use seatkeeper::users::{self, Wanted};
use std::collections::BTreeMap;

#[actix_web::test]
async fn the_database_refuses_to_change_or_delete_an_entry() {
    let app = TestApp::new().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    app.give(mateo, "export", 100, 10);
    let before = app.everything();
    for attack in
        ["UPDATE ledger SET amount = 1", "DELETE FROM ledger", "UPDATE ledger SET reason = 'x' WHERE amount = 10"]
    {
        let refused = app.db.write_now(|conn| {
            use diesel::connection::SimpleConnection;
            Ok(conn.batch_execute(attack)?)
        });
        assert!(refused.unwrap_err().to_string().contains("the ledger is append-only"), "{attack}");
    }
    assert_eq!(app.everything(), before);
}

#[actix_web::test]
async fn verify_hears_of_every_balance_that_is_changed_behind_its_back() {
    let app = TestApp::new().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    app.give(mateo, "export", 100, 10);
    assert_eq!(app.differences(), Vec::<String>::new());
    for (change, back) in [
        (
            "UPDATE credit_pools SET total = total + 1 WHERE kind = 'export'",
            "UPDATE credit_pools SET total = total - 1 WHERE kind = 'export'",
        ),
        ("UPDATE allocations SET used = 11", "UPDATE allocations SET used = 10"),
        (
            "UPDATE usage_days SET amount = 11 WHERE scope = 'user'",
            "UPDATE usage_days SET amount = 10 WHERE scope = 'user'",
        ),
        (
            "UPDATE usage_days SET amount = 11 WHERE scope = 'account'",
            "UPDATE usage_days SET amount = 10 WHERE scope = 'account'",
        ),
        (
            "UPDATE usage_months SET amount = 11 WHERE scope = 'user'",
            "UPDATE usage_months SET amount = 10 WHERE scope = 'user'",
        ),
    ] {
        app.run(change);
        assert!(!app.differences().is_empty(), "{change}");
        app.run(back);
        assert_eq!(app.differences(), Vec::<String>::new(), "{back}");
    }
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % n
    }
}

/// What there should be: of each user and kind, allocated and used.
type Model = BTreeMap<(UserId, CreditKind), (i64, i64)>;

/// One step, done and predicted.
fn step(app: &TestApp, dice: &mut Dice, people: &[UserId], model: &mut Model, total: i64) {
    let user = people[dice.below(people.len() as u64) as usize];
    let kind = CreditKind::ALL[dice.below(4) as usize];
    let amount = dice.below(400) as i64 + 1;
    let given: i64 = model.iter().filter(|((_, one), _)| *one == kind).map(|(_, (allocated, _))| allocated).sum();
    let (allocated, used) = model.entry((user, kind)).or_default();
    let actor = Actor::system(app.account);
    match dice.below(3) {
        0 => {
            let may = amount >= *used && given - *allocated + amount <= total;
            let wanted = [Wanted { kind, amount, had: None }];
            let done = app.db.write_now(|conn| users::allocate(conn, &actor, user, &wanted, ""));
            assert_eq!(done.is_ok(), may, "{kind:?} {amount} of {allocated}/{used}");
            if may {
                *allocated = amount;
            }
        }
        1 => {
            let may = *used + amount <= *allocated;
            let outcome = report(app, &[event(user, kind, amount)]).remove(0);
            assert_eq!(matches!(outcome, Outcome::Counted { .. }), may, "{outcome:?}");
            if may {
                *used += amount;
            }
        }
        _ => {
            let may = amount <= *used;
            let refund = Event { direction: Direction::Refund, ..event(user, kind, amount) };
            let outcome = report(app, &[refund]).remove(0);
            assert_eq!(matches!(outcome, Outcome::Counted { .. }), may, "{outcome:?}");
            if may {
                *used -= amount;
            }
        }
    }
}

#[actix_web::test]
async fn whatever_is_done_the_ledger_follows_a_simple_model() {
    const TOTAL: i64 = 600;
    for seed in [1, 2, 3] {
        let app = TestApp::new().await;
        let people = ["Mateo Silva", "Yara Haddad", "Ann Lee"].map(|name| app.user(name, Role::Member));
        app.db
            .write_now(|conn| {
                users::take_turn(conn, app.account)?;
                let actor = Actor::system(app.account);
                let mut book = seatkeeper::credits::Book::open(conn, &actor, &[])?;
                book.grant(CreditKind::Minutes, 5000)?;
                book.save(conn, &actor, "").map(drop)
            })
            .unwrap();
        // Less to give than is wanted: most of each pool is with somebody who is not in the model.
        let hoarder = app.user("Harry Hoarder", Role::Member);
        let wanted: Vec<Wanted> =
            CreditKind::ALL.iter().map(|&kind| Wanted { kind, amount: 5000 - TOTAL, had: None }).collect();
        let actor = Actor::system(app.account);
        app.db.write_now(|conn| users::allocate(conn, &actor, hoarder, &wanted, "")).unwrap();
        let (mut dice, mut model) = (Dice(seed), Model::new());
        for _ in 0..120 {
            step(&app, &mut dice, &people, &mut model, TOTAL);
        }
        let found = app.db.read_now(|conn| allocations_of(conn, app.account, &people)).unwrap();
        for ((user, kind), (allocated, used)) in &model {
            let part = found.iter().find(|part| (part.user_id, part.kind) == (*user, *kind));
            assert_eq!(part.map_or((0, 0), |part| (part.allocated, part.used)), (*allocated, *used));
        }
        for pool in app.db.read_now(|conn| pools(conn, app.account)).unwrap() {
            let sum = |pick: fn(&(i64, i64)) -> i64| -> i64 {
                model.iter().filter(|((_, kind), _)| *kind == pool.kind).map(|(_, part)| pick(part)).sum()
            };
            assert_eq!(pool.allocated, sum(|part| part.0) + 5000 - TOTAL);
            assert_eq!(pool.used, sum(|part| part.1));
        }
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}
