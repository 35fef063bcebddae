use crate::support::{Setup, TestApp};
use seatkeeper::access::Role;
use seatkeeper::users::Status;

#[actix_web::test]
async fn search_looks_at_name_email_username_phone_and_company() {
    let (app, amara) = TestApp::with_owner().await;
    app.user_with("Zoë Šilhavý", |details| {
        details.username = "night.owl".into();
        details.phone = "+14158360148".into();
        details.company = "Nordwind Söhne".into();
    });
    app.user("Mateo Silva", Role::Member);
    for words in [
        "zoe",
        "ZOË",
        "silhavy",
        "Šilhavý",
        "zoe silhavy",
        "zoe.silhavy@",
        "NIGHT.OWL",
        "owl",
        "8360148",
        "(415) 836-0148",
        "+1 415",
        "nordwind",
        "sohne",
        "SÖHNE",
        "  zoe ",
    ] {
        let query: String = url::form_urlencoded::byte_serialize(words.as_bytes()).collect();
        let page = amara.get(&format!("/users?q={query}")).await;
        assert_eq!(page.names(), ["Zoë Šilhavý"], "{words}");
        assert_eq!(page.value("q"), words);
    }
    let nobody = amara.get("/users?q=nobody-has-this").await;
    assert_eq!((nobody.names().len(), nobody.text(".empty h2").as_str()), (0, "No users match"));
    assert_eq!(nobody.attrs(".empty a", "href"), ["/users"]);
    for (path, label) in [("/users", "Select all 3 users"), ("/users?q=zoe", "Select all 1 that match")] {
        assert_eq!(amara.get(path).await.text("#bulk label.tick"), label);
    }
}

#[actix_web::test]
async fn what_was_changed_is_found_by_its_new_words_only() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let path = format!("/users/{mateo}");
    let form = amara.get(&path).await.form("#user").with("first_name", "Gabriel").with("company", "Nordwind");
    assert_eq!(amara.post(&path, form.with("email", "gabriel@harbourline.example")).await.status, 303);
    assert_eq!(amara.get("/users?q=gabriel").await.names(), ["Gabriel Silva"]);
    assert_eq!(amara.get("/users?q=nordwind").await.names(), ["Gabriel Silva"]);
    assert_eq!(amara.get("/users?q=mateo").await.names(), Vec::<String>::new());
    assert_eq!(amara.get("/users?company=nordwind").await.names(), ["Gabriel Silva"]);
}

#[actix_web::test]
async fn filters_narrow_alone_and_together() {
    let (app, amara) = TestApp::with_owner().await;
    let team = app.team(app.account, "Support");
    let (free, standard) = (app.plan("Free"), app.plan("Standard"));
    app.user_with("Ada Agent", |details| {
        details.role = Role::Agent;
        details.company = "Nordwind".into();
        details.teams = vec![team];
    });
    app.user_with("Ben Agent", |details| {
        details.role = Role::Agent;
        details.plan = seatkeeper::plans::PlanId(free.parse().unwrap());
    });
    app.user_with("Cleo Member", |details| details.teams = vec![team]);
    app.user_with("Dina Agent", |details| {
        details.role = Role::Agent;
        details.status = Status::Disabled;
    });
    app.run("UPDATE users SET created_at = '2026-03-01 09:00:00' WHERE first_name = 'Cleo'");
    let names = async |query: String| amara.get(&format!("/users?{query}")).await.names();
    assert_eq!(names("role=agent".into()).await, ["Ada Agent", "Ben Agent"]);
    assert_eq!(names("role=agent&status=disabled".into()).await, ["Dina Agent"]);
    assert_eq!(names(format!("team={}", team.0)).await, ["Ada Agent", "Cleo Member"]);
    assert_eq!(names(format!("role=agent&team={}", team.0)).await, ["Ada Agent"]);
    assert_eq!(names(format!("plan={free}")).await, ["Ben Agent"]);
    assert_eq!(names(format!("plan={standard}&q=agent")).await, ["Ada Agent"]);
    assert_eq!(names("company=NORDWIND".into()).await, ["Ada Agent"]);
    assert_eq!(names("from=2026-03-01&to=2026-03-01".into()).await, ["Cleo Member"]);
    assert_eq!(names("to=2026-02-28".into()).await, Vec::<String>::new());
    assert_eq!(names("role=emperor".into()).await, Vec::<String>::new());
    let page = amara.get(&format!("/users?role=agent&team={}&sort=-created", team.0)).await;
    assert_eq!((page.value("role"), page.value("team")), ("agent".into(), team.0.to_string()));
    assert_eq!(page.attrs("form.tools a.quiet", "href"), ["/users?sort=-created"], "clearing keeps the sorting");
}

#[actix_web::test]
async fn days_are_days_of_the_accounts_time_zone() {
    let setup = Setup { time_zone: "America/New_York", ..Setup::default() };
    let (app, amara) = TestApp::with_owner_and(setup).await;
    app.user("Mateo Silva", Role::Member);
    app.run("UPDATE users SET created_at = '2026-03-02 03:30:00' WHERE first_name = 'Mateo'");
    assert_eq!(amara.get("/users?from=2026-03-01&to=2026-03-01").await.names(), ["Mateo Silva"]);
    let page = amara.get("/users?q=mateo").await;
    assert_eq!(page.text("tbody time"), "03-01-2026 22:30");
}

#[actix_web::test]
async fn both_tabs_have_the_same_columns_and_exact_counts() {
    let (app, amara) = TestApp::with_owner().await;
    app.user("Mateo Silva", Role::Member);
    app.user_with("Dina Ott", |details| details.status = Status::Disabled);
    let columns = [
        "",
        "Name",
        "Email",
        "Phone #",
        "Phone EXT",
        "Role",
        "Plan",
        "Credits",
        "Status",
        "Last activity",
        "Created At",
        "Actions",
    ];
    for (path, names, state) in [
        ("/users", vec!["Amara Okafor", "Mateo Silva"], "Active"),
        ("/users?status=disabled", vec!["Dina Ott"], "Inactive"),
    ] {
        let page = amara.get(path).await;
        assert_eq!(page.names(), names);
        assert_eq!(page.texts("thead th"), columns);
        assert_eq!(page.texts("nav.tabs .n"), ["2", "1"]);
        assert!(page.texts("tbody .st").iter().all(|text| text == state), "{path}");
        assert!(page.has("nav.tabs a[aria-current=page]"));
    }
    let page = amara.get("/users?q=mateo").await;
    let row = page.texts("tbody td:not(.sel)");
    assert_eq!(row[..3], ["mateo.silva@harbourline.example", "None", "None"]);
    assert_eq!(page.texts("tbody td option[selected]"), ["Member"]);
    assert_eq!(row[4..7], ["Standard", "0", "Active"]);
}

#[actix_web::test]
async fn the_credits_of_a_user_are_told_by_kind() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    for (kind, amount) in [("export", 10), ("direct_dial", 20), ("calling", 40), ("minutes", 80)] {
        app.give(mateo, kind, amount, 0);
    }
    let page = amara.get("/users?q=mateo").await;
    assert_eq!(page.texts("tbody .num .pop dt"), ["Export", "Direct Dial", "Calling"]);
    assert_eq!(page.texts("tbody .num .pop dd"), ["10", "20", "40"]);
}

#[actix_web::test]
async fn no_address_makes_the_server_fail() {
    let setup = Setup { time_zone: "Asia/Tokyo", ..Setup::default() };
    let (app, amara) = TestApp::with_owner_and(setup).await;
    app.user("Mateo Silva", Role::Member);
    let odd = [
        "",
        "%00",
        "a%00b",
        "%ff%fe",
        "%25",
        "_",
        "'",
        "\"",
        "%5C",
        "a'%20OR%201=1--",
        "~",
        "~~",
        "1~1",
        "~1",
        "a~",
        "x~99999999999999999999",
        "9223372036854775807~1",
        "-9223372036854775808~1",
        "-300000000000000000~1",
        "8000000000000000000~1",
        "0",
        "-1",
        "1e9",
        "99999999999999999999999",
        "-5000-01-01",
        "-262143-01-01",
        "262142-12-31",
        "%2B262142-12-31",
        "0000-00-00",
        "2026-02-30",
        "9999-12-31",
        "294276-12-31",
        "300000-01-01",
        "-4713-01-01",
        "%F0%9F%98%80",
        "%E2%80%AE",
        "end",
        "enabled",
        "AND",
        "NEAR(a%20b)",
        "*",
        "a*",
        "(",
        "a%20b%20c",
    ];
    let mut failing = vec![];
    for name in
        ["status", "q", "role", "plan", "team", "company", "from", "to", "sort", "rows", "after", "before", "nonsense"]
    {
        for value in odd.iter().copied().chain([&*"a".repeat(5000), &*"a%20".repeat(500)]) {
            for rest in ["", "&sort=-created", "&sort=credits&status=disabled"] {
                if !rest.is_empty() && !["after", "before"].contains(&name) {
                    continue;
                }
                let path = format!("/users?{name}={value}{rest}");
                let page = amara.get(&path).await;
                if ![200, 400].contains(&page.status) {
                    failing.push(format!("{} {path}", page.status));
                }
            }
        }
    }
    assert_eq!(failing, Vec::<String>::new());
    for query in ["q=a&q=b", "&&&=&", "q", "q=%", "rows=25&rows=50", "q[]=a", "?q=a"] {
        let page = amara.get(&format!("/users?{query}")).await;
        assert!([200, 400].contains(&page.status), "{query}: {page:?}");
    }
}
