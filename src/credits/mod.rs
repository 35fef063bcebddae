//! Credits and calling minutes: the account's pools and the parts of them given to users. The database itself refuses
//! what breaks used <= allocated <= total. Tables: `credit_pools`, `allocations`.

mod model;
mod release;

pub use model::{Allocation, CreditKind, Differences, Pool, allocations_of, create_pools, pools, recount};
pub use release::{Released, forget, release, unused};
