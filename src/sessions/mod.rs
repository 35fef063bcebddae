//! Signing in and out. Sessions are rows on the server; the cookie holds a random key, the row only its hash.
//! Failures slow down and say the same whether or not the address exists. Tables: `sessions`, `sign_in_failures`.

mod form;
mod known;
mod model;
pub mod pages;
mod passwords;
mod store;
mod throttle;

pub use known::Known;
pub use model::{
    Candidate, NewSession, candidates, end_all, login_key, login_sql, needs_touch, purge, sign_in_url, start, touch,
};
pub use passwords::{PasswordHash, Passwords, credentials_of, set_password};
pub use store::{NewKey, hash, key_hash_of, middleware};
pub use throttle::{Attempt, forget};
