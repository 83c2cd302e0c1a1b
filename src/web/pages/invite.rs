//! The page of an invitation. Posts `csrf`, `token`, `password` and `password_again` to `/invite`, or `csrf` and
//! `invitation` to `/login/<provider>`.

use askama::Template;

use super::{ProviderButton, filters};

/// What the page of an invitation shows.
#[derive(Template)]
#[template(path = "invite.html")]
pub struct InvitePage {
    pub csrf: String,
    /// The one-time token of the invitation.
    pub token: String,
    /// Who is invited; shown, not sent.
    pub email: String,
    pub error: Option<String>,
    /// The fewest characters a password may have.
    pub min_password: usize,
    pub providers: Vec<ProviderButton>,
}

#[cfg(test)]
impl InvitePage {
    pub fn sample() -> Self {
        Self {
            csrf: "sample-form-token".into(),
            token: "lnk_sample".into(),
            email: "ada@example.com".into(),
            error: None,
            min_password: 12,
            providers: ProviderButton::samples(),
        }
    }
}
