use crate::support::TestApp;
use seatkeeper::access::Role;

#[actix_web::test]
async fn a_sub_user_starts_at_their_usage_and_an_admin_at_the_users() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.person("Mateo Silva", Role::Member).await;
    assert_eq!(amara.get("/").await.location.as_deref(), Some("/users"));
    assert_eq!(mateo.get("/").await.location.as_deref(), Some("/usage"));
}

#[actix_web::test]
async fn everybody_sees_their_own_profile() {
    let app = TestApp::new().await;
    let support = app.team(app.account, "Support");
    let id = app.user_with("Mateo Silva", |details| {
        details.role = Role::Agent;
        details.phone = "+14158360148".into();
        details.job_title = "Night shift lead".into();
        details.company = "Nordwind".into();
        details.teams = vec![support];
    });
    let mateo = app.browse_as(app.account, id).await;
    let page = mateo.get("/profile").await;
    let facts = page.texts("main dd");
    for fact in [mateo.login.as_str(), "+14158360148", "Night shift lead", "Nordwind", "Agent", "Standard", "Support"] {
        assert!(facts.contains(&fact.to_owned()), "{fact}: {facts:?}");
    }
    assert_eq!(page.text("h1"), "Mateo Silva");
}

#[actix_web::test]
async fn a_sub_user_sees_no_way_to_manage_users() {
    let app = TestApp::new().await;
    for (name, role) in [("Mateo Silva", Role::Member), ("Ada Agent", Role::Agent), ("Dana Fox", Role::Dev)] {
        let person = app.person(name, role).await;
        let page = person.get("/profile").await;
        assert_eq!(page.count("a[href^='/users']"), 0, "{name}");
        assert_eq!(page.count("a[href^='/operator']"), 0, "{name}");
    }
}
