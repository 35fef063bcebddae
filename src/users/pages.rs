use super::companies;
use super::form::{Choices, UserForm};
use super::list::{self, Count, Limits, ListQuery, Listing, Scope, Sort};
use super::model::{self, Details, Row, Status, User, find};
use super::rules;
use super::seat_map::SeatMap;
use super::write::{self, NewUser, Update};
use crate::access::{Actor, Can, EditUsers, Own, Permission, Role, UserId, ViewUsers, Viewer};
use crate::accounts;
use crate::credits::{self, Allocation, CreditKind, Pool};
use crate::db::Conn;
use crate::error::{Error, Refusal, Result};
use crate::plans::{self, Plan, PlanId};
use crate::sessions;
use crate::teams::{self, Team};
use crate::web::flash::{self, Flash};
use crate::web::form::{Errors, Form, Query};
use crate::web::page::{self, Page};
use crate::web::text::number;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

/// GET /: where one's work is.
pub async fn home(can: Can<Own>) -> HttpResponse {
    let sees_users = can.actor.permissions.has(Permission::ViewUsers);
    flash::redirect(if sees_users { "/users" } else { "/profile" }, can.page.flash)
}

// ---- The list

#[derive(Template)]
#[template(path = "users/index.html")]
struct IndexPage {
    page: Page,
    actor: Actor,
    query: ListQuery,
    listing: Listing,
    pools: Vec<Pool>,
    allocations: Vec<Allocation>,
    plans: Vec<Plan>,
    teams: Vec<Team>,
    companies: Vec<String>,
    may_add: bool,
    may_add_yet: bool,
    seats: SeatMap,
}

impl IndexPage {
    fn viewer(&self) -> &Viewer {
        &self.page.viewer
    }

    fn plan_name(&self, id: &PlanId) -> &str {
        self.plans.iter().find(|plan| plan.id == *id).map_or("", |plan| &plan.name)
    }

    fn may_edit(&self, row: &Row) -> bool {
        rules::may_edit(&self.actor, row.role)
    }

    /// Enable and disable: not oneself.
    fn may_switch(&self, row: &Row) -> bool {
        self.may_edit(row) && !self.actor.is(row.id)
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

    /// "137 users", "12 of 1000+ matches".
    fn count(&self) -> String {
        let shown = self.listing.rows.len();
        let total = match self.listing.count {
            _ if !self.query.is_filtered() => {
                let viewer = self.viewer();
                let all = if self.is_enabled_tab() { viewer.enabled_users } else { viewer.disabled_users };
                number(all)
            }
            Count::Exactly(found) => number(found as i64),
            Count::MoreThan(cap) => format!("{cap}+"),
            Count::Many => return format!("{shown} users shown"),
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

/// GET /users
pub async fn index(can: Can<ViewUsers>, Query(query): Query<ListQuery>) -> Result<HttpResponse> {
    let scope = Scope {
        account: can.viewer.account,
        users: can.viewer.users(),
        trigrams: can.app.trigrams,
        postgres: can.db.is_postgres(),
        limits: Limits::default(),
    };
    let (actor, page) = (can.actor, can.page);
    let index = can
        .db
        .read(move |conn| {
            let listing = list::page(conn, &scope, &query, &page.times)?;
            let shown: Vec<UserId> = listing.rows.iter().map(|row| row.id).collect();
            Ok(IndexPage {
                pools: credits::pools(conn, scope.account)?,
                allocations: credits::allocations_of(conn, scope.account, &shown)?,
                plans: plans::all(conn)?,
                teams: teams::all(conn, scope.account)?,
                companies: companies::suggestions(conn, scope.account)?,
                may_add: actor.permissions.has(Permission::EditUsers),
                may_add_yet: accounts::may_add_users(conn, scope.account)?,
                seats: SeatMap::of(&page.viewer),
                page,
                actor,
                query,
                listing,
            })
        })
        .await?;
    page::html(StatusCode::OK, &index)
}

// ---- Adding

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

#[derive(Template)]
#[template(path = "users/new.html")]
struct NewPage {
    page: Page,
    form: UserForm,
    errors: Errors,
    offer: Offer,
    roles: Vec<Role>,
    seats: SeatMap,
    actor: Actor,
}

impl NewPage {
    fn shows_sign_in(&self) -> bool {
        true
    }

    fn shows_role(&self) -> bool {
        self.actor.permissions.has(Permission::AssignRoles)
    }

    fn role_label(&self) -> &'static str {
        Role::Member.label()
    }

    fn shows_status(&self) -> bool {
        true
    }

    fn asks_own_password(&self) -> bool {
        false
    }

    fn is_edit(&self) -> bool {
        false
    }

    fn direct_label(&self) -> String {
        direct_label(&self.page)
    }

    fn list_path(&self) -> String {
        ListQuery::from_text(&self.form.back).path()
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

/// Adding asks for a place where the new user can sign in: 403 as long as there is none.
async fn add_offer(can: &Can<EditUsers>) -> Result<Offer> {
    let viewer = can.viewer.clone();
    can.db
        .read(move |conn| {
            if !accounts::may_add_users(conn, viewer.account)? {
                return Err(Error::Forbidden);
            }
            Offer::load(conn, &viewer)
        })
        .await
}

/// GET /users/new
pub async fn new(can: Can<EditUsers>, Query(query): Query<BackQuery>) -> Result<HttpResponse> {
    let offer = add_offer(&can).await?;
    let form = UserForm { back: query.back, ..UserForm::blank(&offer.plans) };
    show_new(StatusCode::OK, can, offer, form, Errors::default())
}

fn show_new(
    status: StatusCode,
    can: Can<EditUsers>,
    offer: Offer,
    mut form: UserForm,
    errors: Errors,
) -> Result<HttpResponse> {
    // A password is never sent back.
    form.password = Some(String::new());
    let roles = rules::roles_to_give(&can.actor, false);
    let seats = SeatMap::of(&can.viewer);
    let page = can.page.at("/users/new");
    page::html(status, &NewPage { page, form, errors, offer, roles, seats, actor: can.actor })
}

/// POST /users
pub async fn create(can: Can<EditUsers>, Form(form): Form<UserForm>) -> Result<HttpResponse> {
    const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
    let offer = add_offer(&can).await?;
    if !form.preset.is_empty() {
        let form = form.with_preset(&offer.plans);
        return show_new(StatusCode::OK, can, offer, form, Errors::default());
    }
    let details = match form.parse(&offer.choices(&can.viewer)) {
        Ok(details) => details,
        Err(errors) => return show_new(WRONG, can, offer, form, errors),
    };
    let password = can.app.passwords.hash(form.new_password().unwrap_or_default()).await?;
    let new = NewUser { details: details.clone(), password };
    let (app, actor) = (can.app.clone(), can.actor.clone());
    let added = can.db.write(move |conn| write::add(conn, &app.config, &actor, &new)).await;
    match added {
        Ok(_) => {
            let told = if details.email.is_empty() { "" } else { " A welcome email is on its way." };
            let flash = Flash::done(format!("{} was added and has no credits yet.{told}", details.name()));
            let list = ListQuery::from_text(&form.back);
            let again = with_back("/users/new".into(), &list.to_text());
            Ok(flash::redirect(&list.path(), Some(flash.with_link(again, "Add another"))))
        }
        Err(Error::Refused(refusal)) => {
            show_new(WRONG, can, offer, form, Errors::one(field_of(refusal), refusal.to_string()))
        }
        Err(error) => Err(error),
    }
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
        Refusal::Self_ => "status",
        Refusal::Conflict | Refusal::HostTaken => "user",
    }
}

// ---- One user

#[derive(Template)]
#[template(path = "users/edit.html")]
struct EditPage {
    page: Page,
    user: User,
    form: UserForm,
    errors: Errors,
    offer: Offer,
    roles: Vec<Role>,
    actor: Actor,
    minutes: Vec<Allocation>,
    /// What somebody else saved meanwhile: field, their value.
    theirs: Vec<(&'static str, String)>,
}

impl EditPage {
    fn is_edit(&self) -> bool {
        true
    }

    fn is_self(&self) -> bool {
        self.actor.is(self.user.id)
    }

    fn may_edit(&self) -> bool {
        rules::may_edit(&self.actor, self.user.details.role)
    }

    /// E-mail address, username and password.
    fn shows_sign_in(&self) -> bool {
        self.actor.permissions.has(Permission::SetPasswords)
    }

    fn shows_role(&self) -> bool {
        self.actor.permissions.has(Permission::AssignRoles) && !self.is_self()
    }

    fn role_label(&self) -> &'static str {
        self.user.details.role.label()
    }

    fn shows_status(&self) -> bool {
        !self.is_self()
    }

    fn direct_label(&self) -> String {
        direct_label(&self.page)
    }

    fn asks_own_password(&self) -> bool {
        self.shows_role() && self.actor.permissions.has(Permission::GrantOwner)
    }

    fn list_path(&self) -> String {
        ListQuery::from_text(&self.form.back).path()
    }

    fn plan_name(&self) -> &str {
        plan_name(&self.offer.plans, self.user.details.plan)
    }

    fn team_names(&self) -> String {
        team_names(&self.offer.teams, &self.user.details)
    }

    fn minutes(&self) -> String {
        let found = self.minutes.iter().find(|one| one.kind == CreditKind::Minutes);
        found.map_or("0".into(), |one| format!("{} / {}", number(one.used), number(one.allocated)))
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

struct Loaded {
    user: User,
    offer: Offer,
    minutes: Vec<Allocation>,
}

async fn load<P>(can: &Can<P>, id: UserId) -> Result<Loaded> {
    let viewer = can.viewer.clone();
    can.db
        .read(move |conn| {
            Ok(Loaded {
                user: find(conn, viewer.account, id)?,
                offer: Offer::load(conn, &viewer)?,
                minutes: credits::allocations_of(conn, viewer.account, &[id])?,
            })
        })
        .await
}

/// GET /users/{id}: the form, or the facts where one may only look.
pub async fn edit(can: Can<ViewUsers>, id: web::Path<String>, Query(query): Query<BackQuery>) -> Result<HttpResponse> {
    let loaded = load(&can, user_id(&id)?).await?;
    let form = UserForm { back: query.back, ..UserForm::of(&loaded.user) };
    show_edit(StatusCode::OK, can, loaded, form, Errors::default(), vec![])
}

fn show_edit<P>(
    status: StatusCode,
    can: Can<P>,
    loaded: Loaded,
    mut form: UserForm,
    errors: Errors,
    theirs: Vec<(&'static str, String)>,
) -> Result<HttpResponse> {
    form.password = Some(String::new());
    form.own_password = String::new();
    let Loaded { user, offer, minutes } = loaded;
    let roles = rules::roles_to_give(&can.actor, true);
    let page = can.page.at(format!("/users/{}", user.id));
    page::html(status, &EditPage { page, user, form, errors, offer, roles, actor: can.actor, minutes, theirs })
}

/// POST /users/{id}
pub async fn update(can: Can<EditUsers>, id: web::Path<String>, Form(form): Form<UserForm>) -> Result<HttpResponse> {
    const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
    let id = user_id(&id)?;
    let loaded = load(&can, id).await?;
    let current = &loaded.user.details;
    if !rules::may_edit(&can.actor, current.role) {
        return Err(Error::Forbidden);
    }
    let version = form.version.parse().unwrap_or(0);
    if version != loaded.user.version {
        return show_conflict(can, loaded, form);
    }
    if form.oversteps(&can.actor, current) {
        return Err(Error::Forbidden);
    }
    let details = match form.parse_edit(current, &loaded.offer.choices(&can.viewer)) {
        Ok(details) => details,
        Err(errors) => return show_edit(WRONG, can, loaded, form, errors, vec![]),
    };
    let password = match form.new_password() {
        Some(password) => Some(can.app.passwords.hash(password).await?),
        None => None,
    };
    let touches_owner = details.role != current.role && [details.role, current.role].contains(&Role::Owner);
    let confirmed = touches_owner && is_own_password(&can, form.own_password.clone()).await?;
    let update = Update { version, details: details.clone(), password, confirmed };
    let (app, actor) = (can.app.clone(), can.actor.clone());
    let saved = can.db.write(move |conn| write::update(conn, &app.config, &actor, id, &update)).await;
    match saved {
        Ok(()) => {
            let flash = Flash::done(format!("{} was saved.", details.name()));
            Ok(flash::redirect(&ListQuery::from_text(&form.back).path(), Some(flash)))
        }
        Err(Error::Refused(Refusal::Conflict)) => {
            let loaded = load(&can, id).await?;
            show_conflict(can, loaded, form)
        }
        Err(Error::Refused(refusal)) => {
            show_edit(WRONG, can, loaded, form, Errors::one(field_of(refusal), refusal.to_string()), vec![])
        }
        Err(error) => Err(error),
    }
}

/// The actor confirms with their own password; wrong ones are counted like failed sign-ins.
async fn is_own_password(can: &Can<EditUsers>, password: String) -> Result<bool> {
    let (account, user) = (can.viewer.account, can.viewer.user);
    let attempt = sessions::Attempt::new("own password", &user.to_string(), &can.actor.address);
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
        can.db.write(move |conn| attempt.succeed(conn)).await?;
    }
    Ok(is_right)
}

/// Somebody else saved first. Their values are shown beside what was typed; saving again is then a decision.
fn show_conflict(can: Can<EditUsers>, loaded: Loaded, mut form: UserForm) -> Result<HttpResponse> {
    let saved = UserForm::of(&loaded.user);
    let theirs = differences(&saved, &form, &loaded.offer, &loaded.user.details);
    form.version = saved.version;
    let errors = Errors::one("user", Refusal::Conflict.to_string());
    show_edit(StatusCode::CONFLICT, can, loaded, form, errors, theirs)
}

/// What is saved now, of the fields where it is not what was typed.
fn differences(saved: &UserForm, typed: &UserForm, offer: &Offer, details: &Details) -> Vec<(&'static str, String)> {
    let shown = |typed: &Option<String>, saved: &Option<String>| typed.is_some() && typed != saved;
    let yes_no = |code: &str| if code == "yes" { "Yes" } else { "No" }.to_owned();
    let mut team_ids = typed.teams.clone();
    team_ids.retain(|id| !id.is_empty());
    team_ids.sort();
    let mut saved_ids = saved.teams.clone();
    saved_ids.sort();
    let rows = [
        ("First name", saved.first_name != typed.first_name, saved.first_name.clone()),
        ("Last name", saved.last_name != typed.last_name, saved.last_name.clone()),
        ("Email", shown(&typed.email, &saved.email), saved.email().to_owned()),
        ("Username", shown(&typed.username, &saved.username), saved.username().to_owned()),
        ("Phone number", saved.phone != typed.phone, saved.phone.clone()),
        ("Phone EXT", saved.phone_ext != typed.phone_ext, saved.phone_ext.clone()),
        ("Job title", saved.job_title != typed.job_title, saved.job_title.clone()),
        ("Company Name", saved.company != typed.company, saved.company.clone()),
        ("Role", shown(&typed.role, &saved.role), details.role.label().to_owned()),
        ("Subscription Tier", saved.plan != typed.plan, plan_name(&offer.plans, details.plan).to_owned()),
        ("Status", shown(&typed.status, &saved.status), details.status.label().to_owned()),
        ("Dialer", saved.dialer != typed.dialer, yes_no(&saved.dialer)),
        ("Local Presence", saved.local_presence != typed.local_presence, yes_no(&saved.local_presence)),
        ("Use Balance", saved.use_balance != typed.use_balance, details.use_balance.label().to_owned()),
        ("Ext Phone", saved.ext_phone != typed.ext_phone, saved.ext_phone.clone()),
        ("Teams", saved_ids != team_ids, team_names(&offer.teams, details)),
        ("Pay for Seat", saved.pay_for_seat != typed.pay_for_seat, details.seat.label().to_owned()),
        ("Packages/Seat Limit", saved.package_seat != typed.package_seat, yes_no(&saved.package_seat)),
    ];
    let differing = rows.into_iter().filter(|(_, differs, _)| *differs);
    differing.map(|(field, _, value)| (field, if value.is_empty() { "(empty)".into() } else { value })).collect()
}

// ---- Enable and disable

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct StatusForm {
    status: String,
    back: String,
}

/// POST /users/{id}/status
pub async fn set_status(
    can: Can<EditUsers>,
    id: web::Path<String>,
    Form(form): Form<StatusForm>,
) -> Result<HttpResponse> {
    let id = user_id(&id)?;
    let status = Status::from_code(&form.status).ok_or(Error::BadRequest)?;
    let list = ListQuery::from_text(&form.back).path();
    let actor = can.actor;
    let flash = match can.db.write(move |conn| write::set_status(conn, &actor, id, status)).await {
        Ok(user) => Flash::done(told(&user, status)),
        Err(Error::Refused(refusal)) => Flash::refused(refusal.to_string()),
        Err(error) => return Err(error),
    };
    Ok(flash::redirect(&list, Some(flash)))
}

fn told(user: &User, status: Status) -> String {
    let name = user.details.name();
    match status {
        Status::Enabled => format!("{name} was enabled and can sign in again."),
        Status::Disabled => format!("{name} was disabled. Their data is preserved and they can be re-enabled later."),
    }
}

// ---- One's own profile

#[derive(Template)]
#[template(path = "users/profile.html")]
struct ProfilePage {
    page: Page,
    user: User,
    plan: String,
    teams: String,
}

/// GET /profile
pub async fn profile(can: Can<Own>) -> Result<HttpResponse> {
    let (account, id) = (can.viewer.account, can.viewer.user);
    let (user, plan, teams) = can
        .db
        .read(move |conn| {
            let user = model::find(conn, account, id)?;
            let plan = plan_name(&plans::all(conn)?, user.details.plan).to_owned();
            let teams = team_names(&teams::all(conn, account)?, &user.details);
            Ok((user, plan, teams))
        })
        .await?;
    page::html(StatusCode::OK, &ProfilePage { page: can.page, user, plan, teams })
}
