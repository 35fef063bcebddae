//! Usage: what the products that consume credits report of users, the warnings when a pool runs low, the end of billing
//! cycles, the forecast, and the Usage Report. The report reads nothing but the sums by day and month
//! ([`credits::sums`](crate::credits::sums)), so a year of a million events is told as fast as one of a thousand.

pub mod api;
mod chart;
mod cycle;
mod figures;
mod forecast;
mod low;
mod members;
pub mod pages;
mod period;
mod query;
mod report;

pub use cycle::end_cycles;
pub use forecast::pool_meters;
pub use period::Span;
pub use report::{Direction, Event, Outcome, report};
