//! Everything a page must know of who looks at it: session, user and account in one query.

use super::{AccountId, Permissions, Role, UserId};
use crate::db::Conn;
use crate::domains;
use crate::error::Result;
use crate::schema::{accounts, operators, plans, sessions, users};
use chrono::NaiveDateTime;
use diesel::prelude::*;

#[derive(Debug, Clone, Queryable)]
pub struct Viewer {
    pub last_seen: NaiveDateTime,
    pub account: AccountId,
    pub user: UserId,
    pub first_name: String,
    pub last_name: String,
    pub role: Role,
    pub account_name: String,
    pub time_zone: String,
    pub country: String,
    pub plan_name: String,
    /// Whether its people may be on the shared host: allowed to, or without a verified domain of their own so far.
    pub shared_host: bool,
    /// Whether its admins may add users: these have somewhere to sign in.
    pub may_add_users: bool,
    pub seat_limit: i32,
    pub seats_used: i32,
    pub enabled_users: i32,
    pub disabled_users: i32,
    pub pending_users: i32,
    /// The operator's row, where the user is one.
    operator: Option<UserId>,
}

impl Viewer {
    /// Who holds this session: None where it is unknown, ended or too old, or the user is not enabled.
    pub fn load(conn: &mut Conn, key_hash: &str, now: NaiveDateTime) -> Result<Option<Viewer>> {
        let row = sessions::table
            .inner_join(
                users::table.on(users::account_id.eq(sessions::account_id).and(users::id.eq(sessions::user_id))),
            )
            .inner_join(accounts::table.on(accounts::id.eq(sessions::account_id)))
            .inner_join(plans::table.on(plans::id.eq(accounts::plan_id)))
            .left_join(
                operators::table.on(operators::account_id.eq(users::account_id).and(operators::user_id.eq(users::id))),
            )
            .filter(sessions::key_hash.eq(key_hash))
            .filter(sessions::expires_at.gt(now))
            .filter(users::status.eq("enabled"))
            .select((
                sessions::last_seen,
                users::account_id,
                users::id,
                users::first_name,
                users::last_name,
                users::role,
                accounts::name,
                accounts::time_zone,
                accounts::country,
                plans::name,
                domains::may_use_shared_host(),
                domains::has_somewhere_to_sign_in(),
                accounts::seat_limit,
                accounts::seats_used,
                accounts::enabled_users,
                accounts::disabled_users,
                accounts::pending_users,
                operators::user_id.nullable(),
            ))
            .first::<Viewer>(conn)
            .optional()?;
        Ok(row)
    }

    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }

    pub fn permissions(&self) -> Permissions {
        self.role.permissions()
    }

    pub fn is_operator(&self) -> bool {
        self.operator.is_some()
    }

    /// Enabled and disabled users; those pending deletion are gone from this count.
    pub fn users(&self) -> i32 {
        self.enabled_users + self.disabled_users
    }
}
