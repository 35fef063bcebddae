//! The fields that have a form of their own: names, addresses, telephone numbers.

use crate::web::form::{Errors, trimmed};

/// First and last name together 2 to 50 characters, with at least one letter or digit that is seen.
pub fn check_name(first: &str, last: &str, errors: &mut Errors) {
    let (first, last) = (first.trim(), last.trim());
    let characters = first.chars().count() + last.chars().count();
    let is_visible = first.chars().chain(last.chars()).any(char::is_alphanumeric);
    let is_printable = !first.chars().chain(last.chars()).any(|c| c.is_control() || is_direction_mark(c));
    if first.is_empty() && last.is_empty() {
        errors.add("first_name", "Enter a name.");
    } else if !(2..=50).contains(&characters) {
        errors.add("first_name", "First and last name must have 2 to 50 characters together.");
    } else if !is_visible || !is_printable {
        errors.add("first_name", "Enter a name with letters.");
    }
}

/// Marks that turn the text around them: in a name they could make one user look like another.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// An e-mail address as mail servers take it.
pub fn check_email(email: &str, errors: &mut Errors) {
    const SENTENCE: &str = "Enter an e-mail address without spaces, such as name@example.com";
    let email = email.trim();
    let is_valid = email.len() <= 254
        && !email.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"()[]:".contains(c))
        && email.parse::<lettre::Address>().is_ok();
    if !is_valid {
        errors.add("email", SENTENCE);
    }
}

pub fn check_username(username: &str, errors: &mut Errors) {
    if username.contains('@') {
        errors.add("username", "A username has no \"@\". Choose User by email to sign in with an address.");
    } else if username.chars().count() > 50 || username.chars().any(|c| c.is_whitespace() || c.is_control()) {
        errors.add("username", "Enter a username without spaces, 50 characters at most.");
    } else if !username.chars().any(char::is_alphanumeric) || username.chars().any(is_direction_mark) {
        errors.add("username", "Enter a username with letters or digits.");
    }
}

pub fn short(field: &'static str, typed: &str, errors: &mut Errors) -> String {
    let text = trimmed(typed);
    if text.chars().count() > 100 || text.chars().any(char::is_control) {
        errors.add(field, "Enter 100 characters at most.");
    }
    text
}

/// A telephone number as E.164; "" for none.
pub fn phone(field: &'static str, typed: &str, country: &str, errors: &mut Errors) -> String {
    let typed = typed.trim();
    if typed.is_empty() {
        return String::new();
    }
    let is_clean = typed.chars().all(|c| c.is_ascii_digit() || " +-().".contains(c));
    match is_clean.then(|| e164(typed, country)).flatten() {
        Some(number) => number,
        None => {
            let sentence = "Enter a telephone number in digits, with its country code after +, such as +14155550148.";
            errors.add(field, sentence);
            String::new()
        }
    }
}

/// Read in the account's country; a number that begins with a country code but lacks the "+" is understood too.
fn e164(typed: &str, country: &str) -> Option<String> {
    let country = country.parse().ok();
    let read = |text: &str| {
        let number = phonenumber::parse(country, text).ok()?;
        number.is_valid().then(|| number.format().mode(phonenumber::Mode::E164).to_string())
    };
    read(typed).or_else(|| read(&format!("+{typed}")))
}

/// Ext Phone: a desk phone's internal number (up to six digits) or a number to forward to.
pub fn phone_or_extension(field: &'static str, typed: &str, country: &str, errors: &mut Errors) -> String {
    let typed = typed.trim();
    if !typed.is_empty() && typed.len() <= 6 && typed.chars().all(|c| c.is_ascii_digit()) {
        return typed.to_owned();
    }
    phone(field, typed, country, errors)
}
