//! `seatkeeper demo`: two made-up accounts on a database of their own, from a fixed seed, with dates relative to today.
//! The same people each time, any number of them; their sign-ins are known, so it is served on loopback only.

mod calendar;
mod companies;
mod database;
mod fill;
mod names;
mod people;
mod pools;
mod random;
mod rows;
mod samples;
mod sums;

pub use database::{is_empty, open};
pub use fill::fill;

/// Everybody's.
pub const PASSWORD: &str = "seatkeeper-demo";

/// The sign-ins that are printed at the start: one a role of the first account, and the second account's Owner. The
/// first is the operator too.
pub const SIGN_INS: [&str; 8] = [
    "owner@demo.example",
    "admin@demo.example",
    "manager@demo.example",
    "moderator@demo.example",
    "dev@demo.example",
    "agent@demo.example",
    "member@demo.example",
    "owner@other.example",
];
