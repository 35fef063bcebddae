//! Allocating to many, and taking it back.

use super::{event, pool, report};
use crate::support::{Page, Person, TestApp, UserForm};
use seatkeeper::access::{Role, UserId};
use seatkeeper::credits::CreditKind;

/// The confirmation for these users.
async fn ask(who: &Person, kind: &str, people: &[UserId]) -> Page {
    let mut form: Vec<(String, String)> = people.iter().map(|id| ("id".into(), id.to_string())).collect();
    form.push(("action".into(), format!("allocate:{kind}:0")));
    let page = who.post("/users/batches", form).await;
    assert_eq!(page.status, 303, "{page:?}");
    who.follow(&page).await
}

fn path(dialog: &Page) -> String {
    dialog.attrs("dialog form", "action").remove(0)
}

async fn with_three() -> (TestApp, Person, [UserId; 3]) {
    let (app, amara) = TestApp::with_owner().await;
    let people = ["Mateo Silva", "Yara Haddad", "Ann Lee"].map(|name| app.user(name, Role::Member));
    (app, amara, people)
}

#[actix_web::test]
async fn the_same_amount_for_each_is_previewed_given_and_taken_back() {
    let (app, amara, people) = with_three().await;
    let dialog = ask(&amara, "export", &people).await;
    assert_eq!(dialog.text("h1"), "Allocate Export credits to 3 users");
    let here = path(&dialog);
    let preview = amara.get(&format!("{here}?how=each&amount=100")).await;
    assert!(
        preview
            .says("3 users get 100 Export credits more each: 300 of the 5000 that are unallocated in the team pool."),
        "{preview:?}"
    );
    assert_eq!(pool(&app, "export"), (5000, 0, 0), "nothing happens before the confirmation");
    let done =
        amara.post(&here, [("how", "each"), ("amount", "100"), ("previewed", "100"), ("reason", "Spring")]).await;
    let list = amara.follow(&done).await;
    assert!(list.flash().starts_with("3 users were given 100 Export credits more each."), "{}", list.flash());
    assert_eq!(pool(&app, "export"), (5000, 300, 0));
    assert_eq!(app.find(people[0]).credits, 100);
    let tab = amara.get(&format!("/users/{}/credits", people[1])).await;
    assert_eq!(tab.texts("#history td[data-l=Reason]"), ["Spring"]);

    let page = amara.get(&here).await;
    assert_eq!(page.texts("dialog .foot button"), ["Undo"]);
    let undone = amara.post(&format!("{here}/undo"), [("back", "")]).await;
    let result = amara.follow(&undone).await;
    assert_eq!(result.text("h1"), "100 Export credits each were taken back from 3 users.");
    assert_eq!(pool(&app, "export"), (5000, 0, 0));
    assert_eq!(app.find(people[0]).credits, 0);
    let again = amara.post(&format!("{here}/undo"), [("back", "")]).await;
    assert_eq!(amara.follow(&again).await.flash(), "This was taken back already.");
    assert!(!amara.get(&here).await.has("dialog .foot button"), "it is not offered twice");
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn what_is_left_is_split_evenly() {
    let (app, amara, people) = with_three().await;
    let dialog = ask(&amara, "calling", &people).await;
    let preview = amara.get(&format!("{}?how=split", path(&dialog))).await;
    assert!(preview.says("3 users get 1666 Calling credits more each"), "{preview:?}");
    amara.post(&path(&dialog), [("how", "split"), ("previewed", "1666")]).await;
    assert_eq!(pool(&app, "calling"), (5000, 4998, 0));
    let dialog = ask(&amara, "calling", &people).await;
    let refused = amara.post(&path(&dialog), [("how", "split")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.says("2 are left for 3 users: too few to give each of them one."));
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn what_comes_of_it_is_shown_before_it_can_be_done() {
    let (app, amara, people) = with_three().await;
    let dialog = ask(&amara, "export", &people).await;
    let here = path(&dialog);
    assert_eq!(dialog.texts("dialog .foot button"), ["Preview"]);
    assert_eq!(dialog.texts("dialog .tag"), ["0 now", "0 now", "0 now"]);
    let unseen = amara.post(&here, [("how", "each"), ("amount", "100")]).await;
    assert_eq!((unseen.status, unseen.texts("dialog .foot button")), (200, vec!["Preview".into(), "Allocate".into()]));
    assert!(unseen.says("3 users get 100 Export credits more each"), "{unseen:?}");
    let sent = |form: UserForm| async { amara.post(&here, form).await };
    let another = sent(unseen.form("dialog form").with("amount", "200")).await;
    assert!(another.status == 200 && another.says("3 users get 200 Export credits more each"), "{another:?}");
    // Another admin takes from the pool, so that the same parts are others.
    let split = sent(another.form("dialog form").with("how", "split")).await;
    assert!(split.says("3 users get 1666 Export credits more each"), "{split:?}");
    amara.post(&format!("/users/{}/manage-credit", people[0]), [("export", "2000")]).await;
    let fewer = sent(split.form("dialog form")).await;
    assert!(fewer.status == 200 && fewer.says("3 users get 1000 Export credits more each"), "{fewer:?}");
    assert_eq!(pool(&app, "export"), (5000, 2000, 0));
    let nobody = sent(fewer.form("dialog form").with("how", "each").with("amount", "5000")).await;
    assert!(nobody.says("3000 Export credits are unallocated in the team pool."), "{nobody:?}");
    assert_eq!(nobody.texts("dialog .foot button"), ["Preview"], "another amount can be tried");
    let seen = sent(nobody.form("dialog form").with("amount", "1")).await;
    assert_eq!(sent(seen.form("dialog form")).await.status, 303);
    assert_eq!(pool(&app, "export"), (5000, 2003, 0));
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn who_is_refused_and_why_is_told_before_and_after() {
    let (app, amara, people) = with_three().await;
    let adam = app.person("Adam Stone", Role::Admin).await;
    let dialog = ask(&adam, "direct_dial", &[people[0], people[1], people[2], amara.id]).await;
    let preview = adam.get(&format!("{}?how=each&amount=2000", path(&dialog))).await;
    assert!(preview.says("2 users get 2000 Direct Dial credits more each"), "{preview:?}");
    assert!(preview.says("1 user: Not enough is left in the pool"), "{preview:?}");
    assert!(preview.says("Amara Okafor: Their role is above yours"), "{preview:?}");
    let done = adam.post(&path(&dialog), [("how", "each"), ("amount", "2000"), ("previewed", "2000")]).await;
    let result = adam.follow(&done).await;
    assert_eq!(result.text("h1"), "2 users were given 2000 Direct Dial credits more each.");
    assert!(result.says("Ann Lee: Not enough is left in the pool"), "{result:?}");
    assert_eq!(pool(&app, "direct_dial"), (5000, 4000, 0));
    for (amount, sentence) in [("", "Enter a whole number, such as 500."), ("0", "Enter 1 or more.")] {
        let dialog = ask(&adam, "export", &people).await;
        let page = adam.post(&path(&dialog), [("how", "each"), ("amount", amount)]).await;
        assert_eq!((page.status, page.error("amount").as_deref()), (422, Some(sentence)));
    }
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn what_is_used_in_part_is_not_taken_back() {
    let (app, amara, people) = with_three().await;
    let dialog = ask(&amara, "export", &people).await;
    let here = path(&dialog);
    amara.post(&here, [("how", "each"), ("amount", "10"), ("previewed", "10")]).await;
    report(&app, &[event(people[1], CreditKind::Export, 1)]);
    let refused = amara.post(&format!("{here}/undo"), [("back", "")]).await;
    assert_eq!(
        amara.follow(&refused).await.flash(),
        "Some of it has been used since, so it can't be taken back as a whole."
    );
    assert_eq!(pool(&app, "export"), (5000, 30, 1));
}

#[actix_web::test]
async fn only_its_own_admin_undoes_a_batch_and_an_amount_is_never_sent_with_the_selection() {
    let (app, amara, people) = with_three().await;
    let adam = app.person("Adam Stone", Role::Admin).await;
    let mina = app.person("Mina Park", Role::Moderator).await;
    let dialog = ask(&amara, "export", &people).await;
    let here = path(&dialog);
    amara.post(&here, [("how", "each"), ("amount", "10"), ("previewed", "10")]).await;
    assert_eq!(adam.post(&format!("{here}/undo"), [("back", "")]).await.status, 404);
    assert_eq!(mina.post(&format!("{here}/undo"), [("back", "")]).await.status, 403);
    let id = people[0].to_string();
    for action in ["allocate:export:500", "take_back:export:10", "take_back:export:0"] {
        let sent = amara.post("/users/batches", [("id", id.as_str()), ("action", action)]).await;
        assert_eq!(sent.status, 400, "{action}");
    }
    let sent = mina.post("/users/batches", [("id", id.as_str()), ("action", "allocate:export:0")]).await;
    assert_eq!(sent.status, 403);
    assert_eq!(pool(&app, "export"), (5000, 30, 0));
}
