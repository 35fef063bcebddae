//! Which tokens work, where, and that nobody sees them.

use super::{is_sound, used, uses, with_client};
use crate::support::{Client, NOTHING, Program, Setup, TestApp, USAGE};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use seatkeeper::access::{Needs, Role, UserId};
use seatkeeper::routes;
use seatkeeper::users::Status;

async fn refused(client: &Client, user: UserId, why: &str) {
    let answer = client.report("refused", uses(user, 1)).await;
    assert_eq!(answer.status, 401, "{why}: {answer:?}");
}

#[actix_web::test]
async fn a_token_works_as_long_as_it_and_its_maker_may() {
    let (app, client, mateo) = with_client(100).await;
    let dana = app.find_by_name("Dana Voss").id;
    assert_eq!(client.report("first", uses(mateo, 1)).await.status, 201);
    for token in ["", "x", "sk_", &client.token[1..], &client.token.to_uppercase(), &format!("{}0", client.token)] {
        refused(&client.with_token(token), mateo, "another token").await;
    }
    app.set_status(dana, Status::Disabled);
    refused(&client, mateo, "the maker is disabled").await;
    app.set_status(dana, Status::Enabled);
    for role in ["member", "moderator", "manager"] {
        app.run(&format!("UPDATE users SET role = '{role}' WHERE id = {dana}"));
        refused(&client, mateo, "the maker may have no tokens").await;
    }
    app.run(&format!("UPDATE users SET role = 'dev' WHERE id = {dana}"));
    app.run("UPDATE api_tokens SET expires_at = '2026-01-01 00:00:00'");
    refused(&client, mateo, "it has expired").await;
    app.run("UPDATE api_tokens SET expires_at = NULL");
    assert_eq!(client.report("second", uses(mateo, 1)).await.status, 201);
    let amara = app.browse_as(app.account, app.owner).await;
    let path = amara.get("/api-tokens").await.attrs("a[href$='/revocation']", "href").remove(0);
    assert_eq!(amara.post(&path, NOTHING).await.status, 303);
    refused(&client, mateo, "it is revoked").await;
    assert_eq!(used(&app, mateo), 2);
    is_sound(&app);
}

#[actix_web::test]
async fn a_token_counts_on_the_hosts_of_its_account_only() {
    let setup = Setup {
        shared_host: false,
        domain: Some("seats.harbourline.example"),
        other_domain: Some("seats.quillworks.example"),
        ..Setup::default()
    };
    let app = TestApp::with(setup).await;
    let mateo = app.user("Mateo Silva", Role::Member);
    app.give(mateo, "export", 100, 0);
    let client = Client::of(&app, app.account, app.owner);
    let at = |host: &str| client.at(app.visitor().at(host));
    assert_eq!(at("seats.harbourline.example").report("a", uses(mateo, 1)).await.status, 201);
    refused(&at("seats.quillworks.example"), mateo, "another account's domain").await;
    refused(&client, mateo, "the shared host, on which the account may not be").await;
    assert_eq!(at("nobody.example").report("b", uses(mateo, 1)).await.status, 404);
    // The other account may be on both.
    let theirs = Client::of(&app, app.other_account, app.other_owner);
    assert_eq!(theirs.report("a", uses(app.other_owner, 1)).await.status, 409);
    is_sound(&app);
}

#[actix_web::test]
async fn no_cookie_opens_what_is_for_programs() {
    let (app, amara) = TestApp::with_owner().await;
    for entry in routes::all().iter().filter(|entry| entry.path.starts_with("/api/")) {
        assert!([Needs::Token, Needs::Nothing].contains(&entry.needs), "{}: cookies count there", entry.path);
    }
    let request = amara.request(Method::POST, USAGE).header(CONTENT_TYPE, "application/json");
    let request = request.header("Idempotency-Key", "k").header("origin", format!("http://{}", amara.host()));
    let page = amara.send(request.body(uses(app.owner, 1).to_string())).await;
    assert_eq!(page.status, 401, "{page:?}");
    // And a token opens no page.
    let token = app.token_of(app.account, app.owner, "Dialer");
    let request = app.visitor().request(Method::GET, "/users").header(AUTHORIZATION, format!("Bearer {token}"));
    assert!(app.visitor().send(request).await.sends_to_sign_in());
    // A browser elsewhere that knows a token is as good as any program, and is told nothing by CORS.
    let mateo = app.user("Mateo Silva", Role::Member);
    app.give(mateo, "export", 10, 0);
    let client = Client::of(&app, app.account, app.owner);
    let request = client.request().header("origin", "https://evil.example").header("Idempotency-Key", "k");
    let page = app.visitor().send(request.body(uses(mateo, 1).to_string())).await;
    assert_eq!((page.status, page.header("access-control-allow-origin")), (201, None));
}

#[actix_web::test]
async fn a_token_is_in_no_log_and_no_row_and_its_use_is_noted_once_a_minute() {
    let (app, client, mateo) = with_client(100).await;
    let program = Program::beside(&app).with("LOG", "trace").with("LOG_FORMAT", "json");
    let mut serving = program.serve().await;
    let there = client.at(serving.visitor());
    let last_used = || app.texts("SELECT COALESCE(CAST(last_used_at AS TEXT), '') AS t FROM api_tokens").remove(0);
    assert_eq!(last_used(), "");
    assert_eq!(there.report("a", uses(mateo, 1)).await.status, 201);
    let noted = last_used();
    assert_ne!(noted, "");
    assert_eq!(there.report("b", uses(mateo, 1)).await.status, 201);
    assert_eq!(last_used(), noted);
    app.run("UPDATE api_tokens SET last_used_at = '2026-01-01 00:00:00'");
    assert_eq!(there.report("c", uses(mateo, 1000)).await.status, 409);
    assert_ne!(last_used(), noted);
    refused(&there.with_token(&format!("{}0", client.token)), mateo, "another").await;
    assert_eq!(serving.stop().await, Some(0));
    let log = serving.log();
    assert!(log.contains("/api/v1/usage"), "{log}");
    for secret in [&client.token, &client.token[3..20]] {
        assert!(!log.contains(secret) && !app.everything().contains(secret));
    }
    // Who reported it is in the ledger.
    let by = format!(
        "ledger WHERE token_id IN (SELECT id FROM api_tokens) AND actor_id = {}",
        app.find_by_name("Dana Voss").id
    );
    assert_eq!(app.count(&by), 2);
}
