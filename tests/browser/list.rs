//! The list: found, filtered, sorted, turned, and gone back to.

use crate::chrome::Device;
use crate::people;
use crate::support::{PASSWORD, Setup, TestApp};
use crate::tab::Tab;
use seatkeeper::access::Role;

journey!(a_list_is_walked_and_narrowed_and_gone_back_to: desk, desk_without_script, phone);

const FIRST: [&str; 8] = ["Bo", "Cleo", "Dina", "Emil", "Fay", "Nora", "Otto", "Pia"];
const LAST: [&str; 4] = ["Berg", "Lind", "Moss", "Stone"];

/// Harbourline with 33 users, of whom each Nora is a Manager.
async fn a_company() -> TestApp {
    let app = TestApp::with(Setup { seats: 50, ..Setup::default() }).await;
    for first in FIRST {
        let role = if first == "Nora" { Role::Manager } else { Role::Member };
        for last in LAST {
            app.user(&format!("{first} {last}"), role);
        }
    }
    app
}

async fn a_list_is_walked_and_narrowed_and_gone_back_to(device: Device) {
    let app = a_company().await;
    let tab = Tab::open(device, app.config.listen).await;
    people::sign_in(&tab, &app.knows(app.account, app.owner).login, PASSWORD).await;
    tab.is_at("/users").await;
    walk(&tab).await;
    tab.go("/users").await;
    if device.script {
        type_along(&tab).await;
    }
    narrow(&tab).await;
    tab.close().await;
}

/// Next, Previous, and Back from a page and from a user.
async fn walk(tab: &Tab) {
    tab.sees(".pager", "25 of 33 users").await;
    let first_page = people::names(tab).await;
    assert_eq!((first_page.len(), first_page[1].as_str()), (25, "Bo Berg"));

    tab.press("Next").await;
    tab.sees(".pager", "8 of 33 users").await;
    let second_page = people::names(tab).await;
    assert_eq!((second_page.len(), second_page[7].as_str()), (8, "Pia Stone"));
    assert!(first_page.iter().all(|name| !second_page.contains(name)));
    let second = tab.here().await;
    if tab.device.is_phone() {
        let top: f64 = tab.ask("document.getElementById('list').getBoundingClientRect().top").await;
        assert!(top < 100.0, "whoever turned the page sees the list: {top}");
    }
    tab.press("Previous").await;
    tab.sees(".pager", "25 of 33 users").await;
    assert_eq!(people::names(tab).await, first_page);

    tab.back().await;
    tab.is_at(&second).await;
    assert_eq!(people::names(tab).await, second_page);
    tab.press("Pia Moss").await;
    tab.sees("h1", "Pia Moss").await;
    tab.back().await;
    tab.is_at(&second).await;
    assert_eq!(people::names(tab).await, second_page);
    tab.press("Pia Moss").await;
    tab.press("Cancel").await;
    tab.is_at(&second).await;
    assert_eq!(people::names(tab).await, second_page);
}

/// The list answers while one types, and Back leads to the list before.
async fn type_along(tab: &Tab) {
    tab.click("[name=q]").await;
    for (typed, found) in [("no", "4 users"), ("ra li", "1 user"), ("zzz", "")] {
        tab.keys(typed).await;
        let look = if found.is_empty() { ".empty h2" } else { ".pager" };
        tab.sees(look, if found.is_empty() { "No users match" } else { found }).await;
        tab.is_focused("[name=q]").await;
    }
    let said: String = tab.ask("document.getElementById('found').textContent").await;
    assert_eq!(said, "No users match", "readers are told");
    assert!(tab.here().await.contains("q=nora+lizzz"), "{}", tab.here().await);
    tab.back().await;
    tab.is_at("/users").await;
    tab.sees(".pager", "25 of 33 users").await;
}

/// Search, filter, and the heads of columns.
async fn narrow(tab: &Tab) {
    people::search(tab, "lind").await;
    tab.sees(".pager", "8 users").await;
    tab.choose("role", "manager").await;
    if !tab.device.script {
        tab.press("Filter").await;
    }
    people::sees_names(tab, &["Nora Lind"]).await;
    let filtered = tab.here().await;
    assert!(filtered.contains("q=lind") && filtered.contains("role=manager"), "{filtered}");
    assert_eq!((tab.value("q").await, tab.value("role").await), ("lind".into(), "manager".into()));

    tab.press("Clear filters").await;
    tab.is_at("/users").await;
    tab.back().await;
    tab.is_at(&filtered).await;
    people::sees_names(tab, &["Nora Lind"]).await;
    assert_eq!((tab.value("q").await, tab.value("role").await), ("lind".into(), "manager".into()));

    people::search(tab, "nora").await;
    people::sort(tab, "Name", "-name").await;
    people::sees_names(tab, &["Nora Stone", "Nora Moss", "Nora Lind", "Nora Berg"]).await;
    people::sort(tab, "Email", "email").await;
    people::sees_names(tab, &["Nora Berg", "Nora Lind", "Nora Moss", "Nora Stone"]).await;
    if !tab.device.is_phone() {
        assert_eq!(tab.texts("th[aria-sort=ascending]").await, ["Email"]);
    }
    let sorted = tab.here().await;
    assert!(sorted.contains("role=manager") && sorted.contains("q=nora"), "{sorted}");
    tab.press("Nora Moss").await;
    tab.sees("h1", "Nora Moss").await;
    tab.back().await;
    tab.is_at(&sorted).await;
    people::sees_names(tab, &["Nora Berg", "Nora Lind", "Nora Moss", "Nora Stone"]).await;
}
