use super::form::{Lifetime, TokenForm};
use super::model::{self, ApiToken, Secret, State, TokenId};
use crate::access::{Actor, ApiTokens, Can, UserId};
use crate::clock;
use crate::error::{Error, Result};
use crate::operator;
use crate::users;
use crate::web::flash::{self, Flash};
use crate::web::form::{Errors, Form, Query};
use crate::web::page::{self, Page};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::NaiveDateTime;
use serde::Deserialize;

/// Tokens on one page.
const ROWS: i64 = 50;
const LIST: &str = "/api-tokens";

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct TokensQuery {
    /// Older than this token.
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "tokens/index.html")]
struct TokensPage {
    page: Page,
    actor: Actor,
    operators: Vec<UserId>,
    tokens: Vec<ApiToken>,
    older: Option<TokenId>,
    is_first: bool,
    form: TokenForm,
    errors: Errors,
    /// What was made just now, to be shown this once.
    made: Option<Secret>,
    now: NaiveDateTime,
}

impl TokensPage {
    fn may_revoke(&self, token: &ApiToken) -> bool {
        token.revoked_at.is_none() && users::may_revoke(&self.actor, token.maker.target(&self.operators))
    }

    fn state(&self, token: &ApiToken) -> State {
        token.state(self.now)
    }

    fn expires(&self, token: &ApiToken) -> String {
        token.expires_at.map_or_else(|| "Never".to_owned(), |end| self.page.times.full(&end))
    }

    fn last_used(&self, token: &ApiToken) -> String {
        token.last_used_at.map_or_else(|| "Never".to_owned(), |last| self.page.times.ago(&last))
    }
}

/// GET /api-tokens
pub async fn index(can: Can<ApiTokens>, Query(query): Query<TokensQuery>) -> Result<HttpResponse> {
    let before = query.before.map(TokenId);
    show(StatusCode::OK, can, before, TokenForm::blank()?, Errors::default(), None).await
}

async fn show(
    status: StatusCode,
    can: Can<ApiTokens>,
    before: Option<TokenId>,
    form: TokenForm,
    errors: Errors,
    made: Option<Secret>,
) -> Result<HttpResponse> {
    let account = can.viewer.account;
    let (mut tokens, operators) = can
        .db
        .read(move |conn| Ok((model::page(conn, account, before, ROWS + 1)?, operator::of_account(conn, account)?)))
        .await?;
    let has_older = tokens.len() > ROWS as usize;
    tokens.truncate(ROWS as usize);
    let older = if has_older { tokens.last().map(|token| token.id) } else { None };
    let (actor, page, is_first, now) = (can.actor, can.page.at(LIST), before.is_none(), clock::now());
    page::html(status, &TokensPage { page, actor, operators, tokens, older, is_first, form, errors, made, now })
}

/// POST /api-tokens: the token is in this answer and nowhere else.
pub async fn create(can: Can<ApiTokens>, Form(form): Form<TokenForm>) -> Result<HttpResponse> {
    let new = match form.parse() {
        Ok(new) => new,
        Err(errors) => return show(StatusCode::UNPROCESSABLE_ENTITY, can, None, form, errors, None).await,
    };
    let secret = std::sync::Arc::new(Secret::generate()?);
    let (actor, stored) = (can.actor.clone(), secret.clone());
    match can.db.write(move |conn| model::create(conn, &actor, &new, &stored)).await {
        Ok(_) => {}
        Err(Error::Refused(refusal)) => return Ok(flash::redirect(LIST, Some(Flash::refused(refusal.to_string())))),
        Err(error) => return Err(error),
    }
    let made = std::sync::Arc::into_inner(secret);
    show(StatusCode::OK, can, None, TokenForm::blank()?, Errors::default(), made).await
}

#[derive(Template)]
#[template(path = "tokens/revocation.html")]
struct RevocationPage {
    page: Page,
    token: ApiToken,
}

fn token_id(text: &str) -> Result<TokenId> {
    text.parse().map(TokenId).map_err(|_| Error::NotFound)
}

/// GET /api-tokens/{id}/revocation: asks first.
pub async fn confirm_revocation(can: Can<ApiTokens>, id: web::Path<String>) -> Result<HttpResponse> {
    let (id, actor) = (token_id(&id)?, can.actor);
    let token = can.db.read(move |conn| model::to_revoke(conn, &actor, id)).await?;
    if token.revoked_at.is_some() {
        return Ok(revoked(&token, false));
    }
    page::html(StatusCode::OK, &RevocationPage { page: can.page, token })
}

/// POST /api-tokens/{id}/revocation
pub async fn revoke(can: Can<ApiTokens>, id: web::Path<String>) -> Result<HttpResponse> {
    let (id, actor) = (token_id(&id)?, can.actor);
    let (token, is_new) = can.db.write(move |conn| model::revoke(conn, &actor, id)).await?;
    Ok(revoked(&token, is_new))
}

fn revoked(token: &ApiToken, is_new: bool) -> HttpResponse {
    let flash = match is_new {
        true => Flash::done(format!("{} was revoked. Programs that use it are refused from now on.", token.name)),
        false => Flash::refused(format!("{} was revoked already.", token.name)),
    };
    flash::redirect(LIST, Some(flash))
}
