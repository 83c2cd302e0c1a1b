//! A copy of a person's data, and the end of the account. Posts `csrf` to `/account/data/export`, and `csrf` with
//! `email` to `/account/data/delete`.

use askama::Template;

use super::super::filters;
use super::{Shell, Tab};

/// What the data page shows.
#[derive(Template)]
#[template(path = "account/data.html")]
pub struct DataPage {
    pub shell: Shell,
    pub error: Option<String>,
}

#[cfg(test)]
impl DataPage {
    pub fn sample() -> Self {
        Self { shell: Shell::sample(Tab::Data), error: None }
    }

    pub fn filled(text: &str) -> Self {
        Self { shell: Shell::filled(text, Tab::Data), error: Some(text.into()) }
    }
}
