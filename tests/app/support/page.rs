//! An answer of the server, read as a person reads a page: by what stands where.

use super::form::UserForm;
use reqwest::header::HeaderMap;
use scraper::{ElementRef, Html, Selector};
use std::cell::OnceCell;

pub struct Page {
    pub status: u16,
    /// Where a redirect leads.
    pub location: Option<String>,
    pub headers: HeaderMap,
    pub html: String,
    /// Read at the first question.
    document: OnceCell<Html>,
}

impl Page {
    /// None where it ends before it is complete.
    pub async fn read(response: reqwest::Response) -> Option<Self> {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let location = headers.get("location").map(|value| value.to_str().unwrap().to_owned());
        let html = String::from_utf8_lossy(&response.bytes().await.ok()?).into_owned();
        Some(Page { status, location, headers, html, document: OnceCell::new() })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn set_cookies(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect()
    }

    pub fn sends_to_sign_in(&self) -> bool {
        self.status == 303 && self.location.as_deref().is_some_and(|to| to.split('?').next() == Some("/sign-in"))
    }

    /// Something of every element that fits a selector.
    pub fn each<T>(&self, selector: &str, read: impl Fn(ElementRef<'_>) -> T) -> Vec<T> {
        let selector = Selector::parse(selector).unwrap_or_else(|error| panic!("{selector}: {error}"));
        let document = self.document.get_or_init(|| Html::parse_document(&self.html));
        document.select(&selector).map(read).collect()
    }

    pub fn count(&self, selector: &str) -> usize {
        self.each(selector, |_| ()).len()
    }

    pub fn has(&self, selector: &str) -> bool {
        self.count(selector) > 0
    }

    /// The texts of all that fit, blanks put in order.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        self.each(selector, |element| tidy(&element.text().collect::<String>()))
    }

    /// The text of the first that fits; the test fails where there is none.
    pub fn text(&self, selector: &str) -> String {
        let found = self.texts(selector).into_iter().next();
        found.unwrap_or_else(|| panic!("nothing is {selector} here: {self:?}"))
    }

    pub fn attrs(&self, selector: &str, name: &str) -> Vec<String> {
        self.each(selector, |element| element.attr(name).unwrap_or_default().to_owned())
    }

    /// The sentence under a field.
    pub fn error(&self, field: &str) -> Option<String> {
        let sentence = self.texts(&format!("#{field}-e")).into_iter().next()?;
        Some(sentence.trim_start_matches("Error: ").to_owned())
    }

    /// The fields that have an error under them.
    pub fn fields_with_errors(&self) -> Vec<String> {
        let ids = self.attrs("p.error", "id");
        ids.into_iter().map(|id| id.trim_end_matches("-e").to_owned()).collect()
    }

    /// What the page before left to say.
    pub fn flash(&self) -> String {
        self.text("main .note p")
    }

    /// The name of each user of a list, as shown.
    pub fn names(&self) -> Vec<String> {
        self.texts("table.list tbody th a")
    }

    /// What a browser would send of a form, button aside.
    pub fn form(&self, selector: &str) -> UserForm {
        let fields = self.each(&format!("{selector} :is(input, select, textarea)"), sent).into_iter().flatten();
        let form: UserForm = fields.collect();
        assert!(!form.is_empty(), "no form {selector} here: {self:?}");
        form
    }

    /// What a field of the page's form holds.
    pub fn value(&self, field: &str) -> String {
        let control = format!(":is(main, dialog) :is(input, select, textarea)[name=\"{field}\"]");
        let values = self.each(&control, sent);
        let value = values.into_iter().flatten().next();
        value.map(|(_, value)| value).unwrap_or_else(|| panic!("no field {field} here: {self:?}"))
    }

    /// Whether somewhere on the page, in text, field or link, this stands.
    pub fn says(&self, text: &str) -> bool {
        self.html.contains(text)
            || tidy(&self.each("html", |all| all.text().collect::<String>()).join(" ")).contains(text)
    }
}

/// Name and value of a control, where it is sent at all.
pub fn sent(control: ElementRef<'_>) -> Option<(String, String)> {
    let name = control.attr("name")?.to_owned();
    let value = || control.attr("value").unwrap_or_default().to_owned();
    match (control.value().name(), control.attr("type").unwrap_or_default()) {
        ("select", _) => {
            let option = Selector::parse("option").unwrap();
            let mut options = control.select(&option);
            let chosen = options.clone().find(|option| option.attr("selected").is_some()).or_else(|| options.next())?;
            Some((name, chosen.attr("value").unwrap_or_default().to_owned()))
        }
        ("textarea", _) => Some((name, control.text().collect())),
        (_, "radio" | "checkbox") => control.attr("checked").map(|_| (name, value())),
        (_, "submit" | "button") => None,
        _ => Some((name, value())),
    }
}

fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// For a failing test: the status, where it leads, and what a person would read.
impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = match self.texts("main").into_iter().next() {
            Some(text) => text,
            None => self.html.clone(),
        };
        let short: String = text.chars().take(600).collect();
        write!(f, "{} {} {short}", self.status, self.location.as_deref().unwrap_or_default())
    }
}
