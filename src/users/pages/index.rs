use crate::access::{AccountId, Actor, Can, Permission, Role, UserId, ViewUsers, Viewer};
use crate::credits::{self, Allocation, CreditKind, Meter};
use crate::db::Conn;
use crate::error::Result;
use crate::operator;
use crate::plans::{self, Plan, PlanId};
use crate::teams::{self, Team};
use crate::usage;
use crate::users::companies;
use crate::users::list::{self, Count, ListQuery, Listing, Scope, Sort};
use crate::users::model::{Row, Status};
use crate::users::removal;
use crate::users::rules::{self, Target};
use crate::users::seat_map::SeatMap;
use crate::web::form::Query;
use crate::web::page::{self, Page, with_back};
use crate::web::text::{Times, counted, number};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use chrono::NaiveDateTime;

#[derive(Template)]
#[template(path = "users/index.html")]
pub struct IndexPage {
    page: Page,
    actor: Actor,
    query: ListQuery,
    listing: Listing,
    meters: Vec<Meter>,
    allocations: Vec<Allocation>,
    plans: Vec<Plan>,
    teams: Vec<Team>,
    companies: Vec<String>,
    operators: Vec<UserId>,
    /// The roles that the viewer may give.
    roles: Vec<Role>,
    /// When those who are pending deletion are erased.
    dates: Vec<(UserId, NaiveDateTime)>,
    may_add: bool,
    seats: SeatMap,
}

impl IndexPage {
    pub fn load(conn: &mut Conn, scope: &Scope, actor: Actor, page: Page, query: ListQuery) -> Result<Self> {
        let listing = list::page(conn, scope, &query, &page.times)?;
        let shown: Vec<UserId> = listing.rows.iter().map(|row| row.id).collect();
        let is_pending = query.status() == Status::Pending;
        Ok(IndexPage {
            meters: team_credits(conn, scope.account, &page.times)?,
            allocations: credits::allocations_of(conn, scope.account, &shown)?,
            plans: plans::all(conn)?,
            teams: teams::all(conn, scope.account)?,
            companies: companies::suggestions(conn, scope.account)?,
            operators: operator::of_account(conn, scope.account)?,
            roles: rules::roles_to_give(&actor, true),
            dates: if is_pending { removal::dates(conn, scope.account, &shown)? } else { vec![] },
            may_add: actor.permissions.has(Permission::EditUsers),
            seats: SeatMap::of(&page.viewer),
            page,
            actor,
            query,
            listing,
        })
    }

    fn viewer(&self) -> &Viewer {
        &self.page.viewer
    }

    fn plan_name(&self, id: &PlanId) -> &str {
        plans::name_among(&self.plans, *id)
    }

    fn target(&self, row: &Row) -> Target {
        Target::of(row.id, row.role, row.status, &self.operators)
    }

    fn may_edit(&self, row: &Row) -> bool {
        rules::may_edit(&self.actor, self.target(row))
    }

    /// Enable and disable: not oneself.
    fn may_switch(&self, row: &Row) -> bool {
        self.may_edit(row) && !self.actor.is(row.id)
    }

    fn may_allocate(&self, row: &Row) -> bool {
        rules::may_allocate(&self.actor, self.target(row))
    }

    /// Manage Credit and Allocate Minute of a user.
    fn dialog_path(&self, row: &Row, name: &str) -> String {
        with_back(format!("/users/{}/{name}", row.id), &self.back())
    }

    fn may_delete(&self, row: &Row) -> bool {
        rules::may_delete(&self.actor, self.target(row))
    }

    fn may_give_role(&self, row: &Row) -> bool {
        rules::may_give_role(&self.actor, self.target(row))
    }

    /// Whether the row has a menu.
    fn has_menu(&self, row: &Row) -> bool {
        self.may_edit(row) || self.may_delete(row) || self.may_allocate(row)
    }

    fn may(&self, permission: Permission) -> bool {
        self.actor.permissions.has(permission)
    }

    /// The roles that the bar offers: the Owner role is given one by one.
    fn bulk_roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.iter().filter(|role| **role != Role::Owner)
    }

    /// The tabs: those pending deletion only where there are any, or one is there.
    fn tabs(&self) -> Vec<(Status, &'static str)> {
        let tabs =
            [(Status::Enabled, "Enabled"), (Status::Disabled, "Disabled"), (Status::Pending, "Pending deletion")];
        let is_shown = |status: &Status| *status != Status::Pending || self.is_tab(status) || self.kept(status) > 0;
        tabs.into_iter().filter(|(status, _)| is_shown(status)).collect()
    }

    /// How many users a tab has.
    fn kept(&self, status: &Status) -> i32 {
        let viewer = self.viewer();
        match status {
            Status::Enabled => viewer.enabled_users,
            Status::Disabled => viewer.disabled_users,
            Status::Pending => viewer.pending_users,
        }
    }

    /// When somebody pending deletion is erased: `MM-DD-YYYY`.
    fn erased_on(&self, row: &Row) -> Option<String> {
        let (_, at) = self.dates.iter().find(|(id, _)| *id == row.id)?;
        Some(self.page.times.day(at))
    }

    /// "Select all 1240 that match": as far as it is known how many they are.
    fn all_label(&self) -> String {
        match self.listing.count {
            Count::Kept => format!("Select all {}", counted(self.kept(&self.query.status()), "user", "users")),
            Count::Exactly(found) => format!("Select all {} that match", number(found as i64)),
            Count::MoreThan(found) => format!("Select all {found}+ that match"),
        }
    }

    fn export_path(&self, extension: &str) -> String {
        match self.back() {
            query if query.is_empty() => format!("/users/export.{extension}"),
            query => format!("/users/export.{extension}?{query}"),
        }
    }

    fn is_tab(&self, status: &Status) -> bool {
        self.query.status() == *status
    }

    fn is_enabled_tab(&self) -> bool {
        self.is_tab(&Status::Enabled)
    }

    /// Export, Direct Dial and Calling of one user.
    fn credits_of(&self, row: &Row) -> Vec<(&'static str, String)> {
        let of = |kind: CreditKind| {
            let found = self.allocations.iter().find(|one| one.user_id == row.id && one.kind == kind);
            (kind.name(), number(found.map_or(0, |one| one.allocated)))
        };
        CreditKind::CREDITS.map(of).to_vec()
    }

    fn back(&self) -> String {
        self.query.to_text()
    }

    /// The address of one user, which leads back to this list.
    fn user_path(&self, row: &Row) -> String {
        self.path_of(&row.id.to_string())
    }

    /// A page under /users, which leads back to this list.
    fn path_of(&self, page: &str) -> String {
        with_back(format!("/users/{page}"), &self.back())
    }

    fn sort_path(&self, sort: &Sort) -> String {
        let (now, ascending) = self.query.order();
        // A second click turns the order round; times and credits begin with the newest and the most.
        let first = matches!(sort, Sort::Name | Sort::Email);
        self.query.sorted(*sort, if now == *sort { !ascending } else { first })
    }

    fn aria_sort(&self, sort: &Sort) -> Option<&'static str> {
        let (now, ascending) = self.query.order();
        (now == *sort).then_some(if ascending { "ascending" } else { "descending" })
    }

    fn previous_path(&self) -> Option<String> {
        let first = self.listing.rows.first().filter(|_| self.listing.has_previous)?;
        Some(self.query.before(&self.query.order().0.cursor(first)))
    }

    fn next_path(&self) -> Option<String> {
        let last = self.listing.rows.last().filter(|_| self.listing.has_next)?;
        Some(self.query.after(&self.query.order().0.cursor(last)))
    }

    /// "137 users", "25 of 1000+ users".
    fn count(&self) -> String {
        let shown = self.listing.rows.len();
        let total = match self.listing.count {
            Count::Kept => number(self.kept(&self.query.status())),
            Count::Exactly(found) => number(found as i64),
            Count::MoreThan(found) => format!("{found}+"),
        };
        let noun = if total == "1" { "user" } else { "users" };
        if self.listing.has_previous || self.listing.has_next {
            format!("{shown} of {total} {noun}")
        } else {
            format!("{total} {noun}")
        }
    }

    /// For phones, whose cards have no column heads: code of the URL and label.
    fn sort_choices(&self) -> Vec<(String, &'static str)> {
        let choices = [
            ("", "Name, A to Z"),
            ("-name", "Name, Z to A"),
            ("email", "Email, A to Z"),
            ("-email", "Email, Z to A"),
            ("-credits", "Credits, most first"),
            ("credits", "Credits, fewest first"),
            ("-last_activity", "Last activity, newest first"),
            ("last_activity", "Last activity, oldest first"),
            ("-created", "Created, newest first"),
            ("created", "Created, oldest first"),
        ];
        choices.map(|(code, label)| (code.to_owned(), label)).to_vec()
    }
}

/// The Team Credit Overview.
fn team_credits(conn: &mut Conn, account: AccountId, times: &Times) -> Result<Vec<Meter>> {
    let meters = usage::pool_meters(conn, account, times)?;
    Ok(meters.into_iter().filter(|(kind, _)| CreditKind::CREDITS.contains(kind)).map(|(_, meter)| meter).collect())
}

/// GET /users
pub async fn index(can: Can<ViewUsers>, Query(query): Query<ListQuery>) -> Result<HttpResponse> {
    let scope = Scope::of(&can.app, &can.viewer);
    let (actor, page) = (can.actor, can.page);
    let index = can.db.read(move |conn| IndexPage::load(conn, &scope, actor, page, query)).await?;
    page::html(StatusCode::OK, &index)
}
