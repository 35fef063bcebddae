//! Requests that no browser sends: bodies that are no form, ids of nobody, addresses without end.

use super::{ADDING, Attack, DIALOGS, EDITING, LIST, OTHERS, Opened, TOKENS, Target, filled_in, forms, targets_of};
use crate::support::{Browser, Sendable, TestApp};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, ORIGIN};
use seatkeeper::routes;

/// What browsers never send; every form is a route's, so one form of each is enough.
#[actix_web::test]
async fn a_body_that_is_no_form_is_refused_and_nothing_is_written() {
    let mut attack = Attack::new().await;
    for place in [LIST, ADDING, EDITING, DIALOGS, TOKENS, OTHERS].concat() {
        let Opened { who, path, page } = attack.open(place).await;
        let posts = page.sendables(&path).into_iter().filter(|one| one.is_post && !one.controls.is_empty());
        for sendable in posts {
            let target = targets_of(&sendable).remove(0);
            if attack.done.insert(Target { field: String::new(), ..target }) {
                attack.refuse_bodies(&who, &filled_in(sendable, 1)).await;
            }
        }
    }
    assert_eq!(attack.failures, Vec::<String>::new());
    assert_eq!(attack.done.len(), forms().count(), "{:?}", attack.done);
}

impl Attack {
    async fn refuse_bodies(&mut self, who: &Browser, sendable: &Sendable) {
        const FORM: &str = "application/x-www-form-urlencoded";
        let valid = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&sendable.fields).finish();
        let name = &sendable.controls[0].name;
        let before = self.app.everything();
        for (kind, body) in [
            ("application/json", json(&sendable.fields).into_bytes()),
            ("text/plain", valid.clone().into_bytes()),
            ("multipart/form-data; boundary=x", format!("--x\r\n\r\n{valid}\r\n--x--").into_bytes()),
            ("", valid.clone().into_bytes()),
            (FORM, [valid.as_bytes(), b"&more=\xff\xfe"].concat()),
            (FORM, format!("{valid}&more=%C3%28").into_bytes()),
            (FORM, format!("{valid}&{name}=%ff").into_bytes()),
            (FORM, format!("{valid}&more=%00").into_bytes()),
            (FORM, format!("{valid}&more={}", "x".repeat(70_000)).into_bytes()),
        ] {
            let request = who.request(Method::POST, &sendable.path).header(ORIGIN, format!("http://{}", who.host()));
            let answer = who.send(request.header(CONTENT_TYPE, kind).body(body)).await;
            if ![400, 413].contains(&answer.status) || !answer.has(".lost h1 + p") || self.app.everything() != before {
                self.failures.push(format!("{kind}: {} {answer:?}", sendable.path));
            }
        }
    }
}

fn json(fields: &[(String, String)]) -> String {
    let fields: serde_json::Map<_, _> =
        fields.iter().map(|(name, value)| (name.clone(), serde_json::Value::from(value.clone()))).collect();
    serde_json::Value::from(fields).to_string()
}

/// Ids that nobody has, in every address that has one.
#[actix_web::test]
async fn an_id_that_nobody_has_is_not_found_wherever_it_is_sent() {
    let attack = Attack::new().await;
    let before = attack.app.everything();
    let mut tried = 0;
    for entry in routes::all().into_iter().filter(|entry| entry.path.contains("{id}")) {
        for id in ["0", "1", "-1", "9223372036854775807", "99999999999999999999", "x", "%00", "%ff", "1%2F2", "😀"] {
            let path = entry.path.replace("{id}", id);
            let fields = [("status", "disabled"), ("role", "agent"), ("from", "member"), ("version", "1")];
            let answer = match entry.method == "POST" {
                true => attack.amara.post(&path, fields).await,
                false => attack.amara.get(&format!("{path}?role=owner&status=disabled")).await,
            };
            assert_eq!((answer.status, answer.has(".lost h1 + p")), (404, true), "{} {path}: {answer:?}", entry.method);
            tried += 1;
        }
    }
    assert!(tried >= 90, "{tried}");
    assert_eq!(attack.app.everything(), before);
}

/// Longer than any list of ours: refused before anything is looked for, and a way back that long is none.
#[actix_web::test]
async fn an_address_that_is_too_long_is_refused_with_a_sentence() {
    let (app, amara) = TestApp::with_owner().await;
    let query = |letters: usize| format!("q={}", "x".repeat(letters));
    for letters in [9000, 60_000] {
        let page = amara.get(&format!("/users?{}", query(letters))).await;
        assert_eq!((page.status, page.text("h1").as_str()), (413, "This form is too large"), "{page:?}");
        let fields = [("all", "yes"), ("action", "disable"), ("back", &query(letters))];
        assert_eq!(amara.post("/users/batches", fields).await.status, 400, "not everybody");
    }
    let stranger = app.visitor().get(&format!("/users?{}", query(2000))).await;
    assert_eq!(stranger.location.as_deref(), Some("/sign-in"));
    let added = amara.post("/users", app.a_user("Mateo Silva").with("back", query(2000))).await;
    assert_eq!(added.location.as_deref(), Some("/users"));
    // The longest way back that is kept still leaves its sentence: browsers drop a cookie of more than 4096 bytes.
    let back = format!("q={}", "%C3%A9".repeat(249));
    let added = amara.post("/users", app.a_user("Yara Haddad").with("back", &back)).await;
    assert_eq!(added.location.as_deref(), Some(&*format!("/users?{back}")));
    assert!(added.set_cookies().iter().any(|cookie| cookie.starts_with("flash=") && cookie.len() < 4096));
}
