//! The program's tests, by capability. Each test has a database of its own and talks to a real server over HTTP, as a
//! person at a browser does. They run on SQLite; with `TEST_DATABASE_URL` (a throw-away Postgres) the same ones run
//! there. `tests/run` does both.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

mod accounts;
mod activity;
mod api;
mod batches;
mod cli;
mod clock;
mod crash;
mod credits;
mod disk;
mod fields;
mod forgery;
mod forms;
mod hostile;
mod instances;
mod isolation;
mod licences;
mod list;
mod mail;
mod operator;
mod outage;
mod parsers;
mod permissions;
mod query_plans;
mod races;
mod rank;
mod schema;
mod seats;
mod sessions;
mod throttle;
mod tokens;
mod usage;
mod users;
mod web;
mod wire;
mod workers;
