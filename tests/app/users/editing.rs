use super::outbox;
use crate::support::{NOTHING, PASSWORD, Person, TestApp, UserForm};
use seatkeeper::access::{Actor, Role};
use seatkeeper::error::Error;
use seatkeeper::plans::PlanId;
use seatkeeper::sessions::Passwords;
use seatkeeper::users::{self, Details, NewUser, Status, Update};

const OTHER_PASSWORD: &str = "copper-meadow-17";

/// Somebody's edit form, as they see it.
async fn edit(person: &Person, path: &str) -> UserForm {
    let page = person.get(path).await;
    assert_eq!(page.status, 200, "{page:?}");
    page.form("#user")
}

#[actix_web::test]
async fn saving_changes_what_was_changed_and_leads_back_to_the_list() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let path = format!("/users/{mateo}?back=q%3Dmateo");
    let form = edit(&amara, &path).await.with("job_title", "Lead").with("company", "Nordwind");
    let page = amara.post(&format!("/users/{mateo}"), form).await;
    assert_eq!(page.location, Some(format!("/users?q=mateo#m{mateo}")), "the focus is where it was");
    assert_eq!(amara.follow(&page).await.flash(), "Mateo Silva was saved.");
    let saved = app.find(mateo);
    assert_eq!((saved.details.job_title.as_str(), saved.details.company.as_str()), ("Lead", "Nordwind"));
    assert_eq!(saved.version, 2);
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn a_wrong_field_keeps_what_was_typed_and_saves_nothing() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let path = format!("/users/{mateo}");
    let before = app.everything();
    let form = edit(&amara, &path).await.with("phone", "call me").with("job_title", "Lead").with("password", "short");
    let page = amara.post(&path, form).await;
    assert_eq!((page.status, page.fields_with_errors()), (422, vec!["password".to_owned(), "phone".to_owned()]));
    assert_eq!((page.value("phone").as_str(), page.value("job_title").as_str()), ("call me", "Lead"));
    assert_eq!(page.value("password"), "");
    let taken = edit(&amara, &path).await.with("email", "AMARA.OKAFOR@harbourline.example");
    let page = amara.post(&path, taken).await;
    assert_eq!((page.status, page.fields_with_errors()), (422, vec!["email".to_owned()]));
    assert_eq!(app.everything(), before);
}

#[actix_web::test]
async fn a_blank_password_is_kept_and_a_new_one_ends_the_sessions() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.person("Mateo Silva", Role::Member).await;
    let form = edit(&amara, &mateo.path()).await.with("job_title", "Lead");
    assert_eq!(amara.post(&mateo.path(), form).await.status, 303);
    assert!(mateo.is_signed_in().await, "another title ends nothing");
    app.visitor().sign_in(&mateo.login, PASSWORD, None).await;

    let form = edit(&amara, &mateo.path()).await.with("password", OTHER_PASSWORD);
    assert_eq!(amara.post(&mateo.path(), form).await.status, 303);
    assert!(!mateo.is_signed_in().await);
    assert_eq!(app.visitor().try_sign_in(&mateo.login, PASSWORD).await.status, 422);
    app.visitor().sign_in(&mateo.login, OTHER_PASSWORD, None).await;
}

#[actix_web::test]
async fn ones_own_new_password_ends_the_other_sessions_only() {
    let (app, amara) = TestApp::with_owner().await;
    let elsewhere = app.browse_as(app.account, app.owner).await;
    let olu = app.person("Olu Adeyemi", Role::Owner).await;
    assert!(amara.get(&amara.path()).await.says("A new one ends your other sessions."));
    let form = edit(&amara, &amara.path()).await.with("password", OTHER_PASSWORD);
    assert_eq!(amara.post(&amara.path(), form).await.status, 303);
    assert!(amara.is_signed_in().await, "here she goes on");
    assert!(!elsewhere.is_signed_in().await);
    assert!(olu.is_signed_in().await, "nobody else is touched");
    app.visitor().sign_in(&amara.login, OTHER_PASSWORD, None).await;
    // Set by another Owner, it ends all of them.
    let form = edit(&olu, &amara.path()).await.with("password", PASSWORD);
    assert_eq!(olu.post(&amara.path(), form).await.status, 303);
    assert!(!amara.is_signed_in().await && olu.is_signed_in().await);
}

#[actix_web::test]
async fn another_role_ends_the_sessions() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.person("Mateo Silva", Role::Admin).await;
    let form = edit(&amara, &mateo.path()).await.with("role", "manager");
    assert_eq!(amara.post(&mateo.path(), form).await.status, 303);
    assert_eq!(app.find(mateo.id).details.role, Role::Manager);
    assert!(mateo.get("/users").await.sends_to_sign_in());
}

#[actix_web::test]
async fn disabling_ends_the_sessions_at_once_on_the_list_and_in_the_form() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.person("Mateo Silva", Role::Admin).await;
    let page = amara.post(&format!("{}/status", mateo.path()), [("status", "disabled"), ("back", "q=mateo")]).await;
    assert_eq!(page.location.as_deref(), Some("/users?q=mateo#list"));
    assert!(mateo.get("/users").await.sends_to_sign_in());

    let yara = app.person("Yara Haddad", Role::Admin).await;
    let form = edit(&amara, &yara.path()).await.with("status", "disabled");
    assert_eq!(amara.post(&yara.path(), form).await.status, 303);
    assert!(yara.get("/users").await.sends_to_sign_in());
    assert_eq!(amara.get("/users?status=disabled").await.names(), ["Mateo Silva", "Yara Haddad"]);
}

#[actix_web::test]
async fn a_changed_address_is_told_to_both_and_signs_in() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.person("Mateo Silva", Role::Member).await;
    let queued = outbox(&app).len();
    let form = edit(&amara, &mateo.path()).await.with("email", "mateo@silva.example");
    assert_eq!(amara.post(&mateo.path(), form).await.status, 303);
    let mut told = outbox(&app).split_off(queued);
    told.sort();
    assert_eq!(told, ["email_changed mateo.silva@harbourline.example", "email_changed mateo@silva.example"]);
    app.visitor().sign_in("mateo@silva.example", PASSWORD, None).await;
    assert_eq!(app.visitor().try_sign_in(&mateo.login, PASSWORD).await.status, 422);

    let form = edit(&amara, &mateo.path()).await.with("email", "Mateo@Silva.example");
    assert_eq!(amara.post(&mateo.path(), form).await.status, 303);
    assert_eq!(outbox(&app).len(), queued + 2, "upper and lower case are the same address");
}

#[actix_web::test]
async fn a_moderator_edits_a_member_but_not_how_they_sign_in() {
    let app = TestApp::new().await;
    let mina = app.person("Mina Park", Role::Moderator).await;
    let mateo = app.person("Mateo Silva", Role::Member).await;
    let form = edit(&mina, &mateo.path()).await;
    for field in ["email", "username", "password", "role", "own_password"] {
        assert_eq!(form.get(field), None, "{field} is not offered");
    }
    assert_eq!(mina.post(&mateo.path(), form.with("job_title", "Lead")).await.status, 303);
    assert_eq!(app.find(mateo.id).details.email, mateo.login, "what is not shown is kept");

    let before = app.everything();
    for (field, value) in [
        ("email", "mina@evil.example"),
        ("email", ""),
        ("username", "mina.too"),
        ("password", OTHER_PASSWORD),
        ("role", "agent"),
        ("role", "admin"),
        ("role", "owner"),
    ] {
        let form = edit(&mina, &mateo.path()).await.with(field, value);
        assert_eq!(mina.post(&mateo.path(), form).await.status, 403, "{field} {value}");
    }
    assert_eq!(app.everything(), before);
    assert!(mateo.is_signed_in().await);
}

#[actix_web::test]
async fn nobody_edits_or_disables_whom_they_do_not_outrank() {
    let (app, amara) = TestApp::with_owner().await;
    let adam = app.person("Adam Stone", Role::Admin).await;
    let mina = app.person("Mina Park", Role::Moderator).await;
    let manager = app.person("Max Berg", Role::Manager).await;
    let dev = app.person("Dana Fox", Role::Dev).await;
    let before = app.everything();
    for (person, target) in [(&adam, &amara), (&mina, &amara), (&mina, &adam), (&mina, &manager), (&mina, &dev)] {
        let seen = person.get(&target.path()).await;
        assert_eq!((seen.status, seen.count("main form")), (200, 0), "{} sees facts, no form", person.name);
        let form = edit(&amara, &target.path()).await.with("job_title", "Fool");
        assert_eq!(person.post(&target.path(), form).await.status, 403, "{} {}", person.name, target.name);
        let page = person.post(&format!("{}/status", target.path()), [("status", "disabled")]).await;
        assert_eq!(page.status, 403, "{} {}", person.name, target.name);
    }
    assert_eq!(app.everything(), before);
}

#[actix_web::test]
async fn an_admin_cannot_make_an_owner() {
    let app = TestApp::new().await;
    let adam = app.person("Adam Stone", Role::Admin).await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let path = format!("/users/{mateo}");
    let page = adam.get(&path).await;
    assert!(!page.attrs("#role option", "value").contains(&"owner".to_owned()));
    let form = page.form("#user").with("role", "owner").with("own_password", PASSWORD);
    assert_eq!(adam.post(&path, form).await.status, 403);
    assert_eq!(app.find(mateo).details.role, Role::Member);
}

#[actix_web::test]
async fn an_owner_gives_and_takes_the_owner_role_with_their_own_password() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let path = format!("/users/{mateo}");
    for (role, wanted) in [("owner", Role::Owner), ("member", Role::Member)] {
        let was = app.find(mateo).details.role;
        for wrong in ["", "not-my-password"] {
            let form = edit(&amara, &path).await.with("role", role).with("own_password", wrong);
            let page = amara.post(&path, form).await;
            assert_eq!((page.status, page.fields_with_errors()), (422, vec!["own_password".to_owned()]), "{page:?}");
            assert_eq!(page.value("role"), role);
            assert_eq!(app.find(mateo).details.role, was);
        }
        let form = edit(&amara, &path).await.with("role", role).with("own_password", PASSWORD);
        assert_eq!(amara.post(&path, form).await.status, 303);
        assert_eq!(app.find(mateo).details.role, wanted);
    }
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn an_operator_is_edited_by_operators_and_themselves_only() {
    let (app, amara) = TestApp::with_owner().await;
    let ada = app.person("Ada Lovelace", Role::Owner).await;
    app.appoint_operator(&amara);
    let form = edit(&amara, &amara.path()).await.with("password", OTHER_PASSWORD);
    assert!(!ada.get(&amara.path()).await.has("#user"), "there is nothing to fill in for another Owner");
    assert_eq!(ada.post(&amara.path(), form).await.status, 403);
    assert_eq!(ada.post(&format!("{}/status", amara.path()), [("status", "disabled")]).await.status, 403);
    assert!(amara.is_signed_in().await);
    let form = edit(&amara, &amara.path()).await.with("job_title", "Operator");
    assert_eq!(amara.post(&amara.path(), form).await.status, 303);
}

#[actix_web::test]
async fn rights_that_were_taken_while_a_request_waited_are_gone() {
    let app = TestApp::new().await;
    let ada = app.user("Ada Lovelace", Role::Admin);
    let mateo = app.user("Mateo Silva", Role::Member);
    let admin = Actor {
        user: Some(ada),
        permissions: Role::Admin.permissions(),
        is_operator: false,
        ..Actor::system(app.account)
    };
    app.set_status(ada, Status::Disabled);
    let done = app.db.write_now(|conn| users::set_status(conn, &admin, mateo, Status::Disabled));
    assert!(matches!(done, Err(Error::SignInRequired { .. })));
    app.set_status(ada, Status::Enabled);
    app.run(&format!("UPDATE users SET role = 'moderator' WHERE id = {ada}"));
    let done = app.db.write_now(|conn| users::set_status(conn, &admin, mateo, Status::Disabled));
    assert!(matches!(done, Err(Error::Forbidden)));
    assert_eq!(app.find(mateo).details.status, Status::Enabled);
}

#[actix_web::test]
async fn nobody_changes_their_own_role() {
    let (app, amara) = TestApp::with_owner().await;
    app.user("Olu Adeyemi", Role::Owner);
    let form = edit(&amara, &amara.path()).await;
    assert_eq!(form.get("role"), None);
    let page = amara.post(&amara.path(), form.with("role", "member").with("own_password", PASSWORD)).await;
    assert_eq!(page.status, 422);
    assert!(page.says("You can't disable yourself or change your own role."), "{page:?}");
    assert_eq!(app.find(amara.id).details.role, Role::Owner);
}

/// Below the form too, whichever way a change comes.
#[actix_web::test]
async fn dialer_and_local_presence_are_there_only_where_the_plan_has_them() {
    const REFUSED: &str = "This tier has no dialer or no local presence. Choose No there, or another tier.";
    let app = TestApp::new().await;
    let mateo = app.find(app.user("Mateo Silva", Role::Member));
    let before = app.everything();
    let actor = Actor::system(app.account);
    let password = Passwords::new(4).hash_now(PASSWORD).unwrap();
    for (plan, dialer, local_presence, is_refused) in [
        ("Free", true, false, true),
        ("Standard", true, true, true),
        ("Standard", true, false, false),
        ("Professional", true, true, false),
    ] {
        let plan_id = PlanId(app.plan(plan).parse().unwrap());
        let with = |details: Details| Details { plan: plan_id, dialer, local_presence, ..details };
        let version = app.find(mateo.id).version;
        let edited = Update { version, details: with(mateo.details.clone()), password: None, confirmed: false };
        let new =
            NewUser { details: with(app.details(app.account, &format!("In {plan}"))), password: password.clone() };
        let done = [
            app.db.write_now(|conn| users::update(conn, &app.config, &actor, mateo.id, &edited)),
            app.db.write_now(|conn| users::add(conn, &app.config, &actor, &new).map(|_| ())),
        ];
        for done in done {
            let refusal = done.err().map(|error| error.to_string());
            assert_eq!(refusal.as_deref(), is_refused.then_some(REFUSED), "{plan} {dialer} {local_presence}");
        }
        assert_eq!(app.everything() == before, is_refused, "{plan} {dialer} {local_presence}");
    }
}

#[actix_web::test]
async fn of_two_admins_who_edit_at_once_the_second_is_shown_what_changed() {
    let (app, amara) = TestApp::with_owner().await;
    let adam = app.person("Adam Stone", Role::Admin).await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let path = format!("/users/{mateo}");
    let (hers, his) = (edit(&amara, &path).await, edit(&adam, &path).await);
    let hers = hers.with("job_title", "Lead").with("company", "Nordwind").with("pay_for_seat", "direct");
    assert_eq!(amara.post(&path, hers).await.status, 303);

    let page = adam.post(&path, his.with("job_title", "Trainee").with("phone_ext", "104")).await;
    assert_eq!(page.status, 409);
    assert!(page.says("Somebody else changed this user while you were editing"));
    let theirs: Vec<_> = page.texts(".note.warn dt").into_iter().zip(page.texts(".note.warn dd")).collect();
    let pair = |field: &str, value: &str| (field.to_owned(), value.to_owned());
    assert!(theirs.contains(&pair("Job title", "Lead")) && theirs.contains(&pair("Company Name", "Nordwind")));
    // In the words of the form.
    assert!(theirs.contains(&pair("Pay for Seat", "Harbourline (Direct to Harbourline)")), "{theirs:?}");
    assert!(theirs.contains(&pair("Packages/Seat Limit", "No (with company card)")), "{theirs:?}");
    assert_eq!((page.value("job_title").as_str(), page.value("phone_ext").as_str()), ("Trainee", "104"));
    assert_eq!(app.find(mateo).details.job_title, "Lead", "nothing is overwritten in silence");

    assert_eq!(adam.post(&path, page.form("#user")).await.status, 303, "a second Save is a decision");
    let saved = app.find(mateo);
    assert_eq!((saved.details.job_title.as_str(), saved.details.phone_ext.as_str()), ("Trainee", "104"));
    assert_eq!(saved.version, 3);
}

#[actix_web::test]
async fn a_user_who_is_not_there_is_not_found() {
    let (_app, amara) = TestApp::with_owner().await;
    for id in ["1", "0", "-1", "abc", "99999999999999999999999", "1%2F..%2F2", "%00"] {
        assert_eq!(amara.get(&format!("/users/{id}")).await.status, 404, "{id}");
        assert_eq!(amara.post(&format!("/users/{id}"), NOTHING).await.status, 404, "{id}");
        let page = amara.post(&format!("/users/{id}/status"), [("status", "disabled")]).await;
        assert_eq!(page.status, 404, "{id}");
    }
}
