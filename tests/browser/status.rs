//! Disabling and enabling, as both sides see it.

use crate::chrome::Device;
use crate::people;
use crate::support::{PASSWORD, TestApp};
use crate::tab::Tab;
use seatkeeper::access::Role;

journey!(a_disabled_user_is_out_at_once_and_back_when_enabled: desk, desk_without_script, phone);

async fn a_disabled_user_is_out_at_once_and_back_when_enabled(device: Device) {
    let app = TestApp::new().await;
    let owner = app.knows(app.account, app.owner);
    let mateo = app.knows(app.account, app.user("Mateo Silva", Role::Member));
    let (his, hers) = (Tab::open(device, app.config.listen).await, Tab::open(device, app.config.listen).await);
    people::sign_in(&his, &mateo.login, PASSWORD).await;
    his.is_at("/usage").await;
    people::sign_in(&hers, &owner.login, PASSWORD).await;
    hers.sees(".stats", "2 out of 2 users currently enabled").await;

    people::row_menu(&hers, "Mateo Silva", "Disable User").await;
    hers.sees("main [role=status]", "Mateo Silva was disabled.").await;
    hers.sees(".stats", "1 out of 2 users currently enabled").await;
    people::sees_names(&hers, &["Amara Okafor"]).await;
    people::go_to(&his, "/profile").await;
    his.sees("h1", "Sign in").await;
    people::try_sign_in(&his, &mateo.login, PASSWORD).await;
    his.sees("#login-e", "This user is disabled and can't sign in. Ask an admin of your account.").await;
    assert_eq!(his.value("login").await, mateo.login);

    hers.press("Disabled").await;
    hers.is_at("/users?status=disabled").await;
    people::sees_names(&hers, &["Mateo Silva"]).await;
    hers.sees("td", "Inactive").await;
    people::row_menu(&hers, "Mateo Silva", "Enable User").await;
    hers.sees("main [role=status]", "Mateo Silva was enabled and can sign in again.").await;
    hers.is_at("/users?status=disabled").await;
    hers.sees("h2", "No disabled users").await;
    hers.press("Enabled").await;
    people::sees_names(&hers, &["Amara Okafor", "Mateo Silva"]).await;
    people::try_sign_in(&his, &mateo.login, PASSWORD).await;
    his.is_at("/profile").await;
    his.sees("h1", "Mateo Silva").await;
    his.close().await;
    hers.close().await;
}
