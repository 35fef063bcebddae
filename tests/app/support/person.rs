//! People and their browsers.

use super::page::Page;
use reqwest::cookie::{CookieStore, Jar};
use reqwest::header::{HOST, ORIGIN};
use reqwest::{Client, Method, RequestBuilder, Url};
use seatkeeper::access::{AccountId, Role, UserId};
use seatkeeper::users::User;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

/// A browser: it keeps cookies, says where a form was (Origin), and does not follow redirects by itself.
#[derive(Clone)]
pub struct Browser {
    client: Client,
    cookies: Arc<Jar>,
    address: SocketAddr,
    /// The name typed in the address bar; the server's address otherwise.
    host: Option<String>,
    /// The network address, as a proxy tells it.
    network: Option<String>,
}

impl Browser {
    pub fn new(address: SocketAddr) -> Self {
        let cookies = Arc::new(Jar::default());
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .cookie_provider(cookies.clone())
            .no_proxy()
            // Packing is slow in a debug build; its own tests ask for it.
            .gzip(false)
            // A connection that idled while a test did something slow may be closed by the server as it is used again.
            .pool_max_idle_per_host(0)
            .build()
            .unwrap();
        Browser { client, cookies, address, host: None, network: None }
    }

    /// The same browser, cookies and all, at another name of the same server.
    pub fn at(&self, host: &str) -> Browser {
        Browser { host: Some(host.to_owned()), ..self.clone() }
    }

    /// The same browser in another network, where the server believes the proxy before it (`Setup::proxy`).
    pub fn from(&self, network: &str) -> Browser {
        Browser { network: Some(network.to_owned()), ..self.clone() }
    }

    pub async fn get(&self, path: &str) -> Page {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post<N: AsRef<str>, V: AsRef<str>>(
        &self,
        path: &str,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Page {
        self.try_post(path, fields).await.expect("the server answers")
    }

    /// None where the server goes away before it has answered.
    pub async fn try_post<N: AsRef<str>, V: AsRef<str>>(
        &self,
        path: &str,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Option<Page> {
        let origin = format!("http://{}", self.host());
        self.try_send(self.submission(path, fields).header(ORIGIN, origin)).await
    }

    pub async fn try_get(&self, path: &str) -> Option<Page> {
        self.try_send(self.request(Method::GET, path)).await
    }

    /// A form on its way, without an Origin yet.
    pub fn submission<N: AsRef<str>, V: AsRef<str>>(
        &self,
        path: &str,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> RequestBuilder {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.request(Method::POST, path).header("content-type", "application/x-www-form-urlencoded").body(body)
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("http://{}{path}", self.address));
        let request = match &self.host {
            Some(host) => request.header(HOST, host),
            None => request,
        };
        match &self.network {
            Some(network) => request.header("x-forwarded-for", network),
            None => request,
        }
    }

    pub async fn send(&self, request: RequestBuilder) -> Page {
        self.try_send(request).await.expect("the server answers")
    }

    pub async fn try_send(&self, request: RequestBuilder) -> Option<Page> {
        Page::read(request.send().await.ok()?).await
    }

    /// Goes where a page sends one.
    pub async fn follow(&self, page: &Page) -> Page {
        self.get(page.location.as_deref().unwrap_or_else(|| panic!("no redirect: {page:?}"))).await
    }

    /// Signs in; `host`: where, if not on the shared host. Fails where that is refused.
    pub async fn sign_in(&self, login: &str, password: &str, host: Option<&str>) {
        let here = host.map_or_else(|| self.clone(), |host| self.at(host));
        let page = here.try_sign_in(login, password).await;
        assert_eq!(page.status, 303, "{login} can't sign in: {page:?}");
    }

    pub async fn try_sign_in(&self, login: &str, password: &str) -> Page {
        self.post("/sign-in", [("login", login), ("password", password)]).await
    }

    /// Whether this browser is signed in.
    pub async fn is_signed_in(&self) -> bool {
        let page = self.get("/profile").await;
        assert!(page.status == 200 || page.sends_to_sign_in(), "{page:?}");
        page.status == 200
    }

    pub fn host(&self) -> String {
        self.host.clone().unwrap_or_else(|| self.address.to_string())
    }

    fn url(&self) -> Url {
        format!("http://{}/", self.address).parse().unwrap()
    }

    /// The value of a cookie that the browser holds.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let all = self.cookies.cookies(&self.url())?;
        let pairs = all.to_str().unwrap().split("; ").filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(found, _)| *found == name).map(|(_, value)| value.to_owned())
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.add_cookie_str(&format!("{name}={value}; Path=/"), &self.url());
    }
}

/// A user with a browser.
#[derive(Clone)]
pub struct Person {
    pub id: UserId,
    pub account: AccountId,
    pub name: String,
    pub role: Role,
    /// What they sign in with: e-mail address, or username.
    pub login: String,
    pub browser: Browser,
}

impl Person {
    pub fn new(browser: Browser, account: AccountId, user: &User) -> Self {
        let details = &user.details;
        let login = if details.email.is_empty() { &details.username } else { &details.email };
        Person { id: user.id, account, name: details.name(), role: details.role, login: login.clone(), browser }
    }

    /// Where they are edited.
    pub fn path(&self) -> String {
        format!("/users/{}", self.id)
    }
}

impl Deref for Person {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.browser
    }
}
