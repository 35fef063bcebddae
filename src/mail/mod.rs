//! E-mail: queued in the transaction of what caused it, sent by a worker over SMTP, backed off and given up visibly.
//! Never lost, never before the commit. Without SMTP settings the operator reads the queue. Table: `outbox`.

mod message;
mod model;
mod smtp;
mod worker;

pub use message::{Brand, Message};
pub use model::{MailId, MailState, Queued, Recipient, forget, newest, purge, queue, read, withdraw};
pub use worker::{check, run};
