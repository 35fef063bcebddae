//! What every page shows around its content, and how pages become responses.

use crate::access::{Permission, Site, Viewer, Visitor};
use crate::error::{Result, Words};
use crate::text_enum;
use crate::web::cookies;
use crate::web::flash::{self, Flash};
use crate::web::form::{Form, LONGEST_QUERY};
use crate::web::text::{self, Times};
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

text_enum! {
    /// The colour scheme, kept in a cookie.
    pub enum Scheme {
        Auto = "auto", "Same as device";
        Light = "light", "Light";
        Dark = "dark", "Dark";
    }
}

impl Scheme {
    pub fn of(req: &HttpRequest) -> Self {
        cookies::get(req, "scheme").and_then(|cookie| Scheme::from_code(cookie.value())).unwrap_or(Scheme::Auto)
    }

    pub fn icon(self) -> &'static str {
        match self {
            Scheme::Auto => "screen",
            Scheme::Light => "sun",
            Scheme::Dark => "moon",
        }
    }
}

/// The frame of a signed-in page.
pub struct Page {
    pub scheme: Scheme,
    pub flash: Option<Flash>,
    pub viewer: Viewer,
    pub times: Times,
    /// Path and query of this page, to come back to.
    pub here: String,
    site: Site,
}

impl Page {
    pub fn new(req: &HttpRequest, viewer: &Viewer, site: Site) -> Self {
        Page {
            scheme: Scheme::of(req),
            flash: Flash::take(req),
            times: Times::new(&viewer.time_zone, crate::clock::now()),
            viewer: viewer.clone(),
            here: if req.method().is_safe() {
                req.uri().path_and_query().map_or("/", |here| here.as_str()).to_owned()
            } else {
                "/".to_owned()
            },
            site,
        }
    }

    pub fn initials(&self) -> String {
        text::initials(&self.viewer.name())
    }

    pub fn account_initials(&self) -> String {
        text::initials(&self.viewer.account_name)
    }

    pub fn user_count(&self) -> String {
        text::number(self.viewer.users())
    }

    pub fn sees_users(&self) -> bool {
        self.viewer.permissions().has(Permission::ViewUsers)
    }

    pub fn sees_tokens(&self) -> bool {
        self.viewer.permissions().has(Permission::ApiTokens)
    }

    pub fn sees_operator(&self) -> bool {
        self.viewer.is_operator() && self.site == Site::Shared
    }

    /// Whether a navigation entry leads to where one is.
    pub fn is_at(&self, path: &str) -> bool {
        let here = self.here.split('?').next().unwrap_or_default();
        here == path || here.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The same page, where it was made by a form: the address that a reload should ask.
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.here = path.into();
        self
    }
}

/// A page as a response.
pub fn html(status: StatusCode, page: &impl Template) -> Result<HttpResponse> {
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(page.render()?))
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    scheme: Scheme,
    status: u16,
    words: &'a Words,
}

/// The page of an error, with the status and headers of the response that it takes the place of.
pub fn error_page<B>(response: &HttpResponse<B>, scheme: Scheme, words: &Words) -> HttpResponse {
    let page = ErrorPage { scheme, status: response.status().as_u16(), words };
    let body = page.render().unwrap_or_else(|_| words.title.to_owned());
    let mut built = HttpResponse::build(response.status());
    for (name, value) in response.headers() {
        built.append_header((name, value));
    }
    built.content_type("text/html; charset=utf-8").body(body)
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct SchemeForm {
    scheme: String,
    back: String,
}

/// POST /scheme: the choice in one's own menu. Without a session too: it says nothing of anybody.
pub async fn set_scheme(_: Visitor, Form(form): Form<SchemeForm>) -> HttpResponse {
    let mut response = flash::redirect(local_path(&form.back), None);
    if let Some(scheme) = Scheme::from_code(&form.scheme) {
        let cookie = Cookie::build("scheme", scheme.code())
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .max_age(Duration::days(365))
            .finish();
        // A cookie of letters only can always be added.
        if response.add_cookie(&cookie).is_err() {
            tracing::warn!("the colour scheme could not be kept");
        }
    }
    response
}

/// `path`, with the list to come back to.
pub fn with_back(path: String, back: &str) -> String {
    if back.is_empty() {
        return path;
    }
    format!("{path}?{}", url::form_urlencoded::Serializer::new(String::new()).append_pair("back", back).finish())
}

/// `path` if it leads to a page of ours, "/" otherwise: nobody is sent to another site.
pub fn local_path(path: &str) -> &str {
    let ours = path.len() <= LONGEST_QUERY
        && path.starts_with('/')
        && !path.starts_with("//")
        && path.chars().all(|c| c != '\\' && !c.is_control() && c.is_ascii());
    if ours { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        assert_eq!(local_path("/users?q=a"), "/users?q=a");
        for bad in ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\r\nb", "users"] {
            assert_eq!(local_path(bad), "/");
        }
    }
}
