//! The Usage Report: one's own, the team's, each user's; the forecast among Manage Users.

use crate::support::{Person, Setup, TestApp};
use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime};
use seatkeeper::access::{Actor, Role, UserId};
use seatkeeper::clock;
use seatkeeper::credits::{Book, CreditKind, IdempotencyKey, Reported};
use seatkeeper::usage::{Direction, Event, Outcome};
use seatkeeper::users;

fn today() -> NaiveDate {
    clock::now().date()
}

fn days_ago(days: u64) -> NaiveDate {
    today() - Days::new(days)
}

fn shown(day: NaiveDate) -> String {
    day.format("%m-%d-%Y").to_string()
}

fn key() -> IdempotencyKey {
    IdempotencyKey::of(&seatkeeper::db::new_id().to_string())
}

/// Counts usage that has its day already.
fn used(app: &TestApp, user: UserId, kind: CreditKind, day: NaiveDate, amount: i64) {
    let actor = Actor::system(app.account);
    let (at, key) = (day.and_hms_opt(12, 0, 0).unwrap(), key());
    app.db
        .write_now(|conn| {
            users::take_turn(conn, app.account)?;
            let mut book = Book::open(conn, &actor, &[user])?;
            let reported = Reported { reference: String::new(), key: key.clone(), at, day };
            book.record_use(user, kind, amount, reported)?;
            book.save(conn, &actor, "").map(drop)
        })
        .unwrap();
}

/// Rows of a table, cells between bars.
fn rows(page: &crate::support::Page, table: &str) -> Vec<String> {
    let firsts = page.texts(&format!("{table} tbody th"));
    let cells = page.texts(&format!("{table} tbody td"));
    let each = cells.len() / firsts.len().max(1);
    firsts.iter().enumerate().map(|(n, first)| format!("{first} | {}", cells[n * each..][..each].join(" | "))).collect()
}

async fn a_member() -> (TestApp, Person) {
    let app = TestApp::new().await;
    let mateo = app.person("Mateo Silva", Role::Member).await;
    app.give(mateo.id, "calling", 200, 0);
    app.give(mateo.id, "minutes", 60, 0);
    (app, mateo)
}

fn dates(from: NaiveDate, to: NaiveDate) -> String {
    format!("period=dates&from={from}&to={to}")
}

#[actix_web::test]
async fn a_sub_user_reads_what_they_have_and_used() {
    let (app, mateo) = a_member().await;
    used(&app, mateo.id, CreditKind::Calling, days_ago(40), 30);
    used(&app, mateo.id, CreditKind::Calling, days_ago(2), 42);
    used(&app, mateo.id, CreditKind::Minutes, days_ago(2), 7);
    used(&app, mateo.id, CreditKind::Calling, today(), 8);
    let page = mateo.get(&format!("/usage?{}", dates(days_ago(3), today()))).await;
    assert_eq!((page.status, page.text("h1").as_str()), (200, "Usage Report"));
    let subtitle = format!("Your assigned credits, {} to {}", shown(days_ago(3)), shown(today()));
    assert_eq!(page.text(".head .mut"), subtitle);
    assert_eq!(page.texts(".bars dt"), ["Export Credits", "Direct Dial Credits", "Calling Credits", "Minutes"]);
    assert_eq!(page.texts(".bars dd:nth-of-type(1)"), ["0 / 0", "0 / 0", "80 / 200", "7 / 60"]);
    let end = format!("Cycle ends {}", shown(today().with_day(1).unwrap() + Months::new(1)));
    let notes = ["Nothing allocated", &end, "Nothing allocated", &end, "120 left", &end, "53 left", &end];
    assert_eq!(page.texts(".bars small"), notes);
    assert_eq!(
        rows(&page, "#daily"),
        [format!("{} | 0 | 0 | 8 | 0", shown(today())), format!("{} | 0 | 0 | 42 | 7", shown(days_ago(2)))]
    );
    assert_eq!(page.attrs("figure.chart svg", "role"), ["img", "img"]);
    assert_eq!(page.text("#days-t"), "Calling credits used per day");
    let bars = page.texts("figure.chart svg[aria-labelledby^=days] rect title");
    let bar = |day, amount| format!("{}: {amount} Calling credits", shown(day));
    assert_eq!(bars, [bar(days_ago(2), 42), bar(today(), 8)]);
    let months: i64 = page.texts("#monthly td:nth-of-type(3)").iter().map(|n| n.parse::<i64>().unwrap()).sum();
    assert_eq!(months, 80, "the months before the period count too");
    let page = mateo.get(&format!("/usage?kind=minutes&{}", dates(days_ago(3), today()))).await;
    assert_eq!(page.text("#days-t"), "Minutes used per day");
    assert_eq!(page.value("kind"), "minutes");
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn a_period_is_chosen_in_the_address() {
    let (_app, mateo) = a_member().await;
    let month = today().with_day(1).unwrap();
    let until = |from: NaiveDate, to: NaiveDate| match from == to {
        true => shown(from),
        false => format!("{} to {}", shown(from), shown(to)),
    };
    for (asked, period) in [
        ("", until(month, today())),
        ("?period=nonsense", until(month, today())),
        ("?period=last-month", until(month - Months::new(1), month.pred_opt().unwrap())),
        ("?period=90-days", until(days_ago(89), today())),
        ("?period=12-months", until(month - Months::new(11), today())),
        ("?period=dates&from=01-31-2026&to=2026-02-28", "01-31-2026 to 02-28-2026".into()),
        ("?period=dates&from=2024-02-29&to=2024-02-29", "02-29-2024".into()),
    ] {
        let page = mateo.get(&format!("/usage{asked}")).await;
        assert_eq!(page.text(".head .mut"), format!("Your assigned credits, {period}"), "{asked}");
        assert_eq!(page.status, 200, "{asked}");
    }
}

#[actix_web::test]
async fn dates_that_make_no_period_are_told_beside_the_field_and_stay() {
    let (_app, mateo) = a_member().await;
    for (from, to, field, sentence) in [
        ("", "2026-02-01", "from", "Enter the first day as a date, such as 11-01-2026."),
        ("2026-02-30", "2026-03-01", "from", "Enter the first day as a date, such as 11-01-2026."),
        ("2026-03-01", "soon", "to", "Enter the last day as a date, such as 11-01-2026."),
        ("2026-03-01", "2026-02-01", "to", "The last day is before the first. Enter 03-01-2026 or later."),
        ("2020-01-01", "2026-02-01", "to", "A report covers 366 days at most. Enter 12-31-2020 or earlier."),
    ] {
        let query = format!("?period=dates&from={from}&to={to}");
        let page = mateo.get(&format!("/usage{query}")).await;
        assert_eq!((page.status, page.error(field).as_deref()), (422, Some(sentence)), "{query}");
        assert_eq!((page.value("from").as_str(), page.value("to").as_str()), (from, to), "{query}");
        assert_eq!(page.value("period"), "dates");
        let file = mateo.get(&format!("/usage.csv{query}")).await;
        let page = mateo.follow(&file).await;
        assert_eq!((file.status, page.error(field).as_deref()), (303, Some(sentence)), "the page says why");
    }
}

#[actix_web::test]
async fn without_usage_the_report_says_so() {
    let (_app, mateo) = a_member().await;
    let page = mateo.get("/usage?period=dates&from=2026-01-01&to=2026-01-31").await;
    assert_eq!(page.text(".empty p"), "Nothing was used in this period: 01-01-2026 to 01-31-2026.");
    assert_eq!(page.count("figure.chart, table"), 0);
    let file = mateo.get("/usage.csv?period=dates&from=2026-01-01&to=2026-01-31").await;
    assert_eq!(file.html, "\u{feff}Date,Export,Direct Dial,Calling,Minutes\r\n");
}

#[actix_web::test]
async fn the_days_are_taken_out_as_a_file() {
    let (app, mateo) = a_member().await;
    used(&app, mateo.id, CreditKind::Calling, days_ago(2), 42);
    used(&app, mateo.id, CreditKind::Minutes, today(), 7);
    let (query, period) = (dates(days_ago(3), today()), format!("{}-{}", days_ago(3), today()));
    let lines = format!(
        "\u{feff}Date,Export,Direct Dial,Calling,Minutes\r\n{},0,0,0,7\r\n{},0,0,42,0\r\n",
        shown(today()),
        shown(days_ago(2))
    );
    let page = mateo.get(&format!("/usage?{query}")).await;
    let file = mateo.get(&page.attrs("main a[download]", "href")[0]).await;
    assert_eq!(file.html, lines);
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    let name = |name: &str| format!("attachment; filename=\"{name}-{period}.csv\"");
    assert_eq!(file.header("content-disposition"), Some(name("usage").as_str()));
    let amara = app.browse_as(app.account, app.owner).await;
    for (path, file) in
        [("/usage/team.csv".to_owned(), "team-usage"), (format!("{}/usage.csv", mateo.path()), "user-usage")]
    {
        let sent = amara.get(&format!("{path}?{query}")).await;
        assert_eq!(
            (sent.html.as_str(), sent.header("content-disposition")),
            (lines.as_str(), Some(name(file).as_str()))
        );
    }
}

#[actix_web::test]
async fn who_sees_users_reads_the_teams_usage_and_each_users() {
    let app = TestApp::new().await;
    let (pilots, support) = (app.team(app.account, "Pilots"), app.team(app.account, "Support"));
    let mateo = app.user_with("Mateo Silva", |details| details.teams = vec![pilots]);
    let yara = app.user_with("Yara Haddad", |details| details.teams = vec![pilots, support]);
    for (user, amount) in [(mateo, 10), (yara, 25)] {
        app.give(user, "calling", 100, 0);
        used(&app, user, CreditKind::Calling, today(), amount);
    }
    let max = app.person("Max Berg", Role::Manager).await;
    let page = max.get("/usage/team").await;
    assert_eq!(page.texts(".bars dd:nth-of-type(1)")[2], "35 / 6000");
    assert_eq!(rows(&page, "#daily"), [format!("{} | 0 | 0 | 35 | 0", shown(today()))]);
    assert_eq!(rows(&page, "#teams"), ["Pilots | 0 | 0 | 35 | 0", "Support | 0 | 0 | 25 | 0"]);
    assert_eq!(page.texts("#users tbody th a"), ["Yara Haddad", "Mateo Silva"]);
    assert_eq!(page.texts("#users tbody td"), ["25", "10"]);
    let minutes = max.get("/usage/team?kind=minutes").await;
    assert!(minutes.says("Nobody used any minutes in"), "{minutes:?}");
    let hers = max.get(&page.attrs("#users tbody th a", "href")[0]).await;
    assert!(hers.text(".head .mut").starts_with("Yara Haddad, "), "{hers:?}");
    assert_eq!(hers.texts(".bars dd:nth-of-type(1)")[2], "25 / 100");
    assert_eq!(rows(&hers, "#daily"), [format!("{} | 0 | 0 | 25 | 0", shown(today()))]);
    assert!(page.has("nav.tabs a[href='/usage']") && max.get("/usage").await.has("nav.tabs a[href='/usage/team']"));
    assert!(max.get(&format!("/users/{yara}")).await.has(&format!("nav.tabs a[href='/users/{yara}/usage']")));
}

#[actix_web::test]
async fn a_report_is_nobody_elses() {
    let (app, mateo) = a_member().await;
    used(&app, mateo.id, CreditKind::Calling, today(), 42);
    let (zora, adam) = (app.stranger().await, app.person("Adam Stone", Role::Agent).await);
    for path in ["/usage/team".to_owned(), "/usage/team.csv".into(), "/usage".into()] {
        let page = zora.get(&path).await;
        assert!(page.status == 200 && !page.says("42") && !page.says("Mateo"), "{path}: {page:?}");
    }
    for end in ["usage", "usage.csv"] {
        let path = format!("{}/{end}", mateo.path());
        assert_eq!(zora.get(&path).await.status, 404, "another account's");
        assert_eq!(adam.get(&path).await.status, 403);
        assert_eq!(mateo.get(&path).await.status, 403, "one's own is at /usage");
    }
    assert_eq!(zora.get("/users/nobody/usage").await.status, 404);
    let page = adam.get("/usage").await;
    assert!(page.has(".empty") && !page.has("nav.tabs"), "{page:?}");
    assert_eq!(page.attrs("nav.side section a", "href"), ["/usage", "/profile"]);
}

#[actix_web::test]
async fn users_are_turned_over_page_by_page_most_first() {
    let app = TestApp::with(Setup { seats: 100, ..Setup::default() }).await;
    let people = (0..60).map(|n| app.details(app.account, &format!("Clone {n:02}"))).collect();
    for (n, user) in app.users_of(app.account, people).into_iter().enumerate() {
        app.give(user, "export", 100, 0);
        // Many have the same amount.
        used(&app, user, CreditKind::Export, today(), 1 + n as i64 / 20);
    }
    let amara = app.browse_as(app.account, app.owner).await;
    let names = |page: &crate::support::Page| page.texts("#users tbody th a");
    let link = |page: &crate::support::Page, rel: &str| page.attrs(&format!("#users a[rel={rel}]"), "href").pop();
    let first = amara.get("/usage/team").await;
    let second = amara.get(&link(&first, "next").unwrap()).await;
    let third = amara.get(&link(&second, "next").unwrap()).await;
    let all = [names(&first), names(&second), names(&third)].concat();
    let distinct: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!((all.len(), distinct.len(), names(&third).len()), (60, 60, 10));
    let amounts = [&first, &second, &third].map(|page| page.texts("#users tbody td")).concat();
    assert!(amounts.is_sorted_by(|one, next| one >= next), "{amounts:?}");
    assert!(link(&first, "prev").is_none() && link(&third, "next").is_none());
    let back = amara.get(&link(&third, "prev").unwrap()).await;
    assert_eq!(names(&back), names(&second));
    let back = amara.get(&link(&back, "prev").unwrap()).await;
    assert_eq!(names(&back), names(&first));
    assert!(link(&back, "prev").is_none());
}

#[actix_web::test]
async fn a_day_is_the_accounts_day() {
    let app = TestApp::with(Setup { time_zone: "America/New_York", ..Setup::default() }).await;
    let mateo = app.person("Mateo Silva", Role::Member).await;
    app.give(mateo.id, "calling", 100, 0);
    let at = |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
    // New York is five hours behind in winter, four in summer.
    for (n, time) in ["2026-02-01 03:00", "2026-02-01 05:00", "2026-07-01 03:59", "2026-07-01 04:00"].iter().enumerate()
    {
        let event = Event {
            user: Some(mateo.id),
            kind: CreditKind::Calling,
            direction: Direction::Use,
            amount: n as i64 + 1,
            at: at(time),
            reference: String::new(),
            key: key(),
        };
        let report = |conn: &mut _| {
            seatkeeper::usage::report(conn, &app.config, &Actor::system(app.account), std::slice::from_ref(&event))
        };
        assert!(matches!(app.db.write_now(report).unwrap()[0], Outcome::Counted { .. }));
    }
    let page = mateo.get("/usage?period=dates&from=2026-01-31&to=2026-07-01").await;
    assert_eq!(
        rows(&page, "#daily"),
        [
            "07-01-2026 | 0 | 0 | 4 | 0",
            "06-30-2026 | 0 | 0 | 3 | 0",
            "02-01-2026 | 0 | 0 | 2 | 0",
            "01-31-2026 | 0 | 0 | 1 | 0"
        ]
    );
    let months = rows(&page, "#monthly");
    assert_eq!(months[0], "July 2026 | 0 | 0 | 4 | 0");
    assert_eq!(months[6], "January 2026 | 0 | 0 | 1 | 0");
    // And so is today: the clock may say that tomorrow has begun in London.
    let this = mateo.get("/usage").await.text(".head .mut");
    let today = seatkeeper::web::text::Times::new("America/New_York", clock::now()).this_day();
    assert!(this.ends_with(&shown(today)), "{this}");
}

#[actix_web::test]
async fn the_overview_says_when_a_pool_runs_out_at_the_pace_of_four_weeks() {
    let (app, amara) = TestApp::with_owner().await;
    app.give(app.owner, "export", 500, 0);
    app.run("UPDATE credit_pools SET cycle_ends_at = NULL, total = 500");
    let notes = async || amara.get("/users").await.texts(".bars small");
    for day in (1..=13).rev() {
        used(&app, app.owner, CreditKind::Export, days_ago(day), 10);
    }
    assert_eq!(notes().await[0], "500 allocated, 370 left", "too short a time to tell");
    for day in 14..=20 {
        used(&app, app.owner, CreditKind::Export, days_ago(day), 10);
    }
    let pace = format!("Runs out about {} at the pace of the last 28 days", shown(today() + Days::new(30)));
    let found = notes().await;
    assert_eq!(found[..2], ["500 allocated, 300 left", pace.as_str()], "300 left, 10 a day");
    assert_eq!(amara.get("/usage/team").await.texts(".bars small")[1], pace);
    // Not where the next cycle comes first.
    let end = |days: u64| format!("'{} 00:00:00'", today() + Days::new(days));
    app.run(&format!("UPDATE credit_pools SET cycle_ends_at = {} WHERE kind = 'export'", end(31)));
    let cycle = format!("Cycle ends {}", shown(today() + Days::new(31)));
    assert_eq!(notes().await[..3], ["500 allocated, 300 left", &cycle, &pace]);
    app.run(&format!("UPDATE credit_pools SET cycle_ends_at = {} WHERE kind = 'export'", end(30)));
    assert!(notes().await.iter().all(|note| !note.starts_with("Runs out")));
}

#[actix_web::test]
async fn a_long_chart_has_a_bar_for_each_day_and_few_labels() {
    let (app, mateo) = a_member().await;
    let year = days_ago(365).year();
    let (from, to) = (days_ago(365), today());
    for day in [0, 100, 365] {
        used(&app, mateo.id, CreditKind::Calling, days_ago(day), 5);
    }
    let page = mateo.get(&format!("/usage?{}", dates(from, to))).await;
    assert_eq!(page.count("svg[aria-labelledby^=days] .m1 rect"), 3);
    assert!(page.count("svg[aria-labelledby^=days] .ax:last-child text") <= 7);
    assert!(page.text("#days-d").contains(&year.to_string()), "{}", page.text("#days-d"));
}
