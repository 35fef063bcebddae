use crate::access::AccountId;
use crate::clock;
use crate::db::{self, Conn};
use crate::error::Result;
use crate::schema::{accounts, domains};
use crate::text_enum;
use diesel::dsl::{exists, not};
use diesel::prelude::*;

text_enum! {
    pub enum DomainStatus {
        Pending = "pending", "Pending";
        Verified = "verified", "Verified";
        Failing = "failing", "Failing";
    }
}

/// The account whose verified domain this host is. Lower case, without port.
pub fn account_of(conn: &mut Conn, host: &str) -> Result<Option<AccountId>> {
    Ok(domains::table
        .filter(domains::host.eq(host))
        .filter(domains::status.eq(DomainStatus::Verified))
        .select(domains::account_id)
        .first(conn)
        .optional()?)
}

/// The verified domain under which an account's people work, if it has one: the oldest.
pub fn primary_of(conn: &mut Conn, account: AccountId) -> Result<Option<String>> {
    Ok(domains::table
        .filter(domains::account_id.eq(account))
        .filter(domains::status.eq(DomainStatus::Verified))
        .order(domains::id)
        .select(domains::host)
        .first(conn)
        .optional()?)
}

/// A domain that the operator vouches for.
pub fn add_verified(conn: &mut Conn, account: AccountId, host: &str) -> Result<()> {
    diesel::insert_into(domains::table)
        .values((
            domains::account_id.eq(account),
            domains::id.eq(db::new_id()),
            domains::host.eq(host),
            domains::status.eq(DomainStatus::Verified),
            domains::created_at.eq(clock::now()),
        ))
        .execute(conn)?;
    Ok(())
}

/// A condition on `accounts`: their people have somewhere to sign in, a verified domain or the shared host.
#[diesel::dsl::auto_type]
pub fn has_somewhere_to_sign_in() -> _ {
    let own_domain = domains::table.filter(domains::account_id.eq(accounts::id)).filter(domains::status.eq("verified"));
    accounts::shared_host.eq(true).or(exists(own_domain))
}

/// A condition on `accounts`: their people may be on the shared host. An account without a verified domain has nowhere
/// else to go; its admins read there that a domain must be set up before users can be added.
#[diesel::dsl::auto_type]
pub fn may_use_shared_host() -> _ {
    let own_domain = domains::table.filter(domains::account_id.eq(accounts::id)).filter(domains::status.eq("verified"));
    accounts::shared_host.eq(true).or(not(exists(own_domain)))
}
