//! Manage Users, but the list and the seats.

mod adding;
mod deleting;
mod editing;
mod erasing;
mod export;
mod profile;
mod role;

use crate::support::TestApp;

/// The kinds and recipients of the e-mails that wait.
fn outbox(app: &TestApp) -> Vec<String> {
    app.texts("SELECT kind || ' ' || recipient AS t FROM outbox ORDER BY id")
}
