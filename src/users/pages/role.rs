use super::{is_own_password, user_id};
use crate::access::{AssignRoles, Can, Role, UserId};
use crate::error::{Error, Refusal, Result};
use crate::users::list::ListQuery;
use crate::users::model::{User, find};
use crate::users::rules;
use crate::users::switch;
use crate::users::write;
use crate::web::flash::{self, Flash};
use crate::web::form::{Errors, Form, Query};
use crate::web::page::{self, Page};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub struct RoleForm {
    role: String,
    /// The role that the row showed: somebody else may have changed it since.
    from: String,
    /// Only where the Owner role is given or taken.
    own_password: String,
    back: String,
}

impl RoleForm {
    /// The confirmation's address.
    fn path(&self, id: UserId) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("role", &self.role), ("from", &self.from), ("back", &self.back)] {
            query.append_pair(name, value);
        }
        format!("/users/{id}/role?{}", query.finish())
    }

    fn role(&self) -> Result<Role> {
        Role::from_code(&self.role).ok_or(Error::BadRequest)
    }
}

/// The confirmation that the Owner role asks for.
#[derive(Template)]
#[template(path = "users/role.html")]
struct RolePage {
    page: Page,
    user: User,
    role: Role,
    from: String,
    errors: Errors,
    list: ListQuery,
}

impl RolePage {
    fn back_path(&self) -> String {
        format!("{}#r{}", self.list.path(), self.user.id)
    }
}

/// GET /users/{id}/role: asks for one's own password, where giving or taking the Owner role needs it.
pub async fn confirm_role(
    can: Can<AssignRoles>,
    id: web::Path<String>,
    Query(form): Query<RoleForm>,
) -> Result<HttpResponse> {
    let id = user_id(&id)?;
    show(StatusCode::OK, can, id, &form, Errors::default()).await
}

async fn show(
    status: StatusCode,
    can: Can<AssignRoles>,
    id: UserId,
    form: &RoleForm,
    errors: Errors,
) -> Result<HttpResponse> {
    let (role, account, actor) = (form.role()?, can.viewer.account, can.actor);
    let user = can
        .db
        .read(move |conn| {
            let user = find(conn, account, id)?;
            let target = write::target(conn, &user, &actor)?;
            rules::giving_role(&actor, target, role, true)?;
            Ok(user)
        })
        .await?;
    let list = ListQuery::from_text(&form.back);
    let page = can.page.at(form.path(id));
    page::html(status, &RolePage { page, user, role, from: form.from.clone(), errors, list })
}

/// POST /users/{id}/role: the role in the row.
pub async fn set_role(
    can: Can<AssignRoles>,
    id: web::Path<String>,
    Form(form): Form<RoleForm>,
) -> Result<HttpResponse> {
    let (id, role) = (user_id(&id)?, form.role()?);
    let asked = !form.own_password.is_empty();
    let confirmed = asked && is_own_password(&can, form.own_password.clone()).await?;
    let (actor, from) = (can.actor.clone(), Role::from_code(&form.from));
    let done = can.db.write(move |conn| switch::set_role_from(conn, &actor, id, from, role, confirmed)).await;
    let list = format!("{}#r{id}", ListQuery::from_text(&form.back).path());
    match done {
        Ok(switched) => {
            let sentence = format!("{} has the role {} now.", switched.user.details.name(), role.label());
            Ok(flash::redirect(&list, Some(Flash::done(sentence))))
        }
        Err(Error::Refused(Refusal::WrongOwnPassword)) if asked => {
            let errors = Errors::one("own_password", Refusal::WrongOwnPassword.to_string());
            show(StatusCode::UNPROCESSABLE_ENTITY, can, id, &form, errors).await
        }
        Err(Error::Refused(Refusal::WrongOwnPassword)) => Ok(flash::redirect(&form.path(id), None)),
        Err(Error::Refused(refusal)) => Ok(flash::redirect(&list, Some(Flash::refused(refusal.to_string())))),
        Err(error) => Err(error),
    }
}
