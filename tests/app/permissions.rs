//! Who may do what: PRODUCT's table, and every route with every role.

use crate::support::{Browser, NOTHING, Page, Person, TestApp, fill};
use actix_web::http::Method;
use seatkeeper::access::{Needs, Permission, Role, UserId};
use seatkeeper::routes::{self, Entry};

/// The table of the product: permission, then an x for each role from Owner to Member.
const TABLE: &[(Permission, &str)] = &[
    (Permission::Own, "x x x x x x x"),
    (Permission::ViewUsers, "x x x x . . ."),
    (Permission::EditUsers, "x x . x . . ."),
    (Permission::DeleteUsers, "x x . . . . ."),
    (Permission::SetPasswords, "x x . . . . ."),
    (Permission::AllocateCredits, "x x . . . . ."),
    (Permission::AssignRoles, "x x . . . . ."),
    (Permission::DefineRoles, "x x . . . . ."),
    (Permission::ManageCalls, "x x x . . . ."),
    (Permission::ViewAnalytics, "x x x x . . ."),
    (Permission::ViewActivity, "x x . x . . ."),
    (Permission::ManageAccount, "x x . . . . ."),
    (Permission::WhiteLabel, "x x . . . . ."),
    (Permission::ApiTokens, "x x . . x . ."),
    (Permission::GrantOwner, "x . . . . . ."),
];

#[test]
fn the_built_in_roles_have_the_permissions_of_the_product() {
    let roles = [Role::Owner, Role::Admin, Role::Manager, Role::Moderator, Role::Dev, Role::Agent, Role::Member];
    assert_eq!(Role::ALL, roles);
    for (permission, marks) in TABLE {
        for (role, mark) in roles.iter().zip(marks.split(' ')) {
            assert_eq!(role.permissions().has(*permission), mark == "x", "{role:?} {permission:?}");
        }
    }
}

/// What stands in for the ids of a path.
struct Ids {
    user: UserId,
    token: i64,
    mail: i64,
}

impl Ids {
    fn of(app: &TestApp) -> Self {
        let user = app.user("Victor Hale", Role::Member);
        // A Dev's, whom all that have the permission outrank.
        let dev = app.user("Dana Voss", Role::Dev);
        app.token_of(app.account, dev, "Dialer");
        let token = app.number("SELECT id AS n FROM api_tokens");
        Ids { user, token, mail: app.number("SELECT MIN(id) AS n FROM outbox") }
    }

    fn fill(&self, path: &str) -> String {
        let id = match path {
            "/operator/mail/{id}" => self.mail,
            "/api-tokens/{id}/revocation" => self.token,
            // Nobody's: a batch is there for whoever made it.
            "/users/batches/{id}" => 1,
            _ => self.user.0,
        };
        fill(path, id)
    }
}

async fn call(who: &Browser, entry: &Entry, path: &str) -> Page {
    match entry.method {
        Method::GET => who.get(path).await,
        Method::POST => who.post(path, NOTHING).await,
        ref other => panic!("say in tests/app/permissions.rs how {other} is called"),
    }
}

/// Signing out last: it ends what the others need.
fn in_order() -> Vec<Entry> {
    let mut all = routes::all();
    all.sort_by_key(|entry| entry.path == "/sign-out");
    all
}

/// The handler was reached: it may still say that a form is blank (400, 409, 422) or lead on.
fn is_let_in(page: &Page, entry: &Entry) -> bool {
    match entry.path {
        // There are accounts, so set-up is over for everybody.
        "/set-up/{token}" | "/users/batches/{id}" | "/users/batches/{id}/undo" => page.status == 404,
        "/sign-out" => page.location.as_deref() == Some("/sign-in"),
        _ => ![403, 404, 405].contains(&page.status) && page.status < 500 && !page.sends_to_sign_in(),
    }
}

#[actix_web::test]
async fn every_role_reaches_what_it_may_and_nothing_else() {
    let (app, amara) = TestApp::with_owner().await;
    let ids = Ids::of(&app);
    let mut people: Vec<Person> = vec![amara];
    for role in Role::ALL.iter().filter(|role| **role != Role::Owner) {
        people.push(app.person(&format!("Person {}", role.label()), *role).await);
    }
    for person in &people {
        for entry in in_order() {
            let allowed = match entry.needs {
                Needs::Nothing | Needs::Site => true,
                Needs::Permission(permission) => person.role.permissions().has(permission),
                Needs::Operator | Needs::Token => false,
            };
            let page = call(person, &entry, &ids.fill(entry.path)).await;
            let case = format!("{} {} as {:?}: {page:?}", entry.method, entry.path, person.role);
            if allowed {
                assert!(is_let_in(&page, &entry), "{case}");
            } else if entry.needs == Needs::Token {
                assert_eq!(page.status, 401, "cookies count for nothing there: {case}");
            } else {
                assert_eq!(page.status, 403, "{case}");
                assert_eq!(page.text("h1"), "You don't have access to this page", "{case}");
            }
        }
    }
}

#[actix_web::test]
async fn who_is_not_signed_in_is_sent_to_sign_in() {
    let app = TestApp::new().await;
    let ids = Ids::of(&app);
    let before = app.everything();
    for entry in in_order() {
        let path = ids.fill(entry.path);
        let page = call(&app.visitor(), &entry, &path).await;
        let case = format!("{} {}: {page:?}", entry.method, entry.path);
        match entry.needs {
            Needs::Nothing | Needs::Site => assert!(is_let_in(&page, &entry), "{case}"),
            Needs::Token => assert_eq!(page.status, 401, "{case}"),
            Needs::Permission(_) | Needs::Operator => {
                let back: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
                let wanted = match entry.method {
                    Method::GET if path != "/" => format!("/sign-in?back={back}"),
                    _ => "/sign-in".to_owned(),
                };
                assert_eq!((page.status, page.location.as_deref()), (303, Some(wanted.as_str())), "{case}");
            }
        }
    }
    assert_eq!(app.everything(), before);
}

#[actix_web::test]
async fn an_operator_reaches_their_console_on_the_shared_host_only() {
    let (app, amara) = {
        let domain = Some("seats.harbourline.example");
        TestApp::with_owner_and(crate::support::Setup { domain, ..Default::default() }).await
    };
    let ids = Ids::of(&app);
    let (mina, adam) = (app.person("Mina Park", Role::Member).await, app.person("Adam Stone", Role::Admin).await);
    app.appoint_operator(&amara);
    app.appoint_operator(&mina);
    let consoles: Vec<Entry> = in_order().into_iter().filter(|entry| entry.needs == Needs::Operator).collect();
    assert!(!consoles.is_empty());
    for entry in consoles {
        let path = ids.fill(entry.path);
        for operator in [&amara, &mina] {
            let page = call(operator, &entry, &path).await;
            assert!(is_let_in(&page, &entry), "{path}: {page:?}");
            let page = call(&operator.at("seats.harbourline.example"), &entry, &path).await;
            assert_eq!(page.status, 404, "{path}: an account's domain has no such page");
        }
        assert_eq!(call(&adam, &entry, &path).await.status, 403, "{path}");
    }
}

#[actix_web::test]
async fn being_an_operator_gives_no_right_in_an_account() {
    let app = TestApp::new().await;
    let mina = app.person("Mina Park", Role::Member).await;
    app.appoint_operator(&mina);
    assert_eq!(mina.get("/users").await.status, 403);
    assert!(mina.get("/profile").await.has("a[href='/operator/mail']"));
    assert!(!app.person("Adam Stone", Role::Admin).await.get("/profile").await.has("a[href^='/operator']"));
}

#[actix_web::test]
async fn what_one_may_not_do_is_not_shown() {
    let (app, amara) = TestApp::with_owner().await;
    let mateo = app.user("Mateo Silva", Role::Member);
    let manager = app.person("Max Berg", Role::Manager).await;
    let mina = app.person("Mina Park", Role::Moderator).await;
    let menus = async |person: &Person| {
        let page = person.get("/users").await;
        let forms = page.attrs("main form[action$='/status']", "action");
        (page.has("a.btn[href^='/users/new']"), forms)
    };
    let status = |id: UserId| format!("/users/{id}/status");
    let (may_add, forms) = menus(&amara).await;
    assert!(may_add && forms.len() == 3 && !forms.contains(&status(amara.id)), "everybody but herself: {forms:?}");
    assert_eq!(menus(&manager).await, (false, vec![]));
    assert_eq!(menus(&mina).await, (true, vec![status(mateo)]), "whom she outranks, but not herself");
}
