//! actix-session, as far as the cookie: it keeps the key; the rows are written by the model's verbs, in the transactions
//! of what caused them. So this store needs no database: it hands the key's hash to `Can`, which loads session, user and
//! account in one query.

use crate::config::Config;
use actix_session::config::{BrowserSession, CookieContentSecurity};
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_session::{Session, SessionMiddleware};
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Key, SameSite};
use anyhow::anyhow;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

const KEY: &str = "key";
const HASH: &str = "hash";

/// A fresh session key, and its hash for the row.
pub struct NewKey {
    pub key: String,
    pub hash: String,
}

impl NewKey {
    pub fn generate() -> anyhow::Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|cause| anyhow!("no random numbers: {cause}"))?;
        let key = hex::encode(bytes);
        Ok(NewKey { hash: hash(&key), key })
    }

    /// Gives the key to the browser, with this response.
    pub fn hand_over(self, session: &Session) -> anyhow::Result<()> {
        session.clear();
        session.renew();
        session.insert(KEY, self.key).map_err(|cause| anyhow!("the session can't be kept: {cause}"))
    }
}

/// SHA-256, which is enough for what has 256 random bits.
pub fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// The hash of the key that the browser holds, if it holds one.
pub fn key_hash_of(session: &Session) -> Option<String> {
    session.get::<String>(HASH).ok().flatten()
}

pub struct CookieOnly;

type State = HashMap<String, String>;

impl SessionStore for CookieOnly {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let hash = serde_json::to_string(&hash(key.as_ref())).map_err(|cause| LoadError::Other(cause.into()))?;
        Ok(Some(HashMap::from([(HASH.to_owned(), hash)])))
    }

    async fn save(&self, state: State, _: &Duration) -> Result<SessionKey, SaveError> {
        let key = state.get(KEY).and_then(|json| serde_json::from_str::<String>(json).ok());
        let key = key.ok_or_else(|| SaveError::Other(anyhow!("a session without a key")))?;
        SessionKey::try_from(key).map_err(|cause| SaveError::Other(anyhow!("{cause}")))
    }

    async fn update(&self, _: SessionKey, state: State, ttl: &Duration) -> Result<SessionKey, UpdateError> {
        self.save(state, ttl).await.map_err(|cause| UpdateError::Other(anyhow!("{cause}")))
    }

    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, _: &SessionKey) -> Result<(), anyhow::Error> {
        Ok(())
    }
}

pub fn middleware(config: &Config) -> SessionMiddleware<CookieOnly> {
    // __Host- keeps other hosts of the same site from setting it; browsers take it over https only.
    let name = if config.is_https() { "__Host-session" } else { "session" };
    SessionMiddleware::builder(CookieOnly, Key::from(&config.cookie_key))
        .cookie_name(name.to_owned())
        .cookie_secure(config.is_https())
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_content_security(CookieContentSecurity::Private)
        .session_lifecycle(BrowserSession::default())
        .build()
}
