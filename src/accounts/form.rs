use super::model::NewAccount;
use crate::sessions::PasswordHash;
use crate::users::check::{UNSEEN, check_email, check_name, has_unseen};
use crate::web::form::{Errors, trimmed};
use serde::Deserialize;

/// First-run set-up: the operator, the first account and its Owner are one step.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct SetUpForm {
    pub account: String,
    pub country: String,
    pub time_zone: String,
    pub seats: String,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub password: String,
}

/// Licences of a new account, where nobody says how many.
const SEATS: &str = "25";
/// What each credit pool of the first account holds.
const CREDITS: i64 = 5000;

impl SetUpForm {
    pub fn blank() -> Self {
        SetUpForm { country: "US".into(), time_zone: "UTC".into(), seats: SEATS.into(), ..SetUpForm::default() }
    }

    /// What is wrong, by field. Nothing is created while there is anything.
    pub fn check(&self) -> Errors {
        let mut errors = Errors::default();
        let characters = self.account.trim().chars().count();
        if !(2..=60).contains(&characters) || self.account.trim().chars().any(char::is_control) {
            errors.add("account", "Enter the account's name, 2 to 60 characters.");
        } else if has_unseen(self.account.trim()) {
            errors.add("account", UNSEEN);
        }
        if country(&self.country).is_none() {
            errors.add("country", "Enter a country by its two letters, such as US or DE.");
        }
        if self.time_zone.trim().parse::<chrono_tz::Tz>().is_err() {
            errors.add("time_zone", "Choose a time zone from the list, such as Europe/Berlin.");
        }
        if !self.seats.trim().parse::<i32>().is_ok_and(|seats| (1..=1_000_000).contains(&seats)) {
            errors.add("seats", "Enter how many licenses the account has, 1 to 1000000.");
        }
        check_name(&self.first_name, &self.last_name, &mut errors);
        check_email(&self.email, &mut errors);
        let known = [self.first_name.as_str(), &self.last_name, &self.email, &self.account];
        if let Some(error) = password_error(&self.password, &known) {
            errors.add("password", error);
        }
        errors
    }

    /// The account, after [`SetUpForm::check`] found nothing.
    pub fn account(&self, owner_password: PasswordHash) -> NewAccount {
        NewAccount {
            name: trimmed(&self.account),
            country: country(&self.country).unwrap_or_default(),
            time_zone: trimmed(&self.time_zone),
            plan: "Professional".into(),
            shared_host: true,
            domain: None,
            seat_limit: self.seats.trim().parse().unwrap_or_default(),
            credits: CREDITS,
            owner_first_name: trimmed(&self.first_name),
            owner_last_name: trimmed(&self.last_name),
            owner_email: trimmed(&self.email),
            owner_password,
        }
    }
}

/// A new account as the command line says it.
pub struct NewAccountText<'a> {
    pub name: &'a str,
    pub country: &'a str,
    pub time_zone: &'a str,
    pub domain: Option<&'a str>,
    pub first_name: &'a str,
    pub last_name: &'a str,
    pub email: &'a str,
    pub password: &'a str,
}

/// The same rules as [`SetUpForm::check`], as one sentence.
pub fn check_new(new: &NewAccountText<'_>) -> anyhow::Result<()> {
    let form = SetUpForm {
        account: new.name.into(),
        country: new.country.into(),
        time_zone: new.time_zone.into(),
        seats: SEATS.into(),
        first_name: new.first_name.into(),
        last_name: new.last_name.into(),
        email: new.email.into(),
        password: new.password.into(),
    };
    if let Some((field, sentence)) = form.check().iter().next() {
        anyhow::bail!("{}: {sentence}", field.replace('_', " "));
    }
    if !new.domain.is_none_or(is_host) {
        anyhow::bail!("domain: write a host name, such as seats.customer.example");
    }
    Ok(())
}

/// Whether this is a name that a request can come to: not an address, which browsers may write in another way.
fn is_host(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_edge = label.starts_with('-') || label.ends_with('-');
        (1..=63).contains(&label.len()) && !is_edge && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let is_domain = url::Host::parse(name) == Ok(url::Host::Domain(name.to_ascii_lowercase()));
    name.contains('.') && name.len() <= 253 && name.split('.').all(is_label) && is_domain
}

/// The ISO code of a country that telephone numbers are known of.
pub fn country(code: &str) -> Option<String> {
    let code = code.trim().to_uppercase();
    code.parse::<phonenumber::country::Id>().ok().map(|_| code)
}

/// What is wrong with a new password. `known`: what a guesser would know of its owner.
pub fn password_error(password: &str, known: &[&str]) -> Option<&'static str> {
    if password.chars().count() < 10 {
        return Some("Enter at least 10 characters.");
    }
    if password.len() > 71 {
        return Some("This password is too long. Enter at most 71 bytes: letters with accents take two or more.");
    }
    if password.contains('\0') {
        return Some("This password has a character that can't be used. Choose a different one.");
    }
    let known: Vec<&str> = known.iter().copied().filter(|word| !word.trim().is_empty()).collect();
    if zxcvbn::zxcvbn(password, &known).score() < zxcvbn::Score::Two {
        return Some("This password is among the common or easily guessed ones. Choose a different one.");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_enough_not_too_long_and_not_common() {
        assert!(password_error("short", &[]).is_some());
        assert!(password_error("password123", &[]).is_some());
        assert!(password_error("1234567890", &[]).is_some());
        assert!(password_error("aaaaaaaaaaaa", &[]).is_some());
        assert!(password_error("amaraokafor", &["Amara", "Okafor"]).is_some());
        assert!(password_error("correct horse battery staple", &[]).is_none());
        assert!(password_error(&"ä1-Zq".repeat(12), &[]).is_some(), "72 bytes in 60 characters");
        assert!(password_error("violet-harbour-92", &[]).is_none());
    }
}
