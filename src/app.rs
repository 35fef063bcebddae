//! What every request can reach, and the order of what it passes through. [`build`] serves the program and its tests.

use crate::config::Config;
use crate::db::Db;
use crate::error::{Error, Words};
use crate::routes;
use crate::sessions::{self, Passwords};
use crate::turns::Turns;
use crate::web::page::{self, Scheme};
use crate::web::{csrf, headers, health, problem};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, ErrorHandlerResponse, ErrorHandlers, from_fn};
use actix_web::{Error as ActixError, HttpMessage, web};
use std::time::Instant;
use tracing_actix_web::{RequestId, RootSpanBuilder, TracingLogger};

pub struct App {
    pub config: Config,
    pub db: Db,
    pub passwords: Passwords,
    /// Whether the database can find any part of a word: see [`Db::has_trigrams`].
    pub trigrams: bool,
    /// Turns at making large files.
    pub exports: Turns,
}

impl App {
    pub fn new(config: Config, db: Db) -> crate::error::Result<Self> {
        let trigrams = db.has_trigrams()?;
        let passwords = Passwords::new(config.bcrypt_cost);
        Ok(App { config, db, passwords, trigrams, exports: Turns::new(2) })
    }
}

/// The application of one worker thread. The last `wrap` is the first that a request meets.
pub fn build(
    app: web::Data<App>,
) -> actix_web::App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = ActixError,
        InitError = (),
    >,
> {
    actix_web::App::new()
        .app_data(app.clone())
        .app_data(web::PayloadConfig::new(64 * 1024))
        .configure(routes::configure)
        .default_service(web::to(|| async { Err::<actix_web::HttpResponse, Error>(Error::NotFound) }))
        .wrap(sessions::middleware(&app.config))
        .wrap(from_fn(csrf::guard))
        .wrap(ErrorHandlers::new().default_handler(dress_errors))
        .wrap(Compress::default())
        .wrap(from_fn(headers::add))
        .wrap(TracingLogger::<RequestSpan>::new())
}

/// Errors get a page, or for programs a problem: ours, and those that the framework answers itself.
fn dress_errors<B>(response: ServiceResponse<B>) -> actix_web::Result<ErrorHandlerResponse<B>> {
    if !problem::is_api(response.request().path()) {
        return errors_to_pages(response);
    }
    if problem::is_problem(response.response()) {
        return Ok(ErrorHandlerResponse::Response(response.map_into_left_body()));
    }
    let problem = problem::instead_of(response.response());
    let (request, _) = response.into_parts();
    Ok(ErrorHandlerResponse::Response(
        ServiceResponse::new(request, problem).map_into_boxed_body().map_into_right_body(),
    ))
}

/// Errors get a page in the visitor's colour scheme: ours, and those that the framework answers itself (405, 413, a path
/// that is no number).
fn errors_to_pages<B>(response: ServiceResponse<B>) -> actix_web::Result<ErrorHandlerResponse<B>> {
    let kind = response.headers().get(actix_web::http::header::CONTENT_TYPE);
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    // What machines ask of /readyz is no page.
    if is_page || response.request().path() == health::READY {
        return Ok(ErrorHandlerResponse::Response(response.map_into_left_body()));
    }
    let words = response.response().extensions().get::<Words>().cloned();
    let words = words.unwrap_or_else(|| match response.status().as_u16() {
        404 | 405 => Error::NotFound.words(),
        500.. => Error::Busy.words(),
        _ => Error::BadRequest.words(),
    });
    let scheme = Scheme::of(response.request());
    let page = page::error_page(response.response(), scheme, &words);
    let (request, _) = response.into_parts();
    Ok(ErrorHandlerResponse::Response(ServiceResponse::new(request, page).map_into_boxed_body().map_into_right_body()))
}

/// One line a request. The route's pattern, not its path: paths and queries can hold names and one-time links.
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> tracing::Span {
        request.extensions_mut().insert(Started(Instant::now()));
        let id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
        tracing::info_span!("request", id)
    }

    fn on_request_end<B: MessageBody>(span: tracing::Span, outcome: &Result<ServiceResponse<B>, ActixError>) {
        span.in_scope(|| match outcome {
            Ok(response) => {
                let request = response.request();
                let started = request.extensions().get::<Started>().map(|started| started.0);
                tracing::info!(
                    method = %request.method(),
                    route = request.match_pattern().as_deref().unwrap_or("-"),
                    status = response.status().as_u16(),
                    ms = started.map_or(0.0, |started| started.elapsed().as_secs_f64() * 1000.0),
                );
            }
            Err(error) => tracing::warn!(status = error.as_response_error().status_code().as_u16()),
        });
    }
}

#[derive(Clone, Copy)]
struct Started(Instant);
