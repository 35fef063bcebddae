//! Accounts, and the first-run set-up.

use crate::support::{PASSWORD, TestApp, TestDatabase, config};
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
    db.write_now(|conn| accounts::create(conn, &new_account("Stoneworks"))).unwrap();
    assert_eq!(seatkeeper::server::set_up_url(&config, &db).unwrap(), None);
}
