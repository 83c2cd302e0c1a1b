//! Secrets of a client. Adding posts `csrf`, `nonce` and `life`; ending posts `csrf` and, for the last one, `last`.

use askama::Template;

use super::super::super::filters;
use super::super::{Area, Shell};
use super::{ClientHead, ClientTab};

/// All of them.
#[derive(Template)]
#[template(path = "admin/clients/secrets.html")]
pub struct ClientSecretsPage {
    pub shell: Shell,
    pub head: ClientHead,
    pub secrets: Vec<SecretView>,
    /// So that the form, sent twice, makes nothing twice.
    pub nonce: String,
    /// Why none can be added.
    pub closed: Option<String>,
    /// None of them works, and one is needed.
    pub is_locked_out: bool,
}

impl ClientSecretsPage {
    /// How long a new one may last: seconds, and in words.
    pub const LIVES: [(&'static str, &'static str); 4] =
        [("", "until it is revoked"), ("2592000", "30 days"), ("7776000", "90 days"), ("31536000", "a year")];
}

/// One secret: never its text.
#[derive(Clone, Debug)]
pub struct SecretView {
    pub id: String,
    /// How it ends; empty for one from before there were hints.
    pub hint: String,
    pub created: String,
    pub expires: Option<String>,
    pub last_used: Option<String>,
    pub is_expired: bool,
}

/// A new one, shown this once.
#[derive(Template)]
#[template(path = "admin/clients/secret_made.html")]
pub struct SecretMadePage {
    pub shell: Shell,
    pub head: ClientHead,
    pub secret: SecretView,
    /// Nothing when the form was sent before.
    pub text: Option<String>,
    /// Whether an older one works too.
    pub has_others: bool,
}

/// Asks before one ends.
#[derive(Template)]
#[template(path = "admin/clients/secret_end.html")]
pub struct EndSecretPage {
    pub shell: Shell,
    pub head: ClientHead,
    pub secret: SecretView,
    /// No other works.
    pub is_last: bool,
    pub problem: Option<String>,
}

#[cfg(test)]
impl SecretView {
    fn sample() -> Self {
        Self {
            id: "sec_06c0a0".into(),
            hint: "x7Qa".into(),
            created: "2026-01-02 10:00:00 UTC".into(),
            expires: None,
            last_used: Some("2026-03-02 10:00:00 UTC".into()),
            is_expired: false,
        }
    }

    fn filled(t: &str) -> Self {
        Self {
            hint: t.into(),
            created: t.into(),
            expires: Some(t.into()),
            last_used: Some(t.into()),
            ..Self::sample()
        }
    }
}

#[cfg(test)]
impl ClientSecretsPage {
    pub fn sample() -> Self {
        let old = SecretView {
            id: "sec_06c0a1".into(),
            hint: String::new(),
            expires: Some("2026-03-01 10:00:00 UTC".into()),
            last_used: None,
            is_expired: true,
            ..SecretView::sample()
        };
        Self {
            shell: Shell::sample(Area::Clients),
            head: ClientHead::sample(ClientTab::Secrets),
            secrets: vec![SecretView::sample(), old],
            nonce: "x".repeat(22),
            closed: None,
            is_locked_out: false,
        }
    }

    pub fn none() -> Self {
        Self { secrets: Vec::new(), is_locked_out: true, ..Self::sample() }
    }

    pub fn public() -> Self {
        Self { secrets: Vec::new(), closed: Some("This client is public.".into()), ..Self::sample() }
    }

    pub fn filled(t: &str) -> Self {
        Self {
            shell: Shell::filled(t, Area::Clients),
            head: ClientHead::filled(t, ClientTab::Secrets),
            secrets: vec![SecretView::filled(t)],
            nonce: t.into(),
            ..Self::sample()
        }
    }
}

#[cfg(test)]
impl SecretMadePage {
    pub fn sample() -> Self {
        Self {
            shell: Shell { notice: None, ..Shell::sample(Area::Clients) },
            head: ClientHead::sample(ClientTab::Secrets),
            secret: SecretView::sample(),
            text: Some("sec_06c0a0_sample".into()),
            has_others: true,
        }
    }

    pub fn filled(t: &str) -> Self {
        Self {
            shell: Shell::filled(t, Area::Clients),
            head: ClientHead::filled(t, ClientTab::Secrets),
            secret: SecretView::filled(t),
            text: Some(t.into()),
            has_others: true,
        }
    }
}

#[cfg(test)]
impl EndSecretPage {
    pub fn sample() -> Self {
        Self {
            shell: Shell { notice: None, ..Shell::sample(Area::Clients) },
            head: ClientHead::sample(ClientTab::Secrets),
            secret: SecretView::sample(),
            is_last: false,
            problem: None,
        }
    }

    pub fn filled(t: &str) -> Self {
        Self {
            shell: Shell::filled(t, Area::Clients),
            head: ClientHead::filled(t, ClientTab::Secrets),
            secret: SecretView::filled(t),
            is_last: true,
            problem: Some(t.into()),
        }
    }
}
