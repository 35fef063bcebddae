//! Credits and minutes: what is given, taken, used and told, and that the ledger says so.

mod allocating;
mod crashing;
mod cycles;
mod ledger;
mod many;
mod reporting;
mod writers;

use crate::support::TestApp;
use seatkeeper::access::{Actor, UserId};
use seatkeeper::clock;
use seatkeeper::credits::{CreditKind, IdempotencyKey};
use seatkeeper::db::{Conn, new_id};
use seatkeeper::error::Result;
use seatkeeper::usage::{self, Direction, Event, Outcome};

/// A new event: so much used of a kind, now.
pub fn event(user: UserId, kind: CreditKind, amount: i64) -> Event {
    Event {
        user: Some(user),
        kind,
        direction: Direction::Use,
        amount,
        at: clock::now(),
        reference: String::new(),
        key: IdempotencyKey::of(&new_id().to_string()),
    }
}

/// Reports events as a product does.
pub fn report(app: &TestApp, events: &[Event]) -> Vec<Outcome> {
    let actor = Actor::system(app.account);
    app.db.write_now(|conn| report_on(conn, app, &actor, events)).unwrap()
}

pub fn report_on(conn: &mut Conn, app: &TestApp, actor: &Actor, events: &[Event]) -> Result<Vec<Outcome>> {
    usage::report(conn, &app.config, actor, events)
}

/// A pool's total, allocated and used.
pub fn pool(app: &TestApp, kind: &str) -> (i64, i64, i64) {
    let of = |column: &str| {
        app.number(&format!(
            "SELECT {column} AS n FROM credit_pools WHERE account_id = {} AND kind = '{kind}'",
            app.account.0
        ))
    };
    (of("total"), of("allocated"), of("used"))
}
