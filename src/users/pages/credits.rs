//! The tab Credits & minutes of one user.

use super::user_id;
use crate::access::{Actor, Can, UserId, ViewUsers};
use crate::activity::Seals;
use crate::credits::{self, Allocation, CreditKind, Entry, EntryId, EntryKind, Meter, Pool};
use crate::error::Result;
use crate::plans::{self, Plan};
use crate::users::list::ListQuery;
use crate::users::model::{User, find, rows};
use crate::users::rules::{self, Target};
use crate::users::tabs::{Tab, tabs};
use crate::users::write;
use crate::web::form::Query;
use crate::web::page::{self, Page, with_back};
use crate::web::text::number;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

/// Entries of a page.
const ROWS: i64 = 25;

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct CreditsQuery {
    back: String,
    /// Entries older than this one.
    before: String,
}

/// An entry as the history tells it.
struct Told {
    entry: Entry,
    by: String,
    reason: String,
}

impl Told {
    /// "+200", "−100".
    fn change(&self) -> String {
        let sign = if self.entry.entry == EntryKind::Allocate { "+" } else { "−" };
        format!("{sign}{}", number(self.entry.amount))
    }
}

#[derive(Template)]
#[template(path = "users/credits.html")]
struct CreditsPage {
    page: Page,
    user: User,
    target: Target,
    actor: Actor,
    plans: Vec<Plan>,
    parts: Vec<(Pool, Allocation)>,
    history: Vec<Told>,
    /// Where older entries begin.
    older: Option<EntryId>,
    is_first: bool,
    list: ListQuery,
}

impl CreditsPage {
    fn list_path(&self) -> String {
        format!("{}#m{}", self.list.path(), self.user.id)
    }

    fn tabs(&self) -> [Tab; 3] {
        tabs(self.user.id, &self.list.to_text())
    }

    /// The history's older entries.
    fn older_path(&self, older: &EntryId) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("before", &older.0.to_string()).append_pair("back", &self.list.to_text());
        format!("/users/{}/credits?{}#history", self.user.id, query.finish())
    }

    fn here(&self) -> String {
        with_back(format!("/users/{}/credits", self.user.id), &self.list.to_text())
    }

    fn dialog_path(&self, name: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("place", "credits").append_pair("back", &self.list.to_text());
        format!("/users/{}/{name}?{}", self.user.id, query.finish())
    }

    fn may_allocate(&self) -> bool {
        rules::may_allocate(&self.actor, self.target)
    }

    fn plan_name(&self) -> &str {
        plans::name_among(&self.plans, self.user.details.plan)
    }

    fn credits(&self) -> impl Iterator<Item = &(Pool, Allocation)> {
        self.parts.iter().filter(|(pool, _)| pool.is_credit())
    }

    /// The bar of the minutes: "288 left, resets 12-01-2026 00:00."
    fn minutes(&self) -> Option<Meter> {
        let (pool, part) = self.parts.iter().find(|(pool, _)| pool.kind == CreditKind::Minutes)?;
        let left = part.left_in_words();
        let left = match pool.cycle_ends_at.filter(|_| pool.resets()) {
            Some(end) => format!("{left}, resets {}", self.page.times.full(&end)),
            None => left,
        };
        let note = format!("{left}. {} more are unallocated in the team pool.", number(pool.unallocated()));
        let meter = Meter::of_part(part, pool, &self.page.times);
        Some(Meter { title: "Outbound calling minutes", notes: vec![note], ..meter })
    }
}

/// GET /users/{id}/credits
pub async fn credits(
    can: Can<ViewUsers>,
    id: web::Path<String>,
    Query(query): Query<CreditsQuery>,
) -> Result<HttpResponse> {
    let (id, account, actor) = (user_id(&id)?, can.viewer.account, can.actor);
    let before = query.before.parse().ok().map(EntryId);
    let page = can.page;
    let shown = can
        .db
        .read(move |conn| {
            let user = find(conn, account, id)?;
            let parts = credits::allocations_of(conn, account, &[id])?;
            let parts = credits::pools(conn, account)?.into_iter().map(|pool| {
                let part = parts.iter().find(|part| part.kind == pool.kind).cloned();
                let part = part.unwrap_or_else(|| Allocation::none(id, pool.kind));
                (pool, part)
            });
            let mut entries = credits::history(conn, account, id, before, ROWS + 1)?;
            let has_older = entries.len() > ROWS as usize;
            entries.truncate(ROWS as usize);
            let older = entries.last().filter(|_| has_older).map(|entry| entry.id);
            Ok(CreditsPage {
                target: write::target(conn, &user, &actor)?,
                plans: plans::all(conn)?,
                parts: parts.collect(),
                history: told(conn, &actor, id, entries)?,
                older,
                is_first: before.is_none(),
                list: ListQuery::from_text(&query.back),
                page,
                user,
                actor: actor.clone(),
            })
        })
        .await?;
    page::html(StatusCode::OK, &shown)
}

/// With names and reasons in the clear.
fn told(conn: &mut crate::db::Conn, actor: &Actor, user: UserId, entries: Vec<Entry>) -> Result<Vec<Told>> {
    let mut actors: Vec<UserId> = entries.iter().filter_map(|entry| entry.actor_id).collect();
    actors.sort();
    actors.dedup();
    let names = rows(conn, actor.account, &actors)?;
    let seals = Seals::load(conn, actor.account, &[user])?;
    let told = entries.into_iter().map(|entry| {
        let by = match entry.actor_id {
            None => "Seatkeeper".to_owned(),
            Some(id) => names.iter().find(|row| row.id == id).map_or("A deleted user".into(), |row| row.name()),
        };
        Told { reason: entry.reason(&seals), by, entry }
    });
    Ok(told.collect())
}
