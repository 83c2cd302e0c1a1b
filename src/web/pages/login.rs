//! The page that asks for email and password. Posts `csrf`, `return_to`, `email`, `password` to `/login`.

use askama::Template;

use super::{ProviderButton, filters};

/// What the sign-in page shows.
#[derive(Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    pub csrf: String,
    /// Where to go after signing in; the handler checks it again.
    pub return_to: String,
    /// What was typed before, or empty.
    pub email: String,
    /// Somebody is signed in already, and is asked once more before a sensitive page.
    pub again: bool,
    pub error: Option<String>,
    /// Whether a forgotten password can be replaced by mail.
    pub has_mail: bool,
    /// The app that waits behind this page, by the name it gave.
    pub client_name: Option<String>,
    pub resource_name: Option<String>,
    /// Where people may also sign in.
    pub providers: Vec<ProviderButton>,
}

#[cfg(test)]
impl LoginPage {
    pub fn sample() -> Self {
        Self {
            csrf: "sample-form-token".into(),
            return_to: "/oauth/authorize?client_id=cli_1&state=a%26b".into(),
            email: String::new(),
            again: false,
            error: None,
            has_mail: true,
            client_name: Some("Claude Code".into()),
            resource_name: Some("Tavily search".into()),
            providers: Vec::new(),
        }
    }
}
