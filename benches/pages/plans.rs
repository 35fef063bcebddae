//! The plans of what the pages ask for.

use super::cases::{Case, Request};
use crate::support::place::Place;
use crate::support::plans;
use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web;
use seatkeeper::app::{self, App};
use seatkeeper::config::{Config, ServerSettings};

/// Runs each case once, within this program, and writes down what it asks the database.
pub fn write(place: &Place, session: &str, cases: &[Case], users: u32) {
    plans::watch();
    let db = place.open();
    let config = Config::read(&ServerSettings::plain(), place.folder.path()).unwrap();
    let app = web::Data::new(App::new(config, db.clone()).unwrap());
    let asked = actix_web::rt::System::new().block_on(async move {
        let service = init_service(app::build(app)).await;
        let mut asked = vec![];
        for case in cases {
            plans::listen();
            let Request { method, path, form, status } = case.request(0);
            let request = TestRequest::with_uri(&path)
                .method(Method::from_bytes(method.as_bytes()).unwrap())
                .insert_header(("Host", "127.0.0.1:8080"))
                .insert_header(("Origin", "http://127.0.0.1:8080"))
                .insert_header(("Cookie", session))
                .insert_header(("Content-Type", "application/x-www-form-urlencoded"))
                .peer_addr("127.0.0.1:1".parse().unwrap())
                .set_payload(form);
            let answer = call_service(&service, request.to_request()).await;
            assert_eq!(answer.status(), status, "{path}");
            asked.push((case.name, plans::heard()));
        }
        asked
    });
    plans::write(&db, "pages", users, asked);
}
