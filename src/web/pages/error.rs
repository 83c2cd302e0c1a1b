//! The page for anything that went wrong: one sentence, what to do next, and a reference.

use askama::Template;

use super::filters;

/// What an error page shows.
#[derive(Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    pub title: String,
    pub sentence: String,
    /// What the person can do now.
    pub next: String,
    /// Finds the audit event and the log line.
    pub reference: Option<String>,
}

#[cfg(test)]
impl ErrorPage {
    pub fn sample() -> Self {
        Self {
            title: "This link does not work".into(),
            sentence: "The app sent you here with an address it has not registered.".into(),
            next: "Close this page and start again from the app. If it happens again, tell its makers."
                .into(),
            reference: Some("evt_0q3k8v2m1t".into()),
        }
    }
}
