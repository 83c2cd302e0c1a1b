//! Passkeys: the list, and one of them.

use askama::Template;

use super::super::filters;
use super::{Shell, Tab};

/// One passkey as shown. The id goes into URLs.
#[derive(Clone)]
pub struct PasskeyView {
    pub id: String,
    pub name: String,
    /// In words.
    pub created_at: String,
    /// In words; nothing when it was never used.
    pub last_used_at: Option<String>,
}

/// A person's passkeys. Posts `csrf`, `ceremony`, `credential` and `return_to` to `/account/passkeys`.
#[derive(Template)]
#[template(path = "account/passkeys.html")]
pub struct PasskeysPage {
    pub shell: Shell,
    /// Whether this address can have passkeys.
    pub possible: bool,
    /// Whether the person has as many as they may have.
    pub full: bool,
    pub passkeys: Vec<PasskeyView>,
    pub problem: Option<String>,
    /// Where to go on once there is a second factor.
    pub return_to: Option<String>,
}

/// One passkey. Posts `csrf` and `name` to `…/rename`, `csrf` to `…/remove`.
#[derive(Template)]
#[template(path = "account/passkey.html")]
pub struct PasskeyPage {
    pub shell: Shell,
    pub passkey: PasskeyView,
    pub max_name: usize,
    pub error: Option<String>,
}

#[cfg(test)]
impl PasskeyView {
    pub fn sample() -> Self {
        Self {
            id: "psk_06bq0000000000000000000000".into(),
            name: "Safari on iPhone".into(),
            created_at: "1 March 2026, 09:30 UTC".into(),
            last_used_at: Some("2 March 2026, 08:10 UTC".into()),
        }
    }
}

#[cfg(test)]
impl PasskeysPage {
    pub fn sample() -> Self {
        let mut unused = PasskeyView::sample();
        (unused.name, unused.last_used_at) = ("Key in the drawer".into(), None);
        Self {
            shell: Shell::sample(Tab::SignIn),
            possible: true,
            full: false,
            passkeys: vec![PasskeyView::sample(), unused],
            problem: None,
            return_to: None,
        }
    }
}

#[cfg(test)]
impl PasskeyPage {
    pub fn sample() -> Self {
        let shell = Shell::sample(Tab::SignIn);
        Self { shell, passkey: PasskeyView::sample(), max_name: 60, error: None }
    }
}
