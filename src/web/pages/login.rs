//! The page that asks for email and password. Posts `csrf`, `return_to`, `email`, `password` to `/login`.

use askama::Template;

use super::{ProviderButton, filters};

/// What the sign-in page shows.
#[derive(Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    pub csrf: String,
    /// Where to go after signing in; the handler checks it again.
    pub return_to: String,
    /// What was typed before, or empty.
    pub email: String,
    /// A login from before does not do.
    pub again: Option<Again>,
    pub error: Option<String>,
    /// Whether a forgotten password can be replaced by mail.
    pub has_mail: bool,
    /// Whether passkeys are possible at this address.
    pub passkeys: bool,
    pub passkey_problem: Option<String>,
    /// The app that waits behind this page, by the name it gave.
    pub client_name: Option<String>,
    pub resource_name: Option<String>,
    /// Where people may also sign in.
    pub providers: Vec<ProviderButton>,
}

/// Why a new login is asked for, whoever is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Before a sensitive page.
    Fresh,
    /// With a second factor, which must be shown here.
    SecondFactor,
    /// Because the app that waits behind the page wants a new login.
    App,
}

impl Again {
    /// Reads the parameter `again`.
    pub fn read(text: Option<&str>) -> Option<Self> {
        let others = [Self::SecondFactor, Self::App];
        text.map(|text| others.into_iter().find(|each| each.as_str() == text).unwrap_or(Self::Fresh))
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "1",
            Self::SecondFactor => "2",
            Self::App => "3",
        }
    }
}

#[cfg(test)]
impl LoginPage {
    pub fn sample() -> Self {
        Self {
            csrf: "sample-form-token".into(),
            return_to: "/oauth/authorize?client_id=cli_1&state=a%26b".into(),
            email: String::new(),
            again: None,
            error: None,
            has_mail: true,
            passkeys: true,
            passkey_problem: None,
            client_name: Some("Claude Code".into()),
            resource_name: Some("Tavily search".into()),
            providers: Vec::new(),
        }
    }
}
