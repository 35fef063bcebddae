//! Who may change what of whom. Below forms, bulk actions, imports and the API alike.

use super::model::{Details, Status};
use crate::access::{Actor, Permission, Role, UserId};
use crate::error::{Error, Refusal, Result};
use crate::plans::Plan;

/// Rank: nobody touches a user who may do what they may not.
pub fn outranks(actor: &Actor, role: Role) -> bool {
    actor.permissions.covers(role.permissions())
}

/// Whom an edit is about.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    pub id: UserId,
    pub role: Role,
    pub status: Status,
    /// An operator sees every account, so only operators and themselves may touch their sign-in.
    pub is_operator: bool,
}

impl Target {
    /// `operators`: those of the account, as [`crate::operator::of_account`] finds them.
    pub fn of(id: UserId, role: Role, status: Status, operators: &[UserId]) -> Self {
        Target { id, role, status, is_operator: operators.contains(&id) }
    }
}

/// An operator is touched by operators and themselves only.
fn reaches(actor: &Actor, target: Target) -> bool {
    let outranks_operator = !target.is_operator || actor.is_operator || actor.is(target.id);
    outranks(actor, target.role) && outranks_operator
}

/// Whether `actor` may edit, enable and disable this user. Who is pending deletion can only be brought back.
pub fn may_edit(actor: &Actor, target: Target) -> bool {
    actor.permissions.has(Permission::EditUsers) && reaches(actor, target) && target.status != Status::Pending
}

/// Whether `actor` may delete this user, or cancel their deletion.
pub fn may_delete(actor: &Actor, target: Target) -> bool {
    actor.permissions.has(Permission::DeleteUsers) && reaches(actor, target) && !actor.is(target.id)
}

/// Whether `actor` may give this user what a deleted one leaves.
pub fn may_inherit(actor: &Actor, target: Target) -> bool {
    actor.permissions.has(Permission::AllocateCredits) && may_edit(actor, target)
}

/// Whether `actor` may change what this user has of credits and minutes: one's own too.
pub fn may_allocate(actor: &Actor, target: Target) -> bool {
    actor.permissions.has(Permission::AllocateCredits) && reaches(actor, target) && target.status != Status::Pending
}

/// Whether `actor` may revoke the API tokens that this user has made: one's own too.
pub fn may_revoke(actor: &Actor, target: Target) -> bool {
    actor.permissions.has(Permission::ApiTokens) && reaches(actor, target)
}

/// Whether `actor` may give this user another role; the Owner role, with their own password.
pub fn may_give_role(actor: &Actor, target: Target) -> bool {
    let owner = target.role != Role::Owner || actor.permissions.has(Permission::GrantOwner);
    actor.permissions.has(Permission::AssignRoles) && may_edit(actor, target) && !actor.is(target.id) && owner
}

fn needs(actor: &Actor, permission: Permission) -> Result<()> {
    if actor.permissions.has(permission) { Ok(()) } else { Err(Error::Forbidden) }
}

/// A new user: of a role within one's rank, a Member where one may not assign roles, never an Owner but by the system.
pub fn adding(actor: &Actor, role: Role) -> Result<()> {
    needs(actor, Permission::EditUsers)?;
    if actor.user.is_none() {
        return Ok(());
    }
    if role == Role::Owner {
        return Err(Refusal::OwnerNotOffered.into());
    }
    if role != Role::Member {
        needs(actor, Permission::AssignRoles)?;
    }
    if outranks(actor, role) { Ok(()) } else { Err(Error::Forbidden) }
}

/// Editing and switching: for whom one outranks, while they are not pending deletion.
fn touching(actor: &Actor, target: Target) -> Result<()> {
    if target.status == Status::Pending {
        return Err(Refusal::PendingDeletion.into());
    }
    if may_edit(actor, target) { Ok(()) } else { Err(Error::Forbidden) }
}

/// A changed user. `confirmed`: the actor has confirmed with their own password, which the Owner role asks for.
pub fn editing(
    actor: &Actor,
    target: Target,
    before: &Details,
    after: &Details,
    new_password: bool,
    confirmed: bool,
) -> Result<()> {
    touching(actor, target)?;
    if (&before.email, &before.username) != (&after.email, &after.username) || new_password {
        needs(actor, Permission::SetPasswords)?;
    }
    giving_role(actor, target, after.role, confirmed)?;
    switching(actor, target, after.status)
}

/// Another role: nobody gives one that may do what they may not, nobody changes their own.
pub fn giving_role(actor: &Actor, target: Target, after: Role, confirmed: bool) -> Result<()> {
    touching(actor, target)?;
    if target.role == after {
        return Ok(());
    }
    needs(actor, Permission::AssignRoles)?;
    if !outranks(actor, after) {
        return Err(Error::Forbidden);
    }
    if actor.is(target.id) {
        return Err(Refusal::Self_.into());
    }
    if [target.role, after].contains(&Role::Owner) {
        needs(actor, Permission::GrantOwner)?;
        if !confirmed {
            return Err(Refusal::WrongOwnPassword.into());
        }
    }
    Ok(())
}

/// More or less of credits and minutes.
pub fn allocating(actor: &Actor, target: Target) -> Result<()> {
    if target.status == Status::Pending {
        return Err(Refusal::PendingDeletion.into());
    }
    if may_allocate(actor, target) { Ok(()) } else { Err(Error::Forbidden) }
}

/// Ending an API token that this user has made.
pub fn revoking(actor: &Actor, target: Target) -> Result<()> {
    if may_revoke(actor, target) { Ok(()) } else { Err(Error::Forbidden) }
}

/// Another plan.
pub fn giving_plan(actor: &Actor, target: Target) -> Result<()> {
    touching(actor, target)
}

/// Enabling and disabling. Nobody disables themselves.
pub fn switching(actor: &Actor, target: Target, after: Status) -> Result<()> {
    touching(actor, target)?;
    if after == Status::Pending {
        return Err(Error::Forbidden);
    }
    if actor.is(target.id) && target.status != after && after == Status::Disabled {
        return Err(Refusal::Self_.into());
    }
    Ok(())
}

/// Deleting, and cancelling that. Nobody deletes themselves.
pub fn deleting(actor: &Actor, target: Target) -> Result<()> {
    if actor.is(target.id) {
        return Err(Refusal::DeleteSelf.into());
    }
    if may_delete(actor, target) { Ok(()) } else { Err(Error::Forbidden) }
}

/// What a seat may use of what is wanted, dialer and local presence: only what its plan has.
pub fn products(plan: &Plan, (dialer, local_presence): (bool, bool)) -> (bool, bool) {
    (dialer && plan.dialer, local_presence && plan.local_presence)
}

/// The roles that `actor` may give, highest first. `with_owner`: the Owner role is given when editing, not when adding.
pub fn roles_to_give(actor: &Actor, with_owner: bool) -> Vec<Role> {
    if !actor.permissions.has(Permission::AssignRoles) {
        return vec![Role::Member];
    }
    let offered = |role: &Role| outranks(actor, *role) && (with_owner || *role != Role::Owner);
    Role::ALL.iter().copied().filter(offered).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::AccountId;

    fn actor(role: Role) -> Actor {
        Actor {
            user: Some(UserId(1)),
            permissions: role.permissions(),
            is_operator: false,
            ..Actor::system(AccountId(1))
        }
    }

    fn somebody(role: Role) -> Target {
        Target { id: UserId(2), role, status: Status::Enabled, is_operator: false }
    }

    #[test]
    fn nobody_touches_whom_they_do_not_outrank() {
        assert!(may_edit(&actor(Role::Owner), somebody(Role::Owner)));
        assert!(!may_edit(&actor(Role::Admin), somebody(Role::Owner)));
        assert!(may_edit(&actor(Role::Moderator), somebody(Role::Moderator)));
        // A Manager manages calls, a Dev has API tokens: a Moderator has neither.
        assert!(!may_edit(&actor(Role::Moderator), somebody(Role::Manager)));
        assert!(!may_edit(&actor(Role::Moderator), somebody(Role::Dev)));
        assert!(!may_edit(&actor(Role::Manager), somebody(Role::Member)));
    }

    #[test]
    fn an_operator_is_touched_by_operators_and_themselves_only() {
        let operator = Target { is_operator: true, ..somebody(Role::Member) };
        assert!(!may_edit(&actor(Role::Owner), operator));
        assert!(may_edit(&Actor { is_operator: true, ..actor(Role::Owner) }, operator));
        assert!(may_edit(&actor(Role::Owner), Target { id: UserId(1), ..operator }));
    }

    #[test]
    fn a_moderator_adds_members_only() {
        assert!(adding(&actor(Role::Moderator), Role::Member).is_ok());
        assert!(matches!(adding(&actor(Role::Moderator), Role::Agent), Err(Error::Forbidden)));
        assert_eq!(roles_to_give(&actor(Role::Moderator), true), [Role::Member]);
    }

    #[test]
    fn the_owner_role_is_never_given_to_a_new_user() {
        assert!(matches!(adding(&actor(Role::Owner), Role::Owner), Err(Error::Refused(Refusal::OwnerNotOffered))));
        assert!(!roles_to_give(&actor(Role::Owner), false).contains(&Role::Owner));
        assert!(roles_to_give(&actor(Role::Owner), true).contains(&Role::Owner));
        assert!(!roles_to_give(&actor(Role::Admin), true).contains(&Role::Owner));
    }
}
