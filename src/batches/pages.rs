//! The confirmation of a batch, its progress and what came of it: one address, `/users/batches/{id}`.

use super::action::Action;
use super::foresee::{Foresight, NAMED, foresee};
use super::model::{self, Batch, BatchId, BatchState, Selection, Why, find_own};
use super::run;
use crate::access::{Can, UserId, ViewUsers};
use crate::credits::{self, Allocation};
use crate::db::Conn;
use crate::error::{Error, Refusal, Result};
use crate::plans::{self, Plan};
use crate::users::list::{ListQuery, Scope};
use crate::users::{self, RETENTION, Row, Target};
use crate::web::flash::{self, Flash};
use crate::web::form::{Errors, Form, Query};
use crate::web::page::{self, Page};
use crate::web::text::{counted, number};
use crate::{clock, operator};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::NaiveDateTime;
use serde::Deserialize;
use std::time::{Duration, Instant};

/// A short batch is done before its confirmation is answered.
const AT_ONCE: Duration = Duration::from_millis(700);
/// Refused users that the result names.
const REFUSED_NAMED: i64 = 100;

/// The bar below the list: which users, and the button that was pressed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SelectionForm {
    id: Vec<String>,
    /// The head's box without script: all that the page shows.
    page: String,
    shown: Vec<String>,
    /// All that match the list's filter.
    all: String,
    action: String,
    /// The list: its query string.
    back: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ConfirmForm {
    heir: String,
    back: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct BackQuery {
    back: String,
}

/// POST /users/batches: fixes who is meant and leads to the confirmation.
pub async fn create(can: Can<ViewUsers>, Form(form): Form<SelectionForm>) -> Result<HttpResponse> {
    let action = Action::from_code(&form.action).ok_or(Error::BadRequest)?;
    if !can.actor.permissions.has(action.needs()) {
        return Err(Error::Forbidden);
    }
    let query = ListQuery::from_text(&form.back);
    let selection = if form.all.is_empty() {
        let shown = if form.page.is_empty() { &[] } else { form.shown.as_slice() };
        let ids = form.id.iter().chain(shown).map(|id| id.parse().map(UserId).map_err(|_| Error::NotFound));
        Selection::Users(ids.collect::<Result<_>>()?)
    } else {
        let scope = Scope::of(&can.app, &can.viewer);
        Selection::Matching { scope, query: Box::new(query.clone()), times: can.page.times }
    };
    let is_all = matches!(selection, Selection::Matching { .. });
    match model::create(&can.db, &can.actor, action, selection).await? {
        Some(batch) => Ok(flash::redirect(&path(&batch, &query.to_text()), None)),
        None if is_all => Ok(flash::redirect(&query.path(), Some(Flash::refused("Nobody matches any more.")))),
        None if form.id.is_empty() && form.page.is_empty() => {
            Ok(flash::redirect(&query.path(), Some(Flash::refused("Select users first."))))
        }
        None => Err(Error::NotFound),
    }
}

fn path(batch: &Batch, back: &str) -> String {
    page::with_back(format!("/users/batches/{}", batch.id.0), back)
}

/// One of the users that the confirmation names.
struct Named {
    row: Row,
    allocations: Vec<Allocation>,
    /// Whether their plan is a paid one.
    paid: bool,
}

impl Named {
    /// "Extension 104, 120 Export, 30 Minutes": what goes to others.
    fn holds(&self) -> String {
        let extension = (!self.row.phone_ext.is_empty()).then(|| format!("extension {}", self.row.phone_ext));
        let unused = self.allocations.iter().filter(|one| credits::unused(one) > 0);
        let unused = unused.map(|one| format!("{} {}", number(credits::unused(one)), one.kind.name()));
        extension.into_iter().chain(unused).collect::<Vec<_>>().join(", ")
    }
}

#[derive(Template)]
#[template(path = "batches/show.html")]
struct BatchPage {
    page: Page,
    batch: Batch,
    action: Action,
    told: Foresight,
    named: Vec<Named>,
    /// Those who were refused, once the batch has run.
    refused: Vec<(Row, Why)>,
    plans: Vec<Plan>,
    erase_at: NaiveDateTime,
    heir: String,
    errors: Errors,
    list: ListQuery,
}

impl BatchPage {
    fn back(&self) -> String {
        self.list.to_text()
    }

    /// The list, with the focus where it was: on the menu of the one user, or on the list.
    fn back_path(&self) -> String {
        let place = match self.named.as_slice() {
            [one] if self.batch.total == 1 => format!("m{}", one.row.id),
            _ => "list".to_owned(),
        };
        format!("{}#{place}", self.list.path())
    }

    fn is_draft(&self) -> bool {
        self.batch.state == BatchState::Draft
    }

    fn is_running(&self) -> bool {
        self.batch.state == BatchState::Running
    }

    fn is_delete(&self) -> bool {
        self.action == Action::Delete
    }

    fn plan_name(&self) -> &str {
        let Action::Plan(id) = self.action else { return "" };
        self.plans.iter().find(|plan| plan.id == id).map_or("", |plan| &plan.name)
    }

    fn title(&self) -> String {
        let users = counted(self.batch.total, "user", "users");
        match self.action {
            Action::Enable => format!("Enable {users}?"),
            Action::Disable => format!("Disable {users}?"),
            Action::Role(role) => format!("Change the role of {users} to {}?", role.label()),
            Action::Plan(_) => format!("Change the plan of {users} to {}?", self.plan_name()),
            Action::Delete => "Are you sure you want to delete user(s)?".into(),
        }
    }

    /// The button that does it.
    fn button(&self) -> String {
        let users = counted(self.told.done, "user", "users");
        match self.action {
            Action::Enable => format!("Enable {users}"),
            Action::Disable => format!("Disable {users}"),
            Action::Role(_) => "Change role".into(),
            Action::Plan(_) => "Change plan".into(),
            Action::Delete => "Yes, Delete User".into(),
        }
    }

    /// What will happen to how many.
    fn sentence(&self) -> String {
        let done = self.told.done;
        let users = counted(done, "user", "users");
        let is = if done == 1 { "is" } else { "are" };
        match self.action {
            Action::Enable => format!("{users} {is} enabled and can sign in again."),
            Action::Disable => {
                format!("{users} {is} disabled. Sessions end at once, seats are free again, all data is preserved.")
            }
            Action::Role(role) => {
                let get = if done == 1 { "gets" } else { "get" };
                format!("{users} {get} the role {}. Sessions end, so that the new rights count.", role.label())
            }
            Action::Plan(_) => {
                let get = if done == 1 { "gets" } else { "get" };
                format!("{users} {get} the plan {}.", self.plan_name())
            }
            Action::Delete => self.deletion(),
        }
    }

    fn deletion(&self) -> String {
        let one = |n: i64, one: &'static str, many: &'static str| if n == 1 { one } else { many };
        let mut parts = vec![];
        if self.told.erased > 0 {
            let n = self.told.erased;
            let (users, is) = (counted(n, "user", "users"), one(n, "is", "are"));
            parts.push(format!("{users} on a free plan {is} erased at once, with all records."));
        }
        if self.told.scheduled > 0 {
            let n = self.told.scheduled;
            let (users, is) = (counted(n, "user", "users"), one(n, "is", "are"));
            let date = self.page.times.day(&self.erase_at);
            parts.push(format!(
                "{users} on a paid plan {is} signed out at once and erased with all records on {date}, within {} days. \
                 Until then the deletion can be cancelled on the Pending deletion tab.",
                RETENTION.num_days()
            ));
        }
        parts.join(" ")
    }

    /// "340 Export, 20 Calling"; "" where nothing is left.
    fn unused(&self) -> String {
        let parts = self.told.unused.iter().map(|(kind, amount)| format!("{} {}", number(amount), kind.name()));
        parts.collect::<Vec<_>>().join(", ")
    }

    fn leaves_something(&self) -> bool {
        self.told.extensions > 0 || !self.told.unused.is_empty()
    }

    /// What came of it.
    fn result(&self) -> String {
        let done = self.batch.done;
        let users = counted(done, "user was", "users were");
        match self.action {
            Action::Enable => format!("{users} enabled."),
            Action::Disable => format!("{users} disabled. Their data is preserved and they can be re-enabled later."),
            Action::Role(role) => format!("{users} given the role {}.", role.label()),
            Action::Plan(_) => format!("{users} given the plan {}.", self.plan_name()),
            Action::Delete => format!("{users} deleted."),
        }
    }

    fn more_named(&self) -> i64 {
        i64::from(self.batch.total) - self.named.len() as i64
    }

    fn more_refused(&self) -> i64 {
        let refused = if self.is_draft() { self.told.refused() } else { i64::from(self.batch.refused) };
        let named = if self.is_draft() { self.told.refused_rows.len() } else { self.refused.len() };
        refused - named as i64
    }
}

/// What the page shows, of a batch in whatever state.
async fn load(can: Can<ViewUsers>, id: BatchId, list: ListQuery, heir: String, errors: Errors) -> Result<BatchPage> {
    let (actor, page) = (can.actor, can.page);
    can.db
        .read(move |conn| {
            let batch = find_own(conn, &actor, id)?;
            let is_draft = batch.state == BatchState::Draft;
            let told = if is_draft { foresee(conn, &actor, &batch)? } else { Foresight::default() };
            let plans = plans::all(conn)?;
            let named = if is_draft { named(conn, &batch, &plans)? } else { vec![] };
            let refused = if is_draft { vec![] } else { refused(conn, &batch)? };
            let action = batch.action()?;
            let erase_at = clock::now() + RETENTION;
            Ok(BatchPage { page, batch, action, told, named, refused, plans, erase_at, heir, errors, list })
        })
        .await
}

fn named(conn: &mut Conn, batch: &Batch, plans: &[Plan]) -> Result<Vec<Named>> {
    let ids = model::first(conn, batch, NAMED)?;
    let allocations = credits::allocations_of(conn, batch.account_id, &ids)?;
    let named = users::rows(conn, batch.account_id, &ids)?.into_iter().map(|row| Named {
        allocations: allocations.iter().filter(|one| one.user_id == row.id).cloned().collect(),
        paid: plans.iter().any(|plan| plan.id == row.plan_id && plan.paid),
        row,
    });
    Ok(named.collect())
}

fn refused(conn: &mut Conn, batch: &Batch) -> Result<Vec<(Row, Why)>> {
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
pub async fn show(can: Can<ViewUsers>, id: web::Path<String>, Query(query): Query<BackQuery>) -> Result<HttpResponse> {
    let page = load(can, batch_id(&id)?, ListQuery::from_text(&query.back), String::new(), Errors::default()).await?;
    page::html(StatusCode::OK, &page)
}

/// POST /users/batches/{id}: confirms. A short batch is done when this answers; a long one goes on behind it.
pub async fn confirm(
    can: Can<ViewUsers>,
    id: web::Path<String>,
    Form(form): Form<ConfirmForm>,
) -> Result<HttpResponse> {
    let id = batch_id(&id)?;
    let list = ListQuery::from_text(&form.back);
    let (actor, heir) = (can.actor.clone(), form.heir.clone());
    let confirmed = can
        .db
        .write(move |conn| {
            let batch = find_own(conn, &actor, id)?;
            if !actor.permissions.has(batch.action()?.needs()) {
                return Err(Error::Forbidden);
            }
            let heir = find_heir(conn, &actor, &batch, &heir)?;
            model::confirm(conn, &batch, heir)?;
            let names = if batch.total == 1 { named(conn, &batch, &[])? } else { vec![] };
            Ok((batch, names.first().map(|one| one.row.name())))
        })
        .await;
    let (batch, name) = match confirmed {
        Ok(confirmed) => confirmed,
        Err(Error::Refused(refusal)) => {
            let errors = Errors::one("heir", refusal.to_string());
            let page = load(can, id, list, form.heir, errors).await?;
            return page::html(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
        Err(error) => return Err(error),
    };
    let started = Instant::now();
    while started.elapsed() < AT_ONCE {
        let (app, account) = (can.app.clone(), batch.account_id);
        if !can.db.write(move |conn| run::step_of(conn, &app.config, account, id)).await? {
            break;
        }
    }
    let path = path(&batch, &list.to_text());
    let page = load(can, id, list, String::new(), Errors::default()).await?;
    if page.batch.state != BatchState::Done || page.batch.refused > 0 && page.batch.total > 1 {
        return Ok(flash::redirect(&path, None));
    }
    Ok(flash::redirect(&page.back_path(), Some(told(&page, name))))
}

/// The sentence for a batch that is done, by name where it is about one.
fn told(page: &BatchPage, name: Option<String>) -> Flash {
    let Some(name) = name else { return Flash::done(page.result()) };
    if let Some((_, why)) = page.refused.first() {
        return Flash::refused(format!("{name} was not changed: {}.", why.label()));
    }
    match page.action {
        Action::Delete => Flash::done(format!("{name} was deleted.")),
        Action::Enable => Flash::done(format!("{name} was enabled and can sign in again.")),
        Action::Disable => {
            Flash::done(format!("{name} was disabled. Their data is preserved and they can be re-enabled later."))
        }
        Action::Role(role) => Flash::done(format!("{name} was given the role {}.", role.label())),
        Action::Plan(_) => Flash::done(format!("{name} was given the plan {}.", page.plan_name())),
    }
}

/// The colleague who takes over, by e-mail address or username. Refused where they can't, or are deleted too.
fn find_heir(conn: &mut Conn, actor: &crate::access::Actor, batch: &Batch, typed: &str) -> Result<Option<UserId>> {
    if typed.trim().is_empty() || batch.action()? != Action::Delete {
        return Ok(None);
    }
    let found = users::known_as(conn, typed, Some(batch.account_id))?;
    let Some((_, heir)) = found.first().copied() else { return Err(Refusal::UnknownHeir.into()) };
    if model::has(conn, batch, heir)? {
        return Err(Refusal::HeirDeleted.into());
    }
    let user = users::find(conn, batch.account_id, heir)?;
    let is_operator = operator::of_account(conn, batch.account_id)?.contains(&heir);
    let target = Target { id: heir, role: user.details.role, status: user.details.status, is_operator };
    if !users::may_inherit(actor, target) || user.details.status != users::Status::Enabled {
        return Err(Refusal::UnknownHeir.into());
    }
    Ok(Some(heir))
}
