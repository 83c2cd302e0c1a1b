//! The first page of the account.

use askama::Template;

use super::super::filters;
use super::{Shell, Tab};

/// What the overview shows.
#[derive(Template)]
#[template(path = "account/overview.html")]
pub struct OverviewPage {
    pub shell: Shell,
    pub name: Option<String>,
    /// When this session began, in words.
    pub signed_in_at: String,
}

#[cfg(test)]
impl OverviewPage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Tab::Overview),
            name: Some("Ada".into()),
            signed_in_at: "1 March 2026, 09:30 UTC".into(),
        }
    }
}
