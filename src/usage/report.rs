//! Usage as it comes in: each event once, whatever is sent twice, and never beyond what a user has.

use super::low;
use crate::access::{Actor, UserId};
use crate::accounts;
use crate::config::Config;
use crate::credits::{self, Book, CreditKind, Entry, EntryId, EntryKind, IdempotencyKey, Reported, Shortage};
use crate::db::Conn;
use crate::error::{Error, Refusal, Result};
use crate::text_enum;
use crate::users;
use chrono::NaiveDateTime;
use std::collections::BTreeMap;

text_enum! {
    /// Whether credits were consumed, or are given back because nothing came of it.
    pub enum Direction {
        Use = "use", "Use";
        Refund = "refund", "Refund";
    }
}

impl Direction {
    fn entry(self) -> EntryKind {
        match self {
            Direction::Use => EntryKind::Use,
            Direction::Refund => EntryKind::Refund,
        }
    }
}

/// What a product reports.
#[derive(Debug, Clone)]
pub struct Event {
    /// None: nobody of the account is meant.
    pub user: Option<UserId>,
    pub kind: CreditKind,
    pub direction: Direction,
    /// At least 1.
    pub amount: i64,
    pub at: NaiveDateTime,
    /// As the product knows it; may be empty.
    pub reference: String,
    pub key: IdempotencyKey,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Counted; what the user has left after it.
    Counted {
        entry: EntryId,
        left: i64,
    },
    /// It was counted before, with what the user had left then.
    Known {
        entry: EntryId,
        left: i64,
    },
    /// Beyond what the user has. Under the same key it can come again.
    Refused(Shortage),
    /// Something else was counted under its key.
    KeyReused,
    UnknownUser,
}

/// Counts events, in their order. One that is refused takes nothing from the others.
pub fn report(conn: &mut Conn, config: &Config, actor: &Actor, events: &[Event]) -> Result<Vec<Outcome>> {
    let account = actor.account;
    users::take_turn(conn, account)?;
    let people: Vec<UserId> = events.iter().filter_map(|event| event.user).collect();
    let keys: Vec<IdempotencyKey> = events.iter().map(|event| event.key.clone()).collect();
    let known = credits::known(conn, account, &keys)?.into_iter();
    let mut known: BTreeMap<IdempotencyKey, Counted> = known.map(|(key, entry)| (key, Counted::of(&entry))).collect();
    let times = accounts::times(conn, account)?;
    let mut book = Book::open(conn, actor, &people)?;
    let mut outcomes = vec![];
    for event in events {
        let outcome = match (event.user, known.get(&event.key)) {
            (_, Some(counted)) => counted.again(event),
            (None, None) => Outcome::UnknownUser,
            (Some(user), None) => {
                let reported = Reported {
                    reference: event.reference.clone(),
                    key: event.key.clone(),
                    at: event.at,
                    day: times.date(&event.at),
                };
                let counted = match event.direction {
                    Direction::Use => book.record_use(user, event.kind, event.amount, reported),
                    Direction::Refund => book.refund(user, event.kind, event.amount, reported),
                };
                match counted {
                    Ok(left) => {
                        let entry = book.last_entry();
                        known.insert(event.key.clone(), Counted::new(event, user, entry, left));
                        Outcome::Counted { entry, left }
                    }
                    Err(Error::Refused(Refusal::Credits(shortage))) => Outcome::Refused(shortage),
                    Err(error) => return Err(error),
                }
            }
        };
        outcomes.push(outcome);
    }
    for pool in book.save(conn, actor, "")? {
        low::tell(conn, config, account, &pool)?;
    }
    Ok(outcomes)
}

/// What was counted under a key.
struct Counted {
    user: Option<UserId>,
    kind: CreditKind,
    entry_kind: EntryKind,
    amount: i64,
    entry: EntryId,
    left: i64,
}

impl Counted {
    fn of(entry: &Entry) -> Self {
        Counted {
            user: entry.user_id,
            kind: entry.kind,
            entry_kind: entry.entry,
            amount: entry.amount,
            entry: entry.id,
            left: entry.balance,
        }
    }

    fn new(event: &Event, user: UserId, entry: EntryId, left: i64) -> Self {
        let (kind, entry_kind, amount) = (event.kind, event.direction.entry(), event.amount);
        Counted { user: Some(user), kind, entry_kind, amount, entry, left }
    }

    fn again(&self, event: &Event) -> Outcome {
        let same = (self.user, self.kind, self.entry_kind, self.amount)
            == (event.user, event.kind, event.direction.entry(), event.amount);
        if same { Outcome::Known { entry: self.entry, left: self.left } } else { Outcome::KeyReused }
    }
}
