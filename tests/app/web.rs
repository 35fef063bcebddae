//! What holds for every page, whatever it is about.

use crate::support::{Browser, NOTHING, Page, Setup, TestApp, dialogs};
use reqwest::Method;
use reqwest::header::{ACCEPT_ENCODING, ORIGIN};
use seatkeeper::access::Role;
use seatkeeper::users::Status;
use std::collections::BTreeSet;
use std::io::Read;

/// One answer of every kind that there is.
async fn every_kind(app: &TestApp, amara: &Browser) -> Vec<(&'static str, Page)> {
    let style = seatkeeper::web::assets::url("app.css");
    let big = [("job_title", "x".repeat(70_000))];
    let origin = format!("http://{}", amara.host());
    let put = amara.request(Method::PUT, "/users").header(ORIGIN, &origin);
    vec![
        ("page", amara.get("/users").await),
        ("sign-in page", app.visitor().get("/sign-in").await),
        ("redirect", amara.get("/").await),
        ("sent to sign in", app.visitor().get("/users").await),
        ("refused form", amara.post("/users", NOTHING).await),
        ("400", amara.get("/users?rows=1&rows=2").await),
        ("forged", amara.send(amara.submission("/users", NOTHING)).await),
        ("403", amara.get("/operator/mail").await),
        ("404", amara.get("/nowhere").await),
        ("404 of a user", amara.get("/users/1").await),
        ("405", amara.send(put).await),
        ("too large", amara.post("/users", big).await),
        ("unknown host", amara.at("evil.example").get("/users").await),
        ("style sheet", amara.get(style).await),
        ("no such asset", amara.get("/static/app.0000000000000000.css").await),
        ("favicon", amara.get("/favicon.ico").await),
        ("robots", amara.get("/robots.txt").await),
        ("health", amara.get("/healthz").await),
    ]
}

#[actix_web::test]
async fn every_answer_has_the_security_headers() {
    let (app, amara) = TestApp::with_owner().await;
    for (kind, page) in every_kind(&app, &amara).await {
        let header = |name: &str| page.header(name).unwrap_or_else(|| panic!("{kind} has no {name}")).to_owned();
        let policy = header("content-security-policy");
        for part in ["default-src 'none'", "script-src 'self'", "form-action 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{kind}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{kind}: {policy}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{kind}");
        assert_eq!(header("referrer-policy"), "same-origin", "{kind}");
        assert_eq!(header("x-frame-options"), "DENY", "{kind}");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{kind}");
        assert!(page.header("strict-transport-security").is_none(), "{kind}: not over http");
        let cache = header("cache-control");
        let is_public = ["style sheet", "favicon"].contains(&kind);
        assert_eq!(cache == "no-store", !is_public, "{kind}: {cache}");
        if page.status >= 400 {
            assert!(header("content-type").starts_with("text/html"), "{kind}");
            assert!(!page.text("main h1").is_empty(), "{kind}");
            assert!(!page.html.contains("panicked") && !page.html.contains("Error {"), "{kind}");
        }
    }
}

#[actix_web::test]
async fn every_kind_of_answer_has_its_status() {
    let (app, amara) = TestApp::with_owner().await;
    let statuses: Vec<_> = every_kind(&app, &amara).await.into_iter().map(|(kind, page)| (kind, page.status)).collect();
    let wanted = [
        ("page", 200),
        ("sign-in page", 200),
        ("redirect", 303),
        ("sent to sign in", 303),
        ("refused form", 422),
        ("400", 400),
        ("forged", 403),
        ("403", 403),
        ("404", 404),
        ("404 of a user", 404),
        ("405", 405),
        ("too large", 413),
        ("unknown host", 404),
        ("style sheet", 200),
        ("no such asset", 404),
        ("favicon", 200),
        ("robots", 200),
        ("health", 200),
    ];
    assert_eq!(statuses, wanted);
}

#[actix_web::test]
async fn over_https_browsers_are_told_to_stay_there() {
    let app = TestApp::with(Setup { base_url: Some("https://seats.example"), ..Setup::default() }).await;
    let page = app.visitor().at("seats.example").get("/sign-in").await;
    assert_eq!(page.header("strict-transport-security"), Some("max-age=63072000"));
}

#[actix_web::test]
async fn an_unknown_host_gets_nothing_of_any_account() {
    let setup = Setup { domain: Some("seats.harbourline.example"), ..Setup::default() };
    let (app, amara) = TestApp::with_owner_and(setup).await;
    let port = app.config.listen.port();
    for host in ["evil.example", "harbourline.example", "x.seats.harbourline.example", "10.0.0.1", "[", "a b"] {
        for path in ["/", "/users", "/sign-in", "/profile", "/operator/mail", "/set-up/x"] {
            let page = amara.at(host).get(path).await;
            assert!([400, 404].contains(&page.status), "{host}{path}: {page:?}");
            assert!(!page.html.contains("Harbourline"), "{host}{path}");
        }
    }
    let login = [("login", amara.login.as_str()), ("password", crate::support::PASSWORD)];
    assert_eq!(app.visitor().at("evil.example").post("/sign-in", login).await.status, 404);
    for host in ["seats.harbourline.example", "SEATS.Harbourline.example", &format!("seats.harbourline.example:{port}")]
    {
        assert_eq!(amara.at(host).get("/users").await.status, 200, "{host}");
    }
    app.run("UPDATE domains SET status = 'pending'");
    assert_eq!(amara.at("seats.harbourline.example").get("/sign-in").await.status, 404, "not verified any more");
}

#[actix_web::test]
async fn health_is_told_on_any_host() {
    let app = TestApp::new().await;
    for host in [app.visitor().host().as_str(), "10.1.2.3:8080"] {
        let visitor = app.visitor().at(host);
        for (path, word) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
            let page = visitor.get(path).await;
            assert_eq!((page.status, page.html.as_str()), (200, word), "{host}{path}");
        }
    }
    assert!(app.is_up());
}

#[actix_web::test]
async fn assets_are_named_by_content_kept_for_ever_and_packed() {
    let app = TestApp::new().await;
    let visitor = app.visitor();
    let page = visitor.get("/sign-in").await;
    let mut urls = page.attrs("link[rel=stylesheet]", "href");
    urls.extend(page.attrs("script", "src"));
    urls.extend(page.attrs("link[rel=icon]", "href"));
    assert_eq!(urls.len(), 3, "{urls:?}");
    for url in urls {
        let get = async |encoding: &'static str| {
            let request = visitor.request(Method::GET, &url).header(ACCEPT_ENCODING, encoding);
            let response = request.send().await.unwrap();
            assert_eq!(response.headers()["cache-control"], "public, max-age=31536000, immutable", "{url}");
            let named = response.headers().get("content-encoding").map(|name| name.to_str().unwrap().to_owned());
            (named, response.bytes().await.unwrap())
        };
        let (_, plain) = get("identity").await;
        assert!(!plain.is_empty());
        let (named, packed) = get("br").await;
        assert_eq!(named.as_deref(), Some("br"), "{url}");
        let mut unpacked = vec![];
        brotli::Decompressor::new(&packed[..], 4096).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain, "{url}");
        let (named, packed) = get("gzip").await;
        assert_eq!(named.as_deref(), Some("gzip"), "{url}");
        let mut unpacked = vec![];
        flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain, "{url}");
    }
    let old = visitor.get("/static/app.css").await;
    assert_eq!(old.status, 404, "a name without its content's hash would be kept for ever too");
}

#[actix_web::test]
async fn pages_are_packed_too() {
    let (_app, amara) = TestApp::with_owner().await;
    let request = amara.request(Method::GET, "/users").header(ACCEPT_ENCODING, "br");
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "br");
    let packed = response.bytes().await.unwrap();
    let mut html = String::new();
    brotli::Decompressor::new(&packed[..], 4096).read_to_string(&mut html).unwrap();
    assert!(html.contains("Manage Users"));
}

#[actix_web::test]
async fn no_link_is_dead() {
    let (app, amara) = TestApp::with_owner().await;
    app.appoint_operator(&amara);
    app.token_of(app.account, amara.id, "Dialer");
    app.user_with("Mateo Silva", |details| details.company = "Nordwind & Söhne".into());
    app.user_with("Dina Ott", |details| details.status = Status::Disabled);
    let mut known: BTreeSet<String> = BTreeSet::from(["/users".into(), "/users?q=a&rows=25".into()]);
    let mut waiting: Vec<String> = known.iter().cloned().collect();
    let mut icons: BTreeSet<String> = BTreeSet::new();
    while let Some(path) = waiting.pop() {
        let page = amara.get(&path).await;
        assert!([200, 303].contains(&page.status), "{path}: {page:?}");
        icons.extend(page.attrs("use", "href"));
        let mut links = page.attrs("a[href], link[href]", "href");
        links.extend(page.attrs("script[src], img[src]", "src"));
        links.extend(page.location.clone());
        for link in links {
            let path = link.split('#').next().unwrap().to_owned();
            if path.is_empty() {
                assert!(page.has(&format!("[id='{}']", &link[1..])), "{link} leads nowhere on its page");
            } else if path.starts_with('/') && known.insert(path.clone()) {
                waiting.push(path);
            }
        }
        assert!(known.len() < 3000, "the crawl does not end: {path}");
    }
    assert!(known.contains("/profile") && known.contains("/operator/mail"), "{known:?}");
    assert!(known.len() > 30);
    for icon in icons {
        let (file, id) = icon.split_once('#').unwrap();
        assert!(amara.get(file).await.has(&format!("[id='{id}']")), "{icon} is not drawn");
    }
}

#[actix_web::test]
async fn every_form_leads_to_a_route() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let posts: BTreeSet<String> = seatkeeper::routes::all()
        .into_iter()
        .filter(|entry| entry.method == actix_web::http::Method::POST)
        .map(|entry| entry.path.replace("{id}", "1"))
        .collect();
    let numbers = |path: &str| {
        path.split('/').map(|part| if part.parse::<i64>().is_ok() { "1" } else { part }).collect::<Vec<_>>().join("/")
    };
    app.token_of(app.account, amara.id, "Dialer");
    let revocation = amara.get("/api-tokens").await.attrs("a[href$='/revocation']", "href").remove(0);
    let [batch, role, _] = dialogs(&amara, mateo).await;
    for path in [
        "/api-tokens",
        &revocation,
        "/users",
        "/users/new",
        "/profile",
        "/usage",
        "/usage/team",
        "/sign-in",
        &format!("/users/{mateo}"),
        &batch,
        &role,
    ] {
        let page = amara.get(path).await;
        for action in page.attrs("form[method=post]", "action") {
            assert!(posts.contains(&numbers(&action)), "{path} has a form for {action}");
        }
    }
}

#[actix_web::test]
async fn pages_have_no_script_or_style_of_their_own() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let [batch, role, _] = dialogs(&amara, mateo).await;
    for path in [
        "/users",
        "/users/new",
        "/profile",
        "/usage",
        "/usage/team",
        "/nowhere",
        &format!("/users/{mateo}"),
        &batch,
        &role,
    ] {
        let page = amara.get(path).await;
        assert_eq!(page.count("script:not([src]), style, [style], [onclick], [onload], [onsubmit]"), 0, "{path}");
        assert_eq!(page.attrs("html", "lang"), ["en"], "{path}");
        assert_eq!(page.count("h1"), 1, "{path}");
        assert_eq!(page.count("main#main"), 1, "{path}");
        let ids: Vec<String> = page.attrs("[id]", "id");
        let distinct: BTreeSet<&String> = ids.iter().collect();
        assert_eq!(ids.len(), distinct.len(), "{path}: an id stands twice: {ids:?}");
    }
}

/// With script a dialog is put over the page from which it was opened.
#[actix_web::test]
async fn no_id_of_a_dialog_is_one_of_the_page_below_it() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    app.token_of(app.account, amara.id, "Dialer");
    let revocation = amara.get("/api-tokens").await.attrs("a[href$='/revocation']", "href").remove(0);
    let [batch, role, allocation] = dialogs(&amara, mateo).await;
    let [credit, minute] = ["manage-credit", "allocate-minute"].map(|name| format!("/users/{mateo}/{name}"));
    let tab = format!("/users/{mateo}/credits");
    for (below, dialog) in [
        ("/users", &batch),
        ("/users", &role),
        ("/users", &allocation),
        ("/users", &credit),
        ("/users", &minute),
        (&tab, &credit),
        (&tab, &minute),
        ("/api-tokens", &revocation),
    ] {
        let below = amara.get(below).await.attrs("[id]", "id");
        let shared = amara.get(dialog).await.attrs(".scrim [id]", "id").into_iter().filter(|id| below.contains(id));
        assert_eq!(shared.collect::<Vec<_>>(), Vec::<String>::new(), "{dialog}");
    }
}

#[actix_web::test]
async fn every_control_has_a_label() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let [batch, role, _] = dialogs(&amara, mateo).await;
    for path in ["/users", "/users/new", "/usage", "/usage/team", "/sign-in", &format!("/users/{mateo}"), &batch, &role]
    {
        let browser = if path == "/sign-in" { &app.visitor() } else { &amara.browser };
        let page = browser.get(path).await;
        let labels = page.attrs("label[for]", "for");
        let lonely = page.each(":is(main, dialog) :is(input:not([type=hidden]), select, textarea)", |control| {
            let in_label =
                control.ancestors().filter_map(scraper::ElementRef::wrap).any(|one| one.value().name() == "label");
            let named = control.attr("id").is_some_and(|id| labels.contains(&id.to_owned()));
            (!in_label && !named && control.attr("aria-label").is_none()).then(|| control.html())
        });
        assert_eq!(lonely.into_iter().flatten().collect::<Vec<_>>(), Vec::<String>::new(), "{path}");
    }
}

#[actix_web::test]
async fn the_colour_scheme_is_kept() {
    let (app, amara) = TestApp::with_owner().await;
    assert_eq!(amara.get("/users").await.attrs("html", "data-scheme"), ["auto"]);
    let page = amara.post("/scheme", [("scheme", "dark"), ("back", "/users?q=a")]).await;
    assert_eq!(page.location.as_deref(), Some("/users?q=a"));
    assert_eq!(amara.follow(&page).await.attrs("html", "data-scheme"), ["dark"]);
    for (what, page) in every_kind(&app, &amara).await.into_iter().filter(|(_, page)| page.has("main.lost")) {
        assert_eq!(page.attrs("html", "data-scheme"), ["dark"], "{what}: errors too");
    }
    amara.post("/scheme", [("scheme", "\"><script>")]).await;
    assert_eq!(amara.get("/users").await.attrs("html", "data-scheme"), ["dark"], "no scheme of ours");
}

#[actix_web::test]
async fn a_forged_flash_leads_nowhere_and_runs_nothing() {
    let (_app, amara) = TestApp::with_owner().await;
    for forged in [
        r#"{"text":"<b>x</b>","links":[["https://evil.example","Click"]]}"#,
        r#"{"text":"x","links":[["//evil.example","Click"]]}"#,
        r#"{"text":"x","links":[["/\\evil.example","Click"]]}"#,
        "nonsense",
    ] {
        let value = percent_encoding::utf8_percent_encode(forged, percent_encoding::NON_ALPHANUMERIC).to_string();
        amara.set_cookie("flash", &value);
        let page = amara.get("/users").await;
        assert_eq!((page.status, page.count("main .note")), (200, 0), "{forged}");
    }
    let html = r#"{"text":"<b>bold</b>"}"#;
    amara.set_cookie(
        "flash",
        &percent_encoding::utf8_percent_encode(html, percent_encoding::NON_ALPHANUMERIC).to_string(),
    );
    assert_eq!(amara.get("/users").await.flash(), "<b>bold</b>");
}
