//! Settings, by flag and by environment. A bad value stops the start with one sentence.

use crate::db::{self, Location};
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// Where the data is: what every command takes.
#[derive(Debug, Clone, Args)]
pub struct DatabaseSettings {
    /// sqlite://path or postgres://user:password@host/name; without it, seatkeeper.db in the data directory
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<String>,
    /// Folder of the SQLite file and of the cookie key
    #[arg(long, env = "DATA_DIR", default_value = "data", global = true)]
    pub data_dir: PathBuf,
    /// How log lines are written
    #[arg(long, env = "LOG_FORMAT", default_value = "text", global = true)]
    pub log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

impl DatabaseSettings {
    /// The database, or `file` in the data directory where none is named.
    pub fn location(&self, file: &str) -> anyhow::Result<Location> {
        match &self.database_url {
            Some(url) => Location::parse(url),
            None => Ok(Location::Sqlite(self.data_dir.join(file))),
        }
    }
}

/// How the server runs.
#[derive(Debug, Clone, Args)]
pub struct ServerSettings {
    /// Address and port to listen on
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// Address under which people reach the shared host, such as https://seatkeeper.example; without it, what --listen says
    #[arg(long, env = "BASE_URL")]
    pub base_url: Option<String>,
    /// Mail server: smtp://user:password@host:587 (STARTTLS), smtps://user:password@host:465 (TLS), or smtp://host:25?tls=none; without it, mail waits in the queue, where the operator reads it
    #[arg(long, env = "SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// PEM file of the authority that signed the mail server's certificate, where it is a private one
    #[arg(long, env = "SMTP_CA")]
    pub smtp_ca: Option<PathBuf>,
    /// Sender address of e-mail; without it, no-reply@ the host of the base URL
    #[arg(long, env = "MAIL_FROM")]
    pub mail_from: Option<String>,
    /// Networks of reverse proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8; several with commas
    #[arg(long, env = "TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<String>,
    /// Database connections
    #[arg(long, env = "DB_CONNECTIONS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub db_connections: u32,
    /// Seconds in which a request must have arrived: its head, then its form
    #[arg(long, env = "REQUEST_TIMEOUT", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub request_timeout: u64,
    #[command(flatten)]
    pub passwords: PasswordSettings,
}

/// How passwords are hashed, by the server and by the commands that set one.
#[derive(Debug, Clone, Args)]
pub struct PasswordSettings {
    /// Work that one password hash costs: 10 to 15 (each step doubles it)
    #[arg(long, env = "BCRYPT_COST", default_value_t = 12, value_parser = clap::value_parser!(u32).range(10..=15))]
    pub bcrypt_cost: u32,
}

/// For reading the same settings where no command names them.
#[derive(clap::Parser)]
struct Environment {
    #[command(flatten)]
    server: ServerSettings,
}

impl ServerSettings {
    /// From the environment alone: the program was started without a command.
    pub fn from_environment() -> Self {
        <Environment as clap::Parser>::parse_from(["seatkeeper"]).server
    }

    /// Everything at its default, whatever the environment says.
    pub fn plain() -> Self {
        ServerSettings {
            listen: "127.0.0.1:8080".into(),
            base_url: None,
            smtp_url: None,
            smtp_ca: None,
            mail_from: None,
            trusted_proxies: vec![],
            db_connections: 8,
            request_timeout: 10,
            passwords: PasswordSettings { bcrypt_cost: 12 },
        }
    }
}

/// Settings that have been read and understood.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: SocketAddr,
    pub base_url: Url,
    pub smtp: Option<Smtp>,
    pub mail_from: String,
    pub trusted_proxies: Vec<IpNet>,
    /// For the head of a request, and again for its form.
    pub request_timeout: Duration,
    pub bcrypt_cost: u32,
    /// Seals the session cookie; the same in all instances.
    pub cookie_key: Vec<u8>,
}

/// The mail server.
#[derive(Clone)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    pub credentials: Option<(String, String)>,
    pub authority: Option<Vec<u8>>,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{} {:?}", self.host, self.port, self.tls)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// From the first byte.
    Implicit,
    /// By STARTTLS; without it, nothing is sent.
    Required,
    /// None: for a server on the same machine.
    None,
}

impl Config {
    pub fn read(settings: &ServerSettings, data_dir: &Path) -> anyhow::Result<Self> {
        let listen = listen_address(&settings.listen)?;
        let base_url = base_url(settings.base_url.as_deref(), listen)?;
        let host = base_url.host_str().unwrap_or("localhost");
        let mail_from = settings.mail_from.clone().unwrap_or_else(|| format!("no-reply@{host}"));
        if settings.mail_from.is_some() && mail_from.parse::<lettre::Address>().is_err() {
            bail!("--mail-from is not an e-mail address: write it like no-reply@example.com");
        }
        Ok(Config {
            listen,
            smtp: smtp(settings.smtp_url.as_deref(), settings.smtp_ca.as_deref())?,
            mail_from,
            trusted_proxies: networks(&settings.trusted_proxies)?,
            request_timeout: Duration::from_secs(settings.request_timeout),
            bcrypt_cost: settings.passwords.bcrypt_cost,
            cookie_key: cookie_key(data_dir)?,
            base_url,
        })
    }

    pub fn is_https(&self) -> bool {
        self.base_url.scheme() == "https"
    }

    /// Whether a Host header names the shared host: that of the base URL, or a loopback name while listening there.
    pub fn is_shared_host(&self, host: &str) -> bool {
        // Nothing of an address but host and port: no "somebody@" before, no path behind.
        let is_plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte));
        let parse = |text: &str| Url::parse(&format!("{}://{text}", self.base_url.scheme())).ok().filter(|_| is_plain);
        let Some(asked) = parse(host) else { return false };
        let same_port = asked.port_or_known_default() == self.base_url.port_or_known_default();
        let is_loopback = match asked.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        (asked.host() == self.base_url.host() && same_port) || (is_loopback && self.listen.ip().is_loopback())
    }

    /// An address on the shared host.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.as_str().trim_end_matches('/'))
    }

    /// An address on an account's own domain, reached the way the shared host is.
    pub fn url_at(&self, domain: &str, path: &str) -> String {
        let port = self.base_url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{domain}{port}{path}", self.base_url.scheme())
    }
}

fn listen_address(text: &str) -> anyhow::Result<SocketAddr> {
    use std::net::ToSocketAddrs;
    let found = text.to_socket_addrs().ok().and_then(|mut found| found.next());
    found.with_context(|| format!("--listen {text} is not an address and port: write it like 127.0.0.1:8080"))
}

fn base_url(text: Option<&str>, listen: SocketAddr) -> anyhow::Result<Url> {
    let text = match text {
        Some(text) => text.to_owned(),
        None if listen.ip().is_unspecified() => format!("http://localhost:{}", listen.port()),
        None => format!("http://{listen}"),
    };
    let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url =
        url.with_context(|| format!("--base-url {text} is not an address: write it like https://seatkeeper.example"))?;
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        bail!("--base-url {text} must have no path: the program serves a whole host");
    }
    Ok(url)
}

fn smtp(text: Option<&str>, authority: Option<&Path>) -> anyhow::Result<Option<Smtp>> {
    const FORM: &str = "write it like smtp://user:password@mail.example:587 or smtps://user:password@mail.example:465";
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    // The address holds a password: it is never repeated in a message.
    let url = Url::parse(text).ok().with_context(|| format!("--smtp-url can't be read: {FORM}"))?;
    let host = url.host_str().with_context(|| format!("--smtp-url names no host: {FORM}"))?.to_owned();
    let wants_none = url.query_pairs().any(|(key, value)| key == "tls" && value == "none");
    let tls = match url.scheme() {
        "smtps" => SmtpTls::Implicit,
        "smtp" if wants_none => SmtpTls::None,
        "smtp" => SmtpTls::Required,
        other => bail!("--smtp-url starts with {other}: {FORM}"),
    };
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let credentials = match (url.username(), url.password()) {
        ("", _) => None,
        (user, password) => Some((decode(user), decode(password.unwrap_or_default()))),
    };
    let authority = match authority {
        Some(path) => {
            let pem = std::fs::read(path).with_context(|| format!("--smtp-ca {} can't be read", path.display()))?;
            if !String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
                bail!("--smtp-ca {} holds no certificate in PEM form", path.display());
            }
            Some(pem)
        }
        None => None,
    };
    let port = url.port().unwrap_or(match tls {
        SmtpTls::Implicit => 465,
        SmtpTls::Required => 587,
        SmtpTls::None => 25,
    });
    Ok(Some(Smtp { host, port, tls, credentials, authority }))
}

fn networks(list: &[String]) -> anyhow::Result<Vec<IpNet>> {
    let read = |text: &String| {
        let text = text.trim();
        let net = text.parse::<IpNet>().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from));
        net.with_context(|| format!("--trusted-proxies {text} is not a network: write it like 10.0.0.0/8"))
    };
    list.iter().filter(|text| !text.trim().is_empty()).map(read).collect()
}

/// From `COOKIE_KEY` (128 hex digits, the same in all instances) or a file in the data directory, made once.
fn cookie_key(data_dir: &Path) -> anyhow::Result<Vec<u8>> {
    if let Ok(text) = std::env::var("COOKIE_KEY") {
        return cookie_key_from(&text)
            .context("COOKIE_KEY must be 128 hexadecimal digits: openssl rand -hex 64 makes some");
    }
    kept_cookie_key(data_dir)
}

fn kept_cookie_key(data_dir: &Path) -> anyhow::Result<Vec<u8>> {
    let path = data_dir.join("cookie.key");
    if !path.exists() {
        let mut key = [0u8; 64];
        getrandom::fill(&mut key).map_err(|cause| anyhow::anyhow!("no random numbers: {cause}"))?;
        db::private_folder(data_dir)
            .with_context(|| format!("the data directory {} can't be made", data_dir.display()))?;
        write_secret(&path, &hex::encode(key)).with_context(|| format!("{} can't be written", path.display()))?;
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("{} can't be read", path.display()))?;
    cookie_key_from(&text)
        .with_context(|| format!("{} is damaged: delete it, and everybody signs in anew", path.display()))
}

/// A file that only its owner can read, there with all of its text or not at all.
fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        // Another instance was a moment faster.
        Err(failed) if failed.error.kind() != std::io::ErrorKind::AlreadyExists => Err(failed.error),
        _ => Ok(()),
    }
}

fn cookie_key_from(text: &str) -> Option<Vec<u8>> {
    hex::decode(text.trim()).ok().filter(|bytes| bytes.len() == 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shared_host_is_the_base_url_and_loopback_only_while_listening_there() {
        let config = |base: &str, listen: &str| Config {
            listen: listen.parse().unwrap(),
            base_url: Url::parse(base).unwrap(),
            smtp: None,
            mail_from: String::new(),
            trusted_proxies: vec![],
            request_timeout: Duration::from_secs(10),
            bcrypt_cost: 12,
            cookie_key: vec![],
        };
        let local = config("http://127.0.0.1:8080", "127.0.0.1:8080");
        for host in ["127.0.0.1:8080", "localhost:8080", "localhost", "[::1]:8080"] {
            assert!(local.is_shared_host(host), "{host}");
        }
        assert!(!local.is_shared_host("evil.example"));
        let public = config("https://seats.example", "0.0.0.0:80");
        assert!(public.is_shared_host("seats.example") && public.is_shared_host("SEATS.example:443"));
        for host in [
            "localhost",
            "127.0.0.1",
            "seats.example:8443",
            "seats.example.evil",
            "",
            "evil@seats.example",
            "seats.example/x",
            "seats.example?",
            "seats.example#",
        ] {
            assert!(!public.is_shared_host(host), "{host}");
        }
    }

    #[test]
    fn instances_that_start_together_have_one_key() {
        for _ in 0..100 {
            let folder = tempfile::tempdir().unwrap();
            let start = std::sync::Barrier::new(8);
            let key = || {
                start.wait();
                kept_cookie_key(folder.path()).unwrap()
            };
            let keys: Vec<_> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(key)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert!(keys.iter().all(|key| *key == keys[0]));
        }
    }

    #[test]
    fn mail_servers_are_read_from_a_url() {
        let read = |text: &str| smtp(Some(text), None);
        let one = read("smtp://me%40a.example:p%2Bq+r@mail.example").unwrap().unwrap();
        assert_eq!((one.port, one.tls), (587, SmtpTls::Required));
        assert_eq!(one.credentials, Some(("me@a.example".into(), "p+q+r".into())));
        assert_eq!(read("smtps://mail.example").unwrap().unwrap().port, 465);
        assert_eq!(read("smtp://127.0.0.1:2525?tls=none").unwrap().unwrap().tls, SmtpTls::None);
        assert!(read("http://mail.example").is_err() && read("mail.example").is_err());
    }
}
