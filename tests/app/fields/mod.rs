//! Hostile contents in every field that a page sends, found by reading the pages: a form, a field or a link that is added
//! later is attacked without a line here, and a new page by its line in [`PLACES`].

mod requests;

use crate::support::{Browser, Kind, PASSWORD, Page, Person, Sendable, Setup, TestApp};
use seatkeeper::access::{Actor, Needs, UserId};
use seatkeeper::users::{self, Removal};
use seatkeeper::{accounts, clock, routes};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Where forms are: an address, `{user}` and `{pending}` for somebody, `{token}` for a token, or the action that a dialog asks about.
const PLACES: &[&[&str]] = &[LIST, ADDING, EDITING, REPORTS, DIALOGS, TOKENS, OTHERS, SET_UP];
const LIST: &[&str] = &["/users", "/users?status=disabled", "/users?status=pending", "/users?q=clone&sort=-created"];
const ADDING: &[&str] = &["/users/new", "/users/new?back=q%3Dclone"];
const EDITING: &[&str] = &["/users/{user}", "/users/{pending}", "/users/{user}?back=q%3Dclone"];
const REPORTS: &[&str] = &[
    "/usage",
    "/usage?period=dates&from=2026-01-01&to=2026-02-01",
    "/usage/team",
    "/users/{user}/usage?back=q%3Dclone",
];
const DIALOGS: &[&str] = &[
    "disable",
    "allocate:export:0",
    "allocated",
    "delete",
    "/users/{user}/role?role=owner&from=member&back=q%3Dclone",
    "/users/{user}/manage-credit?back=q%3Dclone",
    "/users/{user}/allocate-minute",
    "/users/{user}/credits",
];
const TOKENS: &[&str] = &["/api-tokens", "/api-tokens/{token}/revocation"];
const OTHERS: &[&str] = &["/profile", "/operator/mail", "/sign-in?back=%2Fusers"];
const SET_UP: &[&str] = &["/set-up"];

/// What is typed where a form is blank, so that only the attacked field is wrong. `#`: a number, another each time.
const TYPED: &[(&str, &str)] = &[
    ("first_name", "Mateo"),
    ("last_name", "Silva"),
    ("email", "mateo#@harbourline.example"),
    ("username", "mateo#"),
    ("password", PASSWORD),
    ("own_password", PASSWORD),
    ("confirm", "yes"),
    ("login", "amara.okafor@harbourline.example"),
    ("account", "Harbourline"),
    ("name", "Dialer"),
];

fn hostile_values() -> Vec<String> {
    let texts = [
        "",
        "\u{3164}\u{3164}",
        "\u{202e}evil",
        "מתאו סילבה",
        "a\u{7}b",
        "a\r\nBcc: b@c.example",
        "a\0b",
        "\u{feff}\u{fffd}\u{ffff}",
        "😀👩‍👩‍👧‍👦",
        "=HYPERLINK(\"http://evil.example\")",
        "'\"><script>alert(1)</script>; DROP TABLE users; --",
        "-1",
        "-9223372036854775808~-9223372036854775808",
        "99999999999999999999999999",
        "%00%ff%",
        "//evil.example",
        "q=a&q=b",
    ];
    let long = ["x".repeat(101), "😀".repeat(1500), "1".repeat(5000)];
    texts.into_iter().map(str::to_owned).chain(long).collect()
}

/// A field of a route, whoever it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Target {
    is_post: bool,
    route: &'static str,
    field: String,
}

/// The pattern of the route that serves an address.
fn route_of(is_post: bool, path: &str) -> &'static str {
    static ROUTES: LazyLock<Vec<(bool, &str)>> =
        LazyLock::new(|| routes::all().iter().map(|entry| (entry.method == "POST", entry.path)).collect());
    let fits = |pattern: &str| {
        let (wanted, parts) = (pattern.split('/'), path.split('/'));
        wanted.clone().count() == parts.clone().count()
            && wanted.zip(parts).all(|(wanted, part)| wanted == part || wanted.starts_with('{'))
    };
    let fitting = ROUTES.iter().filter(|(posted, pattern)| *posted == is_post && fits(pattern));
    // The one with the fewest braces is meant, as the server sees it.
    let route = fitting.map(|(_, pattern)| *pattern).min_by_key(|pattern| pattern.matches('{').count());
    route.unwrap_or_else(|| panic!("no route for {path}"))
}

fn targets_of(sendable: &Sendable) -> Vec<Target> {
    let route = route_of(sendable.is_post, &sendable.path);
    let target = |name: &String| Target { is_post: sendable.is_post, route, field: name.clone() };
    sendable.controls.iter().map(|control| target(&control.name)).collect()
}

struct Attack {
    app: TestApp,
    amara: Person,
    done: BTreeSet<Target>,
    failures: Vec<String>,
    staged: usize,
}

/// Somebody about to send a form.
struct Stage {
    who: Browser,
    sendable: Sendable,
    /// Everything that is stored.
    before: String,
}

/// A page that was opened, by whom.
struct Opened {
    who: Browser,
    path: String,
    page: Page,
}

impl Attack {
    async fn new() -> Self {
        let (app, amara) = TestApp::with_owner_and(Setup { seats: 1000, ..Setup::default() }).await;
        app.appoint_operator(&amara);
        app.team(app.account, "Support");
        let free = app.plan("Free").parse().map(seatkeeper::plans::PlanId).unwrap();
        let people = (0..170).map(|n| {
            let mut details = app.details(app.account, &format!("Clone {n}"));
            details.phone_ext = n.to_string();
            details.status = if n < 20 { users::Status::Disabled } else { users::Status::Enabled };
            details.plan = if n % 2 == 0 { details.plan } else { free };
            details
        });
        let ids = app.users_of(app.account, people.collect());
        let removal = Removal { heir: None, erase_at: clock::now() + users::RETENTION };
        let system = Actor::system(app.account);
        for id in ids.iter().skip(20).step_by(2).take(45) {
            app.db.write_now(|conn| users::delete(conn, &app.config, &system, *id, &removal).map(|_| ())).unwrap();
        }
        Attack { app, amara, done: BTreeSet::new(), failures: vec![], staged: 0 }
    }

    /// Somebody of Harbourline who is enabled, or pending deletion, and not its Owner.
    fn somebody(&self, status: &str) -> UserId {
        let theirs = format!("account_id = {} AND role <> 'owner' AND status = '{status}'", self.app.account.0);
        UserId(self.app.number(&format!("SELECT MIN(id) AS n FROM users WHERE {theirs}")))
    }

    /// One that is not revoked.
    fn token(&self) -> String {
        self.app.run("DELETE FROM api_tokens");
        self.app.token_of(self.app.account, self.app.owner, "Dialer");
        self.app.number("SELECT id AS n FROM api_tokens").to_string()
    }

    /// A place as it is before anything is sent from it.
    async fn open(&self, place: &str) -> Opened {
        let who = if place.starts_with("/s") { self.app.visitor() } else { self.amara.browser.clone() };
        let path = match place {
            "/set-up" => {
                self.app.clear();
                format!("/set-up/{}", self.app.db.write_now(accounts::new_link).unwrap())
            }
            address if address.starts_with('/') => {
                self.app.run("DELETE FROM batches");
                let filled = address.replace("{user}", &self.somebody("enabled").to_string());
                let filled = filled.replace("{pending}", &self.somebody("pending").to_string());
                if filled.contains("{token}") { filled.replace("{token}", &self.token()) } else { filled }
            }
            "allocated" => crate::support::allocated(&who, self.somebody("enabled")).await,
            action => {
                let id = self.somebody("enabled").to_string();
                let page = who.post("/users/batches", [("id", id.as_str()), ("action", action)]).await;
                page.location.expect("a dialog")
            }
        };
        let page = who.get(&path).await;
        assert_eq!(page.status, 200, "{place}: {page:?}");
        Opened { who, path, page }
    }

    async fn at(mut self, places: &[&str]) {
        for place in places {
            let found = self.open(place).await;
            let targets: Vec<Target> = found.page.sendables(&found.path).iter().flat_map(targets_of).collect();
            for target in targets {
                // Every page has the menu: one is enough.
                let is_elsewhere = target.route == "/scheme" && *place != "/profile";
                if !is_elsewhere && self.done.insert(target.clone()) {
                    self.attack(place, &target).await;
                }
            }
        }
        assert!(self.app.is_up());
        assert_eq!(self.failures, Vec::<String>::new());
        assert_eq!(self.app.differences(), Vec::<String>::new());
    }

    /// Sends hostile values in one field, all others as they are.
    async fn attack(&mut self, place: &str, target: &Target) {
        let values = hostile_values();
        let mut bodies: Vec<Vec<&str>> = values.iter().map(|value| vec![value.as_str()]).collect();
        bodies.extend([vec![], vec!["a", "b"], vec!["0"; 300]]);
        let mut stage = self.stage(place, target).await;
        for values in bodies {
            let fields = stage.sendable.with_field(&target.field, &values);
            let answer = self.send(&stage, &fields).await;
            let is_refused = (400..500).contains(&answer.status);
            let is_half_done = is_refused && target.is_post && self.app.everything() != stage.before;
            for wrong in wrong_with(&answer, &stage.sendable, &fields, is_half_done) {
                let value: String = values.concat().chars().take(40).collect();
                self.failures.push(format!("{wrong}: {target:?} = {value:?} ({}): {answer:?}", values.len()));
            }
            if target.is_post && !is_refused {
                stage = self.stage(place, target).await;
            }
        }
    }

    /// A place as it is before something is sent from it, with a valid form for the target.
    async fn stage(&mut self, place: &str, target: &Target) -> Stage {
        let Opened { who, path, page } = self.open(place).await;
        let mut all = page.sendables(&path).into_iter();
        let sendable = all.find(|one| targets_of(one).contains(target)).expect("the place has it still");
        self.staged += 1;
        Stage { who, sendable: filled_in(sendable, self.staged), before: self.app.everything() }
    }

    async fn send(&self, stage: &Stage, fields: &[(String, String)]) -> Page {
        // Wrong passwords among them would have to wait.
        self.app.run("DELETE FROM sign_in_failures");
        if stage.sendable.is_post {
            return stage.who.post(&stage.sendable.path, fields.to_vec()).await;
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        stage.who.get(&format!("{}?{query}", stage.sendable.path)).await
    }
}

/// A form, valid as far as this file knows: what is blank in it gets a value.
fn filled_in(mut sendable: Sendable, number: usize) -> Sendable {
    for control in &sendable.controls {
        let is_blank = !sendable.fields.iter().any(|(name, value)| *name == control.name && !value.is_empty());
        if let Some((name, value)) = TYPED.iter().find(|(name, _)| *name == control.name && is_blank) {
            sendable.fields = sendable.with_field(name, &[&value.replace('#', &number.to_string())]);
        }
    }
    sendable
}

/// What is wrong with an answer to a hostile value.
fn wrong_with(
    answer: &Page,
    sendable: &Sendable,
    fields: &[(String, String)],
    is_half_done: bool,
) -> Vec<&'static str> {
    if [200, 303].contains(&answer.status) {
        return vec![];
    }
    if !(400..500).contains(&answer.status) {
        return vec!["neither done nor refused"];
    }
    let told = [".lost h1 + p", ".note p", ".note dt", "p.error"].map(|sentence| answer.texts(sentence)).concat();
    let mut wrong = vec![];
    if told.concat().is_empty() {
        wrong.push("refused without a sentence");
    }
    if is_half_done {
        wrong.push("refused, and something was written");
    }
    if [409, 422].contains(&answer.status) && !keeps(answer, sendable, fields) {
        wrong.push("what was typed is lost");
    }
    wrong
}

/// Whether the answered form holds what was typed.
fn keeps(answer: &Page, sendable: &Sendable, fields: &[(String, String)]) -> bool {
    let answered = answer.sendables(&sendable.path).into_iter();
    let Some(answered) = answered.into_iter().find(|one| one.is_post == sendable.is_post && one.path == sendable.path)
    else {
        return false;
    };
    // As a page keeps line ends.
    let kept = |value: &str| value.replace("\r\n", "\n").replace('\r', "\n");
    let typed = sendable.controls.iter().filter(|control| control.kind == Kind::Text);
    let values = |all: &[(String, String)], name: &str| {
        all.iter().find(|(field, _)| field == name).map(|(_, value)| kept(value)).unwrap_or_default()
    };
    typed.into_iter().all(|control| values(fields, &control.name) == values(&answered.fields, &control.name))
}

#[actix_web::test]
async fn whatever_is_sent_from_the_list_is_done_or_refused_with_a_sentence() {
    Attack::new().await.at(LIST).await;
}

#[actix_web::test]
async fn whatever_is_typed_of_a_new_user_is_taken_or_refused_with_a_sentence() {
    Attack::new().await.at(ADDING).await;
}

#[actix_web::test]
async fn whatever_is_typed_of_a_user_is_saved_or_refused_with_a_sentence() {
    Attack::new().await.at(EDITING).await;
}

#[actix_web::test]
async fn whatever_is_asked_of_a_report_is_shown_or_refused_with_a_sentence() {
    Attack::new().await.at(REPORTS).await;
}

#[actix_web::test]
async fn whatever_is_sent_from_a_dialog_is_done_or_refused_with_a_sentence() {
    Attack::new().await.at(DIALOGS).await;
}

#[actix_web::test]
async fn whatever_is_typed_of_a_token_is_taken_or_refused_with_a_sentence() {
    Attack::new().await.at(TOKENS).await;
}

#[actix_web::test]
async fn whatever_is_typed_at_the_sign_in_is_taken_or_refused_with_a_sentence() {
    Attack::new().await.at(OTHERS).await;
}

#[actix_web::test]
async fn whatever_is_typed_at_the_set_up_is_taken_or_refused_with_a_sentence() {
    Attack::new().await.at(SET_UP).await;
}

/// The routes that forms with fields lead to, in an installation that is set up.
fn forms() -> impl Iterator<Item = &'static str> {
    let is_form = |entry: &routes::Entry| entry.method == "POST" && entry.needs != Needs::Token;
    let posts = routes::all().into_iter().filter(is_form).map(|entry| entry.path);
    posts.filter(|path| !["/sign-out", "/set-up/{token}", "/api-tokens/{id}/revocation"].contains(path))
}

/// What is stored is shown to others: it must be what it looks like.
#[actix_web::test]
async fn text_that_cannot_be_seen_is_refused_in_every_field_that_is_typed_and_kept_there() {
    let mut attack = Attack::new().await;
    for (place, wrong) in [("/users/new", "form#user"), ("/users/{user}", "form#user"), ("/set-up", "form")] {
        let opened = attack.open(place).await;
        let target = targets_of(
            &opened.page.sendables(&opened.path).into_iter().find(|one| one.is_post && one.controls.len() > 5).unwrap(),
        )
        .remove(0);
        let stage = attack.stage(place, &target).await;
        for control in stage.sendable.controls.iter().filter(|control| control.kind == Kind::Text) {
            for text in [
                "\u{200b}\u{200b}",
                "\u{3164}\u{3164}",
                "\u{200d}\u{200d}",
                "Ma\u{202e}teo",
                "Ma\u{200b}teo",
                "Ma\u{7}teo",
                "Ma\nteo",
                "Ma\u{ffff}teo",
            ] {
                let fields = stage.sendable.with_field(&control.name, &[text]);
                let answer = attack.send(&stage, &fields).await;
                let here = format!("{place} {} {text:?}: {answer:?}", control.name);
                assert_eq!(answer.status, 422, "{here}");
                assert!(answer.has(&format!("{wrong} p.error")), "{here}");
                assert_eq!(answer.value(&control.name), text, "{here}");
            }
        }
        assert_eq!(attack.app.everything(), stage.before);
    }
}

/// Every page that links lead to, as far as it can send something, is attacked here.
#[actix_web::test]
async fn every_form_and_every_link_with_a_query_has_its_place_here() {
    let attack = Attack::new().await;
    let mut attacked = BTreeSet::new();
    for place in PLACES.concat().into_iter().filter(|place| *place != "/set-up") {
        let Opened { path, page, .. } = attack.open(place).await;
        attacked.extend(page.sendables(&path).iter().flat_map(targets_of));
    }
    let mut known = BTreeSet::from(["/".to_owned()]);
    let mut waiting = vec!["/".to_owned()];
    while let Some(path) = waiting.pop() {
        let page = attack.amara.get(&path).await;
        for target in page.sendables(&path).iter().flat_map(targets_of) {
            assert!(attacked.contains(&target), "say in PLACES of tests/app/fields.rs where {target:?} is: {path}");
        }
        // One of each kind is enough: who is shown does not change what can be sent.
        let mut links = page.attrs("a[href^='/']", "href");
        links.extend(page.location.clone());
        for link in links {
            let path = link.split(['?', '#']).next().unwrap().to_owned();
            if known.insert(route_of(false, &path).to_owned()) {
                waiting.push(path);
            }
        }
    }
    for route in forms() {
        assert!(attacked.iter().any(|target| target.is_post && target.route == route), "no form leads to {route}");
    }
}
