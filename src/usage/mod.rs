//! Usage: what the products that consume credits report of users, the warnings when a pool runs low, and the end of billing
//! cycles.

pub mod api;
mod cycle;
mod low;
mod report;

pub use cycle::end_cycles;
pub use report::{Direction, Event, Outcome, report};
