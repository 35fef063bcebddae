//! The verbs that change one thing about a user: status, role, plan, password. For the row, the selected ones and the
//! command line. Doing what is done already changes nothing.

use super::model::{Status, User, find};
use super::seats::{self, Standing};
use super::write::{One, begin, changes, has_password, known_plan, save_one, standing, target};
use super::{Details, rules};
use crate::access::{Actor, Role, UserId};
use crate::activity::{self, Change};
use crate::db::Conn;
use crate::error::{Refusal, Result};
use crate::plans::PlanId;
use crate::schema::user_settings;
use crate::sessions::{self, PasswordHash};
use diesel::prelude::*;

/// A user as they were, and whether anything was to do.
pub struct Switched {
    pub user: User,
    pub changed: bool,
}

impl Switched {
    fn not(user: User) -> Result<Self> {
        Ok(Switched { user, changed: false })
    }
}

/// Enables or disables. Disabling ends the sessions and frees the seat; enabling takes one, if one is free.
pub fn set_status(conn: &mut Conn, actor: &Actor, id: UserId, status: Status) -> Result<Switched> {
    let account = actor.account;
    begin(conn, actor)?;
    let user = find(conn, account, id)?;
    rules::switching(actor, target(conn, &user, actor)?, status)?;
    if user.details.status == status {
        return Switched::not(user);
    }
    let before = standing(&user.details, has_password(conn, &user, account)?);
    seats::change(conn, account, Some(before), Some(Standing { status, ..before }))?;
    save_one(conn, account, &user, One { status: Some(status), ..One::default() })?;
    let action = match status {
        Status::Enabled => "user.enabled",
        _ => {
            sessions::end_all(conn, actor, id)?;
            "user.disabled"
        }
    };
    let change = Change::plain("status", user.details.status.code(), status.code());
    activity::record(conn, actor, action, id, vec![change])?;
    Ok(Switched { user, changed: true })
}

/// [`set_role`], by somebody who has seen the role `from`. Refused where it is another one by now.
pub fn set_role_from(
    conn: &mut Conn,
    actor: &Actor,
    id: UserId,
    from: Option<Role>,
    role: Role,
    confirmed: bool,
) -> Result<Switched> {
    begin(conn, actor)?;
    let now = find(conn, actor.account, id)?.details.role;
    if from.is_some_and(|from| from != now && now != role) {
        return Err(Refusal::RoleChanged.into());
    }
    set_role(conn, actor, id, role, confirmed)
}

/// Gives another role, which ends the sessions. `confirmed`: the actor has confirmed with their own password, which
/// giving and taking the Owner role asks for.
pub fn set_role(conn: &mut Conn, actor: &Actor, id: UserId, role: Role, confirmed: bool) -> Result<Switched> {
    let account = actor.account;
    begin(conn, actor)?;
    let user = find(conn, account, id)?;
    rules::giving_role(actor, target(conn, &user, actor)?, role, confirmed)?;
    if user.details.role == role {
        return Switched::not(user);
    }
    let before = standing(&user.details, has_password(conn, &user, account)?);
    seats::change(conn, account, Some(before), Some(Standing { role, ..before }))?;
    save_one(conn, account, &user, One { role: Some(role), ..One::default() })?;
    sessions::end_all(conn, actor, id)?;
    let change = Change::plain("role", user.details.role.code(), role.code());
    activity::record(conn, actor, "user.edited", id, vec![change])?;
    Ok(Switched { user, changed: true })
}

/// Gives another plan. Dialer and local presence are switched off where the plan does not have them.
pub fn set_plan(conn: &mut Conn, actor: &Actor, id: UserId, plan: PlanId) -> Result<Switched> {
    let account = actor.account;
    begin(conn, actor)?;
    let user = find(conn, account, id)?;
    rules::giving_plan(actor, target(conn, &user, actor)?)?;
    if user.details.plan == plan {
        return Switched::not(user);
    }
    let details = &user.details;
    let (dialer, local_presence) = rules::products(&known_plan(conn, plan)?, (details.dialer, details.local_presence));
    save_one(conn, account, &user, One { plan_id: Some(plan), ..One::default() })?;
    let here = user_settings::account_id.eq(account).and(user_settings::user_id.eq(id));
    diesel::update(user_settings::table.filter(here))
        .set((user_settings::dialer.eq(dialer), user_settings::local_presence.eq(local_presence)))
        .execute(conn)?;
    let after = Details { plan, dialer, local_presence, ..details.clone() };
    activity::record(conn, actor, "user.edited", id, changes(Some(details), &after))?;
    Ok(Switched { user, changed: true })
}

/// Sets a password from the command line: for an Owner who is locked out.
pub fn set_password(conn: &mut Conn, actor: &Actor, id: UserId, password: &PasswordHash) -> Result<()> {
    seats::take_turn(conn, actor.account)?;
    let user = find(conn, actor.account, id)?;
    if user.details.status == Status::Pending {
        return Err(Refusal::PendingDeletion.into());
    }
    let before = standing(&user.details, has_password(conn, &user, actor.account)?);
    seats::change(conn, actor.account, Some(before), Some(Standing { has_password: true, ..before }))?;
    sessions::set_password(conn, actor.account, id, password)?;
    sessions::end_all(conn, actor, id)?;
    activity::record(conn, actor, "user.edited", id, vec![Change::plain("password", "", "")])
}
