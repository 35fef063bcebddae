//! The list: search, filters, sorting and pages, as people see them, and against a naive list in Rust.

mod naive;
mod pages;
mod search;

use crate::support::{Dice, Setup, TestApp};
use seatkeeper::access::Role;
use seatkeeper::users::Status;

const FIRST: &[&str] = &["Ann", "Anna-Lena", "Łukasz", "Zoë", "José", "Jürgen", "O'Brien", "山田", "Mateo", "mateo"];
const LAST: &[&str] = &["Silva", "Šilhavý", "Smith", "50%_Off", "Ångström", "太郎", "van der Berg", "Иванов"];
const COMPANIES: &[&str] = &["", "", "Nordwind GmbH", "Söhne & Co", "Acme"];

/// Harbourline with many users who have the same names, credits and times.
async fn with_many(users: usize) -> TestApp {
    let app = TestApp::with(Setup { seats: 1000, ..Setup::default() }).await;
    let teams = [app.team(app.account, "Support"), app.team(app.account, "Sales")];
    let plans =
        ["Free", "Standard", "Enterprise"].map(|name| app.plan(name).parse().map(seatkeeper::plans::PlanId).unwrap());
    let mut dice = Dice::new(42);
    let people = (0..users).map(|n| {
        let mut details = app.details(app.account, "");
        details.first_name = (*dice.roll(FIRST)).into();
        details.last_name = (*dice.roll(LAST)).into();
        details.email = if n % 5 == 0 {
            String::new()
        } else {
            format!("User.{n}@{}.example", dice.roll(&["harbourline", "acme"]))
        };
        details.username = if n % 3 == 0 { format!("User.{n}") } else { format!("{}{n}", dice.roll(&["Mateo", "x"])) };
        details.phone = if n % 2 == 0 { String::new() } else { format!("+1415836{:04}", 100 + n) };
        details.company = (*dice.roll(COMPANIES)).into();
        details.role = *dice.roll(&[Role::Member, Role::Member, Role::Agent, Role::Admin]);
        details.plan = *dice.roll(&plans);
        details.status = *dice.roll(&[Status::Enabled, Status::Enabled, Status::Enabled, Status::Disabled]);
        details.teams = dice.roll(&[vec![], vec![teams[0]], vec![teams[0], teams[1]]]).clone();
        details
    });
    let ids = app.users_of(app.account, people.collect());
    // Times as Diesel writes them: on SQLite they are compared as text.
    let updates = ids.iter().map(|id| {
        let credits = dice.roll(&[0, 0, 10, 1500]);
        let seen = dice.roll(&["1970-01-01 00:00:00", "2026-01-02 10:00:00", "2026-01-04 10:00:00.250"]);
        let created = dice.roll(&[
            "2026-01-01 00:00:00",
            "2026-01-03 12:00:00",
            "2026-01-03 12:00:00.500",
            "2026-01-05 23:59:59",
        ]);
        format!(
            "UPDATE users SET credits = {credits}, last_activity = '{seen}', created_at = '{created}' WHERE id = {id};"
        )
    });
    app.run(&updates.collect::<String>());
    app
}
