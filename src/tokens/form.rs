//! What a person types of a new token.

use super::model::NewToken;
use crate::error::Result;
use crate::sessions::NewKey;
use crate::text_enum;
use crate::users::check::{UNSEEN, has_unseen};
use crate::web::form::{Errors, trimmed};
use chrono::Duration;
use serde::Deserialize;

text_enum! {
    /// How long a token works.
    pub enum Lifetime {
        Month = "30", "30 days";
        Quarter = "90", "90 days";
        Year = "365", "1 year";
        Forever = "never", "Never";
    }
}

impl Lifetime {
    fn duration(self) -> Option<Duration> {
        match self {
            Lifetime::Month => Some(Duration::days(30)),
            Lifetime::Quarter => Some(Duration::days(90)),
            Lifetime::Year => Some(Duration::days(365)),
            Lifetime::Forever => None,
        }
    }
}

/// Characters of the name of a form.
const ONCE: usize = 64;

/// The form, as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct TokenForm {
    pub name: String,
    /// How long it works: a [`Lifetime`].
    pub expires: String,
    /// Random; names this form.
    pub once: String,
}

impl TokenForm {
    pub fn blank() -> Result<Self> {
        let once = NewKey::generate()?.hash;
        Ok(TokenForm { name: String::new(), expires: Lifetime::Quarter.code().to_owned(), once })
    }

    pub fn parse(&self) -> std::result::Result<NewToken, Errors> {
        let mut errors = Errors::default();
        let name = trimmed(&self.name);
        if name.is_empty() {
            errors.add("name", "Enter a name that tells what the token is for.");
        } else if name.chars().count() > 50 {
            errors.add("name", "Enter 50 characters at most.");
        } else if has_unseen(&name) {
            errors.add("name", UNSEEN);
        }
        match Lifetime::from_code(&self.expires) {
            Some(lifetime) if errors.is_empty() => {
                let form_key = Some(self.once.clone()).filter(|once| once.len() == ONCE && once.is_ascii());
                Ok(NewToken { name, lifetime: lifetime.duration(), form_key })
            }
            Some(_) => Err(errors),
            None => {
                errors.add("expires", "Choose from the list when the token expires.");
                Err(errors)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_a_name_and_one_of_four_lifetimes() {
        let form =
            |name: &str, expires: &str| TokenForm { name: name.into(), expires: expires.into(), once: String::new() };
        let days = |form: TokenForm| form.parse().unwrap().lifetime.map(|time| time.num_days());
        assert_eq!(days(form(" Dialer ", "30")), Some(30));
        assert_eq!(days(form("Dialer", "never")), None);
        for (form, field) in [
            (form(" ", "30"), "name"),
            (form(&"x".repeat(51), "30"), "name"),
            (form("a\u{200b}b", "30"), "name"),
            (form("Dialer", "31"), "expires"),
        ] {
            assert!(form.parse().unwrap_err().has(field), "{form:?}");
        }
    }
}
