//! A page that says one thing and offers one way on.

use askama::Template;

use super::filters;

/// What a message page shows.
#[derive(Template)]
#[template(path = "message.html")]
pub struct MessagePage {
    pub title: String,
    pub sentence: String,
    pub link_text: String,
    pub link_url: String,
}

#[cfg(test)]
impl MessagePage {
    pub fn sample() -> Self {
        Self {
            title: "You are signed out".into(),
            sentence: "You can close this page.".into(),
            link_text: "Sign in again".into(),
            link_url: "/login".into(),
        }
    }
}
