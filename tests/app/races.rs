//! Many at once: whoever comes first has it, all others are told, and what is kept is right. Each race is run by 64
//! requests, as 64 people at their browsers would send them.

use crate::support::{Browser, NOTHING, PASSWORD, Page, Person, Setup, TestApp, at_once};
use seatkeeper::access::{Role, UserId};
use seatkeeper::accounts;
use seatkeeper::db::Conn;
use seatkeeper::users::{self, Status};

const MANY: usize = 64;
const NO_FREE_SEAT: &str = "No license is free. Disable a user first, or choose a seat outside the package.";

/// Two accounts, of which ours has this many seats free beside those of its Owner and an Admin; both are signed in.
async fn with_free(seats: i32) -> (TestApp, [Person; 2]) {
    let (app, amara) = TestApp::with_owner_and(Setup { seats: seats + 2, ..Setup::default() }).await;
    let adam = app.person("Adam Stone", Role::Admin).await;
    (app, [amara, adam])
}

/// Sends many forms at once, by turns from these people.
async fn race<F>(people: &[Person], form: impl Fn(usize) -> (String, F)) -> Vec<Page>
where
    F: IntoIterator<Item = (String, String)> + 'static,
{
    let sending = (0..MANY).map(|n| {
        let (browser, (path, form)) = (people[n % people.len()].browser.clone(), form(n));
        send(browser, path, form)
    });
    at_once(sending.collect()).await
}

async fn send(browser: Browser, path: String, form: impl IntoIterator<Item = (String, String)>) -> Page {
    browser.post(&path, form).await
}

fn fields<const N: usize>(list: [(&str, &str); N]) -> Vec<(String, String)> {
    list.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// The sentence that an answer has for whoever sent it. None: their session was ended meanwhile, which they are told by the
/// sign-in page.
fn sentence(page: &Page) -> Option<String> {
    assert!(page.status == 303 || (400..500).contains(&page.status), "{page:?}");
    if page.sends_to_sign_in() {
        return None;
    }
    let flash = page.set_cookies().into_iter().find_map(|cookie| cookie.strip_prefix("flash=")?.split(';').next());
    // An empty one forgets what an answer before has left.
    if let Some(flash) = flash.filter(|flash| !flash.is_empty()) {
        let json = percent_encoding::percent_decode_str(flash).decode_utf8().unwrap();
        return Some(serde_json::from_str::<serde_json::Value>(&json).unwrap()["text"].as_str().unwrap().to_owned());
    }
    let told = ["p.error", ".note h2", ".lost h1 + p"].map(|selector| page.texts(selector)).concat();
    Some(told.into_iter().next().unwrap_or_else(|| panic!("no sentence: {page:?}")))
}

/// How many were told what begins so.
fn told(pages: &[Page], start: &str) -> usize {
    let start = |page: &&Page| sentence(page).is_some_and(|told| told.trim_start_matches("Error: ").starts_with(start));
    pages.iter().filter(start).count()
}

/// Entries of the log about an action.
fn logged(app: &TestApp, action: &str) -> i64 {
    app.count(&format!("activity WHERE account_id = {} AND action = '{action}'", app.account.0))
}

fn mailed(app: &TestApp, kind: &str) -> i64 {
    app.count(&format!("outbox WHERE kind = '{kind}'"))
}

fn owners(app: &TestApp) -> i64 {
    app.count(&format!("users WHERE account_id = {} AND role = 'owner' AND status = 'enabled'", app.account.0))
}

/// Opens the confirmation of a batch; its address.
async fn draft(who: &Person, ids: &[UserId], action: &str) -> String {
    let ids = ids.iter().map(|id| ("id", id.to_string()));
    let page = who.post("/users/batches", ids.chain([("action", action.to_owned())]).collect::<Vec<_>>()).await;
    page.location.expect("a dialog").split('?').next().unwrap().to_owned()
}

#[actix_web::test]
async fn of_all_who_are_added_at_once_one_gets_the_last_seat() {
    let (app, people) = with_free(1).await;
    let (added, mails) = (logged(&app, "user.added"), mailed(&app, "welcome"));
    let pages = race(&people, |n| {
        let email = format!("clone{n}@harbourline.example");
        ("/users".into(), app.a_user(&format!("Clone {n}")).with("email", email))
    })
    .await;
    assert_eq!((told(&pages, "Clone "), told(&pages, NO_FREE_SEAT)), (1, MANY - 1), "{pages:?}");
    assert!(pages.iter().all(|page| page.status == 303 || page.error("package_seat").is_some()));
    assert_eq!((logged(&app, "user.added"), mailed(&app, "welcome")), (added + 1, mails + 1));
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn of_all_who_are_enabled_at_once_one_gets_the_last_seat() {
    let (app, people) = with_free(1).await;
    let ids: Vec<UserId> =
        (0..MANY).map(|n| app.user_with(&format!("Clone {n}"), |details| details.status = Status::Disabled)).collect();
    let pages = race(&people, |n| (format!("/users/{}/status", ids[n]), fields([("status", "enabled")]))).await;
    assert_eq!((told(&pages, "Clone "), told(&pages, NO_FREE_SEAT)), (1, MANY - 1), "{pages:?}");
    assert_eq!(logged(&app, "user.enabled"), 1);
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn of_all_who_take_the_same_address_username_or_extension_at_once_one_has_it() {
    let (app, people) = with_free(MANY as i32 * 3).await;
    for (field, value) in [("email", "one@harbourline.example"), ("username", "one"), ("phone_ext", "104")] {
        let (added, mails) = (logged(&app, "user.added"), mailed(&app, "welcome"));
        let pages = race(&people, |n| ("/users".into(), app.a_user(&format!("Clone {n}")).with(field, value))).await;
        let refused = pages.iter().filter(|page| page.status == 422 && page.fields_with_errors() == [field]).count();
        assert_eq!((told(&pages, "Clone "), refused), (1, MANY - 1), "{field}: {pages:?}");
        assert_eq!(logged(&app, "user.added"), added + 1);
        assert_eq!(mailed(&app, "welcome"), mails + i64::from(field == "email"));
        assert_eq!(app.differences(), Vec::<String>::new());
        app.run("UPDATE users SET username_key = '', username = '' WHERE username_key LIKE 'clone%'");
    }
}

#[actix_web::test]
async fn of_all_who_save_the_same_version_at_once_one_does_and_the_others_see_what_changed() {
    let (app, people) = with_free(1).await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let path = format!("/users/{mateo}");
    let form = people[0].get(&path).await.form("#user");
    let pages =
        race(&people, |n| (path.clone(), form.clone().with("email", format!("m{n}@harbourline.example")))).await;
    assert_eq!(told(&pages, "Mateo Silva was saved."), 1, "{pages:?}");
    let conflicts = pages.iter().filter(|page| page.status == 409 && page.texts(".note.warn dt") == ["Email"]).count();
    assert_eq!((conflicts, told(&pages, "Somebody else changed this user")), (MANY - 1, MANY - 1), "{pages:?}");
    assert_eq!((app.find(mateo).version, logged(&app, "user.edited"), mailed(&app, "email_changed")), (2, 1, 2));
    assert_eq!(app.differences(), Vec::<String>::new());
}

#[actix_web::test]
async fn two_owners_who_put_each_other_out_at_once_leave_one() {
    for way in ["status", "role", "form", "deletion"] {
        let (app, amara) = TestApp::with_owner().await;
        let olu = app.person("Olu Adeyemi", Role::Owner).await;
        let owners_before = owners(&app);
        let mut attacks = vec![];
        for (one, other) in [(&amara, &olu), (&olu, &amara)] {
            attacks.push(match way {
                "status" => (format!("{}/status", other.path()), fields([("status", "disabled")])),
                "role" => (format!("{}/role", other.path()), fields([("role", "member"), ("own_password", PASSWORD)])),
                "form" => {
                    let form = one.get(&other.path()).await.form("#user").with("role", "member");
                    (other.path(), form.with("own_password", PASSWORD).into_iter().collect())
                }
                _ => (draft(one, &[other.id], "delete").await, vec![]),
            });
        }
        let pages = race(&[amara, olu], |n| attacks[n % 2].clone()).await;
        // None of them is lost: who is not told is sent to sign in anew.
        let _: Vec<Option<String>> = pages.iter().map(sentence).collect();
        assert_eq!((owners_before, owners(&app)), (2, 1), "{way}: {pages:?}");
        let done = ["user.disabled", "user.edited", "user.deletion_scheduled"].map(|action| logged(&app, action));
        assert_eq!(done.iter().sum::<i64>(), 1, "{way}: {done:?}");
        assert_eq!(app.differences(), Vec::<String>::new(), "{way}");
    }
}

#[actix_web::test]
async fn a_user_who_is_enabled_and_deleted_at_once_is_deleted_once() {
    for plan in ["Standard", "Free"] {
        let (app, people) = with_free(1).await;
        let plan_id = app.plan(plan).parse().map(seatkeeper::plans::PlanId).unwrap();
        let mateo = app.user_with("Mateo Silva", |details| {
            details.status = Status::Disabled;
            details.plan = plan_id;
        });
        let enabling = (format!("/users/{mateo}/status"), fields([("status", "enabled")]));
        let attacks = [(draft(&people[0], &[mateo], "delete").await, vec![]), enabling];
        let pages = race(&people, |n| attacks[n % 2].clone()).await;
        let enabled = told(&pages, "Mateo Silva was enabled");
        let refused = told(&pages, "This user is pending deletion") + told(&pages, "The address may be mistyped");
        assert_eq!(enabled + refused, MANY / 2, "{plan}: {pages:?}");
        let done =
            [logged(&app, "user.deletion_scheduled"), logged(&app, "user.erased"), mailed(&app, "deletion_scheduled")];
        assert_eq!(done, if plan == "Free" { [0, 1, 0] } else { [1, 0, 1] }, "{plan}");
        assert_eq!(app.count(&format!("users WHERE id = {mateo} AND status <> 'pending'")), 0, "{plan}");
        assert_eq!(app.differences(), Vec::<String>::new(), "{plan}");
    }
}

#[actix_web::test]
async fn a_user_whose_deletion_is_cancelled_and_done_at_once_is_either_back_or_gone() {
    let (app, people) = with_free(30).await;
    // Nobody asks for the last one back.
    let ids: Vec<UserId> = (0..17).map(|n| app.user(&format!("Clone {n}"), Role::Member)).collect();
    let path = draft(&people[0], &ids, "delete").await;
    assert_eq!(people[0].post(&path, NOTHING).await.status, 303);
    app.run("UPDATE deletions SET erase_at = '2026-01-01 00:00:00'");
    let workers: Vec<_> = (0..4).map(|_| std::thread::spawn(worker(&app, ids[0]))).collect();
    let pages = race(&people, |n| (format!("/users/{}/restoration", ids[n % 16]), vec![])).await;
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    let back = app.count("users WHERE status = 'disabled'");
    let gone = 17 - back;
    assert!(back > 0 && gone > 0, "{back} {gone}");
    assert_eq!((logged(&app, "user.deletion_cancelled"), logged(&app, "user.erased")), (back, gone), "{pages:?}");
    assert_eq!(told(&pages, "The deletion of Clone") as i64, back, "{pages:?}");
    let late =
        told(&pages, "This user is not pending deletion any more.") + told(&pages, "The address may be mistyped");
    assert_eq!(late as i64, MANY as i64 - back, "{pages:?}");
    assert_eq!((app.count("deletions"), app.count("users WHERE status = 'pending'")), (0, 0));
    assert_eq!(app.differences(), Vec::<String>::new());
}

/// Another instance, which erases until nobody is due, once the first one is back.
fn worker(app: &TestApp, first: UserId) -> impl FnOnce() + Send + 'static {
    let (db, account) = (app.another_instance(), app.account);
    let is_pending = move |conn: &mut Conn| Ok(users::find(conn, account, first)?.details.status == Status::Pending);
    move || {
        while db.read_now(is_pending).unwrap() {
            std::thread::yield_now();
        }
        while let Some(account) = db.read_now(users::due).unwrap() {
            db.write_now(|conn| users::erase_due(conn, account)).unwrap();
        }
    }
}

#[actix_web::test]
async fn a_batch_that_is_confirmed_by_many_clicks_is_done_once() {
    for (action, log) in [("disable", "user.disabled"), ("delete", "user.deletion_scheduled")] {
        let (app, people) = with_free(20).await;
        let ids: Vec<UserId> = (0..12).map(|n| app.user(&format!("Clone {n}"), Role::Member)).collect();
        let path = draft(&people[0], &ids, action).await;
        let pages = race(&people[..1], |_| (path.clone(), vec![])).await;
        assert!(pages.iter().all(|page| page.status == 303), "{action}: {pages:?}");
        let counts =
            ["done", "unchanged", "refused"].map(|what| app.number(&format!("SELECT {what} AS n FROM batches")));
        assert_eq!((logged(&app, log), counts), (12, [12, 0, 0]), "{action}");
        assert_eq!(mailed(&app, "deletion_scheduled"), if action == "delete" { 12 } else { 0 });
        assert_eq!(app.differences(), Vec::<String>::new(), "{action}");
    }
}

#[actix_web::test]
async fn a_set_up_link_that_is_used_by_many_at_once_makes_one_account() {
    let app = TestApp::new().await;
    app.clear();
    let path = format!("/set-up/{}", app.db.write_now(accounts::new_link).unwrap());
    let form = app.visitor().get(&path).await.form("form");
    let sending = (0..MANY).map(|n| {
        let email = format!("owner{n}@harbourline.example");
        let form = form.clone().with("account", "Harbourline").with("first_name", "Ada").with("last_name", "Stone");
        send(app.visitor(), path.clone(), form.with("email", email).with("password", PASSWORD))
    });
    let pages = at_once(sending.collect()).await;
    let made = pages.iter().filter(|page| page.sends_to_sign_in()).count();
    let late = pages.iter().filter(|page| page.status == 404).count();
    assert_eq!((made, late), (1, MANY - 1), "{pages:?}");
    assert_eq!(["accounts", "users", "operators", "setup_links"].map(|table| app.count(table)), [1, 1, 1, 0]);
    assert_eq!(app.differences(), Vec::<String>::new());
}
