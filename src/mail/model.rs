use super::message::{Brand, DELETION_SCHEDULED, Message};
use crate::access::{AccountId, UserId};
use crate::clock;
use crate::db::{self, Conn};
use crate::error::Result;
use crate::schema::outbox;
use crate::text_enum;
use chrono::{Duration, NaiveDateTime};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_derive_newtype::DieselNewType;

#[derive(Debug, Clone, Copy, PartialEq, Eq, DieselNewType)]
pub struct MailId(pub i64);

impl std::fmt::Display for MailId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

text_enum! {
    pub enum MailState {
        Queued = "queued", "Waiting";
        Sending = "sending", "Sending";
        Sent = "sent", "Sent";
        Failed = "failed", "Failed";
    }
}

/// To whom.
#[derive(Debug, Clone, Copy)]
pub struct Recipient<'a> {
    pub account: AccountId,
    pub user: UserId,
    pub email: &'a str,
}

/// A message in the queue, without its bodies.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = outbox)]
pub struct Queued {
    pub id: MailId,
    pub kind: String,
    pub sender_name: String,
    pub recipient: String,
    pub subject: String,
    pub state: MailState,
    pub attempts: i32,
    pub last_error: String,
    pub created_at: NaiveDateTime,
    pub sent_at: Option<NaiveDateTime>,
}

impl Queued {
    /// The tone of its state, for the style sheet.
    pub fn tone(&self) -> &'static str {
        match self.state {
            MailState::Sent => "ok",
            MailState::Failed => "bad",
            MailState::Queued | MailState::Sending => "warn",
        }
    }

    pub fn icon(&self) -> &'static str {
        match self.state {
            MailState::Sent => "ok",
            MailState::Failed => "alert",
            MailState::Queued | MailState::Sending => "clock",
        }
    }
}

/// Queues a message, in the transaction of what causes it.
pub fn queue(conn: &mut Conn, brand: &Brand, to: Recipient<'_>, message: &Message<'_>) -> Result<()> {
    let rendered = message.render(brand)?;
    let now = clock::now();
    diesel::insert_into(outbox::table)
        .values((
            outbox::account_id.eq(to.account),
            outbox::id.eq(db::new_id()),
            outbox::user_id.eq(to.user),
            outbox::kind.eq(rendered.kind),
            outbox::sender_name.eq(&brand.name),
            outbox::recipient.eq(to.email),
            outbox::subject.eq(rendered.subject),
            outbox::body_text.eq(rendered.text),
            outbox::body_html.eq(rendered.html),
            outbox::state.eq(MailState::Queued),
            outbox::attempts.eq(0),
            outbox::next_attempt_at.eq(now),
            outbox::last_error.eq(""),
            outbox::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Drops everything that was, or is to be, sent to a user: nothing of an erased person stays in the queue.
pub fn forget(conn: &mut Conn, account: AccountId, user: UserId) -> Result<()> {
    let theirs = outbox::account_id.eq(account).and(outbox::user_id.eq(user));
    diesel::delete(outbox::table.filter(theirs)).execute(conn)?;
    Ok(())
}

/// Takes back the notice that a user is to be erased, where it still waits. One that is being sent right now may arrive;
/// where that fails it is not tried again, since its row is gone.
pub fn withdraw(conn: &mut Conn, account: AccountId, user: UserId) -> Result<()> {
    let waiting = outbox::account_id
        .eq(account)
        .and(outbox::user_id.eq(user))
        .and(outbox::kind.eq(DELETION_SCHEDULED))
        .and(outbox::state.eq_any([MailState::Queued, MailState::Sending]));
    diesel::delete(outbox::table.filter(waiting)).execute(conn)?;
    Ok(())
}

/// The newest messages of all accounts, or those older than `before`.
pub fn newest(conn: &mut Conn, before: Option<MailId>, rows: i64) -> Result<Vec<Queued>> {
    let mut query = outbox::table.select(Queued::as_select()).order(outbox::id.desc()).limit(rows).into_boxed();
    if let Some(before) = before {
        query = query.filter(outbox::id.lt(before));
    }
    Ok(query.load(conn)?)
}

/// One message with its plain text.
pub fn read(conn: &mut Conn, id: MailId) -> Result<(Queued, String)> {
    Ok(outbox::table.filter(outbox::id.eq(id)).select((Queued::as_select(), outbox::body_text)).first(conn)?)
}

/// A message that a worker has claimed.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = outbox)]
pub struct Claimed {
    pub id: MailId,
    pub sender_name: String,
    pub recipient: String,
    pub subject: String,
    pub body_text: String,
    pub body_html: String,
    /// Attempts before this one.
    pub attempts: i32,
}

/// A claim that was not settled within this time is free again: its worker died.
const CLAIM: Duration = Duration::minutes(10);
/// Minutes to wait after each failed attempt; then it is given up.
const BACKOFF: [i64; 7] = [1, 5, 15, 60, 240, 720, 1440];
/// Sent messages are kept for the operator to see, then dropped.
const KEPT: Duration = Duration::days(30);

/// Neither sent nor given up, in the words of the index: bound values would not tell SQLite that it serves.
fn waiting() -> SqlLiteral<Bool> {
    sql("outbox.state IN ('queued', 'sending')")
}

/// Claims the next message that is due, so that no other worker sends it.
pub fn claim(conn: &mut Conn) -> Result<Option<Claimed>> {
    let now = clock::now();
    let due = outbox::table
        .filter(waiting())
        .filter(outbox::next_attempt_at.le(now))
        .order(outbox::next_attempt_at)
        .limit(20)
        .select(Claimed::as_select());
    for message in due.load::<Claimed>(conn)? {
        let mine = diesel::update(
            outbox::table.filter(outbox::id.eq(message.id)).filter(outbox::attempts.eq(message.attempts)),
        )
        .set((
            outbox::state.eq(MailState::Sending),
            outbox::attempts.eq(message.attempts + 1),
            outbox::next_attempt_at.eq(now + CLAIM),
        ))
        .execute(conn)?;
        if mine == 1 {
            return Ok(Some(message));
        }
    }
    Ok(None)
}

/// The server took it.
pub fn sent(conn: &mut Conn, id: MailId) -> Result<()> {
    diesel::update(outbox::table.filter(outbox::id.eq(id)))
        .set((outbox::state.eq(MailState::Sent), outbox::sent_at.eq(clock::now()), outbox::last_error.eq("")))
        .execute(conn)?;
    Ok(())
}

/// The server did not take it: later again, or never where it said so or it has failed too often.
pub fn failed(conn: &mut Conn, message: &Claimed, error: &str, for_good: bool) -> Result<()> {
    let minutes = usize::try_from(message.attempts).ok().and_then(|attempts| BACKOFF.get(attempts));
    let (state, next) = match minutes {
        Some(minutes) if !for_good => (MailState::Queued, clock::now() + Duration::minutes(*minutes)),
        _ => (MailState::Failed, clock::now()),
    };
    // Ours only as long as nobody has claimed it since.
    let ours = outbox::id.eq(message.id).and(outbox::attempts.eq(message.attempts + 1));
    diesel::update(outbox::table.filter(ours))
        .set((outbox::state.eq(state), outbox::next_attempt_at.eq(next), outbox::last_error.eq(error)))
        .execute(conn)?;
    Ok(())
}

/// Drops what was sent long ago, and puts forward what a clock that was set back since would keep waiting.
pub fn purge(conn: &mut Conn) -> Result<()> {
    put_forward(conn)?;
    // As the index says it: a bound value would not tell SQLite that it serves.
    let sent = sql::<Bool>("outbox.state = 'sent'");
    diesel::delete(outbox::table.filter(sent).filter(outbox::sent_at.lt(clock::now() - KEPT))).execute(conn)?;
    Ok(())
}

/// No message waits longer than its state ever makes one wait.
fn put_forward(conn: &mut Conn) -> Result<()> {
    let longest = Duration::minutes(BACKOFF.into_iter().max().unwrap_or_default());
    let now = clock::now();
    for (state, attempts, latest) in [
        (MailState::Queued, 0..=0, now),
        (MailState::Queued, 1..=i32::MAX, now + longest),
        (MailState::Sending, 0..=i32::MAX, now + CLAIM),
    ] {
        let late = outbox::table
            .filter(waiting())
            .filter(outbox::next_attempt_at.gt(latest))
            .filter(outbox::state.eq(state))
            .filter(outbox::attempts.between(*attempts.start(), *attempts.end()));
        diesel::update(late).set(outbox::next_attempt_at.eq(latest)).execute(conn)?;
    }
    Ok(())
}
