use super::{BackQuery, Offer, direct_label, field_of};
use crate::access::{Actor, Can, EditUsers, Permission, Role};
use crate::error::{Error, Result};
use crate::users::form::UserForm;
use crate::users::list::ListQuery;
use crate::users::rules;
use crate::users::seat_map::SeatMap;
use crate::users::write::{self, NewUser};
use crate::web::flash::{self, Flash};
use crate::web::form::{Errors, Form, Query};
use crate::web::page::{self, Page};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

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

    fn password_hint(&self) -> &'static str {
        "At least 10 characters. Tell it to the user yourself: it is never sent by email."
    }

    fn direct_label(&self) -> String {
        direct_label(&self.page)
    }

    fn list_path(&self) -> String {
        ListQuery::from_text(&self.form.back).path()
    }
}

/// Adding asks for a place where the new user can sign in: 403 as long as there is none.
async fn add_offer(can: &Can<EditUsers>) -> Result<Offer> {
    let viewer = can.viewer.clone();
    if !viewer.may_add_users {
        return Err(Error::NoDomainYet);
    }
    can.db.read(move |conn| Offer::load(conn, &viewer)).await
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
        Ok(id) => {
            let told = if details.is_welcomed() { " A welcome email is on its way." } else { "" };
            let flash = Flash::done(format!("{} was added and has no credits yet.{told}", details.name()));
            let list = ListQuery::from_text(&form.back);
            let may_allocate = can.actor.permissions.has(Permission::AllocateCredits);
            let flash = match may_allocate {
                true => flash.with_link(format!("/users/{id}/manage-credit"), "Manage Credit"),
                false => flash,
            };
            let flash = flash.with_link("/users/new", "Add another").with_back(list.to_text());
            Ok(flash::redirect(&list.path(), Some(flash)))
        }
        Err(Error::Refused(refusal)) => {
            show_new(WRONG, can, offer, form, Errors::one(field_of(refusal), refusal.to_string()))
        }
        Err(error) => Err(error),
    }
}
