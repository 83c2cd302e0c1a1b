//! Asking for a new password by mail. Posts `csrf` and `email` to `/forgot`.

use askama::Template;

use super::filters;

/// What the page for a forgotten password shows.
#[derive(Template)]
#[template(path = "forgot.html")]
pub struct ForgotPage {
    pub csrf: String,
    pub email: String,
    pub error: Option<String>,
    /// Whether mail can be sent; if not, the page says whom to ask.
    pub has_mail: bool,
}

#[cfg(test)]
impl ForgotPage {
    pub fn sample() -> Self {
        Self {
            csrf: "sample-form-token".into(),
            email: "ada@example.com".into(),
            error: None,
            has_mail: true,
        }
    }
}
