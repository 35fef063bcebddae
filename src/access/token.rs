//! Programs: whoever comes with an API token acts in the name of whoever made it.

use super::can::{Access, Extraction, Needs, app_of, host_of};
use super::{AccountId, Actor, Permission, Role, Site, UserId};
use crate::app::App;
use crate::clock;
use crate::db::{Conn, Db};
use crate::domains;
use crate::error::{Error, Result};
use crate::schema::{accounts, api_tokens, users};
use crate::web::address;
use crate::{sessions, tokens};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use chrono::NaiveDateTime;
use diesel::prelude::*;

/// A program with an API token that works, on a host of its account: `Authorization: Bearer sk_…`.
pub struct Token {
    pub actor: Actor,
    pub db: Db,
    pub app: web::Data<App>,
}

impl Access for Token {
    const NEEDS: Needs = Needs::Token;
}

impl FromRequest for Token {
    type Error = Error;
    type Future = Extraction<Self>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let app = app_of(&req)?;
            let hash = sessions::hash(bearer(&req).ok_or(Error::TokenRequired)?);
            let (host, now, app_) = (host_of(&req), clock::now(), app.clone());
            let holder = app
                .db
                .read(move |conn| {
                    let site = Site::of(conn, &app_, &host)?;
                    let holder = Holder::load(conn, &hash, now)?;
                    Ok(holder.filter(|holder| site.welcomes(holder.account, holder.shared_host)))
                })
                .await?
                .ok_or(Error::TokenRequired)?;
            holder.touch(&app.db, now).await;
            let actor = holder.actor(address::client(&req, &app.config.trusted_proxies));
            Ok(Token { actor, db: app.db.clone(), app })
        })
    }
}

/// The token of a request that has one, and one only.
fn bearer(req: &HttpRequest) -> Option<&str> {
    let mut all = req.headers().get_all(header::AUTHORIZATION);
    let (scheme, token) = all.next()?.to_str().ok()?.split_once(' ')?;
    let is_one = all.next().is_none() && scheme.eq_ignore_ascii_case("bearer");
    Some(token.trim()).filter(|token| is_one && !token.is_empty())
}

/// Whose token it is.
#[derive(Queryable)]
struct Holder {
    account: AccountId,
    token: i64,
    last_used_at: Option<NaiveDateTime>,
    user: UserId,
    role: Role,
    shared_host: bool,
}

impl Holder {
    /// None where the token is unknown, revoked or expired, or its maker is not enabled or may not have API tokens any more.
    fn load(conn: &mut Conn, hash: &str, now: NaiveDateTime) -> Result<Option<Holder>> {
        let maker = users::account_id.eq(api_tokens::account_id).and(users::id.eq(api_tokens::created_by));
        let holder = api_tokens::table
            .inner_join(users::table.on(maker))
            .inner_join(accounts::table.on(accounts::id.eq(api_tokens::account_id)))
            .filter(api_tokens::token_hash.eq(hash))
            .filter(api_tokens::revoked_at.is_null())
            .filter(api_tokens::expires_at.is_null().or(api_tokens::expires_at.gt(now)))
            .filter(users::status.eq("enabled"))
            .select((
                api_tokens::account_id,
                api_tokens::id,
                api_tokens::last_used_at,
                users::id,
                users::role,
                domains::may_use_shared_host(),
            ))
            .first::<Holder>(conn)
            .optional()?;
        Ok(holder.filter(|holder| holder.role.permissions().has(Permission::ApiTokens)))
    }

    /// Notes that the token is in use. What it is used for is worth more than the note.
    async fn touch(&self, db: &Db, now: NaiveDateTime) {
        if !tokens::needs_touch(self.last_used_at, now) {
            return;
        }
        let (account, token) = (self.account, self.token);
        if let Err(error) = db.write(move |conn| tokens::touch(conn, account, token, now)).await {
            tracing::warn!(%error, "that a token is in use could not be noted");
        }
    }

    /// Never an operator: a program has no more than its account.
    fn actor(&self, address: String) -> Actor {
        Actor {
            user: Some(self.user),
            permissions: self.role.permissions(),
            is_operator: false,
            address,
            token: Some(self.token),
            ..Actor::system(self.account)
        }
    }
}
