//! What a sub-user comes to: their usage, and nothing of others.

use crate::chrome::Device;
use crate::people;
use crate::support::{PASSWORD, TestApp};
use crate::tab::Tab;
use seatkeeper::access::Role;

journey!(a_sub_user_lands_on_their_usage_and_sees_no_others: desk, desk_without_script, phone, phone_without_script);

async fn a_sub_user_lands_on_their_usage_and_sees_no_others(device: Device) {
    let app = TestApp::new().await;
    let mateo = app.knows(app.account, app.user("Mateo Silva", Role::Agent));
    app.give(mateo.id, "calling", 60, 15);
    app.give(mateo.id, "minutes", 90, 30);
    let tab = Tab::open(device, app.config.listen).await;
    people::sign_in(&tab, &mateo.login, PASSWORD).await;
    tab.is_at("/usage").await;
    tab.sees("h1", "Usage Report").await;
    assert_eq!(tab.count("nav.side a[href=\"/usage\"][aria-current=page]").await, 1);
    assert_eq!(tab.count("a[href^=\"/users\"], a[href^=\"/usage/team\"]").await, 0, "nothing of others");
    tab.sees(".bars", "15 / 60").await;
    assert_eq!(tab.count(".chart svg[role=img] rect").await, 2, "a day and its month");

    tab.choose("kind", "minutes").await;
    tab.press("Show").await;
    tab.sees("main", "Minutes used per day").await;
    tab.choose("period", "dates").await;
    tab.finds("#from").await;
    tab.press("Show").await;
    tab.sees("main", "Minutes used per day").await;
    assert!(tab.here().await.contains("period=dates"), "{}", tab.here().await);
    tab.go("/usage?period=dates&from=2026-02-01&to=2026-01-01").await;
    tab.sees("#to-e", "The last day is before the first. Enter 02-01-2026 or later.").await;
    assert_eq!((tab.value("from").await, tab.value("to").await), ("2026-02-01".into(), "2026-01-01".into()));
    let width: u32 = tab.ask("document.scrollingElement.scrollWidth").await;
    assert!(width <= device.width, "{width}");

    people::go_to(&tab, "/profile").await;
    tab.sees("h1", "Mateo Silva").await;
    tab.go("/usage/team").await;
    tab.sees("h1", "You don't have access to this page").await;
    tab.close().await;
}
