use crate::access::{Actor, Permission, Role, UserId};
use crate::config::Config;
use crate::credits::CreditKind;
use crate::db::Conn;
use crate::error::Result;
use crate::plans::PlanId;
use crate::users::{self, Deleted, Removal, Status};

/// What is done to each user of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Enable,
    Disable,
    Role(Role),
    Plan(PlanId),
    Delete,
    /// More of one kind for each; 0 as long as it is not decided how much.
    Allocate(CreditKind, i64),
    /// The same back, which undoes it.
    TakeBack(CreditKind, i64),
}

/// On what terms it is done.
#[derive(Debug, Clone)]
pub struct Terms {
    pub removal: Removal,
    /// Why, for the ledger.
    pub reason: String,
}

impl Action {
    /// As stored and as sent by the buttons: "disable", "role:agent", "plan:17".
    pub fn code(self) -> String {
        match self {
            Action::Enable => "enable".into(),
            Action::Disable => "disable".into(),
            Action::Role(role) => format!("role:{}", role.code()),
            Action::Plan(plan) => format!("plan:{}", plan.0),
            Action::Delete => "delete".into(),
            Action::Allocate(kind, amount) => format!("allocate:{}:{amount}", kind.code()),
            Action::TakeBack(kind, amount) => format!("take_back:{}:{amount}", kind.code()),
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        match code.split_once(':') {
            None if code == "enable" => Some(Action::Enable),
            None if code == "disable" => Some(Action::Disable),
            None if code == "delete" => Some(Action::Delete),
            Some(("role", role)) => Role::from_code(role).map(Action::Role),
            Some(("plan", plan)) => plan.parse().ok().map(PlanId).map(Action::Plan),
            Some(("allocate", rest)) => amount_of(rest).map(|(kind, amount)| Action::Allocate(kind, amount)),
            Some(("take_back", rest)) => amount_of(rest).map(|(kind, amount)| Action::TakeBack(kind, amount)),
            _ => None,
        }
    }

    /// What the bar below a list may ask for: an amount is decided on the confirmation, and what was done is undone there.
    pub fn asked(code: &str) -> Option<Self> {
        Self::from_code(code).filter(|action| !matches!(action, Action::Allocate(_, 1..) | Action::TakeBack(..)))
    }

    /// Without it, the action is not offered and answers 403.
    pub fn needs(self) -> Permission {
        match self {
            Action::Enable | Action::Disable | Action::Plan(_) => Permission::EditUsers,
            Action::Role(_) => Permission::AssignRoles,
            Action::Delete => Permission::DeleteUsers,
            Action::Allocate(..) | Action::TakeBack(..) => Permission::AllocateCredits,
        }
    }

    /// Does it to one user, by the same verb as alone; false where it was done already.
    pub fn apply(self, conn: &mut Conn, config: &Config, actor: &Actor, user: UserId, terms: &Terms) -> Result<bool> {
        Ok(match self {
            Action::Enable => users::set_status(conn, actor, user, Status::Enabled)?.changed,
            Action::Disable => users::set_status(conn, actor, user, Status::Disabled)?.changed,
            // Without the actor's password: the Owner role is given and taken one by one.
            Action::Role(role) => users::set_role(conn, actor, user, role, false)?.changed,
            Action::Plan(plan) => users::set_plan(conn, actor, user, plan)?.changed,
            Action::Delete => users::delete(conn, config, actor, user, &terms.removal)? != Deleted::Already,
            Action::Allocate(kind, amount) => {
                users::allocate_more(conn, actor, user, kind, amount, &terms.reason)?.changed
            }
            Action::TakeBack(kind, amount) => users::take_back(conn, actor, user, kind, amount, &terms.reason)?.changed,
        })
    }
}

/// "export:100".
fn amount_of(text: &str) -> Option<(CreditKind, i64)> {
    let (kind, amount) = text.split_once(':')?;
    let amount = amount.parse().ok().filter(|amount| *amount >= 0)?;
    Some((CreditKind::from_code(kind)?, amount))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_survive_their_code() {
        let all = [
            Action::Enable,
            Action::Disable,
            Action::Role(Role::Agent),
            Action::Plan(PlanId(17)),
            Action::Delete,
            Action::Allocate(CreditKind::DirectDial, 0),
            Action::TakeBack(CreditKind::Minutes, 40),
        ];
        for action in all {
            assert_eq!(Action::from_code(&action.code()), Some(action));
        }
        for bad in [
            "",
            "role",
            "role:emperor",
            "plan:x",
            "erase",
            "delete:1",
            "allocate:export",
            "allocate:gold:1",
            "allocate:export:-1",
        ] {
            assert_eq!(Action::from_code(bad), None, "{bad}");
        }
    }
}
