use anyhow::{Context, bail};
use std::path::PathBuf;

/// How soon libpq gives up a server that is gone without a word: while connecting (seconds), while sending
/// (milliseconds), while waiting (seconds until it asks, between questions, and how many). Each can be set in the URL.
const NETWORK: [(&str, &str); 5] = [
    ("connect_timeout", "5"),
    ("tcp_user_timeout", "10000"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "2"),
];

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Location {
    /// Reads `sqlite://path` or `postgres://…`; anything else is refused with a sentence.
    pub fn parse(url: &str) -> anyhow::Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            if path.is_empty() {
                bail!("the database URL names no file: write sqlite://path/to/file.db");
            }
            return Ok(Location::Sqlite(path.into()));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let mut parsed = url::Url::parse(url).context("the database URL can't be read")?;
            for (name, value) in NETWORK {
                if !parsed.query_pairs().any(|(key, _)| key == name) {
                    parsed.query_pairs_mut().append_pair(name, value);
                }
            }
            return Ok(Location::Postgres(parsed.into()));
        }
        bail!("the database URL must start with sqlite:// or postgres://");
    }

    /// The location without its password, for logs and messages.
    pub fn public(&self) -> String {
        match self {
            Location::Sqlite(path) => format!("sqlite://{}", path.display()),
            Location::Postgres(url) => match url::Url::parse(url) {
                Ok(parsed) => format!(
                    "postgres://{}:{}{}",
                    parsed.host_str().unwrap_or("localhost"),
                    parsed.port().unwrap_or(5432),
                    parsed.path()
                ),
                Err(_) => "postgres://".into(),
            },
        }
    }
}
