//! Folding: how texts are compared, sorted and searched. SQLite's own functions know ASCII only, and Postgres' depend on
//! the server's locale; so Rust does it, alike for both.

/// Lower case, without accents, in ASCII: "Łódź" and "lodz" are the same, "山田" is found as "Shan Tian" too.
pub fn fold(text: &str) -> String {
    let ascii = deunicode::deunicode_with_tofu(text, "").to_lowercase();
    ascii.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a search looks for: folded; of a telephone number typed with blanks and brackets only the digits.
pub fn fold_query(text: &str) -> String {
    let is_number = text.chars().all(|c| c.is_ascii_digit() || " +-().".contains(c));
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if is_number && (digits.len() >= 5 || text.trim_start().starts_with(['+', '('])) {
        // Stored with the country's code, typed with the zero that stands for it at home.
        let digits = digits.trim_start_matches('0');
        if !digits.is_empty() {
            return digits.to_owned();
        }
    }
    fold(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_blanks_do_not_matter() {
        assert_eq!(fold("  Łódź   ÅNGSTRÖM "), "lodz angstrom");
        assert_eq!(fold("Weiß"), fold("WEISS"));
        assert_eq!(fold("Иванов"), "ivanov");
    }

    #[test]
    fn telephone_numbers_are_found_as_typed() {
        assert_eq!(fold_query("+1 (415) 555-0148"), "14155550148");
        assert_eq!(fold_query("Anna-Lena"), "anna-lena");
        assert_eq!(fold_query("0171 1234567"), "1711234567");
        assert_eq!(fold_query("+1 415"), "1415");
        assert_eq!(fold_query("24-7"), "24-7");
        assert_eq!((fold_query("00000").as_str(), fold_query("+").as_str()), ("00000", "+"));
    }
}
