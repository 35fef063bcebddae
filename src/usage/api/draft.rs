//! An event, from the JSON that was sent to what can be counted.

use super::{Id, Sent, invalid, is_object};
use crate::access::UserId;
use crate::credits::{CreditKind, IdempotencyKey};
use crate::usage::report::{Direction, Event};
use crate::users::Name;
use crate::web::problem::Problem;
use chrono::{DateTime, Duration, NaiveDateTime};
use serde_json::value::RawValue;

const LARGEST_AMOUNT: i64 = 1_000_000_000;
/// Clocks of products may be ahead of ours by as much, and what they report be as old.
const AHEAD: Duration = Duration::minutes(5);
const BACK: Duration = Duration::days(31);
const LONGEST: usize = 200;

/// An event that is right by itself. Whom it means is not known yet.
pub(super) struct Draft {
    pub name: Name,
    pub event: Event,
}

impl Draft {
    /// From its text, so that a member that is there twice is seen.
    pub fn read(event: &RawValue, key: Option<String>, now: NaiveDateTime) -> Result<Self, Problem> {
        if !is_object(event) {
            return Err(invalid("An event is an object."));
        }
        let sent: Sent = serde_json::from_str(event.get()).map_err(|error| invalid(format!("The event: {error}.")))?;
        let key = match (key, &sent.idempotency_key) {
            (Some(_), Some(_)) => return Err(invalid("One event has its key in the header Idempotency-Key only.")),
            (Some(key), None) => key,
            (None, Some(key)) => key.clone(),
            (None, None) => return Err(invalid("The event has no idempotency_key.")),
        };
        let event = Event {
            user: None,
            kind: sent.kind()?,
            direction: sent.direction()?,
            amount: sent.amount()?,
            at: sent.at(now)?,
            reference: sent.reference()?,
            key: checked_key(&key)?,
        };
        Ok(Draft { name: sent.name()?, event })
    }
}

fn checked_key(key: &str) -> Result<IdempotencyKey, Problem> {
    let is_right = (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_right {
        return Err(invalid("An idempotency key has 1 to 200 visible ASCII characters."));
    }
    Ok(IdempotencyKey::of(key))
}

impl Sent {
    fn name(&self) -> Result<Name, Problem> {
        match (&self.user_id, &self.email, &self.username) {
            (Some(Id::Number(id)), None, None) => Ok(Name::Id(UserId(*id))),
            // What is no number is nobody's id.
            (Some(Id::Text(id)), None, None) => Ok(Name::Id(UserId(id.parse().unwrap_or_default()))),
            (None, Some(email), None) => Ok(Name::email(seen(email)?)),
            (None, None, Some(username)) => Ok(Name::username(seen(username)?)),
            _ => Err(invalid("Name the user by one of user_id, email and username.")),
        }
    }

    fn kind(&self) -> Result<CreditKind, Problem> {
        let codes = CreditKind::ALL.iter().map(|kind| kind.code());
        CreditKind::from_code(&self.kind).ok_or_else(|| unknown("kind", codes))
    }

    fn direction(&self) -> Result<Direction, Problem> {
        let Some(code) = &self.direction else { return Ok(Direction::Use) };
        let codes = Direction::ALL.iter().map(|direction| direction.code());
        Direction::from_code(code).ok_or_else(|| unknown("type", codes))
    }

    fn amount(&self) -> Result<i64, Problem> {
        match self.amount {
            amount @ 1..=LARGEST_AMOUNT => Ok(amount),
            _ => Err(invalid(format!("amount must be 1 to {LARGEST_AMOUNT}."))),
        }
    }

    fn at(&self, now: NaiveDateTime) -> Result<NaiveDateTime, Problem> {
        let Some(time) = &self.time else { return Ok(now) };
        // By microseconds, so that a leap second is one that databases know.
        let read = DateTime::parse_from_rfc3339(time).ok().map(|time| time.timestamp_micros());
        let read = read.and_then(DateTime::from_timestamp_micros).map(|time| time.naive_utc());
        let at =
            read.ok_or_else(|| invalid("time must be written as RFC 3339 has it, such as 2026-11-26T14:03:00Z."))?;
        match at - now {
            ahead if ahead > AHEAD => Err(invalid("time is more than 5 minutes ahead.")),
            ahead if ahead < -BACK => Err(invalid("time is more than 31 days back.")),
            _ => Ok(at),
        }
    }

    fn reference(&self) -> Result<String, Problem> {
        let reference = self.reference.clone().unwrap_or_default();
        match reference.chars().count() {
            0..=LONGEST => Ok(reference),
            _ => Err(invalid("reference has 200 characters at most.")),
        }
    }
}

fn seen(name: &str) -> Result<&str, Problem> {
    if name.contains(char::is_control) { Err(invalid("The user's name has control characters.")) } else { Ok(name) }
}

fn unknown(field: &str, codes: impl Iterator<Item = &'static str>) -> Problem {
    invalid(format!("{field} must be one of {}.", codes.collect::<Vec<_>>().join(", ")))
}
