//! Handlers of Manage Users, a file a page, and what they share.

mod amounts;
mod credits;
mod edit;
mod export;
mod index;
mod new;
mod profile;
mod restoration;
mod role;
mod status;

pub use amounts::{allocate_minute, amount, manage_credit, save_credit, save_minute};
pub use credits::credits;
pub use edit::{edit, update};
pub use export::{csv, xlsx};
pub use index::{IndexPage, index};
pub use new::{create, new};
pub use profile::profile;
pub use restoration::restore;
pub use role::{confirm_role, set_role};
pub use status::set_status;

use super::companies;
use super::form::Choices;
use super::model::Details;
use crate::access::{Can, Own, Permission, Viewer, user_id};
use crate::db::Conn;
use crate::error::{Refusal, Result};
use crate::plans::{self, Plan};
use crate::sessions;
use crate::teams::{self, Team};
use crate::web::flash;
use crate::web::page::Page;
use actix_web::HttpResponse;
use serde::Deserialize;

/// GET /: where one's work is.
pub async fn home(can: Can<Own>) -> HttpResponse {
    let sees_users = can.actor.permissions.has(Permission::ViewUsers);
    flash::redirect(if sees_users { "/users" } else { "/usage" }, can.page.flash)
}

/// The actor confirms with their own password; wrong ones are counted like failed sign-ins.
async fn is_own_password<P>(can: &Can<P>, password: String) -> Result<bool> {
    let (account, user) = (can.viewer.account, can.viewer.user);
    let attempt = sessions::Attempt::to_confirm(user);
    let counted = attempt.clone();
    let stored = can
        .db
        .write(move |conn| {
            counted.begin(conn)?;
            sessions::credentials_of(conn, account, user)
        })
        .await?;
    let is_right = can.app.passwords.is_right(password, stored).await?;
    if is_right {
        can.db.write(move |conn| attempt.succeed(conn, true)).await?;
    }
    Ok(is_right)
}

/// What the form offers.
struct Offer {
    plans: Vec<Plan>,
    teams: Vec<Team>,
    companies: Vec<String>,
}

impl Offer {
    fn load(conn: &mut Conn, viewer: &Viewer) -> Result<Self> {
        Ok(Offer {
            plans: plans::all(conn)?,
            teams: teams::all(conn, viewer.account)?,
            companies: companies::suggestions(conn, viewer.account)?,
        })
    }

    fn choices<'a>(&'a self, viewer: &'a Viewer) -> Choices<'a> {
        Choices { plans: &self.plans, teams: &self.teams, country: &viewer.country }
    }
}

/// "Harbourline (Direct to Harbourline)": the user pays the account's brand.
fn direct_label(page: &Page) -> String {
    let brand = &page.viewer.account_name;
    format!("{brand} (Direct to {brand})")
}

/// The list to come back to.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct BackQuery {
    back: String,
}

/// Where a refusal is shown.
fn field_of(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::EmailTaken => "email",
        Refusal::UsernameTaken => "username",
        Refusal::ExtensionTaken => "phone_ext",
        Refusal::NoFreeSeat => "package_seat",
        Refusal::LastOwner | Refusal::OwnerNotOffered => "role",
        Refusal::WrongOwnPassword => "own_password",
        Refusal::UnknownPlan | Refusal::NotInPlan => "plan",
        Refusal::UnknownTeam => "teams",
        // What is said of the user as a whole, and what no form of a user asks.
        _ => "user",
    }
}

fn team_names(all: &[Team], details: &Details) -> String {
    let names = all.iter().filter(|team| details.teams.contains(&team.id)).map(|team| team.name.as_str());
    let names = names.collect::<Vec<_>>().join(", ");
    if names.is_empty() { "None".into() } else { names }
}
