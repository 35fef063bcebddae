//! A browser tab, and what a person does and sees in it. Whatever is looked for is waited for; when it does not come,
//! the test fails with what the page shows instead.

use crate::chrome::{self, Device};
use std::fmt::Display;
use std::time::{Duration, Instant};
use thirtyfour::prelude::*;

const PATIENCE: Duration = Duration::from_secs(15);
const OFTEN: Duration = Duration::from_millis(25);

pub struct Tab {
    pub driver: WebDriver,
    pub device: Device,
    site: String,
}

impl Tab {
    /// A new browser that knows nothing of this site yet.
    pub async fn open(device: Device, address: impl Display) -> Self {
        Tab { driver: chrome::start(device).await, device, site: format!("http://{address}") }
    }

    /// Closes the browser; its console must be silent.
    pub async fn close(self) {
        let complaints = self.complaints().await;
        assert!(complaints.is_empty(), "the browser complains: {complaints:#?}");
        self.driver.quit().await.unwrap();
    }

    /// What the browser has to complain of since the last look: errors of scripts, breaches of the content security
    /// policy, files that can't be loaded. Pages that answer 403, 404 or 422 are none.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self.driver.browser_log().await.unwrap();
        let is_refusal = |message: &str| {
            let is_page = !message.contains("/static/") && !message.contains("/favicon");
            is_page && ["403", "404", "422"].iter().any(|code| message.contains(&format!("a status of {code} ")))
        };
        let messages = entries.into_iter().map(|entry| format!("{} {}", entry.level, entry.message));
        messages.filter(|message| !is_refusal(message)).collect()
    }

    // ---- Doing

    /// Types an address: a path of this site, or a whole one.
    pub async fn go(&self, address: &str) {
        let url = if address.starts_with('/') { format!("{}{address}", self.site) } else { address.to_owned() };
        self.driver.goto(url).await.unwrap();
    }

    pub async fn back(&self) {
        self.driver.back().await.unwrap();
    }

    /// Clicks the first visible element that fits.
    pub async fn click(&self, css: &str) {
        self.click_by(css, By::Css(css)).await;
    }

    /// Clicks the link, button or option with these words.
    pub async fn press(&self, words: &str) {
        self.click_by(words, with_words(words)).await;
    }

    async fn click_by(&self, what: &str, by: By) {
        let click = async || {
            let Some(found) = self.visible(by.clone()).await? else { return Ok(None) };
            found.click().await.map(Some)
        };
        self.until(&format!("{what} can be clicked"), click).await;
    }

    /// Types into a field, in place of what is there.
    pub async fn fill(&self, field: &str, text: &str) {
        let control = self.control(field).await;
        control.clear().await.unwrap();
        control.send_keys(text).await.unwrap();
    }

    /// Chooses from a list, by the value that it sends.
    pub async fn choose(&self, field: &str, value: &str) {
        self.click(&format!("main select[name={field}] option[value=\"{value}\"]")).await;
    }

    /// Presses keys, wherever the focus is.
    pub async fn keys(&self, keys: impl AsRef<str>) {
        self.driver.action_chain().send_keys(keys.as_ref()).perform().await.unwrap();
    }

    // ---- Seeing

    /// Waits for a page of this site: path and query.
    pub async fn is_at(&self, path: &str) {
        self.until(&format!("the page is {path}"), async || Ok((self.place().await? == path).then_some(()))).await;
    }

    /// Path and query of the page.
    pub async fn here(&self) -> String {
        self.place().await.unwrap()
    }

    async fn place(&self) -> WebDriverResult<String> {
        let url = self.driver.current_url().await?;
        Ok(url[url::Position::BeforePath..url::Position::AfterQuery].to_owned())
    }

    /// Waits for a visible element that fits and has this in its text.
    pub async fn sees(&self, css: &str, text: &str) {
        let look = async || Ok(self.read(css).await?.iter().any(|seen| seen.contains(text)).then_some(()));
        self.until(&format!("{css} says {text:?}"), look).await;
    }

    /// Waits until all that fit say exactly this.
    pub async fn sees_all(&self, css: &str, texts: &[&str]) {
        let look = async || Ok((self.read(css).await? == texts).then_some(()));
        self.until(&format!("{css} says {texts:?}"), look).await;
    }

    /// Waits for an element, visible or not.
    pub async fn finds(&self, css: &str) -> WebElement {
        self.until(&format!("there is {css}"), async || self.driver.find(By::Css(css)).await.map(Some)).await
    }

    pub async fn count(&self, css: &str) -> usize {
        self.driver.find_all(By::Css(css)).await.unwrap().len()
    }

    /// The text of the first visible that fits.
    pub async fn text(&self, css: &str) -> String {
        let look = async || Ok(self.read(css).await?.into_iter().next());
        self.until(&format!("there is {css}"), look).await
    }

    /// The texts of all visible that fit, on the page that is there.
    pub async fn texts(&self, css: &str) -> Vec<String> {
        self.until(&format!("{css} can be read"), async || self.read(css).await.map(Some)).await
    }

    async fn read(&self, css: &str) -> WebDriverResult<Vec<String>> {
        const READ: &str = "return [...document.querySelectorAll(arguments[0])]
            .filter(one => one.checkVisibility({ visibilityProperty: true })).map(one => one.innerText.trim())";
        self.driver.execute(READ, vec![css.into()]).await?.convert()
    }

    /// What a field holds.
    pub async fn value(&self, field: &str) -> String {
        self.control(field).await.value().await.unwrap().unwrap_or_default()
    }

    /// Which of several options is chosen.
    pub async fn chosen(&self, field: &str) -> String {
        let one = self.finds(&format!("main input[name={field}]:checked")).await;
        one.value().await.unwrap().unwrap_or_default()
    }

    async fn control(&self, field: &str) -> WebElement {
        self.finds(&format!(":is(main, dialog) :is(input, select)[name={field}]:not([type=hidden], [type=radio])"))
            .await
    }

    /// Whether the focus is on what fits.
    pub async fn has_focus(&self, css: &str) -> bool {
        let asked = serde_json::json!(css);
        self.ask_with("return document.activeElement.matches(arguments[0])", asked).await
    }

    /// Waits for the focus.
    pub async fn is_focused(&self, css: &str) {
        self.until(&format!("the focus is on {css}"), async || Ok(self.has_focus(css).await.then_some(()))).await;
    }

    /// What the page answers to an expression. It works without script too: it is the driver that asks.
    pub async fn ask<T: serde::de::DeserializeOwned>(&self, expression: &str) -> T {
        self.ask_with(&format!("return {expression}"), serde_json::Value::Null).await
    }

    async fn ask_with<T: serde::de::DeserializeOwned>(&self, code: &str, argument: serde_json::Value) -> T {
        self.driver.execute(code, vec![argument]).await.unwrap().convert().unwrap()
    }

    async fn visible(&self, by: By) -> WebDriverResult<Option<WebElement>> {
        for element in self.driver.find_all(by).await? {
            if element.is_displayed().await? {
                return Ok(Some(element));
            }
        }
        Ok(None)
    }

    /// Looks until it is there. A page may go while it is looked at: errors are "not yet".
    pub async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> WebDriverResult<Option<T>>) -> T {
        let started = Instant::now();
        loop {
            let seen = look().await;
            if let Ok(Some(found)) = seen {
                return found;
            }
            if started.elapsed() > PATIENCE {
                let why = seen.err().map(|error| error.to_string()).unwrap_or_default();
                panic!("waited in vain until {what}\n{why}\n{}", self.page().await);
            }
            tokio::time::sleep(OFTEN).await;
        }
    }

    /// For a failing test: where it is and what it shows.
    async fn page(&self) -> String {
        let url = self.driver.current_url().await.map(String::from).unwrap_or_default();
        let text: serde_json::Value = match self.driver.execute("return document.body.innerText", vec![]).await {
            Ok(text) => text.json().clone(),
            Err(error) => error.to_string().into(),
        };
        format!("{:?}\n{url}\n{}", self.device, text.as_str().unwrap_or_default())
    }
}

/// What can be clicked and says exactly this, small print and icons aside.
fn with_words(words: &str) -> By {
    let kinds = "self::a or self::button or self::summary or self::span";
    By::XPath(format!("//*[{kinds}][text()[normalize-space()=\"{words}\"]]"))
}
