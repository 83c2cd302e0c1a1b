//! The page in place of an error's redirect to a stranger's site: what is wrong, and a link to go on.

use askama::Template;

use super::filters;

/// What the page shows.
#[derive(Template)]
#[template(path = "leaving.html")]
pub struct LeavingPage {
    pub title: String,
    pub sentence: String,
    /// As the app calls itself; may be empty.
    pub client_name: String,
    /// Where the link leads.
    pub host: String,
    /// The redirect URI with the error: https, and registered.
    pub continue_url: String,
    /// Finds the audit event and the log line.
    pub reference: String,
}

#[cfg(test)]
impl LeavingPage {
    pub fn sample() -> Self {
        Self {
            title: "This request cannot go on".into(),
            sentence: "The app sent a request that cannot be accepted: code_challenge is missing.".into(),
            client_name: "Reports".into(),
            host: "reports.example".into(),
            continue_url: "https://reports.example/callback?error=invalid_request".into(),
            reference: "0q3k8v2m1t".into(),
        }
    }
}
