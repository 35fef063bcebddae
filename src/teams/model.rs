use crate::access::{AccountId, UserId};
use crate::clock;
use crate::db::{self, Conn};
use crate::error::{Refusal, Result};
use crate::schema::{team_members, teams};
use diesel::prelude::*;
use diesel_derive_newtype::DieselNewType;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, DieselNewType)]
pub struct TeamId(pub i64);

#[derive(Debug, Clone, Queryable, Selectable)]
pub struct Team {
    pub id: TeamId,
    pub name: String,
}

/// All teams of an account, by name.
pub fn all(conn: &mut Conn, account: AccountId) -> Result<Vec<Team>> {
    Ok(teams::table
        .filter(teams::account_id.eq(account))
        .order((teams::name_key, teams::id))
        .select(Team::as_select())
        .load(conn)?)
}

/// Creates a team. `name_key` is the folded name, unique within the account.
pub fn add(conn: &mut Conn, account: AccountId, name: &str, name_key: &str) -> Result<TeamId> {
    let id = TeamId(db::new_id());
    diesel::insert_into(teams::table)
        .values((
            teams::account_id.eq(account),
            teams::id.eq(id),
            teams::name.eq(name),
            teams::name_key.eq(name_key),
            teams::created_at.eq(clock::now()),
        ))
        .execute(conn)?;
    Ok(id)
}

/// The teams that a user is in, by id.
pub fn of_user(conn: &mut Conn, account: AccountId, user: UserId) -> Result<Vec<TeamId>> {
    Ok(team_members::table
        .filter(team_members::account_id.eq(account))
        .filter(team_members::user_id.eq(user))
        .order(team_members::team_id)
        .select(team_members::team_id)
        .load(conn)?)
}

/// The teams that these users are in.
pub fn of_users(conn: &mut Conn, account: AccountId, users: &[UserId]) -> Result<Vec<(UserId, TeamId)>> {
    Ok(team_members::table
        .filter(team_members::account_id.eq(account))
        .filter(team_members::user_id.eq_any(users.to_vec()))
        .select((team_members::user_id, team_members::team_id))
        .load(conn)?)
}

/// The names of the teams that these users are in.
pub fn names_of_users(conn: &mut Conn, account: AccountId, users: &[UserId]) -> Result<Vec<(UserId, String)>> {
    Ok(team_members::table
        .inner_join(
            teams::table.on(teams::account_id.eq(team_members::account_id).and(teams::id.eq(team_members::team_id))),
        )
        .filter(team_members::account_id.eq(account))
        .filter(team_members::user_id.eq_any(users.to_vec()))
        .order((teams::name_key, teams::id))
        .select((team_members::user_id, teams::name))
        .load(conn)?)
}

/// Puts a user into exactly these teams. Refused where one of them is not the account's.
pub fn set_of_user(conn: &mut Conn, account: AccountId, user: UserId, wanted: &[TeamId]) -> Result<()> {
    let known: i64 = teams::table
        .filter(teams::account_id.eq(account))
        .filter(teams::id.eq_any(wanted.to_vec()))
        .count()
        .get_result(conn)?;
    if known != wanted.len() as i64 {
        return Err(Refusal::UnknownTeam.into());
    }
    let here = team_members::account_id.eq(account).and(team_members::user_id.eq(user));
    diesel::delete(team_members::table.filter(here)).execute(conn)?;
    for team in wanted {
        diesel::insert_into(team_members::table)
            .values((
                team_members::account_id.eq(account),
                team_members::team_id.eq(team),
                team_members::user_id.eq(user),
            ))
            .execute(conn)?;
    }
    Ok(())
}
