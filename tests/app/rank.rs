//! Rank: who may do what to whom, by the role of either, whichever verb it is.

use crate::support::{PASSWORD, Person, Setup, TestApp};
use seatkeeper::access::{Actor, Role, UserId};
use seatkeeper::clock;
use seatkeeper::users::{self, Removal, Status};

const VERBS: [&str; 7] = ["edit", "disable", "role", "plan", "delete", "restore", "heir"];

/// For each who acts: what they may do, and to whom. Everything else is refused.
const TABLE: &[(Role, &str, &str)] = &[
    (Role::Owner, "edit disable role plan delete restore heir", "owner admin manager moderator dev agent member"),
    (Role::Admin, "edit disable role plan delete restore heir", "admin manager moderator dev agent member"),
    // A Manager manages calls and a Dev has tokens: a Moderator has neither.
    (Role::Moderator, "edit disable plan", "moderator agent member"),
];

/// Somebody new of a role; `operator`: a Member who runs the installation.
fn somebody(app: &TestApp, name: &str, role: &str) -> UserId {
    let id = app.user(name, Role::from_code(role).unwrap_or(Role::Member));
    if role == "operator" {
        app.appoint_operator(&app.knows(app.account, id));
    }
    id
}

/// Selects a user, presses a button of the bar and confirms, as far as that goes.
async fn batch(who: &Person, id: UserId, action: &str, heir: &str) {
    let page = who.post("/users/batches", [("id", id.to_string().as_str()), ("action", action)]).await;
    if page.status == 303 {
        let path = who.follow(&page).await.attrs("dialog form", "action").remove(0);
        who.post(&path, [("heir", heir)]).await;
    }
}

/// Tries one thing on somebody; whether it was done.
async fn is_done(app: &TestApp, owner: &Person, who: &Person, verb: &str, id: UserId) -> bool {
    let path = format!("/users/{id}");
    match verb {
        "edit" => {
            // As somebody sees it who may: whoever may not has no form.
            let form = owner.get(&path).await.form("#user").with("job_title", "Lead");
            who.post(&path, form).await;
            app.find(id).details.job_title == "Lead"
        }
        "disable" => {
            who.post(&format!("{path}/status"), [("status", "disabled")]).await;
            app.find(id).details.status == Status::Disabled
        }
        "role" => {
            let before = app.find(id).details.role;
            let wanted = if before == Role::Agent { "member" } else { "agent" };
            who.post(&format!("{path}/role"), [("role", wanted), ("own_password", PASSWORD)]).await;
            app.find(id).details.role != before
        }
        "plan" => {
            let free = app.plan("Free");
            batch(who, id, &format!("plan:{free}"), "").await;
            app.find(id).details.plan.0.to_string() == free
        }
        "delete" => {
            batch(who, id, "delete", "").await;
            app.find(id).details.status == Status::Pending
        }
        "restore" => {
            let (system, removal) = (Actor::system(app.account), Removal { heir: None, erase_at: clock::now() });
            app.db.write_now(|conn| users::delete(conn, &app.config, &system, id, &removal).map(|_| ())).unwrap();
            who.post(&format!("{path}/restoration"), [("back", "")]).await;
            app.find(id).details.status == Status::Disabled
        }
        _ => {
            let leaving = app.user_with(&format!("Leaving {id}"), |details| details.phone_ext = "104".into());
            batch(who, leaving, "delete", &app.find(id).details.email).await;
            app.run("UPDATE users SET phone_ext = '' WHERE status = 'enabled' AND first_name = 'Leaving'");
            app.find(id).details.phone_ext == "104"
        }
    }
}

#[actix_web::test]
async fn nobody_does_anything_to_whom_they_do_not_outrank() {
    let (app, _) = TestApp::with_owner_and(Setup { seats: 1000, ..Setup::default() }).await;
    let operator = app.person("Ola Operator", Role::Owner).await;
    app.appoint_operator(&operator);
    let targets = Role::ALL.iter().map(|role| role.code()).chain(["operator"]).enumerate();
    let targets: Vec<(usize, &str)> = targets.collect();
    let mut wrong = vec![];
    for (role, verbs, reached) in TABLE {
        let who = app.person(&format!("Actor {}", role.label()), *role).await;
        for (n, target) in &targets {
            for verb in VERBS {
                let id = somebody(&app, &format!("{verb} {n} by {}", role.label()), target);
                let may = verbs.split(' ').any(|one| one == verb) && reached.split(' ').any(|one| one == *target);
                if is_done(&app, &operator, &who, verb, id).await != may {
                    wrong.push(format!("{} {verb} {target}: {may} was expected", role.label()));
                }
                app.run(&format!("UPDATE users SET phone_ext = '' WHERE id = {id}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(app.differences(), Vec::<String>::new());
}
