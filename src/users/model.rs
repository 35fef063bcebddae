use super::fold::fold;
use crate::access::{AccountId, Actor, Permission, Role, UserId};
use crate::db::{Backend, Conn};
use crate::error::Result;
use crate::plans::PlanId;
use crate::schema::{user_settings, users};
use crate::teams::{self, TeamId};
use crate::text_enum;
use crate::{operator, sessions};
use chrono::NaiveDateTime;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use std::collections::BTreeMap;

text_enum! {
    /// Active users are on the Enabled tab, inactive ones on the Disabled tab.
    pub enum Status {
        Enabled = "enabled", "Active";
        Disabled = "disabled", "Inactive";
        Pending = "pending", "Pending deletion";
    }
}

impl Status {
    /// What a person may choose: pending deletion comes by deleting, and goes by cancelling that.
    pub fn chosen(code: &str) -> Option<Self> {
        Self::from_code(code).filter(|status| *status != Status::Pending)
    }
}

text_enum! {
    /// Who pays for a seat and whether it counts against Total Licenses: only `Package` does.
    pub enum Seat {
        Package = "package", "Package";
        Card = "card", "Company card";
        Direct = "direct", "Direct";
    }
}

text_enum! {
    pub enum UserType {
        Username = "username", "User by username";
        Email = "email", "User by email";
    }
}

text_enum! {
    pub enum UseBalance {
        Company = "company", "Company";
        User = "user", "User";
    }
}

text_enum! {
    /// Half of [`Seat`], as the form asks it.
    pub enum PayForSeat {
        Company = "company", "No (Company pays for seat)";
        Direct = "direct", "Direct";
    }
}

/// Everything that the form says of a user, but the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    pub user_type: UserType,
    pub first_name: String,
    pub last_name: String,
    /// "" where there is none.
    pub email: String,
    pub username: String,
    /// E.164, or "".
    pub phone: String,
    pub phone_ext: String,
    pub job_title: String,
    pub company: String,
    pub role: Role,
    pub plan: PlanId,
    pub status: Status,
    pub dialer: bool,
    pub local_presence: bool,
    pub use_balance: UseBalance,
    pub ext_phone: String,
    pub seat: Seat,
    /// By id, each once.
    pub teams: Vec<TeamId>,
}

impl Details {
    pub fn name(&self) -> String {
        full_name(&self.first_name, &self.last_name)
    }

    pub fn company_key(&self) -> String {
        fold(&self.company)
    }

    /// Whether a new user like this is welcomed by e-mail: who can't sign in yet is not told to.
    pub fn is_welcomed(&self) -> bool {
        self.status == Status::Enabled && !self.email.is_empty()
    }
}

pub fn full_name(first: &str, last: &str) -> String {
    format!("{first} {last}").trim().to_owned()
}

/// What the search looks through, folded, the parts kept apart.
pub fn search_text(parts: [&str; 5]) -> String {
    parts.map(fold).join("|")
}

/// One user, whole.
#[derive(Debug, Clone)]
pub struct User {
    pub id: UserId,
    /// Rises with each edit; two admins editing at once are told apart by it.
    pub version: i32,
    pub details: Details,
    pub credits: i64,
    pub last_activity: NaiveDateTime,
    pub created_at: NaiveDateTime,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(super) struct UserRow {
    pub id: UserId,
    pub version: i32,
    pub status: Status,
    pub role: Role,
    pub plan_id: PlanId,
    pub seat: Seat,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub username: String,
    pub phone: String,
    pub phone_ext: String,
    pub company: String,
    pub credits: i64,
    pub last_activity: NaiveDateTime,
    pub created_at: NaiveDateTime,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = user_settings)]
pub(super) struct SettingsRow {
    pub user_type: UserType,
    pub job_title: String,
    pub dialer: bool,
    pub local_presence: bool,
    pub use_balance: UseBalance,
    pub ext_phone: String,
}

/// One user of this account. Another account's id is not found.
pub fn find(conn: &mut Conn, account: AccountId, id: UserId) -> Result<User> {
    let (user, settings): (UserRow, SettingsRow) = users::table
        .inner_join(
            user_settings::table
                .on(user_settings::account_id.eq(users::account_id).and(user_settings::user_id.eq(users::id))),
        )
        .filter(users::account_id.eq(account))
        .filter(users::id.eq(id))
        .select((UserRow::as_select(), SettingsRow::as_select()))
        .first(conn)?;
    let teams = teams::of_user(conn, account, id)?;
    Ok(User {
        id: user.id,
        version: user.version,
        credits: user.credits,
        last_activity: user.last_activity,
        created_at: user.created_at,
        details: Details {
            user_type: settings.user_type,
            first_name: user.first_name,
            last_name: user.last_name,
            email: user.email,
            username: user.username,
            phone: user.phone,
            phone_ext: user.phone_ext,
            job_title: settings.job_title,
            company: user.company,
            role: user.role,
            plan: user.plan_id,
            status: user.status,
            dialer: settings.dialer,
            local_presence: settings.local_presence,
            use_balance: settings.use_balance,
            ext_phone: settings.ext_phone,
            seat: user.seat,
            teams,
        },
    })
}

/// Those of these users who are of this account.
pub fn known(conn: &mut Conn, account: AccountId, ids: &[UserId]) -> Result<Vec<UserId>> {
    Ok(users::table
        .filter(users::account_id.eq(account))
        .filter(users::id.eq_any(ids.to_vec()))
        .select(users::id)
        .load(conn)?)
}

/// What a program calls a user of its account by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    Id(UserId),
    /// As [`sessions::login_key`] has it.
    Email(String),
    Username(String),
}

impl Name {
    pub fn email(typed: &str) -> Self {
        Name::Email(sessions::login_key(typed))
    }

    pub fn username(typed: &str) -> Self {
        Name::Username(sessions::login_key(typed))
    }
}

/// Whom each of these names means: nobody where it is none of this account's, or somebody's who is pending deletion.
pub fn named(conn: &mut Conn, account: AccountId, names: &[Name]) -> Result<Vec<Option<UserId>>> {
    let here = || users::table.filter(users::account_id.eq(account)).filter(sql::<Bool>("users.status <> 'pending'"));
    let (mut ids, mut emails, mut usernames) = (vec![], vec![], vec![]);
    for name in names {
        match name {
            Name::Id(id) => ids.push(*id),
            Name::Email(key) => emails.push(key.clone()),
            Name::Username(key) => usernames.push(key.clone()),
        }
    }
    let mut known: BTreeMap<Name, UserId> = BTreeMap::new();
    if !ids.is_empty() {
        let found: Vec<UserId> = here().filter(users::id.eq_any(ids)).select(users::id).load(conn)?;
        known.extend(found.into_iter().map(|id| (Name::Id(id), id)));
    }
    // In the words of the partial indexes, as in [`sessions::login_sql`].
    if !emails.is_empty() {
        let theirs = here().filter(sql::<Bool>("users.email_key <> ''")).filter(users::email_key.eq_any(emails));
        let found: Vec<(String, UserId)> = theirs.select((users::email_key, users::id)).load(conn)?;
        known.extend(found.into_iter().map(|(key, id)| (Name::Email(key), id)));
    }
    if !usernames.is_empty() {
        let theirs =
            here().filter(sql::<Bool>("users.username_key <> ''")).filter(users::username_key.eq_any(usernames));
        let found: Vec<(String, UserId)> = theirs.select((users::username_key, users::id)).load(conn)?;
        known.extend(found.into_iter().map(|(key, id)| (Name::Username(key), id)));
    }
    Ok(names.iter().map(|name| known.get(name).copied()).collect())
}

/// Somebody who can allocate credits, and be told that they run low.
#[derive(Debug, Clone, Queryable)]
pub struct Allocator {
    pub id: UserId,
    pub first_name: String,
    pub email: String,
}

/// The first of those of an account: enabled, with an e-mail address.
pub fn who_allocate(conn: &mut Conn, account: AccountId, rows: i64) -> Result<Vec<Allocator>> {
    let may = Role::ALL.iter().copied().filter(|role| role.permissions().has(Permission::AllocateCredits));
    Ok(users::table
        .filter(users::account_id.eq(account))
        .filter(users::status.eq(Status::Enabled))
        .filter(users::role.eq_any(may.collect::<Vec<_>>()))
        .filter(users::email.ne(""))
        .order(users::id)
        .limit(rows)
        .select((users::id, users::first_name, users::email))
        .load(conn)?)
}

/// These users as the list shows them, by id; those who are gone are left out.
pub fn rows(conn: &mut Conn, account: AccountId, ids: &[UserId]) -> Result<Vec<Row>> {
    Ok(users::table
        .filter(users::account_id.eq(account))
        .filter(users::id.eq_any(ids.to_vec()))
        .order(users::id)
        .select(Row::as_select())
        .load(conn)?)
}

/// A user as somebody who acts, with the rights that they have now; None where they can't sign in.
pub fn actor(conn: &mut Conn, account: AccountId, id: UserId) -> Result<Option<Actor>> {
    let here = users::table.filter(users::account_id.eq(account)).filter(users::id.eq(id));
    let role: Option<Role> =
        here.filter(users::status.eq(Status::Enabled)).select(users::role).first(conn).optional()?;
    let is_operator = operator::of_account(conn, account)?.contains(&id);
    Ok(role.map(|role| Actor {
        user: Some(id),
        permissions: role.permissions(),
        is_operator,
        ..Actor::system(account)
    }))
}

/// Who signs in with this e-mail address or username: in one account or in all. Not those pending deletion.
pub fn known_as(conn: &mut Conn, login: &str, account: Option<AccountId>) -> Result<Vec<(AccountId, UserId)>> {
    let key = sessions::login_key(login);
    let mut query = users::table
        .filter(sql::<Bool>(sessions::login_sql(&key)).bind::<Text, _>(key))
        .select((users::account_id, users::id))
        .into_boxed::<Backend>();
    if let Some(account) = account {
        query = query.filter(users::account_id.eq(account));
    }
    Ok(query.limit(10).load(conn)?)
}

/// One row of the list.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct Row {
    pub id: UserId,
    pub first_name: String,
    pub last_name: String,
    pub name_key: String,
    pub email: String,
    pub email_key: String,
    pub username: String,
    pub phone: String,
    pub phone_ext: String,
    pub role: Role,
    pub plan_id: PlanId,
    pub credits: i64,
    pub status: Status,
    pub last_activity: NaiveDateTime,
    pub created_at: NaiveDateTime,
}

impl Row {
    pub fn name(&self) -> String {
        full_name(&self.first_name, &self.last_name)
    }
}

/// A query on users that conditions can be added to.
pub type UserQuery<'a> = diesel::helper_types::IntoBoxed<'a, users::table, Backend>;
