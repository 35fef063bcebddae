use super::seal::SealingKey;
use crate::access::{AccountId, Actor, UserId};
use crate::clock;
use crate::db::{self, Conn};
use crate::error::{Error, Result};
use crate::schema::{activity, person_keys};
use diesel::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;

/// One changed field, before and after. Both empty where the value itself is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    pub field: &'static str,
    pub before: String,
    pub after: String,
    /// Sealed under the key of the person that the entry is about.
    pub sealed: bool,
}

impl Change {
    pub fn plain(field: &'static str, before: impl Into<String>, after: impl Into<String>) -> Self {
        Change { field, before: before.into(), after: after.into(), sealed: false }
    }

    pub fn personal(field: &'static str, before: impl Into<String>, after: impl Into<String>) -> Self {
        Change { sealed: true, ..Change::plain(field, before, after) }
    }

    fn seal(mut self, key: &SealingKey) -> Result<Self> {
        if self.sealed {
            self.before = key.seal(&self.before)?;
            self.after = key.seal(&self.after)?;
        }
        Ok(self)
    }
}

/// A new person's sealing key. Before the first entry about them.
pub fn new_person(conn: &mut Conn, account: AccountId, user: UserId) -> Result<()> {
    diesel::insert_into(person_keys::table)
        .values((
            person_keys::account_id.eq(account),
            person_keys::user_id.eq(user),
            person_keys::sealing_key.eq(SealingKey::generate()?.to_text()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Records what `actor` did to a user, in the transaction that does it. `action` is noun and verb: "user.added".
pub fn record(
    conn: &mut Conn,
    actor: &Actor,
    action: &'static str,
    object: UserId,
    changes: Vec<Change>,
) -> Result<()> {
    let key = key_of(conn, actor.account, object)?;
    let changes = changes.into_iter().map(|change| change.seal(&key)).collect::<Result<Vec<_>>>()?;
    let address = match actor.user {
        Some(user) if !actor.address.is_empty() => key_of(conn, actor.account, user)?.seal(&actor.address)?,
        _ => String::new(),
    };
    diesel::insert_into(activity::table)
        .values((
            activity::account_id.eq(actor.account),
            activity::id.eq(db::new_id()),
            activity::at.eq(clock::now()),
            activity::actor_id.eq(actor.user),
            activity::impersonator_id.eq(actor.impersonator),
            activity::address.eq(address),
            activity::action.eq(action),
            activity::object_id.eq(object),
            activity::changes.eq(serde_json::to_string(&changes).map_err(anyhow::Error::from)?),
        ))
        .execute(conn)?;
    Ok(())
}

/// Seals a text under a person's key, for whoever keeps it outside the log.
pub fn seal(conn: &mut Conn, account: AccountId, person: UserId, text: &str) -> Result<String> {
    key_of(conn, account, person)?.seal(text)
}

/// What was sealed so.
pub fn open(conn: &mut Conn, account: AccountId, person: UserId, sealed: &str) -> Result<String> {
    let text = key_of(conn, account, person)?.open(sealed);
    text.ok_or_else(|| Error::Internal(anyhow::anyhow!("a sealed text is damaged")))
}

/// The keys of several people, for whoever seals much.
pub struct Seals(BTreeMap<UserId, SealingKey>);

impl Seals {
    pub fn load(conn: &mut Conn, account: AccountId, people: &[UserId]) -> Result<Self> {
        if people.is_empty() {
            return Ok(Seals(BTreeMap::new()));
        }
        let rows: Vec<(UserId, String)> = person_keys::table
            .filter(person_keys::account_id.eq(account))
            .filter(person_keys::user_id.eq_any(people.to_vec()))
            .select((person_keys::user_id, person_keys::sealing_key))
            .load(conn)?;
        let keys = rows.into_iter().map(|(person, key)| Ok((person, SealingKey::from_text(&key)?)));
        keys.collect::<Result<_>>().map(Seals)
    }

    /// "" stays so.
    pub fn seal(&self, person: UserId, text: &str) -> Result<String> {
        match self.0.get(&person) {
            _ if text.is_empty() => Ok(String::new()),
            Some(key) => key.seal(text),
            None => Err(Error::NotFound),
        }
    }

    /// What was sealed; nothing of people who are erased.
    pub fn open(&self, person: UserId, sealed: &str) -> String {
        self.0.get(&person).and_then(|key| key.open(sealed)).unwrap_or_default()
    }
}

fn key_of(conn: &mut Conn, account: AccountId, user: UserId) -> Result<SealingKey> {
    let text: String = person_keys::table
        .filter(person_keys::account_id.eq(account))
        .filter(person_keys::user_id.eq(user))
        .select(person_keys::sealing_key)
        .first(conn)?;
    SealingKey::from_text(&text)
}
