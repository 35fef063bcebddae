use crate::access::{AccountId, Actor, Role, UserId};
use crate::config::Config;
use crate::credits::{self, CreditKind};
use crate::db::{self, Conn};
use crate::error::Result;
use crate::mail::Brand;
use crate::plans::{self, PlanId};
use crate::schema::accounts;
use crate::sessions::PasswordHash;
use crate::users::{self, Details, NewUser, Seat, Status, UseBalance, UserType};
use crate::web::text::Times;
use crate::{activity, clock, domains};
use diesel::prelude::*;

/// A customer of the operator.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct Account {
    pub id: AccountId,
    pub name: String,
    /// ISO 3166 code; telephone numbers without "+" are read in it.
    pub country: String,
    /// IANA name, such as Europe/Berlin.
    pub time_zone: String,
    pub plan_id: PlanId,
    /// Whether its people may sign in on the shared host.
    pub shared_host: bool,
    /// Total Licenses.
    pub seat_limit: i32,
    pub seats_used: i32,
}

/// An account to be created, with its first Owner.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub name: String,
    pub country: String,
    pub time_zone: String,
    pub plan: String,
    pub shared_host: bool,
    pub domain: Option<String>,
    pub seat_limit: i32,
    /// What each pool holds.
    pub credits: i64,
    pub owner_first_name: String,
    pub owner_last_name: String,
    pub owner_email: String,
    pub owner_password: PasswordHash,
}

pub fn find(conn: &mut Conn, id: AccountId) -> Result<Account> {
    Ok(accounts::table.find(id).select(Account::as_select()).first(conn)?)
}

/// The account's clock.
pub fn times(conn: &mut Conn, id: AccountId) -> Result<Times> {
    Ok(Times::new(&find(conn, id)?.time_zone, clock::now()))
}

pub fn ids(conn: &mut Conn) -> Result<Vec<AccountId>> {
    Ok(accounts::table.order(accounts::id).select(accounts::id).load(conn)?)
}

/// An account may add users once its people have somewhere to sign in.
pub fn may_add_users(conn: &mut Conn, id: AccountId) -> Result<bool> {
    Ok(accounts::table.find(id).select(domains::has_somewhere_to_sign_in()).first(conn)?)
}

/// In whose name the account's e-mail comes, and where it leads: its own domain, or the shared host.
pub fn brand(conn: &mut Conn, config: &Config, id: AccountId) -> Result<Brand> {
    let account = find(conn, id)?;
    let url = match domains::primary_of(conn, id)? {
        Some(domain) => config.url_at(&domain, ""),
        None => config.url(""),
    };
    Ok(Brand { name: account.name, url })
}

/// Creates an account with its pools and its first Owner. Refused where the domain belongs to another account.
pub fn create(conn: &mut Conn, new: &NewAccount) -> Result<(AccountId, UserId)> {
    plans::install_defaults(conn)?;
    let plan = plans::named(conn, &new.plan)?;
    let id = AccountId(db::new_id());
    diesel::insert_into(accounts::table)
        .values((
            accounts::id.eq(id),
            accounts::name.eq(&new.name),
            accounts::country.eq(&new.country),
            accounts::time_zone.eq(&new.time_zone),
            accounts::plan_id.eq(plan.id),
            accounts::shared_host.eq(new.shared_host),
            accounts::seat_limit.eq(new.seat_limit),
            accounts::seats_used.eq(0),
            accounts::enabled_users.eq(0),
            accounts::disabled_users.eq(0),
            accounts::pending_users.eq(0),
            accounts::owners.eq(0),
            accounts::created_at.eq(clock::now()),
        ))
        .execute(conn)?;
    if let Some(domain) = &new.domain {
        domains::add_verified(conn, id, domain)?;
    }
    let clock = Times::new(&new.time_zone, clock::now());
    credits::create_pools(
        conn,
        &Actor::system(id),
        &clock,
        |kind| if kind == CreditKind::Minutes { 0 } else { new.credits },
    )?;
    let owner = NewUser { details: owner_details(new, &plan), password: new.owner_password.clone() };
    let user = users::add_owner(conn, &Actor::system(id), &owner)?;
    activity::record(conn, &Actor::system(id), "account.created", user, vec![])?;
    Ok((id, user))
}

fn owner_details(new: &NewAccount, plan: &plans::Plan) -> Details {
    Details {
        user_type: UserType::Email,
        first_name: new.owner_first_name.clone(),
        last_name: new.owner_last_name.clone(),
        email: new.owner_email.clone(),
        username: String::new(),
        phone: String::new(),
        phone_ext: String::new(),
        job_title: String::new(),
        company: String::new(),
        role: Role::Owner,
        plan: plan.id,
        status: Status::Enabled,
        dialer: false,
        local_presence: false,
        use_balance: UseBalance::Company,
        ext_phone: String::new(),
        seat: Seat::Package,
        teams: vec![],
    }
}
