//! The console of who runs the installation: not a role of an account, and on the shared host only. Table: `operators`.

mod model;
pub mod pages;

pub use model::{appoint, of_account};
