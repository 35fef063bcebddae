//! What people type may be markup, formulas, lines of a header. It is shown as text, wherever it comes out.

use crate::support::{MailServer, Page, Person, Setup, TestApp, Worker, crawl, dialogs, forms, tables, until};
use diesel::RunQueryDsl;
use seatkeeper::access::{Role, UserId};
use seatkeeper::users::Status;

/// Breaks out of text, attribute, tag, title, script, comment and template, wherever one of them lets it.
const HOSTILE: &str = "</title></textarea></script>-->'\"><x-evil onclick=x>{{7*7}}&lt;";
/// The same for fields that are short, or take no spaces.
const SHORT: &str = "'\"><x-evil/onclick=x>&lt;";

/// No element, attribute or address came out of it.
fn is_harmless(page: &Page, what: &str) {
    assert_eq!(page.count("x-evil, [onclick], [onload], [onerror], [onfocus], [style]"), 0, "{what}: {page:?}");
    assert_eq!(
        page.count("script:not([src]), iframe, object, base, link[href^='http'], form[action^='http']"),
        0,
        "{what}"
    );
    let links = [page.attrs("[href]", "href"), page.attrs("[src]", "src"), page.attrs("[action]", "action")].concat();
    for link in links.iter().filter(|link| !link.is_empty()) {
        assert!(link.starts_with('/') && !link.starts_with("//") || link.starts_with('#'), "{what} leads to {link}");
    }
    for (name, value) in &page.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        assert!(!value.contains("<x-evil"), "{what}: {name}: {value}");
    }
}

/// An account with something of everything, and its Owner, who is an operator besides.
async fn with_people() -> (TestApp, Person, UserId) {
    let (app, amara) = TestApp::with_owner().await;
    app.appoint_operator(&amara);
    let team = app.team(app.account, "Pilots");
    let mateo = app.user_with("Mateo Silva", |details| {
        details.company = "Nordwind".into();
        details.job_title = "Pilot".into();
        details.teams = vec![team];
    });
    app.user_with("Dina Ott", |details| details.status = Status::Disabled);
    app.token_of(app.account, app.owner, "Dialer");
    (app, amara, mateo)
}

/// Columns whose text is no text: keys, codes, hashes, sealed values. What a database refuses need not be here.
const CODES: &[&str] =
    &["time_zone", "sealing_key", "changes", "key_hash", "token_hash", "password_hash", "action", "query"];

/// Puts it into every text that is stored; the columns where it is now.
fn poison(app: &TestApp) -> Vec<String> {
    let mut poisoned = vec![];
    for table in tables() {
        for column in table.columns.iter().filter(|column| column.kind == "Text" && !CODES.contains(&&*column.name)) {
            let text = HOSTILE.replace('\'', "''");
            let (table, column) = (&table.name, &column.name);
            let sql = format!("UPDATE {table} SET {column} = '{text}' || {column} WHERE {column} <> ''");
            // A condition or an index of the database may not let it in.
            if app.db.write_now(|conn| Ok(diesel::sql_query(&sql).execute(conn)?)).is_ok_and(|rows| rows > 0) {
                poisoned.push(format!("{table}.{column}"));
            }
        }
    }
    poisoned
}

#[actix_web::test]
async fn whatever_is_stored_is_shown_as_text_on_every_page() {
    let (app, amara, mateo) = with_people().await;
    let dialogs = dialogs(&amara, mateo).await;
    let poisoned = poison(&app);
    for column in [
        "users.first_name",
        "users.email",
        "users.company",
        "user_settings.job_title",
        "teams.name",
        "accounts.name",
        "plans.name",
        "outbox.subject",
        "outbox.body_text",
        "companies.name",
        "api_tokens.name",
    ] {
        assert!(poisoned.iter().any(|known| known == column), "{column}: {poisoned:?}");
    }
    let mut texts = 0;
    for (path, page) in crawl(&amara, &[&["/".to_owned()][..], &dialogs].concat()).await {
        assert!(page.status < 500, "{path}: {page:?}");
        if page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
            is_harmless(&page, &path);
            texts += page.html.matches("&#60;x-evil").count();
        }
    }
    assert!(texts > 50, "so little of it is shown that nothing is proved: {texts}");
}

#[actix_web::test]
async fn whatever_is_typed_into_any_form_comes_back_as_text() {
    let (app, amara, mateo) = with_people().await;
    let starts = [&["/".to_owned()][..], &dialogs(&amara, mateo).await].concat();
    let mut done = vec![];
    for form in forms(&amara, &starts).await {
        for (n, name) in form.names().iter().enumerate() {
            // Another one each time, since usernames can be taken.
            for text in [HOSTILE.to_owned(), format!("{SHORT}{}", done.len())] {
                let answer = amara.post(&form.action, form.ready(&app, n).with(name, &text)).await;
                is_harmless(&answer, &form.action);
                if answer.status == 303 {
                    is_harmless(&amara.follow(&answer).await, &form.action);
                    done.push((form.pattern(), name.clone()));
                }
            }
        }
    }
    for field in ["first_name", "username", "job_title", "company"] {
        for form in ["/users", "/users/{id}"] {
            assert!(done.contains(&(form.to_owned(), field.to_owned())), "{form} {field} is never taken: {done:?}");
        }
    }
    for path in ["/users", "/sign-in", "/users/new", "/users/export.csv", "/nowhere"] {
        for name in ["q", "back", "company", "role", "status", "sort", "after", "team", "plan", "from", "login"] {
            let value: String = url::form_urlencoded::byte_serialize(HOSTILE.as_bytes()).collect();
            for page in [
                amara.get(&format!("{path}?{name}={value}")).await,
                app.visitor().get(&format!("{path}?{name}={value}")).await,
            ] {
                assert!(page.status < 500, "{path} {name}: {page:?}");
                if page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
                    is_harmless(&page, &format!("{path} {name}"));
                }
            }
        }
    }
}

/// The cells of a CSV file, quotes undone.
fn cells(csv: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for letter in csv.trim_start_matches('\u{feff}').chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' | '\n' if !quoted => cells.push(String::new()),
            other => cells.last_mut().unwrap().push(other),
        }
    }
    cells
}

#[actix_web::test]
async fn no_stored_text_is_a_formula_or_a_line_of_its_own_in_a_file() {
    for evil in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1+1,=1+1\r\n=1", "a;=1", "＝1", "\"\n=1"] {
        let (app, amara, mateo) = with_people().await;
        for column in ["first_name", "last_name", "email", "company", "phone", "phone_ext"] {
            app.run(&format!("UPDATE users SET {column} = '{evil}' || {column} WHERE id = {mateo}"));
        }
        for (table, column) in
            [("user_settings", "job_title"), ("user_settings", "ext_phone"), ("teams", "name"), ("plans", "name")]
        {
            app.run(&format!("UPDATE {table} SET {column} = '{evil}' || {column}"));
        }
        let page = amara.get("/users/export.csv").await;
        assert_eq!(page.status, 200);
        let disposition = page.header("content-disposition").unwrap();
        assert!(disposition.chars().all(|c| c.is_ascii_alphanumeric() || " ;=\"-.".contains(c)), "{disposition}");
        for cell in cells(&page.html) {
            let is_number = cell.trim().parse::<f64>().is_ok();
            let starts = cell.chars().next().is_some_and(|first| "=+-@\t＝".contains(first));
            assert!(is_number || !starts, "{evil:?}: {cell:?}");
        }
        let rows = page.html.matches("\r\n").count();
        let inside = cells(&page.html).iter().map(|cell| cell.matches("\r\n").count()).sum::<usize>();
        assert_eq!(rows - inside, 3, "a head and two users: {evil:?}");
        assert_eq!(amara.get("/users/export.xlsx").await.status, 200, "{evil:?}");
    }
}

#[actix_web::test]
async fn no_name_adds_a_header_or_markup_to_a_mail() {
    let server = MailServer::start();
    let setup = Setup { smtp: Some(server.smtp.clone()), ..Setup::default() };
    let (app, amara) = TestApp::with_owner_and(setup).await;
    let evil = "Evil\r\nBcc: victim@evil.example\r\n\r\n<x-evil>\r\n.\r\nMAIL FROM:<x@evil.example>";
    app.run(&format!("UPDATE accounts SET name = '{evil}'"));
    let mut typed =
        app.a_user("Mateo Silva").with("email", "mateo@harbourline.example").with("first_name", "<x-evil>&");
    typed = typed.with("username", "<x-evil>");
    assert_eq!(amara.post("/users", typed).await.status, 303);
    let mateo = UserId(app.number("SELECT id AS n FROM users WHERE username <> ''"));
    let form = amara.get(&format!("/users/{mateo}")).await.form("#user").with("email", "x&'evil@harbourline.example");
    assert_eq!(amara.post(&format!("/users/{mateo}"), form).await.status, 303);
    app.user("Nora Lind", Role::Member);
    let queued = app.count("outbox");
    assert!(queued >= 4, "a welcome and a changed address, to both, and another welcome: {queued}");
    let _worker = Worker::start(&app.config, &app.db);
    until("all are dealt with", || app.count("outbox WHERE state IN ('queued', 'sending')") == 0).await;
    let mails = server.mails();
    assert_eq!(mails.len() as i64, queued, "all are sent, and none besides");
    for mail in mails {
        assert_eq!((mail.from.as_str(), mail.to.len()), ("no-reply@seats.example", 1));
        assert!(mail.to[0].ends_with("@harbourline.example"), "{:?}", mail.to);
        let (head, body) = mail.data.split_once("\r\n\r\n").unwrap();
        let names: Vec<&str> = head
            .lines()
            .filter(|line| !line.starts_with([' ', '\t']))
            .map(|line| line.split(':').next().unwrap())
            .collect();
        for name in names {
            let known = [
                "From",
                "To",
                "Subject",
                "Message-ID",
                "MIME-Version",
                "Date",
                "Content-Type",
                "X-Peer",
                "X-MailFrom",
                "X-RcptTo",
            ];
            assert!(known.contains(&name), "{name}: {head}");
        }
        let html = body.split_once("text/html").unwrap().1.replace("=\r\n", "");
        assert!(!html.contains("<x-evil"), "{html}");
    }
}

#[actix_web::test]
async fn links_in_mails_lead_to_the_accounts_own_site_whatever_the_request_says() {
    let (app, amara) = TestApp::with_owner().await;
    let form = app.a_user("Mateo Silva").with("email", "mateo@harbourline.example");
    let request = amara.submission("/users", form).header("origin", format!("http://{}", amara.host()));
    let forged =
        [("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "gopher"), ("forwarded", "host=evil.example")];
    let request = forged.into_iter().fold(request, |request, (name, value)| request.header(name, value));
    assert_eq!(amara.send(request).await.status, 303);
    let bodies = app.texts("SELECT body_text || body_html AS t FROM outbox");
    assert!(bodies[0].contains(&app.config.url("/sign-in")) && !bodies[0].contains("evil.example"), "{bodies:?}");
}
