//! One change to many users: who is meant, what is foretold, what happens.

mod working;

use crate::support::{NOTHING, Page, Person, Setup, TestApp, at_once};
use seatkeeper::access::{Role, UserId};
use seatkeeper::batches;
use seatkeeper::plans::PlanId;
use seatkeeper::users::{Seat, Status};

/// Selects users and presses a button of the bar: the confirmation, whose address is its `location`.
async fn select(who: &Person, users: &[UserId], action: &str) -> Page {
    let ids = users.iter().map(|id| ("id", id.to_string()));
    let fields: Vec<_> = ids.chain([("action", action.to_owned())]).collect();
    open(who, who.post("/users/batches", fields).await).await
}

async fn select_all(who: &Person, list: &str, action: &str) -> Page {
    open(who, who.post("/users/batches", [("all", "yes"), ("back", list), ("action", action)]).await).await
}

async fn open(who: &Person, page: Page) -> Page {
    assert_eq!(page.status, 303, "{page:?}");
    let mut shown = who.follow(&page).await;
    shown.location = page.location;
    shown
}

/// Confirms; the page that follows.
async fn confirm(who: &Person, confirmation: &Page) -> Page {
    let done = send(who, confirmation).await;
    who.follow(&done).await
}

async fn send(who: &Person, confirmation: &Page) -> Page {
    let path = confirmation.attrs("dialog form", "action").remove(0);
    who.post(&path, confirmation.form("dialog form")).await
}

/// What a worker does; false where no batch is running.
fn step(app: &TestApp) -> bool {
    let Some((account, batch)) = app.db.read_now(batches::running).unwrap() else { return false };
    app.db.write_now(|conn| batches::step(conn, &app.config, account, batch)).unwrap();
    true
}

fn steps(app: &TestApp) -> usize {
    (0..).take_while(|_| step(app)).count()
}

fn status(app: &TestApp, id: UserId) -> Status {
    app.find(id).details.status
}

#[actix_web::test]
async fn nothing_happens_before_the_confirmation_and_all_of_it_after() {
    let (app, amara) = TestApp::with_owner().await;
    let ids = ["Ada Lind", "Ben Okoro"].map(|name| app.user(name, Role::Member));
    let cleo = app.person("Cleo Marsh", Role::Agent).await;
    let all = [ids[0], ids[1], cleo.id];
    let page = select(&amara, &all, "disable").await;
    assert_eq!(page.text("dialog h1"), "Disable 3 users?");
    assert!(page.says("3 users are disabled. Sessions end at once, seats are free again, all data is preserved."));
    assert_eq!(page.text("dialog button.pri"), "Disable 3 users");
    assert!(all.iter().all(|id| status(&app, *id) == Status::Enabled) && cleo.is_signed_in().await);

    let done = confirm(&amara, &page).await;
    assert_eq!(done.flash(), "3 users were disabled. Their data is preserved and they can be re-enabled later.");
    assert!(all.iter().all(|id| status(&app, *id) == Status::Disabled) && !cleo.is_signed_in().await);
    assert_eq!(app.count("activity WHERE action = 'user.disabled'"), 3);
    assert_eq!(app.differences(), Vec::<String>::new());
    assert_eq!(app.count("batch_items"), 0, "who was dealt with is needed no more");
}

#[actix_web::test]
async fn who_comes_to_match_after_the_confirmation_was_shown_is_untouched() {
    let (app, amara) = TestApp::with_owner().await;
    let agents = ["Ada Lind", "Ben Okoro"].map(|name| app.user(name, Role::Agent));
    let becomes_one = app.user("Cleo Marsh", Role::Member);
    let page = select_all(&amara, "role=agent", "disable").await;
    assert_eq!(page.text("dialog header p"), "2 users selected", "counted exactly");
    let added = app.user("Dora Later", Role::Agent);
    app.run(&format!("UPDATE users SET role = 'agent' WHERE id = {becomes_one}"));
    let done = confirm(&amara, &page).await;
    assert!(done.flash().starts_with("2 users were disabled."), "{done:?}");
    assert_eq!(done.names(), ["Cleo Marsh", "Dora Later"], "back at the same list");
    assert!(agents.iter().all(|id| status(&app, *id) == Status::Disabled));
    assert_eq!((status(&app, added), status(&app, becomes_one)), (Status::Enabled, Status::Enabled));
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn all_that_match_goes_by_tab_search_and_filter_however_large_the_account() {
    let (app, amara) = TestApp::with_owner_and(Setup { seats: 100, ..Setup::default() }).await;
    for n in 0..30 {
        app.user_with(&format!("Agent {n}"), |details| {
            details.role = if n % 2 == 0 { Role::Agent } else { Role::Member };
            details.company = if n % 3 == 0 { "Nordwind".into() } else { String::new() };
        });
    }
    for (list, users) in
        [("", "31 users"), ("role=agent", "15 users"), ("q=nordwind", "10 users"), ("role=agent&q=nordwind", "5 users")]
    {
        let page = select_all(&amara, list, "disable").await;
        assert_eq!(page.text("dialog header p"), format!("{users} selected"), "{list}");
    }
    let page = amara.post("/users/batches", [("all", "yes"), ("back", "status=disabled"), ("action", "enable")]).await;
    assert_eq!(page.location.as_deref(), Some("/users?status=disabled"));
    assert_eq!(amara.follow(&page).await.flash(), "Nobody matches any more.");
}

#[actix_web::test]
async fn without_script_the_heads_box_means_the_page() {
    let (app, amara) = TestApp::with_owner().await;
    let ids = ["Ada Lind", "Ben Okoro"].map(|name| app.user(name, Role::Member));
    let list = amara.get("/users").await;
    let form = list.form("#bulk").with("page", "yes").with("action", "disable");
    let page = open(&amara, amara.post("/users/batches", form).await).await;
    assert_eq!(page.text("dialog header p"), "3 users selected");
    confirm(&amara, &page).await;
    assert!(ids.iter().all(|id| status(&app, *id) == Status::Disabled));
    assert_eq!(status(&app, amara.id), Status::Enabled);
    let page = amara.post("/users/batches", [("action", "disable")]).await;
    assert_eq!(amara.follow(&page).await.flash(), "Select users first.");
}

#[actix_web::test]
async fn who_is_refused_and_why_is_told_before_and_after() {
    let (app, _) = TestApp::with_owner().await;
    let adam = app.person("Adam Stone", Role::Admin).await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let page = select(&adam, &[app.owner, adam.id, mateo], "disable").await;
    assert!(page.says("1 user is disabled."));
    assert_eq!(page.text("dialog .note h2"), "2 users stay as they are");
    let told = ["Amara Okafor: Their role is above yours", "Adam Stone: You can't do this to yourself"];
    assert_eq!(page.texts("dialog .note li"), told);
    assert_eq!(page.texts("dialog .tag"), ["Stays", "Stays", "Member"]);
    let result = confirm(&adam, &page).await;
    assert_eq!(result.text("dialog h1"), "1 user was disabled.");
    assert_eq!(result.texts("dialog .note li"), told);
    assert_eq!(status(&app, mateo), Status::Disabled);
    assert_eq!((status(&app, app.owner), status(&app, adam.id)), (Status::Enabled, Status::Enabled));

    let page = select(&adam, &[app.owner, adam.id], "delete").await;
    assert_eq!(page.count("dialog form button"), 0, "there is nothing to confirm");
    assert_eq!(page.texts("dialog .note li").len(), 2);
    send(&adam, &page).await;
    assert_eq!(app.count(&format!("users WHERE account_id = {}", app.account.0)), 3);
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn what_those_leave_who_stay_is_not_foretold() {
    let (app, _) = TestApp::with_owner().await;
    let adam = app.person("Adam Stone", Role::Admin).await;
    let olu = app.user_with("Olu Adeyemi", |details| {
        details.role = Role::Owner;
        details.phone_ext = "104".into();
    });
    let mateo = app.user_with("Mateo Silva", |details| details.phone_ext = "105".into());
    let page = select(&adam, &[olu, mateo], "delete").await;
    assert_eq!(page.texts("dialog dt"), ["1 extension"], "the Owner stays, and so does theirs");
    let page = select(&adam, &[olu], "delete").await;
    assert!(!page.has("dialog dt"));
}

#[actix_web::test]
async fn enabling_more_than_there_are_seats_enables_as_many_as_foretold() {
    let (app, amara) = TestApp::with_owner_and(Setup { seats: 4, ..Setup::default() }).await;
    let disabled = |name: &str, seat: Seat| {
        app.user_with(name, |details| {
            details.status = Status::Disabled;
            details.seat = seat;
        })
    };
    let mut ids: Vec<UserId> = (0..5).map(|n| disabled(&format!("Clone {n}"), Seat::Package)).collect();
    ids.push(disabled("Cara Card", Seat::Card));
    let page = select(&amara, &ids, "enable").await;
    assert!(page.says("4 users are enabled and can sign in again."));
    assert_eq!(page.texts("dialog .note li"), ["2 users: No license is free"]);
    let result = confirm(&amara, &page).await;
    assert!(result.says("4 users were enabled."));
    assert_eq!(result.count("dialog .note li"), 2);
    assert_eq!(ids.iter().filter(|id| status(&app, **id) == Status::Enabled).count(), 4);
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn roles_are_set_by_the_same_rules_as_alone() {
    let (app, amara) = TestApp::with_owner().await;
    let olu = app.user("Olu Adeyemi", Role::Owner);
    let mateo = app.person("Mateo Silva", Role::Member).await;
    let agent = app.user("Ada Lind", Role::Agent);
    let page = select(&amara, &[olu, mateo.id, agent, amara.id], "role:agent").await;
    assert_eq!(page.text("dialog h1"), "Change the role of 4 users to Agent?");
    assert!(page.says("1 user gets the role Agent.") && page.says("1 user needs no change."));
    let result = confirm(&amara, &page).await;
    let refused = result.texts("dialog .note li");
    assert!(
        refused.contains(&"Olu Adeyemi: The Owner role is given and taken one by one, with your password".to_owned())
    );
    assert!(refused.contains(&"Amara Okafor: You can't do this to yourself".to_owned()));
    assert_eq!(app.find(mateo.id).details.role, Role::Agent);
    assert!(!mateo.is_signed_in().await, "a changed role ends the sessions");
    assert_eq!(app.find(olu).details.role, Role::Owner);
    // Whoever may not give a role does not give it by hand either.
    let mina = app.person("Mina Park", Role::Moderator).await;
    assert_eq!(
        mina.post("/users/batches", [("id", agent.to_string().as_str()), ("action", "role:agent")]).await.status,
        403
    );
    assert_eq!(
        amara.post("/users/batches", [("id", agent.to_string().as_str()), ("action", "role:emperor")]).await.status,
        400
    );
    let page = select(&amara, &[agent], "role:owner").await;
    assert_eq!(
        page.texts("dialog .note li"),
        ["Ada Lind: The Owner role is given and taken one by one, with your password"]
    );
    confirm(&amara, &page).await;
    assert_eq!(app.find(agent).details.role, Role::Agent);
}

#[actix_web::test]
async fn a_plan_without_a_dialer_switches_it_off_and_says_so_before() {
    let (app, amara) = TestApp::with_owner().await;
    let (standard, professional) = (app.plan("Standard"), app.plan("Professional"));
    let ada = app.user_with("Ada Lind", |details| {
        details.plan = PlanId(professional.parse().unwrap());
        (details.dialer, details.local_presence) = (true, true);
    });
    let products = || (app.find(ada).details.dialer, app.find(ada).details.local_presence);
    let page = select(&amara, &[ada], &format!("plan:{standard}")).await;
    assert!(page.says("1 of them loses dialer or local presence, which Standard does not have."));
    confirm(&amara, &page).await;
    assert_eq!(products(), (true, false), "a dialer Standard has");
    let ben = app.user("Ben Okoro", Role::Member);
    let free = app.plan("Free");
    let page = select(&amara, &[ada, ben], &format!("plan:{free}")).await;
    assert!(
        page.says("2 users get the plan Free. 1 of them loses dialer or local presence, which Free does not have.")
    );
    assert!(confirm(&amara, &page).await.flash().starts_with("2 users were given the plan Free."));
    assert_eq!(app.find(ada).details.plan.0.to_string(), free);
    assert_eq!(products(), (false, false));
    let page = select(&amara, &[ben], "plan:77").await;
    assert_eq!(page.texts("dialog .note li"), ["Ben Okoro: The plan is gone"]);
    assert!(!page.has("dialog form button"));
    assert_eq!(app.find(ben).details.plan.0.to_string(), free);
}

#[actix_web::test]
async fn a_batch_is_its_makers_and_another_accounts_users_are_nobody_in_it() {
    let (app, amara) = TestApp::with_owner().await;
    let (adam, zora) = (app.person("Adam Stone", Role::Admin).await, app.stranger().await);
    let mateo = app.user("Mateo Silva", Role::Member);
    let page = select(&amara, &[mateo], "delete").await;
    let path = page.attrs("dialog form", "action").remove(0);
    for other in [&adam, &zora] {
        assert_eq!(other.get(&path).await.status, 404);
        assert_eq!(other.post(&path, NOTHING).await.status, 404);
    }
    for id in [mateo.to_string(), "1".into(), "x".into()] {
        let page = zora.post("/users/batches", [("id", id.as_str()), ("action", "disable")]).await;
        assert_eq!(page.status, 404, "{id}");
    }
    // Of a mixture only one's own are meant.
    let page = select(&zora, &[mateo, zora.id], "disable").await;
    assert_eq!(page.text("dialog header p"), "1 user selected");
    assert!(!page.says("Mateo"));
    assert_eq!(status(&app, mateo), Status::Enabled);
}

#[actix_web::test]
async fn whoever_loses_the_right_meanwhile_changes_nobody_any_more() {
    let (app, amara) = TestApp::with_owner().await;
    let adam = app.person("Adam Stone", Role::Admin).await;
    let ids: Vec<UserId> = (0..3).map(|n| app.user(&format!("Clone {n}"), Role::Member)).collect();
    let page = select(&adam, &ids, "disable").await;
    app.run("UPDATE batches SET state = 'running'");
    app.run(&format!("UPDATE users SET role = 'manager' WHERE id = {}", adam.id));
    assert_eq!(steps(&app), 1, "one chunk of refusals, the last");
    assert!(ids.iter().all(|id| status(&app, *id) == Status::Enabled));
    let result = adam.get(page.location.as_deref().unwrap()).await;
    assert_eq!(result.texts("dialog .note li")[0], "Clone 0: Your own rights have changed meanwhile");
    assert_eq!(result.text("dialog .note h2"), "3 users were left as they are");
    let page = select(&amara, &ids, "disable").await;
    assert!(confirm(&amara, &page).await.flash().starts_with("3 users were disabled."));
}

#[actix_web::test]
async fn two_admins_who_delete_and_enable_the_same_users_at_once_get_a_sentence_each() {
    let (app, amara) = TestApp::with_owner().await;
    let adam = app.person("Adam Stone", Role::Admin).await;
    let ids: Vec<UserId> =
        (0..8).map(|n| app.user_with(&format!("Clone {n}"), |details| details.status = Status::Disabled)).collect();
    for (n, id) in ids.iter().enumerate() {
        if n % 2 == 0 {
            app.run(&format!("UPDATE users SET plan_id = {} WHERE id = {id}", app.plan("Free")));
        }
    }
    let deletion = select(&amara, &ids, "delete").await;
    let enabling = select(&adam, &ids, "enable").await;
    let both = [(&amara, &deletion), (&adam, &enabling)].map(|(who, page)| {
        let (who, path) = (who.clone(), page.attrs("dialog form", "action").remove(0));
        async move {
            let sent = who.post(&path, NOTHING).await;
            assert_eq!(sent.status, 303, "{sent:?}");
            who.follow(&sent).await
        }
    });
    let [deleted, enabled]: [Page; 2] = at_once(both.into()).await.try_into().unwrap_or_else(|_| unreachable!());
    assert_eq!(deleted.flash(), "8 users were deleted.", "{deleted:?}");
    assert!(enabled.says("enabled."), "{enabled:?}");
    let left = format!("users WHERE account_id = {} AND name_key LIKE 'clone%'", app.account.0);
    assert_eq!((app.count(&left), app.count(&format!("{left} AND status = 'pending'"))), (4, 4));
    assert_eq!(app.differences(), Vec::<String>::new());

    // One by one: whoever is later is told.
    let mateo = app.user_with("Mateo Silva", |details| details.status = Status::Disabled);
    let deletion = select(&amara, &[mateo], "delete").await;
    confirm(&amara, &deletion).await;
    let page = adam.post(&format!("/users/{mateo}/status"), [("status", "enabled")]).await;
    let sentence = adam.follow(&page).await.flash();
    assert_eq!(sentence, "This user is pending deletion. Cancel the deletion first.");
}

#[actix_web::test]
async fn a_long_batch_goes_on_behind_its_page_which_tells_how_far_it_is() {
    let (app, amara) = TestApp::with_owner().await;
    let ids: Vec<UserId> =
        (0..60).map(|n| app.user_with(&format!("Clone {n}"), |details| details.seat = Seat::Card)).collect();
    let page = select(&amara, &ids, "disable").await;
    app.run("UPDATE batches SET state = 'running'");
    assert!(step(&app));
    let running = amara.get(page.location.as_deref().unwrap()).await;
    assert!(running.says("50 of 60 users are done."));
    assert_eq!(running.attrs("dialog progress", "value"), ["50"]);
    assert_eq!(running.text("dialog h1"), "Disabling 60 users");
    assert!(running.says("http-equiv=\"refresh\""));
    steps(&app);
    let done = amara.get(page.location.as_deref().unwrap()).await;
    assert!(done.says("60 users were disabled.") && !done.says("http-equiv=\"refresh\""));
}

#[actix_web::test]
async fn a_filter_that_cannot_be_read_never_comes_to_mean_everybody() {
    let (app, amara) = TestApp::with_owner().await;
    app.user("Mateo Silva", Role::Member);
    let unreadable = ["q=zzz&q=zzz", "q=%00", "from=9999-01-01", "to=0000-01-01", "role=emperor"];
    // Of what is typed here nothing is left to look for: U+E000 is nobody's letter.
    let nothing_left = ["q=00000", "q=%2B", "q=%28", "q=%EE%80%80", "company=%EE%80%80"];
    for back in unreadable.into_iter().chain(nothing_left) {
        let fields = [("all", "yes"), ("back", back), ("action", "disable")];
        let page = amara.post("/users/batches", fields).await;
        let is_nobody = page.status == 303 && amara.follow(&page).await.says("Nobody matches any more.");
        assert!(page.status == 400 || is_nobody, "{back}: {page:?}");
        let back: String = url::form_urlencoded::byte_serialize(back.as_bytes()).collect();
        let page = amara.get(&format!("/users/export.csv?all=yes&back={back}")).await;
        assert!(page.status == 400 || page.html.lines().count() == 1, "{back}: {page:?}");
    }
    for list in ["from=9999-01-01", "q=%2B", "company=%EE%80%80"] {
        assert_eq!(amara.get(&format!("/users?{list}")).await.text(".empty h2"), "No users match", "{list}");
    }
    assert_eq!(app.count("batches"), 0);
    assert_eq!(amara.get("/users?q=++&company=+").await.names().len(), 2, "blanks ask for nothing");
}

#[actix_web::test]
async fn drafts_do_not_pile_up_and_an_old_one_is_not_confirmed() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let old = select(&amara, &[mateo], "disable").await;
    app.run("UPDATE batches SET created_at = '2026-01-01 00:00:00'");
    assert_eq!(send(&amara, &old).await.status, 404);
    for _ in 0..9 {
        select(&amara, &[mateo], "disable").await;
    }
    assert!(app.count("batches") <= 6, "{}", app.count("batches"));
    assert_eq!(app.count("batches"), app.count("batch_items"));
    assert_eq!(status(&app, mateo), Status::Enabled);
}
