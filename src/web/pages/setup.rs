//! The page that makes the first administrator. Posts `csrf`, `token`, `email`, `password` and
//! `password_again` to `/setup`.

use askama::Template;

use super::filters;

/// What the set-up page shows.
#[derive(Template)]
#[template(path = "setup.html")]
pub struct SetupPage {
    pub csrf: String,
    /// The one-time token of the set-up link.
    pub token: String,
    /// What was typed before, or empty.
    pub email: String,
    pub error: Option<String>,
    /// The fewest characters a password may have.
    pub min_password: usize,
}

#[cfg(test)]
impl SetupPage {
    pub fn sample() -> Self {
        Self {
            csrf: "sample-form-token".into(),
            token: "lnk_sample".into(),
            email: String::new(),
            error: None,
            min_password: 12,
        }
    }
}
