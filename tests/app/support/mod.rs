//! What tests stand on: an application with two accounts, people with browsers, pages read by CSS selector.

mod api;
mod app;
mod countdown;
mod database;
mod dice;
mod form;
mod forms;
mod page;
mod person;
mod postgres;
mod program;
mod proxy;
mod routes;
mod sendable;
mod smtp;
mod tables;

pub use api::{Answer, Client, USAGE, is_problem};
pub use app::{Setup, TestApp, config, two_words};
pub use countdown::Countdown;
pub use database::{TestDatabase, number, postgres, texts};
pub use dice::{Dice, for_each_case};
pub use form::UserForm;
pub use forms::{Found, allocated, crawl, dialogs, forms};
pub use page::Page;
pub use person::{Browser, Person};
pub use postgres::{PostgresServer, Stop};
pub use program::{Program, Serving};
pub use proxy::{Network, Proxy};
pub use routes::fill;
pub use sendable::{Kind, Sendable};
pub use smtp::{MailServer, Worker};
pub use tables::{Column, Table, tables};

/// The password of everybody in the tests.
pub const PASSWORD: &str = "violet-harbour-92";

/// A form without fields.
pub const NOTHING: [(&str, &str); 0] = [];

/// Runs all at once and gives what each came to, in their order.
pub async fn at_once<T: 'static>(all: Vec<impl Future<Output = T> + 'static>) -> Vec<T> {
    let running: Vec<_> = all.into_iter().map(actix_web::rt::spawn).collect();
    let mut done = vec![];
    for one in running {
        done.push(one.await.unwrap());
    }
    done
}

/// Waits for what happens beside the test; fails after two minutes, since machines may be busy.
pub async fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let started = std::time::Instant::now();
    while !happened() {
        assert!(started.elapsed().as_secs() < 120, "waited in vain: {what}");
        actix_web::rt::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
