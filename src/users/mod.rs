//! People and departments' log-ins within an account: Manage Users, adding, one user, enabling and disabling.
//!
//! Rules, each in one place whoever calls: [`rules`] (rank, self, what needs which permission), `seats` (licences, the
//! last Owner, the account's counts, by one guarded update), unique indexes (address, username, extension).
//! Tables: `users` (what the list shows), `user_settings`, `companies`.

pub(crate) mod check;
mod companies;
mod fold;
pub mod form;
pub mod list;
mod model;
pub mod pages;
pub mod preset;
mod rules;
mod seat_map;
mod seats;
mod write;

pub use fold::fold;
pub use model::{Details, PayForSeat, Seat, Status, UseBalance, User, UserType, find, known_as, search_text};
pub use seats::recount;
pub use write::{NewUser, Update, add, add_owner, set_password, set_status, update};
