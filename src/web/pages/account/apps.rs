//! The apps a person has connected. Posts `csrf` and `app`, or `all`, to `/account/apps`.

use askama::Template;

#[cfg(test)]
use super::super::RedirectKind;
use super::super::{ClientView, KnownAs, ScopeView, filters};
use super::{Shell, Tab};

/// What the page of connected apps shows.
#[derive(Template)]
#[template(path = "account/apps.html")]
pub struct AppsPage {
    pub shell: Shell,
    pub apps: Vec<AppView>,
    /// The page after this one.
    pub next_url: Option<String>,
    pub is_first_page: bool,
    /// Whether devices without a browser can be connected.
    pub has_devices: bool,
}

/// One app on one resource.
pub struct AppView {
    /// Names it in the form that disconnects it.
    pub id: String,
    pub client: ClientView,
    /// Where its answers go: every host it registered.
    pub hosts: Vec<String>,
    pub resource_name: String,
    pub resource_url: String,
    pub scopes: Vec<ScopeView>,
    /// The organization that let it in; nothing where the person did.
    pub vouched_by: Option<String>,
    pub first_use: String,
    pub last_use: Option<String>,
    pub logins: String,
}

#[cfg(test)]
impl AppsPage {
    pub fn sample() -> Self {
        let consent = super::super::ConsentPage::sample();
        let app = AppView {
            id: "con_sample".into(),
            client: consent.client,
            hosts: vec!["localhost".into(), "claude.example".into()],
            resource_name: consent.resource_name,
            resource_url: consent.resource_url,
            scopes: consent.scopes,
            vouched_by: None,
            first_use: "1 March 2026, 09:30 UTC".into(),
            last_use: Some("2 March 2026, 10:00 UTC".into()),
            logins: "2 logins".into(),
        };
        let other = super::super::ConsentPage::sample();
        let quiet = AppView {
            id: "con_other".into(),
            client: ClientView { name: String::new(), known: KnownAs::RegisteredHere, ..other.client },
            hosts: Vec::new(),
            resource_name: other.resource_name,
            resource_url: other.resource_url,
            scopes: Vec::new(),
            vouched_by: Some("Acme".into()),
            first_use: "1 March 2026, 09:30 UTC".into(),
            last_use: None,
            logins: "no login".into(),
        };
        Self {
            shell: Shell::sample(Tab::Apps),
            apps: vec![app, quiet],
            next_url: Some("/account/apps?after=1.con_other".into()),
            is_first_page: false,
            has_devices: true,
        }
    }

    pub fn filled(text: &str) -> Self {
        let t = || text.to_owned();
        let client = ClientView {
            name: t(),
            known: KnownAs::SelfDeclared,
            redirect_host: t(),
            redirect: RedirectKind::Web,
            client_id: t(),
            client_uri: Some(t()),
        };
        let scope = ScopeView {
            name: t(),
            description: t(),
            tools: vec![t()],
            includes: Vec::new(),
            required: true,
            already_granted: true,
        };
        let app = AppView {
            id: t(),
            client,
            hosts: vec![t(), t()],
            resource_name: t(),
            resource_url: t(),
            scopes: vec![scope],
            vouched_by: Some(t()),
            first_use: t(),
            last_use: Some(t()),
            logins: t(),
        };
        let shell = Shell::filled(text, Tab::Apps);
        Self { shell, apps: vec![app], next_url: Some("/x".into()), is_first_page: true, has_devices: true }
    }
}
