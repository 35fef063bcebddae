//! The command line: the real program, its exit codes and its sentences.

mod accounts;

use crate::support::{MailServer, PASSWORD, Program, TestDatabase, postgres, until};
use diesel::connection::SimpleConnection;
use std::net::TcpListener;
use std::path::Path;

const CREATE: &[&str] = &[
    "account",
    "create",
    "--name",
    "Harbourline",
    "--owner-email",
    "amara@harbourline.example",
    "--owner-first-name",
    "Amara",
    "--owner-last-name",
    "Okafor",
    "--owner-password-stdin",
    "--users",
    "5",
    "--shared-host",
];

/// A database with Harbourline in it, made by the program.
fn with_account() -> (TestDatabase, Program) {
    let database = TestDatabase::empty();
    let program = Program::on(&database);
    let run = program.run_with(CREATE, &format!("{PASSWORD}\n"));
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.starts_with("Account ") && run.stdout.ends_with("created: Harbourline\n"), "{run:?}");
    (database, program)
}

fn change(database: &TestDatabase, sql: &str) {
    database.open().write_now(|conn| Ok(conn.batch_execute(sql)?)).unwrap();
}

#[actix_web::test]
async fn a_new_user_gets_the_welcome_mail_and_signs_in() {
    let (_database, program) = with_account();
    let server = MailServer::start();
    let program = program.sending_to(&server);
    let mut serving = program.serve().await;
    let amara = serving.visitor();
    amara.sign_in("amara@harbourline.example", PASSWORD, None).await;
    let form = amara.get("/users/new").await.form("#user");
    let form = form.with("first_name", "Mateo").with("last_name", "Silva").with("email", "mateo@silva.example");
    let form = form.with("username", "mateo").with("password", "copper-meadow-17").with("confirm", "yes");
    assert_eq!(amara.post("/users", form).await.status, 303);
    until("the mail arrives", || !server.mails().is_empty()).await;
    let mail = server.mails().remove(0);
    assert_eq!((mail.tls, mail.to.as_slice()), (true, ["mateo@silva.example".to_owned()].as_slice()));
    let mateo = serving.visitor();
    mateo.sign_in("mateo", "copper-meadow-17", None).await;
    assert_eq!(mateo.get("/users").await.status, 403);
    assert_eq!(serving.stop().await, Some(0));
    assert_eq!(program.run(&["verify"]).code, Some(0));
}

#[actix_web::test]
async fn an_account_is_made_and_its_owner_signs_in() {
    let (_database, program) = with_account();
    let verified = program.run(&["verify"]);
    assert_eq!((verified.code, verified.stdout.as_str()), (Some(0), "All counts are right.\n"), "{verified:?}");
    let mut serving = program.serve().await;
    assert!(!serving.printed().contains("/set-up/"), "there is an account");
    let amara = serving.visitor();
    amara.sign_in("amara@harbourline.example", PASSWORD, None).await;
    assert_eq!(amara.get("/users").await.names(), ["Amara Okafor"]);
    assert_eq!(serving.stop().await, Some(0));
}

#[actix_web::test]
async fn a_locked_out_owner_gets_a_new_password() {
    let (_database, program) = with_account();
    let mut serving = program.serve().await;
    let amara = serving.visitor();
    amara.sign_in("amara@harbourline.example", PASSWORD, None).await;
    let args = ["user", "reset-password", "--login", "AMARA@harbourline.example", "--password-stdin"];
    let run = program.run_with(&args, "copper-meadow-17\n");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(!amara.is_signed_in().await, "their sessions end");
    assert_eq!(amara.try_sign_in("amara@harbourline.example", PASSWORD).await.status, 422);
    amara.sign_in("amara@harbourline.example", "copper-meadow-17", None).await;
    assert_eq!(program.run(&["verify"]).code, Some(0));
    serving.stop().await;
}

#[cfg(unix)]
#[actix_web::test]
async fn what_is_secret_is_for_the_owner_of_the_files_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let url = format!("sqlite://{}", data.join("seatkeeper.db").display());
    let mut serving = Program::with_url(&url, &data).serve().await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut modes = vec![("the folder".to_owned(), mode(&data))];
    for file in std::fs::read_dir(&data).unwrap() {
        let path = file.unwrap().path();
        modes.push((path.file_name().unwrap().to_string_lossy().into_owned(), mode(&path)));
    }
    serving.stop().await;
    assert!(modes.iter().any(|(name, _)| name == "cookie.key"), "{modes:?}");
    assert!(modes.iter().any(|(name, _)| name == "seatkeeper.db"), "{modes:?}");
    assert!(modes.iter().all(|(_, mode)| mode & 0o077 == 0), "{modes:?}");
}

#[test]
fn a_password_that_cannot_be_used_is_refused_with_a_sentence() {
    let (_database, program) = with_account();
    let args = ["user", "reset-password", "--login", "amara@harbourline.example", "--password-stdin"];
    for (password, sentence) in
        [("short", "at least 10 characters"), ("", "at least 10 characters"), ("password123", "common")]
    {
        let run = program.run_with(&args, password);
        assert_eq!(run.code, Some(1));
        assert!(run.sentence().contains(sentence), "{run:?}");
    }
    let nobody = ["user", "reset-password", "--login", "nobody", "--password-stdin"];
    assert_eq!(program.run_with(&nobody, "copper-meadow-17").sentence(), "there is no user nobody");
}

#[test]
fn an_account_that_cannot_be_made_leaves_nothing() {
    let database = TestDatabase::empty();
    let program = Program::on(&database);
    for (name, value, sentence) in [
        ("--name", "H", "name"),
        ("--owner-email", "amara at home", "e-mail"),
        ("--country", "Atlantis", "country"),
        ("--time-zone", "Moon/Sea", "time zone"),
        ("--plan", "Golden", "there is no plan Golden"),
        ("--domain", "https://x", "host name"),
    ] {
        let mut args: Vec<&str> = CREATE.to_vec();
        match args.iter().position(|arg| *arg == name) {
            Some(at) => args[at + 1] = value,
            None => args.extend([name, value]),
        }
        let run = program.run_with(&args, PASSWORD);
        assert_eq!(run.code, Some(1), "{name} {value}: {run:?}");
        assert!(run.sentence().contains(sentence), "{name} {value}: {run:?}");
    }
    let run = program.run_with(CREATE, "short");
    assert_eq!((run.code, run.sentence().starts_with("password: ")), (Some(1), true), "{run:?}");
    let count = database.open().read_now(seatkeeper::accounts::has_accounts).unwrap();
    assert!(!count);
}

#[test]
fn verify_says_what_differs() {
    let (database, program) = with_account();
    change(&database, "UPDATE accounts SET seats_used = 3, disabled_users = 2");
    let run = program.run(&["verify"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{run:?}");
    assert!(lines[0].ends_with("disabled users says 2, counted 0"), "{run:?}");
    assert!(lines[1].ends_with("seats used says 3, counted 1"), "{run:?}");
    change(
        &database,
        "UPDATE accounts SET seats_used = 1, disabled_users = 0; UPDATE credit_pools SET allocated = 1, total = 1",
    );
    let run = program.run(&["verify"]);
    assert_eq!(
        (run.code, run.stdout.lines().count()),
        (Some(1), 8),
        "each pool, by its entries and by its allocations: {run:?}"
    );
}

#[test]
fn migrating_twice_is_harmless() {
    let database = TestDatabase::empty();
    let program = Program::on(&database);
    for applied in ["applied)", "(0 applied)"] {
        let run = program.run(&["migrate"]);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.stdout.contains("is up to date") && run.stdout.contains(applied), "{run:?}");
    }
}

#[test]
fn a_database_that_cannot_be_used_stops_every_command_with_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let nothing_there = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let a_file = folder.path().join("file");
    std::fs::write(&a_file, "not a database, but long enough to be looked at as one").unwrap();
    let cases = [
        ("mysql://localhost/x".to_owned(), "must start with sqlite:// or postgres://"),
        ("sqlite://".to_owned(), "names no file"),
        (format!("postgres://seatkeeper:secret@{nothing_there}/x"), "can't be opened"),
        (format!("sqlite://{}/x/y.db", a_file.display()), "can't be made"),
        (format!("sqlite://{}", a_file.display()), "can't be opened"),
        (format!("sqlite://{}", folder.path().display()), "can't be opened"),
    ];
    for (url, sentence) in &cases {
        for args in [&["serve", "--listen", "127.0.0.1:0"][..], &["migrate"]] {
            let run = Program::with_url(url, folder.path()).run(args);
            assert_eq!(run.code, Some(1), "{url} {args:?}: {run:?}");
            assert!(run.sentence().contains(sentence), "{url} {args:?}: {run:?}");
            assert!(!run.stderr.contains("secret"), "{run:?}");
        }
    }
}

#[test]
fn commands_that_need_a_database_do_not_make_one() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("missing.db").display());
    let reset = ["user", "reset-password", "--login", "x", "--password-stdin"];
    for args in [&["verify"][..], &reset] {
        let run = Program::with_url(&url, folder.path()).run_with(args, PASSWORD);
        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.sentence().starts_with("there is no database sqlite://"), "{run:?}");
    }
    assert!(!folder.path().join("missing.db").exists());
}

#[test]
fn an_older_schema_is_told_to_migrate_and_a_newer_one_is_refused() {
    let database = TestDatabase::empty();
    let program = Program::on(&database);
    database.open();
    let run = program.run(&["verify"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.sentence().contains("is older than this program: run `seatkeeper migrate` first"), "{run:?}");

    assert_eq!(program.run(&["migrate"]).code, Some(0));
    change(&database, "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')");
    for args in [&["verify"][..], &["migrate"], &["serve", "--listen", "127.0.0.1:0"]] {
        let run = program.run(args);
        assert_eq!(run.code, Some(1), "{args:?}: {run:?}");
        assert!(run.sentence().contains("is newer than this program"), "{args:?}: {run:?}");
    }
}

#[test]
fn bad_settings_stop_the_start_with_one_sentence() {
    let database = TestDatabase::empty();
    for (name, value, sentence) in [
        ("LISTEN", "nonsense", "--listen nonsense is not an address and port"),
        ("BASE_URL", "seats.example", "--base-url seats.example is not an address"),
        ("BASE_URL", "https://seats.example/path", "must have no path"),
        ("SMTP_URL", "http://user:hidden-secret@mail.example", "--smtp-url starts with http"),
        ("SMTP_URL", "hidden-secret", "--smtp-url can't be read"),
        ("MAIL_FROM", "nobody", "--mail-from is not an e-mail address"),
        ("TRUSTED_PROXIES", "10.0.0.0/99", "--trusted-proxies 10.0.0.0/99 is not a network"),
        ("COOKIE_KEY", "abc", "COOKIE_KEY must be 128 hexadecimal digits"),
    ] {
        let program = Program::on(&database).with(name, value);
        for args in [&["serve"][..], &[]] {
            let run = program.run(args);
            assert_eq!(run.code, Some(1), "{name}={value} {args:?}: {run:?}");
            assert!(run.sentence().contains(sentence), "{name}={value}: {run:?}");
            assert!(!run.stderr.contains("hidden-secret"), "{run:?}");
        }
    }
    let missing = Program::on(&database).with("SMTP_URL", "smtp://mail.example").with("SMTP_CA", "/nowhere.pem");
    assert!(missing.run(&["serve"]).sentence().contains("--smtp-ca /nowhere.pem can't be read"));
}

#[test]
fn what_clap_refuses_exits_with_2() {
    let database = TestDatabase::empty();
    let program = Program::on(&database);
    let create_without_password = ["account", "create", "--name", "X", "--owner-email", "a@b.example", "--users", "5"];
    for args in
        [&["nonsense"][..], &["serve", "--nonsense"], &["serve", "--bcrypt-cost", "4"], &create_without_password]
    {
        let run = program.run(args);
        assert_eq!(run.code, Some(2), "{args:?}: {run:?}");
        assert!(run.stderr.starts_with("error: "), "{run:?}");
    }
    let help = program.run(&["--help"]);
    assert_eq!(help.code, Some(0));
    for command in ["serve", "demo", "migrate", "account", "user", "verify"] {
        assert!(help.stdout.contains(command), "{command}");
    }
}

#[test]
fn an_address_in_use_is_told() {
    let database = TestDatabase::empty();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let run = Program::on(&database).with("LOG", "off").run(&["serve", "--listen", &address]);
    assert_eq!(run.code, Some(1));
    assert!(run.sentence().contains(&format!("the address {address} can't be listened on")), "{run:?}");
}

#[actix_web::test]
async fn set_up_leads_from_the_printed_link_to_the_first_owner_once() {
    let database = TestDatabase::empty();
    let program = Program::on(&database);
    let mut serving = program.serve().await;
    let link = serving.set_up_link().await;
    let path = link.strip_prefix(&format!("http://{}", serving.address)).expect("it leads to this server").to_owned();
    let amara = serving.visitor();
    assert_eq!(amara.get("/set-up/0000").await.status, 404);
    assert!(amara.get("/").await.sends_to_sign_in());

    let blank = amara.get(&path).await;
    assert_eq!((blank.status, blank.text("h1").as_str()), (200, "Set up Seatkeeper"));
    let wrong = amara.post(&path, blank.form("form").with("seats", "many")).await;
    assert_eq!(wrong.status, 422);
    let mut fields = wrong.fields_with_errors();
    fields.sort();
    assert_eq!(fields, ["account", "email", "first_name", "password", "seats"]);
    let form = blank
        .form("form")
        .with("account", "Harbourline")
        .with("first_name", "Amara")
        .with("last_name", "Okafor")
        .with("email", "amara@harbourline.example")
        .with("password", PASSWORD)
        .with("country", "de")
        .with("time_zone", "Europe/Berlin");
    let done = amara.post(&path, form.clone()).await;
    assert_eq!((done.status, done.location.as_deref()), (303, Some("/sign-in")), "{done:?}");
    assert_eq!(amara.follow(&done).await.flash(), "Seatkeeper is set up. Sign in with your email and password.");

    assert_eq!(amara.get(&path).await.status, 404, "the link is dead");
    assert_eq!(amara.post(&path, form).await.status, 404);
    amara.sign_in("amara@harbourline.example", PASSWORD, None).await;
    assert_eq!(amara.get("/users").await.names(), ["Amara Okafor"]);
    assert_eq!(amara.get("/users/new").await.status, 200, "a local installation may add users");
    assert_eq!(amara.get("/operator/mail").await.status, 200, "its Owner is the operator");
    assert_eq!(serving.stop().await, Some(0));
    assert!(!serving.log().contains(path.trim_start_matches("/set-up/")), "the log holds no link");

    let mut again = program.serve().await;
    assert!(!again.printed().contains("/set-up/"));
    assert!(again.visitor().get("/").await.sends_to_sign_in());
    // The cookie's key outlives a restart.
    assert_eq!(again.stop().await, Some(0));
    assert_eq!(program.run(&["verify"]).code, Some(0));
}

#[actix_web::test]
async fn a_restart_signs_nobody_out() {
    let (_database, program) = with_account();
    let mut serving = program.serve().await;
    let amara = serving.visitor();
    amara.sign_in("amara@harbourline.example", PASSWORD, None).await;
    let cookie = amara.cookie("session").unwrap();
    assert_eq!(serving.stop().await, Some(0));
    let mut again = program.serve().await;
    let amara = again.visitor();
    amara.set_cookie("session", &cookie);
    assert!(amara.is_signed_in().await);
    again.stop().await;
}

#[actix_web::test]
async fn the_log_names_routes_not_people() {
    let (_database, program) = with_account();
    let program = program.with("LOG_FORMAT", "json");
    let mut serving = program.serve().await;
    let amara = serving.visitor();
    amara.sign_in("amara@harbourline.example", PASSWORD, None).await;
    amara.get("/users?q=secret-word").await;
    serving.stop().await;
    let log = serving.log();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(lines.iter().any(|line| line["route"] == "/users" && line["status"] == 200), "{log}");
    for personal in ["secret-word", "amara", PASSWORD] {
        assert!(!log.contains(personal), "{personal}: {log}");
    }
    assert!(postgres().is_none() || !log.contains("postgres://"), "{log}");
}

#[test]
fn the_operator_grants_credits_and_says_how_cycles_and_warnings_go() {
    let (database, program) = with_account();
    let run = program.run(&["credits", "grant", "--kind", "minutes", "--amount", "700", "--reason", "Contract 12"]);
    assert_eq!(
        (run.code, run.stdout.trim()),
        (Some(0), "Team Minutes were granted; the pool has 700 in all."),
        "{run:?}"
    );
    let run = program.run(&[
        "credits",
        "cycle",
        "--kind",
        "minutes",
        "--day",
        "15",
        "--at-end",
        "roll_over",
        "--grant",
        "500",
        "--cap",
        "100",
    ]);
    assert_eq!(run.stdout.trim(), "The cycles of Team Minutes begin on day 15 of each month.", "{run:?}");
    let run = program.run(&["credits", "warn", "70", "90"]);
    assert_eq!(run.stdout.trim(), "Admins are told when 70% and 90% of a pool are used.", "{run:?}");
    for wrong in [
        &["credits", "grant", "--kind", "gold", "--amount", "1"][..],
        &["credits", "grant", "--kind", "export", "--amount", "0"],
        &["credits", "cycle", "--kind", "export", "--day", "29", "--at-end", "keep"],
        &["credits", "warn", "101"],
        &["credits", "grant", "--account", "1", "--kind", "export", "--amount", "1"],
    ] {
        assert_ne!(program.run(wrong).code, Some(0), "{wrong:?}");
    }
    assert_eq!(program.run(&["verify"]).code, Some(0));
    drop(database);
}
