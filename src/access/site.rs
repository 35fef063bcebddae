//! Which site a request is for, by its Host header: the shared host, one account's domain, or nobody's.

use super::AccountId;
use crate::app::App;
use crate::db::Conn;
use crate::domains;
use crate::error::{Error, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site {
    /// The host of `BASE_URL`; loopback names too while listening there.
    Shared,
    /// A verified white-label domain.
    Account(AccountId),
}

impl Site {
    /// 404 for hosts that are nobody's: they get nothing of any account.
    pub fn of(conn: &mut Conn, app: &App, host: &str) -> Result<Site> {
        if app.config.is_shared_host(host) {
            return Ok(Site::Shared);
        }
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let account = domains::account_of(conn, &name.to_ascii_lowercase())?;
        account.map(Site::Account).ok_or(Error::NotFound)
    }

    /// Whether people of this account may be here.
    pub fn welcomes(self, account: AccountId, shared_host: bool) -> bool {
        match self {
            Site::Shared => shared_host,
            Site::Account(own) => own == account,
        }
    }
}
