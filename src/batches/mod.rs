//! One change to many users: enable, disable, set role, set plan, allocate credits, delete. Who is meant is fixed when the confirmation is
//! shown: who comes to match later is untouched. The confirmation foretells what will happen to how many, and who is
//! refused and why. Then the batch is applied in chunks, each user by the same verb and rules as alone, in the same
//! transaction as its place in the batch: after a crash it goes on where it was, and nothing is done twice.
//!
//! What is foretold joins the batch with the tables of users and credits: one query, where asking these would be one a user.
//! Tables: `batches`, `batch_items`.

mod action;
mod foresee;
mod model;
pub mod pages;
mod run;
mod show;
mod undo;

pub use action::Action;
pub use model::{Batch, BatchId, BatchState, Selection, Why, confirm, create, purge};
pub use run::{Step, put_off, running, step};
