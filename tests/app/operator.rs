//! The operator's console.

use crate::support::TestApp;
use seatkeeper::access::Role;

#[actix_web::test]
async fn the_queue_shows_the_mail_of_all_accounts_newest_first() {
    let (app, amara) = TestApp::with_owner().await;
    app.appoint_operator(&amara);
    assert_eq!(amara.get("/operator/mail").await.text(".empty h2"), "No messages");
    app.user("Mateo Silva", Role::Member);
    app.user_of(app.other_account, "Quentin Reed", |_| {});
    let page = amara.get("/operator/mail").await;
    assert_eq!(page.texts("tbody th"), ["Welcome to Quillworks", "Welcome to Harbourline"]);
    assert_eq!(page.texts("tbody td.em"), ["quentin.reed@quillworks.example", "mateo.silva@harbourline.example"]);
    assert_eq!(page.texts("tbody .st"), ["Waiting", "Waiting"]);
}

#[actix_web::test]
async fn older_mail_is_a_page_further() {
    let (app, amara) = TestApp::with_owner().await;
    app.appoint_operator(&amara);
    app.run(&format!("UPDATE accounts SET seat_limit = 200 WHERE id = {}", app.account.0));
    let people = (0..60).map(|n| app.details(app.account, &format!("Person {n}")));
    app.users_of(app.account, people.collect());
    let newest = amara.get("/operator/mail").await;
    assert_eq!(newest.count("tbody tr"), 50);
    let older = amara.get(newest.attrs(".pager a", "href").last().unwrap()).await;
    assert_eq!(older.count("tbody tr"), 10);
    assert_eq!(older.attrs(".pager a", "href"), ["/operator/mail"]);
    let subjects = [newest.texts("tbody td.em"), older.texts("tbody td.em")].concat();
    assert_eq!(
        (subjects[0].as_str(), subjects[59].as_str()),
        ("person.59@harbourline.example", "person.0@harbourline.example")
    );
}

#[actix_web::test]
async fn a_message_that_is_not_there_is_not_found() {
    let (app, amara) = TestApp::with_owner().await;
    app.appoint_operator(&amara);
    for id in ["1", "abc", "-1", "99999999999999999999"] {
        assert_eq!(amara.get(&format!("/operator/mail/{id}")).await.status, 404, "{id}");
    }
    for before in ["1", "-1", "9223372036854775807"] {
        assert_eq!(amara.get(&format!("/operator/mail?before={before}")).await.status, 200, "{before}");
    }
    assert_eq!(amara.get("/operator/mail?before=x").await.status, 400);
}
