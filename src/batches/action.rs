use crate::access::{Actor, Permission, Role, UserId};
use crate::config::Config;
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
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        match code.split_once(':') {
            None if code == "enable" => Some(Action::Enable),
            None if code == "disable" => Some(Action::Disable),
            None if code == "delete" => Some(Action::Delete),
            Some(("role", role)) => Role::from_code(role).map(Action::Role),
            Some(("plan", plan)) => plan.parse().ok().map(PlanId).map(Action::Plan),
            _ => None,
        }
    }

    /// Without it, the action is not offered and answers 403.
    pub fn needs(self) -> Permission {
        match self {
            Action::Enable | Action::Disable | Action::Plan(_) => Permission::EditUsers,
            Action::Role(_) => Permission::AssignRoles,
            Action::Delete => Permission::DeleteUsers,
        }
    }

    /// Does it to one user, by the same verb as alone; false where it was done already.
    pub fn apply(
        self,
        conn: &mut Conn,
        config: &Config,
        actor: &Actor,
        user: UserId,
        removal: &Removal,
    ) -> Result<bool> {
        Ok(match self {
            Action::Enable => users::set_status(conn, actor, user, Status::Enabled)?.changed,
            Action::Disable => users::set_status(conn, actor, user, Status::Disabled)?.changed,
            // Without the actor's password: the Owner role is given and taken one by one.
            Action::Role(role) => users::set_role(conn, actor, user, role, false)?.changed,
            Action::Plan(plan) => users::set_plan(conn, actor, user, plan)?.changed,
            Action::Delete => users::delete(conn, config, actor, user, removal)? != Deleted::Already,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_survive_their_code() {
        let all =
            [Action::Enable, Action::Disable, Action::Role(Role::Agent), Action::Plan(PlanId(17)), Action::Delete];
        for action in all {
            assert_eq!(Action::from_code(&action.code()), Some(action));
        }
        for bad in ["", "role", "role:emperor", "plan:x", "erase", "delete:1"] {
            assert_eq!(Action::from_code(bad), None, "{bad}");
        }
    }
}
