use crate::access::{AccountId, UserId};
use crate::db::{Conn, Prepared};
use crate::error::Result;
use crate::schema::{allocations, credit_pools};
use crate::text_enum;
use crate::web::list::LONGEST_PAGE;
use crate::web::text::number;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

text_enum! {
    /// The three credit kinds, and calling minutes. The label is that of the account's pool.
    pub enum CreditKind {
        Export = "export", "Team Export Credits";
        DirectDial = "direct_dial", "Team Direct Dial Credits";
        Calling = "calling", "Team Calling Credits";
        Minutes = "minutes", "Team Minutes";
    }
}

impl CreditKind {
    /// The kinds that the list adds up as credits; minutes are shown apart.
    pub const CREDITS: [CreditKind; 3] = [CreditKind::Export, CreditKind::DirectDial, CreditKind::Calling];

    /// "Export", "Direct Dial", "Calling", "Minutes".
    pub fn name(self) -> &'static str {
        match self {
            CreditKind::Export => "Export",
            CreditKind::DirectDial => "Direct Dial",
            CreditKind::Calling => "Calling",
            CreditKind::Minutes => "Minutes",
        }
    }
}

/// What the account has of one kind. Credits are whole numbers, minutes whole minutes.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = credit_pools)]
pub struct Pool {
    pub kind: CreditKind,
    pub total: i64,
    pub allocated: i64,
    pub used: i64,
    /// What erased users had used: part of both.
    erased: i64,
}

/// What one user has of one kind.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct Allocation {
    pub user_id: UserId,
    pub kind: CreditKind,
    pub allocated: i64,
    pub used: i64,
}

impl Pool {
    pub fn is_credit(&self) -> bool {
        CreditKind::CREDITS.contains(&self.kind)
    }

    pub fn left(&self) -> i64 {
        self.total - self.used
    }

    /// Used of the total, in thousandths.
    pub fn used_share(&self) -> i64 {
        share(self.used, self.total)
    }

    /// Allocated of the total, in thousandths.
    pub fn allocated_share(&self) -> i64 {
        share(self.allocated, self.total)
    }

    /// The tone of the bar: "warn" from 90 percent, "bad" when used up.
    pub fn tone(&self) -> &'static str {
        match self.used_share() {
            _ if self.total == 0 => "",
            1000.. => "bad",
            900.. => "warn",
            _ => "",
        }
    }

    /// The line under the bar.
    pub fn note(&self) -> String {
        let (allocated, left) = (number(self.allocated), number(self.left()));
        match self.tone() {
            "bad" => format!("{allocated} allocated, 0 left, top up or reallocate"),
            "warn" => format!("{allocated} allocated. Running low, {left} left"),
            _ => format!("{allocated} allocated, {left} left"),
        }
    }

    /// For those who do not see the bar.
    pub fn in_words(&self) -> String {
        format!("{} used and {} allocated of {}", number(self.used), number(self.allocated), number(self.total))
    }
}

fn share(part: i64, total: i64) -> i64 {
    if total == 0 { 0 } else { (i128::from(part) * 1000 / i128::from(total)) as i64 }
}

/// One pool a kind, each with `total` to give.
pub fn create_pools(conn: &mut Conn, account: AccountId, total: impl Fn(CreditKind) -> i64) -> Result<()> {
    for &kind in CreditKind::ALL {
        diesel::insert_into(credit_pools::table)
            .values((
                credit_pools::account_id.eq(account),
                credit_pools::kind.eq(kind),
                credit_pools::total.eq(total(kind)),
                credit_pools::allocated.eq(0),
                credit_pools::used.eq(0),
                credit_pools::erased.eq(0),
            ))
            .execute(conn)?;
    }
    Ok(())
}

pub fn pools(conn: &mut Conn, account: AccountId) -> Result<Vec<Pool>> {
    let mut pools: Vec<Pool> =
        credit_pools::table.filter(credit_pools::account_id.eq(account)).select(Pool::as_select()).load(conn)?;
    pools.sort_by_key(|pool| pool.kind);
    Ok(pools)
}

/// What these users have; nothing for those who have none.
pub fn allocations_of(conn: &mut Conn, account: AccountId, users: &[UserId]) -> Result<Vec<Allocation>> {
    let query = allocations::table
        .filter(allocations::account_id.eq(account))
        .filter(allocations::user_id.eq_any(users.to_vec()))
        .select(Allocation::as_select());
    // Lists as long as a page at most; an export's are longer, and seldom.
    Ok(if users.len() > LONGEST_PAGE { query.load(conn)? } else { Prepared(query).load(conn)? })
}

/// What `verify` found wrong, one sentence each.
pub type Differences = Vec<String>;

/// Adds the pools' sums up again.
pub fn recount(conn: &mut Conn, account: AccountId) -> Result<Differences> {
    let mut wrong = vec![];
    for pool in pools(conn, account)? {
        let sum = |column: &str| sql::<BigInt>(&format!("CAST(COALESCE(SUM({column}), 0) AS BIGINT)"));
        let (allocated, used): (i64, i64) = allocations::table
            .filter(allocations::account_id.eq(account))
            .filter(allocations::kind.eq(pool.kind))
            .select((sum("allocated"), sum("used")))
            .first(conn)?;
        let (allocated, used) = (allocated + pool.erased, used + pool.erased);
        if (allocated, used) != (pool.allocated, pool.used) {
            wrong.push(format!(
                "account {}: pool {} says {} allocated and {} used, its allocations add up to {allocated} and {used}",
                account.0,
                pool.kind.code(),
                pool.allocated,
                pool.used
            ));
        }
    }
    Ok(wrong)
}
