//! People and departments' log-ins within an account: Manage Users, adding, one user, enabling and disabling.
//!
//! Rules, each in one place whoever calls: [`rules`] (rank, self, what needs which permission), `seats` (licences, the
//! last Owner, the account's counts, by one guarded update), unique indexes (address, username, extension).
//! Deleting, retention and erasure: `removal`. Tables: `users` (what the list shows), `user_settings`, `companies`,
//! `deletions`.

mod allocate;
pub(crate) mod check;
mod companies;
mod export;
mod fold;
pub mod form;
pub mod list;
mod model;
pub mod pages;
pub mod preset;
mod removal;
mod rules;
mod seat_map;
mod seats;
mod selected;
mod switch;
pub mod tabs;
mod write;

pub use allocate::{Wanted, allocate, allocate_more, take_back};
pub use check::short;
pub use fold::fold;
pub use model::{
    Allocator, Details, Name, PayForSeat, Row, Seat, Status, UseBalance, User, UserType, actor, find, full_name, known,
    known_as, named, rows, search_text, who_allocate,
};
pub use pages::amount;
pub use removal::{Deleted, PROMISED_DAYS, RETENTION, Removal, delete, due, erase_due, heir_known_as, restore};
pub use rules::{Target, allocating, deleting, giving_plan, giving_role, may_revoke, products, revoking, switching};
pub use seats::{recount, take_turn};
pub use selected::Selected;
pub use switch::{Switched, set_password, set_plan, set_role, set_status};
pub use write::{NewUser, Update, add, add_owner, begin, update};
