//! Who may change what of whom. Below forms, bulk actions, imports and the API alike.

use super::model::{Details, Status};
use crate::access::{Actor, Permission, Role, UserId};
use crate::error::{Error, Refusal, Result};

/// Rank: nobody touches a user who may do what they may not.
pub fn outranks(actor: &Actor, role: Role) -> bool {
    actor.permissions.covers(role.permissions())
}

/// Whether `actor` may edit, enable and disable a user of this role.
pub fn may_edit(actor: &Actor, role: Role) -> bool {
    actor.permissions.has(Permission::EditUsers) && outranks(actor, role)
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

/// A changed user. `confirmed`: the actor has confirmed with their own password, which the Owner role asks for.
pub fn editing(
    actor: &Actor,
    id: UserId,
    before: &Details,
    after: &Details,
    new_password: bool,
    confirmed: bool,
) -> Result<()> {
    if !may_edit(actor, before.role) {
        return Err(Error::Forbidden);
    }
    if (&before.email, &before.username) != (&after.email, &after.username) || new_password {
        needs(actor, Permission::SetPasswords)?;
    }
    if before.role != after.role {
        needs(actor, Permission::AssignRoles)?;
        if !outranks(actor, after.role) {
            return Err(Error::Forbidden);
        }
        if actor.is(id) {
            return Err(Refusal::Self_.into());
        }
        if [before.role, after.role].contains(&Role::Owner) {
            needs(actor, Permission::GrantOwner)?;
            if !confirmed {
                return Err(Refusal::WrongOwnPassword.into());
            }
        }
    }
    status(actor, id, before.status, after.status)
}

/// Nobody disables themselves.
fn status(actor: &Actor, id: UserId, before: Status, after: Status) -> Result<()> {
    if actor.is(id) && before != after && after == Status::Disabled {
        return Err(Refusal::Self_.into());
    }
    Ok(())
}

/// Enabling and disabling.
pub fn switching(actor: &Actor, id: UserId, role: Role, before: Status, after: Status) -> Result<()> {
    if !may_edit(actor, role) {
        return Err(Error::Forbidden);
    }
    status(actor, id, before, after)
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
        Actor { user: Some(UserId(1)), permissions: role.permissions(), ..Actor::system(AccountId(1)) }
    }

    #[test]
    fn nobody_touches_whom_they_do_not_outrank() {
        assert!(may_edit(&actor(Role::Owner), Role::Owner));
        assert!(!may_edit(&actor(Role::Admin), Role::Owner));
        assert!(may_edit(&actor(Role::Moderator), Role::Moderator));
        // A Manager manages calls, a Dev has API tokens: a Moderator has neither.
        assert!(!may_edit(&actor(Role::Moderator), Role::Manager));
        assert!(!may_edit(&actor(Role::Moderator), Role::Dev));
        assert!(!may_edit(&actor(Role::Manager), Role::Member));
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
