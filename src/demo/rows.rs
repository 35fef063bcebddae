//! Made-up people as [`Rows`]: what `users::add` writes for one user, for thousands at once.

use super::people::Person;
use super::pools::{Part, Pools, Use};
use super::samples::Sample;
use crate::access::{AccountId, UserId};
use crate::credits::{CreditKind, EntryKind, Whose, month_of};
use crate::db::{Conn, Rows, time_text};
use crate::error::{Error, Result};
use crate::plans::PlanId;
use crate::sessions::PasswordHash;
use crate::teams::TeamId;
use crate::users::{fold, search_text};
use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Rows of several tables, in the order in which they refer to each other.
pub struct Batch(pub(super) Vec<Rows>);

/// The tables of [`Batch::people`].
pub const TABLES: [&str; 10] = [
    "users",
    "user_settings",
    "credentials",
    "person_keys",
    "deletions",
    "team_members",
    "allocations",
    "ledger",
    "usage_days",
    "usage_months",
];

impl Batch {
    pub fn insert(&self, conn: &mut Conn) -> Result<()> {
        self.0.iter().try_for_each(|rows| rows.insert(conn))
    }

    /// An account without users yet, and its teams.
    pub fn account(
        id: AccountId,
        sample: &Sample,
        plan: PlanId,
        teams: &[(TeamId, &str)],
        created_at: NaiveDateTime,
    ) -> Self {
        let account = json!({
            "id": id.0,
            "name": sample.name,
            "country": sample.country,
            "time_zone": sample.time_zone,
            "plan_id": plan.0,
            "shared_host": true,
            // Counted when all are there: see fill.
            "seat_limit": 0,
            "seats_used": 0,
            "enabled_users": 0,
            "disabled_users": 0,
            "pending_users": 0,
            "owners": 0,
            "created_at": time_text(created_at),
        });
        let team = |(team, name): &(TeamId, &str)| {
            json!({
                "account_id": id.0,
                "id": team.0,
                "name": name,
                "name_key": fold(name),
                "created_at": time_text(created_at),
            })
        };
        let teams = teams.iter().map(team).collect();
        Batch(vec![Rows::of("accounts", vec![account]), Rows::of("teams", teams)])
    }

    /// Users with everything that is theirs, and what they have of the pools.
    pub fn people(
        account: AccountId,
        people: &[(Person, Vec<Part>)],
        pools: &mut Pools,
        password: &PasswordHash,
    ) -> Result<Self> {
        let each = || people.iter().map(|(person, _)| person);
        let parts = || people.iter().map(|(person, parts)| (person, parts.as_slice()));
        let keys = each().zip(sealing_keys(people.len())?);
        let ledger = parts().flat_map(|(person, parts)| entries(account, person, parts, pools)).collect();
        Ok(Batch(vec![
            Rows::of("users", parts().map(|(person, parts)| user(account, person, parts)).collect()),
            Rows::of("user_settings", each().map(|person| settings(account, person)).collect()),
            Rows::of("credentials", each().map(|person| credentials(account, person, password)).collect()),
            Rows::of("person_keys", keys.map(|(person, key)| person_key(account, person, key)).collect()),
            Rows::of("deletions", each().filter_map(|person| deletion(account, person)).collect()),
            Rows::of("team_members", each().flat_map(|person| memberships(account, person)).collect()),
            Rows::of("allocations", parts().flat_map(|(person, parts)| allocations(account, person, parts)).collect()),
            Rows::of("ledger", ledger),
            Rows::of("usage_days", parts().flat_map(|(person, parts)| days(account, person, parts)).collect()),
            Rows::of("usage_months", parts().flat_map(|(person, parts)| months(account, person, parts)).collect()),
        ]))
    }
}

fn user(account: AccountId, person: &Person, parts: &[Part]) -> Value {
    let details = &person.details;
    let name = details.name();
    let credits = parts.iter().filter(|part| CreditKind::CREDITS.contains(&part.kind)).map(|part| part.allocated);
    json!({
        "account_id": account.0,
        "id": person.id.0,
        "version": 1,
        "status": details.status.code(),
        "role": details.role.code(),
        "plan_id": details.plan.0,
        "seat": details.seat.code(),
        "first_name": details.first_name,
        "last_name": details.last_name,
        "name_key": fold(&name),
        "email": details.email,
        "email_key": details.email.to_lowercase(),
        "username": details.username,
        "username_key": details.username.to_lowercase(),
        "phone": details.phone,
        "phone_ext": details.phone_ext,
        "company": details.company,
        "company_key": details.company_key(),
        "credits": credits.sum::<i64>(),
        "last_activity": time_text(person.last_activity),
        "created_at": time_text(person.created_at),
        "search": search_text([&name, &details.email, &details.username, &details.phone, &details.company]),
    })
}

fn settings(account: AccountId, person: &Person) -> Value {
    let details = &person.details;
    json!({
        "account_id": account.0,
        "user_id": person.id.0,
        "user_type": details.user_type.code(),
        "job_title": details.job_title,
        "dialer": details.dialer,
        "local_presence": details.local_presence,
        "use_balance": details.use_balance.code(),
        "ext_phone": details.ext_phone,
    })
}

fn credentials(account: AccountId, person: &Person, password: &PasswordHash) -> Value {
    json!({
        "account_id": account.0,
        "user_id": person.id.0,
        "password_hash": password.as_stored(),
        "changed_at": time_text(person.created_at),
    })
}

fn person_key(account: AccountId, person: &Person, key: String) -> Value {
    json!({ "account_id": account.0, "user_id": person.id.0, "sealing_key": key })
}

fn deletion(account: AccountId, person: &Person) -> Option<Value> {
    let erase_at = time_text(person.erase_at?);
    Some(json!({ "account_id": account.0, "user_id": person.id.0, "erase_at": erase_at }))
}

fn memberships(account: AccountId, person: &Person) -> impl Iterator<Item = Value> {
    let row = move |team: &TeamId| json!({ "account_id": account.0, "team_id": team.0, "user_id": person.id.0 });
    person.details.teams.iter().map(row)
}

fn allocations(account: AccountId, person: &Person, parts: &[Part]) -> impl Iterator<Item = Value> {
    let row = move |part: &Part| {
        json!({
            "account_id": account.0,
            "user_id": person.id.0,
            "kind": part.kind.code(),
            "allocated": part.allocated,
            "used": part.used,
            "cycle": part.cycle,
        })
    };
    parts.iter().map(row)
}

/// How a user came to have what they have, and used it.
fn entries(account: AccountId, person: &Person, parts: &[Part], pools: &mut Pools) -> Vec<Value> {
    let user = Some(person.id);
    let mut rows = vec![];
    for part in parts {
        let (kind, at, all) = (part.kind, person.created_at, part.allocated);
        let id = pools.entry_id(at);
        rows.push(entry(account, id, EntryKind::Allocate, user, kind, (all, all, part.given_in), at));
        for Use { at, day, amount, left, cycle } in &part.uses {
            let id = pools.entry_id(*at);
            let mut used = entry(account, id, EntryKind::Use, user, kind, (*amount, *left, *cycle), *at);
            used["used_at"] = json!(time_text(*at));
            used["day"] = json!(day.to_string());
            rows.push(used);
        }
    }
    rows
}

fn days(account: AccountId, person: &Person, parts: &[Part]) -> impl Iterator<Item = Value> {
    let whose = Whose::User(person.id);
    let row = move |part: &Part, one: &Use| sum(account, whose, part.kind, ("day", one.day), one.amount);
    parts.iter().flat_map(move |part| part.uses.iter().map(move |one| row(part, one)))
}

fn months(account: AccountId, person: &Person, parts: &[Part]) -> Vec<Value> {
    let whose = Whose::User(person.id);
    let of_part = |part: &Part| {
        let mut months: BTreeMap<NaiveDate, i64> = BTreeMap::new();
        part.uses.iter().for_each(|one| *months.entry(month_of(one.day)).or_default() += one.amount);
        let kind = part.kind;
        months.into_iter().map(move |(month, amount)| sum(account, whose, kind, ("month", month), amount))
    };
    parts.iter().flat_map(of_part).collect()
}

pub(super) fn sum(
    account: AccountId,
    whose: Whose,
    kind: CreditKind,
    (starts, start): (&str, NaiveDate),
    amount: i64,
) -> Value {
    json!({
        "account_id": account.0,
        "scope": whose.scope().code(),
        "of_id": whose.id(),
        "kind": kind.code(),
        starts: start.to_string(),
        "amount": amount,
    })
}

pub(super) fn entry(
    account: AccountId,
    id: i64,
    entry: EntryKind,
    user: Option<UserId>,
    kind: CreditKind,
    (amount, balance, cycle): (i64, i64, i32),
    at: NaiveDateTime,
) -> Value {
    json!({
        "account_id": account.0,
        "id": id,
        "at": time_text(at),
        "kind": kind.code(),
        "entry": entry.code(),
        "user_id": user.map(|user| user.0),
        "amount": amount,
        "balance": balance,
        "cycle": cycle,
        "reason": "",
        "reference": "",
        "used_at": null,
        "day": null,
    })
}

/// Keys like those of `activity::new_person`, truly random even here, many at a time.
fn sealing_keys(count: usize) -> Result<Vec<String>> {
    const LENGTH: usize = 32;
    let mut bytes = vec![0; count * LENGTH];
    getrandom::fill(&mut bytes).map_err(|cause| Error::Internal(anyhow::anyhow!("no random numbers: {cause}")))?;
    Ok(bytes.chunks(LENGTH).map(hex::encode).collect())
}

#[cfg(test)]
mod tests {
    use super::super::calendar::Calendar;
    use super::super::people::{Crowd, HISTORY};
    use super::super::samples::{HARBOURLINE, SUNFIELD};
    use super::*;
    use crate::access::Actor;
    use crate::schema::users::dsl;
    use crate::sessions::Passwords;
    use crate::users::{NewUser, add_owner, find};
    use crate::web::text::Times;
    use crate::{clock, db, plans, server};
    use diesel::prelude::*;

    type Keys = (String, String, String, String, String);

    fn keys(conn: &mut Conn, account: AccountId, user: crate::access::UserId) -> Result<Keys> {
        let one = dsl::users.filter(dsl::account_id.eq(account)).filter(dsl::id.eq(user));
        let keys = (dsl::name_key, dsl::email_key, dsl::username_key, dsl::company_key, dsl::search);
        Ok(one.select(keys).first(conn)?)
    }

    #[test]
    fn many_at_once_are_written_as_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let db = db::Db::open(db::Location::Sqlite(folder.path().join("demo.db")), 1).unwrap();
        server::migrate(&db).unwrap();
        let password = Passwords::new(4).hash_now("seatkeeper-demo").unwrap();
        db.write_now(|conn| {
            plans::install_defaults(conn)?;
            let (plans, now) = (plans::all(conn)?, clock::now());
            let (many, single) = (AccountId(1), AccountId(2));
            let teams = [(TeamId(1), "Support")];
            Batch::account(many, &HARBOURLINE, plans[0].id, &teams, now).insert(conn)?;
            Batch::account(single, &SUNFIELD, plans[0].id, &teams, now).insert(conn)?;
            diesel::update(crate::schema::accounts::table)
                .set(crate::schema::accounts::seat_limit.eq(99))
                .execute(conn)?;
            let calendar = Calendar::new(Times::new("UTC", now), now - HISTORY, now);
            let mut pools = Pools::new(&HARBOURLINE, 60, 1, calendar);
            let crowd = Crowd::new(&HARBOURLINE, 60, &plans, &[TeamId(1)], now, 1);
            let people: Vec<_> = crowd.map(|person| (person.clone(), pools.give(&person))).collect();
            Batch::people(many, &people, &mut pools, &password)?.insert(conn)?;
            for (person, _) in people {
                let new = NewUser { details: person.details, password: password.clone() };
                let id = add_owner(conn, &Actor::system(single), &new)?;
                let (one, other) = (find(conn, many, person.id)?, find(conn, single, id)?);
                assert_eq!((one.version, &one.details), (other.version, &other.details));
                assert_eq!((one.created_at, one.last_activity), (person.created_at, person.last_activity));
                assert_eq!(keys(conn, many, person.id)?, keys(conn, single, id)?);
            }
            Ok(())
        })
        .unwrap();
    }
}
