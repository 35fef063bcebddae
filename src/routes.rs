//! Every URL of the application. What a route needs is read off its handler's signature, so this list is also what
//! the tests walk: every route with every role, and from another account.

use crate::access::{Guard, Needs};
use crate::{accounts, batches, openapi, operator, sessions, tokens, usage, users, web as ours};
use actix_web::http::header::Allow;
use actix_web::{FromRequest, Handler, HttpResponse, Responder, Route, http::Method, web};

pub struct Entry {
    pub method: Method,
    pub path: &'static str,
    pub needs: Needs,
    route: Route,
    /// Bytes of a body, where it may be larger than a form.
    body: Option<usize>,
}

impl Entry {
    fn taking(self, bytes: usize) -> Self {
        Entry { body: Some(bytes), ..self }
    }
}

pub fn all() -> Vec<Entry> {
    vec![
        // Everybody's way in
        get("/", users::pages::home),
        get("/sign-in", sessions::pages::new),
        post("/sign-in", sessions::pages::create),
        post("/sign-out", sessions::pages::delete),
        get("/set-up/{token}", accounts::pages::new),
        post("/set-up/{token}", accounts::pages::create),
        post("/scheme", ours::page::set_scheme),
        // Own profile
        get("/profile", users::pages::profile),
        // Usage Report
        get("/usage", usage::pages::own),
        get("/usage.csv", usage::pages::own_csv),
        get("/usage/team", usage::pages::team),
        get("/usage/team.csv", usage::pages::team_csv),
        get("/users/{id}/usage", usage::pages::user),
        get("/users/{id}/usage.csv", usage::pages::user_csv),
        // Manage Users
        get("/users", users::pages::index),
        get("/users/new", users::pages::new),
        post("/users", users::pages::create),
        get("/users/export.csv", users::pages::csv),
        get("/users/export.xlsx", users::pages::xlsx),
        post("/users/batches", batches::pages::create),
        get("/users/batches/{id}", batches::pages::show),
        post("/users/batches/{id}", batches::pages::confirm),
        post("/users/batches/{id}/undo", batches::pages::undo),
        get("/users/{id}", users::pages::edit),
        post("/users/{id}", users::pages::update),
        post("/users/{id}/status", users::pages::set_status),
        get("/users/{id}/role", users::pages::confirm_role),
        post("/users/{id}/role", users::pages::set_role),
        post("/users/{id}/restoration", users::pages::restore),
        get("/users/{id}/credits", users::pages::credits),
        get("/users/{id}/manage-credit", users::pages::manage_credit),
        post("/users/{id}/manage-credit", users::pages::save_credit),
        get("/users/{id}/allocate-minute", users::pages::allocate_minute),
        post("/users/{id}/allocate-minute", users::pages::save_minute),
        // API tokens
        get("/api-tokens", tokens::pages::index),
        post("/api-tokens", tokens::pages::create),
        get("/api-tokens/{id}/revocation", tokens::pages::confirm_revocation),
        post("/api-tokens/{id}/revocation", tokens::pages::revoke),
        // Operator
        get("/operator/mail", operator::pages::mail),
        get("/operator/mail/{id}", operator::pages::message),
        // Programs
        post("/api/v1/usage", usage::api::create).taking(usage::api::LARGEST),
        get("/api/v1/openapi.json", openapi::document),
        // Machines
        get("/static/{name}", ours::assets::serve),
        get("/favicon.ico", ours::assets::favicon),
        get("/robots.txt", ours::assets::robots),
        get("/healthz", ours::health::alive),
        get(ours::health::READY, ours::health::ready),
    ]
}

fn get<F, Args>(path: &'static str, handler: F) -> Entry
where
    F: Handler<Args>,
    Args: FromRequest + Guard + 'static,
    F::Output: Responder + 'static,
{
    Entry { method: Method::GET, path, needs: Args::NEEDS, route: web::get().to(handler), body: None }
}

fn post<F, Args>(path: &'static str, handler: F) -> Entry
where
    F: Handler<Args>,
    Args: FromRequest + Guard + 'static,
    F::Output: Responder + 'static,
{
    Entry { method: Method::POST, path, needs: Args::NEEDS, route: web::post().to(handler), body: None }
}

pub fn configure(config: &mut web::ServiceConfig) {
    let mut entries = all();
    while !entries.is_empty() {
        let path = entries[0].path;
        let (here, rest): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(|entry| entry.path == path);
        let largest = here.iter().filter_map(|entry| entry.body).max();
        let resource = web::resource(path).default_service(none_but(here.iter().map(|entry| entry.method.clone())));
        let resource = here.into_iter().fold(resource, |resource, entry| resource.route(entry.route));
        config.service(match largest {
            Some(bytes) => resource.app_data(web::PayloadConfig::new(bytes)),
            None => resource,
        });
        entries = rest;
    }
}

/// What any other method is answered: 405 with the methods that there are, which the framework would not name.
fn none_but(methods: impl Iterator<Item = Method>) -> Route {
    let allow = Allow(methods.collect());
    web::to(move || {
        let allow = allow.clone();
        async move { HttpResponse::MethodNotAllowed().insert_header(allow).finish() }
    })
}
