//! The verbs that change users. Each is one transaction's worth: counts, rows, e-mail, activity.

use super::fold::fold;
use super::model::{Details, Seat, Status, User, find, search_text};
use super::rules::Target;
use super::seats::Standing;
use super::{companies, rules, seats};
use crate::access::{AccountId, Actor, Role, UserId};
use crate::activity::{self, Change};
use crate::clock;
use crate::config::Config;
use crate::db::{self, Conn};
use crate::error::{Error, Refusal, Result};
use crate::plans::{self, Plan, PlanId};
use crate::schema::{user_settings, users};
use crate::sessions::{self, PasswordHash};
use crate::{accounts, mail, operator, teams};
use diesel::prelude::*;

/// A user to be added.
pub struct NewUser {
    pub details: Details,
    pub password: PasswordHash,
}

/// A changed user, as a form sends it.
pub struct Update {
    /// The version that was edited.
    pub version: i32,
    pub details: Details,
    /// None keeps the password.
    pub password: Option<PasswordHash>,
    /// The actor has confirmed with their own password.
    pub confirmed: bool,
}

/// The columns of `users` that follow from [`Details`].
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = users)]
struct Columns {
    status: Status,
    role: Role,
    plan_id: PlanId,
    seat: Seat,
    first_name: String,
    last_name: String,
    name_key: String,
    email: String,
    email_key: String,
    username: String,
    username_key: String,
    phone: String,
    phone_ext: String,
    company: String,
    company_key: String,
    search: String,
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = user_settings)]
struct Settings {
    user_type: super::UserType,
    job_title: String,
    dialer: bool,
    local_presence: bool,
    use_balance: super::UseBalance,
    ext_phone: String,
}

impl Columns {
    fn of(details: &Details) -> Self {
        let name = details.name();
        Columns {
            status: details.status,
            role: details.role,
            plan_id: details.plan,
            seat: details.seat,
            first_name: details.first_name.clone(),
            last_name: details.last_name.clone(),
            name_key: fold(&name),
            email: details.email.clone(),
            email_key: sessions::login_key(&details.email),
            username: details.username.clone(),
            username_key: sessions::login_key(&details.username),
            phone: details.phone.clone(),
            phone_ext: details.phone_ext.clone(),
            company: details.company.clone(),
            company_key: details.company_key(),
            search: search_text([&name, &details.email, &details.username, &details.phone, &details.company]),
        }
    }
}

impl Settings {
    fn of(details: &Details) -> Self {
        Settings {
            user_type: details.user_type,
            job_title: details.job_title.clone(),
            dialer: details.dialer,
            local_presence: details.local_presence,
            use_balance: details.use_balance,
            ext_phone: details.ext_phone.clone(),
        }
    }
}

pub(super) fn standing(details: &Details, has_password: bool) -> Standing {
    Standing { status: details.status, seat: details.seat, role: details.role, has_password }
}

/// The first Owner of a new account, which needs no domain yet and no welcome.
pub fn add_owner(conn: &mut Conn, actor: &Actor, new: &NewUser) -> Result<UserId> {
    insert(conn, actor, new)
}

/// Adds a user, with a welcome e-mail where they are enabled and have an address. Refused where no seat is free, the address, username or
/// extension is taken, the plan or a team is unknown, or the plan lacks a product; 403 where the account may not add users yet.
pub fn add(conn: &mut Conn, config: &Config, actor: &Actor, new: &NewUser) -> Result<UserId> {
    let (account, details) = (actor.account, &new.details);
    begin(conn, actor)?;
    rules::adding(actor, details.role)?;
    if !accounts::may_add_users(conn, account)? {
        return Err(Error::NoDomainYet);
    }
    let id = insert(conn, actor, new)?;
    if details.is_welcomed() {
        let to = mail::Recipient { account, user: id, email: &details.email };
        let message = mail::Message::Welcome {
            first_name: &details.first_name,
            username: &details.username,
            email: &details.email,
        };
        let brand = accounts::brand(conn, config, account)?;
        mail::queue(conn, &brand, to, &message)?;
    }
    Ok(id)
}

fn insert(conn: &mut Conn, actor: &Actor, new: &NewUser) -> Result<UserId> {
    let (account, details) = (actor.account, &new.details);
    seats::change(conn, account, None, Some(standing(details, true)))?;
    check_plan(conn, details)?;
    companies::change(conn, account, "", &details.company)?;
    let id = UserId(db::new_id());
    let now = clock::now();
    diesel::insert_into(users::table)
        .values((
            users::account_id.eq(account),
            users::id.eq(id),
            users::version.eq(1),
            users::credits.eq(0),
            users::last_activity.eq(clock::never()),
            users::created_at.eq(now),
            Columns::of(details),
        ))
        .execute(conn)?;
    diesel::insert_into(user_settings::table)
        .values((user_settings::account_id.eq(account), user_settings::user_id.eq(id), Settings::of(details)))
        .execute(conn)?;
    teams::set_of_user(conn, account, id, &details.teams)?;
    sessions::set_password(conn, account, id, &new.password)?;
    activity::new_person(conn, account, id)?;
    activity::record(conn, actor, "user.added", id, changes(None, details))?;
    Ok(id)
}

/// Saves an edited user. Refused where somebody else saved in between (`Conflict`), and as [`add`] is.
pub fn update(conn: &mut Conn, config: &Config, actor: &Actor, id: UserId, update: &Update) -> Result<()> {
    let account = actor.account;
    begin(conn, actor)?;
    let user = find(conn, account, id)?;
    let (before, after) = (&user.details, &update.details);
    rules::editing(actor, target(conn, &user, actor)?, before, after, update.password.is_some(), update.confirmed)?;
    if user.version != update.version {
        return Err(Refusal::Conflict.into());
    }
    let had_password = has_password(conn, &user, account)?;
    let has_password = had_password || update.password.is_some();
    seats::change(conn, account, Some(standing(before, had_password)), Some(standing(after, has_password)))?;
    check_plan(conn, after)?;
    companies::change(conn, account, &before.company, &after.company)?;
    save(conn, actor, id, update)?;
    if before.teams != after.teams {
        teams::set_of_user(conn, account, id, &after.teams)?;
    }
    if let Some(password) = &update.password {
        sessions::set_password(conn, account, id, password)?;
    }
    let must_sign_in = update.password.is_some() || before.role != after.role || after.status == Status::Disabled;
    if must_sign_in {
        sessions::end_all(conn, actor, id)?;
    }
    tell_of_new_address(conn, config, actor, &user, after)?;
    let mut changed = changes(Some(before), after);
    if update.password.is_some() {
        changed.push(Change::plain("password", "", ""));
    }
    activity::record(conn, actor, "user.edited", id, changed)
}

/// Guarded by the version: of two who save at once, one is told.
fn save(conn: &mut Conn, actor: &Actor, id: UserId, update: &Update) -> Result<()> {
    let here = users::account_id.eq(actor.account).and(users::id.eq(id));
    let saved = diesel::update(users::table.filter(here).filter(users::version.eq(update.version)))
        .set((users::version.eq(users::version + 1), Columns::of(&update.details)))
        .execute(conn)?;
    if saved != 1 {
        return Err(Refusal::Conflict.into());
    }
    let here = user_settings::account_id.eq(actor.account).and(user_settings::user_id.eq(id));
    diesel::update(user_settings::table.filter(here)).set(Settings::of(&update.details)).execute(conn)?;
    Ok(())
}

/// A changed address is told to the old one and the new one.
fn tell_of_new_address(conn: &mut Conn, config: &Config, actor: &Actor, user: &User, after: &Details) -> Result<()> {
    let before = &user.details.email;
    if sessions::login_key(before) == sessions::login_key(&after.email) {
        return Ok(());
    }
    let message = mail::Message::EmailChanged { first_name: &after.first_name, old: before, new: &after.email };
    let brand = accounts::brand(conn, config, actor.account)?;
    for email in [before, &after.email] {
        if !email.is_empty() {
            mail::queue(conn, &brand, mail::Recipient { account: actor.account, user: user.id, email }, &message)?;
        }
    }
    Ok(())
}

/// What the verbs of one thing set: one of these.
#[derive(AsChangeset, Default)]
#[diesel(table_name = users)]
pub(super) struct One {
    pub status: Option<Status>,
    pub role: Option<Role>,
    pub plan_id: Option<PlanId>,
}

/// The user as they were read in this turn: another version would mean that somebody writes without one.
pub(super) fn save_one(conn: &mut Conn, account: AccountId, user: &User, one: One) -> Result<()> {
    let here = users::account_id.eq(account).and(users::id.eq(user.id)).and(users::version.eq(user.version));
    let saved =
        diesel::update(users::table.filter(here)).set((users::version.eq(users::version + 1), one)).execute(conn)?;
    if saved == 1 { Ok(()) } else { Err(Refusal::Conflict.into()) }
}

/// Keeps what the list shows in step with what was allocated.
pub(super) fn add_credits(conn: &mut Conn, account: AccountId, id: UserId, amount: i64) -> Result<()> {
    if amount != 0 {
        let here = users::account_id.eq(account).and(users::id.eq(id));
        diesel::update(users::table.filter(here)).set(users::credits.eq(users::credits + amount)).execute(conn)?;
    }
    Ok(())
}

pub(super) fn has_password(conn: &mut Conn, user: &User, account: AccountId) -> Result<bool> {
    Ok(sessions::credentials_of(conn, account, user.id)?.is_some())
}

pub(super) fn target(conn: &mut Conn, user: &User, actor: &Actor) -> Result<Target> {
    let operators = operator::of_account(conn, actor.account)?;
    Ok(Target::of(user.id, user.details.role, user.details.status, &operators))
}

/// How every verb begins: with the account's turn, so that what is read next stays true until the commit. The actor's rights
/// were read when the request came in; it may have waited since, for a password's hash or for this turn.
pub fn begin(conn: &mut Conn, actor: &Actor) -> Result<()> {
    seats::take_turn(conn, actor.account)?;
    let Some(id) = actor.user else { return Ok(()) };
    let now = users::table
        .filter(users::account_id.eq(actor.account))
        .filter(users::id.eq(id))
        .select((users::status, users::role))
        .first::<(Status, Role)>(conn)
        .optional()?;
    match now {
        Some((Status::Enabled, role)) if role.permissions() == actor.permissions => Ok(()),
        Some((Status::Enabled, _)) => Err(Error::Forbidden),
        _ => Err(Error::SignInRequired { back: "/".into() }),
    }
}

pub(super) fn known_plan(conn: &mut Conn, id: PlanId) -> Result<Plan> {
    plans::find(conn, id).map_err(|error| match error {
        Error::NotFound => Refusal::UnknownPlan.into(),
        other => other,
    })
}

/// A plan that there is, with the products that are chosen.
fn check_plan(conn: &mut Conn, details: &Details) -> Result<()> {
    let wanted = (details.dialer, details.local_presence);
    let has = rules::products(&known_plan(conn, details.plan)?, wanted);
    if has == wanted { Ok(()) } else { Err(Refusal::NotInPlan.into()) }
}

/// What differs, field by field; of a new user, what is set.
pub(super) fn changes(before: Option<&Details>, after: &Details) -> Vec<Change> {
    let fields = |details: &Details| {
        let teams: Vec<String> = details.teams.iter().map(|team| team.0.to_string()).collect();
        let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
        [
            ("first_name", details.first_name.clone(), true),
            ("last_name", details.last_name.clone(), true),
            ("email", details.email.clone(), true),
            ("username", details.username.clone(), true),
            ("phone", details.phone.clone(), true),
            ("phone_ext", details.phone_ext.clone(), true),
            ("job_title", details.job_title.clone(), true),
            ("company", details.company.clone(), true),
            ("ext_phone", details.ext_phone.clone(), true),
            ("user_type", details.user_type.code().to_owned(), false),
            ("role", details.role.code().to_owned(), false),
            ("plan", details.plan.0.to_string(), false),
            ("status", details.status.code().to_owned(), false),
            ("seat", details.seat.code().to_owned(), false),
            ("dialer", yes_no(details.dialer), false),
            ("local_presence", yes_no(details.local_presence), false),
            ("use_balance", details.use_balance.code().to_owned(), false),
            ("teams", teams.join(" "), false),
        ]
    };
    let old = before.map(fields);
    let new = fields(after);
    let pairs = new.into_iter().enumerate().map(|(at, (field, after, personal))| {
        let before = old.as_ref().map(|old| old[at].1.clone()).unwrap_or_default();
        if personal { Change::personal(field, before, after) } else { Change::plain(field, before, after) }
    });
    pairs.filter(|change| change.before != change.after).collect()
}
