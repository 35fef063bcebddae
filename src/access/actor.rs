//! Who does it: every write takes an [`Actor`], for the rules and for the activity log.

use super::Viewer;
use super::permissions::Permissions;
use crate::error::{Error, Result};
use diesel_derive_newtype::DieselNewType;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, DieselNewType)]
pub struct AccountId(pub i64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, DieselNewType)]
pub struct UserId(pub i64);

/// The id in an address. Nobody's where it is no number.
pub fn user_id(text: &str) -> Result<UserId> {
    text.parse().map(UserId).map_err(|_| Error::NotFound)
}

impl std::fmt::Display for UserId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Who acts in an account, with what rights, from where.
#[derive(Debug, Clone)]
pub struct Actor {
    pub account: AccountId,
    /// None: the system itself (command line, set-up, workers).
    pub user: Option<UserId>,
    /// The admin in whose hands `user`'s session is.
    pub impersonator: Option<UserId>,
    pub permissions: Permissions,
    /// Runs the installation.
    pub is_operator: bool,
    /// Network address, empty for the system.
    pub address: String,
    /// The hash of the session's key, empty for the system.
    pub session: String,
    /// The batch that this is part of.
    pub batch: Option<i64>,
    /// The API token by which this is done, in the name of whoever made it.
    pub token: Option<i64>,
}

impl Actor {
    /// Who is signed in, with which session.
    pub fn of(viewer: &Viewer, session: String, address: String) -> Self {
        Actor {
            account: viewer.account,
            user: Some(viewer.user),
            impersonator: None,
            permissions: viewer.permissions(),
            is_operator: viewer.is_operator(),
            address,
            session,
            batch: None,
            token: None,
        }
    }

    /// The command line, set-up and workers.
    pub fn system(account: AccountId) -> Self {
        Actor {
            account,
            user: None,
            impersonator: None,
            permissions: Permissions::ALL,
            is_operator: true,
            address: String::new(),
            session: String::new(),
            batch: None,
            token: None,
        }
    }

    pub fn is(&self, user: UserId) -> bool {
        self.user == Some(user)
    }
}
