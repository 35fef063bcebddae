//! How users count: seats, enabled and disabled users, Owners. The counts stand on the account's row and move in the
//! same transaction as the user, by ONE guarded update, so that two admins at once cannot oversell, and no race can
//! leave an account without an Owner. Writers of one account take turns ([`take_turn`]) before they read what they count
//! from: on Postgres a user read before the turn may be another one after it.

use super::model::{Seat, Status};
use crate::access::{AccountId, Role};
use crate::db::Conn;
use crate::error::{Refusal, Result};
use crate::schema::{accounts, companies, credentials, users};
use diesel::dsl::{count_star, exists};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

/// What of a user is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub status: Status,
    pub seat: Seat,
    pub role: Role,
    /// Without a password nobody signs in, so such an Owner is not one to rely on.
    pub has_password: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    enabled: i32,
    disabled: i32,
    pending: i32,
    seats: i32,
    owners: i32,
}

impl Counts {
    fn of(standing: Option<Standing>) -> Self {
        let Some(one) = standing else { return Counts::default() };
        let enabled = one.status == Status::Enabled;
        Counts {
            enabled: i32::from(enabled),
            disabled: i32::from(one.status == Status::Disabled),
            pending: i32::from(one.status == Status::Pending),
            seats: i32::from(enabled && one.seat == Seat::Package),
            owners: i32::from(enabled && one.role == Role::Owner && one.has_password),
        }
    }

    fn minus(self, other: Counts) -> Counts {
        Counts {
            enabled: self.enabled - other.enabled,
            disabled: self.disabled - other.disabled,
            pending: self.pending - other.pending,
            seats: self.seats - other.seats,
            owners: self.owners - other.owners,
        }
    }
}

/// Moves the account's counts from one standing of a user to another; None: not there. Refused where no seat is free or
/// no Owner would be left.
pub fn change(conn: &mut Conn, account: AccountId, before: Option<Standing>, after: Option<Standing>) -> Result<()> {
    // What always passes where a guard does not apply.
    const ALWAYS: i32 = 1_000_000_000;
    let delta = Counts::of(after).minus(Counts::of(before));
    let seats_wanted = if delta.seats > 0 { delta.seats } else { -ALWAYS };
    let owners_left = if delta.owners < 0 { delta.owners } else { ALWAYS };
    let moved = diesel::update(
        accounts::table
            .find(account)
            .filter((accounts::seats_used + seats_wanted).le(accounts::seat_limit))
            .filter((accounts::owners + owners_left).ge(1)),
    )
    .set((
        accounts::enabled_users.eq(accounts::enabled_users + delta.enabled),
        accounts::disabled_users.eq(accounts::disabled_users + delta.disabled),
        accounts::pending_users.eq(accounts::pending_users + delta.pending),
        accounts::seats_used.eq(accounts::seats_used + delta.seats),
        accounts::owners.eq(accounts::owners + delta.owners),
    ))
    .execute(conn)?;
    if moved == 1 {
        return Ok(());
    }
    let owners: i32 = accounts::table.find(account).select(accounts::owners).first(conn)?;
    let refusal = if owners + owners_left < 1 { Refusal::LastOwner } else { Refusal::NoFreeSeat };
    Err(refusal.into())
}

/// Makes writers of one account take turns: a second one waits here until the first has committed.
pub fn take_turn(conn: &mut Conn, account: AccountId) -> Result<()> {
    diesel::update(accounts::table.find(account)).set(accounts::owners.eq(accounts::owners)).execute(conn)?;
    Ok(())
}

/// Counts an account's users again; what differs, one sentence each.
pub fn recount(conn: &mut Conn, account: AccountId) -> Result<Vec<String>> {
    let kept: (i32, i32, i32, i32, i32) = accounts::table
        .find(account)
        .select((
            accounts::enabled_users,
            accounts::disabled_users,
            accounts::pending_users,
            accounts::seats_used,
            accounts::owners,
        ))
        .first(conn)?;
    let here = || users::table.filter(users::account_id.eq(account)).select(count_star());
    let enabled = || here().filter(users::status.eq(Status::Enabled));
    let with_password = credentials::table
        .filter(credentials::account_id.eq(users::account_id))
        .filter(credentials::user_id.eq(users::id));
    let counted: [(&str, i32, i64); 5] = [
        ("enabled users", kept.0, enabled().first(conn)?),
        ("disabled users", kept.1, here().filter(users::status.eq(Status::Disabled)).first(conn)?),
        ("users pending deletion", kept.2, here().filter(users::status.eq(Status::Pending)).first(conn)?),
        ("seats used", kept.3, enabled().filter(users::seat.eq(Seat::Package)).first(conn)?),
        ("owners", kept.4, enabled().filter(users::role.eq(Role::Owner)).filter(exists(with_password)).first(conn)?),
    ];
    let mut wrong: Vec<String> = counted
        .iter()
        .filter(|(_, kept, counted)| i64::from(*kept) != *counted)
        .map(|(what, kept, counted)| format!("account {}: {what} says {kept}, counted {counted}", account.0))
        .collect();
    wrong.extend(recount_companies(conn, account)?);
    wrong.extend(recount_credits(conn, account)?);
    Ok(wrong)
}

fn recount_companies(conn: &mut Conn, account: AccountId) -> Result<Vec<String>> {
    let kept: Vec<(String, i32)> = companies::table
        .filter(companies::account_id.eq(account))
        .order(companies::name_key)
        .select((companies::name_key, companies::users))
        .load(conn)?;
    let counted: Vec<(String, i64)> = users::table
        .filter(users::account_id.eq(account))
        .filter(users::company_key.ne(""))
        .group_by(users::company_key)
        .order(users::company_key)
        .select((users::company_key, count_star()))
        .load(conn)?;
    let same = kept.len() == counted.len()
        && kept.iter().zip(&counted).all(|(kept, counted)| kept.0 == counted.0 && i64::from(kept.1) == counted.1);
    // Companies' names stay out of messages: some are a person's.
    Ok(if same { vec![] } else { vec![format!("account {}: users by company differ", account.0)] })
}

#[derive(QueryableByName)]
struct Differing {
    #[diesel(sql_type = BigInt)]
    users: i64,
}

/// The list's credits of each user are the sum of what they were allocated, minutes apart.
fn recount_credits(conn: &mut Conn, account: AccountId) -> Result<Option<String>> {
    let differing = diesel::sql_query(
        "SELECT COUNT(*) AS users FROM users WHERE account_id = $1 AND credits <> COALESCE((SELECT SUM(allocated) \
         FROM allocations WHERE allocations.account_id = users.account_id AND allocations.user_id = users.id \
         AND kind <> 'minutes'), 0)",
    );
    let users = differing.bind::<BigInt, _>(account).get_result::<Differing>(conn)?.users;
    Ok((users > 0)
        .then(|| format!("account {}: the credits of {users} users are not the sum of their allocations", account.0)))
}
