//! What HTTP and the template cost without a database: the same page, rendered from memory, and its bytes alone. Served by
//! this program in a process of its own, with as many threads as the real one.

use crate::support::place::Place;
use crate::support::process::Server;
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use actix_web::{App, HttpResponse, HttpServer, web};
use diesel::prelude::*;
use seatkeeper::access::{Actor, Site, Viewer};
use seatkeeper::clock;
use seatkeeper::db::{Conn, Db, Location};
use seatkeeper::error::Result;
use seatkeeper::users::list::{Limits, ListQuery, Scope};
use seatkeeper::users::pages::IndexPage;
use seatkeeper::web::page::{self, Page};
use std::process::Command;
use std::sync::Arc;

pub const CASES: [&str; 2] = ["/rendered", "/bytes"];
const ROLE: &str = "SEATKEEPER_BENCH_BASELINE";

pub fn is_asked() -> bool {
    std::env::var(ROLE).is_ok()
}

/// Starts this program again, in the other role.
pub fn start(place: &Place) -> Server {
    let mut command = Command::new(std::env::current_exe().unwrap());
    Server::spawn(command.env(ROLE, &place.url))
}

struct Memory {
    page: IndexPage,
    bytes: web::Bytes,
}

pub fn serve() {
    let db = Db::open(Location::parse(&std::env::var(ROLE).unwrap()).unwrap(), 1).unwrap();
    let page = db.read_now(load).unwrap();
    let bytes = web::Bytes::from(askama::Template::render(&page).unwrap());
    let memory = web::Data::from(Arc::new(Memory { page, bytes }));
    let listen = std::env::var("LISTEN").unwrap();
    actix_web::rt::System::new().block_on(async move {
        let app = move || {
            App::new()
                .app_data(memory.clone())
                .route(CASES[0], web::get().to(rendered))
                .route(CASES[1], web::get().to(bytes_alone))
        };
        HttpServer::new(app).bind(listen).unwrap().run().await.unwrap();
    });
}

async fn rendered(memory: web::Data<Memory>) -> Result<HttpResponse> {
    page::html(StatusCode::OK, &memory.page)
}

async fn bytes_alone(memory: web::Data<Memory>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(memory.bytes.clone())
}

#[derive(QueryableByName)]
struct Session {
    #[diesel(sql_type = diesel::sql_types::Text)]
    key_hash: String,
}

/// The first page, as whoever signed in last sees it.
fn load(conn: &mut Conn) -> Result<IndexPage> {
    let newest = diesel::sql_query("SELECT key_hash FROM sessions ORDER BY created_at DESC LIMIT 1");
    let session: Session = newest.get_result(conn)?;
    let viewer = Viewer::load(conn, &session.key_hash, clock::now())?.expect("somebody is signed in");
    let scope = Scope {
        account: viewer.account,
        users: viewer.users(),
        trigrams: true,
        postgres: matches!(conn, Conn::Postgres(_)),
        limits: Limits::default(),
    };
    let page = Page::new(&TestRequest::with_uri("/users").to_http_request(), &viewer, Site::Shared);
    let actor = Actor::of(&viewer, session.key_hash, "127.0.0.1".into());
    IndexPage::load(conn, &scope, actor, page, ListQuery::default())
}
