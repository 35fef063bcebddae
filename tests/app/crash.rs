//! Kill -9 at random moments under load: what was acknowledged is there, e-mails that are owed are sent.

use crate::support::{
    Browser, Countdown, MailServer, Program, Serving, Setup, TestApp, TestDatabase, UserForm, number, until,
};
use diesel::prelude::*;
use diesel::sql_types::Text;
use seatkeeper::db::Db;
use std::collections::HashMap;
use std::rc::Rc;

const KILLS: usize = 20;
const CLIENTS: usize = 4;
/// Another one makes other moments.
const SEED: u64 = 20_261_126;

/// The program's life until it is killed: after so many writes were acknowledged, while others are under way.
struct Life {
    amara: Browser,
    /// A form that adds somebody.
    blank: UserForm,
    acknowledged: Countdown,
}

/// What a user may be like: as the last acknowledged write left it, or as one made it whose answer never came.
#[derive(Debug, Clone)]
struct Known {
    is_acknowledged: bool,
    /// Their page, once it was found.
    path: Option<String>,
    title: Vec<String>,
    status: Vec<&'static str>,
    role: Vec<&'static str>,
}

impl Known {
    fn new() -> Self {
        let (title, status, role) = (vec![String::new()], vec!["enabled"], vec!["member"]);
        Known { is_acknowledged: false, path: None, title, status, role }
    }
}

/// An admin at work, with users that nobody else touches.
struct Client {
    random: Random,
    name: String,
    users: HashMap<String, Known>,
    /// Of this life of the program.
    new: Vec<String>,
    writes: u32,
}

impl Client {
    fn new(number: usize) -> Self {
        let random = Random(SEED + number as u64);
        Client { random, name: format!("client{number}"), users: HashMap::new(), new: vec![], writes: 0 }
    }

    /// Until the program is gone.
    async fn work(mut self, life: Rc<Life>) -> Self {
        self.new.clear();
        while self.write(&life).await.is_some() {
            life.acknowledged.count();
        }
        self
    }

    /// One write; None where its answer did not come.
    async fn write(&mut self, life: &Life) -> Option<()> {
        self.writes += 1;
        match self.random.below(8) {
            0..3 => self.add(life).await,
            3..5 => self.edit(life).await,
            5..7 => self.switch(life).await,
            _ => self.change_many(life).await,
        }
    }

    async fn add(&mut self, life: &Life) -> Option<()> {
        let username = format!("{}.{}", self.name, self.writes);
        let form = life.blank.clone().with("username", &username).with("email", email(&username));
        self.users.insert(username.clone(), Known::new());
        post(&life.amara, "/users", form).await?;
        self.known(&username).is_acknowledged = true;
        self.new.push(username);
        Some(())
    }

    async fn edit(&mut self, life: &Life) -> Option<()> {
        let Some((username, path)) = self.somebody(life).await? else { return self.add(life).await };
        let title = format!("Title {}", self.writes);
        let form = life.amara.try_get(&path).await?.form("#user").with("job_title", &title);
        let known = self.known(&username);
        known.title.push(title.clone());
        post(&life.amara, &path, form).await?;
        known.title = vec![title];
        Some(())
    }

    async fn switch(&mut self, life: &Life) -> Option<()> {
        let Some((username, path)) = self.somebody(life).await? else { return self.add(life).await };
        let known = self.known(&username);
        let status = if known.status == ["enabled"] { "disabled" } else { "enabled" };
        known.status.push(status);
        post(&life.amara, &format!("{path}/status"), [("status", status)]).await?;
        known.status = vec![status];
        Some(())
    }

    /// Those who were added in this life become agents: each is meant once, so that no batch overtakes another.
    async fn change_many(&mut self, life: &Life) -> Option<()> {
        if self.new.len() < 2 {
            return self.add(life).await;
        }
        let meant = std::mem::take(&mut self.new);
        let mut fields = vec![("action", "role:agent".to_owned())];
        for username in &meant {
            let path = self.path_of(life, username).await?;
            fields.push(("id", path.trim_start_matches("/users/").to_owned()));
        }
        let draft = post(&life.amara, "/users/batches", fields).await?;
        let confirmation = life.amara.try_get(&draft).await?;
        for username in &meant {
            self.known(username).role.push("agent");
        }
        let path = confirmation.attrs("dialog form", "action").remove(0);
        post(&life.amara, &path, confirmation.form("dialog form")).await?;
        for username in &meant {
            self.known(username).role = vec!["agent"];
        }
        Some(())
    }

    /// One of the own users and their page; None where there are none yet.
    async fn somebody(&mut self, life: &Life) -> Option<Option<(String, String)>> {
        let mut all: Vec<&String> =
            self.users.iter().filter(|(_, known)| known.is_acknowledged).map(|(name, _)| name).collect();
        if all.is_empty() {
            return Some(None);
        }
        all.sort();
        let username = all[self.random.below(all.len() as u64) as usize].clone();
        let path = self.path_of(life, &username).await?;
        Some(Some((username, path)))
    }

    fn known(&mut self, username: &str) -> &mut Known {
        self.users.get_mut(username).expect("it is one of ours")
    }

    /// The page of one of ours, wherever they are listed.
    async fn path_of(&mut self, life: &Life, username: &str) -> Option<String> {
        if let Some(path) = &self.known(username).path {
            return Some(path.clone());
        }
        for tab in ["enabled", "disabled"] {
            let list = life.amara.try_get(&format!("/users?status={tab}&q={username}@")).await?;
            if let Some(link) = list.attrs("table.list tbody th a", "href").first() {
                let path = link.split('?').next()?.to_owned();
                self.known(username).path = Some(path.clone());
                return Some(path);
            }
        }
        panic!("seed {SEED}: {username} is on no tab");
    }

    /// Compares with what is stored, and takes that for the truth from now on.
    fn check(&mut self, stored: &HashMap<String, Stored>) {
        self.users.retain(|username, known| known.is_acknowledged || stored.contains_key(username));
        for (username, known) in &mut self.users {
            let found = stored.get(username).unwrap_or_else(|| panic!("{username} was added and is gone"));
            let told = format!("{username}: {found:?}, {known:?}");
            known.title.retain(|title| *title == found.title);
            known.status.retain(|status| *status == found.status);
            known.role.retain(|role| *role == found.role);
            let is_as_known = [known.title.len(), known.status.len(), known.role.len()] == [1; 3];
            assert!(is_as_known, "seed {SEED}: {told}");
            known.is_acknowledged = true;
        }
    }
}

fn email(username: &str) -> String {
    format!("{username}@harbourline.example")
}

/// Sends a form; where it leads, once that is acknowledged.
async fn post<N: AsRef<str>, V: AsRef<str>>(
    amara: &Browser,
    path: &str,
    fields: impl IntoIterator<Item = (N, V)>,
) -> Option<String> {
    let page = amara.try_post(path, fields).await?;
    assert_eq!(page.status, 303, "{path}: {page:?}");
    page.location
}

/// A user as the database has them.
#[derive(Debug, QueryableByName)]
struct Stored {
    #[diesel(sql_type = Text)]
    username: String,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Text)]
    role: String,
}

fn stored(db: &Db) -> HashMap<String, Stored> {
    let query = "SELECT users.username_key AS username, job_title AS title, status, role FROM users
                 JOIN user_settings ON user_id = users.id WHERE username_key <> ''";
    let rows: Vec<Stored> = db.read_now(|conn| Ok(diesel::sql_query(query).load(conn)?)).unwrap();
    rows.into_iter().map(|row| (row.username.clone(), row)).collect()
}

fn count(db: &Db, rows: &str) -> i64 {
    number(db, &format!("SELECT COUNT(*) AS n FROM {rows}"))
}

/// The next numbers of a sequence that is the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        // Knuth's MMIX; its high bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Lets all clients work until enough was acknowledged, and kills the program.
async fn live(serving: &mut Serving, clients: Vec<Client>, life: Life) -> Vec<Client> {
    let life = Rc::new(life);
    let working: Vec<_> = clients.into_iter().map(|client| actix_web::rt::spawn(client.work(life.clone()))).collect();
    life.acknowledged.is_over().await;
    serving.kill();
    let mut clients = vec![];
    for client in working {
        clients.push(client.await.unwrap());
    }
    clients
}

/// Nobody else has the database open: what is found after a kill is what the program alone has left.
async fn prepared() -> (TestDatabase, Browser, UserForm, String) {
    let (app, amara) = TestApp::with_owner_and(Setup { seats: 10_000, ..Setup::default() }).await;
    let key = app.config.cookie_key.iter().map(|byte| format!("{byte:02x}")).collect();
    let blank = app.a_user("Mateo Silva");
    (app.leave(), amara.browser, blank, key)
}

#[actix_web::test]
async fn twenty_kills_under_load_lose_nothing_that_was_acknowledged() {
    let server = MailServer::start();
    let (database, amara, blank, key) = prepared().await;
    let program = Program::on(&database).with("COOKIE_KEY", &key).with("BCRYPT_COST", "10").sending_to(&server);
    let mut random = Random(SEED);
    let mut clients: Vec<Client> = (0..CLIENTS).map(Client::new).collect();
    for kill in 1..=KILLS {
        let mut serving = program.serve().await;
        check(&mut clients, &database).await;
        let acknowledged = Countdown::new(1 + random.below(16));
        let life = Life { amara: serving.visited_by(&amara), blank: blank.clone(), acknowledged };
        clients = live(&mut serving, clients, life).await;
        program.verify(&format!("seed {SEED}, kill {kill}"));
    }
    let mut serving = program.serve().await;
    check(&mut clients, &database).await;
    until_all_mail_is_sent(&database).await;
    assert_eq!(serving.stop().await, Some(0));
    program.verify("in the end");
    each_welcome_came(&database, &server);
}

/// What each client knows is there, once the batches that were cut short are finished.
async fn check(clients: &mut [Client], database: &TestDatabase) {
    let db = database.open();
    until("no batch is left half done", || count(&db, "batches WHERE state = 'running'") == 0).await;
    let stored = stored(&db);
    clients.iter_mut().for_each(|client| client.check(&stored));
}

async fn until_all_mail_is_sent(database: &TestDatabase) {
    let db = database.open();
    // The claims of the programs that were killed run out.
    let over = "UPDATE outbox SET next_attempt_at = '2020-01-01 00:00:00' WHERE state = 'sending'";
    db.write_now(|conn| Ok(diesel::sql_query(over).execute(conn)?)).unwrap();
    until("all mail is sent", || count(&db, "outbox WHERE state <> 'sent'") == 0).await;
}

/// Each of those who were added has the welcome, twice at the worst; nobody else has any.
fn each_welcome_came(database: &TestDatabase, server: &MailServer) {
    let mut owed: Vec<String> = stored(&database.open()).into_keys().map(|username| email(&username)).collect();
    let mut sent: HashMap<String, usize> = HashMap::new();
    for mail in server.mails() {
        *sent.entry(mail.to[0].clone()).or_default() += 1;
    }
    let mut recipients: Vec<String> = sent.keys().cloned().collect();
    owed.sort();
    recipients.sort();
    assert_eq!(recipients, owed, "seed {SEED}");
    assert!(owed.len() > 50, "{} users were too few to prove anything", owed.len());
    assert!(sent.values().all(|times| *times <= 2), "seed {SEED}: {sent:?}");
    let again = sent.values().sum::<usize>() - owed.len();
    assert!(again <= KILLS, "seed {SEED}: {again} were sent again by {KILLS} kills");
}
