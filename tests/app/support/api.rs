//! A program that reports usage.

use super::TestApp;
use super::page::Page;
use super::person::Browser;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder};
use seatkeeper::access::{AccountId, UserId};
use serde_json::{Value, json};

pub const USAGE: &str = "/api/v1/usage";

/// A program with a token. It keeps no cookies.
#[derive(Clone)]
pub struct Client {
    browser: Browser,
    pub token: String,
}

/// What a program is answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Client {
    /// With a new token of a user's.
    pub fn of(app: &TestApp, account: AccountId, maker: UserId) -> Self {
        Client { token: app.token_of(account, maker, "Dialer"), browser: app.visitor() }
    }

    /// The same program, at another instance or under another name.
    pub fn at(&self, browser: Browser) -> Self {
        Client { browser, token: self.token.clone() }
    }

    pub fn with_token(&self, token: &str) -> Self {
        Client { token: token.to_owned(), browser: self.browser.clone() }
    }

    pub fn request(&self) -> RequestBuilder {
        let request = self.browser.request(Method::POST, USAGE).header(CONTENT_TYPE, "application/json");
        request.header(AUTHORIZATION, format!("Bearer {}", self.token))
    }

    /// Reports one event.
    pub async fn report(&self, key: &str, event: Value) -> Answer {
        self.send(self.one(key, event)).await
    }

    /// Reports many; the result of each.
    pub async fn report_all(&self, events: Vec<Value>) -> Vec<Value> {
        let sent = events.len();
        let results = self.send(self.many(events)).await.results();
        assert_eq!(results.len(), sent);
        results
    }

    /// The request that reports one event.
    pub fn one(&self, key: &str, event: Value) -> RequestBuilder {
        self.request().header("Idempotency-Key", key).body(event.to_string())
    }

    /// The request that reports many.
    pub fn many(&self, events: Vec<Value>) -> RequestBuilder {
        self.request().body(json!({ "events": events }).to_string())
    }

    /// None where the server goes away before it has answered.
    pub async fn try_send(&self, request: RequestBuilder) -> Option<Answer> {
        Some(Answer::read(&self.browser.try_send(request).await?))
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::read(&self.browser.send(request).await)
    }
}

impl Answer {
    /// The test fails where an error is no problem as RFC 9457 has it, or does not say when to come again.
    pub fn read(page: &Page) -> Self {
        let body: Value = serde_json::from_str(&page.html).unwrap_or_else(|_| panic!("no JSON: {page:?}"));
        let kind = page.header("content-type").unwrap_or_default();
        if page.status < 400 {
            assert_eq!(kind, "application/json", "{page:?}");
        } else {
            assert_eq!(kind, "application/problem+json", "{page:?}");
            is_problem(&body);
            assert_eq!(body["status"], page.status, "{page:?}");
            let wait = page.header("retry-after").and_then(|seconds| seconds.parse::<u32>().ok());
            assert_eq!(wait.is_some(), [429, 503].contains(&page.status), "{page:?}");
        }
        Answer { status: page.status, body }
    }

    /// The result of each event of a batch.
    pub fn results(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{self:?}");
        self.body["results"].as_array().unwrap().clone()
    }
}

pub fn is_problem(body: &Value) {
    for member in ["type", "title", "detail"] {
        assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {body}");
    }
    assert!(body["status"].is_u64(), "{body}");
}
