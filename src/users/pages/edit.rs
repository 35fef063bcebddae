use super::{BackQuery, Offer, direct_label, field_of, is_own_password, team_names, user_id};
use crate::access::{Actor, Can, EditUsers, Permission, Role, UserId, ViewUsers};
use crate::credits::{self, Allocation, CreditKind};
use crate::error::{Error, Refusal, Result};
use crate::plans;
use crate::users::form::UserForm;
use crate::users::list::ListQuery;
use crate::users::model::{PayForSeat, Seat, Status, User, find};
use crate::users::rules::{self, Target};
use crate::users::tabs::{Tab, tabs};
use crate::users::write::{self, Update};
use crate::web::flash::{self, Flash};
use crate::web::form::{Errors, Form, Query};
use crate::web::page::{self, Page};
use crate::web::text::number;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

#[derive(Template)]
#[template(path = "users/edit.html")]
struct EditPage {
    page: Page,
    user: User,
    target: Target,
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

    fn password_hint(&self) -> &'static str {
        match self.is_self() {
            true => "Leave blank to keep the current password. A new one ends your other sessions.",
            false => "Leave blank to keep the current password. A new one ends their sessions.",
        }
    }

    fn is_self(&self) -> bool {
        self.actor.is(self.user.id)
    }

    fn may_edit(&self) -> bool {
        rules::may_edit(&self.actor, self.target)
    }

    fn may_delete(&self) -> bool {
        rules::may_delete(&self.actor, self.target)
    }

    fn is_pending(&self) -> bool {
        self.target.status == Status::Pending
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

    /// The list, with the focus on this user's menu.
    fn list_path(&self) -> String {
        format!("{}#m{}", ListQuery::from_text(&self.form.back).path(), self.user.id)
    }

    fn tabs(&self) -> [Tab; 3] {
        tabs(self.user.id, &self.form.back)
    }

    fn plan_name(&self) -> &str {
        plans::name_among(&self.offer.plans, self.user.details.plan)
    }

    fn team_names(&self) -> String {
        team_names(&self.offer.teams, &self.user.details)
    }

    fn minutes(&self) -> String {
        let found = self.minutes.iter().find(|one| one.kind == CreditKind::Minutes);
        found.map_or("0".into(), |one| format!("{} / {}", number(one.used), number(one.allocated)))
    }
}

struct Loaded {
    user: User,
    target: Target,
    offer: Offer,
    minutes: Vec<Allocation>,
}

async fn load<P>(can: &Can<P>, id: UserId) -> Result<Loaded> {
    let (viewer, actor) = (can.viewer.clone(), can.actor.clone());
    can.db
        .read(move |conn| {
            let user = find(conn, viewer.account, id)?;
            Ok(Loaded {
                target: write::target(conn, &user, &actor)?,
                user,
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
    // What was not shown was not sent: it is as it was.
    form.email.get_or_insert_with(|| loaded.user.details.email.clone());
    form.username.get_or_insert_with(|| loaded.user.details.username.clone());
    form.role.get_or_insert_with(|| loaded.user.details.role.code().to_owned());
    form.password = Some(String::new());
    form.own_password = String::new();
    let Loaded { user, target, offer, minutes } = loaded;
    let roles = rules::roles_to_give(&can.actor, true);
    let page = can.page.at(format!("/users/{}", user.id));
    page::html(status, &EditPage { page, user, target, form, errors, offer, roles, actor: can.actor, minutes, theirs })
}

/// POST /users/{id}
pub async fn update(can: Can<EditUsers>, id: web::Path<String>, Form(form): Form<UserForm>) -> Result<HttpResponse> {
    const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
    let id = user_id(&id)?;
    let loaded = load(&can, id).await?;
    let current = &loaded.user.details;
    if !rules::may_edit(&can.actor, loaded.target) {
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
            let list = ListQuery::from_text(&form.back).path();
            Ok(flash::redirect(&format!("{list}#m{id}"), Some(flash)))
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

/// Somebody else saved first. Their values are shown beside what was typed; saving again is then a decision.
fn show_conflict(can: Can<EditUsers>, loaded: Loaded, mut form: UserForm) -> Result<HttpResponse> {
    let saved = UserForm::of(&loaded.user);
    let theirs = differences(&saved, &form, &loaded, &can.page);
    form.version = saved.version;
    let errors = Errors::one("user", Refusal::Conflict.to_string());
    show_edit(StatusCode::CONFLICT, can, loaded, form, errors, theirs)
}

/// What is saved now, of the fields where it is not what was typed, in the form's own words.
fn differences(saved: &UserForm, typed: &UserForm, loaded: &Loaded, page: &Page) -> Vec<(&'static str, String)> {
    let (offer, details) = (&loaded.offer, &loaded.user.details);
    let shown = |typed: &Option<String>, saved: &Option<String>| typed.is_some() && typed != saved;
    let yes_no = |code: &str| if code == "yes" { "Yes" } else { "No" }.to_owned();
    let mut team_ids = typed.teams.clone();
    team_ids.retain(|id| !id.is_empty());
    team_ids.sort();
    let mut saved_ids = saved.teams.clone();
    saved_ids.sort();
    let pay = if details.seat == Seat::Direct { direct_label(page) } else { PayForSeat::Company.label().to_owned() };
    let package = if details.seat == Seat::Package { "Yes" } else { "No (with company card)" }.to_owned();
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
        ("Subscription Tier", saved.plan != typed.plan, plans::name_among(&offer.plans, details.plan).to_owned()),
        ("Status", shown(&typed.status, &saved.status), details.status.label().to_owned()),
        ("Dialer", saved.dialer != typed.dialer, yes_no(&saved.dialer)),
        ("Local Presence", saved.local_presence != typed.local_presence, yes_no(&saved.local_presence)),
        ("Use Balance", saved.use_balance != typed.use_balance, details.use_balance.label().to_owned()),
        ("Ext Phone", saved.ext_phone != typed.ext_phone, saved.ext_phone.clone()),
        ("Teams", saved_ids != team_ids, team_names(&offer.teams, details)),
        ("Pay for Seat", saved.pay_for_seat != typed.pay_for_seat, pay),
        ("Packages/Seat Limit", saved.package_seat != typed.package_seat, package),
    ];
    let differing = rows.into_iter().filter(|(_, differs, _)| *differs);
    differing.map(|(field, _, value)| (field, if value.is_empty() { "(empty)".into() } else { value })).collect()
}
