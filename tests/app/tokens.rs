//! The page of API tokens: made, shown once, listed, revoked.

use crate::support::{NOTHING, Page, Person, TestApp};
use seatkeeper::access::{Role, UserId};
use seatkeeper::users::Status;

async fn make(who: &Person, name: &str, expires: &str) -> Page {
    who.post("/api-tokens", [("name", name), ("expires", expires)]).await
}

fn states(page: &Page) -> Vec<String> {
    page.texts("table.list td[data-l=Status]")
}

/// The address at which a user's token is revoked.
fn revocation(app: &TestApp, maker: UserId) -> String {
    let id = app.number(&format!("SELECT MAX(id) AS n FROM api_tokens WHERE created_by = {maker}"));
    format!("/api-tokens/{id}/revocation")
}

fn logged(app: &TestApp, action: &str) -> i64 {
    app.count(&format!("activity WHERE action = '{action}'"))
}

#[actix_web::test]
async fn a_token_is_shown_once_and_kept_nowhere() {
    let (app, amara) = TestApp::with_owner().await;
    let page = make(&amara, " Dialer ", "90").await;
    assert_eq!((page.status, page.header("cache-control")), (200, Some("no-store")), "{page:?}");
    let token = page.text("#secret");
    assert!(
        token.starts_with("sk_") && token.len() == 67 && token[3..].bytes().all(|c| c.is_ascii_hexdigit()),
        "{token}"
    );
    assert!(page.set_cookies().is_empty(), "not even in a flash");
    let list = amara.get("/api-tokens").await;
    assert!(!list.html.contains(&token) && !list.has("#secret"));
    assert_eq!(list.texts("table.list tbody th"), ["Dialer"]);
    let cells = list.texts("table.list tbody td");
    assert_eq!(cells[..3], [&token[63..], "Report usage", "Amara Okafor"]);
    assert_eq!((cells[5].as_str(), cells[6].as_str()), ("Never", "Active"));
    assert!(!app.everything().contains(&token[3..20]));
    assert_eq!(logged(&app, "token.created"), 1);
    let other = make(&amara, "Dialer", "never").await;
    assert_ne!(other.text("#secret"), token);
    let days = app.texts("SELECT COALESCE(CAST(expires_at AS TEXT), 'never') AS t FROM api_tokens ORDER BY id");
    assert_eq!(days[1], "never");
    let wanted = (chrono::Utc::now() + chrono::Duration::days(90)).format("%Y-%m-%d").to_string();
    assert!(days[0].starts_with(&wanted), "{days:?}");
}

#[actix_web::test]
async fn a_form_that_is_sent_again_makes_no_second_token() {
    let (app, amara) = TestApp::with_owner().await;
    let blank = amara.get("/api-tokens").await.form("#token").with("name", "Dialer");
    let made = amara.post("/api-tokens", blank.clone()).await;
    assert!(made.has("#secret"), "{made:?}");
    let again = amara.post("/api-tokens", blank).await;
    let list = amara.follow(&again).await;
    assert!(list.flash().starts_with("This token was created already"), "{}", list.flash());
    assert_eq!((states(&list).len(), list.has("#secret")), (1, false));
    let next = amara.post("/api-tokens", made.form("#token").with("name", "Reports")).await;
    assert!(next.has("#secret"), "the form beside the token is a new one: {next:?}");
    assert_eq!(app.count("api_tokens"), 2);
}

#[actix_web::test]
async fn a_token_without_a_name_or_an_end_that_is_offered_is_refused_and_what_was_typed_stays() {
    let (app, amara) = TestApp::with_owner().await;
    let before = app.everything();
    let long = "x".repeat(51);
    for (name, expires, field) in [
        ("", "30", "name"),
        (&long, "30", "name"),
        ("a\u{200b}", "30", "name"),
        ("Dialer", "31", "expires"),
        ("Dialer", "", "expires"),
    ] {
        let page = make(&amara, name, expires).await;
        assert_eq!((page.status, page.fields_with_errors()), (422, vec![field.to_owned()]), "{name} {expires}");
        assert_eq!(page.value("name"), name);
        assert!(!page.has("#secret"));
    }
    assert_eq!(app.everything(), before);
}

#[actix_web::test]
async fn the_page_is_for_those_who_may_have_tokens() {
    let (app, amara) = TestApp::with_owner().await;
    let mut people = vec![amara];
    for role in [Role::Admin, Role::Manager, Role::Moderator, Role::Dev, Role::Agent, Role::Member] {
        people.push(app.person(&format!("Person {}", role.label()), role).await);
    }
    for person in &people {
        let may = [Role::Owner, Role::Admin, Role::Dev].contains(&person.role);
        let menu = person.get("/profile").await.has("nav a[href='/api-tokens']");
        let status = person.get("/api-tokens").await.status;
        assert_eq!((menu, status), (may, if may { 200 } else { 403 }), "{:?}", person.role);
        assert_eq!(make(person, "Dialer", "30").await.status, if may { 200 } else { 403 }, "{:?}", person.role);
    }
    assert_eq!(app.count("api_tokens"), 3);
}

#[actix_web::test]
async fn a_token_is_revoked_by_those_who_outrank_its_maker() {
    let (app, amara) = TestApp::with_owner().await;
    let adam = app.person("Adam Stone", Role::Admin).await;
    let dana = app.person("Dana Voss", Role::Dev).await;
    let dev = app.user("Devi Rao", Role::Dev);
    let olga = app.user("Olga Operator", Role::Dev);
    app.appoint_operator(&app.knows(app.account, olga));
    let makers = [app.owner, adam.id, dana.id, dev, olga];
    let table = [(&dana, [false, false, true, true, false]), (&adam, [false, true, true, true, false])];
    for (who, may) in table.into_iter().chain([(&amara, [true, true, true, true, false])]) {
        for (maker, may) in makers.into_iter().zip(may) {
            app.token_of(app.account, maker, "Dialer");
            let path = revocation(&app, maker);
            let list = who.get("/api-tokens").await;
            assert_eq!(list.has(&format!("a[href='{path}']")), may, "{} {maker}", who.name);
            assert_eq!(who.get(&path).await.status, if may { 200 } else { 403 });
            let before = logged(&app, "token.revoked");
            assert_eq!(who.post(&path, NOTHING).await.status, if may { 303 } else { 403 });
            assert_eq!(logged(&app, "token.revoked") - before, i64::from(may), "{} {maker}", who.name);
        }
    }
}

#[actix_web::test]
async fn revoking_asks_first_and_is_done_once() {
    let (app, amara) = TestApp::with_owner().await;
    make(&amara, "Dialer", "30").await;
    let path = revocation(&app, amara.id);
    let page = amara.get(&path).await;
    assert_eq!((page.status, page.text("dialog h1").as_str()), (200, "Revoke Dialer?"));
    assert_eq!(page.attrs("dialog form", "action"), [path.as_str()]);
    let done = amara.post(&path, NOTHING).await;
    let list = amara.follow(&done).await;
    assert_eq!(list.flash(), "Dialer was revoked. Programs that use it are refused from now on.");
    assert_eq!(states(&list), ["Revoked"]);
    assert!(!list.has("a[href$='/revocation']"));
    let again = amara.post(&path, NOTHING).await;
    assert_eq!(amara.follow(&again).await.flash(), "Dialer was revoked already.");
    let again = amara.get(&path).await;
    assert_eq!(amara.follow(&again).await.flash(), "Dialer was revoked already.");
    assert_eq!(logged(&app, "token.revoked"), 1);
}

#[actix_web::test]
async fn the_list_says_which_tokens_work() {
    let (app, amara) = TestApp::with_owner().await;
    let dana = app.user("Dana Voss", Role::Dev);
    app.token_of(app.account, dana, "Dialer");
    let now = async || states(&amara.get("/api-tokens").await).remove(0);
    assert_eq!(now().await, "Active");
    app.set_status(dana, Status::Disabled);
    assert_eq!(now().await, "Paused");
    app.set_status(dana, Status::Enabled);
    app.run(&format!("UPDATE users SET role = 'member' WHERE id = {dana}"));
    assert_eq!(now().await, "Paused");
    app.run("UPDATE api_tokens SET expires_at = '2026-01-01 00:00:00'");
    assert_eq!(now().await, "Expired");
    app.run("UPDATE api_tokens SET revoked_at = '2026-01-01 00:00:00'");
    assert_eq!(now().await, "Revoked");
    app.run(&format!("DELETE FROM users WHERE id = {dana}"));
    assert_eq!(app.count("api_tokens"), 0, "nothing of whom is erased is left");
}

#[actix_web::test]
async fn the_list_has_pages() {
    let (app, amara) = TestApp::with_owner().await;
    for n in 0..51 {
        app.token_of(app.account, amara.id, &format!("Dialer {n}"));
    }
    let page = amara.get("/api-tokens").await;
    assert_eq!(page.texts("table.list tbody th").len(), 50);
    let older = page.attrs("nav.pager a", "href").remove(0);
    let page = amara.get(&older).await;
    assert_eq!(page.texts("table.list tbody th"), ["Dialer 0"]);
    assert_eq!(page.attrs("nav.pager a", "href"), ["/api-tokens"]);
}
