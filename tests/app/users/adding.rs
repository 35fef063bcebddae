use super::outbox;
use crate::support::{PASSWORD, Setup, TestApp};
use seatkeeper::access::Role;
use seatkeeper::users::{Seat, Status, UseBalance, UserType};

#[actix_web::test]
async fn everything_that_is_typed_is_stored_and_shown_in_the_form() {
    let (app, amara) = TestApp::with_owner().await;
    let (support, sales) = (app.team(app.account, "Support"), app.team(app.account, "Sales"));
    let form = app
        .a_user("Mateo Silva")
        .with("email", "Mateo.Silva@harbourline.example")
        .with("username", "Mateo.S")
        .with("phone", "(415) 836-0148")
        .with("phone_ext", "104")
        .with("job_title", "Night shift lead")
        .with("company", "Nordwind GmbH")
        .with("role", "agent")
        .with("plan", app.plan("Professional"))
        .with("dialer", "yes")
        .with("local_presence", "yes")
        .with("use_balance", "user")
        .with("ext_phone", "204")
        .with("pay_for_seat", "company")
        .with("package_seat", "no")
        .and("teams", support.0)
        .and("teams", sales.0);
    let page = amara.post("/users", form).await;
    assert_eq!(page.status, 303, "{page:?}");

    let mateo = app.find_by_name("Mateo Silva");
    let stored = &mateo.details;
    assert_eq!((stored.first_name.as_str(), stored.last_name.as_str()), ("Mateo", "Silva"));
    assert_eq!((stored.user_type, stored.role, stored.status), (UserType::Username, Role::Agent, Status::Enabled));
    assert_eq!((stored.seat, stored.use_balance), (Seat::Card, UseBalance::User));
    assert_eq!(stored.teams.len(), 2);

    let shown = amara.get(&format!("/users/{}", mateo.id)).await.form("#user");
    for (field, value) in [
        ("user_type", "username"),
        ("first_name", "Mateo"),
        ("last_name", "Silva"),
        ("email", "Mateo.Silva@harbourline.example"),
        ("username", "Mateo.S"),
        ("password", ""),
        ("phone", "+14158360148"),
        ("phone_ext", "104"),
        ("job_title", "Night shift lead"),
        ("company", "Nordwind GmbH"),
        ("role", "agent"),
        ("plan", &app.plan("Professional")),
        ("status", "enabled"),
        ("dialer", "yes"),
        ("local_presence", "yes"),
        ("use_balance", "user"),
        ("ext_phone", "204"),
        ("pay_for_seat", "company"),
        ("package_seat", "no"),
        ("version", "1"),
    ] {
        assert_eq!(shown.get(field), Some(value), "{field}");
    }
    let mut teams: Vec<String> = shown.into_iter().filter(|(name, _)| name == "teams").map(|(_, id)| id).collect();
    teams.sort();
    assert_eq!(teams, [support.0.to_string(), sales.0.to_string()]);
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn a_new_user_by_username_signs_in_with_it() {
    let (app, amara) = TestApp::with_owner().await;
    let page = amara.post("/users", app.a_user("Mateo Silva")).await;
    assert_eq!(page.location.as_deref(), Some("/users"));
    assert_eq!(app.find_by_name("Mateo Silva").details.email, "");
    assert_eq!(outbox(&app), Vec::<String>::new());
    let mateo = app.visitor();
    mateo.sign_in("mateo.silva", PASSWORD, None).await;
    assert!(mateo.is_signed_in().await);
}

#[actix_web::test]
async fn a_new_user_by_email_signs_in_with_it() {
    let (app, amara) = TestApp::with_owner().await;
    let form = app.a_user("Yara Haddad").with("user_type", "email").with("username", "");
    assert_eq!(amara.post("/users", form.clone()).await.fields_with_errors(), ["email"]);
    assert_eq!(amara.post("/users", form.with("email", "yara@haddad.example")).await.status, 303);
    assert_eq!(app.find_by_name("Yara Haddad").details.user_type, UserType::Email);
    let yara = app.visitor();
    yara.sign_in("yara@haddad.example", PASSWORD, None).await;
    assert!(yara.is_signed_in().await);
}

#[actix_web::test]
async fn the_welcome_email_waits_in_the_queue_and_holds_no_password() {
    let (app, amara) = TestApp::with_owner().await;
    let page = amara.post("/users", app.a_user("Yara Haddad").with("email", "yara@haddad.example")).await;
    assert_eq!(outbox(&app), ["welcome yara@haddad.example"]);
    let mail = app.texts("SELECT subject || ' ' || body_text || ' ' || body_html AS t FROM outbox").remove(0);
    assert!(mail.contains("Welcome to Harbourline") && mail.contains("yara.haddad"), "{mail}");
    assert!(mail.contains(&app.config.url("/sign-in")), "{mail}");
    assert!(!mail.contains(PASSWORD), "{mail}");
    let list = amara.follow(&page).await;
    let told = "Yara Haddad was added and has no credits yet. A welcome email is on its way. Manage Credit Add another";
    assert_eq!(list.flash(), told);
    assert_eq!(amara.get("/users").await.count("main .note"), 0, "it is said once");
}

#[actix_web::test]
async fn who_cannot_sign_in_yet_is_not_told_to() {
    let (app, amara) = TestApp::with_owner().await;
    let form = app.a_user("Yara Haddad").with("email", "yara@haddad.example").with("status", "disabled");
    let page = amara.post("/users", form).await;
    assert_eq!(
        amara.follow(&page).await.flash(),
        "Yara Haddad was added and has no credits yet. Manage Credit Add another"
    );
    let yara = app.find_by_name("Yara Haddad").id;
    amara.post(&format!("/users/{yara}/status"), [("status", "enabled")]).await;
    assert_eq!(outbox(&app), Vec::<String>::new());
}

#[actix_web::test]
async fn after_adding_one_is_back_at_the_same_list() {
    let (app, amara) = TestApp::with_owner().await;
    let back = "status=disabled&q=ann+%26+co&sort=-created&rows=50";
    let path = format!("/users/new?back={}", url::form_urlencoded::byte_serialize(back.as_bytes()).collect::<String>());
    let blank = amara.get(&path).await;
    assert_eq!(blank.value("back"), back);
    assert_eq!(blank.attrs(".crumbs a", "href"), [format!("/users?{back}")]);

    let refused = amara.post("/users", app.a_user("X").with("back", back)).await;
    assert_eq!((refused.status, refused.value("back").as_str()), (422, back));
    let added = amara.post("/users", app.a_user("Mateo Silva").with("back", back)).await;
    assert_eq!(added.location, Some(format!("/users?{back}")));
    let list = amara.follow(&added).await;
    let links = list.attrs("main .note a", "href");
    let mateo = app.find_by_name("Mateo Silva").id;
    assert!(links[0].starts_with(&format!("/users/{mateo}/manage-credit?back=status%3Ddisabled")), "{links:?}");
    assert!(links[1].starts_with("/users/new?back=status%3Ddisabled"), "{links:?}");
}

#[actix_web::test]
async fn the_page_after_says_names_as_they_are() {
    let (app, amara) = TestApp::with_owner().await;
    for name in ["Tom & Jerry+", "100%41 \"Söhne\"; Ltd", "山田 太郎"] {
        let page = amara.post("/users", app.a_user(name).with("username", format!("u{}", name.len()))).await;
        let told = format!("{name} was added and has no credits yet. Manage Credit Add another");
        assert_eq!(amara.follow(&page).await.flash(), told);
    }
}

#[actix_web::test]
async fn each_wrong_field_says_so_under_it_and_nothing_is_written() {
    let (app, amara) = TestApp::with_owner().await;
    app.team(app.account, "Support");
    let before = app.everything();
    let long = "x".repeat(101);
    let email = "Enter an e-mail address without spaces, such as name@example.com";
    let wrong: &[(&str, &str, &str)] = &[
        ("user_type", "ghost", "Choose one of the options."),
        ("first_name", "A really long first name that goes on and on, for ever", "2 to 50 characters"),
        ("email", "mateo@harbour line.example", email),
        ("email", "mateo", email),
        ("email", "<mateo@harbourline.example>", email),
        ("username", "", "Enter a username."),
        ("username", "mateo@silva", "A username has no \"@\"."),
        ("username", "mateo silva", "without spaces"),
        ("password", "", "Enter a password"),
        ("password", "short", "at least 10 characters"),
        ("password", "password123", "common"),
        ("password", &"ä1-Zq-".repeat(12), "too long"),
        ("phone", "call me", "Enter a telephone number in digits"),
        ("phone", "123", "Enter a telephone number in digits"),
        ("phone_ext", "10a", "Enter the extension in digits"),
        ("phone_ext", "12345678901", "10 at most"),
        ("job_title", &long, "100 characters at most"),
        ("company", &long, "100 characters at most"),
        ("role", "emperor", "Choose a role from the list."),
        ("plan", "77", "Choose a subscription tier from the list."),
        ("plan", "", "Choose a subscription tier from the list."),
        ("status", "asleep", "Choose one of the options."),
        ("local_presence", "yes", "no local presence"),
        ("use_balance", "mine", "Choose one of the options."),
        ("ext_phone", "my desk", "Enter a telephone number in digits"),
        ("teams", "77", "Choose teams from the list."),
        ("pay_for_seat", "", "Choose who pays for the seat."),
        ("confirm", "", "Confirm that the details are correct."),
    ];
    for (field, value, sentence) in wrong {
        let page = amara.post("/users", app.a_user("Mateo Silva").with(field, value)).await;
        assert_eq!(page.status, 422, "{field} {value}: {page:?}");
        assert_eq!(page.fields_with_errors(), [*field], "{value}");
        let error = page.error(field).unwrap();
        assert!(error.contains(sentence), "{field} {value}: {error}");
        assert!(page.has(&format!(".note.bad a[href='#{field}']")), "{field}: the summary leads there");
        assert!(page.text("title").starts_with("Error: "));
    }
    assert_eq!(app.everything(), before);
}

#[actix_web::test]
async fn several_wrong_fields_are_told_at_once_and_what_was_typed_stays() {
    let (app, amara) = TestApp::with_owner().await;
    let support = app.team(app.account, "Support");
    let before = app.everything();
    let form = app
        .a_user("Mateo Silva")
        .with("phone", "call me")
        .with("phone_ext", "ten")
        .with("email", "mateo at home")
        .with("company", "Nordwind \"& <b>Söhne</b>")
        .with("role", "dev")
        .with("plan", app.plan("Enterprise"))
        .with("dialer", "yes")
        .with("pay_for_seat", "direct")
        .with("teams", support.0);
    let page = amara.post("/users", form.clone()).await;
    assert_eq!(page.status, 422);
    let mut fields = page.fields_with_errors();
    fields.sort();
    assert_eq!(fields, ["email", "phone", "phone_ext"]);
    let shown = page.form("#user");
    for (name, value) in form.without("password") {
        assert_eq!(shown.get(&name), Some(value.as_str()), "{name}");
    }
    assert_eq!(page.value("password"), "");
    assert!(!page.html.contains(PASSWORD), "a password is never sent back");
    assert_eq!(app.everything(), before);
}

#[actix_web::test]
async fn names_are_shown_as_text_whatever_is_in_them() {
    let (app, amara) = TestApp::with_owner().await;
    let name = "<script>alert(1)</script>";
    let form = app.a_user("Eve Adams").with("last_name", name).with("company", "\"><img src=x>");
    assert_eq!(amara.post("/users", form).await.status, 303);
    let list = amara.get("/users").await;
    assert!(list.names().contains(&format!("Eve {name}")));
    assert_eq!((list.count("main script"), list.count("main img")), (0, 0));
}

#[actix_web::test]
async fn an_address_belongs_to_one_user_of_an_account_upper_and_lower_case_alike() {
    let (app, amara) = TestApp::with_owner().await;
    app.user_with("Mateo Silva", |details| {
        details.email = "Mateo@Harbourline.example".into();
        details.username = "Mateo".into();
        details.phone_ext = "104".into();
    });
    let before = app.everything();
    for (field, value) in [
        ("email", "mateo@harbourline.example"),
        ("email", "MATEO@HARBOURLINE.EXAMPLE"),
        ("username", "mateo"),
        ("username", "MATEO"),
        ("phone_ext", "104"),
    ] {
        let page = amara.post("/users", app.a_user("Yara Haddad").with(field, value)).await;
        assert_eq!((page.status, page.fields_with_errors()), (422, vec![field.to_owned()]), "{value}");
        assert!(page.error(field).unwrap().starts_with("Another user of this account has this"));
        assert_eq!(page.value("first_name"), "Yara");
    }
    assert_eq!(app.everything(), before);
}

#[actix_web::test]
async fn a_moderator_adds_members_only() {
    let app = TestApp::new().await;
    let mina = app.person("Mina Park", Role::Moderator).await;
    let blank = mina.get("/users/new").await;
    assert!(!blank.has("[name=role]"), "the role is not offered");
    assert_eq!(mina.post("/users", app.a_user("Mateo Silva").without("role")).await.status, 303);
    assert_eq!(app.find_by_name("Mateo Silva").details.role, Role::Member);
    let before = app.everything();
    for role in ["agent", "dev", "moderator", "manager", "admin"] {
        assert_eq!(mina.post("/users", app.a_user("Eve Adams").with("role", role)).await.status, 403, "{role}");
    }
    assert_ne!(mina.post("/users", app.a_user("Eve Adams").with("role", "owner")).await.status, 303);
    assert_eq!(app.everything(), before);
}

#[actix_web::test]
async fn a_new_user_is_never_an_owner() {
    let (app, amara) = TestApp::with_owner().await;
    let roles = amara.get("/users/new").await.attrs("#role option", "value");
    assert_eq!(roles, ["admin", "manager", "moderator", "dev", "agent", "member"]);
    let before = app.everything();
    let page = amara.post("/users", app.a_user("Eve Adams").with("role", "owner")).await;
    assert_eq!((page.status, page.fields_with_errors()), (422, vec!["role".to_owned()]));
    assert_eq!(app.everything(), before);
}

#[actix_web::test]
async fn presets_fill_in_settings_and_billing_and_keep_what_was_typed() {
    let (app, amara) = TestApp::with_owner().await;
    let free = app.plan("Free");
    for (preset, dialer, pay, package) in
        [("admin", "no", "company", "yes"), ("direct", "yes", "direct", "no"), ("company", "yes", "company", "yes")]
    {
        let form = app.a_user("Mateo Silva").with("plan", &free).with("job_title", "Lead").and("preset", preset);
        let page = amara.post("/users", form).await;
        assert_eq!(page.status, 200, "{page:?}");
        let shown = page.form("#user");
        let got = ["dialer", "pay_for_seat", "package_seat", "job_title"].map(|field| shown.get(field).unwrap());
        assert_eq!(got, [dialer, pay, package, "Lead"], "{preset}");
        // A dialer needs a plan that has one.
        assert_eq!(shown.get("plan") == Some(&free), dialer == "no", "{preset}");
    }
    assert_eq!(app.count(&format!("users WHERE account_id = {}", app.account.0)), 1);
}

#[actix_web::test]
async fn a_domain_of_its_own_is_enough_for_an_account_to_add_users() {
    const DOMAIN: &str = "seats.harbourline.example";
    let setup = Setup { shared_host: false, domain: Some(DOMAIN), ..Setup::default() };
    let (app, amara) = TestApp::with_owner_and(setup).await;
    let amara = amara.at(DOMAIN);
    assert_eq!(amara.get("/users/new").await.status, 200);
    let form = app.a_user("Yara Haddad").with("email", "yara@haddad.example");
    assert_eq!(amara.post("/users", form).await.status, 303);
    let mail = app.texts("SELECT body_text AS t FROM outbox").remove(0);
    assert!(mail.contains(&app.config.url_at(DOMAIN, "/sign-in")), "the welcome leads to the account's domain: {mail}");
}

#[actix_web::test]
async fn without_domain_and_shared_host_an_account_adds_nobody() {
    let setup = Setup { shared_host: false, ..Setup::default() };
    // They have no other place to sign in, so the shared host takes them until a domain is verified.
    let (app, amara) = TestApp::with_owner_and(setup).await;
    let page = amara.get("/users").await;
    assert_eq!(
        page.text(".note.bad"),
        "You do not have permission to add users yet. Set up a domain in the White Label tab first."
    );
    assert_eq!(page.count(".head button[disabled]"), 1);
    assert_eq!(page.count(".head a[href^='/users/new']"), 0);
    for refused in [amara.get("/users/new").await, amara.post("/users", app.a_user("Mateo Silva")).await] {
        assert_eq!(refused.status, 403);
        assert!(refused.says("Set up a domain in the White Label tab first."));
    }
    assert_eq!(app.count(&format!("users WHERE account_id = {}", app.account.0)), 1);
}
