//! The page that replaces a password. Posts `csrf`, `token`, `password` and `password_again` to `/reset`.

use askama::Template;

use super::filters;

/// What the reset page shows.
#[derive(Template)]
#[template(path = "reset.html")]
pub struct ResetPage {
    pub csrf: String,
    /// The one-time token of the reset link.
    pub token: String,
    /// Whose password it is; shown, not sent.
    pub email: String,
    pub error: Option<String>,
    /// The fewest characters a password may have.
    pub min_password: usize,
}

#[cfg(test)]
impl ResetPage {
    pub fn sample() -> Self {
        Self {
            csrf: "sample-form-token".into(),
            token: "lnk_sample".into(),
            email: "ada@example.com".into(),
            error: None,
            min_password: 12,
        }
    }
}
