use super::book::Book;
use super::shortage::Shortage;
use crate::access::{AccountId, Actor, UserId};
use crate::clock;
use crate::db::{Conn, Prepared};
use crate::error::Result;
use crate::schema::{accounts, allocations, credit_pools};
use crate::text_enum;
use crate::web::list::LONGEST_PAGE;
use crate::web::text::{Times, number};
use chrono::NaiveDateTime;
use diesel::dsl::case_when;
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

    /// As sentences count it: "Export credits", "minutes".
    pub fn noun(self) -> &'static str {
        match self {
            CreditKind::Export => "Export credits",
            CreditKind::DirectDial => "Direct Dial credits",
            CreditKind::Calling => "Calling credits",
            CreditKind::Minutes => "minutes",
        }
    }

    /// "500 Export credits", "1 minute".
    pub fn amount(self, amount: i64) -> String {
        let noun = self.noun();
        let noun = if amount == 1 { noun.strip_suffix('s').unwrap_or(noun) } else { noun };
        format!("{} {noun}", number(amount))
    }

    /// "Export Credits", "Minutes": what a user has.
    pub fn title(self) -> &'static str {
        match self {
            CreditKind::Export => "Export Credits",
            CreditKind::DirectDial => "Direct Dial Credits",
            CreditKind::Calling => "Calling Credits",
            CreditKind::Minutes => "Minutes",
        }
    }

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

text_enum! {
    /// What becomes of a pool when its cycle ends.
    pub enum AtCycleEnd {
        Keep = "keep", "Keep what is left";
        Reset = "reset", "Reset";
        RollOver = "roll_over", "Roll over up to a cap";
    }
}

/// What the account has of one kind. Credits are whole numbers, minutes whole minutes.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = credit_pools, primary_key(kind), treat_none_as_null = true)]
pub struct Pool {
    pub kind: CreditKind,
    pub total: i64,
    pub allocated: i64,
    pub used: i64,
    /// What erased users had used: part of both.
    pub(super) erased: i64,
    /// Counts the cycles: what was used in an earlier one is used no more.
    pub(super) cycle: i32,
    /// None: it has no cycle.
    pub cycle_ends_at: Option<NaiveDateTime>,
    /// The day of the month on which a cycle begins.
    pub cycle_day: i32,
    pub at_cycle_end: AtCycleEnd,
    /// What the pool gets with each cycle.
    pub cycle_grant: i64,
    /// How much of what is left is kept, where it rolls over.
    pub roll_over_cap: i64,
    /// The threshold, in percent, that its admins were told of last; 0 for none.
    pub(super) warned: i32,
}

/// What one user has of one kind, in the pool's cycle.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Allocation {
    pub user_id: UserId,
    pub kind: CreditKind,
    pub allocated: i64,
    pub used: i64,
}

impl Allocation {
    pub fn none(user_id: UserId, kind: CreditKind) -> Self {
        Allocation { user_id, kind, allocated: 0, used: 0 }
    }

    pub fn left(&self) -> i64 {
        self.allocated - self.used
    }

    /// Whether the user can have `amount` of this pool in all.
    pub fn may_have(&self, pool: &Pool, amount: i64) -> Result<(), Shortage> {
        let (kind, wanted) = (self.kind, amount);
        let most = self.allocated.saturating_add(pool.unallocated());
        if amount < self.used {
            return Err(Shortage::Used { kind, wanted, used: self.used });
        }
        if amount > most {
            return Err(Shortage::Pool { kind, wanted, unallocated: pool.unallocated(), total: pool.total, most });
        }
        Ok(())
    }
}

impl Pool {
    pub fn is_credit(&self) -> bool {
        CreditKind::CREDITS.contains(&self.kind)
    }

    pub fn left(&self) -> i64 {
        self.total - self.used
    }

    /// Whether a new cycle begins with nothing used.
    pub fn resets(&self) -> bool {
        self.at_cycle_end != AtCycleEnd::Keep
    }

    /// What can still be given to users.
    pub fn unallocated(&self) -> i64 {
        self.total - self.allocated
    }

    /// The highest of these thresholds, in percent used, that is reached; 0 for none.
    pub(super) fn threshold(&self, all: &[i32]) -> i32 {
        let is_reached = |percent: &i32| self.total > 0 && self.used_share() >= i64::from(*percent) * 10;
        all.iter().copied().filter(is_reached).max().unwrap_or(0)
    }

    /// Used of the total, in thousandths.
    pub fn used_share(&self) -> i64 {
        share(self.used, self.total)
    }

    /// The line under the bar.
    pub(super) fn note(&self) -> String {
        let (allocated, left) = (number(self.allocated), number(self.left()));
        match self.used_share() {
            1000.. if self.total > 0 => format!("{allocated} allocated, 0 left, top up or reallocate"),
            900.. => format!("{allocated} allocated. Running low, {left} left"),
            _ => format!("{allocated} allocated, {left} left"),
        }
    }

    /// For those who do not see the bar.
    pub(super) fn in_words(&self) -> String {
        format!("{} used and {} allocated of {}", number(self.used), number(self.allocated), number(self.total))
    }
}

/// In thousandths.
pub(super) fn share(part: i64, total: i64) -> i64 {
    if total == 0 { 0 } else { (i128::from(part) * 1000 / i128::from(total)) as i64 }
}

/// One pool a kind, each with `total` to give and a cycle that begins with each month.
pub fn create_pools(conn: &mut Conn, actor: &Actor, times: &Times, total: impl Fn(CreditKind) -> i64) -> Result<()> {
    for &kind in CreditKind::ALL {
        diesel::insert_into(credit_pools::table)
            .values((
                credit_pools::account_id.eq(actor.account),
                credit_pools::kind.eq(kind),
                credit_pools::total.eq(0),
                credit_pools::allocated.eq(0),
                credit_pools::used.eq(0),
                credit_pools::erased.eq(0),
                credit_pools::cycle_ends_at.eq(times.next_month_day(1, clock::now())),
            ))
            .execute(conn)?;
    }
    let mut book = Book::open(conn, actor, &[])?;
    for &kind in CreditKind::ALL {
        if total(kind) > 0 {
            book.grant(kind, total(kind))?;
        }
    }
    book.save(conn, actor, "")?;
    Ok(())
}

pub fn pools(conn: &mut Conn, account: AccountId) -> Result<Vec<Pool>> {
    let mut pools: Vec<Pool> =
        credit_pools::table.filter(credit_pools::account_id.eq(account)).select(Pool::as_select()).load(conn)?;
    pools.sort_by_key(|pool| pool.kind);
    Ok(pools)
}

/// At how many percent of a pool the account's admins are told; none for no warnings.
pub fn set_thresholds(conn: &mut Conn, account: AccountId, percents: &[i32]) -> Result<()> {
    let text = percents.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    diesel::update(accounts::table.find(account)).set(accounts::low_credit_at.eq(text)).execute(conn)?;
    Ok(())
}

/// What these users have; nothing for those who have none.
pub fn allocations_of(conn: &mut Conn, account: AccountId, users: &[UserId]) -> Result<Vec<Allocation>> {
    if users.is_empty() {
        return Ok(vec![]);
    }
    let pool = credit_pools::account_id.eq(allocations::account_id).and(credit_pools::kind.eq(allocations::kind));
    let query = allocations::table
        .inner_join(credit_pools::table.on(pool))
        .filter(allocations::account_id.eq(account))
        .filter(allocations::user_id.eq_any(users.to_vec()))
        .select((
            allocations::user_id,
            allocations::kind,
            allocations::allocated,
            case_when(allocations::cycle.eq(credit_pools::cycle), allocations::used)
                .otherwise(0i64.into_sql::<BigInt>()),
        ));
    // Lists as long as a page at most; an export's are longer, and seldom.
    Ok(if users.len() > LONGEST_PAGE { query.load(conn)? } else { Prepared(query).load(conn)? })
}
