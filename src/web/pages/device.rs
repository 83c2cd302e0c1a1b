//! The pages on which a person connects a device without a browser.
//!
//! Both post `csrf` and `user_code` to `/device`; the second also `decision` = `allow` | `deny` and repeated `scope`.

use askama::Template;

use super::consent::{KnownAs, ScopeView, or_else};
use super::filters;

/// Where the code is entered.
#[derive(Template)]
#[template(path = "device.html")]
pub struct DevicePage {
    pub csrf: String,
    /// What stands in the field.
    pub user_code: String,
    /// The code came with the link, and the person has typed nothing.
    pub prefilled: bool,
    pub error: Option<String>,
    pub user_email: String,
    pub switch_url: String,
}

/// What the device asks for, and all that a person needs to decide.
#[derive(Template)]
#[template(path = "device_confirm.html")]
pub struct DeviceConfirmPage {
    pub csrf: String,
    /// As the device shows it.
    pub user_code: String,
    pub client: DeviceClient,
    pub resource_name: String,
    pub resource_url: String,
    pub scopes: Vec<ScopeView>,
    /// When the device asked, in words.
    pub asked_at: String,
    pub asked_from: Option<String>,
    pub user_email: String,
    pub switch_url: String,
}

/// The app on the device.
pub struct DeviceClient {
    pub name: String,
    pub known: KnownAs,
    pub client_id: String,
    /// Shown as text, never as a link: the app wrote it.
    pub client_uri: Option<String>,
}

impl DeviceClient {
    /// The name to show: never nothing.
    pub fn shown_name(&self) -> &str {
        or_else(&self.name, "An app without a name")
    }
}

#[cfg(test)]
impl DevicePage {
    pub fn sample() -> Self {
        Self {
            csrf: "sample-form-token".into(),
            user_code: String::new(),
            prefilled: false,
            error: None,
            user_email: "ada@example.com".into(),
            switch_url: "/login?switch=1".into(),
        }
    }
}

#[cfg(test)]
impl DeviceConfirmPage {
    pub fn sample() -> Self {
        let consent = super::ConsentPage::sample();
        Self {
            csrf: consent.csrf,
            user_code: "BCDF-GHJK".into(),
            client: DeviceClient {
                name: "Build runner".into(),
                known: KnownAs::SelfDeclared,
                client_id: consent.client.client_id,
                client_uri: consent.client.client_uri,
            },
            resource_name: consent.resource_name,
            resource_url: consent.resource_url,
            scopes: consent.scopes,
            asked_at: "1 March 2026, 09:30 UTC".into(),
            asked_from: Some("203.0.113.7".into()),
            user_email: consent.user_email,
            switch_url: consent.switch_url,
        }
    }
}
