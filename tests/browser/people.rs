//! Steps that most journeys share.

use crate::tab::Tab;
use thirtyfour::prelude::*;

pub const WRONG_EMAIL: &str = "Enter an e-mail address without spaces, such as name@example.com";

/// Types the sign-in form and sends it, from the sign-in page.
pub async fn try_sign_in(tab: &Tab, login: &str, password: &str) {
    tab.fill("login", login).await;
    tab.fill("password", password).await;
    tab.press("Sign in").await;
}

/// Opens the site and signs in.
pub async fn sign_in(tab: &Tab, login: &str, password: &str) {
    tab.go("/").await;
    tab.sees("h1", "Sign in").await;
    try_sign_in(tab, login, password).await;
    tab.finds(".app").await;
}

/// Opens the navigation, where it is folded away.
async fn open_navigation(tab: &Tab) {
    if tab.device.is_phone() {
        tab.click("[popovertarget=nav]").await;
    }
}

/// Clicks an entry of the navigation.
pub async fn go_to(tab: &Tab, entry: &str) {
    open_navigation(tab).await;
    tab.click(&format!("nav.side a[href=\"{entry}\"]")).await;
}

/// Opens one's own menu and clicks an entry.
pub async fn own_menu(tab: &Tab, entry: &str) {
    open_navigation(tab).await;
    tab.click("nav.side summary").await;
    tab.press(entry).await;
}

pub async fn sign_out(tab: &Tab) {
    own_menu(tab, "Sign out").await;
    tab.sees("h1", "Sign in").await;
}

/// Opens a user's row menu and clicks an entry.
pub async fn row_menu(tab: &Tab, name: &str, entry: &str) {
    tab.click(&menu_of(name)).await;
    tab.press(entry).await;
}

/// The button of a user's row menu.
pub fn menu_of(name: &str) -> String {
    format!("summary[aria-label=\"Actions for {name}\"]")
}

/// Where the list shows names.
const NAMES: &str = "table.list tbody th a";

/// The names in the list, as shown.
pub async fn names(tab: &Tab) -> Vec<String> {
    tab.texts(NAMES).await
}

/// Waits for a list of exactly these.
pub async fn sees_names(tab: &Tab, names: &[&str]) {
    tab.sees_all(NAMES, names).await;
}

/// Searches the list.
pub async fn search(tab: &Tab, words: &str) {
    tab.fill("q", words).await;
    tab.keys(Key::Enter.value().to_string()).await;
    tab.finds(&format!("input[name=q][value=\"{words}\"]")).await;
}

/// Sorts by the head of a column; phones, which show none, have a list of choices. `code`: as the URL has it.
pub async fn sort(tab: &Tab, head: &str, code: &str) {
    if tab.device.is_phone() {
        if tab.count("details.more[open]").await == 0 {
            tab.press("More filters and sorting").await;
        }
        tab.choose("sort", code).await;
        if !tab.device.script {
            tab.press("Filter").await;
        }
    } else {
        tab.press(head).await;
    }
    let asked = format!("sort={code}");
    tab.until(&format!("the address says {asked}"), async || Ok(tab.here().await.contains(&asked).then_some(()))).await;
    tab.finds("#results:not([aria-busy])").await;
}
