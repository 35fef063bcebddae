//! Licences and Owners: what may never be oversold or lost, however many do it at once.

use crate::support::{Person, Setup, TestApp};
use seatkeeper::access::{Role, UserId};
use seatkeeper::users::{Seat, Status};

const NO_FREE_SEAT: &str = "No license is free. Disable a user first, or choose a seat outside the package.";
const LAST_OWNER: &str = "This is the only Owner who can sign in. Make somebody else an Owner first.";

/// Two accounts, of which ours has this many seats free beside the Owner's.
async fn with_free(seats: i32) -> (TestApp, Person) {
    TestApp::with_owner_and(Setup { seats: seats + 1, ..Setup::default() }).await
}

fn taken(app: &TestApp) -> i64 {
    app.number(&format!("SELECT seats_used AS n FROM accounts WHERE id = {}", app.account.0))
}

#[actix_web::test]
async fn without_a_free_seat_a_user_is_refused_with_a_sentence_and_nothing_is_written() {
    let (app, amara) = with_free(0).await;
    let before = app.everything();
    let page = amara.post("/users", app.a_user("Mateo Silva").with("email", "mateo@harbourline.example")).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.error("package_seat").as_deref(), Some(NO_FREE_SEAT));
    assert_eq!(page.value("username"), "mateo.silva");
    assert_eq!(app.everything(), before);
}

#[actix_web::test]
async fn seats_outside_the_package_need_no_licence() {
    let (app, amara) = with_free(0).await;
    let card = app.a_user("Cara Card").with("package_seat", "no");
    let direct = app.a_user("Dirk Direct").with("pay_for_seat", "direct");
    let disabled = app.a_user("Dina Disabled").with("status", "disabled");
    for form in [card, direct, disabled] {
        let page = amara.post("/users", form).await;
        assert_eq!(page.status, 303, "{page:?}");
    }
    assert_eq!(app.find_by_name("Cara Card").details.seat, Seat::Card);
    assert_eq!(app.find_by_name("Dirk Direct").details.seat, Seat::Direct);
    assert_eq!(taken(&app), 1);
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn disabling_frees_a_seat_and_enabling_takes_one() {
    let (app, amara) = with_free(1).await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let yara = app.user_with("Yara Haddad", |details| details.status = Status::Disabled);
    let switch = async |id: UserId, status: &str| {
        let page = amara.post(&format!("/users/{id}/status"), [("status", status)]).await;
        amara.follow(&page).await.flash()
    };

    assert_eq!(switch(yara, "enabled").await, NO_FREE_SEAT);
    assert_eq!(app.find(yara).details.status, Status::Disabled);
    assert!(switch(mateo, "disabled").await.starts_with("Mateo Silva was disabled."));
    assert_eq!(taken(&app), 1);
    assert_eq!(switch(yara, "enabled").await, "Yara Haddad was enabled and can sign in again.");
    assert_eq!(taken(&app), 2);
    assert_eq!(switch(mateo, "enabled").await, NO_FREE_SEAT);
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn doing_again_what_is_done_changes_nothing() {
    let (app, amara) = with_free(3).await;
    let mateo = app.user("Mateo Silva", Role::Member);
    for _ in 0..2 {
        amara.post(&format!("/users/{mateo}/status"), [("status", "disabled")]).await;
    }
    assert_eq!(app.count("activity WHERE action = 'user.disabled'"), 1);
    assert_eq!(taken(&app), 1);
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn the_form_frees_and_takes_seats_too() {
    let (app, amara) = with_free(1).await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let path = format!("/users/{mateo}");
    for (field, value, seats) in
        [("package_seat", "no", 1), ("package_seat", "yes", 2), ("status", "disabled", 1), ("status", "enabled", 2)]
    {
        let form = amara.get(&path).await.form("#user").with(field, value);
        assert_eq!(amara.post(&path, form).await.status, 303);
        assert_eq!(taken(&app), seats, "{field} {value}");
    }
    let card = app.user_with("Cara Card", |details| details.seat = Seat::Card);
    let path = format!("/users/{card}");
    let form = amara.get(&path).await.form("#user").with("package_seat", "yes");
    let page = amara.post(&path, form).await;
    assert_eq!((page.status, page.error("package_seat").as_deref()), (422, Some(NO_FREE_SEAT)));
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn the_page_says_how_many_licences_are_taken_and_free() {
    let (app, amara) = with_free(3).await;
    app.user("Mateo Silva", Role::Member);
    app.user_with("Yara Haddad", |details| details.status = Status::Disabled);
    app.user_with("Cara Card", |details| details.seat = Seat::Card);
    let page = amara.get("/users").await;
    let numbers = page.texts(".stats dd:nth-of-type(1)");
    assert_eq!(numbers, ["3", "1", "4"]);
    assert!(page.says("3 out of 4 users currently enabled"));
    assert!(page.says("2 licenses available"));
    assert_eq!(page.attrs(".stats svg", "aria-label"), ["2 of 4 licenses taken, 2 free"]);
}

#[actix_web::test]
async fn the_last_owner_can_be_neither_disabled_nor_demoted_even_by_the_system() {
    let app = TestApp::new().await;
    let system = seatkeeper::access::Actor::system(app.account);
    let done =
        app.db.write_now(|conn| seatkeeper::users::set_status(conn, &system, app.owner, Status::Disabled).map(|_| ()));
    assert_eq!(done.unwrap_err().to_string(), LAST_OWNER);
    let user = app.find(app.owner);
    let mut details = user.details.clone();
    details.role = Role::Admin;
    let update = seatkeeper::users::Update { version: user.version, details, password: None, confirmed: true };
    let done = app.db.write_now(|conn| seatkeeper::users::update(conn, &app.config, &system, app.owner, &update));
    assert_eq!(done.unwrap_err().to_string(), LAST_OWNER);
    assert_eq!(app.find(app.owner).details, user.details);
}

#[actix_web::test]
async fn nobody_disables_themselves() {
    let (app, amara) = TestApp::with_owner().await;
    app.user("Olu Adeyemi", Role::Owner);
    let adam = app.person("Adam Stone", Role::Admin).await;
    for person in [&amara, &adam] {
        let page = person.post(&format!("{}/status", person.path()), [("status", "disabled")]).await;
        let page = person.follow(&page).await;
        assert!(page.flash().starts_with("You can't disable yourself"), "{page:?}");
        let form = person.get(&person.path()).await.form("#user").with("status", "disabled");
        let page = person.post(&person.path(), form).await;
        assert_eq!(page.status, 422, "{page:?}");
        assert_eq!(app.find(person.id).details.status, Status::Enabled);
    }
}

#[actix_web::test]
async fn an_owner_may_disable_another_while_one_is_left() {
    let (app, amara) = TestApp::with_owner().await;
    let olu = app.person("Olu Adeyemi", Role::Owner).await;
    amara.post(&format!("{}/status", olu.path()), [("status", "disabled")]).await;
    assert_eq!(app.find(olu.id).details.status, Status::Disabled);
    assert!(!olu.is_signed_in().await);
}
