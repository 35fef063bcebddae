use super::form::SignInForm;
use super::known;
use super::model::{self, Candidate, NewSession};
use super::store::NewKey;
use super::throttle::Attempt;
use crate::access::{Can, Own, Visitor};
use crate::error::{Error, Result};
use crate::web::flash::{self, Flash};
use crate::web::form::{Errors, Form, Query};
use crate::web::page::{self, Scheme, local_path};
use actix_session::Session;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "sessions/new.html")]
struct SignInPage {
    scheme: Scheme,
    flash: Option<Flash>,
    form: SignInForm,
    errors: Errors,
    /// The accounts to choose from, where the password fits more than one.
    choices: Vec<Candidate>,
}

impl SignInPage {
    fn new(scheme: Scheme, flash: Option<Flash>, form: SignInForm) -> Self {
        SignInPage { scheme, flash, form, errors: Errors::default(), choices: vec![] }
    }
}

pub async fn new(visitor: Visitor, Query(form): Query<SignInForm>) -> Result<HttpResponse> {
    if visitor.signed_in {
        return Ok(flash::redirect(local_path(&form.back), None));
    }
    // Only the way back is read from the address: a password has no business there.
    let form = SignInForm { back: form.back, ..SignInForm::default() };
    page::html(StatusCode::OK, &SignInPage::new(visitor.scheme, visitor.flash, form))
}

pub async fn create(visitor: Visitor, session: Session, Form(form): Form<SignInForm>) -> Result<HttpResponse> {
    let errors = form.check();
    let mut page = SignInPage::new(visitor.scheme, None, SignInForm { password: String::new(), ..form.clone() });
    if !errors.is_empty() {
        page.errors = errors;
        return page::html(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let attempt = Attempt::to_sign_in(visitor.site, &form.login, &visitor.address, visitor.known.as_ref());
    let mut fitting = fitting(&visitor, &form, attempt).await?;
    if fitting.len() > 1 {
        if fitting.iter().any(|who| who.account.0.to_string() == form.account) {
            fitting.retain(|who| who.account.0.to_string() == form.account);
        } else {
            page.choices = fitting;
            return page::html(StatusCode::OK, &page);
        }
    }
    let Some(who) = fitting.into_iter().next() else {
        // The same sentence whether the address or the password was wrong.
        page.errors = Errors::one("login", "The email, username or password is wrong. Check them and try again.");
        return page::html(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    if !who.enabled {
        page.errors = Errors::one("login", "This user is disabled and can't sign in. Ask an admin of your account.");
        return page::html(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let known = known::cookie(&visitor.app.config, visitor.site, &form.login)?;
    start(visitor, &session, &form, who).await?;
    let mut response = flash::redirect(local_path(&form.back), None);
    response.add_cookie(&known).map_err(anyhow::Error::from)?;
    Ok(response)
}

/// Signs in whoever it is, in this browser.
async fn start(visitor: Visitor, session: &Session, form: &SignInForm, who: Candidate) -> Result<()> {
    // Who has no password fits none.
    let stored = who.password().ok_or(Error::BadRequest)?;
    let password = visitor.app.passwords.kept(form.password.clone(), stored).await?;
    let key = NewKey::generate()?;
    let new = NewSession {
        key_hash: key.hash.clone(),
        replaces: super::key_hash_of(session),
        password,
        address: visitor.address,
        device: visitor.device,
    };
    visitor.db.write(move |conn| model::start(conn, &who, &new)).await?;
    Ok(key.hand_over(session)?)
}

/// Those whom the name may mean and whose password this is. Each costs a hash; where nobody is meant, one is spent too.
async fn fitting(visitor: &Visitor, form: &SignInForm, attempt: Attempt) -> Result<Vec<Candidate>> {
    let (site, login, counted) = (visitor.site, form.login.clone(), attempt.clone());
    let found = visitor
        .db
        .write(move |conn| {
            counted.begin(conn)?;
            model::candidates(conn, site, &login)
        })
        .await?;
    let passwords = &visitor.app.passwords;
    let is_only_one = found.len() == 1;
    if found.is_empty() {
        passwords.is_right(form.password.clone(), None).await?;
    }
    let mut fitting = vec![];
    for who in found {
        if passwords.is_right(form.password.clone(), who.password()).await? {
            fitting.push(who);
        }
    }
    if !fitting.is_empty() {
        visitor.db.write(move |conn| attempt.succeed(conn, is_only_one)).await?;
    }
    if fitting.iter().any(|who| who.enabled) {
        fitting.retain(|who| who.enabled);
    }
    Ok(fitting)
}

/// POST /sign-out
pub async fn delete(can: Can<Own>, session: Session) -> Result<HttpResponse> {
    if let Some(hash) = super::key_hash_of(&session) {
        let address = can.actor.address.clone();
        can.db.write(move |conn| model::end(conn, &hash, &address)).await?;
    }
    session.purge();
    Ok(flash::redirect("/sign-in", None))
}
