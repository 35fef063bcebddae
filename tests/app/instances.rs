//! Two instances on one database: started together, working together, one of them killed.

use crate::support::{MailServer, PASSWORD, Program, Setup, TestApp, TestDatabase, at_once, until};
use seatkeeper::access::Role;

#[actix_web::test]
async fn two_that_start_together_on_an_empty_database_both_serve() {
    let database = TestDatabase::empty();
    let (one, other) = (Program::on(&database), Program::on(&database));
    let (one, other) = tokio::join!(one.serve(), other.serve());
    // A link that is printed later voids the one before, at both.
    let mut valid = 0;
    for link in [one.set_up_link().await, other.set_up_link().await] {
        let path = format!("/set-up/{}", link.split_once("/set-up/").unwrap().1);
        let (here, there) = (one.visitor().get(&path).await.status, other.visitor().get(&path).await.status);
        assert_eq!(here, there, "{path}");
        valid += usize::from(here == 200);
    }
    assert!(valid > 0);
}

#[actix_web::test]
async fn two_share_sessions_batches_and_mail_and_the_one_that_is_left_goes_on() {
    let server = MailServer::start();
    let (app, amara) = TestApp::with_owner_and(Setup { seats: 2000, ..Setup::default() }).await;
    let people = (0..400).map(|n| app.details(app.account, &format!("Clone {n}")));
    app.users_of(app.account, people.collect());
    // Mail is another matter here: a little of it is enough.
    app.run("DELETE FROM outbox WHERE recipient NOT LIKE 'clone.1%'");
    let owed = app.count("outbox");
    let program = Program::beside(&app).sending_to(&server);
    let (mut one, mut other) = tokio::join!(program.serve(), program.serve());

    let ola = one.visitor();
    ola.sign_in(&amara.login, PASSWORD, None).await;
    let there = other.visited_by(&ola);
    assert!(there.is_signed_in().await, "signed in at one is signed in at the other");
    assert_eq!(there.post("/sign-out", [("", "")]).await.status, 303);
    assert!(!ola.is_signed_in().await, "and signed out");

    // The one that took the order dies over it.
    let (here, there) = (one.visited_by(&amara), other.visited_by(&amara));
    let draft = here.post("/users/batches", [("all", "yes"), ("action", "disable")]).await;
    let confirmation = here.follow(&draft).await;
    let path = confirmation.attrs("dialog form", "action").remove(0);
    let order = at_once(vec![async move { here.try_post(&path, [("", "")]).await.map(|page| page.status) }]);
    let disabled = || app.count("activity WHERE action = 'user.disabled'");
    let (_, ()) = tokio::join!(order, async {
        until("some are disabled", || disabled() > 0).await;
        one.kill();
    });
    assert!(disabled() < 400, "it was killed too late to prove anything");
    until("the other finishes", || app.count("batches WHERE state = 'done'") == 1).await;
    assert_eq!((disabled(), app.number("SELECT done AS n FROM batches")), (400, 400), "each once");
    assert!(there.get("/users?status=disabled").await.says("400"));

    // What it was sending is sent by the other, once its claim is over.
    app.run("UPDATE outbox SET next_attempt_at = '2020-01-01 00:00:00' WHERE state = 'sending'");
    until("all mail is sent", || app.count("outbox WHERE state = 'sent'") == owed).await;
    assert_eq!(other.stop().await, Some(0));
    let mails = server.mails();
    let mut recipients: Vec<&str> = mails.iter().map(|mail| mail.to[0].as_str()).collect();
    recipients.sort();
    recipients.dedup();
    assert_eq!(recipients.len() as i64, owed);
    assert!(mails.len() as i64 <= owed + 1, "once more at the worst, for the one that was killed");
    assert_eq!(app.differences(), Vec::<String>::new());
    assert_eq!(app.find_by_name("Clone 7").details.role, Role::Member);
}
