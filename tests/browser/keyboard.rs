//! Everything with the keyboard alone.

use crate::chrome::Device;
use crate::people;
use crate::support::{PASSWORD, TestApp};
use crate::tab::Tab;
use seatkeeper::access::Role;
use thirtyfour::prelude::*;

journey!(the_keyboard_is_enough: desk);

async fn press(tab: &Tab, key: Key) {
    tab.keys(key.value().to_string()).await;
}

/// Presses Tab until the focus is there.
async fn tab_to(tab: &Tab, css: &str) {
    for _ in 0..80 {
        press(tab, Key::Tab).await;
        if tab.has_focus(css).await {
            return;
        }
    }
    panic!("Tab does not lead to {css}");
}

async fn the_keyboard_is_enough(device: Device) {
    let app = TestApp::new().await;
    app.user("Mateo Silva", Role::Member);
    let amara = app.knows(app.account, app.owner);
    let tab = Tab::open(device, app.config.listen).await;
    tab.go("/sign-in").await;
    tab_to(&tab, "#login").await;
    tab.keys(&amara.login).await;
    press(&tab, Key::Tab).await;
    tab.is_focused("#password").await;
    tab.keys(PASSWORD).await;
    press(&tab, Key::Enter).await;
    tab.is_at("/users").await;
    tab.finds(".app").await;

    press(&tab, Key::Tab).await;
    tab.is_focused("a.skip").await;
    tab.sees("a.skip", "Skip to content").await;
    press(&tab, Key::Enter).await;
    press(&tab, Key::Tab).await;
    tab.is_focused("#export-menu > summary").await;
    press(&tab, Key::Tab).await;
    tab.is_focused("main a[href=\"/users/new\"]").await;

    a_row_menu(&tab).await;
    tab.go("/users").await;
    a_switch(&tab).await;
    the_search(&tab).await;
    the_selected(&tab).await;
    a_form(&tab).await;
    tab.close().await;
}

/// "/" leads to the search, which answers while one types and keeps the focus.
async fn the_search(tab: &Tab) {
    tab_to(tab, "input[aria-label=\"Select Mateo Silva\"]").await;
    tab.keys("/").await;
    tab.is_focused("[name=q]").await;
    tab.keys("mateo").await;
    people::sees_names(tab, &["Mateo Silva"]).await;
    tab.is_focused("[name=q]").await;
    tab.keys("/").await;
    assert_eq!(tab.value("q").await, "mateo/", "in a field it is a letter");
    tab.back().await;
    tab.is_at("/users").await;
    people::sees_names(tab, &["Amara Okafor", "Mateo Silva"]).await;
}

/// A box by the space bar, the bar, its dialog, and out of it again with everything as it was.
async fn the_selected(tab: &Tab) {
    tab_to(tab, "input[aria-label=\"Select Mateo Silva\"]").await;
    press(tab, Key::Space).await;
    tab_to(tab, ".bulk [value=delete]").await;
    press(tab, Key::Enter).await;
    tab.is_focused("dialog .foot a").await;
    for _ in 0..12 {
        press(tab, Key::Tab).await;
        assert!(!tab.has_focus(".app *").await, "the page behind a dialog is out of reach");
    }
    press(tab, Key::Escape).await;
    tab.is_focused(".bulk [value=delete]").await;
    assert_eq!(tab.count("tbody .sel :checked").await, 1, "the selection is as it was");
    press(tab, Key::Enter).await;
    tab.is_focused("dialog .foot a").await;
    press(tab, Key::Tab).await;
    tab.is_focused("dialog .foot button").await;
    press(tab, Key::Enter).await;
    tab.sees("main [role=status]", "Mateo Silva was deleted.").await;
}

async fn a_row_menu(tab: &Tab) {
    let button = people::menu_of("Mateo Silva");
    let is_open = format!("details[open] > {button}");
    tab_to(tab, &button).await;
    press(tab, Key::Enter).await;
    tab.finds(&is_open).await;
    let first = "details[open] li:first-child > a";
    press(tab, Key::Down).await;
    tab.is_focused(first).await;
    for _ in 0..3 {
        press(tab, Key::Down).await;
    }
    let disables: bool = tab.ask("document.activeElement.matches('[name=status][value=disabled]')").await;
    assert!(disables, "the arrows reach Disable User, which stands in a form");
    for _ in 0..3 {
        press(tab, Key::Up).await;
    }
    tab.is_focused(first).await;
    press(tab, Key::Escape).await;
    tab.is_focused(&button).await;
    assert_eq!(tab.count(&is_open).await, 0, "Escape closes it");

    press(tab, Key::Enter).await;
    tab.finds(&is_open).await;
    press(tab, Key::Down).await;
    press(tab, Key::Enter).await;
    tab.sees("h1", "Mateo Silva").await;
}

/// Who is disabled leaves the tab; the focus stays at the list.
async fn a_switch(tab: &Tab) {
    for (name, value, tab_after) in [("Disable", "disabled", "/users?status=disabled"), ("Enable", "enabled", "/users")]
    {
        let button = people::menu_of("Mateo Silva");
        tab_to(tab, &button).await;
        press(tab, Key::Enter).await;
        tab_to(tab, &format!("details[open] [name=status][value={value}]")).await;
        press(tab, Key::Enter).await;
        tab.sees("main [role=status]", &format!("Mateo Silva was {}d", name.to_lowercase())).await;
        press(tab, Key::Tab).await;
        tab.is_focused("#tabs a").await;
        tab.go(tab_after).await;
    }
}

/// Options by arrow keys, a box by the space bar, and Enter in a field, which must not press a preset.
async fn a_form(tab: &Tab) {
    tab.go("/users/new").await;
    tab_to(tab, "[name=user_type]").await;
    assert_eq!(tab.chosen("user_type").await, "username");
    press(tab, Key::Right).await;
    assert_eq!(tab.chosen("user_type").await, "email");
    press(tab, Key::Left).await;
    assert_eq!(tab.chosen("user_type").await, "username");
    tab_to(tab, "#first_name").await;
    tab.keys("Yara").await;
    tab_to(tab, "#username").await;
    tab.keys("yara").await;
    tab_to(tab, "#password").await;
    tab.keys("orchard-lantern-58").await;
    tab_to(tab, "#confirm").await;
    press(tab, Key::Space).await;
    press(tab, Key::Tab).await;
    tab.is_focused("#user .foot button").await;
    tab.driver
        .action_chain()
        .key_down(Key::Shift)
        .send_keys(Key::Tab.value().to_string())
        .key_up(Key::Shift)
        .perform()
        .await
        .unwrap();
    tab.is_focused("#confirm").await;
    press(tab, Key::Enter).await;
    tab.sees("main [role=status]", "Yara was added and has no credits yet.").await;
}
