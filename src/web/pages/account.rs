//! The page of the person who is signed in. Its only form posts `csrf` to `/logout`.

use askama::Template;

use super::filters;

/// What the account page shows.
#[derive(Template)]
#[template(path = "account.html")]
pub struct AccountPage {
    pub csrf: String,
    pub email: String,
    pub is_admin: bool,
    /// Good news from the step before, once.
    pub notice: Option<String>,
    /// When this session began, in words.
    pub signed_in_at: String,
}

#[cfg(test)]
impl AccountPage {
    pub fn sample() -> Self {
        Self {
            csrf: "sample-form-token".into(),
            email: "ada@example.com".into(),
            is_admin: true,
            notice: Some("Your new password is saved.".into()),
            signed_in_at: "1 March 2026, 09:30 UTC".into(),
        }
    }
}
