//! Deleting somebody, thinking better of it, and bringing them back.

use crate::chrome::Device;
use crate::people;
use crate::support::{PASSWORD, TestApp};
use crate::tab::Tab;
use seatkeeper::access::Role;
use seatkeeper::plans::PlanId;

journey!(a_user_is_deleted_and_brought_back: desk, desk_without_script, phone);
journey!(from_the_profile_too: desk, phone_without_script);

async fn a_user_is_deleted_and_brought_back(device: Device) {
    let app = TestApp::new().await;
    app.user("Mateo Silva", Role::Member);
    app.user("Yara Haddad", Role::Member);
    let tab = Tab::open(device, app.config.listen).await;
    people::sign_in(&tab, &app.knows(app.account, app.owner).login, PASSWORD).await;
    let list = "/users?q=mateo";
    tab.go(list).await;

    people::row_menu(&tab, "Mateo Silva", "Delete").await;
    tab.sees("dialog h1", "Are you sure you want to delete user(s)?").await;
    tab.sees("dialog", "This action cannot be undone!").await;
    tab.press("Cancel").await;
    tab.is_at(list).await;
    tab.is_focused(&people::menu_of("Mateo Silva")).await;

    people::row_menu(&tab, "Mateo Silva", "Delete").await;
    tab.press("Yes, Delete User").await;
    tab.sees("main [role=status]", "Mateo Silva was deleted.").await;
    tab.is_at(list).await;
    tab.sees("h2", "No users match").await;

    tab.press("Pending deletion").await;
    people::sees_names(&tab, &["Mateo Silva"]).await;
    tab.sees("td", "Erased on ").await;
    people::row_menu(&tab, "Mateo Silva", "Cancel deletion").await;
    tab.sees("main [role=status]", "The deletion of Mateo Silva was cancelled. They are on the Disabled tab.").await;
    tab.press("Disabled").await;
    people::sees_names(&tab, &["Mateo Silva"]).await;
    tab.close().await;
}

async fn from_the_profile_too(device: Device) {
    let app = TestApp::new().await;
    let free = PlanId(app.plan("Free").parse().unwrap());
    let mateo = app.user_with("Mateo Silva", |details| details.plan = free);
    let tab = Tab::open(device, app.config.listen).await;
    people::sign_in(&tab, &app.knows(app.account, app.owner).login, PASSWORD).await;
    tab.go(&format!("/users/{mateo}")).await;
    tab.press("Delete this user").await;
    tab.sees("dialog", "1 user on a free plan is erased at once, with all records.").await;
    tab.press("Yes, Delete User").await;
    tab.sees("main [role=status]", "Mateo Silva was deleted.").await;
    people::sees_names(&tab, &["Amara Okafor"]).await;
    tab.close().await;
}
