//! The page that asks before signing out. Posts `csrf` to `/logout`.

use askama::Template;

use super::filters;

/// What the sign-out page shows.
#[derive(Template)]
#[template(path = "logout.html")]
pub struct LogoutPage {
    pub csrf: String,
    pub email: String,
}

#[cfg(test)]
impl LogoutPage {
    pub fn sample() -> Self {
        Self { csrf: "sample-form-token".into(), email: "ada@example.com".into() }
    }
}
