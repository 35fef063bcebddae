//! The application under test: a server of its own on a free port, with two accounts.

use super::database::{TestDatabase, number, texts};
use super::form::UserForm;
use super::person::{Browser, Person};
use super::{PASSWORD, tables};
use actix_web::dev::ServerHandle;
use actix_web::{HttpServer, web};
use diesel::connection::SimpleConnection;
use seatkeeper::access::{AccountId, Actor, Role, UserId};
use seatkeeper::accounts::{self, NewAccount};
use seatkeeper::app::{self, App};
use seatkeeper::clock;
use seatkeeper::config::{Config, Smtp};
use seatkeeper::credits::{Book, CreditKind, IdempotencyKey, Reported};
use seatkeeper::db::Db;
use seatkeeper::sessions::{PasswordHash, Passwords};
use seatkeeper::teams::{self, TeamId};
use seatkeeper::tokens::{NewToken, Secret};
use seatkeeper::users::{self, Details, NewUser, Seat, Status, UseBalance, UserType, fold};
use seatkeeper::{operator, plans, tokens};
use std::net::{SocketAddr, TcpListener};
use std::sync::{OnceLock, mpsc};
use std::thread::JoinHandle;

/// Low, so that a test does not wait for hashes.
const BCRYPT_COST: u32 = 4;

/// What a test may want different.
pub struct Setup {
    /// Total Licenses of Harbourline.
    pub seats: i32,
    /// Whether Harbourline's people may sign in on the shared host.
    pub shared_host: bool,
    /// Harbourline's verified domain.
    pub domain: Option<&'static str>,
    /// The other account's.
    pub other_domain: Option<&'static str>,
    pub base_url: Option<&'static str>,
    pub time_zone: &'static str,
    pub smtp: Option<Smtp>,
    /// Whether what browsers say of their network address is believed: see [`Browser::from`].
    pub proxy: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Setup {
            seats: 25,
            shared_host: true,
            domain: None,
            other_domain: None,
            base_url: None,
            time_zone: "UTC",
            smtp: None,
            proxy: false,
        }
    }
}

pub struct TestApp {
    // The order is the one in which they go: nobody uses the database any more when it is dropped.
    server: Server,
    pub db: Db,
    pub config: Config,
    /// The server's own, which counts the hashes it makes.
    pub passwords: Passwords,
    pub database: TestDatabase,
    /// Harbourline, whose people the tests are about.
    pub account: AccountId,
    pub owner: UserId,
    /// Quillworks, of which Harbourline must never see anything, and the other way round.
    pub other_account: AccountId,
    pub other_owner: UserId,
}

impl TestApp {
    pub async fn new() -> Self {
        Self::with(Setup::default()).await
    }

    /// Harbourline's Owner, signed in.
    pub async fn with_owner() -> (Self, Person) {
        Self::with_owner_and(Setup::default()).await
    }

    pub async fn with_owner_and(setup: Setup) -> (Self, Person) {
        Self::with_owner_on(TestDatabase::migrated(), setup).await
    }

    pub async fn with_owner_on(database: TestDatabase, setup: Setup) -> (Self, Person) {
        let app = Self::on(database, setup).await;
        let amara = app.browse_as(app.account, app.owner).await;
        (app, amara)
    }

    pub async fn with(setup: Setup) -> Self {
        Self::on(TestDatabase::migrated(), setup).await
    }

    /// On a database with the schema and nothing in it.
    pub async fn on(database: TestDatabase, setup: Setup) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let base_url = setup.base_url.map_or_else(|| format!("http://{address}"), str::to_owned);
        let trusted_proxies = if setup.proxy { vec!["127.0.0.0/8".parse().unwrap()] } else { vec![] };
        let config = Config {
            base_url: base_url.parse().unwrap(),
            smtp: setup.smtp.clone(),
            trusted_proxies,
            ..config(address)
        };
        let db = database.open();
        let harbourline = NewAccount {
            seat_limit: setup.seats,
            shared_host: setup.shared_host,
            domain: setup.domain.map(str::to_owned),
            time_zone: setup.time_zone.into(),
            ..new_account("Harbourline", "Amara Okafor", "amara.okafor@harbourline.example")
        };
        let quillworks = NewAccount {
            domain: setup.other_domain.map(str::to_owned),
            ..new_account("Quillworks", "Zora Quill", "zora.quill@quillworks.example")
        };
        let ((account, owner), (other_account, other_owner)) = db
            .write_now(|conn| Ok((accounts::create(conn, &harbourline)?, accounts::create(conn, &quillworks)?)))
            .unwrap();
        let application = App::new(config.clone(), db.clone()).unwrap();
        let passwords = application.passwords.clone();
        let server = Server::start(application, listener);
        TestApp { server, db, config, passwords, database, account, owner, other_account, other_owner }
    }

    /// Somebody's browser, not signed in.
    pub fn visitor(&self) -> Browser {
        Browser::new(self.config.listen)
    }

    /// A new user of Harbourline, signed in.
    pub async fn person(&self, name: &str, role: Role) -> Person {
        let id = self.user(name, role);
        self.browse_as(self.account, id).await
    }

    /// The other account's Owner, signed in.
    pub async fn stranger(&self) -> Person {
        self.browse_as(self.other_account, self.other_owner).await
    }

    /// A user's browser, signed in with the password of everybody.
    pub async fn browse_as(&self, account: AccountId, id: UserId) -> Person {
        let person = self.knows(account, id);
        let host = self.domain_of(account);
        person.browser.sign_in(&person.login, PASSWORD, host.as_deref()).await;
        person
    }

    /// A user, not signed in anywhere.
    pub fn knows(&self, account: AccountId, id: UserId) -> Person {
        let user = self.db.read_now(|conn| users::find(conn, account, id)).unwrap();
        Person::new(self.visitor(), account, &user)
    }

    /// Where an account signs in, if not on the shared host.
    fn domain_of(&self, account: AccountId) -> Option<String> {
        self.db
            .read_now(|conn| {
                let shared = accounts::find(conn, account)?.shared_host;
                let domain = seatkeeper::domains::primary_of(conn, account)?;
                Ok(domain.filter(|_| !shared))
            })
            .unwrap()
    }

    /// A new user of Harbourline.
    pub fn user(&self, name: &str, role: Role) -> UserId {
        self.user_with(name, |details| details.role = role)
    }

    pub fn user_with(&self, name: &str, change: impl Fn(&mut Details)) -> UserId {
        self.user_of(self.account, name, change)
    }

    /// A new user of an account, added by the model's own verb.
    pub fn user_of(&self, account: AccountId, name: &str, change: impl Fn(&mut Details)) -> UserId {
        let mut details = self.details(account, name);
        change(&mut details);
        let new = NewUser { details, password: hash() };
        self.db.write_now(|conn| users::add(conn, &self.config, &Actor::system(account), &new)).unwrap()
    }

    /// New users of an account, in one transaction.
    pub fn users_of(&self, account: AccountId, all: Vec<Details>) -> Vec<UserId> {
        let actor = Actor::system(account);
        let all: Vec<NewUser> = all.into_iter().map(|details| NewUser { details, password: hash() }).collect();
        self.db.write_now(|conn| all.iter().map(|new| users::add(conn, &self.config, &actor, new)).collect()).unwrap()
    }

    /// What a user has who is nothing special.
    pub fn details(&self, account: AccountId, name: &str) -> Details {
        let (first, last) = two_words(name);
        let domain = if account == self.account { "harbourline.example" } else { "quillworks.example" };
        Details {
            user_type: UserType::Email,
            first_name: first.into(),
            last_name: last.into(),
            email: format!("{}@{domain}", fold(name).replace(' ', ".")),
            username: String::new(),
            phone: String::new(),
            phone_ext: String::new(),
            job_title: String::new(),
            company: String::new(),
            role: Role::Member,
            plan: self.db.read_now(|conn| plans::named(conn, "Standard")).unwrap().id,
            status: Status::Enabled,
            dialer: false,
            local_presence: false,
            use_balance: UseBalance::Company,
            ext_phone: String::new(),
            seat: Seat::Package,
            teams: vec![],
        }
    }

    /// A valid form that adds a user by username.
    pub fn a_user(&self, name: &str) -> UserForm {
        UserForm::adding(name, &self.plan("Standard"))
    }

    /// The id of a plan, as forms send it.
    pub fn plan(&self, name: &str) -> String {
        self.db.read_now(|conn| plans::named(conn, name)).unwrap().id.0.to_string()
    }

    pub fn team(&self, account: AccountId, name: &str) -> TeamId {
        self.db.write_now(|conn| teams::add(conn, account, name, &fold(name))).unwrap()
    }

    pub fn find(&self, id: UserId) -> users::User {
        self.db.read_now(|conn| users::find(conn, self.account, id)).unwrap()
    }

    /// The user of Harbourline with this name, whoever added them.
    pub fn find_by_name(&self, name: &str) -> users::User {
        let condition = format!("account_id = {} AND name_key = '{}'", self.account.0, fold(name));
        let id = self.number(&format!("SELECT id AS n FROM users WHERE {condition}"));
        self.find(UserId(id))
    }

    pub fn set_status(&self, id: UserId, status: Status) {
        let actor = Actor::system(self.account);
        self.db.write_now(|conn| users::set_status(conn, &actor, id, status).map(|_| ())).unwrap();
    }

    pub fn appoint_operator(&self, person: &Person) {
        self.db.write_now(|conn| operator::appoint(conn, person.account, person.id)).unwrap();
    }

    /// Rows of a table, or of `table WHERE …`.
    pub fn count(&self, table: &str) -> i64 {
        self.number(&format!("SELECT COUNT(*) AS n FROM {table}"))
    }

    /// The number `n` of a query with one row.
    pub fn number(&self, sql: &str) -> i64 {
        number(&self.db, sql)
    }

    /// The texts `t` of a query.
    pub fn texts(&self, sql: &str) -> Vec<String> {
        texts(&self.db, sql)
    }

    /// Changes the database behind the program's back.
    pub fn run(&self, sql: &str) {
        self.db.write_now(|conn| Ok(conn.batch_execute(sql)?)).expect(sql);
    }

    /// Everything that is stored, but sessions and failed sign-ins: two are alike while nothing was written.
    pub fn everything(&self) -> String {
        let kept = tables().into_iter().filter(|table| !["sessions", "sign_in_failures"].contains(&&*table.name));
        kept.map(|table| format!("{}\n{}\n", table.name, self.texts(&table.rows_as_text()).join("\n"))).collect()
    }

    /// Deletes every row: an installation that nobody has set up.
    pub fn clear(&self) {
        let all: Vec<String> = tables().into_iter().map(|table| table.name).collect();
        self.run(&match self.db.is_postgres() {
            true => format!("ALTER TABLE ledger DISABLE TRIGGER ALL; TRUNCATE {}", all.join(", ")),
            // References are looked at when all is gone.
            false => format!(
                "DROP TRIGGER IF EXISTS ledger_keeps_all; PRAGMA defer_foreign_keys = ON; DELETE FROM {};",
                all.join("; DELETE FROM ")
            ),
        });
    }

    /// Grants the pool 500, or as much as is allocated, gives it to a user, and counts some of it as used.
    pub fn give(&self, user: UserId, kind: &str, allocated: i64, used: i64) {
        let (kind, actor) = (CreditKind::from_code(kind).unwrap(), Actor::system(self.account));
        let key = IdempotencyKey::of(&seatkeeper::db::new_id().to_string());
        let (at, day) = (clock::now(), clock::now().date());
        self.db
            .write_now(|conn| {
                users::take_turn(conn, self.account)?;
                let mut book = Book::open(conn, &actor, &[])?;
                book.grant(kind, allocated.max(500))?;
                book.save(conn, &actor, "")?;
                users::allocate_more(conn, &actor, user, kind, allocated, "")?;
                if used == 0 {
                    return Ok(());
                }
                let mut book = Book::open(conn, &actor, &[user])?;
                let reported = Reported { reference: String::new(), key: key.clone(), at, day };
                book.record_use(user, kind, used, reported)?;
                book.save(conn, &actor, "")?;
                Ok(())
            })
            .unwrap();
    }

    /// A new token of a user's, for as long as it is not revoked.
    pub fn token_of(&self, account: AccountId, maker: UserId, name: &str) -> String {
        let secret = Secret::generate().unwrap();
        let new = NewToken { name: name.into(), lifetime: None, form_key: None };
        self.db
            .write_now(|conn| {
                let actor = users::actor(conn, account, maker)?.expect("the maker is enabled");
                tokens::create(conn, &actor, &new, &secret)
            })
            .unwrap();
        secret.text().to_owned()
    }

    /// What `seatkeeper verify` says.
    pub fn differences(&self) -> Vec<String> {
        seatkeeper::verify::run(&self.db).unwrap()
    }

    /// A second handle on the same database, as another instance of the program has it.
    pub fn another_instance(&self) -> Db {
        self.database.open()
    }

    /// Nobody is left but the database, as if this instance had never been.
    pub fn leave(self) -> TestDatabase {
        self.database
    }

    pub fn is_up(&self) -> bool {
        self.server.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }
}

/// Settings of a test's server.
pub fn config(listen: SocketAddr) -> Config {
    Config {
        listen,
        base_url: format!("http://{listen}").parse().unwrap(),
        smtp: None,
        mail_from: "no-reply@seats.example".into(),
        trusted_proxies: vec![],
        request_timeout: std::time::Duration::from_secs(10),
        bcrypt_cost: BCRYPT_COST,
        cookie_key: vec![7; 64],
    }
}

/// First name and the rest.
pub fn two_words(name: &str) -> (&str, &str) {
    name.split_once(' ').unwrap_or((name, ""))
}

/// The hash of [`PASSWORD`], made once.
fn hash() -> PasswordHash {
    static HASH: OnceLock<PasswordHash> = OnceLock::new();
    HASH.get_or_init(|| Passwords::new(BCRYPT_COST).hash_now(PASSWORD).unwrap()).clone()
}

fn new_account(name: &str, owner: &str, email: &str) -> NewAccount {
    let (first, last) = two_words(owner);
    NewAccount {
        name: name.into(),
        country: "US".into(),
        time_zone: "UTC".into(),
        plan: "Professional".into(),
        shared_host: true,
        domain: None,
        seat_limit: 25,
        credits: 5000,
        owner_first_name: first.into(),
        owner_last_name: last.into(),
        owner_email: email.into(),
        owner_password: hash(),
    }
}

/// A thread that serves until this is dropped.
struct Server {
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(app: App, listener: TcpListener) -> Self {
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = web::Data::new(app);
                let server = HttpServer::new(move || app::build(app.clone()))
                    .workers(1)
                    .worker_max_blocking_threads(6)
                    .disable_signals()
                    .listen(listener)
                    .unwrap()
                    .run();
                tell.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        Server { handle: told.recv().unwrap(), thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The order is given at once; only its confirmation would have to be awaited.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
