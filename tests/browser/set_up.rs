//! The first minutes of an installation, with the real program.

use crate::chrome::Device;
use crate::people;
use crate::support::{Program, TestDatabase};
use crate::tab::Tab;

const PASSWORD: &str = "orchard-lantern-58";

journey!(an_installation_is_set_up: desk, desk_without_script, phone_without_script);

async fn an_installation_is_set_up(device: Device) {
    let database = TestDatabase::empty();
    let program = Program::on(&database).with("BCRYPT_COST", "10").serve().await;
    let link = program.set_up_link().await;
    let tab = Tab::open(device, program.address).await;

    tab.go(&link).await;
    tab.sees("h1", "Set up Seatkeeper").await;
    let typed = [
        ("account", "Harbourline"),
        ("time_zone", "Europe/Lisbon"),
        ("seats", "40"),
        ("first_name", "Amara"),
        ("last_name", "Okafor"),
        ("email", "amara.okafor@harbourline.example"),
    ];
    for (field, text) in typed {
        tab.fill(field, text).await;
    }
    tab.fill("password", "too-short").await;
    assert_eq!(tab.text("[data-strength]").await, if device.script { "Strength: Too short" } else { "" });
    tab.press("Create account").await;

    tab.sees("h2", "There is a problem").await;
    assert_eq!(tab.texts("[role=alert] a").await, ["Enter at least 10 characters."]);
    assert!(tab.text("#password-e").await.ends_with("Enter at least 10 characters."));
    for (field, text) in typed {
        assert_eq!(tab.value(field).await, text);
    }
    assert_eq!(tab.value("password").await, "");

    tab.fill("password", PASSWORD).await;
    tab.press("Create account").await;
    tab.is_at("/sign-in").await;
    tab.sees("[role=status]", "Seatkeeper is set up. Sign in with your email and password.").await;
    people::try_sign_in(&tab, "amara.okafor@harbourline.example", PASSWORD).await;
    tab.is_at("/users").await;
    tab.sees(".stats", "1 out of 1 users currently enabled").await;
    assert_eq!(people::names(&tab).await, ["Amara Okafor"]);
    people::go_to(&tab, "/operator/mail").await;
    tab.sees("h1", "Email queue").await;

    tab.go(&link).await;
    tab.sees("h1", "Page not found").await;
    tab.close().await;
}
