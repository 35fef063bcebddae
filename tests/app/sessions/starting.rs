//! What a sign-in leaves: one session a browser, and a hash of the cost that is set; nothing where it came too late.

use crate::support::{PASSWORD, TestApp};
use seatkeeper::access::{Actor, Role, Site};
use seatkeeper::error::Error;
use seatkeeper::sessions::{self, Candidate, NewSession, Passwords, candidates};
use seatkeeper::users::{self, Status};

#[actix_web::test]
async fn signing_in_again_in_the_same_browser_ends_the_session_before() {
    let (app, amara) = TestApp::with_owner().await;
    let kept = amara.cookie("session").unwrap();
    let elsewhere = app.browse_as(app.account, app.owner).await;
    let mateo = app.knows(app.account, app.user("Mateo Silva", Role::Member));
    amara.sign_in(&mateo.login, PASSWORD, None).await;
    assert!(amara.is_signed_in().await && elsewhere.is_signed_in().await);
    let thief = app.visitor();
    thief.set_cookie("session", &kept);
    assert!(!thief.is_signed_in().await, "nobody holds its key any more");
    assert_eq!(app.count(&format!("activity WHERE action = 'session.ended' AND object_id = {}", amara.id)), 1);
}

#[actix_web::test]
async fn a_hash_of_another_cost_is_made_anew_at_a_sign_in() {
    let app = TestApp::new().await;
    let mateo = app.knows(app.account, app.user("Mateo Silva", Role::Member));
    let stored =
        || app.texts(&format!("SELECT password_hash AS t FROM credentials WHERE user_id = {}", mateo.id)).remove(0);
    let changed =
        || app.texts(&format!("SELECT CAST(changed_at AS TEXT) AS t FROM credentials WHERE user_id = {}", mateo.id));
    let (before, at) = (stored(), changed());
    mateo.sign_in(&mateo.login, PASSWORD, None).await;
    assert_eq!(stored(), before, "of the cost that is asked");

    let dearer = Passwords::new(5).hash_now(PASSWORD).unwrap();
    app.db.write_now(|conn| sessions::set_password(conn, app.account, mateo.id, &dearer)).unwrap();
    assert_eq!(mateo.try_sign_in(&mateo.login, "not-the-password").await.status, 422);
    assert!(stored().starts_with("$2b$05$"), "a wrong password changes nothing");
    let at = (changed() != at).then(changed).expect("it is a new password");
    mateo.sign_in(&mateo.login, PASSWORD, None).await;
    assert!(stored().starts_with("$2b$04$"), "{}", stored());
    assert_eq!(changed(), at, "the same password, hashed anew");
    mateo.sign_in(&mateo.login, PASSWORD, None).await;
}

#[actix_web::test]
async fn a_sign_in_in_flight_starts_no_session_where_the_password_or_the_user_changed() {
    let app = TestApp::new().await;
    let mateo = app.knows(app.account, app.user("Mateo Silva", Role::Member));
    let system = Actor::system(app.account);
    let compared = || app.db.read_now(|conn| candidates(conn, Site::Shared, &mateo.login)).unwrap().remove(0);
    let start = |who: &Candidate, key: &str| {
        let password = who.password().unwrap();
        let (address, device) = ("127.0.0.1".to_owned(), "Firefox".to_owned());
        let new = NewSession { key_hash: key.into(), replaces: None, password, address, device };
        app.db.write_now(|conn| sessions::start(conn, who, &new))
    };
    start(&compared(), "one").unwrap();

    let before_password = compared();
    let other = Passwords::new(4).hash_now("copper-meadow-17").unwrap();
    app.db.write_now(|conn| users::set_password(conn, &system, mateo.id, &other)).unwrap();
    assert!(matches!(start(&before_password, "two"), Err(Error::SignInRequired { .. })));
    mateo.sign_in(&mateo.login, "copper-meadow-17", None).await;

    let before_disabling = compared();
    app.set_status(mateo.id, Status::Disabled);
    assert!(matches!(start(&before_disabling, "three"), Err(Error::SignInRequired { .. })));
    app.set_status(mateo.id, Status::Enabled);
    assert_eq!(app.count("sessions"), 0, "nor does it come back when the user is enabled");
}
