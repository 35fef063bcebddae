use super::form::SetUpForm;
use super::set_up;
use crate::access::Visitor;
use crate::error::{Error, Result};
use crate::web::flash::{self, Flash};
use crate::web::form::{Errors, Form};
use crate::web::page::{self, Scheme};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

#[derive(Template)]
#[template(path = "accounts/new.html")]
struct SetUpPage {
    scheme: Scheme,
    form: SetUpForm,
    errors: Errors,
}

impl SetUpPage {
    fn time_zones(&self) -> impl Iterator<Item = &'static str> + use<> {
        chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())
    }
}

/// GET /set-up/{token}: 404 unless it is the valid one.
pub async fn new(visitor: Visitor, token: web::Path<String>) -> Result<HttpResponse> {
    let valid = visitor.db.read(move |conn| set_up::is_valid(conn, &token)).await?;
    if !valid {
        return Err(Error::NotFound);
    }
    let page = SetUpPage { scheme: visitor.scheme, form: SetUpForm::blank(), errors: Errors::default() };
    page::html(StatusCode::OK, &page)
}

pub async fn create(visitor: Visitor, token: web::Path<String>, Form(form): Form<SetUpForm>) -> Result<HttpResponse> {
    let asked = token.clone();
    if !visitor.db.read(move |conn| set_up::is_valid(conn, &asked)).await? {
        return Err(Error::NotFound);
    }
    let errors = form.check();
    if !errors.is_empty() {
        let page = SetUpPage { scheme: visitor.scheme, form: SetUpForm { password: String::new(), ..form }, errors };
        return page::html(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let new = form.account(visitor.app.passwords.hash(form.password.clone()).await?);
    visitor.db.write(move |conn| set_up::use_link(conn, &token, &new)).await?;
    Ok(flash::redirect("/sign-in", Some(Flash::done("Seatkeeper is set up. Sign in with your email and password."))))
}
