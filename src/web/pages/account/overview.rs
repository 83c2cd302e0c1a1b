//! The first page of the account. Posts `csrf` and `name` to `/account`.

use askama::Template;

use super::super::filters;
use super::{Shell, Tab};

/// What the overview shows.
#[derive(Template)]
#[template(path = "account/overview.html")]
pub struct OverviewPage {
    pub shell: Shell,
    /// In the field: the name, or what was typed.
    pub name: String,
    pub error: Option<String>,
    /// The longest name, in characters.
    pub max_name: usize,
    /// When this session began, in words.
    pub signed_in_at: String,
}

#[cfg(test)]
impl OverviewPage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Tab::Overview),
            name: "Ada".into(),
            error: None,
            max_name: 100,
            signed_in_at: "1 March 2026, 09:30 UTC".into(),
        }
    }

    pub fn filled(text: &str) -> Self {
        Self {
            shell: Shell::filled(text, Tab::Overview),
            name: text.into(),
            error: Some(text.into()),
            signed_in_at: text.into(),
            ..Self::sample()
        }
    }
}
