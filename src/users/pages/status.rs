use super::user_id;
use crate::access::{Can, EditUsers};
use crate::error::{Error, Result};
use crate::users::list::ListQuery;
use crate::users::model::{Status, User};
use crate::users::switch;
use crate::web::flash::{self, Flash};
use crate::web::form::Form;
use actix_web::{HttpResponse, web};
use serde::Deserialize;

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
    let status = Status::chosen(&form.status).ok_or(Error::BadRequest)?;
    // The user has left the tab, and their row with them: the focus goes to the list.
    let list = format!("{}#list", ListQuery::from_text(&form.back).path());
    let actor = can.actor;
    let flash = match can.db.write(move |conn| switch::set_status(conn, &actor, id, status)).await {
        Ok(switched) => Flash::done(told(&switched.user, status)),
        Err(Error::Refused(refusal)) => Flash::refused(refusal.to_string()),
        Err(error) => return Err(error),
    };
    Ok(flash::redirect(&list, Some(flash)))
}

fn told(user: &User, status: Status) -> String {
    let name = user.details.name();
    match status {
        Status::Enabled => format!("{name} was enabled and can sign in again."),
        Status::Disabled | Status::Pending => {
            format!("{name} was disabled. Their data is preserved and they can be re-enabled later.")
        }
    }
}
