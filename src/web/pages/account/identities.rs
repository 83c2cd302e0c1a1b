//! The pages about logins elsewhere that open the account.

use askama::Template;

use super::super::{ProviderButton, filters};
use super::{Shell, Tab};

/// One of them.
pub struct IdentityView {
    pub id: String,
    /// What the provider is called.
    pub label: String,
    /// The address the provider told last.
    pub email: Option<String>,
    /// When, in words.
    pub linked_at: String,
    pub last_used_at: Option<String>,
    /// Whether the provider is still set up.
    pub works: bool,
    /// Whether another way in is left without it.
    pub removable: bool,
}

/// The list. Posts `csrf` and `provider` to `/account/identities/add`.
#[derive(Template)]
#[template(path = "account/identities.html")]
pub struct IdentitiesPage {
    pub shell: Shell,
    pub identities: Vec<IdentityView>,
    pub providers: Vec<ProviderButton>,
}

/// The question before one is added. Posts `csrf` and `ceremony` to `/account/identities/confirm`.
#[derive(Template)]
#[template(path = "account/add_identity.html")]
pub struct AddIdentityPage {
    pub shell: Shell,
    pub label: String,
    pub identity_email: Option<String>,
    /// The secret that continues.
    pub secret: String,
}

/// The question before one is removed. Posts `csrf` to `/account/identities/<id>/remove`.
#[derive(Template)]
#[template(path = "account/remove_identity.html")]
pub struct RemoveIdentityPage {
    pub shell: Shell,
    pub identity: IdentityView,
    pub error: Option<String>,
}

#[cfg(test)]
impl IdentityView {
    pub fn sample() -> Self {
        Self {
            id: "idn_06bq0000000000000000000000".into(),
            label: "Google".into(),
            email: Some("ada@example.com".into()),
            linked_at: "1 March 2026, 09:30 UTC".into(),
            last_used_at: None,
            works: true,
            removable: true,
        }
    }
}

#[cfg(test)]
impl IdentitiesPage {
    pub fn sample() -> Self {
        let other = IdentityView {
            label: "Example".into(),
            email: None,
            last_used_at: Some("2 March 2026, 10:00 UTC".into()),
            works: false,
            ..IdentityView::sample()
        };
        Self {
            shell: Shell::sample(Tab::SignIn),
            identities: vec![IdentityView::sample(), other],
            providers: ProviderButton::samples(),
        }
    }
}

#[cfg(test)]
impl AddIdentityPage {
    pub fn sample() -> Self {
        Self {
            shell: Shell { notice: None, ..Shell::sample(Tab::SignIn) },
            label: "Google".into(),
            identity_email: Some("ada.lovelace@gmail.com".into()),
            secret: "cer_sample".into(),
        }
    }
}

#[cfg(test)]
impl RemoveIdentityPage {
    pub fn sample() -> Self {
        Self {
            shell: Shell { notice: None, ..Shell::sample(Tab::SignIn) },
            identity: IdentityView::sample(),
            error: None,
        }
    }
}
