//! Every form of every page that somebody gets to, as a browser would send it.

use super::page::{Page, sent};
use super::{Browser, PASSWORD, TestApp, UserForm};
use scraper::{ElementRef, Selector};
use seatkeeper::access::UserId;
use std::collections::BTreeSet;

/// A form with one of its buttons.
#[derive(Debug, Clone)]
pub struct Found {
    pub action: String,
    pub fields: UserForm,
    /// What it offers besides what it sends: options, boxes and buttons that were not chosen.
    pub offers: Vec<(String, String)>,
}

impl Found {
    /// The action, with "{id}" for each id in it, as src/routes.rs has it.
    pub fn pattern(&self) -> String {
        let path = self.action.split('?').next().unwrap();
        path.split('/')
            .map(|part| if part.parse::<i64>().is_ok() { "{id}" } else { part })
            .collect::<Vec<_>>()
            .join("/")
    }

    pub fn names(&self) -> BTreeSet<String> {
        self.fields.clone().into_iter().map(|(name, _)| name).collect()
    }

    /// Filled in so that it is not refused for dull reasons: required fields, a fresh name (`n`), the version that is stored.
    pub fn ready(&self, app: &TestApp, n: usize) -> UserForm {
        let mut fields = self.fields.clone();
        let user = self.action.split('/').nth(2).and_then(|id| id.parse::<i64>().ok());
        if let (Some(id), true) = (user, fields.get("version").is_some()) {
            let stored = app.texts(&format!("SELECT CAST(version AS TEXT) AS t FROM users WHERE id = {id}"));
            fields = fields.with("version", stored.first().map_or("1", String::as_str));
        }
        if self.action == "/users" {
            let name = format!("eve{n}");
            let typed =
                [("first_name", name.as_str()), ("username", &name), ("password", PASSWORD), ("confirm", "yes")];
            fields = typed.into_iter().fold(fields.without("preset"), |fields, (name, value)| fields.with(name, value));
        }
        fields
    }

    /// The same form for another id.
    pub fn aimed_at(&self, id: UserId) -> Found {
        let aimed = |part: &str| if part.parse::<i64>().is_ok() { id.to_string() } else { part.to_owned() };
        let action = self.action.split('/').map(aimed).collect::<Vec<_>>().join("/");
        let fields =
            if self.fields.get("id").is_some() { self.fields.clone().with("id", id) } else { self.fields.clone() };
        Found { action, fields, ..self.clone() }
    }
}

/// The pages that one gets to by links, and what they are. Lists that differ only in how they are sorted, filtered or
/// turned are one page.
pub async fn crawl(who: &Browser, starts: &[String]) -> Vec<(String, Page)> {
    let mut waiting = starts.to_vec();
    let mut known = BTreeSet::new();
    let mut pages = vec![];
    while let Some(path) = waiting.pop() {
        if !known.insert(kind(&path)) {
            continue;
        }
        let page = who.get(&path).await;
        waiting.extend(page.location.clone());
        waiting.extend(page.attrs("a[href^='/']", "href"));
        pages.push((path, page));
        assert!(pages.len() < 300, "the crawl does not end");
    }
    pages
}

fn kind(path: &str) -> String {
    let path = path.split('#').next().unwrap();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let status = query.split('&').find(|pair| pair.starts_with("status=") || pair.starts_with("role="));
    format!("{path}?{}", status.unwrap_or_default())
}

/// The forms that one gets to and that write, one of each kind: where it leads and what it asks. Signing out is left out.
pub async fn forms(who: &Browser, starts: &[String]) -> Vec<Found> {
    let mut kinds = BTreeSet::new();
    let pages = crawl(who, starts).await;
    let all = pages.iter().flat_map(|(_, page)| forms_of(page)).filter(|form| form.action != "/sign-out");
    all.filter(|form| kinds.insert((form.pattern(), form.names()))).collect()
}

/// The forms of a page that write, one for each button.
fn forms_of(page: &Page) -> Vec<Found> {
    page.each("form[method=post]", found).into_iter().flatten().collect()
}

fn found(form: ElementRef<'_>) -> Vec<Found> {
    let action = form.attr("action").expect("a form says where it leads").to_owned();
    let controls = controls(form);
    let fields: UserForm = controls.iter().filter_map(|control| sent(*control)).collect();
    let offers: Vec<_> = controls.iter().flat_map(|control| offered(*control)).collect();
    let is_button = |control: &&ElementRef<'_>| control.value().name() == "button";
    let is_other_way = |button: &&ElementRef<'_>| button.attr("formmethod").is_some();
    let buttons: Vec<_> = controls.iter().filter(is_button).filter(|button| !is_other_way(button)).collect();
    let pressed = buttons.into_iter().map(|button| match button.attr("name") {
        Some(name) => fields.clone().with(name, button.attr("value").unwrap_or_default()),
        None => fields.clone(),
    });
    pressed.map(|fields| Found { action: action.clone(), fields, offers: offers.clone() }).collect()
}

/// Those inside, and those that name the form from outside.
fn controls(form: ElementRef<'_>) -> Vec<ElementRef<'_>> {
    let all = Selector::parse("input, select, textarea, button").unwrap();
    let root = form.ancestors().filter_map(ElementRef::wrap).last().expect("a form is in a page");
    let id = form.attr("id");
    let is_ours = |control: &ElementRef<'_>| match control.attr("form") {
        Some(owner) => Some(owner) == id,
        None => control.ancestors().any(|one| one.id() == form.id()),
    };
    root.select(&all).filter(is_ours).collect()
}

fn offered(control: ElementRef<'_>) -> Vec<(String, String)> {
    let Some(name) = control.attr("name") else { return vec![] };
    let value = |element: ElementRef<'_>| (name.to_owned(), element.attr("value").unwrap_or_default().to_owned());
    match control.value().name() {
        "select" => control.select(&Selector::parse("option").unwrap()).map(value).collect(),
        _ => vec![value(control)],
    }
}

/// The addresses of two dialogs about a user.
pub async fn dialogs(amara: &Browser, user: UserId) -> [String; 3] {
    let page = amara.post("/users/batches", [("id", user.to_string().as_str()), ("action", "delete")]).await;
    [page.location.unwrap(), format!("/users/{user}/role?role=owner"), allocated(amara, user).await]
}

/// The page of a batch that has allocated something, and can be undone.
pub async fn allocated(amara: &Browser, user: UserId) -> String {
    let id = user.to_string();
    let asked = amara.post("/users/batches", [("id", id.as_str()), ("action", "allocate:export:0")]).await;
    let path = asked.location.unwrap();
    amara.post(&path, [("how", "each"), ("amount", "1"), ("previewed", "1")]).await;
    path
}
