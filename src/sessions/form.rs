use crate::web::form::Errors;
use serde::Deserialize;

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct SignInForm {
    pub login: String,
    pub password: String,
    /// Which account, where the password fits more than one.
    pub account: String,
    /// Where to go then.
    pub back: String,
}

impl SignInForm {
    pub fn check(&self) -> Errors {
        let mut errors = Errors::default();
        if self.login.trim().is_empty() {
            errors.add("login", "Enter your email or username.");
        }
        if self.password.is_empty() {
            errors.add("password", "Enter your password.");
        }
        errors
    }
}
