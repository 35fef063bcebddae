//! Cookies of ours, by the plain names that the program uses. Over https browsers know them by names that only this very
//! host can set (`__Host-`): no neighbour under the same domain can plant one.

use crate::app::App;
use actix_web::cookie::Cookie;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{HttpRequest, web};

const HOST_ONLY: &str = "__Host-";

pub fn get(req: &HttpRequest, name: &str) -> Option<Cookie<'static>> {
    let https = req.app_data::<web::Data<App>>().is_some_and(|app| app.config.is_https());
    let mut cookie = if https { req.cookie(&format!("{HOST_ONLY}{name}"))? } else { req.cookie(name)? };
    cookie.set_name(name.to_owned());
    Some(cookie)
}

/// Gives the cookies of a response over https their names there.
pub fn secure(headers: &mut HeaderMap) {
    let all: Vec<HeaderValue> = headers.remove(header::SET_COOKIE).collect();
    for cookie in all {
        let text = cookie.to_str().ok().filter(|text| !text.starts_with(HOST_ONLY));
        let secured = text.and_then(|text| HeaderValue::from_str(&format!("{HOST_ONLY}{text}; Secure")).ok());
        headers.append(header::SET_COOKIE, secured.unwrap_or(cookie));
    }
}
