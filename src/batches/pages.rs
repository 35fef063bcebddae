//! The confirmation of a batch, its progress and what came of it: one address, `/users/batches/{id}`.

use super::action::Action;
use super::foresee::{Foresight, foresee, unallocated};
use super::model::{self, Batch, BatchId, BatchState, Decision, Selection, Why, find_own};
use super::run::{self, Step};
use super::show::BatchPage;
use super::undo;
use crate::access::{Actor, AllocateCredits, Can, UserId, ViewUsers};
use crate::app::App;
use crate::db::Conn;
use crate::error::{Error, Refusal, Result};
use crate::plans;
use crate::users::list::{ListQuery, Scope};
use crate::users::{self, Row, Selected, amount};
use crate::web::flash::{self, Flash};
use crate::web::form::{Errors, Form, Query};
use crate::web::page::{self, with_back};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use std::time::{Duration, Instant};

/// A short batch is done before its confirmation is answered.
const AT_ONCE: Duration = Duration::from_millis(700);
/// Refused users that the result names.
const REFUSED_NAMED: i64 = 100;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ConfirmForm {
    pub heir: String,
    pub back: String,
    /// Of credits: "each", the amount for each, or "split", what is left in equal parts.
    pub how: String,
    pub amount: String,
    pub reason: String,
    /// The amount for each that was shown.
    pub previewed: String,
}

impl ConfirmForm {
    /// How much each gets, where that is asked. Or why not, and beside which field.
    fn decide(&self, conn: &mut Conn, actor: &Actor, batch: &Batch) -> Result<std::result::Result<Action, Errors>> {
        let Action::Allocate(kind, _) = batch.action()? else { return batch.action().map(Ok) };
        if self.how != "split" {
            return Ok(match amount(&self.amount) {
                Ok(0) => Err(Errors::one("amount", "Enter 1 or more.")),
                Ok(amount) => Ok(Action::Allocate(kind, amount)),
                Err(sentence) => Err(Errors::one("amount", sentence)),
            });
        }
        let users = foresee(conn, actor, batch, Action::Allocate(kind, 0))?.done;
        let left = unallocated(conn, batch.account_id, kind)?;
        Ok(match left.checked_div(users) {
            Some(share @ 1..) => Ok(Action::Allocate(kind, share)),
            _ => {
                Err(Errors::one("how", format!("{left} are left for {users} users: too few to give each of them one.")))
            }
        })
    }
}

/// POST /users/batches: fixes who is meant and leads to the confirmation.
pub async fn create(can: Can<ViewUsers>, Form(selected): Form<Selected>) -> Result<HttpResponse> {
    let action = Action::asked(&selected.action).ok_or(Error::BadRequest)?;
    if !can.actor.permissions.has(action.needs()) {
        return Err(Error::Forbidden);
    }
    let list = ListQuery::from_text(&selected.back);
    let selection = match selected.ids()? {
        Some(ids) if ids.is_empty() => return Ok(refused(&list, "Select users first.")),
        Some(ids) => Selection::Users(ids),
        None => {
            let (scope, query) = (Scope::of(&can.app, &can.viewer), Box::new(selected.list()?));
            Selection::Matching { scope, query, times: can.page.times }
        }
    };
    let is_all = matches!(selection, Selection::Matching { .. });
    match model::create(&can.db, &can.actor, action, selection).await? {
        Some(batch) => Ok(flash::redirect(&path(batch.id, &list), None)),
        None if is_all => Ok(refused(&list, "Nobody matches any more.")),
        None => Err(Error::NotFound),
    }
}

fn refused(list: &ListQuery, sentence: &str) -> HttpResponse {
    flash::redirect(&list.path(), Some(Flash::refused(sentence)))
}

fn path(id: BatchId, list: &ListQuery) -> String {
    with_back(format!("/users/batches/{}", id.0), &list.to_text())
}

/// What the page shows, of a batch in whatever state.
async fn load(can: Can<ViewUsers>, id: BatchId, form: ConfirmForm, errors: Errors) -> Result<BatchPage> {
    let (actor, page) = (can.actor, can.page);
    can.db
        .read(move |conn| {
            let batch = find_own(conn, &actor, id)?;
            let is_draft = batch.state == BatchState::Draft;
            let (mut action, mut errors) = (batch.action()?, errors.clone());
            // Asked for a preview.
            if is_draft && errors.is_empty() && !form.how.is_empty() {
                match form.decide(conn, &actor, &batch)? {
                    Ok(decided) => action = decided,
                    Err(wrong) => errors = wrong,
                }
            }
            let told = if is_draft { foresee(conn, &actor, &batch, action)? } else { Foresight::default() };
            let unallocated = match action {
                Action::Allocate(kind, _) => unallocated(conn, batch.account_id, kind)?,
                _ => 0,
            };
            let refused = if is_draft { vec![] } else { refused_rows(conn, &batch)? };
            let (plans, list) = (plans::all(conn)?, ListQuery::from_text(&form.back));
            let (page, heir) = (page.at(path(batch.id, &list)), form.heir.clone());
            Ok(BatchPage { page, batch, action, told, refused, plans, heir, errors, list, form, unallocated })
        })
        .await
}

fn refused_rows(conn: &mut Conn, batch: &Batch) -> Result<Vec<(Row, Why)>> {
    let refused = model::refused(conn, batch, REFUSED_NAMED)?;
    let ids: Vec<UserId> = refused.iter().map(|(id, _)| *id).collect();
    let rows = users::rows(conn, batch.account_id, &ids)?;
    let why = |id: UserId| refused.iter().find(|(refused, _)| *refused == id).map_or(Why::Gone, |(_, why)| *why);
    Ok(rows.into_iter().map(|row| (row.clone(), why(row.id))).collect())
}

fn batch_id(text: &str) -> Result<BatchId> {
    text.parse().map(BatchId).map_err(|_| Error::NotFound)
}

/// GET /users/batches/{id}
pub async fn show(
    can: Can<ViewUsers>,
    id: web::Path<String>,
    Query(query): Query<ConfirmForm>,
) -> Result<HttpResponse> {
    let page = load(can, batch_id(&id)?, ConfirmForm { heir: String::new(), ..query }, Errors::default()).await?;
    page::html(page.status(), &page)
}

/// POST /users/batches/{id}: confirms. A short batch is done when this answers; a long one goes on behind it.
pub async fn confirm(
    can: Can<ViewUsers>,
    id: web::Path<String>,
    Form(form): Form<ConfirmForm>,
) -> Result<HttpResponse> {
    let (id, list) = (batch_id(&id)?, ListQuery::from_text(&form.back));
    let (actor, sent) = (can.actor.clone(), form.clone());
    let confirmed = can.db.write(move |conn| confirm_as(conn, &actor, id, &sent)).await;
    let errors = match confirmed {
        Ok(Ok(name)) => return finish(can, id, list, name).await,
        Ok(Err(errors)) => errors,
        Err(Error::Refused(refusal)) => Errors::one("heir", refusal.to_string()),
        Err(error) => return Err(error),
    };
    let page = load(can, id, form, errors).await?;
    page::html(page.status(), &page)
}

/// Works at what is confirmed, and leads to where one sees what came of it.
async fn finish(can: Can<ViewUsers>, id: BatchId, list: ListQuery, name: Option<String>) -> Result<HttpResponse> {
    begin(&can.app, &can.actor, id).await;
    let form = ConfirmForm { back: list.to_text(), ..ConfirmForm::default() };
    let page = load(can, id, form, Errors::default()).await?;
    let is_told_here = page.batch.refused > 0 && page.batch.total > 1;
    if page.batch.state != BatchState::Done || is_told_here {
        return Ok(flash::redirect(&path(id, &list), None));
    }
    let sentence = page.sentence_of(name.as_deref());
    let flash = if page.batch.refused > 0 { Flash::refused(sentence) } else { Flash::done(sentence) };
    let flash = match page.may_undo() {
        true => flash.with_link(format!("/users/batches/{}", id.0), "Look at it or undo it").with_back(list.to_text()),
        false => flash,
    };
    Ok(flash::redirect(&page.back_path(), Some(flash)))
}

/// Confirms the actor's own draft; the user's name where it is about one. Or what is wrong with what was typed; nothing, where
/// what comes of it has not been shown yet.
fn confirm_as(
    conn: &mut Conn,
    actor: &Actor,
    id: BatchId,
    form: &ConfirmForm,
) -> Result<std::result::Result<Option<String>, Errors>> {
    let batch = find_own(conn, actor, id)?;
    let action = batch.action()?;
    if !actor.permissions.has(action.needs()) {
        return Err(Error::Forbidden);
    }
    let mut errors = Errors::default();
    let reason = users::short("reason", &form.reason, &mut errors);
    let action = match batch.state {
        BatchState::Draft if errors.is_empty() => match form.decide(conn, actor, &batch)? {
            Ok(action) => action,
            Err(errors) => return Ok(Err(errors)),
        },
        BatchState::Draft => return Ok(Err(errors)),
        _ => action,
    };
    if let Action::Allocate(_, amount) = action
        && batch.state == BatchState::Draft
        && form.previewed != amount.to_string()
    {
        return Ok(Err(Errors::default()));
    }
    let heir = match form.heir.trim() {
        heir if action == Action::Delete && batch.state == BatchState::Draft && !heir.is_empty() => {
            let heir = users::heir_known_as(conn, actor, heir)?;
            if model::has(conn, &batch, heir)? {
                return Err(Refusal::HeirDeleted.into());
            }
            Some(heir)
        }
        _ => None,
    };
    model::confirm(conn, &batch, &Decision { action, heir, reason })?;
    if batch.total > 1 {
        return Ok(Ok(None));
    }
    let one = model::first(conn, &batch, 1)?;
    Ok(Ok(users::rows(conn, batch.account_id, &one)?.first().map(Row::name)))
}

/// POST /users/batches/{id}/undo: takes back what a batch has allocated, as a batch of its own.
pub async fn undo(
    can: Can<AllocateCredits>,
    id: web::Path<String>,
    Form(form): Form<ConfirmForm>,
) -> Result<HttpResponse> {
    let (id, list) = (batch_id(&id)?, ListQuery::from_text(&form.back));
    match undo::undo(&can.db, &can.actor, id).await {
        Ok(undoing) => {
            begin(&can.app, &can.actor, undoing).await;
            Ok(flash::redirect(&path(undoing, &list), None))
        }
        Err(Error::Refused(refusal)) => Ok(refused(&list, &refusal.to_string())),
        Err(error) => Err(error),
    }
}

/// Applies what can be applied in a moment. It is confirmed: whatever goes wrong here, a worker goes on with it.
async fn begin(app: &web::Data<App>, actor: &Actor, id: BatchId) {
    let (started, account) = (Instant::now(), actor.account);
    while started.elapsed() < AT_ONCE {
        let config = app.config.clone();
        match app.db.write(move |conn| run::step(conn, &config, account, id)).await {
            Ok(Step::More) => {}
            Ok(Step::Done { erased }) => {
                if erased {
                    empty_log(app).await;
                }
                return;
            }
            Err(error) => {
                tracing::warn!(batch = id.0, %error, "a batch goes on later");
                return;
            }
        }
    }
}

/// Who was erased leaves SQLite's log at once, where nobody reads from it; else within the hour.
async fn empty_log(app: &web::Data<App>) {
    let db = app.db.clone();
    if let Err(error) = web::block(move || db.checkpoint()).await.map_err(Error::from).flatten() {
        tracing::warn!(%error, "the write-ahead log could not be emptied");
    }
}
