//! Handlers of Manage Users, a file a page, and what they share.

mod edit;
mod index;
mod new;
mod profile;
mod status;

pub use edit::{edit, update};
pub use index::index;
pub use new::{create, new};
pub use profile::profile;
pub use status::set_status;

use super::companies;
use super::form::Choices;
use super::model::Details;
use crate::access::{Can, Own, Permission, UserId, Viewer};
use crate::db::Conn;
use crate::error::{Error, Refusal, Result};
use crate::plans::{self, Plan, PlanId};
use crate::teams::{self, Team};
use crate::web::flash;
use crate::web::page::Page;
use actix_web::HttpResponse;
use serde::Deserialize;

/// GET /: where one's work is.
pub async fn home(can: Can<Own>) -> HttpResponse {
    let sees_users = can.actor.permissions.has(Permission::ViewUsers);
    flash::redirect(if sees_users { "/users" } else { "/profile" }, can.page.flash)
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

/// `path`, with the list to come back to.
fn with_back(path: String, back: &str) -> String {
    if back.is_empty() {
        return path;
    }
    format!("{path}?{}", url::form_urlencoded::Serializer::new(String::new()).append_pair("back", back).finish())
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
        Refusal::UnknownPlan => "plan",
        Refusal::UnknownTeam => "teams",
        Refusal::Self_ | Refusal::Conflict | Refusal::HostTaken => "user",
    }
}

fn plan_name(plans: &[Plan], id: PlanId) -> &str {
    plans.iter().find(|plan| plan.id == id).map_or("", |plan| &plan.name)
}

fn team_names(all: &[Team], details: &Details) -> String {
    let names = all.iter().filter(|team| details.teams.contains(&team.id)).map(|team| team.name.as_str());
    let names = names.collect::<Vec<_>>().join(", ");
    if names.is_empty() { "None".into() } else { names }
}

fn user_id(text: &str) -> Result<UserId> {
    text.parse().map(UserId).map_err(|_| Error::NotFound)
}
