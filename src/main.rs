//! The command line.

mod commands;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use commands::credits::Credits;
use seatkeeper::access::AccountId;
use seatkeeper::access::Actor;
use seatkeeper::accounts::{self, NewAccount};
use seatkeeper::config::{Config, DatabaseSettings, LogFormat, PasswordSettings, ServerSettings};
use seatkeeper::db::{Db, Location};
use seatkeeper::sessions::Passwords;
use seatkeeper::{demo, operator, server, users, verify};
use std::io::{Read, Write};
use std::process::ExitCode;

/// User management for communications accounts: seats, roles, teams, credits.
#[derive(Parser)]
#[command(name = "seatkeeper", version, about)]
struct Cli {
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the application (what happens without a command, too)
    Serve(ServerSettings),
    /// Serve a demo on a database of its own, on loopback only; e-mail is queued, never sent
    Demo(DemoArgs),
    /// Bring the database's schema up to date
    Migrate,
    /// Create accounts
    Account {
        #[command(subcommand)]
        command: AccountCommand,
    },
    /// Grant credits and minutes, and say how billing cycles and warnings go
    Credits {
        #[command(subcommand)]
        command: Credits,
    },
    /// Help users who are locked out
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Count again everything that is kept as a count or a sum; exit code 1 where something differs
    Verify,
}

#[derive(Args)]
struct DemoArgs {
    /// Port to listen on, or a loopback address and port
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Users of the first account, the seven known ones included
    #[arg(long, default_value_t = 137, value_parser = clap::value_parser!(u32).range(7..=5_000_000))]
    users: u32,
    /// Keep the demo database of last time
    #[arg(long)]
    keep: bool,
}

#[derive(Subcommand)]
enum AccountCommand {
    /// Create an account with its first Owner
    Create(CreateAccount),
}

#[derive(Args)]
struct CreateAccount {
    /// Name of the account
    #[arg(long)]
    name: String,
    /// E-mail address of its first Owner
    #[arg(long)]
    owner_email: String,
    /// First name of the Owner; the part of the address before the @ where there is none
    #[arg(long, default_value = "")]
    owner_first_name: String,
    /// Last name of the Owner
    #[arg(long, default_value = "")]
    owner_last_name: String,
    /// Read the Owner's password from standard input
    #[arg(long, required = true)]
    owner_password_stdin: bool,
    /// Total licenses
    #[arg(long, value_name = "LIMIT", value_parser = clap::value_parser!(i32).range(1..=5_000_000))]
    users: i32,
    /// Credits in each of the three pools
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..=1_000_000_000_000))]
    credits: i64,
    /// White-label host name that the operator vouches for
    #[arg(long)]
    domain: Option<String>,
    /// Let its users sign in on the shared host
    #[arg(long)]
    shared_host: bool,
    /// Make its Owner the operator of the installation, whose console is on the shared host
    #[arg(long, requires = "shared_host")]
    operator: bool,
    /// Plan of the account and its Owner
    #[arg(long, default_value = "Standard")]
    plan: String,
    /// Country, by its two letters
    #[arg(long, default_value = "US")]
    country: String,
    /// Time zone, such as Europe/Berlin
    #[arg(long, default_value = "UTC")]
    time_zone: String,
    #[command(flatten)]
    passwords: PasswordSettings,
}

#[derive(Subcommand)]
enum UserCommand {
    /// Set a user's password and end their sessions
    ResetPassword(ResetPassword),
}

#[derive(Args)]
struct ResetPassword {
    /// Their e-mail address or username
    #[arg(long)]
    login: String,
    /// Id of the account, where several have such a user
    #[arg(long)]
    account: Option<i64>,
    /// Read the password from standard input
    #[arg(long, required = true)]
    password_stdin: bool,
    #[command(flatten)]
    passwords: PasswordSettings,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    start_log(cli.database.log_format);
    let database = &cli.database;
    let done = match cli.command {
        None => serve(database, &ServerSettings::from_environment()),
        Some(Command::Serve(settings)) => serve(database, &settings),
        Some(Command::Demo(args)) => run_demo(database, &args),
        Some(Command::Migrate) => migrate(database),
        Some(Command::Account { command: AccountCommand::Create(args) }) => create_account(database, &args),
        Some(Command::Credits { command }) => change_credits(database, &command),
        Some(Command::User { command: UserCommand::ResetPassword(args) }) => reset_password(database, &args),
        Some(Command::Verify) => return exit(run_verify(database)),
    };
    exit(done.map(|()| ExitCode::SUCCESS))
}

fn exit(done: anyhow::Result<ExitCode>) -> ExitCode {
    done.unwrap_or_else(|error| {
        eprintln!("seatkeeper: {error:#}");
        ExitCode::FAILURE
    })
}

fn start_log(format: LogFormat) {
    use tracing_subscriber::{EnvFilter, fmt};
    // What strangers send that is no HTTP is no error of ours.
    let filter =
        EnvFilter::try_from_env("LOG").unwrap_or_else(|_| EnvFilter::new("info,actix_server=warn,actix_http=off"));
    // A log that can't be written (its disk is full) is no reason to stop: told to standard error, that would panic.
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    match format {
        LogFormat::Text => log.compact().init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}

fn open(database: &DatabaseSettings, connections: u32) -> anyhow::Result<Db> {
    Db::open(database.location("seatkeeper.db")?, connections)
}

/// A database that must be there already, with a schema that fits.
fn open_existing(database: &DatabaseSettings) -> anyhow::Result<Db> {
    let location = database.location("seatkeeper.db")?;
    if let Location::Sqlite(path) = &location
        && !path.exists()
    {
        bail!("there is no database {}", location.public());
    }
    let db = Db::open(location, 2)?;
    server::check_schema(&db)?;
    Ok(db)
}

fn serve(database: &DatabaseSettings, settings: &ServerSettings) -> anyhow::Result<()> {
    let config = Config::read(settings, &database.data_dir)?;
    let db = open(database, settings.db_connections)?;
    server::migrate(&db)?;
    tell(&format!("Seatkeeper serves on {}", config.url("/")));
    if let Some(url) = server::set_up_url(&config, &db)? {
        tell(&format!("There is no account yet. Set it up here, within 24 hours:\n  {url}"));
    }
    server::run(config, db)
}

/// To standard output, where there is one: `println!` would panic where it is closed or its disk is full.
fn tell(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn run_demo(database: &DatabaseSettings, args: &DemoArgs) -> anyhow::Result<()> {
    let settings = ServerSettings { listen: args.listen.clone(), ..ServerSettings::plain() };
    let config = Config::read(&settings, &database.data_dir)?;
    if !config.listen.ip().is_loopback() {
        bail!("the demo listens on loopback only, since its passwords are known: write --listen 127.0.0.1:8080");
    }
    let db = demo::open(database.location("demo.db")?, args.keep, settings.db_connections)?;
    if demo::is_empty(&db)? {
        let hash = Passwords::new(settings.passwords.bcrypt_cost).hash_now(demo::PASSWORD)?;
        demo::fill(&db, args.users, &hash)?;
    }
    println!("Seatkeeper's demo serves on {}\nPassword of all: {}", config.url("/"), demo::PASSWORD);
    for login in demo::SIGN_INS {
        println!("  {login}");
    }
    server::run(config, db)
}

fn migrate(database: &DatabaseSettings) -> anyhow::Result<()> {
    let db = open(database, 2)?;
    let done = server::migrate(&db)?;
    println!("{} is up to date ({done} applied)", db.location().public());
    Ok(())
}

fn read_password() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("the password can't be read from standard input")?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn create_account(database: &DatabaseSettings, args: &CreateAccount) -> anyhow::Result<()> {
    let db = open(database, 2)?;
    server::migrate(&db)?;
    let password = read_password()?;
    let email = args.owner_email.trim();
    let local_part = email.split('@').next().unwrap_or_default();
    let first_name = if args.owner_first_name.is_empty() { local_part } else { &args.owner_first_name };
    accounts::check_new(&accounts::NewAccountText {
        name: &args.name,
        country: &args.country,
        time_zone: &args.time_zone,
        domain: args.domain.as_deref(),
        first_name,
        last_name: &args.owner_last_name,
        email,
        password: &password,
    })?;
    let new = NewAccount {
        name: args.name.trim().to_owned(),
        country: args.country.trim().to_uppercase(),
        time_zone: args.time_zone.trim().to_owned(),
        plan: args.plan.clone(),
        shared_host: args.shared_host,
        domain: args.domain.as_deref().map(str::to_ascii_lowercase),
        seat_limit: args.users,
        credits: args.credits,
        owner_first_name: first_name.to_owned(),
        owner_last_name: args.owner_last_name.clone(),
        owner_email: email.to_owned(),
        owner_password: Passwords::new(args.passwords.bcrypt_cost).hash_now(&password)?,
    };
    let created = db.write_now(|conn| {
        let (account, owner) = accounts::create(conn, &new)?;
        if args.operator {
            operator::appoint(conn, account, owner)?;
        }
        Ok(account)
    });
    let account = created.map_err(|error| match error {
        seatkeeper::error::Error::NotFound => anyhow::anyhow!("there is no plan {}", args.plan),
        other => other.into(),
    })?;
    println!("Account {} created: {}", account.0, new.name);
    Ok(())
}

fn change_credits(database: &DatabaseSettings, command: &Credits) -> anyhow::Result<()> {
    println!("{}", command.run(&open_existing(database)?)?);
    Ok(())
}

fn reset_password(database: &DatabaseSettings, args: &ResetPassword) -> anyhow::Result<()> {
    let login = args.login.as_str();
    let db = open_existing(database)?;
    let password = read_password()?;
    if let Some(error) = accounts::password_error(&password, &[login]) {
        bail!("the password can't be used: {error}");
    }
    let found = db.read_now(|conn| users::known_as(conn, login, args.account.map(AccountId)))?;
    let (account, user) = match found.as_slice() {
        [one] => *one,
        [] => bail!("there is no user {login}"),
        several => {
            let accounts: Vec<String> = several.iter().map(|(account, _)| account.0.to_string()).collect();
            bail!("several accounts have a user {login}: name one with --account {}", accounts.join(" or "))
        }
    };
    let hash = Passwords::new(args.passwords.bcrypt_cost).hash_now(&password)?;
    db.write_now(|conn| users::set_password(conn, &Actor::system(account), user, &hash))?;
    println!("The password of {login} was set and their sessions ended.");
    Ok(())
}

fn run_verify(database: &DatabaseSettings) -> anyhow::Result<ExitCode> {
    let wrong = verify::run(&open_existing(database)?)?;
    for sentence in &wrong {
        println!("{sentence}");
    }
    if wrong.is_empty() {
        println!("All counts are right.");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}
