//! API tokens, by which programs report usage in the name of whoever made them. The token itself is shown once and kept
//! nowhere: the row has its hash. It works until it is revoked or expires, and as long as its maker is enabled and may
//! have API tokens. Table: `api_tokens`.

mod form;
mod model;
pub mod pages;

pub use model::{ApiToken, NewToken, Secret, State, TokenId, create, needs_touch, page, revoke, take_turn, touch};
