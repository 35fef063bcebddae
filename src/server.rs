//! `seatkeeper serve`: the HTTP server and the background work beside it.

use crate::accounts;
use crate::app::{self, App};
use crate::batches::{self, Step};
use crate::config::Config;
use crate::db::Db;
use crate::{mail, sessions, usage, users};
use actix_web::{HttpServer, web};
use anyhow::{Context, bail};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Requests in flight are given this long when the server stops.
const STOP_SECONDS: u64 = 30;

/// Refuses a database whose schema does not fit the program.
pub fn check_schema(db: &Db) -> anyhow::Result<()> {
    let state = db.schema_state()?;
    if state.unknown > 0 {
        bail!(
            "the database {} is newer than this program: run the newer version of seatkeeper",
            db.location().public()
        );
    }
    if state.pending > 0 {
        bail!("the database {} is older than this program: run `seatkeeper migrate` first", db.location().public());
    }
    Ok(())
}

/// Brings a new or older database up to date before serving; a newer one is refused.
pub fn migrate(db: &Db) -> anyhow::Result<usize> {
    let state = db.schema_state()?;
    if state.unknown > 0 {
        check_schema(db)?;
    }
    db.migrate()
}

/// Serves until it is told to stop (SIGINT, SIGTERM), then lets requests in flight finish.
pub fn run(config: Config, db: Db) -> anyhow::Result<()> {
    let listen = config.listen;
    let connections = db.connections();
    let app = App::new(config, db)?;
    if !app.trigrams {
        tracing::warn!(
            "search in large accounts looks at the beginning of names, addresses and usernames only: \
             Postgres lacks pg_trgm or btree_gin"
        );
    }
    let app = web::Data::new(app);
    actix_web::rt::System::new().block_on(async move {
        // In the runtime: the mail client's connection pool lives there.
        mail::check(&app.config)?;
        let factory = app.clone();
        let request_timeout = app.config.request_timeout;
        let server = HttpServer::new(move || app::build(factory.clone()))
            .worker_max_blocking_threads(blocking_threads(connections))
            .shutdown_timeout(STOP_SECONDS)
            .client_request_timeout(request_timeout)
            .bind(listen)
            .with_context(|| format!("the address {listen} can't be listened on"))?
            .run();
        let stop = Arc::new(AtomicBool::new(false));
        let mail = actix_web::rt::spawn(send_mail(app.clone(), stop.clone()));
        let work = [
            actix_web::rt::spawn(run_batches(app.clone(), stop.clone())),
            actix_web::rt::spawn(erase_users(app.clone(), stop.clone())),
            actix_web::rt::spawn(end_cycles(app.clone(), stop.clone())),
        ];
        let purge = actix_web::rt::spawn(purge(app.clone()));
        server.await?;
        purge.abort();
        stop.store(true, Ordering::Relaxed);
        for worker in work {
            worker.await.context("a worker failed")?;
        }
        mail.await.context("the mail worker failed")
    })
}

/// As many threads as there are connections, and two for password hashes, shared by the workers.
fn blocking_threads(connections: u32) -> usize {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    (connections as usize + 2).div_ceil(workers).max(2)
}

async fn send_mail(app: web::Data<App>, stop: Arc<AtomicBool>) {
    if let Err(error) = mail::run(&app.config, &app.db, &stop).await {
        tracing::error!(error = format!("{error:#}"), "mail is not sent");
    }
}

/// Between two looks at an empty queue, two chunks, and two attempts after a fault.
const IDLE: Duration = Duration::from_millis(500);
const BREATH: Duration = Duration::from_millis(5);
const AFTER_FAULT: Duration = Duration::from_secs(2);

/// Applies what admins have confirmed, chunk by chunk: between two of them others have their turn.
async fn run_batches(app: web::Data<App>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        let pause = match step_batch(&app).await {
            Ok(true) => BREATH,
            Ok(false) => IDLE,
            Err(error) => {
                tracing::warn!(%error, "no batch could go on");
                AFTER_FAULT
            }
        };
        actix_web::rt::time::sleep(pause).await;
    }
}

/// One chunk of the batch that has waited longest; false where none is running. A batch that fails goes to the end of the
/// queue, so that it is in no other's way.
async fn step_batch(app: &web::Data<App>) -> crate::error::Result<bool> {
    // Looked for without a turn at writing, which others need more.
    let Some((account, batch)) = app.db.read(batches::running).await? else { return Ok(false) };
    let config = app.config.clone();
    match app.db.work(move |conn| batches::step(conn, &config, account, batch)).await {
        Ok(Step::More) => {}
        Ok(Step::Done { erased: true }) => checkpoint(app).await,
        Ok(Step::Done { erased: false }) => {}
        Err(error) => {
            tracing::error!(account = account.0, batch = batch.0, error = format!("{error:#}"), "a batch can't go on");
            app.db.work(move |conn| batches::put_off(conn, account, batch)).await?;
            return Err(error);
        }
    }
    Ok(true)
}

/// Erases those whose time has come.
async fn erase_users(app: web::Data<App>, stop: Arc<AtomicBool>) {
    let mut has_erased = false;
    while !stop.load(Ordering::Relaxed) {
        let erased = match app.db.read(users::due).await {
            Ok(Some(account)) => app.db.work(move |conn| users::erase_due(conn, account)).await,
            Ok(None) => Ok(0),
            Err(error) => Err(error),
        };
        let pause = match erased {
            Ok(0) => {
                if std::mem::take(&mut has_erased) {
                    checkpoint(&app).await;
                }
                AFTER_FAULT
            }
            Ok(erased) => {
                tracing::info!(erased, "users erased");
                has_erased = true;
                BREATH
            }
            Err(error) => {
                tracing::warn!(%error, "users could not be erased");
                AFTER_FAULT
            }
        };
        actix_web::rt::time::sleep(pause).await;
    }
}

/// Ends the billing cycles that are over: each once, however many instances look.
async fn end_cycles(app: web::Data<App>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        let pause = match usage::end_cycles(&app.db).await {
            Ok(0) => AFTER_FAULT,
            Ok(ended) => {
                tracing::info!(ended, "billing cycles ended");
                BREATH
            }
            Err(error) => {
                tracing::warn!(%error, "billing cycles could not be ended");
                AFTER_FAULT
            }
        };
        actix_web::rt::time::sleep(pause).await;
    }
}

/// What was erased leaves SQLite's log too.
async fn checkpoint(app: &web::Data<App>) {
    let db = app.db.clone();
    match web::block(move || db.checkpoint()).await.map_err(crate::error::Error::from).flatten() {
        Ok(true) => {}
        Ok(false) => tracing::debug!("the write-ahead log is being read, and is emptied later"),
        Err(error) => tracing::warn!(%error, "the write-ahead log could not be emptied"),
    }
}

/// Once an hour: sessions that are over, failures that are forgotten, mail that was sent and batches that were done long
/// ago.
async fn purge(app: web::Data<App>) {
    loop {
        let purged = app.db.work(|conn| {
            sessions::purge(conn)?;
            mail::purge(conn)
        });
        if let Err(error) = purged.await {
            tracing::warn!(%error, "old rows could not be dropped");
        }
        while let Ok(true) = app.db.work(batches::purge).await {
            actix_web::rt::time::sleep(BREATH).await;
        }
        checkpoint(&app).await;
        actix_web::rt::time::sleep(Duration::from_secs(3600)).await;
    }
}

/// The set-up link of an installation without an account; None where there is one.
pub fn set_up_url(config: &Config, db: &Db) -> crate::error::Result<Option<String>> {
    db.write_now(|conn| {
        if accounts::has_accounts(conn)? {
            return Ok(None);
        }
        let token = accounts::new_link(conn)?;
        Ok(Some(config.url(&format!("/set-up/{token}"))))
    })
}
