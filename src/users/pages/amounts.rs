//! Manage Credit and Allocate Minute: the same dialog, for the three credit kinds and for minutes.

use super::user_id;
use crate::access::{AllocateCredits, Can, UserId};
use crate::credits::{self, Allocation, CreditKind, Pool};
use crate::error::{Error, Refusal, Result};
use crate::users::allocate::{self, Wanted};
use crate::users::check;
use crate::users::list::ListQuery;
use crate::users::model::{User, find};
use crate::users::{rules, write};
use crate::web::flash::{self, Flash};
use crate::web::form::{Errors, Form, Query};
use crate::web::page::{self, Page};
use crate::web::text::number;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

/// More than any pool holds.
const MOST: i64 = 1_000_000_000_000;

/// Which of the two dialogs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialog {
    Credit,
    Minute,
}

impl Dialog {
    fn kinds(self) -> &'static [CreditKind] {
        match self {
            Dialog::Credit => &CreditKind::CREDITS,
            Dialog::Minute => &[CreditKind::Minutes],
        }
    }

    fn title(self) -> &'static str {
        match self {
            Dialog::Credit => "Manage Credit",
            Dialog::Minute => "Allocate Minute",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Dialog::Credit => "manage-credit",
            Dialog::Minute => "allocate-minute",
        }
    }

    fn button(self) -> &'static str {
        match self {
            Dialog::Credit => "Save credits",
            Dialog::Minute => "Save minutes",
        }
    }

    fn saved(self, name: &str) -> String {
        match self {
            Dialog::Credit => format!("The credits of {name} were saved."),
            Dialog::Minute => format!("The minutes of {name} were saved."),
        }
    }
}

/// Amounts as they were typed, and what the form said that the user had.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AmountsForm {
    export: Option<String>,
    direct_dial: Option<String>,
    calling: Option<String>,
    minutes: Option<String>,
    had_export: String,
    had_direct_dial: String,
    had_calling: String,
    had_minutes: String,
    reason: String,
    /// The list to come back to, or "credits": the user's own tab.
    back: String,
    place: String,
}

impl AmountsForm {
    fn typed(&self, kind: CreditKind) -> Option<&str> {
        match kind {
            CreditKind::Export => self.export.as_deref(),
            CreditKind::DirectDial => self.direct_dial.as_deref(),
            CreditKind::Calling => self.calling.as_deref(),
            CreditKind::Minutes => self.minutes.as_deref(),
        }
    }

    fn had(&self, kind: CreditKind) -> Option<i64> {
        let text = match kind {
            CreditKind::Export => &self.had_export,
            CreditKind::DirectDial => &self.had_direct_dial,
            CreditKind::Calling => &self.had_calling,
            CreditKind::Minutes => &self.had_minutes,
        };
        text.parse().ok()
    }

    /// What was typed, as far as it is right by itself, and what is wrong with the rest; of a kind that was not sent, nothing
    /// changes.
    fn parse(&self, dialog: Dialog) -> (Vec<Wanted>, Errors) {
        let (mut wanted, mut errors) = (vec![], Errors::default());
        for &kind in dialog.kinds() {
            match self.typed(kind).map(amount) {
                Some(Ok(amount)) => wanted.push(Wanted { kind, amount, had: self.had(kind) }),
                Some(Err(sentence)) => errors.add(kind.code(), format!("{}: {sentence}", kind.title())),
                None => {}
            }
        }
        check::short("reason", &self.reason, &mut errors);
        (wanted, errors)
    }

    /// Where one came from.
    fn back_path(&self, id: UserId) -> String {
        match self.place.as_str() {
            "credits" => page::with_back(format!("/users/{id}/credits"), &ListQuery::from_text(&self.back).to_text()),
            _ => format!("{}#m{id}", ListQuery::from_text(&self.back).path()),
        }
    }
}

/// A whole number, with or without commas.
pub fn amount(text: &str) -> std::result::Result<i64, &'static str> {
    let digits: String = text.trim().chars().filter(|c| *c != ',').collect();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("Enter a whole number, such as 500.");
    }
    digits.parse().ok().filter(|amount| *amount <= MOST).ok_or("This is more than any pool holds. Enter less.")
}

/// One kind in the dialog.
struct Line {
    pool: Pool,
    part: Allocation,
    typed: String,
}

impl Line {
    /// The most that the user can have.
    fn most(&self) -> i64 {
        self.part.allocated + self.pool.unallocated()
    }

    /// What the pool has left with what was typed: "2500", "400 over".
    fn left(&self) -> (bool, String) {
        let left = self.most() - amount(&self.typed).unwrap_or(self.part.allocated);
        if left < 0 { (true, format!("{} over", number(-left))) } else { (false, number(left)) }
    }
}

#[derive(Template)]
#[template(path = "users/amounts.html")]
struct AmountsPage {
    page: Page,
    user: User,
    dialog: Dialog,
    lines: Vec<Line>,
    form: AmountsForm,
    errors: Errors,
}

impl AmountsPage {
    fn back_path(&self) -> String {
        self.form.back_path(self.user.id)
    }

    fn left_of(&self, line: &Line) -> (bool, String) {
        line.left()
    }

    /// Which field the page begins in: the first, or the first with an error.
    fn has_focus(&self, line: &Line) -> bool {
        self.errors.is_empty() && self.lines.first().is_some_and(|first| first.pool.kind == line.pool.kind)
    }
}

/// GET /users/{id}/manage-credit
pub async fn manage_credit(
    can: Can<AllocateCredits>,
    id: web::Path<String>,
    Query(form): Query<AmountsForm>,
) -> Result<HttpResponse> {
    show(StatusCode::OK, can, Dialog::Credit, user_id(&id)?, form, Errors::default()).await
}

/// GET /users/{id}/allocate-minute
pub async fn allocate_minute(
    can: Can<AllocateCredits>,
    id: web::Path<String>,
    Query(form): Query<AmountsForm>,
) -> Result<HttpResponse> {
    show(StatusCode::OK, can, Dialog::Minute, user_id(&id)?, form, Errors::default()).await
}

/// POST /users/{id}/manage-credit
pub async fn save_credit(
    can: Can<AllocateCredits>,
    id: web::Path<String>,
    Form(form): Form<AmountsForm>,
) -> Result<HttpResponse> {
    save(can, Dialog::Credit, user_id(&id)?, form).await
}

/// POST /users/{id}/allocate-minute
pub async fn save_minute(
    can: Can<AllocateCredits>,
    id: web::Path<String>,
    Form(form): Form<AmountsForm>,
) -> Result<HttpResponse> {
    save(can, Dialog::Minute, user_id(&id)?, form).await
}

async fn save(can: Can<AllocateCredits>, dialog: Dialog, id: UserId, form: AmountsForm) -> Result<HttpResponse> {
    const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
    let (wanted, errors) = form.parse(dialog);
    if !errors.is_empty() {
        let errors = with_shortages(&can, id, wanted, errors).await?;
        return show(WRONG, can, dialog, id, form, errors).await;
    }
    let (actor, amounts, reason) = (can.actor.clone(), wanted.clone(), form.reason.trim().to_owned());
    match can.db.write(move |conn| allocate::allocate(conn, &actor, id, &amounts, &reason)).await {
        Ok(switched) => {
            let name = switched.user.details.name();
            let sentence = if switched.changed { dialog.saved(&name) } else { format!("{name} needed no change.") };
            Ok(flash::redirect(&form.back_path(id), Some(Flash::done(sentence))))
        }
        Err(Error::Refused(Refusal::Credits(shortage))) => {
            let errors = Errors::one(shortage.kind().code(), shortage.to_string());
            let errors = with_shortages(&can, id, wanted, errors).await?;
            show(WRONG, can, dialog, id, form, errors).await
        }
        Err(Error::Refused(refusal @ Refusal::AllocationChanged)) => {
            // What they have now is what the next attempt starts from.
            show(StatusCode::CONFLICT, can, dialog, id, form, Errors::one("amounts", refusal.to_string())).await
        }
        Err(Error::Refused(refusal)) => {
            Ok(flash::redirect(&form.back_path(id), Some(Flash::refused(refusal.to_string()))))
        }
        Err(error) => Err(error),
    }
}

/// Each amount that can't be had beside its field; a write tells of the first only.
async fn with_shortages(
    can: &Can<AllocateCredits>,
    id: UserId,
    wanted: Vec<Wanted>,
    mut errors: Errors,
) -> Result<Errors> {
    let account = can.viewer.account;
    let read =
        can.db.read(move |conn| Ok((credits::pools(conn, account)?, credits::allocations_of(conn, account, &[id])?)));
    let (pools, parts) = read.await?;
    for one in wanted {
        let part = parts.iter().find(|part| part.kind == one.kind);
        let part = part.cloned().unwrap_or_else(|| Allocation::none(id, one.kind));
        let pool = pools.iter().find(|pool| pool.kind == one.kind);
        if let Some(Err(shortage)) = pool.map(|pool| part.may_have(pool, one.amount)) {
            errors.add(one.kind.code(), shortage.to_string());
        }
    }
    Ok(errors)
}

async fn show(
    status: StatusCode,
    can: Can<AllocateCredits>,
    dialog: Dialog,
    id: UserId,
    form: AmountsForm,
    errors: Errors,
) -> Result<HttpResponse> {
    let (account, actor) = (can.viewer.account, can.actor);
    let (user, pools, parts) = can
        .db
        .read(move |conn| {
            let user = find(conn, account, id)?;
            rules::allocating(&actor, write::target(conn, &user, &actor)?)?;
            Ok((user, credits::pools(conn, account)?, credits::allocations_of(conn, account, &[id])?))
        })
        .await?;
    let lines = pools.into_iter().filter(|pool| dialog.kinds().contains(&pool.kind)).map(|pool| {
        let part = parts.iter().find(|part| part.kind == pool.kind);
        let part = part.cloned().unwrap_or_else(|| Allocation::none(id, pool.kind));
        let typed = form.typed(pool.kind).map_or_else(|| part.allocated.to_string(), str::to_owned);
        Line { pool, part, typed }
    });
    let lines = lines.collect();
    let here = page::with_back(format!("/users/{id}/{}", dialog.path()), &form.back);
    let page = can.page.at(here);
    page::html(status, &AmountsPage { page, user, dialog, lines, form, errors })
}

#[cfg(test)]
mod tests {
    use super::amount;

    #[test]
    fn amounts_are_whole_numbers() {
        for (text, expected) in [("0", 0), (" 500 ", 500), ("12,400", 12_400), ("1000000000000", 1_000_000_000_000)] {
            assert_eq!(amount(text), Ok(expected), "{text}");
        }
        for bad in ["", " ", "-1", "1.5", "5e3", "five", "1000000000001", "99999999999999999999", "٥"] {
            assert!(amount(bad).is_err(), "{bad}");
        }
    }
}
