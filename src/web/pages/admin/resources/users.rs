//! The metadata documents of a resource, the apps that hold something on it, and the people who agreed.

use askama::Template;

use super::super::super::filters;
use super::super::{Area, Shell};
use super::{ResourceHead, ResourceTab};

/// The documents, to copy.
#[derive(Template)]
#[template(path = "admin/resources/metadata.html")]
pub struct ResourceMetadataPage {
    pub shell: Shell,
    pub head: ResourceHead,
    /// Where clients look for the document of the resource.
    pub resource_url: String,
    /// Where a copy is served here, if the resource is elsewhere.
    pub copy_url: Option<String>,
    pub resource: String,
    pub server_url: String,
    pub server: String,
}

/// The apps.
#[derive(Template)]
#[template(path = "admin/resources/clients.html")]
pub struct ResourceClientsPage {
    pub shell: Shell,
    pub head: ResourceHead,
    pub clients: Vec<ResourceClientView>,
    pub next_url: Option<String>,
    pub first_url: Option<String>,
}

/// One app.
pub struct ResourceClientView {
    pub id: String,
    pub name: String,
    pub kind: &'static str,
    pub last_used: Option<String>,
}

/// The people.
#[derive(Template)]
#[template(path = "admin/resources/people.html")]
pub struct ResourcePeoplePage {
    pub shell: Shell,
    pub head: ResourceHead,
    pub consents: Vec<ResourceConsentView>,
    pub next_url: Option<String>,
    pub first_url: Option<String>,
}

/// What one person allowed one app.
pub struct ResourceConsentView {
    pub user_id: String,
    pub email: String,
    pub client_id: String,
    pub client: String,
    pub scopes: Vec<String>,
    pub since: String,
}

#[cfg(test)]
impl ResourceMetadataPage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Area::Resources),
            head: ResourceHead::sample(ResourceTab::Metadata),
            resource_url: "https://notes.example.com/.well-known/oauth-protected-resource/mcp".into(),
            copy_url: Some("http://localhost:10000/.well-known/oauth-protected-resource/x".into()),
            resource: "{\n  \"resource\": \"https://notes.example.com/mcp\"\n}".into(),
            server_url: "http://localhost:10000/.well-known/oauth-authorization-server".into(),
            server: "{\n  \"issuer\": \"http://localhost:10000\"\n}".into(),
        }
    }

    pub fn filled(text: &str) -> Self {
        let t = || text.to_owned();
        Self {
            shell: Shell::filled(text, Area::Resources),
            head: ResourceHead::filled(text, ResourceTab::Metadata),
            resource_url: t(),
            copy_url: Some(t()),
            resource: t(),
            server_url: t(),
            server: t(),
        }
    }
}

#[cfg(test)]
impl ResourceClientsPage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Area::Resources),
            head: ResourceHead::sample(ResourceTab::Clients),
            clients: vec![ResourceClientView {
                id: "cli_06c0a0".into(),
                name: "Inspector".into(),
                kind: "registered itself",
                last_used: Some("1 March 2026, 09:30 UTC".into()),
            }],
            next_url: Some("/admin/resources/res_06c0a0/clients?after=cli_06c0a0".into()),
            first_url: None,
        }
    }

    pub fn filled(text: &str) -> Self {
        let client = ResourceClientView {
            id: "cli_06c0a0".into(),
            name: text.into(),
            kind: "registered itself",
            last_used: Some(text.into()),
        };
        Self {
            shell: Shell::filled(text, Area::Resources),
            head: ResourceHead::filled(text, ResourceTab::Clients),
            clients: vec![client],
            ..Self::sample()
        }
    }
}

#[cfg(test)]
impl ResourcePeoplePage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Area::Resources),
            head: ResourceHead::sample(ResourceTab::People),
            consents: vec![ResourceConsentView {
                user_id: "usr_06c0a0".into(),
                email: "ada@example.com".into(),
                client_id: "cli_06c0a0".into(),
                client: "Inspector".into(),
                scopes: vec!["notes:read".into()],
                since: "1 March 2026, 09:30 UTC".into(),
            }],
            next_url: None,
            first_url: Some("/admin/resources/res_06c0a0/people".into()),
        }
    }

    pub fn filled(text: &str) -> Self {
        let consent = ResourceConsentView {
            user_id: "usr_06c0a0".into(),
            email: text.into(),
            client_id: "cli_06c0a0".into(),
            client: text.into(),
            scopes: vec![text.into()],
            since: text.into(),
        };
        Self {
            shell: Shell::filled(text, Area::Resources),
            head: ResourceHead::filled(text, ResourceTab::People),
            consents: vec![consent],
            ..Self::sample()
        }
    }
}
