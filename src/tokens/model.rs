use crate::access::{AccountId, Actor, Permission, Role, UserId};
use crate::activity::{self, Change};
use crate::clock;
use crate::db::{self, Conn};
use crate::error::{Error, Refusal, Result};
use crate::schema::{api_tokens, users};
use crate::sessions::{self, NewKey};
use crate::text_enum;
use crate::users::{Status, Target};
use crate::{operator, users as people};
use chrono::{Duration, NaiveDateTime};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_derive_newtype::DieselNewType;

/// `last_used_at` is written at most this often.
const TOUCH: Duration = Duration::minutes(1);
/// Characters by which a token is told from others.
const HINT: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq, DieselNewType)]
pub struct TokenId(pub i64);

impl std::fmt::Display for TokenId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

text_enum! {
    /// What a token is good for.
    pub enum Scope {
        Usage = "usage", "Report usage";
    }
}

/// A fresh token. Without `Debug`: it is shown once, and never to the log.
pub struct Secret(String);

impl Secret {
    pub fn generate() -> Result<Self> {
        Ok(Secret(format!("sk_{}", NewKey::generate()?.key)))
    }

    pub fn text(&self) -> &str {
        &self.0
    }

    fn hint(&self) -> &str {
        &self.0[self.0.len() - HINT..]
    }
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewToken {
    pub name: String,
    /// None: it works until it is revoked.
    pub lifetime: Option<Duration>,
    /// Of the form that asks for it: sent again, it makes no second one.
    pub form_key: Option<String>,
}

/// A token of the account, with who made it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = api_tokens)]
pub struct ApiToken {
    pub id: TokenId,
    pub name: String,
    /// Its last characters.
    pub hint: String,
    pub scope: Scope,
    pub created_at: NaiveDateTime,
    /// None: never.
    pub expires_at: Option<NaiveDateTime>,
    pub last_used_at: Option<NaiveDateTime>,
    pub revoked_at: Option<NaiveDateTime>,
    #[diesel(embed)]
    pub maker: Maker,
}

/// Who made a token.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct Maker {
    pub id: UserId,
    first_name: String,
    last_name: String,
    role: Role,
    status: Status,
}

impl Maker {
    pub fn name(&self) -> String {
        people::full_name(&self.first_name, &self.last_name)
    }

    /// As the rules see them.
    pub fn target(&self, operators: &[UserId]) -> Target {
        Target::of(self.id, self.role, self.status, operators)
    }
}

text_enum! {
    /// Whether a token works. Paused: its maker is disabled, or may not have API tokens any more.
    pub enum State {
        Active = "active", "Active";
        Paused = "paused", "Paused";
        Expired = "expired", "Expired";
        Revoked = "revoked", "Revoked";
    }
}

impl ApiToken {
    pub fn state(&self, now: NaiveDateTime) -> State {
        let may = self.maker.status == Status::Enabled && self.maker.role.permissions().has(Permission::ApiTokens);
        match self.expires_at {
            _ if self.revoked_at.is_some() => State::Revoked,
            Some(end) if end <= now => State::Expired,
            _ if may => State::Active,
            _ => State::Paused,
        }
    }
}

#[diesel::dsl::auto_type]
fn with_makers() -> _ {
    api_tokens::table.inner_join(
        users::table.on(users::account_id.eq(api_tokens::account_id).and(users::id.eq(api_tokens::created_by))),
    )
}

/// The tokens of an account, newest first: `rows` of them that are older than `before`.
pub fn page(conn: &mut Conn, account: AccountId, before: Option<TokenId>, rows: i64) -> Result<Vec<ApiToken>> {
    Ok(with_makers()
        .filter(api_tokens::account_id.eq(account))
        .filter(api_tokens::id.lt(before.unwrap_or(TokenId(i64::MAX))))
        .order(api_tokens::id.desc())
        .limit(rows)
        .select(ApiToken::as_select())
        .load(conn)?)
}

/// One token that the actor may revoke; 403 for another's, 404 for another account's.
pub fn to_revoke(conn: &mut Conn, actor: &Actor, id: TokenId) -> Result<ApiToken> {
    let token: ApiToken = with_makers()
        .filter(api_tokens::account_id.eq(actor.account))
        .filter(api_tokens::id.eq(id))
        .select(ApiToken::as_select())
        .first(conn)?;
    let operators = operator::of_account(conn, actor.account)?;
    people::revoking(actor, token.maker.target(&operators))?;
    Ok(token)
}

/// Makes a token of the actor's own.
pub fn create(conn: &mut Conn, actor: &Actor, new: &NewToken, secret: &Secret) -> Result<TokenId> {
    people::begin(conn, actor)?;
    let maker = actor.user.ok_or(Error::Forbidden)?;
    if let Some(key) = &new.form_key {
        let its =
            api_tokens::table.filter(api_tokens::account_id.eq(actor.account)).filter(api_tokens::form_key.eq(key));
        if diesel::select(exists(its.filter(api_tokens::form_key.is_not_null()))).get_result(conn)? {
            return Err(Refusal::TokenMade.into());
        }
    }
    let (id, now) = (TokenId(db::new_id()), clock::now());
    diesel::insert_into(api_tokens::table)
        .values((
            api_tokens::account_id.eq(actor.account),
            api_tokens::id.eq(id),
            api_tokens::name.eq(&new.name),
            api_tokens::token_hash.eq(sessions::hash(secret.text())),
            api_tokens::hint.eq(secret.hint()),
            api_tokens::scope.eq(Scope::Usage),
            api_tokens::created_by.eq(maker),
            api_tokens::created_at.eq(now),
            api_tokens::expires_at.eq(new.lifetime.map(|lifetime| now + lifetime)),
            api_tokens::form_key.eq(&new.form_key),
        ))
        .execute(conn)?;
    let changes = vec![Change::personal("name", "", &new.name), Change::plain("hint", "", secret.hint())];
    activity::record(conn, actor, "token.created", maker, changes)?;
    Ok(id)
}

/// Revokes a token: it never works again. False where it was revoked already.
pub fn revoke(conn: &mut Conn, actor: &Actor, id: TokenId) -> Result<(ApiToken, bool)> {
    people::begin(conn, actor)?;
    let token = to_revoke(conn, actor, id)?;
    if token.revoked_at.is_some() {
        return Ok((token, false));
    }
    let row = api_tokens::table.find((actor.account, id.0));
    diesel::update(row).set(api_tokens::revoked_at.eq(clock::now())).execute(conn)?;
    let changes = vec![Change::personal("name", &token.name, ""), Change::plain("hint", &token.hint, "")];
    activity::record(conn, actor, "token.revoked", token.maker.id, changes)?;
    Ok((token, true))
}

/// The account's turn for a program that came with a token, refused where that was revoked meanwhile, or its maker stopped.
pub fn take_turn(conn: &mut Conn, actor: &Actor) -> Result<()> {
    people::begin(conn, actor).map_err(|error| match error {
        Error::Forbidden | Error::SignInRequired { .. } => Error::TokenRequired,
        other => other,
    })?;
    let its = api_tokens::table.find((actor.account, actor.token.unwrap_or_default()));
    let works = its.filter(api_tokens::revoked_at.is_null()).select(api_tokens::id).first::<i64>(conn).optional()?;
    works.map(|_| ()).ok_or(Error::TokenRequired)
}

/// Either way: where the clock was set back, it was last used in the future.
pub fn needs_touch(last_used: Option<NaiveDateTime>, now: NaiveDateTime) -> bool {
    last_used.is_none_or(|last| (now - last).abs() > TOUCH)
}

/// Notes that a token is in use.
pub fn touch(conn: &mut Conn, account: AccountId, id: i64, now: NaiveDateTime) -> Result<()> {
    diesel::update(api_tokens::table.find((account, id))).set(api_tokens::last_used_at.eq(now)).execute(conn)?;
    Ok(())
}
