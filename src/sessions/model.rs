use super::passwords::PasswordHash;
use super::throttle;
use crate::access::{AccountId, Actor, Role, Site, UserId};
use crate::activity;
use crate::clock;
use crate::db::Conn;
use crate::domains;
use crate::error::{Error, Result};
use crate::schema::{accounts, credentials, sessions, users};
use crate::web::form::LONGEST_BACK;
use chrono::{Duration, NaiveDateTime};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

/// A session unused for this long is over.
const IDLE: Duration = Duration::hours(12);
/// `last_seen` and `last_activity` are written at most this often.
const TOUCH: Duration = Duration::minutes(5);
/// On the shared host one address may belong to users of several accounts; so many are tried.
const MOST_CANDIDATES: i64 = 5;

/// Somebody whom a typed name may mean.
#[derive(Debug, Clone, Queryable)]
pub struct Candidate {
    pub account: AccountId,
    pub account_name: String,
    pub user: UserId,
    pub role: Role,
    pub enabled: bool,
    hash: Option<String>,
    /// When that became their password.
    changed_at: Option<NaiveDateTime>,
}

impl Candidate {
    pub fn password(&self) -> Option<PasswordHash> {
        self.hash.clone().map(PasswordHash::from_stored)
    }
}

/// Whom `login` may mean on this site: by e-mail address if it has an "@", by username otherwise. A username counts on
/// the shared host only where a single account has it.
pub fn candidates(conn: &mut Conn, site: Site, login: &str) -> Result<Vec<Candidate>> {
    let key = login_key(login);
    if key.is_empty() {
        return Ok(vec![]);
    }
    let mut query = users::table
        .inner_join(accounts::table.on(accounts::id.eq(users::account_id)))
        .left_join(
            credentials::table
                .on(credentials::account_id.eq(users::account_id).and(credentials::user_id.eq(users::id))),
        )
        .select((
            users::account_id,
            accounts::name,
            users::id,
            users::role,
            users::status.eq("enabled"),
            credentials::password_hash.nullable(),
            credentials::changed_at.nullable(),
        ))
        .order(users::id)
        .limit(MOST_CANDIDATES)
        .into_boxed();
    let is_email = key.contains('@');
    query = query.filter(sql::<Bool>(login_sql(&key)).bind::<Text, _>(key));
    query = match site {
        Site::Account(account) => query.filter(users::account_id.eq(account)),
        Site::Shared => query.filter(domains::may_use_shared_host()),
    };
    let found: Vec<Candidate> = query.load(conn)?;
    let is_clear = is_email || found.len() < 2;
    Ok(if is_clear { found } else { vec![] })
}

/// An e-mail address or username as it is compared: upper and lower case are alike, accents are not.
pub fn login_key(typed: &str) -> String {
    typed.trim().to_lowercase()
}

/// The condition on `users` that a name, as [`login_key`] has it, is theirs; the name itself is bound behind it. Whoever is
/// pending deletion has no name any more. In the words of the partial indexes: bound values would not tell SQLite that
/// these serve, and each sign-in would walk all users.
pub fn login_sql(key: &str) -> &'static str {
    if key.contains('@') {
        "users.status <> 'pending' AND users.email_key <> '' AND users.email_key = "
    } else {
        "users.status <> 'pending' AND users.username_key <> '' AND users.username_key = "
    }
}

/// A session to be started.
pub struct NewSession {
    pub key_hash: String,
    /// That of the session which the same browser has had so far.
    pub replaces: Option<String>,
    /// The hash that is kept of the password.
    pub password: PasswordHash,
    pub address: String,
    pub device: String,
}

/// Starts a session: its row and its log entry. The browser's former one ends.
/// Refused where the user was disabled or got another password since it was compared: hashing takes a while.
pub fn start(conn: &mut Conn, who: &Candidate, new: &NewSession) -> Result<()> {
    let now = clock::now();
    let here = users::account_id.eq(who.account).and(users::id.eq(who.user)).and(users::status.eq("enabled"));
    let is_enabled = diesel::update(users::table.filter(here)).set(users::last_activity.eq(now)).execute(conn)? == 1;
    let compared = credentials::account_id
        .eq(who.account)
        .and(credentials::user_id.eq(who.user))
        .and(credentials::changed_at.nullable().eq(who.changed_at));
    // Written, not read: a new password that is being set waits for this session, and then ends it.
    let is_password = diesel::update(credentials::table.filter(compared))
        .set(credentials::password_hash.eq(new.password.as_stored()))
        .execute(conn)?
        == 1;
    if !is_enabled || !is_password {
        return Err(Error::SignInRequired { back: "/".into() });
    }
    if let Some(former) = &new.replaces {
        end(conn, former, &new.address)?;
    }
    diesel::insert_into(sessions::table)
        .values((
            sessions::key_hash.eq(&new.key_hash),
            sessions::account_id.eq(who.account),
            sessions::user_id.eq(who.user),
            sessions::created_at.eq(now),
            sessions::last_seen.eq(now),
            sessions::expires_at.eq(now + IDLE),
            sessions::address.eq(&new.address),
            sessions::device.eq(&new.device),
        ))
        .execute(conn)?;
    let actor = Actor {
        user: Some(who.user),
        permissions: who.role.permissions(),
        is_operator: false,
        address: new.address.clone(),
        session: new.key_hash.clone(),
        ..Actor::system(who.account)
    };
    activity::record(conn, &actor, "session.started", who.user, vec![])
}

/// Ends one session, by whoever holds its key.
pub fn end(conn: &mut Conn, key_hash: &str, address: &str) -> Result<()> {
    let ended: Option<(AccountId, UserId)> = diesel::delete(sessions::table.find(key_hash))
        .returning((sessions::account_id, sessions::user_id))
        .get_result(conn)
        .optional()?;
    let Some((account, user)) = ended else { return Ok(()) };
    let actor = Actor { user: Some(user), address: address.to_owned(), ..Actor::system(account) };
    activity::record(conn, &actor, "session.ended", user, vec![])
}

/// Ends all sessions of a user: disabled, a new password, another role. Whoever sets their own password goes on in the
/// session that they do it in.
pub fn end_all(conn: &mut Conn, actor: &Actor, user: UserId) -> Result<()> {
    let theirs = sessions::account_id.eq(actor.account).and(sessions::user_id.eq(user));
    diesel::delete(sessions::table.filter(theirs).filter(sessions::key_hash.ne(&actor.session))).execute(conn)?;
    Ok(())
}

/// Either way: where the clock was set back, it was last seen in the future.
pub fn needs_touch(last_seen: NaiveDateTime, now: NaiveDateTime) -> bool {
    (now - last_seen).abs() > TOUCH
}

/// Keeps a session alive and notes the user's last activity; `version` stays, so no edit in progress is disturbed.
pub fn touch(conn: &mut Conn, account: AccountId, user: UserId, key_hash: &str, now: NaiveDateTime) -> Result<()> {
    // The user's row before the session's, as everywhere: two writers that lock in different orders would deadlock.
    let here = users::account_id.eq(account).and(users::id.eq(user));
    diesel::update(users::table.filter(here)).set(users::last_activity.eq(now)).execute(conn)?;
    diesel::update(sessions::table.find(key_hash))
        .set((sessions::last_seen.eq(now), sessions::expires_at.eq(now + IDLE)))
        .execute(conn)?;
    Ok(())
}

/// Drops what is over. Where the clock was set back, no session lasts longer than one that starts now.
pub fn purge(conn: &mut Conn) -> Result<()> {
    let now = clock::now();
    diesel::delete(sessions::table.filter(sessions::expires_at.lt(now))).execute(conn)?;
    diesel::update(sessions::table.filter(sessions::expires_at.gt(now + IDLE)))
        .set(sessions::expires_at.eq(now + IDLE))
        .execute(conn)?;
    throttle::purge(conn)
}

/// The sign-in page, which leads on to `back`, unless that is too long.
pub fn sign_in_url(back: &str) -> String {
    match back {
        "" | "/" => "/sign-in".to_owned(),
        back if back.len() > LONGEST_BACK => "/sign-in".to_owned(),
        back => {
            let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("back", back).finish();
            format!("/sign-in?{query}")
        }
    }
}
