//! Usage as programs report it: each event once, each answered for itself, and every error in words that programs read.

mod document;
mod tokens;

use crate::support::{Answer, Browser, Client, Program, TestApp, USAGE, at_once, is_problem};
use chrono::{Duration, Utc};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use seatkeeper::access::{Role, UserId};
use seatkeeper::users::Status;
use serde_json::{Value, json};

/// An account in which Mateo has `allocated` Export credits, and a program with a token of a Dev's.
async fn with_client(allocated: i64) -> (TestApp, Client, UserId) {
    let app = TestApp::new().await;
    let mateo = app.user_with("Mateo Silva", |details| details.username = "mateo".into());
    app.give(mateo, "export", allocated, 0);
    let dana = app.user("Dana Voss", Role::Dev);
    let client = Client::of(&app, app.account, dana);
    (app, client, mateo)
}

fn uses(user: UserId, amount: i64) -> Value {
    json!({ "user_id": user.to_string(), "kind": "export", "amount": amount })
}

fn with(mut event: Value, name: &str, value: impl Into<Value>) -> Value {
    event[name] = value.into();
    event
}

fn keyed(event: Value, key: &str) -> Value {
    with(event, "idempotency_key", key)
}

fn used(app: &TestApp, user: UserId) -> i64 {
    app.number(&format!("SELECT used AS n FROM allocations WHERE user_id = {user} AND kind = 'export'"))
}

fn counted(app: &TestApp) -> i64 {
    app.count("ledger WHERE entry IN ('use', 'refund')")
}

fn is_sound(app: &TestApp) {
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn an_event_that_is_sent_twice_is_counted_once() {
    let (app, client, mateo) = with_client(100).await;
    let first = client.report("call 1".replace(' ', "-").as_str(), uses(mateo, 30)).await;
    assert_eq!((first.status, first.body["left"].as_i64()), (201, Some(70)), "{first:?}");
    let again = client.report("call-1", uses(mateo, 30)).await;
    assert_eq!((again.status, &again.body["entry"]), (200, &first.body["entry"]), "{again:?}");
    let later = client.report("call-2", uses(mateo, 30)).await;
    assert_eq!((later.status, later.body["left"].as_i64()), (201, Some(40)));
    let again = client.report("call-1", uses(mateo, 30)).await;
    assert_eq!((again.status, again.body["left"].as_i64()), (200, Some(70)), "what was left then");
    let all = [keyed(uses(mateo, 1), "b"), keyed(uses(mateo, 1), "b"), keyed(uses(mateo, 30), "call-1")];
    let results = client.report_all(all.to_vec()).await;
    assert_eq!(statuses(&results), [201, 200, 200]);
    assert_eq!((used(&app, mateo), counted(&app)), (61, 3));
    is_sound(&app);
}

fn statuses(results: &[Value]) -> Vec<i64> {
    results.iter().map(|result| result["status"].as_i64().unwrap()).collect()
}

async fn reporting(client: Client, key: String, event: Value) -> u16 {
    client.report(&key, event).await.status
}

fn how_many(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|one| **one == status).count()
}

#[actix_web::test]
async fn an_event_that_is_sent_64_times_at_once_to_two_instances_is_counted_once() {
    let (app, client, mateo) = with_client(1000).await;
    let other = Program::beside(&app).serve().await;
    let clients = [client.clone(), client.at(other.visitor())];
    let sending = (0..64).map(|n| reporting(clients[n % 2].clone(), "one".into(), uses(mateo, 7)));
    let answers = at_once(sending.collect()).await;
    assert_eq!((how_many(&answers, 201), how_many(&answers, 200)), (1, 63), "{answers:?}");
    assert_eq!((used(&app, mateo), counted(&app)), (7, 1));
    is_sound(&app);
}

#[actix_web::test]
async fn of_64_at_once_at_two_instances_as_many_are_counted_as_there_are_credits() {
    let (app, client, mateo) = with_client(40).await;
    let other = Program::beside(&app).serve().await;
    let clients = [client.clone(), client.at(other.visitor())];
    let sending = (0..64).map(|n| reporting(clients[n % 2].clone(), format!("call-{n}"), uses(mateo, 1)));
    let answers = at_once(sending.collect()).await;
    assert_eq!((how_many(&answers, 201), how_many(&answers, 409)), (40, 24), "{answers:?}");
    assert_eq!((used(&app, mateo), counted(&app)), (40, 40));
    is_sound(&app);
}

#[actix_web::test]
async fn what_is_beyond_the_allocation_is_refused_with_the_numbers() {
    let (app, client, mateo) = with_client(100).await;
    let answer = client.report("a", uses(mateo, 101)).await;
    assert_eq!(answer.status, 409);
    let numbers = ["kind", "wanted", "left", "allocated"].map(|name| answer.body[name].clone());
    assert_eq!(numbers, [json!("export"), json!(101), json!(100), json!(100)]);
    assert_eq!(answer.body["type"], "urn:seatkeeper:problem:beyond-allocation");
    assert_eq!(answer.body["detail"], "Cannot use 101 Export credits: 100 are left of 100 allocated.");
    // It was not counted, so its key is free.
    assert_eq!(client.report("a", uses(mateo, 100)).await.status, 201);
    let nothing = client.report("b", with(uses(mateo, 1), "kind", "minutes")).await;
    assert_eq!((nothing.status, &nothing.body["allocated"]), (409, &json!(0)), "of what they never had");
    is_sound(&app);
}

#[actix_web::test]
async fn each_event_of_a_batch_is_answered_for_itself_and_in_its_place() {
    let (app, client, mateo) = with_client(100).await;
    let zora = app.other_owner;
    let events = vec![
        keyed(uses(mateo, 10), "k0"),
        keyed(uses(mateo, 1000), "k1"),
        keyed(uses(zora, 1), "k2"),
        uses(mateo, 1),
        keyed(uses(mateo, 20), "k0"),
        keyed(with(uses(mateo, 5), "type", "refund"), "k5"),
        keyed(with(uses(mateo, 50), "type", "refund"), "k6"),
        json!("nonsense"),
        keyed(with(uses(mateo, 2), "reference", "Call 4711"), "k8"),
        keyed(uses(mateo, 10), "k0"),
    ];
    let results = client.report_all(events).await;
    assert_eq!(statuses(&results), [201, 409, 404, 422, 422, 201, 409, 422, 201, 200]);
    for result in results.iter().filter(|result| result["status"].as_i64() > Some(201)) {
        is_problem(result);
    }
    assert_eq!(results[4]["type"], "urn:seatkeeper:problem:key-reused");
    assert_eq!((&results[6]["wanted"], &results[6]["used"]), (&json!(50), &json!(5)));
    assert_eq!(results[8]["left"], 93);
    assert_eq!((used(&app, mateo), counted(&app)), (7, 3));
    assert!(!app.everything().contains("Call 4711"), "what may be personal is sealed");
    is_sound(&app);
}

#[actix_web::test]
async fn a_user_is_known_by_id_address_or_username_in_their_own_account_only() {
    let (app, client, mateo) = with_client(100).await;
    let event = |name: &str, value: Value| with(json!({ "kind": "export", "amount": 1 }), name, value);
    let named = [
        event("user_id", json!(mateo.0)),
        event("user_id", json!(mateo.to_string())),
        event("email", json!("MATEO.silva@harbourline.example ")),
        event("username", json!("Mateo")),
    ];
    let keys = ["a", "b", "c", "d"];
    let results = client.report_all(named.into_iter().zip(keys).map(|(event, key)| keyed(event, key)).collect()).await;
    assert_eq!(statuses(&results), [201; 4]);
    let zoe = app.user_with("Zoe Gone", |_| {});
    app.run(&format!("UPDATE users SET status = 'pending' WHERE id = {zoe}"));
    for nobody in [
        event("user_id", json!(app.other_owner.0)),
        event("user_id", json!("x")),
        event("user_id", json!("99999999999999999999")),
        event("user_id", json!(0)),
        event("user_id", json!(zoe.0)),
        event("email", json!("zora.quill@quillworks.example")),
        event("email", json!("zoe.gone@harbourline.example")),
        event("email", json!("mateo")),
        event("username", json!("")),
        event("username", json!("mateo.silva@harbourline.example")),
    ] {
        let answer = client.report("nobody", nobody.clone()).await;
        assert_eq!((answer.status, &answer.body["title"]), (404, &json!("Unknown user")), "{nobody}");
    }
    app.run(&format!("UPDATE users SET status = 'enabled' WHERE id = {zoe}"));
    assert_eq!(used(&app, mateo), 4);
    is_sound(&app);
}

#[actix_web::test]
async fn what_was_used_before_somebody_was_disabled_is_counted() {
    let (app, client, mateo) = with_client(100).await;
    app.set_status(mateo, Status::Disabled);
    assert_eq!(client.report("late", uses(mateo, 1)).await.status, 201);
    is_sound(&app);
}

#[actix_web::test]
async fn a_refund_gives_back_what_was_used_and_no_more() {
    let (app, client, mateo) = with_client(100).await;
    let refund = |amount| with(uses(mateo, amount), "type", "refund");
    assert_eq!(client.report("a", with(uses(mateo, 60), "type", "use")).await.status, 201);
    let answer = client.report("b", refund(25)).await;
    assert_eq!((answer.status, &answer.body["left"]), (201, &json!(65)));
    assert_eq!(client.report("b", refund(25)).await.status, 200);
    let answer = client.report("c", refund(36)).await;
    let numbers = ["kind", "wanted", "used"].map(|name| answer.body[name].clone());
    assert_eq!((answer.status, numbers), (409, [json!("export"), json!(36), json!(35)]));
    assert_eq!(used(&app, mateo), 35);
    is_sound(&app);
}

#[actix_web::test]
async fn a_key_that_belongs_to_another_event_is_refused() {
    let (app, client, mateo) = with_client(100).await;
    let nora = app.user("Nora Lind", Role::Member);
    app.give(nora, "export", 10, 0);
    assert_eq!(client.report("key", uses(mateo, 5)).await.status, 201);
    for other in [
        uses(mateo, 6),
        uses(nora, 5),
        with(uses(mateo, 5), "kind", "minutes"),
        with(uses(mateo, 5), "type", "refund"),
        uses(app.other_owner, 5),
    ] {
        let answer = client.report("key", other.clone()).await;
        assert_eq!(
            (answer.status, &answer.body["type"]),
            (422, &json!("urn:seatkeeper:problem:key-reused")),
            "{other}"
        );
    }
    // Another account knows nothing of our keys.
    let theirs = Client::of(&app, app.other_account, app.other_owner);
    assert_eq!(theirs.report("key", uses(app.other_owner, 5)).await.status, 409);
    assert_eq!(counted(&app), 1);
    is_sound(&app);
}

#[actix_web::test]
async fn an_event_that_is_wrong_by_itself_is_refused_with_a_sentence() {
    let (app, client, mateo) = with_client(100).await;
    let before = app.everything();
    let at = |time: chrono::DateTime<Utc>| with(uses(mateo, 1), "time", time.to_rfc3339());
    let wrong = [
        json!({}),
        json!([]),
        json!(null),
        json!({ "kind": "export", "amount": 1 }),
        with(uses(mateo, 1), "email", "mateo.silva@harbourline.example"),
        with(uses(mateo, 1), "user_id", 1.5),
        with(uses(mateo, 1), "user_id", json!({})),
        with(json!({ "kind": "export", "amount": 1 }), "email", "a\0b"),
        with(uses(mateo, 1), "kind", "gold"),
        with(uses(mateo, 1), "kind", "Export"),
        with(uses(mateo, 1), "type", "grant"),
        uses(mateo, 0),
        uses(mateo, -1),
        uses(mateo, 1_000_000_001),
        with(uses(mateo, 1), "amount", 1.5),
        with(uses(mateo, 1), "amount", "1"),
        with(uses(mateo, 1), "amount", Value::Null),
        with(uses(mateo, 1), "refrence", "a typo is not passed over"),
        with(uses(mateo, 1), "reference", "x".repeat(201)),
        with(uses(mateo, 1), "time", "yesterday"),
        with(uses(mateo, 1), "time", "2026-11-26"),
        with(uses(mateo, 1), "time", 1_790_000_000),
        at(Utc::now() + Duration::minutes(6)),
        at(Utc::now() - Duration::days(32)),
        keyed(uses(mateo, 1), "the header has it"),
    ];
    for event in wrong {
        let answer = client.report("wrong", event.clone()).await;
        assert_eq!(answer.status, 422, "{event}: {answer:?}");
        assert_eq!(answer.body["type"], "urn:seatkeeper:problem:invalid", "{event}");
    }
    for key in ["", " ", "two words", &"x".repeat(201), "é"] {
        let results = client.report_all(vec![keyed(uses(mateo, 1), key)]).await;
        assert_eq!(statuses(&results), [422], "{key:?}");
    }
    for twice in [
        format!("{{\"user_id\":{mateo},\"kind\":\"export\",\"amount\":1,\"amount\":2}}"),
        "{\"events\":[],\"events\":[]}".to_owned(),
    ] {
        let answer = client.send(client.request().header("Idempotency-Key", "twice").body(twice)).await;
        assert_eq!(answer.status, 422, "{answer:?}");
    }
    let unkeyed = client.send(client.request().body(uses(mateo, 1).to_string())).await;
    assert_eq!(unkeyed.status, 422);
    let twice = client.request().header("Idempotency-Key", "a").header("Idempotency-Key", "b");
    assert_eq!(client.send(twice.body(uses(mateo, 1).to_string())).await.status, 422);
    assert_eq!(strip_last_used(&app.everything()), strip_last_used(&before));
    for time in [Utc::now() + Duration::minutes(4), Utc::now() - Duration::days(30)] {
        assert_eq!(client.report(&time.to_rfc3339(), at(time)).await.status, 201);
    }
    let longest = with(uses(mateo, 1), "reference", "é".repeat(200));
    assert_eq!(client.report(&"x".repeat(200), longest).await.status, 201);
    is_sound(&app);
}

/// That a token was used is noted whatever came of it.
fn strip_last_used(everything: &str) -> String {
    everything.lines().filter(|line| !line.contains("|usage|")).collect::<Vec<_>>().join("\n")
}

#[actix_web::test]
async fn a_batch_has_1_to_1000_events_and_may_be_large() {
    let (app, client, mateo) = with_client(5000).await;
    let events = |many: usize| -> Vec<Value> {
        let reference = "x".repeat(200);
        (0..many).map(|n| with(keyed(uses(mateo, 1), &format!("n{n}")), "reference", reference.as_str())).collect()
    };
    let results = client.report_all(events(1000)).await;
    assert!(results.iter().all(|result| result["status"] == 201));
    assert_eq!(used(&app, mateo), 1000);
    for wrong in [
        json!({ "events": events(1001) }),
        json!({ "events": [] }),
        json!({ "events": 1 }),
        json!({ "events": [], "more": 1 }),
    ] {
        let answer = client.send(client.request().body(wrong.to_string())).await;
        assert_eq!(answer.status, 422, "{answer:?}");
    }
    let keyed_twice = client.request().header("Idempotency-Key", "a").body(json!({ "events": events(1) }).to_string());
    assert_eq!(client.send(keyed_twice).await.status, 422);
    is_sound(&app);
}

#[actix_web::test]
async fn every_error_is_a_problem_that_programs_can_read() {
    let (app, client, mateo) = with_client(100).await;
    let visitor = app.visitor();
    let event = uses(mateo, 1).to_string();
    let post = |kind: &str| {
        let request = visitor.request(Method::POST, USAGE).header(AUTHORIZATION, format!("Bearer {}", client.token));
        request.header("Idempotency-Key", "k").header(CONTENT_TYPE, kind)
    };
    let json = "application/json";
    for (what, request, status) in [
        ("no JSON", post(json).body("{\"a\":"), 400),
        ("nothing", post(json).body(""), 400),
        ("no UTF-8", post(json).body(vec![b'"', 0xff, b'"']), 400),
        ("too deep", post(json).body("[".repeat(100_000)), 400),
        ("too large", post(json).body("x".repeat(1024 * 1024 + 1)), 413),
        ("a form", post("application/x-www-form-urlencoded").body(event.clone()), 415),
        ("plain text", post("text/plain").body(event.clone()), 415),
        (
            "of no kind",
            visitor.request(Method::POST, USAGE).header(AUTHORIZATION, format!("Bearer {}", client.token)),
            415,
        ),
        ("no token", visitor.request(Method::POST, USAGE).header(CONTENT_TYPE, json).body(event.clone()), 401),
        ("another method", visitor.request(Method::GET, USAGE), 405),
        ("one more", visitor.request(Method::DELETE, USAGE), 405),
        ("to what is read", visitor.request(Method::POST, "/api/v1/openapi.json"), 405),
        ("an unknown address", visitor.request(Method::GET, "/api/v1/nowhere"), 404),
        ("the root", visitor.request(Method::GET, "/api"), 404),
        ("one more", visitor.request(Method::POST, "/api/"), 404),
        ("an unknown host", post(json).header("host", "nobody.example").body(event.clone()), 404),
    ] {
        let page = visitor.send(request).await;
        assert_eq!(page.status, status, "{what}: {page:?}");
        Answer::read(&page);
        assert_eq!(page.header("www-authenticate"), (status == 401).then_some("Bearer"), "{what}");
        assert_eq!(page.header("cache-control"), Some("no-store"), "{what}");
    }
    let with_charset = visitor.send(post("application/json; charset=utf-8").body(event)).await;
    assert_eq!(with_charset.status, 201, "{with_charset:?}");
    assert!(visitor.get("/apinowhere").await.has("h1"), "elsewhere errors are pages");
    // What a form may be has not grown.
    let page = visitor.post("/sign-in", [("login", "x".repeat(70_000))]).await;
    assert_eq!(page.status, 413);
    is_sound(&app);
}

#[actix_web::test]
async fn reports_of_two_accounts_are_in_nobodys_way() {
    let (app, client, mateo) = with_client(100).await;
    let theirs = Client::of(&app, app.other_account, app.other_owner);
    let browsers: Vec<Browser> = (0..2).map(|_| app.visitor()).collect();
    let clients = [client.at(browsers[0].clone()), theirs.at(browsers[1].clone())];
    let users = [mateo, app.other_owner];
    let sending = (0..32).map(|n| reporting(clients[n % 2].clone(), format!("k{}", n / 2), uses(users[n % 2], 1)));
    let answers = at_once(sending.collect()).await;
    assert_eq!((how_many(&answers, 201), how_many(&answers, 409)), (16, 16), "{answers:?}");
    is_sound(&app);
}
