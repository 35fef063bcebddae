//! A form as a browser sends it: names and values, in order.

use super::{PASSWORD, two_words};
use seatkeeper::users::fold;

#[derive(Debug, Clone, Default)]
pub struct UserForm(Vec<(String, String)>);

impl UserForm {
    /// Adds a user by username, everything valid.
    pub fn adding(name: &str, plan: &str) -> Self {
        let (first, last) = two_words(name);
        let username = fold(name).replace(' ', ".");
        let fields = [
            ("user_type", "username"),
            ("first_name", first),
            ("last_name", last),
            ("email", ""),
            ("username", &username),
            ("password", PASSWORD),
            ("phone", ""),
            ("phone_ext", ""),
            ("job_title", ""),
            ("company", ""),
            ("role", "member"),
            ("plan", plan),
            ("status", "enabled"),
            ("dialer", "no"),
            ("local_presence", "no"),
            ("use_balance", "company"),
            ("ext_phone", ""),
            ("pay_for_seat", "company"),
            ("package_seat", "yes"),
            ("confirm", "yes"),
            ("back", ""),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The same form with another value in a field.
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.0.retain(|(field, _)| field != name);
        self.and(name, value)
    }

    /// A further value of a field: one more box ticked.
    pub fn and(mut self, name: &str, value: impl ToString) -> Self {
        self.0.push((name.to_owned(), value.to_string()));
        self
    }

    /// The same form without a field.
    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(field, _)| field != name);
        self
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(String, String)> for UserForm {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(fields: I) -> Self {
        UserForm(fields.into_iter().collect())
    }
}

impl IntoIterator for UserForm {
    type Item = (String, String);
    type IntoIter = std::vec::IntoIter<(String, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
