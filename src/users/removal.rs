//! Deleting: whoever has a free plan is erased at once; whoever has a paid one is signed out and pending for
//! [`RETENTION`], during which the deletion can be cancelled. Erased means erased: the rows go, and with them the key under
//! which the activity log has sealed what was personal; that it happened stays. Table: `deletions`.

use super::model::{Status, User, find, known_as};
use super::seats::{self, Standing};
use super::write::{One, add_credits, begin, has_password, save_one, standing, target};
use super::{companies, rules};
use crate::access::{AccountId, Actor, UserId};
use crate::activity::{self, Change};
use crate::clock;
use crate::config::Config;
use crate::credits::{self, Released};
use crate::db::Conn;
use crate::error::{Error, Refusal, Result};
use crate::schema::{deletions, users};
use crate::{accounts, mail, plans, sessions};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

/// From the deletion of a user on a paid plan to their erasure: a day less than is promised, for the worker to be done.
pub const RETENTION: Duration = Duration::days(27);
/// Within which, people are told, a user on a paid plan is erased.
pub const PROMISED_DAYS: i64 = 28;
/// Users that the worker erases in one transaction.
const CHUNK: i64 = 50;

/// How a user is deleted.
#[derive(Debug, Clone, Copy)]
pub struct Removal {
    /// Who gets what they hold; without, it goes back to the pool and the available ones.
    pub heir: Option<UserId>,
    /// When a user on a paid plan is erased: as the confirmation said.
    pub erase_at: NaiveDateTime,
}

/// What became of a user who was to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    Erased,
    Scheduled,
    /// They were pending already.
    Already,
}

/// Deletes a user. What they hold goes back to the pool and the available ones, or to the heir. Refused for oneself, for
/// whom one does not outrank, for the last Owner, and where the heir is nobody who can take it.
pub fn delete(conn: &mut Conn, config: &Config, actor: &Actor, id: UserId, how: &Removal) -> Result<Deleted> {
    let account = actor.account;
    begin(conn, actor)?;
    let user = find(conn, account, id)?;
    rules::deleting(actor, target(conn, &user, actor)?)?;
    if user.details.status == Status::Pending {
        return Ok(Deleted::Already);
    }
    let is_paid = plans::find(conn, user.details.plan)?.paid;
    let before = standing(&user.details, has_password(conn, &user, account)?);
    let after = is_paid.then_some(Standing { status: Status::Pending, ..before });
    seats::change(conn, account, Some(before), after)?;
    let given = hand_over(conn, actor, &user, how.heir)?;
    if is_paid {
        schedule(conn, config, actor, &user, given, how.erase_at)?;
        return Ok(Deleted::Scheduled);
    }
    let given = given.into_iter().filter(|change| !change.sealed).collect();
    erase(conn, actor, &user, given)?;
    Ok(Deleted::Erased)
}

/// Unused credits, and the extension. What changed, for the log.
fn hand_over(conn: &mut Conn, actor: &Actor, user: &User, heir: Option<UserId>) -> Result<Vec<Change>> {
    let account = actor.account;
    let heir = match heir {
        Some(heir) => Some(check_heir(conn, actor, heir)?),
        None => None,
    };
    let released = credits::release(conn, actor, user.id, heir.as_ref().map(|heir| heir.id))?;
    let amount = Released::credits(&released);
    add_credits(conn, account, user.id, -amount)?;
    let mut changes: Vec<Change> = released.iter().map(Released::change).collect();
    let extension = &user.details.phone_ext;
    if !extension.is_empty() {
        let here = users::account_id.eq(account).and(users::id.eq(user.id));
        diesel::update(users::table.filter(here)).set(users::phone_ext.eq("")).execute(conn)?;
        changes.push(Change::personal("phone_ext", extension, ""));
    }
    if let Some(heir) = heir {
        add_credits(conn, account, heir.id, amount)?;
        inherit(conn, actor, &heir, &released, extension)?;
    }
    Ok(changes)
}

/// Somebody of the account who can sign in, and whose credits the actor may change.
fn check_heir(conn: &mut Conn, actor: &Actor, heir: UserId) -> Result<User> {
    let heir = find(conn, actor.account, heir).map_err(|error| match error {
        Error::NotFound => Refusal::HeirGone.into(),
        other => other,
    })?;
    let may = rules::may_inherit(actor, target(conn, &heir, actor)?) && heir.details.status == Status::Enabled;
    if may { Ok(heir) } else { Err(Refusal::HeirGone.into()) }
}

/// The colleague whom an e-mail address or username means, where they can take over.
pub fn heir_known_as(conn: &mut Conn, actor: &Actor, typed: &str) -> Result<UserId> {
    let known = known_as(conn, typed, Some(actor.account))?;
    let (_, id) = known.first().copied().ok_or(Refusal::HeirGone)?;
    check_heir(conn, actor, id).map(|heir| heir.id)
}

/// The heir's side of it. They take the extension where they have none of their own; else it is available again.
fn inherit(conn: &mut Conn, actor: &Actor, heir: &User, released: &[Released], extension: &str) -> Result<()> {
    let mut changes: Vec<Change> = released.iter().map(Released::inherited).collect();
    if heir.details.phone_ext.is_empty() && !extension.is_empty() {
        let here = users::account_id.eq(actor.account).and(users::id.eq(heir.id)).and(users::phone_ext.eq(""));
        let values = (users::phone_ext.eq(extension), users::version.eq(users::version + 1));
        if diesel::update(users::table.filter(here)).set(values).execute(conn)? == 1 {
            changes.push(Change::personal("phone_ext", "", extension));
        }
    }
    if changes.is_empty() { Ok(()) } else { activity::record(conn, actor, "user.inherited", heir.id, changes) }
}

fn schedule(
    conn: &mut Conn,
    config: &Config,
    actor: &Actor,
    user: &User,
    mut changes: Vec<Change>,
    erase_at: NaiveDateTime,
) -> Result<()> {
    let (account, id) = (actor.account, user.id);
    save_one(conn, account, user, One { status: Some(Status::Pending), ..One::default() })?;
    // After their row is ours: a sign-in that was faster is ended here, a later one finds nobody.
    sessions::end_all(conn, actor, id)?;
    diesel::insert_into(deletions::table)
        .values((deletions::account_id.eq(account), deletions::user_id.eq(id), deletions::erase_at.eq(erase_at)))
        .execute(conn)?;
    if !user.details.email.is_empty() {
        let brand = accounts::brand(conn, config, account)?;
        let date = accounts::times(conn, account)?.day(&erase_at);
        let message = mail::Message::DeletionScheduled { first_name: &user.details.first_name, date: &date };
        mail::queue(conn, &brand, mail::Recipient { account, user: id, email: &user.details.email }, &message)?;
    }
    changes.insert(0, Change::plain("status", user.details.status.code(), Status::Pending.code()));
    activity::record(conn, actor, "user.deletion_scheduled", id, changes)
}

/// Brings a user who is pending deletion back as disabled, without what was given away. Refused where the address or the
/// username belongs to somebody else by now.
pub fn restore(conn: &mut Conn, actor: &Actor, id: UserId) -> Result<User> {
    let account = actor.account;
    begin(conn, actor)?;
    let user = find(conn, account, id)?;
    rules::deleting(actor, target(conn, &user, actor)?)?;
    if user.details.status != Status::Pending {
        return Err(Refusal::NotPending.into());
    }
    let before = standing(&user.details, has_password(conn, &user, account)?);
    seats::change(conn, account, Some(before), Some(Standing { status: Status::Disabled, ..before }))?;
    save_one(conn, account, &user, One { status: Some(Status::Disabled), ..One::default() }).map_err(|error| {
        match error {
            Error::Refused(Refusal::EmailTaken) => Refusal::EmailTakenSince.into(),
            Error::Refused(Refusal::UsernameTaken) => Refusal::UsernameTakenSince.into(),
            other => other,
        }
    })?;
    let row = deletions::account_id.eq(account).and(deletions::user_id.eq(id));
    diesel::delete(deletions::table.filter(row)).execute(conn)?;
    mail::withdraw(conn, account, id)?;
    let change = Change::plain("status", Status::Pending.code(), Status::Disabled.code());
    activity::record(conn, actor, "user.deletion_cancelled", id, vec![change])?;
    Ok(user)
}

/// Deletes everything that is theirs. The log entry comes first, while their key is there. Their counts have been moved.
fn erase(conn: &mut Conn, actor: &Actor, user: &User, changes: Vec<Change>) -> Result<()> {
    let (account, id) = (actor.account, user.id);
    activity::record(conn, actor, "user.erased", id, changes)?;
    companies::change(conn, account, &user.details.company, "")?;
    credits::forget(conn, actor, id)?;
    mail::forget(conn, account, id)?;
    sessions::forget(conn, account, [&user.details.email, &user.details.username])?;
    let here = users::account_id.eq(account).and(users::id.eq(id)).and(users::version.eq(user.version));
    // All that refers to the user goes with the row.
    let erased = diesel::delete(users::table.filter(here)).execute(conn)?;
    if erased == 1 { Ok(()) } else { Err(Refusal::Conflict.into()) }
}

/// Whether somebody's time has come: which account's.
pub fn due(conn: &mut Conn) -> Result<Option<AccountId>> {
    let due = deletions::table.filter(deletions::erase_at.le(clock::now())).order(deletions::erase_at);
    Ok(due.select(deletions::account_id).first(conn).optional()?)
}

/// Erases users of an account whose time has come, some of them; how many. However many workers there are, each user is
/// erased once: the account's row makes them take turns, and what is due is read after that. Who can't be erased (a fault
/// of ours) is put off by an hour, so that they are in nobody's way.
pub fn erase_due(conn: &mut Conn, account: AccountId) -> Result<usize> {
    let now = clock::now();
    seats::take_turn(conn, account)?;
    let due: Vec<UserId> = deletions::table
        .filter(deletions::account_id.eq(account))
        .filter(deletions::erase_at.le(now))
        .order(deletions::erase_at)
        .limit(CHUNK)
        .select(deletions::user_id)
        .load(conn)?;
    let system = Actor::system(account);
    let mut erased = 0;
    for id in due {
        match conn.transaction(|conn| erase_pending(conn, &system, id)) {
            Ok(()) => erased += 1,
            Err(error) => {
                tracing::error!(user = id.0, error = format!("{error:#}"), "a user can't be erased");
                let row = deletions::table.find((account, id));
                diesel::update(row).set(deletions::erase_at.eq(now + Duration::hours(1))).execute(conn)?;
            }
        }
    }
    Ok(erased)
}

fn erase_pending(conn: &mut Conn, system: &Actor, id: UserId) -> Result<()> {
    let user = find(conn, system.account, id)?;
    let before = standing(&user.details, has_password(conn, &user, system.account)?);
    seats::change(conn, system.account, Some(before), None)?;
    erase(conn, system, &user, vec![])
}

/// When these users are erased; nothing for those who are not pending.
pub fn dates(conn: &mut Conn, account: AccountId, users: &[UserId]) -> Result<Vec<(UserId, NaiveDateTime)>> {
    Ok(deletions::table
        .filter(deletions::account_id.eq(account))
        .filter(deletions::user_id.eq_any(users.to_vec()))
        .select((deletions::user_id, deletions::erase_at))
        .load(conn)?)
}
