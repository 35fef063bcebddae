//! What the page of a batch says, in each of its states.

use super::action::Action;
use super::foresee::{Foresight, Named};
use super::model::{Batch, BatchState, Why};
use super::pages::ConfirmForm;
use crate::credits::CreditKind;
use crate::plans::{self, Plan};
use crate::users::list::ListQuery;
use crate::users::{PROMISED_DAYS, Row};
use crate::web::form::Errors;
use crate::web::page::Page;
use crate::web::text::{counted, number};
use actix_web::http::StatusCode;
use askama::Template;

/// What disabling leaves.
const KEPT: &str = " Their data is preserved and they can be re-enabled later.";

fn was(amount: i64) -> &'static str {
    if amount == 1 { "was" } else { "were" }
}

/// "1 minute is", "340 Export credits are".
fn are(kind: CreditKind, amount: i64) -> String {
    format!("{} {}", kind.amount(amount), if amount == 1 { "is" } else { "are" })
}

#[derive(Template)]
#[template(path = "batches/show.html")]
pub(super) struct BatchPage {
    pub page: Page,
    pub batch: Batch,
    pub action: Action,
    /// Before it runs.
    pub told: Foresight,
    /// Once it has run.
    pub refused: Vec<(Row, Why)>,
    pub plans: Vec<Plan>,
    pub heir: String,
    pub errors: Errors,
    pub list: ListQuery,
    pub form: ConfirmForm,
    /// What the pool can give, where it is about credits.
    pub unallocated: i64,
}

impl BatchPage {
    fn back(&self) -> String {
        self.list.to_text()
    }

    /// The list, with the focus where it was: on the menu of the one user, or on the list.
    pub fn back_path(&self) -> String {
        let place = match self.told.named.as_slice() {
            [one] if self.batch.total == 1 => format!("m{}", one.row.id),
            _ => "list".to_owned(),
        };
        format!("{}#{place}", self.list.path())
    }

    /// When those on paid plans are erased: `MM-DD-YYYY`.
    fn erased_on(&self) -> String {
        self.page.times.day(&self.batch.erase_at())
    }

    pub fn status(&self) -> StatusCode {
        if self.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
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
        plans::name_among(&self.plans, id)
    }

    /// What of a user is about to change: what they have now.
    fn has_now(&self, one: &Named) -> String {
        match self.action {
            Action::Plan(_) => plans::name_among(&self.plans, one.row.plan_id).to_owned(),
            Action::Allocate(kind, _) | Action::TakeBack(kind, _) => format!("{} now", number(one.allocated(kind))),
            _ => one.row.role.label().to_owned(),
        }
    }

    fn title(&self) -> String {
        let users = counted(self.batch.total, "user", "users");
        match (self.batch.state, self.action) {
            (BatchState::Running, Action::Enable) => format!("Enabling {users}"),
            (BatchState::Running, Action::Disable) => format!("Disabling {users}"),
            (BatchState::Running, Action::Delete) => format!("Deleting {users}"),
            (BatchState::Running, Action::Allocate(kind, _)) => format!("Allocating {} to {users}", kind.noun()),
            (BatchState::Running, Action::TakeBack(kind, _)) => format!("Taking {} back from {users}", kind.noun()),
            (BatchState::Running, _) => format!("Changing {users}"),
            (BatchState::Done, _) => self.result(),
            (_, Action::Enable) => format!("Enable {users}?"),
            (_, Action::Disable) => format!("Disable {users}?"),
            (_, Action::Role(role)) => format!("Change the role of {users} to {}?", role.label()),
            (_, Action::Plan(_)) => format!("Change the plan of {users} to {}?", self.plan_name()),
            (_, Action::Allocate(kind, _)) => format!("Allocate {} to {users}", kind.noun()),
            (_, Action::TakeBack(kind, _)) => format!("Take {} back from {users}?", kind.noun()),
            (_, Action::Delete) => "Are you sure you want to delete user(s)?".into(),
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
            Action::Allocate(..) => "Allocate".into(),
            Action::TakeBack(..) => "Take back".into(),
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
            // Undecided yet.
            Action::Allocate(kind, 0) | Action::TakeBack(kind, 0) => {
                format!("{} unallocated in the team pool.", are(kind, self.unallocated))
            }
            Action::Allocate(kind, amount) => {
                let get = if done == 1 { "gets" } else { "get" };
                format!(
                    "{users} {get} {} more each: {} of the {} that are unallocated in the team pool.",
                    kind.amount(amount),
                    number(amount.saturating_mul(done)),
                    number(self.unallocated)
                )
            }
            Action::TakeBack(kind, amount) => {
                let go = if amount == 1 { "goes" } else { "go" };
                format!("{} {go} back to the team pool from {users} each.", kind.amount(amount))
            }
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
            let date = self.erased_on();
            parts.push(format!(
                "{users} on a paid plan {is} signed out at once and erased with all records on {date}, within {} days. \
                 Until then the deletion can be cancelled on the Pending deletion tab.",
                PROMISED_DAYS
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
        let users = counted(self.batch.done, "user was", "users were");
        match self.action {
            Action::Enable => format!("{users} enabled."),
            Action::Disable => format!("{users} disabled."),
            Action::Role(role) => format!("{users} given the role {}.", role.label()),
            Action::Plan(_) => format!("{users} given the plan {}.", self.plan_name()),
            Action::Delete => format!("{users} deleted."),
            Action::Allocate(kind, amount) => format!("{users} given {} more each.", kind.amount(amount)),
            Action::TakeBack(kind, amount) => {
                let users = counted(self.batch.done, "user", "users");
                format!("{} each {} taken back from {users}.", kind.amount(amount), was(amount))
            }
        }
    }

    /// For the list: by name where it is about one user.
    pub fn sentence_of(&self, name: Option<&str>) -> String {
        let Some(name) = name else {
            let kept = if self.action == Action::Disable && self.batch.done > 0 { KEPT } else { "" };
            return format!("{}{kept}", self.result());
        };
        if let Some((_, why)) = self.refused.first() {
            return format!("{name} was not changed: {}.", why.label());
        }
        if self.batch.done == 0 {
            return format!("{name} needed no change.");
        }
        match self.action {
            Action::Delete => format!("{name} was deleted."),
            Action::Enable => format!("{name} was enabled and can sign in again."),
            Action::Disable => format!("{name} was disabled.{KEPT}"),
            Action::Role(role) => format!("{name} was given the role {}.", role.label()),
            Action::Plan(_) => format!("{name} was given the plan {}.", self.plan_name()),
            Action::Allocate(kind, amount) => format!("{name} was given {} more.", kind.amount(amount)),
            Action::TakeBack(kind, amount) => {
                format!("{} {} taken back from {name}.", kind.amount(amount), was(amount))
            }
        }
    }

    /// Whether it is known only then who is refused: who comes first has it.
    fn is_rationed(&self, why: &Why) -> bool {
        matches!(why, Why::NoFreeSeat | Why::PoolEmpty)
    }

    fn is_allocation(&self) -> bool {
        matches!(self.action, Action::Allocate(..))
    }

    /// Whether an amount is decided, so that what comes of it can be told.
    fn is_decided(&self) -> bool {
        !matches!(self.action, Action::Allocate(_, 0))
    }

    /// What the pool has, where nobody can be given any of it.
    fn pool(&self) -> Option<String> {
        let Action::Allocate(kind, _) = self.action else { return None };
        (self.told.done == 0).then(|| format!("{} unallocated in the team pool.", are(kind, self.unallocated)))
    }

    /// How much each will have been told that they get: what is confirmed is what was shown.
    fn previewed(&self) -> i64 {
        if let Action::Allocate(_, amount) = self.action { amount } else { 0 }
    }

    /// Whether it can be taken back as a whole, as long as nothing of it is used.
    pub fn may_undo(&self) -> bool {
        self.is_allocation()
            && self.batch.state == BatchState::Done
            && self.batch.done > 0
            && self.batch.undone_by.is_none()
    }

    fn more_named(&self) -> i64 {
        i64::from(self.batch.total) - self.told.named.len() as i64
    }

    fn more_refused(&self) -> i64 {
        let refused = if self.is_draft() { self.told.refused() } else { i64::from(self.batch.refused) };
        let named = if self.is_draft() { self.told.refused_rows.len() } else { self.refused.len() };
        refused - named as i64
    }
}
