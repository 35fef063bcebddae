//! Changing a user, and coming back to the same list.

use crate::chrome::Device;
use crate::people;
use crate::support::{PASSWORD, TestApp};
use crate::tab::Tab;
use seatkeeper::access::Role;

journey!(an_edited_user_keeps_the_password_and_the_list_its_search: desk, desk_without_script, phone_without_script);

async fn an_edited_user_keeps_the_password_and_the_list_its_search(device: Device) {
    let app = TestApp::new().await;
    for name in ["Ivan Petrov", "Vanessa Cole", "Mateo Silva", "Ada Van Dijk"] {
        app.user(name, Role::Member);
    }
    let amara = app.knows(app.account, app.owner);
    let tab = Tab::open(device, app.config.listen).await;
    people::sign_in(&tab, &amara.login, PASSWORD).await;
    people::search(&tab, "van").await;
    people::sort(&tab, "Email", "email").await;
    people::sort(&tab, "Email", "-email").await;
    people::sees_names(&tab, &["Vanessa Cole", "Ivan Petrov", "Ada Van Dijk"]).await;
    let list = tab.here().await;
    assert!(list.contains("q=van") && list.contains("sort=-email"), "{list}");

    tab.press("Ivan Petrov").await;
    tab.sees("h1", "Ivan Petrov").await;
    tab.fill("job_title", "Harbour master").await;
    tab.fill("email", "zivan@harbourline.example").await;
    assert_eq!(tab.value("password").await, "");
    tab.press("Save").await;
    tab.sees("main [role=status]", "Ivan Petrov was saved.").await;
    let same = |url: &str| {
        let mut pairs: Vec<String> =
            url.split(['?', '&']).filter(|pair| !pair.ends_with('=')).map(Into::into).collect();
        pairs.sort();
        pairs
    };
    assert_eq!(same(&tab.here().await), same(&list), "the same search and sorting");
    people::sees_names(&tab, &["Ivan Petrov", "Vanessa Cole", "Ada Van Dijk"]).await;
    assert!(tab.texts("td.em").await.iter().any(|email| email.contains("zivan@")));
    assert_eq!(tab.value("q").await, "van");

    people::sign_out(&tab).await;
    people::try_sign_in(&tab, "zivan@harbourline.example", PASSWORD).await;
    tab.is_at("/usage").await;
    people::go_to(&tab, "/profile").await;
    tab.sees("main", "Harbour master").await;
    tab.close().await;
}
