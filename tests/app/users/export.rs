//! Export: what the filter matches, as CSV and XLSX, as a spreadsheet opens it.

use crate::support::{Browser, Page, Person, Setup, TestApp};
use reqwest::Method;
use seatkeeper::access::Role;
use seatkeeper::users::Status;
use std::path::Path;
use std::process::Command;

const HEAD: &str = "Name,Email,Phone #,Phone EXT,Role,Plan,Credits,Status,Last activity,Created At,First Name,Last Name,\
                    Username,User type,Job title,Company Name,Teams,Dialer,Local Presence,Use Balance,Ext Phone,\
                    Pay for Seat,Packages/Seat Limit,Export,Direct Dial,Calling,Minutes";

async fn lines(who: &Person, path: &str) -> Vec<String> {
    let page = who.get(path).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/csv; charset=utf-8")), "{page:?}");
    assert!(page.html.ends_with("\r\n"));
    page.html.trim_start_matches('\u{feff}').lines().map(str::to_owned).collect()
}

fn names(lines: &[String]) -> Vec<&str> {
    lines.iter().skip(1).map(|line| line.split(',').next().unwrap()).collect()
}

async fn bytes(who: &Browser, path: &str) -> Vec<u8> {
    let response = who.request(Method::GET, path).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    response.bytes().await.unwrap().to_vec()
}

/// Harbourline with people whose names are not easy on spreadsheets.
async fn with_people() -> (TestApp, Person) {
    let (app, amara) = TestApp::with_owner_and(Setup { time_zone: "America/New_York", ..Setup::default() }).await;
    let team = app.team(app.account, "Harbour, pilots");
    app.user_with("Zoë Šilhavý", |details| {
        details.phone = "+14158360148".into();
        details.phone_ext = "0104".into();
        details.job_title = "=HYPERLINK(\"https://evil.example\",\"open\")".into();
        details.company = "山田商事 \"Yamada\"".into();
        details.username = "zoe".into();
        details.teams = vec![team];
    });
    app.user_with("-2 Łukasz", |details| details.company = "@SUM(A1:A9)".into());
    app.user_with("Dina Ott", |details| details.status = Status::Disabled);
    app.run("UPDATE users SET created_at = '2026-03-11 18:38:00', last_activity = '1970-01-01 00:00:00' WHERE name_key LIKE 'zoe%'");
    (app, amara)
}

#[actix_web::test]
async fn csv_has_the_columns_of_the_screen_and_every_field() {
    let (_app, amara) = with_people().await;
    let page = amara.get("/users/export.csv?q=zoe").await;
    assert!(page.html.starts_with('\u{feff}'), "or Excel takes it for another alphabet");
    assert!(page.header("content-disposition").unwrap().starts_with("attachment; filename=\"users-20"));
    let lines = lines(&amara, "/users/export.csv?q=zoe").await;
    assert_eq!(lines[0], HEAD);
    assert_eq!(
        lines[1],
        "Zoë Šilhavý,zoe.silhavy@harbourline.example,'+14158360148,0104,Member,Standard,0,Active,Never,\
         03-11-2026 14:38,Zoë,Šilhavý,zoe,User by email,\"'=HYPERLINK(\"\"https://evil.example\"\",\"\"open\"\")\",\
         \"山田商事 \"\"Yamada\"\"\",\"Harbour, pilots\",No,No,Company,,No,Yes,0,0,0,0"
    );
    assert_eq!(lines.len(), 2);
}

#[actix_web::test]
async fn what_is_exported_is_what_the_list_matches_or_what_was_selected() {
    let (app, amara) = with_people().await;
    let page = amara.get("/users?status=disabled").await;
    let path = page.attrs("#export-menu a", "href").remove(0);
    assert_eq!(names(&lines(&amara, &path).await), ["Dina Ott"]);
    assert_eq!(names(&lines(&amara, "/users/export.csv?role=owner").await), ["Amara Okafor"]);
    assert_eq!(names(&lines(&amara, "/users/export.csv?q=nobody-has-this").await), Vec::<&str>::new());
    assert_eq!(names(&lines(&amara, "/users/export.csv").await), ["Amara Okafor", "Zoë Šilhavý", "'-2 Łukasz"]);

    let (zoe, zora) = (app.find_by_name("Zoë Šilhavý").id, app.other_owner);
    let selected = format!("/users/export.csv?id={zoe}&id={zora}&back=status%3Ddisabled");
    assert_eq!(names(&lines(&amara, &selected).await), ["Zoë Šilhavý"], "another account's user is nobody here");
    let all = format!("/users/export.csv?id={zoe}&all=yes&back=status%3Ddisabled");
    assert_eq!(names(&lines(&amara, &all).await), ["Dina Ott"], "all that match, instead of the selected");
    assert_eq!(amara.get("/users/export.csv?id=x").await.status, 404);
    let stranger = app.stranger().await;
    assert_eq!(names(&lines(&stranger, &format!("/users/export.csv?id={zoe}")).await), Vec::<&str>::new());
    assert_eq!(names(&lines(&stranger, "/users/export.csv").await), ["Zora Quill"]);
}

#[actix_web::test]
async fn sub_users_export_nothing() {
    let (app, _) = with_people().await;
    let mateo = app.person("Mateo Silva", Role::Member).await;
    for path in ["/users/export.csv", "/users/export.xlsx"] {
        assert_eq!(mateo.get(path).await.status, 403);
    }
    assert_eq!(app.count("activity WHERE action = 'users.exported'"), 0);
}

#[actix_web::test]
async fn what_was_exported_is_in_the_log_and_no_word_that_tells_of_a_person() {
    let (app, amara) = with_people().await;
    let zoe = app.find_by_name("Zoë Šilhavý").id;
    let free = app.plan("Free");
    for (path, told) in [
        ("csv".to_owned(), "format=csv, filter=status=enabled".to_owned()),
        ("xlsx".into(), "format=xlsx, filter=status=enabled, users=3".into()),
        ("csv?q=zoe&role=member".into(), "format=csv, filter=status=enabled words role=member".into()),
        ("csv?company=yamada&q=%E2%80%8B".into(), "format=csv, filter=status=enabled nobody company".into()),
        (
            format!("xlsx?status=disabled&plan={free}&from=2026-03-01"),
            format!("format=xlsx, filter=status=disabled plan={free} from=2026-03-01 05:00:00, users=0"),
        ),
        (format!("csv?id={zoe}&id=1&back=q%3Dzoe"), "format=csv, selection=yes, users=1".into()),
    ] {
        let page: Page = amara.get(&format!("/users/export.{path}")).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(newest_export(&app, &amara), told, "{path}");
    }
}

/// The newest entry of somebody's exports, as "field=value, …".
fn newest_export(app: &TestApp, who: &Person) -> String {
    let mine = format!("action = 'users.exported' AND actor_id = {}", who.id);
    let entry = app.texts(&format!("SELECT changes AS t FROM activity WHERE {mine} ORDER BY id DESC LIMIT 1"));
    let changes: Vec<serde_json::Value> = serde_json::from_str(&entry[0]).unwrap();
    let told = |change: &serde_json::Value| {
        format!("{}={}", change["field"].as_str().unwrap(), change["after"].as_str().unwrap())
    };
    changes.iter().map(told).collect::<Vec<_>>().join(", ")
}

#[actix_web::test]
async fn a_long_export_has_each_user_once() {
    let (app, amara) = TestApp::with_owner_and(Setup { seats: 3000, ..Setup::default() }).await;
    let many = (0..2345).map(|n| {
        let mut details = app.details(app.account, &format!("Clone {n}"));
        details.email = format!("clone.{n}@harbourline.example");
        details
    });
    app.users_of(app.account, many.collect());
    let page = amara.get("/users?q=clone").await;
    assert_eq!(page.text(".pager p"), "25 of 1000+ users", "what matches is counted to a thousand");
    assert_eq!(page.text("#bulk label.tick"), "Select all 1000+ that match");
    let lines = lines(&amara, "/users/export.csv").await;
    let mut addresses: Vec<&str> = lines.iter().skip(1).map(|line| line.split(',').nth(1).unwrap()).collect();
    assert_eq!(addresses.len(), 2346);
    addresses.sort();
    addresses.dedup();
    assert_eq!(addresses.len(), 2346);
}

/// What LibreOffice makes of a file, as CSV that it writes itself.
fn as_libreoffice_opens(file: &Path, filter: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let profile = format!("-env:UserInstallation=file://{}/profile", folder.path().display());
    let ran = Command::new("soffice")
        .args(["--headless", "--norestore", &profile])
        .args(filter)
        .args(["--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,1"])
        .arg("--outdir")
        .args([folder.path(), file])
        .output();
    let ran = ran.expect("the export tests need LibreOffice: apt-get install libreoffice-calc-nogui");
    let written = std::fs::read_dir(folder.path()).unwrap().filter_map(|entry| {
        let path = entry.unwrap().path();
        (path.extension()? == "csv").then_some(path)
    });
    let written = written.last().unwrap_or_else(|| panic!("LibreOffice could not open it: {ran:?}"));
    std::fs::read_to_string(written).unwrap()
}

#[actix_web::test]
async fn libreoffice_opens_both_with_every_letter_and_runs_no_formula() {
    let (_app, amara) = with_people().await;
    let folder = tempfile::tempdir().unwrap();
    for (extension, filter, mark) in
        [("xlsx", vec![], ""), ("csv", vec!["--infilter=Text - txt - csv (StarCalc):44,34,UTF8,1"], "'")]
    {
        let file = folder.path().join(format!("users.{extension}"));
        std::fs::write(&file, bytes(&amara, &format!("/users/export.{extension}")).await).unwrap();
        let opened = as_libreoffice_opens(&file, &filter);
        let lines: Vec<&str> = opened.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines.len(), 4, "{opened}");
        assert_eq!(lines[0], HEAD, "{extension}");
        assert!(lines[2].starts_with("Zoë Šilhavý,zoe.silhavy@harbourline.example,"), "{opened}");
        assert!(lines[2].contains("山田商事 \"\"Yamada\"\""), "{opened}");
        assert!(
            lines[2].contains(&format!("\"{mark}=HYPERLINK(\"\"https://evil.example\"\",\"\"open\"\")\"")),
            "{opened}"
        );
        assert!(lines[2].contains(&format!(",{mark}+14158360148,")), "{opened}");
        assert!(lines[3].starts_with(&format!("{mark}-2 Łukasz,")), "{opened}");
        assert!(lines[3].contains(&format!(",{mark}@SUM(A1:A9),")), "{opened}");
    }
}
