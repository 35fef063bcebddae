//! Forms as people send them: all strings, so that a bad value is a sentence under its field and never a bare 400.

use crate::app::App;
use crate::error::Error;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// Bytes of a query string: more than any page of ours sends.
pub const LONGEST_QUERY: usize = 8 * 1024;
/// Bytes of the address of a list to come back to: it must fit, encoded twice, into the cookie of a flash.
pub const LONGEST_BACK: usize = 1500;

/// A form body. Unlike actix's own, it reads repeated fields into a `Vec`.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = body(req, payload);
        // What other sites can send without asking first is this and plain text; browsers send forms as this alone.
        let is_form = req.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded");
        Box::pin(async move {
            if !is_form {
                return Err(Error::BadRequest);
            }
            let body = body.await?;
            let text = std::str::from_utf8(&body).map_err(|_| Error::BadRequest)?;
            read(text).map(Form)
        })
    }
}

/// A body, whatever it is: as large as its route allows, and in time.
pub fn body(req: &HttpRequest, payload: &mut Payload) -> impl Future<Output = Result<web::Bytes, Error>> + use<> {
    let body = web::Bytes::from_request(req, payload);
    let time = req.app_data::<web::Data<App>>().map_or(Duration::ZERO, |app| app.config.request_timeout);
    async move {
        let body = tokio::time::timeout(time, body).await.map_err(|_| Error::TooSlow)?;
        body.map_err(|cause| match cause.as_response_error().status_code() {
            StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge,
            _ => Error::BadRequest,
        })
    }
}

/// A query string, read like [`Form`].
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Error;
    type Future = std::future::Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let query = req.query_string();
        let is_short = query.len() <= LONGEST_QUERY;
        std::future::ready(if is_short { read(query).map(Query) } else { Err(Error::TooLarge) })
    }
}

/// Reads a form's body or a query string. What is no UTF-8 is refused, since it would be stored as question marks; NUL
/// too: nobody types it, and Postgres keeps no text that has it.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| Error::BadRequest)?;
    if decoded.contains('\0') {
        return Err(Error::BadRequest);
    }
    serde_html_form::from_str(text).map_err(|_| Error::BadRequest)
}

/// Sentences by field name, in the order in which they were found.
#[derive(Debug, Default, Clone)]
pub struct Errors(Vec<(&'static str, String)>);

impl Errors {
    /// The first sentence of a field stays.
    pub fn add(&mut self, field: &'static str, sentence: impl Into<String>) {
        if !self.has(field) {
            self.0.push((field, sentence.into()));
        }
    }

    pub fn one(field: &'static str, sentence: impl Into<String>) -> Self {
        Errors(vec![(field, sentence.into())])
    }

    pub fn get(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == field).map(|(_, sentence)| sentence.as_str())
    }

    pub fn has(&self, field: &str) -> bool {
        self.get(field).is_some()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &(&'static str, String)> {
        self.0.iter()
    }
}

/// What is typed, without the blanks around it.
pub fn trimmed(text: &str) -> String {
    text.trim().to_owned()
}
