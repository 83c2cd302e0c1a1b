//! What happened with an account lately.

use askama::Template;

use super::super::filters;
use super::{Shell, Tab};

/// What the page of activity shows.
#[derive(Template)]
#[template(path = "account/activity.html")]
pub struct ActivityPage {
    pub shell: Shell,
    pub entries: Vec<EntryView>,
    /// The page after this one.
    pub next_url: Option<String>,
    pub is_first_page: bool,
}

/// One thing that happened.
pub struct EntryView {
    pub when: String,
    pub sentence: String,
    pub place: Option<String>,
    /// Somebody was refused, or something was taken away.
    pub is_notable: bool,
}

#[cfg(test)]
impl ActivityPage {
    pub fn sample() -> Self {
        let entry = |sentence: &str, place: Option<&str>, is_notable| EntryView {
            when: "2 March 2026, 10:00 UTC".into(),
            sentence: sentence.into(),
            place: place.map(str::to_owned),
            is_notable,
        };
        Self {
            shell: Shell::sample(Tab::Activity),
            entries: vec![
                entry("You signed in with password.", Some("192.0.2.7"), false),
                entry("Somebody tried to sign in with a wrong password.", Some("198.51.100.3"), true),
                entry("Two programs used the same login of Claude Code; it was ended.", None, true),
            ],
            next_url: Some("/account/activity?before=evt_1".into()),
            is_first_page: true,
        }
    }

    pub fn filled(text: &str) -> Self {
        let t = || text.to_owned();
        let entry = |is_notable| EntryView { when: t(), sentence: t(), place: Some(t()), is_notable };
        Self {
            shell: Shell::filled(text, Tab::Activity),
            entries: vec![entry(true), entry(false)],
            next_url: Some("/x".into()),
            is_first_page: true,
        }
    }
}
