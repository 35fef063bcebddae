use super::{BackQuery, user_id};
use crate::access::{Can, DeleteUsers};
use crate::error::{Error, Result};
use crate::users::list::ListQuery;
use crate::users::removal;
use crate::web::flash::{self, Flash};
use crate::web::form::Form;
use actix_web::{HttpResponse, web};

/// POST /users/{id}/restoration: **Cancel deletion**.
pub async fn restore(
    can: Can<DeleteUsers>,
    id: web::Path<String>,
    Form(form): Form<BackQuery>,
) -> Result<HttpResponse> {
    let id = user_id(&id)?;
    let actor = can.actor;
    let flash = match can.db.write(move |conn| removal::restore(conn, &actor, id)).await {
        Ok(user) => {
            let name = user.details.name();
            Flash::done(format!("The deletion of {name} was cancelled. They are on the Disabled tab."))
        }
        Err(Error::Refused(refusal)) => Flash::refused(refusal.to_string()),
        Err(error) => return Err(error),
    };
    Ok(flash::redirect(&format!("{}#list", ListQuery::from_text(&form.back).path()), Some(flash)))
}
