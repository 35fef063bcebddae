//! Sends what is queued, one message after the other; every instance may run one.

use super::model::{self, Claimed};
use super::smtp::Mailer;
use crate::config::Config;
use crate::db::Db;
use crate::error::Result;
use std::time::Duration;

/// Between looks at an empty queue.
const PAUSE: Duration = Duration::from_secs(2);

/// Runs until it is dropped. Does nothing without a mail server. Errors: settings that can't be used.
pub async fn run(config: &Config, db: &Db) -> anyhow::Result<()> {
    let Some(smtp) = &config.smtp else { return Ok(()) };
    let mailer = Mailer::new(smtp, &config.mail_from)?;
    loop {
        match step(&mailer, db).await {
            Ok(true) => {}
            Ok(false) => tokio::time::sleep(PAUSE).await,
            Err(error) => {
                tracing::warn!(%error, "the mail queue can't be worked");
                tokio::time::sleep(PAUSE * 5).await;
            }
        }
    }
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
