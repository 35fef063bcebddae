//! What programs send.

use super::form;
use crate::error::Error;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use std::future::Future;
use std::pin::Pin;

/// A body that says of itself that it is JSON, not read yet.
pub struct JsonBody(pub web::Bytes);

impl FromRequest for JsonBody {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = form::body(req, payload);
        let is_json = req.content_type().eq_ignore_ascii_case("application/json");
        Box::pin(async move { if is_json { body.await.map(JsonBody) } else { Err(Error::WrongKind) } })
    }
}
