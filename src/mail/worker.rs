//! Sends what is queued, one message after the other; every instance may run one.

use super::model::{self, Claimed};
use super::smtp::{Mailer, Refused};
use crate::config::Config;
use crate::db::{Conn, Db};
use crate::error::Result;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Between looks at an empty queue.
const PAUSE: Duration = Duration::from_secs(2);

/// Settings that can't be used are found before anything is served.
pub fn check(config: &Config) -> anyhow::Result<()> {
    match &config.smtp {
        Some(smtp) => Mailer::new(smtp, &config.mail_from).map(drop),
        None => Ok(()),
    }
}

/// Runs until it is told to stop, and then to the end of the message in hand: cut off, it would be sent twice. Does
/// nothing without a mail server.
pub async fn run(config: &Config, db: &Db, stop: &AtomicBool) -> anyhow::Result<()> {
    let Some(smtp) = &config.smtp else { return Ok(()) };
    let mailer = Mailer::new(smtp, &config.mail_from)?;
    while !stop.load(Ordering::Relaxed) {
        match step(&mailer, db, stop).await {
            Ok(true) => {}
            Ok(false) => tokio::time::sleep(PAUSE).await,
            Err(error) => {
                tracing::warn!(%error, "the mail queue can't be worked");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    Ok(())
}

/// Sends one message; false where none is due.
async fn step(mailer: &Mailer, db: &Db, stop: &AtomicBool) -> Result<bool> {
    let Some(message) = db.work(model::claim).await? else { return Ok(false) };
    let outcome = mailer.send(&message).await;
    let (mail, attempt) = (message.id.0, message.attempts + 1);
    match &outcome {
        Ok(()) => tracing::info!(mail, attempt, "mail sent"),
        Err(refused) => tracing::warn!(mail, attempt, for_good = refused.for_good, "mail not sent"),
    }
    let (message, outcome) = (Arc::new(message), Arc::new(outcome));
    // What is not noted is sent again: while the database is away, this waits for it.
    loop {
        let (message, outcome) = (message.clone(), outcome.clone());
        match db.work(move |conn| settle(conn, &message, &outcome)).await {
            Ok(()) => return Ok(true),
            Err(error) if stop.load(Ordering::Relaxed) => return Err(error),
            Err(error) => tracing::warn!(mail, %error, "what became of a mail can't be noted yet"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn settle(conn: &mut Conn, message: &Claimed, outcome: &std::result::Result<(), Refused>) -> Result<()> {
    match outcome {
        Ok(()) => model::sent(conn, message.id),
        Err(refused) => model::failed(conn, message, &refused.error, refused.for_good),
    }
}
