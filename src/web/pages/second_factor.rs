//! The second step of a login. Posts `csrf` and `code` or `recovery_code` to `/login/second-factor`.

use askama::Template;

use super::filters;

/// What the second step shows.
#[derive(Template)]
#[template(path = "second_factor.html")]
pub struct SecondFactorPage {
    pub csrf: String,
    pub email: String,
    pub error: Option<String>,
    pub recovery_error: Option<String>,
}

#[cfg(test)]
impl SecondFactorPage {
    pub fn sample() -> Self {
        Self {
            csrf: "sample-form-token".into(),
            email: "ada@example.com".into(),
            error: None,
            recovery_error: None,
        }
    }
}
