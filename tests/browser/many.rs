//! What is done to many, and to one in its row.

use crate::chrome::Device;
use crate::people;
use crate::support::{PASSWORD, TestApp};
use crate::tab::Tab;
use seatkeeper::access::Role;

journey!(the_selected_are_changed_at_once: desk, desk_without_script, phone);
journey!(a_role_is_changed_in_its_row: desk, desk_without_script, phone);

async fn with_three(device: Device) -> (TestApp, Tab) {
    let app = TestApp::new().await;
    for name in ["Ada Lind", "Ben Okoro", "Cleo Marsh"] {
        app.user(name, Role::Member);
    }
    let tab = Tab::open(device, app.config.listen).await;
    people::sign_in(&tab, &app.knows(app.account, app.owner).login, PASSWORD).await;
    (app, tab)
}

async fn box_of(tab: &Tab, name: &str) {
    tab.click(&format!("input[aria-label=\"Select {name}\"]")).await;
}

async fn the_selected_are_changed_at_once(device: Device) {
    let (app, tab) = with_three(device).await;
    assert_eq!(tab.texts(".bulk button").await, Vec::<String>::new(), "the bar shows once somebody is selected");
    box_of(&tab, "Ada Lind").await;
    box_of(&tab, "Cleo Marsh").await;
    let counted: String = tab.ask("getComputedStyle(document.querySelector('.bulk output'), '::before').content").await;
    assert!(counted.contains("sel") && counted.contains("selected"), "{counted}");
    tab.press("Disable").await;
    tab.sees("dialog h1", "Disable 2 users?").await;
    tab.press("Disable 2 users").await;
    tab.sees("main [role=status]", "2 users were disabled.").await;
    people::sees_names(&tab, &["Amara Okafor", "Ben Okoro"]).await;

    tab.press("Disabled").await;
    people::sees_names(&tab, &["Ada Lind", "Cleo Marsh"]).await;
    if device.is_phone() {
        tab.click("[name=id]").await;
        tab.click("[name=all]").await;
    } else {
        tab.click("[data-all]").await;
    }
    tab.press("Set role").await;
    tab.press("Agent").await;
    tab.sees("dialog", "2 users get the role Agent.").await;
    tab.press("Change role").await;
    tab.sees("main [role=status]", "2 users were given the role Agent.").await;
    assert_eq!(app.find_by_name("Ada Lind").details.role, Role::Agent);
    if device.script {
        a_download_leaves_the_bar_alive(&tab).await;
    }
    tab.close().await;
}

/// After a file was fetched the page is still there, and so are its buttons.
async fn a_download_leaves_the_bar_alive(tab: &Tab) {
    box_of(tab, "Ada Lind").await;
    tab.click(".bulk > .menu:last-of-type > summary").await;
    tab.press("CSV").await;
    tab.press("Enable").await;
    tab.sees("dialog h1", "Enable 1 user?").await;
}

async fn a_role_is_changed_in_its_row(device: Device) {
    let (app, tab) = with_three(device).await;
    let ada = app.find_by_name("Ada Lind").id;
    assert_eq!(tab.texts(".row-role button").await, Vec::<String>::new(), "Save shows once the role differs");
    tab.click(&format!("#r{ada} option[value=manager]")).await;
    assert_eq!(tab.texts(".row-role button").await, ["Save"]);
    tab.press("Save").await;
    tab.sees("main [role=status]", "Ada Lind has the role Manager now.").await;
    tab.is_focused(&format!("#r{ada}")).await;

    tab.click(&format!("#r{ada} option[value=owner]")).await;
    tab.press("Save").await;
    tab.sees("dialog h1", "Change the role of Ada Lind?").await;
    tab.click("dialog #own_password").await;
    tab.keys("not-the-password").await;
    tab.press("Change role").await;
    tab.sees("#own_password-e", "This is not your password.").await;
    tab.click("dialog #own_password").await;
    tab.keys(PASSWORD).await;
    tab.press("Change role").await;
    tab.sees("main [role=status]", "Ada Lind has the role Owner now.").await;
    assert_eq!(app.find(ada).details.role, Role::Owner);
    tab.close().await;
}
