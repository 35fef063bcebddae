//! Forgery: an unsafe request must come from a page of the same host. Cookies are SameSite=Lax besides. What programs send is
//! no page's, and needs no such care: there a token counts, which no browser adds by itself, and no cookie.

use crate::error::Error;
use crate::web::problem;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap};
use actix_web::middleware::Next;
use actix_web::{Error as ActixError, ResponseError};

pub async fn guard(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, ActixError> {
    if req.method().is_safe() || problem::is_api(req.path()) || is_ours(req.headers()) {
        return Ok(next.call(req).await?.map_into_boxed_body());
    }
    Ok(req.into_response(Error::CrossSite.error_response()))
}

/// Browsers send Origin with every POST; where it is missing, Sec-Fetch-Site must vouch for the request.
fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text(header::HeaderName::from_static("sec-fetch-site"));
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return false;
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => {
            origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
        }
        (Some(_), None) => false,
        (None, _) => site.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(list: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.insert(header::HeaderName::from_static(name), header::HeaderValue::from_static(value));
        }
        is_ours(&headers)
    }

    #[test]
    fn only_pages_of_the_same_host_may_post() {
        assert!(ours(&[("host", "a.example"), ("origin", "https://a.example")]));
        assert!(ours(&[
            ("host", "a.example:8080"),
            ("origin", "http://a.example:8080"),
            ("sec-fetch-site", "same-origin")
        ]));
        assert!(ours(&[("host", "a.example"), ("sec-fetch-site", "same-origin")]));
        assert!(!ours(&[("host", "a.example"), ("origin", "https://evil.example")]));
        assert!(!ours(&[("host", "a.example"), ("origin", "null")]));
        assert!(!ours(&[("host", "a.example"), ("origin", "https://a.example"), ("sec-fetch-site", "cross-site")]));
        assert!(!ours(&[("host", "a.example")]));
    }
}
