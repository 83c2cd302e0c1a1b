//! The page for a login at a provider that led nowhere: why, what to do, and the ways on.

use askama::Template;

use super::filters;

/// A way on.
pub struct PageLink {
    pub text: String,
    pub url: String,
}

/// What the page shows.
#[derive(Template)]
#[template(path = "stopped.html")]
pub struct StoppedPage {
    pub title: String,
    pub sentence: String,
    pub next: String,
    /// Finds the audit event and the log line.
    pub reference: Option<String>,
    /// The first is the best.
    pub links: Vec<PageLink>,
}

#[cfg(test)]
impl StoppedPage {
    pub fn sample() -> Self {
        let link = |text: &str, url: &str| PageLink { text: text.into(), url: url.into() };
        Self {
            title: "You have no account here".into(),
            sentence: "ada@example.com was not invited.".into(),
            next: "Ask whoever runs this server to invite you.".into(),
            reference: Some("0q3k8v2m1t".into()),
            links: vec![
                link("Back to sign-in", "/login?return_to=%2Faccount"),
                link(
                    "Give up and go back to Claude Code",
                    "http://127.0.0.1:7777/callback?error=access_denied",
                ),
            ],
        }
    }
}
