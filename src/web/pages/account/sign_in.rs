//! Everything a person can sign in with, and where each is changed.

use askama::Template;

use super::super::filters;
use super::{Shell, Tab};

/// What the page of ways to sign in shows.
#[derive(Template)]
#[template(path = "account/sign_in.html")]
pub struct SignInPage {
    pub shell: Shell,
    pub password: bool,
    pub passkeys: i64,
    /// Whether this address can have passkeys at all.
    pub passkeys_possible: bool,
    /// Where an authenticator app is set up: the recovery codes that were not used.
    pub app: Option<i64>,
    /// The names of providers that open this account.
    pub identities: Vec<String>,
    /// Whether any provider is set up.
    pub providers: bool,
}

#[cfg(test)]
impl SignInPage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Tab::SignIn),
            password: true,
            passkeys: 2,
            passkeys_possible: true,
            app: Some(9),
            identities: vec!["Google".into(), "Example".into()],
            providers: true,
        }
    }

    /// Of a person with a password and nothing else.
    pub fn bare() -> Self {
        Self { passkeys: 0, app: None, identities: Vec::new(), providers: false, ..Self::sample() }
    }

    pub fn filled(text: &str) -> Self {
        Self {
            shell: Shell::filled(text, Tab::SignIn),
            identities: vec![text.into(), text.into()],
            ..Self::sample()
        }
    }
}
