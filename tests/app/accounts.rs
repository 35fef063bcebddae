//! Accounts, and the first-run set-up.

use crate::support::{PASSWORD, TestApp, TestDatabase, config};
use diesel::connection::SimpleConnection;
use seatkeeper::access::Role;
use seatkeeper::accounts::{self, NewAccount};
use seatkeeper::error::{Error, Refusal};
use seatkeeper::sessions::Passwords;

fn new_account(name: &str) -> NewAccount {
    NewAccount {
        name: name.into(),
        country: "US".into(),
        time_zone: "UTC".into(),
        plan: "Standard".into(),
        shared_host: true,
        domain: None,
        seat_limit: 5,
        credits: 100,
        owner_first_name: "Ada".into(),
        owner_last_name: "Stone".into(),
        owner_email: "ada@stone.example".into(),
        owner_password: Passwords::new(4).hash_now(PASSWORD).unwrap(),
    }
}

#[actix_web::test]
async fn a_new_account_has_its_owner_a_seat_taken_and_its_pools() {
    let app = TestApp::new().await;
    let (account, owner) = app.db.write_now(|conn| accounts::create(conn, &new_account("Stoneworks"))).unwrap();
    let ada = app.browse_as(account, owner).await;
    assert_eq!(ada.role, Role::Owner);
    let page = ada.get("/users").await;
    assert_eq!(page.names(), ["Ada Stone"]);
    assert_eq!(page.texts(".stats dd:nth-of-type(1)"), ["1", "0", "5"]);
    assert_eq!(page.texts(".bars dt"), ["Team Export Credits", "Team Direct Dial Credits", "Team Calling Credits"]);
    assert_eq!(page.texts(".bars dd:nth-of-type(1)"), ["0 / 100", "0 / 100", "0 / 100"]);
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn a_pool_that_runs_low_or_out_says_so() {
    let (app, amara) = TestApp::with_owner().await;
    for (kind, used) in [("export", 899), ("direct_dial", 900), ("calling", 1000)] {
        app.run(&format!(
            "UPDATE credit_pools SET total = 1000, allocated = {used}, used = {used}, cycle_ends_at = NULL \
             WHERE kind = '{kind}'"
        ));
    }
    let page = amara.get("/users").await;
    let tones: Vec<String> = page.attrs(".bars svg", "class").iter().map(|class| class.trim().to_owned()).collect();
    assert_eq!(tones, ["meter", "meter warn", "meter bad"]);
    assert_eq!(
        page.texts(".bars small"),
        [
            "899 allocated, 101 left",
            "900 allocated. Running low, 100 left",
            "1000 allocated, 0 left, top up or reallocate"
        ]
    );
}

#[actix_web::test]
async fn of_many_accounts_that_share_an_address_five_are_tried() {
    let app = TestApp::new().await;
    for n in 0..6 {
        app.db.write_now(|conn| accounts::create(conn, &new_account(&format!("Stoneworks {n}")))).unwrap();
    }
    let page = app.visitor().try_sign_in("ada@stone.example", PASSWORD).await;
    assert_eq!((page.status, page.count("label.tick")), (200, 5), "{page:?}");
}

#[actix_web::test]
async fn a_host_name_belongs_to_one_account() {
    let app = TestApp::new().await;
    let with = |name: &str| NewAccount { domain: Some("seats.stone.example".into()), ..new_account(name) };
    app.db.write_now(|conn| accounts::create(conn, &with("Stoneworks"))).unwrap();
    let before = app.everything();
    let done = app.db.write_now(|conn| accounts::create(conn, &with("Thieves")));
    assert!(matches!(done, Err(Error::Refused(Refusal::HostTaken))), "{done:?}");
    let done =
        app.db.write_now(|conn| accounts::create(conn, &NewAccount { plan: "Golden".into(), ..new_account("X") }));
    assert!(matches!(done, Err(Error::NotFound)), "{done:?}");
    assert_eq!(app.everything(), before, "nothing is left of what was refused");
}

#[actix_web::test]
async fn where_there_is_an_account_set_up_is_over() {
    let app = TestApp::new().await;
    // A link that was printed before the account came.
    let token = app.db.write_now(accounts::new_link).unwrap();
    assert_eq!(app.visitor().get(&format!("/set-up/{token}")).await.status, 404);
    assert_eq!(app.visitor().post(&format!("/set-up/{token}"), [("account", "Thieves")]).await.status, 404);
}

#[test]
fn a_set_up_link_works_once_and_only_the_newest_does() {
    let database = TestDatabase::migrated();
    let db = database.open();
    let config = config("127.0.0.1:8080".parse().unwrap());
    let first = seatkeeper::server::set_up_url(&config, &db).unwrap().unwrap();
    let second = seatkeeper::server::set_up_url(&config, &db).unwrap().unwrap();
    assert_ne!(first, second);
    assert!(second.starts_with("http://127.0.0.1:8080/set-up/"));
    let token = |url: &str| url.rsplit('/').next().unwrap().to_owned();
    let is_valid = |url: &str| db.read_now(|conn| accounts::is_valid(conn, &token(url))).unwrap();
    let set_up =
        |url: &str| db.write_now(|conn| accounts::use_link(conn, &token(url), &new_account("Thieves"))).is_ok();
    assert!(!is_valid(&first) && !set_up(&first), "the one before is void");
    assert!(is_valid(&second));
    let expires = |at: &str| {
        let sql = format!("UPDATE setup_links SET expires_at = '{at}'");
        db.write_now(|conn| Ok(conn.batch_execute(&sql)?)).unwrap();
    };
    expires("2020-01-01 00:00:00");
    assert!(!is_valid(&second) && !set_up(&second), "its day is over");
    expires("2099-01-01 00:00:00");
    assert!(is_valid(&second));
    db.write_now(|conn| accounts::create(conn, &new_account("Stoneworks"))).unwrap();
    assert_eq!(seatkeeper::server::set_up_url(&config, &db).unwrap(), None);
}
