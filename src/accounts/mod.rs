//! The customers of the operator. All data belongs to exactly one account. An installation without an account is set up
//! through a one-time link. Tables: `accounts`, `setup_links`.

mod form;
mod model;
pub mod pages;
mod set_up;

pub use form::{NewAccountText, check_new, password_error};
pub use model::{Account, NewAccount, brand, create, find, ids, may_add_users, times};
pub use set_up::{has_accounts, is_valid, new_link, use_link};
