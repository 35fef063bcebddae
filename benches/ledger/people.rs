//! An account in which a thousand users have more of everything than is used here.

use crate::support::http::Client;
use crate::support::place::Place;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use seatkeeper::access::{Actor, Role, UserId};
use seatkeeper::accounts;
use seatkeeper::credits::{Book, CreditKind};
use seatkeeper::db::{Conn, Db};
use seatkeeper::error::Result;
use seatkeeper::teams::{self, TeamId};
use seatkeeper::tokens::{self, NewToken, Secret};
use seatkeeper::users::{self, Name};
use std::collections::BTreeMap;

/// Users in the account, and those who have something.
pub const USERS: u32 = 10_000;
pub const PEOPLE: usize = 1_000;
pub const ENOUGH: i64 = 1_000_000;
const OWNER: &str = "owner@demo.example";

pub struct People {
    pub place: Place,
    pub db: Db,
    /// The Owner, by an API token.
    pub actor: Actor,
    pub token: String,
    pub all: Vec<Person>,
}

pub struct Person {
    pub id: UserId,
    pub teams: Vec<TeamId>,
}

impl People {
    /// `name` tells one database from another on the same server.
    pub fn new(server: Option<&str>, name: &str) -> Self {
        let place = Place::fill(server, name, USERS);
        let db = place.open();
        let secret = Secret::generate().unwrap();
        let (actor, all) = db.write_now(|conn| prepare(conn, &secret)).unwrap();
        People { place, db, actor, token: secret.text().to_owned(), all }
    }

    /// Who is signed in as the Owner.
    pub fn sign_in(client: &mut Client) {
        client.sign_in(OWNER);
    }
}

fn prepare(conn: &mut Conn, secret: &Secret) -> Result<(Actor, Vec<Person>)> {
    let account = accounts::ids(conn)?[0];
    let system = Actor::system(account);
    let owner = users::named(conn, account, &[Name::email(OWNER)])?[0];
    let owner = Actor { user: owner, permissions: Role::Owner.permissions(), ..system.clone() };
    let new = NewToken { name: "Benchmark".into(), lifetime: None, form_key: None };
    let token = tokens::create(conn, &owner, &new, secret)?;
    let ids = members(conn, &system)?;
    let mut book = Book::open(conn, &system, &[])?;
    for kind in CreditKind::ALL {
        book.grant(*kind, ENOUGH * PEOPLE as i64)?;
    }
    book.save(conn, &system, "")?;
    for id in &ids {
        for kind in CreditKind::ALL {
            users::allocate_more(conn, &system, *id, *kind, ENOUGH / 2, "")?;
        }
    }
    let mut teams: BTreeMap<UserId, Vec<TeamId>> = BTreeMap::new();
    for (user, team) in teams::of_users(conn, account, &ids)? {
        teams.entry(user).or_default().push(team);
    }
    let person = |id: UserId| Person { id, teams: teams.remove(&id).unwrap_or_default() };
    Ok((Actor { token: Some(token.0), ..owner }, ids.into_iter().map(person).collect()))
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

fn members(conn: &mut Conn, actor: &Actor) -> Result<Vec<UserId>> {
    let query =
        "SELECT id FROM users WHERE account_id = $1 AND role = 'member' AND status = 'enabled' ORDER BY id LIMIT $2";
    let query = diesel::sql_query(query).bind::<BigInt, _>(actor.account).bind::<BigInt, _>(PEOPLE as i64);
    Ok(query.load::<Found>(conn)?.into_iter().map(|found| UserId(found.id)).collect())
}
