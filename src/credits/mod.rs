//! Credits and calling minutes: the account's pools, the parts of them given to users, and the ledger of every change to
//! either. The database itself refuses what breaks used <= allocated <= total, and whoever would change an entry.
//!
//! All of it moves through [`Book`]: read under the account's turn, so that what was read stays true until the commit, and
//! saved with its entries. Cycles cost one change a pool, however many users there are: an allocation remembers in which
//! cycle its `used` was counted, and in a later one nothing is used yet. Tables: `credit_pools`, `allocations`, `ledger`,
//! `usage_days`, `usage_months`; of these last two, [`sums`] reads.

mod book;
mod cycle;
mod ledger;
mod meter;
mod model;
mod recount;
mod release;
mod shortage;
pub mod sums;

pub use book::Book;
pub use cycle::{CYCLE_DAYS, CycleSettings, cycle_over, end_cycles, set_cycle};
pub use ledger::{
    Entry, EntryId, EntryKind, IdempotencyKey, Reported, given_by_batch, history, is_used_of_batch, known,
};
pub use meter::Meter;
pub use model::{Allocation, AtCycleEnd, CreditKind, Pool, allocations_of, create_pools, pools, set_thresholds};
pub use recount::{Differences, recount};
pub use release::{Released, forget, release};
pub use shortage::Shortage;
pub use sums::{Scope, Whose, month_of};
