//! What is asked.

use super::load::CONNECTIONS;
use crate::support::http::Client;
use scraper::{Html, Selector};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

pub const OWNER: &str = "owner@demo.example";
pub const MEMBER: &str = "member@demo.example";

/// The list, by what its URL says.
pub const LISTS: [(&str, &str); 12] = [
    ("first page", ""),
    ("deep page", "after=m%7E0"),
    ("last page", "before=end"),
    ("by credits", "sort=-credits"),
    ("search, frequent", "q=brightwater"),
    ("search, rare", "q=agent%40demo.example"),
    ("search, missing", "q=zzzzzz"),
    ("search, two letters", "q=ma"),
    ("filter: role", "role=agent"),
    ("filter: company, by email", "company=Brightwater+Clinics&sort=email"),
    ("Disabled", "status=disabled"),
    ("100 rows", "rows=100"),
];

pub struct Request {
    pub method: &'static str,
    pub path: String,
    pub form: String,
    pub status: u16,
}

#[derive(Clone)]
pub struct Case {
    pub name: &'static str,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Get(String),
    SignIn,
    /// One user a connection, so that nobody meets a conflict.
    Save(Arc<Vec<Saved>>),
}

/// A user's form, saved with another job title each time.
struct Saved {
    path: String,
    fields: Vec<(String, String)>,
    version: AtomicU32,
}

impl Case {
    pub fn get(name: &'static str, path: &str) -> Self {
        Case { name, kind: Kind::Get(path.to_owned()) }
    }

    pub fn is_sign_in(&self) -> bool {
        matches!(self.kind, Kind::SignIn)
    }

    /// What this connection asks next.
    pub fn request(&self, connection: usize) -> Request {
        let post = |path: String, form: String| Request { method: "POST", path, form, status: 303 };
        match &self.kind {
            Kind::Get(path) => Request { method: "GET", path: path.clone(), form: String::new(), status: 200 },
            Kind::SignIn => {
                let form = [("login", MEMBER), ("password", seatkeeper::demo::PASSWORD)];
                post("/sign-in".into(), serde_html_form::to_string(form).unwrap())
            }
            Kind::Save(users) => post(users[connection].path.clone(), users[connection].next()),
        }
    }
}

impl Saved {
    fn next(&self) -> String {
        let version = self.version.fetch_add(1, Ordering::Relaxed);
        let fields = self.fields.iter().map(|(name, value)| match name.as_str() {
            "version" => (name.clone(), version.to_string()),
            "job_title" => (name.clone(), format!("Job {version}")),
            _ => (name.clone(), value.clone()),
        });
        serde_html_form::to_string(fields.collect::<Vec<_>>()).unwrap()
    }

    /// What the user's page would send.
    fn read(client: &mut Client, path: &str) -> Self {
        let page = Html::parse_document(&String::from_utf8(client.get(path).body).unwrap());
        let form = page.select(&selector("form#user")).next().expect("a form");
        let (inputs, selects, chosen) =
            (selector("input[name]"), selector("select[name]"), selector("option[selected]"));
        let inputs = form.select(&inputs).filter(|input| {
            let is_choice = matches!(input.attr("type"), Some("checkbox" | "radio"));
            !is_choice || input.attr("checked").is_some()
        });
        let inputs = inputs.map(|input| (input.attr("name"), input.attr("value").unwrap_or("on")));
        let selects = form.select(&selects).filter_map(|select| {
            let option = select.select(&chosen).next()?;
            Some((select.attr("name"), option.attr("value").unwrap_or_default()))
        });
        let fields = inputs.chain(selects).filter_map(|(name, value)| Some((name?.to_owned(), value.to_owned())));
        let fields: Vec<(String, String)> = fields.collect();
        let version = fields.iter().find(|(name, _)| name == "version").expect("a version").1.parse().unwrap();
        Saved { path: path.to_owned(), fields, version: AtomicU32::new(version) }
    }
}

fn selector(text: &str) -> Selector {
    Selector::parse(text).unwrap()
}

pub fn list_path(query: &str) -> String {
    if query.is_empty() { "/users".into() } else { format!("/users?{query}") }
}

/// The lists, saving and signing in.
pub fn all(address: SocketAddr, session: &str) -> Vec<Case> {
    let mut client = Client::with(address, session);
    let members = Html::parse_document(&String::from_utf8(client.get("/users?role=member").body).unwrap());
    let mut paths: Vec<String> = members
        .select(&selector("a[href^='/users/']"))
        .filter_map(|link| link.attr("href")?.split('?').next().map(str::to_owned))
        .filter(|path| path["/users/".len()..].parse::<i64>().is_ok())
        .collect();
    paths.dedup();
    let saved = paths.iter().take(CONNECTIONS).map(|path| Saved::read(&mut client, path)).collect();
    let lists = LISTS.map(|(name, query)| Case { name, kind: Kind::Get(list_path(query)) });
    let others = [
        Case::get("Usage Report, own", "/usage?period=12-months"),
        Case::get("Usage Report, team", "/usage/team?period=12-months"),
        Case::get("Usage Report, a user", &format!("{}/usage?period=12-months", paths[0])),
        Case { name: "save one user", kind: Kind::Save(Arc::new(saved)) },
        Case { name: "sign-in", kind: Kind::SignIn },
    ];
    lists.into_iter().chain(others).collect()
}
