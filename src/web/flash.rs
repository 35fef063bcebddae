//! The one sentence that the next page shows: "Yara Haddad was added." Kept in a short-lived cookie.

use super::cookies;
use super::page::{local_path, with_back};
use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

const COOKIE: &str = "flash";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Flash {
    pub text: String,
    /// A refusal rather than a confirmation.
    #[serde(default)]
    pub bad: bool,
    /// What to do next: paths of ours and their labels.
    #[serde(default)]
    pub links: Vec<(String, String)>,
    /// The list that they lead back to: kept once, since a cookie is small.
    #[serde(default)]
    pub back: String,
}

impl Flash {
    pub fn done(text: impl Into<String>) -> Self {
        Flash { text: text.into(), bad: false, links: vec![], back: String::new() }
    }

    pub fn refused(text: impl Into<String>) -> Self {
        Flash { text: text.into(), bad: true, links: vec![], back: String::new() }
    }

    pub fn with_link(mut self, path: impl Into<String>, label: impl Into<String>) -> Self {
        self.links.push((path.into(), label.into()));
        self
    }

    /// The list that all links lead back to.
    pub fn with_back(self, back: impl Into<String>) -> Self {
        Flash { back: back.into(), ..self }
    }

    /// Where a link leads.
    pub fn path(&self, link: &str) -> String {
        with_back(link.to_owned(), &self.back)
    }

    /// The sentence that the page before left. A link that leads away from here was not ours.
    pub fn take(req: &HttpRequest) -> Option<Flash> {
        // actix has undone the percent signs already.
        let flash: Flash = serde_json::from_str(cookies::get(req, COOKIE)?.value()).ok()?;
        flash.links.iter().all(|(path, _)| local_path(path) == path).then_some(flash)
    }
}

fn cookie(value: String, age: Duration) -> Cookie<'static> {
    Cookie::build(COOKIE, value).path("/").http_only(true).same_site(SameSite::Lax).max_age(age).finish()
}

/// 303 to `path`, with a sentence to show there.
pub fn redirect(path: &str, flash: Option<Flash>) -> HttpResponse {
    let mut response = HttpResponse::SeeOther();
    response.insert_header((header::LOCATION, path));
    if let Some(flash) = flash {
        let json = serde_json::to_string(&flash).unwrap_or_default();
        let value = utf8_percent_encode(&json, NON_ALPHANUMERIC).to_string();
        response.cookie(cookie(value, Duration::minutes(2)));
    }
    response.finish()
}

/// Once a page has shown it, it is gone. Called on every response to a request that carried one.
pub fn forget(headers: &mut HeaderMap) {
    let is_new = |value: &HeaderValue| value.as_bytes().starts_with(b"flash=");
    let shown = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if shown
        && !headers.get_all(header::SET_COOKIE).any(is_new)
        && let Ok(value) = HeaderValue::from_str(&cookie(String::new(), Duration::ZERO).to_string())
    {
        headers.append(header::SET_COOKIE, value);
    }
}

pub fn is_carried_by(req: &HttpRequest) -> bool {
    cookies::get(req, COOKIE).is_some()
}
