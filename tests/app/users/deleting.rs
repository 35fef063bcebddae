//! Deleting, retention and the way back.

use super::outbox;
use crate::support::{NOTHING, PASSWORD, Page, Person, TestApp};
use seatkeeper::access::{Actor, Role, UserId};
use seatkeeper::clock;
use seatkeeper::plans::PlanId;
use seatkeeper::users::{self, Removal, Status};

/// Presses Delete: the confirmation.
async fn ask(who: &Person, id: UserId) -> Page {
    let page = who.post("/users/batches", [("id", id.to_string().as_str()), ("action", "delete")]).await;
    assert_eq!(page.status, 303, "{page:?}");
    who.follow(&page).await
}

/// Presses Yes, Delete User; the page that follows.
pub async fn delete(who: &Person, id: UserId) -> Page {
    delete_with(who, id, "").await
}

async fn delete_with(who: &Person, id: UserId, heir: &str) -> Page {
    let page = ask(who, id).await;
    let path = page.attrs("dialog form", "action").remove(0);
    let done = who.post(&path, [("heir", heir)]).await;
    if done.status == 303 { who.follow(&done).await } else { done }
}

async fn restore(who: &Person, id: UserId) -> String {
    let page = who.post(&format!("/users/{id}/restoration"), NOTHING).await;
    who.follow(&page).await.flash()
}

fn free(app: &TestApp) -> PlanId {
    PlanId(app.plan("Free").parse().unwrap())
}

/// What the worker does, once.
pub fn erase(app: &TestApp) -> usize {
    match app.db.read_now(users::due).unwrap() {
        Some(account) => app.db.write_now(|conn| users::erase_due(conn, account)).unwrap(),
        None => 0,
    }
}

pub fn removal() -> Removal {
    Removal { heir: None, erase_at: clock::now() + users::RETENTION }
}

pub fn is_there(app: &TestApp, id: UserId) -> bool {
    app.count(&format!("users WHERE id = {id}")) == 1
}

fn allocated(app: &TestApp, kind: &str) -> (i64, i64) {
    let of = |column: &str| {
        app.number(&format!(
            "SELECT {column} AS n FROM credit_pools WHERE account_id = {} AND kind = '{kind}'",
            app.account.0
        ))
    };
    (of("allocated"), of("used"))
}

#[actix_web::test]
async fn the_confirmation_says_what_the_product_says() {
    let (app, amara) = TestApp::with_owner().await;
    let paid = app.user_with("Mateo Silva", |details| details.phone_ext = "104".into());
    app.give(paid, "export", 300, 100);
    app.give(paid, "minutes", 60, 0);
    let page = ask(&amara, paid).await;
    // A day less than the 28 that are promised.
    assert_eq!((users::RETENTION.num_days(), users::PROMISED_DAYS), (27, 28));
    let date = (clock::now() + users::RETENTION).format("%m-%d-%Y").to_string();
    assert!(page.says(&format!("erased with all records on {date}, within 28 days.")));
    assert!(amara.get(&format!("/users/{paid}")).await.says("one on a paid plan within 28 days."));
    assert_eq!(page.text("dialog h1"), "Are you sure you want to delete user(s)?");
    assert_eq!(page.text("dialog p.bad"), "This action cannot be undone!");
    assert_eq!(page.text("dialog .foot button"), "Yes, Delete User");
    assert_eq!(page.text("dialog .foot a"), "Cancel");
    assert_eq!(page.attrs("dialog .foot a", "href"), [format!("/users#m{paid}")], "back to where one was");
    assert_eq!(page.text("dialog li .tag"), format!("Erased on {date}"));
    assert!(page.says("Mateo Silva") && page.says("Holds extension 104, 200 Export, 60 Minutes"));
    assert!(page.says(&format!("1 user on a paid plan is signed out at once and erased with all records on {date}")));
    assert_eq!(page.texts("dialog dt"), ["1 extension", "Unused: 200 Export, 60 Minutes"]);
    assert_eq!(page.texts("dialog dd"), ["available again", "back to the pool"]);

    let nothing = app.user_with("Yara Haddad", |details| details.plan = free(&app));
    let page = ask(&amara, nothing).await;
    assert_eq!(page.text("dialog li .tag"), "Erased at once");
    assert!(page.says("1 user on a free plan is erased at once, with all records."));
    assert!(!page.has("dialog input[name=heir]"), "there is nothing to give");
    assert!(is_there(&app, paid) && is_there(&app, nothing));
}

#[actix_web::test]
async fn a_user_on_a_free_plan_is_erased_at_once() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user_with("Mateo Silva", |details| details.plan = free(&app));
    app.user("Yara Haddad", Role::Member);
    let page = delete(&amara, mateo).await;
    assert_eq!(page.flash(), "Mateo Silva was deleted.");
    assert!(!is_there(&app, mateo));
    let left = ["welcome yara.haddad@harbourline.example"];
    assert_eq!(outbox(&app), left, "nothing of theirs stays in the queue, and nobody else's goes");
    assert_eq!(app.count(&format!("activity WHERE action = 'user.erased' AND object_id = {mateo}")), 1);
    assert_eq!(amara.get(&format!("/users/{mateo}")).await.status, 404);
    assert!(!page.has("nav.tabs a[href*=pending]"), "there is nobody on that tab");
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn a_user_on_a_paid_plan_is_out_at_once_and_on_the_pending_tab() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.person("Mateo Silva", Role::Agent).await;
    delete(&amara, mateo.id).await;
    assert!(!mateo.is_signed_in().await);
    let refused = mateo.try_sign_in(&mateo.login, PASSWORD).await;
    assert_eq!(refused.error("login").unwrap(), "The email, username or password is wrong. Check them and try again.");
    assert_eq!(amara.get("/users").await.names(), ["Amara Okafor"]);
    assert_eq!(amara.get("/users").await.texts("nav.tabs a"), ["Enabled 1", "Disabled 0", "Pending deletion 1"]);
    let tab = amara.get("/users?status=pending").await;
    let date = (clock::now() + users::RETENTION).format("%m-%d-%Y").to_string();
    assert_eq!((tab.names(), tab.text("tbody .st")), (vec!["Mateo Silva".to_owned()], format!("Erased on {date}")));
    assert_eq!(tab.texts("tbody .act li"), ["Cancel deletion"]);
    assert!(outbox(&app).contains(&format!("deletion_scheduled {}", mateo.login)));
    let mail = app.texts("SELECT body_text AS t FROM outbox WHERE kind = 'deletion_scheduled'").remove(0);
    assert!(mail.contains(&format!("will be erased on {date}")), "{mail}");
    let profile = amara.get(&mateo.path()).await;
    assert!(!profile.has("#user") && profile.says("This user is pending deletion and can't be edited."));
    assert_eq!(app.number("SELECT seats_used AS n FROM accounts ORDER BY id LIMIT 1"), 1);
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn address_username_and_extension_are_free_at_once_and_the_way_back_may_be_closed() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user_with("Mateo Silva", |details| {
        details.username = "mateo.silva".into();
        details.phone_ext = "104".into();
    });
    delete(&amara, mateo).await;
    let form = app.a_user("Matteo Other").with("email", "MATEO.SILVA@harbourline.example").with("phone_ext", "104");
    assert_eq!(amara.post("/users", form).await.status, 303);
    let other = app.find_by_name("Matteo Other").id;
    // Which of the two a name means is never in doubt.
    let visitor = app.visitor();
    visitor.sign_in("mateo.silva@harbourline.example", PASSWORD, None).await;

    let before = app.everything();
    assert_eq!(restore(&amara, mateo).await, "Another user has this email by now. Change that user's email first.");
    assert_eq!(app.everything(), before);
    app.run(&format!(
        "UPDATE users SET email = '', email_key = '', username = 'mateo.silva', username_key = 'mateo.silva'
         WHERE id = {other}"
    ));
    assert_eq!(
        restore(&amara, mateo).await,
        "Another user has this username by now. Change that user's username first."
    );
    app.run(&format!("UPDATE users SET username = 'x', username_key = 'x' WHERE id = {other}"));
    assert_eq!(
        restore(&amara, mateo).await,
        "The deletion of Mateo Silva was cancelled. They are on the Disabled tab."
    );
    let back = app.find(mateo);
    assert_eq!(
        (back.details.status, back.details.phone_ext.as_str()),
        (Status::Disabled, ""),
        "without what was given away"
    );
    assert!(!outbox(&app).iter().any(|mail| mail.starts_with("deletion_scheduled")), "the notice is taken back");
    assert_eq!(app.count("deletions"), 0);
    assert_eq!(restore(&amara, mateo).await, "This user is not pending deletion any more.");
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn the_notice_is_taken_back_while_it_waits_or_is_being_sent_and_nothing_else_is() {
    let (app, amara) = TestApp::with_owner().await;
    let yara = app.user("Yara Haddad", Role::Member);
    delete(&amara, yara).await;
    let others = outbox(&app);
    for (state, is_taken_back) in [("queued", true), ("sending", true), ("sent", false), ("failed", false)] {
        let mateo = app.user(&format!("Mateo {state}"), Role::Member);
        delete(&amara, mateo).await;
        app.run(&format!("UPDATE outbox SET state = '{state}' WHERE user_id = {mateo}"));
        restore(&amara, mateo).await;
        let kinds = app.texts(&format!("SELECT kind AS t FROM outbox WHERE user_id = {mateo} ORDER BY id"));
        let kept: &[&str] = if is_taken_back { &["welcome"] } else { &["welcome", "deletion_scheduled"] };
        assert_eq!(kinds, kept, "{state}");
    }
    assert!(outbox(&app).starts_with(&others), "another user's notice stays: {others:?}");
}

#[actix_web::test]
async fn what_is_unused_goes_back_to_the_pool_and_what_was_used_stays_used() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    app.give(mateo, "export", 300, 100);
    app.give(mateo, "minutes", 60, 0);
    assert_eq!(app.differences(), Vec::<String>::new());
    delete(&amara, mateo).await;
    assert_eq!((allocated(&app, "export"), allocated(&app, "minutes")), ((100, 100), (0, 0)));
    assert_eq!(app.find(mateo).credits, 100);
    assert_eq!(app.differences(), Vec::<String>::new());
    app.run("UPDATE deletions SET erase_at = '2026-01-01 00:00:00'");
    assert_eq!(erase(&app), 1);
    assert_eq!(allocated(&app, "export"), (100, 100), "used is used");
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn a_colleague_takes_over_credits_and_extension() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user_with("Mateo Silva", |details| {
        details.phone_ext = "104".into();
        details.plan = free(&app);
    });
    let yara = app.user("Yara Haddad", Role::Member);
    app.give(mateo, "export", 300, 100);
    app.give(mateo, "calling", 50, 0);
    app.give(yara, "export", 10, 5);
    let page = delete_with(&amara, mateo, "yara.haddad@harbourline.example").await;
    assert_eq!(page.flash(), "Mateo Silva was deleted.");
    let heir = app.find(yara);
    assert_eq!((heir.credits, heir.details.phone_ext.as_str()), (260, "104"));
    assert_eq!((allocated(&app, "export"), allocated(&app, "calling")), ((310, 105), (50, 0)));
    assert_eq!(app.count("activity WHERE action = 'user.inherited'"), 1);
    assert_eq!(app.differences(), Vec::<String>::new());
    // Who has an extension keeps it, and the other is free again.
    let ben = app.user_with("Ben Okoro", |details| details.phone_ext = "105".into());
    delete_with(&amara, ben, "yara.haddad@harbourline.example").await;
    assert_eq!(app.find(yara).details.phone_ext, "104");
    app.user_with("Cleo Marsh", |details| details.phone_ext = "105".into());
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn a_colleague_who_cannot_take_over_is_refused_and_nobody_is_deleted() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user_with("Mateo Silva", |details| details.phone_ext = "104".into());
    app.user_with("Dina Ott", |details| details.status = Status::Disabled);
    let before = app.everything();
    const UNKNOWN: &str = "No enabled user that can take this over has this email or username.";
    for (heir, sentence) in [
        ("nobody@harbourline.example", UNKNOWN),
        ("zora.quill@quillworks.example", UNKNOWN),
        ("dina.ott@harbourline.example", UNKNOWN),
        ("mateo.silva@harbourline.example", "This user is being deleted too. Enter another one."),
    ] {
        let page = delete_with(&amara, mateo, heir).await;
        assert_eq!((page.status, page.error("heir").as_deref()), (422, Some(sentence)), "{heir}");
        assert_eq!(page.attrs("input[name=heir]", "value"), [heir], "what was typed stays");
        app.run("DELETE FROM batches");
    }
    assert_eq!(app.everything(), before);
}

#[actix_web::test]
async fn a_colleague_is_refused_with_a_sentence_even_where_nobody_asked_for_one() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    assert!(!ask(&amara, mateo).await.has("#heir"), "there is nothing to take over");
    let page = delete_with(&amara, mateo, "nobody@harbourline.example").await;
    assert_eq!((page.status, page.attrs("#heir", "value").concat().as_str()), (422, "nobody@harbourline.example"));
    assert!(page.error("heir").is_some_and(|sentence| sentence.starts_with("No enabled user")), "{page:?}");
    assert!(is_there(&app, mateo));
}

#[actix_web::test]
async fn oneself_the_last_owner_and_those_above_are_not_deleted() {
    let (app, amara) = TestApp::with_owner().await;
    let adam = app.person("Adam Stone", Role::Admin).await;
    let mina = app.person("Mina Park", Role::Moderator).await;
    let member = app.user("Mateo Silva", Role::Member);
    // In the row, whoever may not be deleted has no such entry.
    let offered =
        async |who: &Person| who.get("/users").await.attrs("tbody .act form[data-dialog] input[name=id]", "value");
    assert_eq!(offered(&adam).await.len(), 2, "neither the Owner nor himself");
    assert_eq!(offered(&amara).await.len(), 3);
    assert_eq!(offered(&mina).await, Vec::<String>::new());
    assert!(!adam.get(&amara.path()).await.says("Delete this user"));
    assert!(!mina.get(&format!("/users/{member}")).await.says("Delete this user"));
    assert!(amara.get(&adam.path()).await.says("Delete this user"));

    let before = app.everything();
    for (who, whom, why) in [
        (&adam, app.owner, "Amara Okafor: Their role is above yours"),
        (&adam, adam.id, "Adam Stone: You can't do this to yourself"),
        (&amara, amara.id, "Amara Okafor: You can't do this to yourself"),
    ] {
        let page = ask(who, whom).await;
        assert_eq!(page.texts("dialog .note li"), [why]);
        assert!(!page.has("dialog form button"));
        let path = page.attrs("dialog form", "action").remove(0);
        let done = who.post(&path, NOTHING).await;
        assert!(who.follow(&done).await.flash().contains(" was not changed: "), "{done:?}");
        app.run("DELETE FROM batches");
    }
    assert_eq!(
        mina.post("/users/batches", [("id", member.to_string().as_str()), ("action", "delete")]).await.status,
        403
    );
    assert_eq!(app.everything(), before);
    // The rule holds below the form too.
    let system = Actor::system(app.account);
    let done = app.db.write_now(|conn| users::delete(conn, &app.config, &system, app.owner, &removal()).map(|_| ()));
    assert_eq!(
        done.unwrap_err().to_string(),
        "This is the only Owner who can sign in. Make somebody else an Owner first."
    );
    assert_eq!(app.everything(), before);
}

#[actix_web::test]
async fn who_is_pending_can_only_be_brought_back() {
    let (app, amara) = TestApp::with_owner().await;
    let adam = app.person("Adam Stone", Role::Admin).await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let form = amara.get(&format!("/users/{mateo}")).await.form("#user");
    delete(&amara, mateo).await;
    let before = app.everything();
    assert_eq!(amara.post(&format!("/users/{mateo}"), form.with("first_name", "Max")).await.status, 403);
    for (path, fields) in
        [("status", ("status", "enabled")), ("status", ("status", "disabled")), ("role", ("role", "agent"))]
    {
        let page = amara.post(&format!("/users/{mateo}/{path}"), [fields]).await;
        let sentence = amara.follow(&page).await.flash();
        assert_eq!(sentence, "This user is pending deletion. Cancel the deletion first.", "{fields:?}");
    }
    // Nobody becomes pending by a form.
    assert_eq!(amara.post(&format!("{}/status", adam.path()), [("status", "pending")]).await.status, 400);
    let form = amara.get(&adam.path()).await.form("#user").with("status", "pending");
    assert_eq!(amara.post(&adam.path(), form).await.status, 422);
    assert_eq!(app.everything(), before);
    let mina = app.person("Mina Park", Role::Moderator).await;
    assert_eq!(mina.post(&format!("/users/{mateo}/restoration"), NOTHING).await.status, 403);
    assert_eq!(adam.get("/users?status=pending&q=mateo").await.names(), ["Mateo Silva"]);
    assert_eq!(adam.get("/users?status=pending&role=agent").await.names(), Vec::<String>::new());
}
