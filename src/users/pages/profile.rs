use super::team_names;
use crate::access::{Can, Own};
use crate::error::Result;
use crate::users::model::{self, User};
use crate::web::page::{self, Page};
use crate::{plans, teams};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

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
            let plan = plans::name_among(&plans::all(conn)?, user.details.plan).to_owned();
            let teams = team_names(&teams::all(conn, account)?, &user.details);
            Ok((user, plan, teams))
        })
        .await?;
    page::html(StatusCode::OK, &ProfilePage { page: can.page, user, plan, teams })
}
