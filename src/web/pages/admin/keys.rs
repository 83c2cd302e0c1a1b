//! Signing keys. Rotating posts `csrf`, `alg` and `now`; retiring `csrf` and `kid`.

use askama::Template;

use super::super::filters;
use super::{Area, Shell};

/// The list.
#[derive(Template)]
#[template(path = "admin/keys/list.html")]
pub struct KeysPage {
    pub shell: Shell,
    pub keys: Vec<KeyView>,
    /// Each algorithm with the names of the resources that use it.
    pub in_use: Vec<(String, Vec<String>)>,
    pub jwks_url: String,
}

/// One key.
pub struct KeyView {
    pub kid: String,
    pub alg: String,
    /// `next`, `active` or `retired`.
    pub state: String,
    pub created: String,
    /// Since when it is in this state.
    pub since: String,
    pub next_step: String,
}

impl KeyView {
    pub fn is_active(&self) -> bool {
        self.state == "active"
    }
}

/// Asks before a rotation.
#[derive(Template)]
#[template(path = "admin/keys/rotate.html")]
pub struct RotateKeyPage {
    pub shell: Shell,
    pub alg: String,
    pub problem: Option<String>,
}

/// Asks before a key is taken out.
#[derive(Template)]
#[template(path = "admin/keys/retire.html")]
pub struct RetireKeyPage {
    pub shell: Shell,
    pub kid: String,
    pub alg: String,
    /// It has signed tokens that may still be in use.
    pub is_retired: bool,
}

#[cfg(test)]
impl KeysPage {
    pub fn sample() -> Self {
        let key = |kid: &str, state: &str, next_step: &str| KeyView {
            kid: kid.into(),
            alg: "ES256".into(),
            state: state.into(),
            created: "1 March 2026, 09:30 UTC".into(),
            since: "2 March 2026, 09:30 UTC".into(),
            next_step: next_step.into(),
        };
        Self {
            shell: Shell::sample(Area::Keys),
            keys: vec![
                key("key_06c0a0", "retired", "removed two days after it was retired"),
                key("key_06c0a1", "active", "signs until it is rotated"),
                key("key_06c0a2", "next", "ready to sign"),
            ],
            in_use: vec![("ES256".into(), vec!["Gatepost tools".into()]), ("RS256".into(), vec![])],
            jwks_url: "http://localhost:10000/keys".into(),
        }
    }

    pub fn filled(text: &str) -> Self {
        let t = || text.to_owned();
        let key = KeyView { kid: t(), alg: t(), state: t(), created: t(), since: t(), next_step: t() };
        Self {
            shell: Shell::filled(text, Area::Keys),
            keys: vec![key],
            in_use: vec![(t(), vec![t()])],
            jwks_url: t(),
        }
    }
}

#[cfg(test)]
impl RotateKeyPage {
    pub fn sample() -> Self {
        Self { shell: Shell::sample(Area::Keys), alg: "ES256".into(), problem: None }
    }

    pub fn filled(text: &str) -> Self {
        Self { shell: Shell::filled(text, Area::Keys), alg: text.into(), problem: Some(text.into()) }
    }
}

#[cfg(test)]
impl RetireKeyPage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Area::Keys),
            kid: "key_06c0a0".into(),
            alg: "ES256".into(),
            is_retired: true,
        }
    }

    pub fn filled(text: &str) -> Self {
        Self { shell: Shell::filled(text, Area::Keys), kid: text.into(), alg: text.into(), is_retired: true }
    }
}
