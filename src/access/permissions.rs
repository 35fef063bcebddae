//! What can be allowed, one line a permission, and the built-in roles as sets of them.

use crate::text_enum;

/// One thing that a role may allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Own usage report, own profile, own sessions.
    Own,
    ViewUsers,
    /// Add, edit, enable and disable.
    EditUsers,
    DeleteUsers,
    /// Set another's password, e-mail address or username; impersonate.
    SetPasswords,
    AllocateCredits,
    AssignRoles,
    DefineRoles,
    /// Teams, numbers, extensions, call flow.
    ManageCalls,
    ViewAnalytics,
    /// Activity and sessions of others: view; sessions: end.
    ViewActivity,
    /// Account details, preferences, transactions.
    ManageAccount,
    WhiteLabel,
    ApiTokens,
    /// Grant or take the Owner role, close the account.
    GrantOwner,
}

/// A set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permissions(u32);

impl Permissions {
    pub const ALL: Permissions = Permissions(u32::MAX);

    const fn of(list: &[Permission]) -> Self {
        let mut bits = 0;
        let mut i = 0;
        while i < list.len() {
            bits |= 1 << list[i] as u32;
            i += 1;
        }
        Permissions(bits)
    }

    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// The rule of rank: whoever lacks one of the other's permissions is below them.
    pub const fn covers(self, other: Permissions) -> bool {
        other.0 & !self.0 == 0
    }
}

text_enum! {
    /// The built-in roles, highest first.
    pub enum Role {
        Owner = "owner", "Owner";
        Admin = "admin", "Admin";
        Manager = "manager", "Manager";
        Moderator = "moderator", "Moderator";
        Dev = "dev", "Dev";
        Agent = "agent", "Agent";
        Member = "member", "Member";
    }
}

impl Role {
    pub const fn permissions(self) -> Permissions {
        use Permission::*;
        match self {
            Role::Owner => Permissions::of(&[
                Own,
                ViewUsers,
                EditUsers,
                DeleteUsers,
                SetPasswords,
                AllocateCredits,
                AssignRoles,
                DefineRoles,
                ManageCalls,
                ViewAnalytics,
                ViewActivity,
                ManageAccount,
                WhiteLabel,
                ApiTokens,
                GrantOwner,
            ]),
            Role::Admin => Permissions::of(&[
                Own,
                ViewUsers,
                EditUsers,
                DeleteUsers,
                SetPasswords,
                AllocateCredits,
                AssignRoles,
                DefineRoles,
                ManageCalls,
                ViewAnalytics,
                ViewActivity,
                ManageAccount,
                WhiteLabel,
                ApiTokens,
            ]),
            Role::Manager => Permissions::of(&[Own, ViewUsers, ManageCalls, ViewAnalytics]),
            Role::Moderator => Permissions::of(&[Own, ViewUsers, EditUsers, ViewAnalytics, ViewActivity]),
            Role::Dev => Permissions::of(&[Own, ApiTokens]),
            Role::Agent | Role::Member => Permissions::of(&[Own]),
        }
    }
}

/// A permission as a type, for [`super::Can`].
pub trait Needed: 'static {
    const PERMISSION: Permission;
}

/// Everybody who is signed in.
pub struct Own;
pub struct ViewUsers;
pub struct EditUsers;
pub struct DeleteUsers;
pub struct AllocateCredits;
pub struct AssignRoles;
pub struct ApiTokens;

impl Needed for Own {
    const PERMISSION: Permission = Permission::Own;
}
impl Needed for ViewUsers {
    const PERMISSION: Permission = Permission::ViewUsers;
}
impl Needed for DeleteUsers {
    const PERMISSION: Permission = Permission::DeleteUsers;
}
impl Needed for AllocateCredits {
    const PERMISSION: Permission = Permission::AllocateCredits;
}
impl Needed for AssignRoles {
    const PERMISSION: Permission = Permission::AssignRoles;
}
impl Needed for ApiTokens {
    const PERMISSION: Permission = Permission::ApiTokens;
}
impl Needed for EditUsers {
    const PERMISSION: Permission = Permission::EditUsers;
}
