//! Every form of every page, sent by those who should not: as it is, aimed at others, and with one field more. What they
//! get for an answer matters less here than what is stored afterwards.

use crate::support::{Browser, Found, PASSWORD, Person, Setup, TestApp, UserForm, dialogs, forms};
use seatkeeper::access::{AccountId, Needs, Permission, Permissions, Role, UserId};
use seatkeeper::users::Status;
use std::collections::{BTreeMap, BTreeSet};

/// What must not be changed by whom: account, user (0: the account itself) and which of their things; and what it is.
type Facts = BTreeMap<(i64, i64, &'static str), String>;

/// Texts of account, user and value, with blanks between.
const FACTS: &[(&str, &str)] = &[
    ("role", "SELECT account_id AS a, id AS u, role AS v FROM users"),
    ("status", "SELECT account_id AS a, id AS u, status AS v FROM users"),
    (
        "sign-in",
        "SELECT users.account_id AS a, id AS u, email || '|' || username || '|' || COALESCE(password_hash, '') AS v
         FROM users LEFT JOIN credentials ON credentials.account_id = users.account_id AND user_id = id",
    ),
    (
        "details",
        "SELECT users.account_id AS a, id AS u, first_name || '|' || last_name || '|' || phone || '|' || phone_ext || '|' ||
         company || '|' || job_title || '|' || ext_phone || '|' || CAST(plan_id AS TEXT) || '|' || seat || '|' || user_type ||
         use_balance || CAST(dialer AS TEXT) || CAST(local_presence AS TEXT) AS v
         FROM users JOIN user_settings ON user_settings.account_id = users.account_id AND user_id = id",
    ),
    ("teams", "SELECT account_id AS a, user_id AS u, CAST(team_id AS TEXT) AS v FROM team_members"),
    ("credits", "SELECT account_id AS a, user_id AS u, kind || CAST(allocated AS TEXT) AS v FROM allocations"),
    ("tokens", "SELECT account_id AS a, created_by AS u, hint || COALESCE(CAST(revoked_at AS TEXT), '') AS v FROM api_tokens"),
    ("operator", "SELECT account_id AS a, user_id AS u, 'yes' AS v FROM operators"),
    (
        "account",
        "SELECT id AS a, 0 AS u, name || '|' || country || '|' || time_zone || '|' || CAST(plan_id AS TEXT) || '|' ||
         CAST(shared_host AS TEXT) || '|' || CAST(seat_limit AS TEXT) AS v FROM accounts",
    ),
    ("pools", "SELECT account_id AS a, 0 AS u, kind || CAST(total AS TEXT) AS v FROM credit_pools"),
    ("domain", "SELECT account_id AS a, 0 AS u, host || status AS v FROM domains"),
    ("team names", "SELECT account_id AS a, 0 AS u, name AS v FROM teams"),
];

fn facts(app: &TestApp) -> Facts {
    let mut facts = Facts::new();
    for (what, sql) in FACTS {
        let sql =
            format!("SELECT CAST(a AS TEXT) || ' ' || CAST(u AS TEXT) || ' ' || v AS t FROM ({sql}) AS f ORDER BY 1");
        for text in app.texts(&sql) {
            let mut parts = text.splitn(3, ' ');
            let mut id = || parts.next().unwrap().parse().unwrap();
            let value: &mut String = facts.entry((id(), id(), *what)).or_default();
            *value += parts.next().unwrap();
        }
    }
    facts
}

/// An account with somebody of every role, somebody on each tab, and all that has an id.
struct Scene {
    app: TestApp,
    owner: Person,
    stranger: Person,
    operator: UserId,
    /// Whom the attacks are aimed at: somebody of each role, an operator, somebody pending deletion.
    targets: Vec<UserId>,
    member: UserId,
    pending: UserId,
    forms: Vec<Found>,
    /// What is put into each field: everything that anybody's form offers, and what some wish for.
    values: BTreeMap<String, BTreeSet<String>>,
}

/// Fields that no form has, and values that no form offers.
const WISHES: &[(&str, &str)] = &[
    ("role", "owner"),
    ("role", "emperor"),
    ("action", "role:owner"),
    ("action", "delete"),
    ("status", "pending"),
    ("operator", "yes"),
    ("is_operator", "true"),
    ("permissions", "4294967295"),
    ("impersonator", "1"),
    ("seat_limit", "1000000"),
    ("credits", "1000000"),
    ("shared_host", "true"),
    ("version", "1"),
    ("version", "-1"),
    ("password_hash", "x"),
    ("confirmed", "true"),
    ("own_password", "a-guess"),
    ("all", "yes"),
    ("page", "yes"),
    ("password", PASSWORD),
    ("email", "mallory@evil.example"),
    ("username", "mallory"),
    ("heir", "mallory@evil.example"),
];

impl Scene {
    async fn new() -> Self {
        let (app, owner) = TestApp::with_owner_and(Setup { seats: 100, ..Setup::default() }).await;
        let stranger = app.stranger().await;
        let people = [Role::Admin, Role::Manager, Role::Moderator, Role::Dev, Role::Member];
        let mut targets: Vec<UserId> =
            people.iter().map(|role| app.user(&format!("Person {}", role.label()), *role)).collect();
        targets.push(app.owner);
        let member = targets[4];
        app.team(app.account, "Pilots");
        app.team(app.other_account, "Scribes");
        app.user_of(app.other_account, "Quentin Reed", |_| {});
        app.user_with("Dina Ott", |details| details.status = Status::Disabled);
        let (operator, pending) = (app.user("Olga Operator", Role::Member), app.user("Petra Pending", Role::Member));
        targets.extend([operator, pending]);
        app.appoint_operator(&app.knows(app.account, operator));
        for maker in [app.owner, targets[3]] {
            app.token_of(app.account, maker, "Dialer");
        }
        let removal =
            seatkeeper::users::Removal { heir: None, erase_at: seatkeeper::clock::now() + chrono::Duration::days(9) };
        let system = seatkeeper::access::Actor::system(app.account);
        app.db.write_now(|conn| seatkeeper::users::delete(conn, &app.config, &system, pending, &removal)).unwrap();
        let mut scene =
            Scene { app, owner, stranger, operator, targets, member, pending, forms: vec![], values: BTreeMap::new() };
        scene.collect().await;
        scene
    }

    /// The Owner's forms, and what all forms offer.
    async fn collect(&mut self) {
        let mut starts = vec!["/".to_owned(), format!("/users/{}", self.pending)];
        starts.extend(dialogs(&self.owner, self.member).await);
        self.forms = forms(&self.owner, &starts).await;
        let theirs = forms(&self.stranger, &["/".to_owned()]).await;
        // Of ids, those of the other account: our own are aimed at one by one.
        let is_id = |value: &str| value.trim_start_matches("plan:").parse::<i64>().is_ok();
        let ours = self.forms.iter().flat_map(|form| &form.offers).filter(|(_, value)| !is_id(value));
        let theirs = theirs.iter().flat_map(|form| &form.offers).filter(|(_, value)| is_id(value));
        let wishes = WISHES.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let all: Vec<(String, String)> = ours.chain(theirs).cloned().chain(wishes).collect();
        for (name, value) in all.into_iter().filter(|(name, _)| name != "back" && name != "scheme") {
            self.values.entry(name).or_default().insert(value);
        }
    }

    fn names(&self) -> BTreeSet<String> {
        self.forms.iter().map(Found::pattern).collect()
    }

    /// One form as it was found, then aimed at each; at a member with one field more or other besides.
    async fn attack(&self, who: &Browser, login: Option<&str>, form: &Found) {
        let values: Vec<_> =
            self.values.iter().flat_map(|(name, all)| all.iter().map(move |value| (name, value))).collect();
        self.send(who, login, form, form.ready(&self.app, self.targets.len() + values.len())).await;
        for (at, target) in self.targets.iter().enumerate() {
            let form = form.aimed_at(*target);
            self.send(who, login, &form, form.ready(&self.app, at)).await;
            let is_about_nobody = !form.action.contains(&target.to_string()) && form.fields.get("id").is_none();
            if is_about_nobody || *target == self.member {
                for (n, (name, value)) in values.iter().enumerate() {
                    let fields = form.ready(&self.app, self.targets.len() + n).with(name, value);
                    self.send(who, login, &form, fields).await;
                }
            }
            if is_about_nobody {
                break;
            }
        }
    }

    async fn send(&self, who: &Browser, login: Option<&str>, form: &Found, fields: UserForm) {
        let page = who.post(&form.action, fields.clone()).await;
        assert!(page.status < 500 && page.status != 405, "{} {fields:?}: {page:?}", form.action);
        if let Some(login) = login.filter(|_| page.sends_to_sign_in()) {
            // Somebody who changed their own password is out, and goes on with the new one.
            who.sign_in(login, PASSWORD, None).await;
        }
    }

    /// All forms by one who has these permissions in this account.
    async fn withstands(&self, who: &Browser, login: Option<&str>, rights: &Rights) {
        let before = facts(&self.app);
        for form in &self.forms {
            self.attack(who, login, form).await;
            let after = facts(&self.app);
            let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
            for key in keys.into_iter().filter(|key| before.get(*key) != after.get(*key)) {
                let (old, new) = (before.get(key), after.get(key));
                assert!(rights.allow(*key, &before, old, new), "{}: {key:?} was {old:?}, is {new:?}", form.action);
            }
        }
        assert_eq!(self.app.differences(), Vec::<String>::new());
    }
}

/// What an attacker may do after all.
struct Rights {
    account: AccountId,
    user: UserId,
    permissions: Permissions,
    operator: UserId,
}

impl Rights {
    /// The rules of the product, said once more and otherwise than in src/users/rules.rs.
    fn allow(&self, key: (i64, i64, &str), before: &Facts, old: Option<&String>, new: Option<&String>) -> bool {
        let (account, user, what) = key;
        let has = |permission| self.permissions.has(permission);
        let role = |code: &String| Role::from_code(code).unwrap();
        let of_tokens = what == "tokens" && has(Permission::ApiTokens);
        if account != self.account.0
            || user == 0
            || user == self.operator.0
            || !(has(Permission::EditUsers) || of_tokens)
        {
            return false;
        }
        let was = before.get(&(account, user, "role")).map(role);
        if was.is_some_and(|was| !self.permissions.covers(was.permissions()) || was == Role::Owner) {
            return false;
        }
        match (what, new) {
            ("role", Some(new)) if was.is_none() && role(new) == Role::Member => true,
            ("role", Some(new)) => {
                let new = role(new);
                let is_within = self.permissions.covers(new.permissions()) && new != Role::Owner;
                has(Permission::AssignRoles) && is_within && user != self.user.0
            }
            ("status", Some(new)) if new == "pending" => has(Permission::DeleteUsers) && user != self.user.0,
            ("status", Some(_)) => {
                user != self.user.0 && (old.is_none_or(|old| old != "pending") || has(Permission::DeleteUsers))
            }
            ("sign-in", Some(_)) => was.is_none() || has(Permission::SetPasswords),
            ("tokens", _) => of_tokens,
            ("credits", _) => has(Permission::AllocateCredits),
            ("details", Some(_)) => true,
            ("teams", _) => new.is_none_or(|teams| !teams.contains("Scribes")),
            // Erased.
            (_, None) => has(Permission::DeleteUsers) && user != self.user.0,
            _ => false,
        }
    }
}

async fn by_role(role: Role) {
    let scene = Scene::new().await;
    let mallory = scene.app.person("Mallory Grey", role).await;
    let permissions = role.permissions();
    let rights = Rights { account: scene.app.account, user: mallory.id, permissions, operator: scene.operator };
    scene.withstands(&mallory, Some(&mallory.login), &rights).await;
}

#[actix_web::test]
async fn an_admin_does_nothing_that_only_an_owner_or_operator_may() {
    by_role(Role::Admin).await;
}

#[actix_web::test]
async fn a_moderator_does_nothing_beyond_editing_those_below() {
    by_role(Role::Moderator).await;
}

#[actix_web::test]
async fn a_manager_changes_no_user() {
    by_role(Role::Manager).await;
}

#[actix_web::test]
async fn a_dev_changes_nothing_but_the_tokens_of_devs() {
    by_role(Role::Dev).await;
}

#[actix_web::test]
async fn a_sub_user_changes_nothing() {
    by_role(Role::Member).await;
}

#[actix_web::test]
async fn another_accounts_owner_changes_nothing_of_ours() {
    let scene = Scene::new().await;
    let account = scene.app.other_account;
    let rights =
        Rights { account, user: scene.stranger.id, permissions: Role::Owner.permissions(), operator: UserId(0) };
    scene.withstands(&scene.stranger, Some(&scene.stranger.login), &rights).await;
}

#[actix_web::test]
async fn who_is_not_signed_in_changes_nothing() {
    let scene = Scene::new().await;
    let before = scene.app.everything();
    for form in &scene.forms {
        scene.attack(&scene.app.visitor(), None, form).await;
    }
    assert_eq!(scene.app.everything(), before);
}

/// Else the attacks here would miss something.
#[actix_web::test]
async fn every_route_that_writes_has_a_form_that_is_found() {
    let scene = Scene::new().await;
    let found = scene.names();
    for entry in seatkeeper::routes::all() {
        let is_elsewhere = ["/sign-in", "/sign-out", "/set-up/{token}"].contains(&entry.path);
        if entry.method == actix_web::http::Method::POST && entry.needs != Needs::Token && !is_elsewhere {
            assert!(found.contains(entry.path), "no page leads to a form for {}: see Scene::collect", entry.path);
        }
    }
}
