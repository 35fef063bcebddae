//! Sends what is queued, one message after the other; every instance may run one.

use super::model::{self, Claimed};
use super::smtp::Mailer;
use crate::config::Config;
use crate::db::Db;
use crate::error::Result;
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
        match step(&mailer, db).await {
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
async fn step(mailer: &Mailer, db: &Db) -> Result<bool> {
    let Some(message) = db.write(model::claim).await? else { return Ok(false) };
    let Claimed { id, attempts, .. } = message;
    match mailer.send(&message).await {
        Ok(()) => {
            tracing::info!(mail = id.0, attempt = attempts + 1, "mail sent");
            db.write(move |conn| model::sent(conn, id)).await?;
        }
        Err(refused) => {
            tracing::warn!(mail = id.0, attempt = attempts + 1, for_good = refused.for_good, "mail not sent");
            db.write(move |conn| model::failed(conn, &message, &refused.error, refused.for_good)).await?;
        }
    }
    Ok(true)
}
