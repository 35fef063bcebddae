//! Manage Credit and Allocate Minute.

use super::{event, pool, report};
use crate::support::{Browser, Page, Person, Setup, TestApp, at_once};
use seatkeeper::access::{Role, UserId};
use seatkeeper::credits::CreditKind;
use seatkeeper::users::{self, Removal, Status};

async fn manage<const N: usize>(who: &Person, id: UserId, amounts: [(&str, &str); N]) -> Page {
    who.post(&format!("/users/{id}/manage-credit"), amounts).await
}

#[actix_web::test]
async fn amounts_are_absolute_and_every_change_is_told() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let dialog = amara.get(&format!("/users/{mateo}/manage-credit?back=q%3Dmateo")).await;
    assert_eq!(dialog.text("h1"), "Manage Credit");
    assert_eq!(dialog.texts(".alloc output"), ["5000", "5000", "5000"]);
    let page = manage(
        &amara,
        mateo,
        [("export", "600"), ("direct_dial", "0"), ("calling", "1,200"), ("reason", "Q4 campaign"), ("back", "q=mateo")],
    )
    .await;
    assert_eq!(page.location, Some(format!("/users?q=mateo#m{mateo}")));
    assert_eq!(amara.follow(&page).await.flash(), "The credits of Mateo Silva were saved.");
    assert_eq!((pool(&app, "export"), pool(&app, "calling")), ((5000, 600, 0), (5000, 1200, 0)));
    manage(&amara, mateo, [("export", "500")]).await;
    let tab = amara.get(&format!("/users/{mateo}/credits")).await;
    assert_eq!(tab.texts("#history tbody td[data-l=What]"), ["Export Credits", "Calling Credits", "Export Credits"]);
    assert_eq!(tab.texts("#history tbody td[data-l=Change]"), ["−100", "+1200", "+600"]);
    assert_eq!(tab.texts("#history tbody td[data-l=Reason]"), ["None", "Q4 campaign", "Q4 campaign"]);
    assert_eq!(tab.texts("#history tbody td[data-l=By]"), ["Amara Okafor"; 3]);
    assert_eq!(app.find(mateo).credits, 1700);
    assert_eq!(app.count("activity WHERE action = 'user.credits_allocated'"), 2);
    assert_eq!(app.differences(), Vec::<String>::new());
    assert!(!app.everything().contains("Q4 campaign"), "reasons are sealed");
}

#[actix_web::test]
async fn minutes_have_a_dialog_of_their_own() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    app.give(mateo, "minutes", 100, 40);
    let dialog = amara.get(&format!("/users/{mateo}/allocate-minute")).await;
    assert_eq!((dialog.text("h1"), dialog.value("minutes")), ("Allocate Minute".to_owned(), "100".to_owned()));
    assert!(dialog.says("40 used of 100 now"));
    let page = amara.post(&format!("/users/{mateo}/allocate-minute"), [("minutes", "300"), ("place", "credits")]).await;
    assert_eq!(page.location, Some(format!("/users/{mateo}/credits")));
    assert_eq!(amara.follow(&page).await.flash(), "The minutes of Mateo Silva were saved.");
    assert_eq!(pool(&app, "minutes"), (500, 300, 40));
    assert_eq!(app.find(mateo).credits, 0, "minutes are no credits");
    let again = amara.post(&format!("/users/{mateo}/allocate-minute"), [("minutes", "300")]).await;
    assert_eq!(amara.follow(&again).await.flash(), "Mateo Silva needed no change.");
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn what_cannot_be_had_says_so_beside_its_field_with_the_numbers() {
    let (app, amara) = TestApp::with_owner().await;
    let (mateo, yara) = (app.user("Mateo Silva", Role::Member), app.user("Yara Haddad", Role::Member));
    manage(&amara, yara, [("export", "4550"), ("calling", "100")]).await;
    report(&app, &[event(yara, CreditKind::Calling, 60)]);
    let before = app.everything();
    let page = manage(&amara, mateo, [("export", "600"), ("direct_dial", "70"), ("calling", "5x")]).await;
    assert_eq!((page.status, page.fields_with_errors()), (422, vec!["export".to_owned(), "calling".to_owned()]));
    assert_eq!(page.error("calling").unwrap(), "Calling Credits: Enter a whole number, such as 500.");
    let page = manage(&amara, mateo, [("export", "600"), ("direct_dial", "70"), ("calling", "6000")]).await;
    assert_eq!((page.status, page.fields_with_errors()), (422, vec!["export".to_owned(), "calling".to_owned()]));
    assert_eq!(
        page.error("export").unwrap(),
        "Cannot allocate 600 Export credits: 450 are unallocated of 5000. Enter 450 or less."
    );
    assert_eq!(page.texts(".alloc output"), ["150 over", "4930", "1100 over"]);
    assert_eq!((page.value("export"), page.value("direct_dial")), ("600".into(), "70".into()), "what was typed stays");
    let page = manage(&amara, yara, [("calling", "59")]).await;
    assert_eq!(
        page.error("calling").unwrap(),
        "Cannot allocate 59 Calling credits: 60 are used already. Enter 60 or more."
    );
    let page = manage(&amara, mateo, [("export", "1"), ("reason", &"x".repeat(101))]).await;
    assert_eq!((page.status, page.fields_with_errors()), (422, vec!["reason".to_owned()]));
    assert_eq!(app.everything(), before, "nothing was written");
}

#[actix_web::test]
async fn who_may_allocate_and_to_whom() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let adam = app.person("Adam Stone", Role::Admin).await;
    for role in [Role::Manager, Role::Moderator, Role::Dev, Role::Member] {
        let who = app.person(&format!("Some {}", role.label()), role).await;
        for path in ["manage-credit", "allocate-minute"] {
            assert_eq!(who.get(&format!("/users/{mateo}/{path}")).await.status, 403, "{role:?}");
            assert_eq!(who.post(&format!("/users/{mateo}/{path}"), [("export", "1")]).await.status, 403, "{role:?}");
        }
    }
    assert_eq!(manage(&adam, amara.id, [("export", "1")]).await.status, 403, "not whom he does not outrank");
    assert_eq!(adam.get(&format!("/users/{}/manage-credit", amara.id)).await.status, 403);
    assert_eq!(manage(&adam, adam.id, [("export", "1")]).await.status, 303, "himself he may");
    let stranger = app.stranger().await;
    assert_eq!(manage(&stranger, mateo, [("export", "1")]).await.status, 404);
    for path in ["credits", "manage-credit", "allocate-minute"] {
        assert_eq!(stranger.get(&format!("/users/{mateo}/{path}")).await.status, 404, "{path}");
    }
    assert_eq!(pool(&app, "export"), (5000, 1, 0));
    let row = adam.get("/users?q=amara").await;
    assert!(!row.says("Manage Credit"), "what he may not is not offered");
}

#[actix_web::test]
async fn of_two_admins_who_decide_by_the_same_amounts_the_second_looks_again() {
    let (app, amara) = TestApp::with_owner().await;
    let adam = app.person("Adam Stone", Role::Admin).await;
    let mateo = app.user("Mateo Silva", Role::Member);
    assert_eq!(manage(&amara, mateo, [("export", "100"), ("had_export", "0")]).await.status, 303);
    let page = manage(&adam, mateo, [("export", "70"), ("had_export", "0")]).await;
    assert_eq!(page.status, 409);
    assert!(page.says("Somebody else changed these amounts meanwhile."));
    assert_eq!((page.value("export"), page.value("had_export")), ("70".to_owned(), "100".to_owned()));
    assert_eq!(pool(&app, "export"), (5000, 100, 0));
}

#[actix_web::test]
async fn disabling_keeps_and_deleting_returns_what_is_unused() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    app.give(mateo, "export", 300, 100);
    app.set_status(mateo, Status::Disabled);
    assert_eq!(pool(&app, "export"), (5500, 300, 100));
    assert_eq!(manage(&amara, mateo, [("export", "400")]).await.status, 303, "a disabled user too");
    let removal = Removal { heir: None, erase_at: seatkeeper::clock::now() };
    let actor = seatkeeper::access::Actor::system(app.account);
    app.db.write_now(|conn| users::delete(conn, &app.config, &actor, mateo, &removal)).unwrap();
    assert_eq!(pool(&app, "export"), (5500, 100, 100));
    assert_eq!(app.count(&format!("ledger WHERE user_id = {mateo} AND entry = 'take_back' AND amount = 300")), 1);
    let page = manage(&amara, mateo, [("export", "400")]).await;
    assert_eq!(amara.follow(&page).await.flash(), "This user is pending deletion. Cancel the deletion first.");
    assert_eq!(app.differences(), Vec::<String>::new());
}

async fn allocate(browser: Browser, id: UserId, amount: &'static str) -> Page {
    browser.post(&format!("/users/{id}/manage-credit"), [("export", amount)]).await
}

#[actix_web::test]
async fn sixty_four_who_allocate_from_one_pool_never_give_more_than_it_has() {
    let (app, amara) = TestApp::with_owner_and(Setup { seats: 80, ..Setup::default() }).await;
    let adam = app.person("Adam Stone", Role::Admin).await;
    let people = app.users_of(app.account, (0..64).map(|n| app.details(app.account, &format!("User {n}"))).collect());
    // 5000 are there: 50 get 100 each.
    let sending = people.iter().enumerate().map(|(n, id)| {
        let browser = [&amara, &adam][n % 2].browser.clone();
        allocate(browser, *id, "100")
    });
    let pages = at_once(sending.collect()).await;
    let (given, refused): (Vec<&Page>, Vec<&Page>) = pages.iter().partition(|page| page.status == 303);
    assert_eq!((given.len(), refused.len()), (50, 14));
    assert!(refused.iter().all(|page| page.status == 422 && page.says("0 are unallocated of 5000")));
    assert_eq!(pool(&app, "export"), (5000, 5000, 0));
    assert_eq!(app.count("ledger WHERE entry = 'allocate'"), 50);
    assert_eq!(app.differences(), Vec::<String>::new());
}
