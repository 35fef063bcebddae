//! Manage Credit from the row's menu, as both sides see it.

use crate::chrome::Device;
use crate::people;
use crate::support::{PASSWORD, TestApp};
use crate::tab::Tab;
use seatkeeper::access::Role;

journey!(credits_are_given_from_the_row: desk, desk_without_script, phone);

async fn credits_are_given_from_the_row(device: Device) {
    let app = TestApp::new().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let amara = app.knows(app.account, app.owner);
    let tab = Tab::open(device, app.config.listen).await;
    people::sign_in(&tab, &amara.login, PASSWORD).await;
    people::row_menu(&tab, "Mateo Silva", "Manage Credit").await;
    tab.sees("dialog h1", "Manage Credit").await;
    tab.is_focused("#export").await;
    tab.sees("#export-l", "5000").await;
    tab.fill("export", "5600").await;
    if device.script {
        tab.sees("#export-l", "600 over").await;
    }
    tab.press("Save credits").await;
    let refused = "Cannot allocate 5600 Export credits: 5000 are unallocated of 5000. Enter 5000 or less.";
    tab.sees("#export-e", refused).await;
    tab.sees("#export-l", "600 over").await;
    assert_eq!(tab.value("export").await, "5600", "what was typed stays");
    let title: String = tab.ask("document.title").await;
    assert!(title.starts_with("Error: Manage Credit of Mateo Silva"), "{title}");
    tab.fill("export", "1200").await;
    tab.fill("reason", "Q4 campaign").await;
    tab.press("Save credits").await;
    tab.sees("main [role=status]", "The credits of Mateo Silva were saved.").await;
    let title: String = tab.ask("document.title").await;
    assert!(title.starts_with("Manage Users"), "{title}");
    if device.script {
        tab.is_focused(&people::menu_of("Mateo Silva")).await;
    }
    tab.go(&format!("/users/{mateo}/credits")).await;
    tab.sees("#history", "Q4 campaign").await;
    let width: u32 = tab.ask("document.scrollingElement.scrollWidth").await;
    assert!(width <= device.width, "{width}");
    tab.click("#manage-credit").await;
    tab.sees("dialog h1", "Manage Credit").await;
    tab.press("Save credits").await;
    tab.sees("main [role=status]", "Mateo Silva needed no change.").await;
    if device.script {
        tab.is_focused("#manage-credit").await;
    }
    tab.close().await;
}
