//! Where a person is signed in. Posts `csrf` and `end`, which is an id, `others` or `all`, to `/account/sessions`.

use askama::Template;

use super::super::filters;
use super::{Shell, Tab};

/// What the page of sign-ins shows.
#[derive(Template)]
#[template(path = "account/sessions.html")]
pub struct SessionsPage {
    pub shell: Shell,
    pub sessions: Vec<SessionView>,
}

/// One sign-in.
pub struct SessionView {
    pub id: String,
    pub device: String,
    pub place: Option<String>,
    pub how: String,
    pub since: String,
    pub last_use: String,
    /// The one this page is looked at with.
    pub is_this: bool,
}

#[cfg(test)]
impl SessionsPage {
    pub fn sample() -> Self {
        let session = |id: &str, device: &str, is_this: bool| SessionView {
            id: id.into(),
            device: device.into(),
            place: is_this.then(|| "192.0.2.7".into()),
            how: "password".into(),
            since: "1 March 2026, 09:30 UTC".into(),
            last_use: "2 March 2026, 10:00 UTC".into(),
            is_this,
        };
        Self {
            shell: Shell::sample(Tab::Sessions),
            sessions: vec![
                session("ses_1", "Firefox on Linux", true),
                session("ses_2", "Chrome on Android", false),
            ],
        }
    }

    pub fn filled(text: &str) -> Self {
        let t = || text.to_owned();
        let session = |is_this| SessionView {
            id: t(),
            device: t(),
            place: Some(t()),
            how: t(),
            since: t(),
            last_use: t(),
            is_this,
        };
        Self { shell: Shell::filled(text, Tab::Sessions), sessions: vec![session(true), session(false)] }
    }
}
