//! The role in the row.

use crate::support::{PASSWORD, Page, Person, TestApp};
use seatkeeper::access::{Role, UserId};

async fn set(who: &Person, id: UserId, role: &str) -> Page {
    who.post(&format!("/users/{id}/role"), [("role", role), ("back", "q=mateo")]).await
}

fn role(app: &TestApp, id: UserId) -> Role {
    app.find(id).details.role
}

#[actix_web::test]
async fn a_role_is_changed_in_place_and_the_sessions_end() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.person("Mateo Silva", Role::Member).await;
    let page = set(&amara, mateo.id, "manager").await;
    assert_eq!(page.location, Some(format!("/users?q=mateo#r{}", mateo.id)), "the focus is where it was");
    assert_eq!(amara.follow(&page).await.flash(), "Mateo Silva has the role Manager now.");
    assert_eq!(role(&app, mateo.id), Role::Manager);
    assert!(!mateo.is_signed_in().await);
    assert_eq!(app.count("activity WHERE action = 'user.edited'"), 1);
    set(&amara, mateo.id, "manager").await;
    assert_eq!(app.count("activity WHERE action = 'user.edited'"), 1, "doing again what is done changes nothing");
    assert_eq!(set(&amara, mateo.id, "emperor").await.status, 400);
}

#[actix_web::test]
async fn the_row_offers_only_what_one_may_give() {
    let (app, amara) = TestApp::with_owner().await;
    let adam = app.person("Adam Stone", Role::Admin).await;
    let mina = app.person("Mina Park", Role::Moderator).await;
    let offered =
        async |who: &Person, whose: &str| who.get(&format!("/users?q={whose}")).await.texts("tbody .row-role option");
    let all = ["Owner", "Admin", "Manager", "Moderator", "Dev", "Agent", "Member"];
    assert_eq!(offered(&amara, "adam").await, all);
    assert_eq!(offered(&amara, "amara").await, Vec::<String>::new(), "not her own");
    assert_eq!(offered(&adam, "mina").await, all[1..]);
    assert_eq!(offered(&adam, "amara").await, Vec::<String>::new(), "not whom he does not outrank");
    assert_eq!(offered(&mina, "adam").await, Vec::<String>::new());

    for (who, whom, wanted) in [(&adam, mina.id, "owner"), (&adam, amara.id, "member"), (&mina, adam.id, "member")] {
        assert_eq!(set(who, whom, wanted).await.status, 403, "{} {wanted}", who.name);
    }
    let page = set(&adam, adam.id, "member").await;
    assert!(adam.follow(&page).await.flash().starts_with("You can't disable yourself or change your own role."));
    assert_eq!(
        (role(&app, mina.id), role(&app, amara.id), role(&app, adam.id)),
        (Role::Moderator, Role::Owner, Role::Admin)
    );
}

#[actix_web::test]
async fn a_role_that_somebody_else_changed_meanwhile_is_looked_at_again() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Agent);
    let set_from = async |from: &str, wanted: &str| {
        let page = amara.post(&format!("/users/{mateo}/role"), [("from", from), ("role", wanted)]).await;
        amara.follow(&page).await.flash()
    };
    let changed = "Somebody else changed this role meanwhile. Look at it, then choose again.";
    assert_eq!(set_from("member", "manager").await, changed);
    assert_eq!(role(&app, mateo), Role::Agent);
    assert_eq!(set_from("member", "agent").await, "Mateo Silva has the role Agent now.", "what both want");
    assert_eq!(set_from("agent", "manager").await, "Mateo Silva has the role Manager now.");
}

#[actix_web::test]
async fn guesses_at_ones_own_password_must_wait() {
    let (app, amara) = TestApp::with_owner().await;
    let path = format!("/users/{}/role", app.user("Mateo Silva", Role::Member));
    let guess = async |password: &str| amara.post(&path, [("role", "owner"), ("own_password", password)]).await.status;
    for attempt in 0..5 {
        assert_eq!(guess("not-my-password").await, 422, "{attempt}");
    }
    assert_eq!(guess(PASSWORD).await, 429);
}

#[actix_web::test]
async fn giving_and_taking_the_owner_role_asks_for_ones_own_password() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    for (wanted, sentence) in [("owner", "From Member to Owner"), ("admin", "From Owner to Admin")] {
        let before = role(&app, mateo);
        let asked = set(&amara, mateo, wanted).await;
        let page = amara.follow(&asked).await;
        assert_eq!(page.text("dialog h1"), "Change the role of Mateo Silva?");
        assert_eq!(page.text("dialog header p"), sentence);
        assert_eq!(role(&app, mateo), before, "nothing yet");
        let form = page.form("dialog form");
        let wrong = amara.post(&format!("/users/{mateo}/role"), form.clone().with("own_password", "guess")).await;
        assert_eq!((wrong.status, role(&app, mateo)), (422, before));
        assert_eq!(
            wrong.error("own_password").as_deref(),
            Some("This is not your password. Enter the password that you sign in with.")
        );
        let right = amara.post(&format!("/users/{mateo}/role"), form.with("own_password", PASSWORD)).await;
        assert_eq!(right.location, Some(format!("/users?q=mateo#r{mateo}")));
        assert_eq!(role(&app, mateo).code(), wanted);
    }
    let adam = app.person("Adam Stone", Role::Admin).await;
    assert_eq!(adam.get(&format!("/users/{mateo}/role?role=owner")).await.status, 403);
    assert_eq!(adam.get(&format!("/users/{}/role?role=admin", amara.id)).await.status, 403);
    assert_eq!(app.differences(), Vec::<String>::new());
}
