//! A new password. Posts `csrf`, `password` and `password_again` to `/account/password`.

use askama::Template;

use super::super::filters;
use super::{Shell, Tab};

/// What the page shows.
#[derive(Template)]
#[template(path = "account/password.html")]
pub struct PasswordPage {
    pub shell: Shell,
    pub has_password: bool,
    pub error: Option<String>,
    pub min_password: usize,
}

#[cfg(test)]
impl PasswordPage {
    pub fn sample() -> Self {
        Self { shell: Shell::sample(Tab::SignIn), has_password: true, error: None, min_password: 12 }
    }
}
