//! The fields that have a form of their own: names, addresses, telephone numbers.

use crate::web::form::{Errors, trimmed};

/// First and last name together 2 to 50 characters, with at least one letter or digit that is seen.
pub fn check_name(first: &str, last: &str, errors: &mut Errors) {
    let (first, last) = (first.trim(), last.trim());
    let characters = first.chars().count() + last.chars().count();
    let has_letter = first.chars().chain(last.chars()).any(char::is_alphanumeric);
    if first.is_empty() && last.is_empty() {
        errors.add("first_name", "Enter a name.");
    } else if !(2..=50).contains(&characters) {
        errors.add("first_name", "First and last name must have 2 to 50 characters together.");
    } else if has_unseen(first) || has_unseen(last) {
        errors.add("first_name", UNSEEN);
    } else if !has_letter {
        errors.add("first_name", "Enter a name with letters.");
    }
}

/// What is said of text that [`has_unseen`].
pub const UNSEEN: &str = "Some of these characters can't be seen. Type the text instead of pasting it.";

/// Whether a text has characters that are not seen, or marks that turn what is around them: with these, one name could look
/// like another. Joiners belong to letters and emoji, so a text is not made of them alone.
pub fn has_unseen(text: &str) -> bool {
    text.chars().any(is_unseen) || (!text.is_empty() && text.chars().all(is_joiner))
}

fn is_unseen(c: char) -> bool {
    let is_no_character = u32::from(c) & 0xFFFE == 0xFFFE || matches!(c, '\u{FDD0}'..='\u{FDEF}');
    let is_blank = matches!(
        c,
        '\u{AD}' | '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180E}' | '\u{200B}'
            | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2065}' | '\u{206A}'..='\u{206F}' | '\u{2800}' | '\u{3164}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}'
    );
    let turns = matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    c.is_control() || is_no_character || is_blank || turns
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}')
}

/// An e-mail address as mail servers take it.
pub fn check_email(email: &str, errors: &mut Errors) {
    const SENTENCE: &str = "Enter an e-mail address without spaces, such as name@example.com";
    let email = email.trim();
    let is_valid = email.len() <= 254
        && !email.contains(|c: char| c.is_whitespace() || is_unseen(c) || is_joiner(c) || "<>\"()[]:".contains(c))
        && email.parse::<lettre::Address>().is_ok();
    if !is_valid {
        errors.add("email", SENTENCE);
    }
}

pub fn check_username(username: &str, errors: &mut Errors) {
    if username.contains('@') {
        errors.add("username", "A username has no \"@\". Choose User by email to sign in with an address.");
    } else if username.chars().count() > 50 || username.chars().any(char::is_whitespace) {
        errors.add("username", "Enter a username without spaces, 50 characters at most.");
    } else if username.chars().any(|c| is_unseen(c) || is_joiner(c)) {
        errors.add("username", UNSEEN);
    } else if !username.chars().any(char::is_alphanumeric) {
        errors.add("username", "Enter a username with letters or digits.");
    }
}

pub fn short(field: &'static str, typed: &str, errors: &mut Errors) -> String {
    let text = trimmed(typed);
    if text.chars().count() > 100 {
        errors.add(field, "Enter 100 characters at most.");
    } else if has_unseen(&text) {
        errors.add(field, UNSEEN);
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

/// Read in the account's country, but where it says its own; a number that begins with a country code but lacks the "+" is
/// understood too.
fn e164(typed: &str, country: &str) -> Option<String> {
    let read = |country, text: &str| {
        let number = phonenumber::parse(country, text).ok()?;
        number.is_valid().then(|| number.format().mode(phonenumber::Mode::E164).to_string())
    };
    // With a country in mind, the parser takes that country's trunk prefix out of foreign numbers too.
    match typed.starts_with('+') {
        true => read(None, typed),
        false => read(country.parse().ok(), typed).or_else(|| read(None, &format!("+{typed}"))),
    }
}

/// Ext Phone: a desk phone's internal number (up to six digits) or a number to forward to.
pub fn phone_or_extension(field: &'static str, typed: &str, country: &str, errors: &mut Errors) -> String {
    let typed = typed.trim();
    if !typed.is_empty() && typed.len() <= 6 && typed.chars().all(|c| c.is_ascii_digit()) {
        return typed.to_owned();
    }
    phone(field, typed, country, errors)
}

#[cfg(test)]
mod tests {
    use super::e164;

    #[test]
    fn telephone_numbers_are_read_in_the_accounts_country_or_their_own() {
        for (typed, country, read) in [
            ("(415) 555-0148", "US", Some("+14155550148")),
            ("14155550148", "US", Some("+14155550148")),
            ("+49 1511 2345678", "US", Some("+4915112345678")),
            ("4915112345678", "US", Some("+4915112345678")),
            ("+33 1 42 68 53 00", "US", Some("+33142685300")),
            ("0151 12345678", "DE", Some("+4915112345678")),
            ("+1 415 555 0148", "DE", Some("+14155550148")),
            ("+44 20 7946 0018", "DE", Some("+442079460018")),
            ("415", "US", None),
            ("+", "US", None),
        ] {
            assert_eq!(e164(typed, country).as_deref(), read, "{typed} in {country}");
        }
    }
}
