//! The main job: a new user, from Add Users to their first sign-in.

use crate::chrome::Device;
use crate::people::{self, WRONG_EMAIL};
use crate::support::{PASSWORD, TestApp};
use crate::tab::Tab;

const NEW_PASSWORD: &str = "orchard-lantern-58";

journey!(an_owner_adds_a_user_who_signs_in: desk, desk_without_script, phone);

async fn an_owner_adds_a_user_who_signs_in(device: Device) {
    let app = TestApp::new().await;
    let amara = app.knows(app.account, app.owner);
    app.appoint_operator(&amara);
    let tab = Tab::open(device, app.config.listen).await;
    people::sign_in(&tab, &amara.login, PASSWORD).await;
    tab.is_at("/users").await;
    tab.press("Add Users").await;
    tab.is_at("/users/new").await;
    make_a_mistake(&tab).await;
    correct_it(&tab).await;

    tab.is_at("/users").await;
    let flash =
        "Yara Haddad was added and has no credits yet. A welcome email is on its way. Manage Credit Add another";
    tab.sees("main [role=status]", flash).await;
    assert_eq!(people::names(&tab).await, ["Amara Okafor", "Yara Haddad"]);
    tab.press("Add another").await;
    tab.is_at("/users/new").await;
    tab.press("Cancel").await;
    tab.is_at("/users").await;
    assert_eq!(tab.count("main [role=status]").await, 0, "it is told once");

    people::go_to(&tab, "/operator/mail").await;
    tab.press("Welcome to Harbourline").await;
    let letter = tab.text("pre.letter").await;
    tab.close().await;
    follow(&letter, device, &app).await;
}

/// An address with a space, and no confirmation.
async fn make_a_mistake(tab: &Tab) {
    tab.press("User by email").await;
    tab.fill("first_name", "Yara").await;
    tab.fill("last_name", "Haddad").await;
    tab.fill("email", "yara haddad@harbourline.example").await;
    tab.fill("password", NEW_PASSWORD).await;
    assert_eq!(tab.text("[data-strength]").await, if tab.device.script { "Strength: Strong" } else { "" });
    tab.press("Create & Add User").await;

    tab.sees("h2", "There is a problem").await;
    assert_eq!(tab.texts("[role=alert] a").await, [WRONG_EMAIL, "Confirm that the details are correct."]);
    assert!(tab.text("#email-e").await.ends_with(WRONG_EMAIL));
    assert!(tab.driver.title().await.unwrap().starts_with("Error: "));
    assert_eq!(tab.value("email").await, "yara haddad@harbourline.example");
    assert_eq!((tab.value("first_name").await, tab.value("password").await), ("Yara".into(), "".into()));
    assert_eq!(tab.chosen("user_type").await, "email");
    tab.is_focused("[role=alert]").await;
    tab.press(WRONG_EMAIL).await;
    tab.is_focused("#email").await;
}

async fn correct_it(tab: &Tab) {
    tab.fill("email", "yara.haddad@harbourline.example").await;
    tab.fill("password", NEW_PASSWORD).await;
    assert_eq!(tab.chosen("dialer").await, "no");
    tab.press("Company payment").await;
    tab.finds("[name=preset][value=company][aria-current]").await;
    assert_eq!(tab.chosen("dialer").await, "yes");
    assert_eq!(tab.count("#plan [data-dialer]:checked").await, 1, "a tier that has a dialer");
    if tab.device.script {
        assert_eq!(tab.value("password").await, NEW_PASSWORD, "the page was not sent for it");
    } else {
        assert_eq!(tab.value("password").await, "");
        tab.fill("password", NEW_PASSWORD).await;
    }
    tab.click("#confirm").await;
    tab.press("Create & Add User").await;
}

/// Does what the welcome e-mail says, in a browser that was never here.
async fn follow(letter: &str, device: Device, app: &TestApp) {
    let link = letter.lines().find(|line| line.starts_with("http")).expect(letter);
    let email = letter.lines().find_map(|line| line.strip_prefix("Email: ")).expect(letter);
    assert!(!letter.contains(NEW_PASSWORD));
    let tab = Tab::open(device, app.config.listen).await;
    tab.go(link).await;
    people::try_sign_in(&tab, email, NEW_PASSWORD).await;
    tab.is_at("/usage").await;
    tab.sees("h1", "Usage Report").await;
    assert_eq!(tab.count("nav.side a[href=\"/profile\"]").await, 1);
    assert_eq!(tab.count("nav.side a[href=\"/users\"]").await, 0, "no entry for what she may not see");
    tab.go("/users").await;
    tab.sees("h1", "You don't have access to this page").await;
    assert!(tab.text("main").await.starts_with("403"));
    tab.press("Go to the start page").await;
    tab.is_at("/usage").await;
    tab.close().await;
}
