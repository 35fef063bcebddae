//! The subscription tiers that seats are assigned to, defined by the operator for all accounts: free or paid, and
//! which products their seats may use. Table: `plans`.

mod model;

pub use model::{Plan, PlanId, all, among, find, install_defaults, name_among, named};
