//! Requests that no page of ours has made: from other sites, by other methods, for odd addresses.

use crate::support::{Found, NOTHING, Page, Person, TestApp, dialogs, fill, forms};
use actix_web::http::Method;
use reqwest::header::{CONTENT_TYPE, ORIGIN};
use seatkeeper::access::{Needs, Role};
use seatkeeper::routes::{self, Entry};

/// But those that ask for a token: no browser adds one by itself.
fn writing() -> impl Iterator<Item = Entry> {
    routes::all().into_iter().filter(|entry| !entry.method.is_safe() && entry.needs != Needs::Token)
}

/// The Owner's forms, about a member.
async fn forms_of(app: &TestApp, amara: &Person) -> Vec<Found> {
    let mateo = app.user("Mateo Silva", Role::Member);
    forms(amara, &[&["/".to_owned()][..], &dialogs(amara, mateo).await].concat()).await
}

async fn refused(amara: &Person, form: &Found, headers: &[(&str, String)]) {
    let mut request = amara.submission(&form.action, form.fields.clone());
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let page = amara.send(request).await;
    assert_eq!(page.status, 403, "{} {headers:?}: {page:?}", form.action);
    assert_eq!(page.text("h1"), "This request came from another site");
}

#[actix_web::test]
async fn a_form_of_another_site_is_refused_and_nothing_is_done() {
    let (app, amara) = TestApp::with_owner().await;
    let here = amara.host();
    let port = app.config.listen.port();
    let headers: Vec<Vec<(&str, String)>> = vec![
        vec![],
        vec![("origin", "https://evil.example".into())],
        vec![("origin", "null".into())],
        vec![("origin", String::new())],
        vec![("origin", here.clone())],
        vec![("origin", format!("http://evil.example?{here}"))],
        vec![("origin", format!("http://{here}.evil.example"))],
        vec![("origin", format!("http://evil.example@{here}"))],
        vec![("origin", "http://127.0.0.1".into())],
        vec![("origin", format!("http://localhost:{port}"))],
        vec![("origin", format!("http://{here}")), ("sec-fetch-site", "cross-site".into())],
        vec![("origin", format!("http://{here}")), ("sec-fetch-site", "same-site".into())],
        vec![("sec-fetch-site", "cross-site".into())],
        vec![("referer", format!("http://{here}/users"))],
        vec![("x-requested-with", "XMLHttpRequest".into())],
        vec![("origin", "http://evil.example".into()), ("x-forwarded-host", "evil.example".into())],
    ];
    let forms = forms_of(&app, &amara).await;
    let before = app.everything();
    for form in &forms {
        for headers in &headers {
            refused(&amara, form, headers).await;
        }
    }
    assert_eq!(app.everything(), before);
    assert!(amara.is_signed_in().await);
    for form in &forms {
        let request = amara.submission(&form.action, form.fields.clone()).header("sec-fetch-site", "same-origin");
        assert_ne!(amara.send(request).await.status, 403, "{}: a browser that vouches for itself", form.action);
    }
}

/// The list of routes, where no form leads to one.
#[actix_web::test]
async fn every_route_that_writes_asks_where_the_request_comes_from() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    for entry in writing() {
        let path = fill(entry.path, mateo.0);
        for who in [&amara.browser, &app.visitor()] {
            let request = who.submission(&path, NOTHING).header(ORIGIN, "https://evil.example");
            assert_eq!(who.send(request).await.status, 403, "{path}");
            // Of PUT and the like we have none; they are no way around.
            for method in [reqwest::Method::PUT, reqwest::Method::DELETE, reqwest::Method::PATCH] {
                assert_eq!(who.send(who.request(method, &path)).await.status, 403, "{path}");
            }
        }
    }
}

#[actix_web::test]
async fn only_a_form_is_read_as_one() {
    let (app, amara) = TestApp::with_owner().await;
    let here = format!("http://{}", amara.host());
    let forms = forms_of(&app, &amara).await;
    let before = app.everything();
    for form in &forms {
        let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form.fields.clone()).finish();
        let pairs: serde_json::Map<_, _> =
            form.fields.clone().into_iter().map(|(name, value)| (name, value.into())).collect();
        let json = serde_json::Value::Object(pairs).to_string();
        let bodies = [
            ("text/plain", &encoded),
            ("application/json", &json),
            ("text/plain", &json),
            ("multipart/form-data; boundary=x", &encoded),
            ("application/x-www-form-urlencoded-evil", &encoded),
        ];
        for (kind, body) in bodies {
            let request = amara.request(reqwest::Method::POST, &form.action).header(ORIGIN, &here);
            let page = amara.send(request.header(CONTENT_TYPE, kind).body(body.clone())).await;
            assert_eq!(page.status, 400, "{} as {kind}: {page:?}", form.action);
        }
        let without = amara.request(reqwest::Method::POST, &form.action).header(ORIGIN, &here).body(encoded.clone());
        assert_eq!(amara.send(without).await.status, 400, "{} without a kind", form.action);
    }
    assert_eq!(app.everything(), before);
}

/// Links, images and pre-fetching write nothing.
#[actix_web::test]
async fn nothing_is_written_by_get() {
    let (app, amara) = TestApp::with_owner().await;
    let forms = forms_of(&app, &amara).await;
    let before = app.everything();
    for form in &forms {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form.fields.clone()).finish();
        let path = form.action.split('?').next().unwrap();
        for override_ in ["", "&_method=POST", "&_method=DELETE"] {
            let page = amara.get(&format!("{path}?{query}{override_}")).await;
            assert!([200, 400, 404, 405].contains(&page.status), "{path}: {page:?}");
        }
        let request = amara.request(reqwest::Method::GET, &form.action).header("x-http-method-override", "POST");
        assert!(amara.send(request).await.status < 500, "{path}");
    }
    assert_eq!(app.everything(), before);
    assert!(amara.is_signed_in().await, "not even a sign-out");
}

#[actix_web::test]
async fn methods_that_a_route_does_not_have_do_nothing_and_are_told_those_that_it_has() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let before = app.everything();
    let all = routes::all();
    for entry in &all {
        let path = fill(entry.path, mateo.0);
        let has: Vec<&str> =
            all.iter().filter(|other| other.path == entry.path).map(|other| other.method.as_str()).collect();
        for name in ["HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "PROPFIND", "GET", "POST"] {
            if has.contains(&name) {
                continue;
            }
            let method = reqwest::Method::from_bytes(name.as_bytes()).unwrap();
            let request = amara.request(method, &path).header(ORIGIN, format!("http://{}", amara.host()));
            let page = amara.send(request.header("x-secret", "echo-of-a-header")).await;
            assert_eq!(page.status, 405, "{name} {path}");
            assert_eq!(page.header("allow"), Some(has.join(", ").as_str()), "{name} {path}");
            assert!(!page.html.contains("echo-of-a-header"), "{name} {path}");
            assert!(page.header("access-control-allow-origin").is_none(), "{name} {path}");
        }
    }
    assert_eq!(app.everything(), before);
}

/// Whoever asks in an odd way gets no more than whoever asks plainly.
#[actix_web::test]
async fn odd_addresses_lead_nowhere_new() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.person("Mateo Silva", Role::Member).await;
    let adam = app.user("Adam Stone", Role::Admin);
    let before = app.everything();
    for entry in routes::all().iter().filter(|entry| entry.method == Method::GET) {
        let path = fill(entry.path, adam.0);
        let inner = path.trim_start_matches('/');
        let odd = [
            format!("//{inner}"),
            format!("/static/..%2f{inner}"),
            format!("/profile/..;/{inner}"),
            format!("/%2f{inner}"),
            format!("/{}", inner.replace('/', "%2f")),
            format!("/{}", inner.to_uppercase()),
            format!("{path}/"),
            format!("{path}%00"),
            format!("{path}%20"),
            format!("{path}%0d%0aX-Evil:%20yes"),
            format!("{path}.json"),
            format!("{path};x=y"),
            format!("{path}%ff"),
        ];
        let may = |who: &Person| match entry.needs {
            Needs::Permission(permission) => who.role.permissions().has(permission),
            Needs::Operator | Needs::Token => false,
            Needs::Nothing | Needs::Site => true,
        };
        for path in odd {
            let page = mateo.get(&path).await;
            assert!(may(&mateo) || [303, 400, 403, 404].contains(&page.status), "{path}: {page:?}");
            for page in [&page, &amara.get(&path).await] {
                assert!(page.status < 500 && page.header("x-evil").is_none(), "{path}: {page:?}");
                leads_home(page, &path);
            }
            leads_home(&app.visitor().get(&path).await, &path);
        }
    }
    assert_eq!(app.everything(), before);
}

/// A redirect that stays on this host, whatever a browser makes of slashes.
fn leads_home(page: &Page, what: &str) {
    let Some(location) = &page.location else { return };
    let here: url::Url = "http://seats.example/a/b".parse().unwrap();
    assert_eq!(here.join(location).unwrap().host_str(), Some("seats.example"), "{what} leads to {location}");
}

/// Every field of every form and every address, wherever it may be taken for the way back.
#[actix_web::test]
async fn no_answer_leads_to_another_site() {
    let (app, amara) = TestApp::with_owner().await;
    let evil = [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "/a\r\nLocation: //evil.example",
    ];
    let names = ["back", "next", "return", "return_to", "redirect", "url", "from", "q", "status", "sort"];
    let forms = forms_of(&app, &amara).await;
    for value in evil {
        let query =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(names.map(|name| (name, value))).finish();
        for entry in routes::all().iter().filter(|entry| entry.method == Method::GET) {
            let path = format!("{}?{query}", fill(entry.path, app.owner.0));
            for who in [&amara.browser, &app.visitor()] {
                leads_home(&who.get(&path).await, &path);
            }
        }
        for form in &forms {
            for name in names {
                let page = amara.post(&form.action, form.fields.clone().with(name, value)).await;
                leads_home(&page, &form.action);
            }
        }
    }
}
