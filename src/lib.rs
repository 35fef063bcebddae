//! Seatkeeper: the user management of communications accounts.
//!
//! # Map
//!
//! | where | what |
//! |---|---|
//! | [`routes`] | every URL on one page |
//! | [`app`], [`config`], [`db`], [`error`], [`clock`] | what all of it stands on |
//! | [`access`] | who may do what: `Can<P>` guards every signed-in page |
//! | [`web`] | HTTP: forms, flash, lists, headers, assets; of the business it knows only who looks at a page |
//! | [`accounts`] | the customers: creation, set-up, counts |
//! | [`plans`], [`teams`], [`credits`], [`domains`] | what users are put into and given |
//! | [`users`] | Manage Users: the list, adding, one user, enabling and disabling, deleting, export |
//! | [`usage`] | usage as it comes in, the Usage Report, the forecast |
//! | [`batches`] | one change to many users, foretold and then applied in chunks |
//! | [`sessions`] | signing in and out |
//! | [`usage`], [`tokens`], [`openapi`] | what products report of credits that were used, by which tokens, and how that is described |
//! | [`activity`], [`mail`] | what every write leaves behind: its log entry and its e-mail |
//! | [`operator`] | the console of who runs the installation |
//! | [`demo`], [`verify`], [`server`] | the commands |
//!
//! A capability has the same files, as far as it needs them: `model` (rows, queries, verbs; split by noun where it is long,
//! and with its parts all that knows its tables, but for the one query of [`access`] and what [`batches`] foretells), `form`
//! (what a person may type), `pages` (handlers). A capability calls another's model, never its pages.
//!
//! # One request: POST /users, "Create & Add User"
//!
//! [`routes`] names `users::pages::create`. Its first argument, `Can<EditUsers>`, finds session, user and account in
//! one query or answers 303 or 403. `users::form` makes `Details` of what was typed, or errors, shown with what was
//! typed and status 422. `users::add` then, in ONE [`db::Db::write`]: takes a seat by a guarded update, inserts, queues
//! the e-mail, records the activity. A unique index answers "already taken". A flash and a 303 lead back to the list.

pub mod access;
pub mod accounts;
pub mod activity;
pub mod app;
pub mod batches;
pub mod clock;
pub mod config;
pub mod credits;
pub mod db;
pub mod demo;
pub mod domains;
pub mod error;
pub mod mail;
pub mod openapi;
pub mod operator;
pub mod plans;
pub mod routes;
mod schema;
pub mod server;
pub mod sessions;
pub mod teams;
mod text_enum;
pub mod tokens;
mod turns;
pub mod usage;
pub mod users;
pub mod verify;
pub mod web;
