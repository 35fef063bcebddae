//! All that a page can send: its forms, each by every button that sends it elsewhere, and its links with a query.

use super::page::{Page, sent};
use scraper::{ElementRef, Selector};
use std::collections::BTreeSet;

/// A form as it is rendered, or a link with a query.
#[derive(Debug, Clone)]
pub struct Sendable {
    pub is_post: bool,
    /// Path, without a query.
    pub path: String,
    /// What a browser sends as it stands.
    pub fields: Vec<(String, String)>,
    /// Everything with a name, buttons too, whether it is sent or not.
    pub controls: Vec<Control>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    pub name: String,
    pub kind: Kind,
    sent: Option<String>,
    /// A button's own: where it sends the form, by GET.
    formaction: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What a person types into, and sees again in an answer with an error.
    Text,
    /// A password, which is never sent back.
    Secret,
    Choice,
    Hidden,
    Button,
}

const CONTROLS: &str = ":is(input, select, textarea, button)";

impl Page {
    /// All of a page whose own address is `here`, itself among them.
    pub fn sendables(&self, here: &str) -> Vec<Sendable> {
        let forms = self.each("form", |form| {
            let inside = form.select(&Selector::parse(CONTROLS).unwrap()).filter_map(control).collect::<Vec<_>>();
            let text = |name: &str| form.attr(name).unwrap_or_default().to_owned();
            (text("id"), text("action"), text("method") == "post", inside)
        });
        let forms = forms.into_iter().flat_map(|(id, action, is_post, mut controls)| {
            if !id.is_empty() {
                controls.extend(self.each(&format!("{CONTROLS}[form='{id}']"), control).into_iter().flatten());
            }
            let path = if action.is_empty() { here.to_owned() } else { action };
            Sendable::of(is_post, path, controls)
        });
        let mut links = self.attrs("a[href*='?']", "href");
        links.extend(here.contains('?').then(|| here.to_owned()));
        forms.chain(links.iter().map(|link| Sendable::link(link))).collect()
    }
}

impl Sendable {
    /// By its own button, and by each that leads elsewhere.
    fn of(is_post: bool, path: String, controls: Vec<Control>) -> Vec<Self> {
        let elsewhere: BTreeSet<String> = controls.iter().filter_map(|control| control.formaction.clone()).collect();
        let (buttons, mut fields): (Vec<Control>, Vec<Control>) =
            controls.into_iter().partition(|control| control.kind == Kind::Button);
        let mut all: Vec<Sendable> =
            elsewhere.into_iter().map(|path| Sendable::with(false, path, fields.clone())).collect();
        // A button without a name is what sends the form; where all have one, the first does.
        let is_plain = buttons.iter().any(|button| button.name.is_empty());
        let named = buttons.into_iter().filter(|button| !button.name.is_empty() && button.formaction.is_none());
        fields.extend(
            named
                .enumerate()
                .map(|(at, button)| Control { sent: button.sent.filter(|_| at == 0 && !is_plain), ..button }),
        );
        all.push(Sendable::with(is_post, path, fields));
        all
    }

    fn link(href: &str) -> Self {
        let (path, query) = href.split('#').next().unwrap_or_default().split_once('?').unwrap();
        let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned();
        let control = |(name, value)| Control { name, kind: Kind::Hidden, sent: Some(value), formaction: None };
        Sendable::with(false, path.to_owned(), pairs.map(control).collect())
    }

    fn with(is_post: bool, path: String, controls: Vec<Control>) -> Self {
        let sent = controls.iter().filter_map(|control| Some((control.name.clone(), control.sent.clone()?)));
        let path = path.split('?').next().unwrap_or_default().to_owned();
        Sendable { is_post, path, fields: sent.collect(), controls }
    }

    /// The fields, this one with other values: none, one or several.
    pub fn with_field(&self, name: &str, values: &[&str]) -> Vec<(String, String)> {
        let others = self.fields.iter().filter(|(field, _)| field != name).cloned();
        others.chain(values.iter().map(|value| (name.to_owned(), (*value).to_owned()))).collect()
    }
}

fn control(element: ElementRef<'_>) -> Option<Control> {
    let name = element.attr("name").unwrap_or_default().to_owned();
    let kind = match (element.value().name(), element.attr("type").unwrap_or_default()) {
        ("button", _) | (_, "submit") => Kind::Button,
        ("select", _) | (_, "radio" | "checkbox") => Kind::Choice,
        (_, "hidden") => Kind::Hidden,
        (_, "password") => Kind::Secret,
        _ => Kind::Text,
    };
    let sent = match kind {
        Kind::Button => element.attr("value").map(str::to_owned),
        _ => sent(element).map(|(_, value)| value),
    };
    let formaction = element.attr("formaction").map(str::to_owned);
    (kind == Kind::Button || !name.is_empty()).then_some(Control { name, kind, sent, formaction })
}
