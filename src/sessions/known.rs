//! A browser in which somebody has signed in before is known by a sealed cookie. It opens nothing: it only keeps the
//! guesses of others from making this browser wait
//! (https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies).

use super::store::NewKey;
use super::throttle::name_of;
use crate::access::Site;
use crate::config::Config;
use crate::web::cookies;
use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, CookieJar, Key, SameSite, time::Duration};

const COOKIE: &str = "known";
const AGE: Duration = Duration::days(365);

/// Whose browser it is, and which of theirs.
#[derive(Debug, Clone)]
pub struct Known {
    name: String,
    browser: String,
}

impl Known {
    /// None where the browser carries no such cookie, or one that we have not sealed.
    pub fn of(req: &HttpRequest, config: &Config) -> Option<Known> {
        let sealed = cookies::get(req, COOKIE)?;
        let opened = CookieJar::new().private(&Key::from(&config.cookie_key)).decrypt(sealed)?;
        let (name, browser) = opened.value().split_once('.')?;
        Some(Known { name: name.to_owned(), browser: browser.to_owned() })
    }

    /// Which browser it is, if it is one of this name's.
    pub(super) fn by(&self, name: &str) -> Option<&str> {
        (self.name == name).then_some(self.browser.as_str())
    }
}

/// The cookie for a browser in which `login` has just signed in.
pub fn cookie(config: &Config, site: Site, login: &str) -> anyhow::Result<Cookie<'static>> {
    let browser = NewKey::generate()?.hash;
    let cookie = Cookie::build(COOKIE, format!("{}.{browser}", name_of(site, login)));
    let cookie = cookie.path("/").http_only(true).same_site(SameSite::Lax).max_age(AGE).finish();
    let mut jar = CookieJar::new();
    jar.private_mut(&Key::from(&config.cookie_key)).add(cookie);
    jar.get(COOKIE).cloned().ok_or_else(|| anyhow::anyhow!("the cookie can't be sealed"))
}
