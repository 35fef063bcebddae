//! Errors for programs: everything under `/api` answers them as RFC 9457 has it.

use crate::error::{Result, SOON};
use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

const KIND: &str = "application/problem+json";

/// Whether a path is one of those that programs ask.
pub fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// What went wrong, as RFC 9457 has it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// Which kind of problem it is; "about:blank" where the status says it all.
    #[serde(rename = "type")]
    kind: String,
    /// The same for all of its kind.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong this time, for people.
    detail: String,
    /// The numbers that `detail` tells, by name.
    #[serde(flatten)]
    more: BTreeMap<&'static str, Value>,
}

impl Problem {
    /// `name`: what stands at the end of its type.
    pub fn new(status: StatusCode, name: &str, title: &'static str, detail: impl Into<String>) -> Self {
        let kind = format!("urn:seatkeeper:problem:{name}");
        Problem { kind, title, status: status.as_u16(), detail: detail.into(), more: BTreeMap::new() }
    }

    /// One that its status tells apart from others.
    pub fn of_status(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        let (kind, status) = ("about:blank".to_owned(), status.as_u16());
        Problem { kind, title, status, detail: detail.into(), more: BTreeMap::new() }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.more.insert(name, value.into());
        self
    }

    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub fn response(&self) -> Result<HttpResponse> {
        let body = serde_json::to_string(self).map_err(anyhow::Error::from)?;
        Ok(HttpResponse::build(self.status()).content_type(KIND).body(body))
    }
}

/// Whether a response is one already.
pub fn is_problem<B>(response: &HttpResponse<B>) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes() == KIND.as_bytes())
}

/// The problem of an error, with the status and headers of the response that it takes the place of.
pub fn instead_of<B>(response: &HttpResponse<B>) -> HttpResponse {
    let problem = Problem::of_status(response.status(), sentence(response.status()));
    let mut built = HttpResponse::build(response.status());
    for (name, value) in response.headers() {
        built.append_header((name, value));
    }
    // Also after a commit that is in doubt: under its key an event can come again, which a form had better not.
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        built.insert_header((header::RETRY_AFTER, SOON));
    }
    built.content_type(KIND).body(serde_json::to_string(&problem).unwrap_or_default())
}

/// What programs, and who writes them, are told of errors that any request may meet.
fn sentence(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "Send an API token that works on this host, as Authorization: Bearer sk_….",
        403 => "This token does not allow it.",
        404 => "Nothing is at this address. /api/v1/openapi.json names all there are.",
        405 => "This address does not take this method. /api/v1/openapi.json names those that it takes.",
        408 => "The request took too long to arrive. Nothing was done.",
        413 => "The request is larger than what is read here. Nothing was done.",
        415 => "Send JSON, as Content-Type: application/json. Nothing was done.",
        429 => "Too many requests. Wait as long as Retry-After says.",
        503 => {
            "The server can't answer at the moment. Send the request again later, under the same idempotency keys: what was \
             counted is not counted again."
        }
        507 => "The server's disk is full or fails, and nothing was done. Tell whoever runs this installation.",
        500.. => "It was not your doing, and nothing was done. Tell whoever runs this installation if it stays.",
        _ => "The request can't be read. Nothing was done.",
    }
}
