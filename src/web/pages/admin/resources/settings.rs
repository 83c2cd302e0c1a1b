//! Settings of a resource, making it the default, deleting it.
//!
//! Settings post `csrf`, `version`, `name`, `url`, `aliases`, `registration_open`, `dpop_required`, `cimd_policy`, `cimd_allow`, `access_token_seconds`,
//! `refresh_token_seconds`, `dialect`, `token_issuer`, `signing_alg`, `issuer`, `scalekit_environment`,
//! `scalekit_resource_id` and `both_until`; the default `csrf`; deleting `csrf` and `confirm`.

use askama::Template;

use super::super::super::filters;
use super::super::{Area, Problems, Shell};
use super::{ResourceHead, ResourceTab};
use crate::oauth::scalekit::{SCALEKIT, STANDARD, TokenIssuer};

/// The form.
#[derive(Template)]
#[template(path = "admin/resources/settings.html")]
pub struct ResourceSettingsPage {
    pub shell: Shell,
    pub head: ResourceHead,
    /// The version that the form replaces.
    pub version: i64,
    pub form: SettingsForm,
    pub problems: Problems,
    /// Somebody else changed it: what it says now, by the names of the fields.
    pub now: Option<Vec<(&'static str, String)>>,
    pub is_default: bool,
    pub is_deletable: bool,
    /// The settings of the server, for fields that are left empty.
    pub access_setting: i64,
    pub refresh_setting: i64,
    /// Whose tokens are taken where nothing is chosen.
    pub issuer_setting: &'static str,
    /// What is said of an environment that is left empty.
    pub environment_setting: &'static str,
}

/// What the fields hold.
#[derive(Clone, Debug, Default)]
pub struct SettingsForm {
    pub name: String,
    /// Nothing of the built-in resource: its URL is not set here.
    pub url: Option<String>,
    /// One a line.
    pub aliases: String,
    pub registration_open: bool,
    pub dpop_required: bool,
    /// Which apps that publish a document may ask: `open`, `allow` or `off`.
    pub cimd_policy: String,
    /// One a line.
    pub cimd_allow: String,
    pub access_token_seconds: String,
    pub refresh_token_seconds: String,
    pub signing_alg: String,
    pub dialect: String,
    pub token_issuer: String,
    /// Whose tokens it takes: empty, `embedded` or `scalekit`.
    pub issuer: String,
    pub scalekit_environment: String,
    pub scalekit_resource_id: String,
    /// The last day on which the other issuer's tokens are taken too, e.g. `2027-02-01`.
    pub both_until: String,
}

impl ResourceSettingsPage {
    /// The algorithms, each with what to know of it.
    pub const ALGS: [(&'static str, &'static str); 3] = [
        ("ES256", "small and fast; every current library knows it"),
        ("RS256", "what ScaleKit's SDKs and older libraries read"),
        ("EdDSA", "the fastest; FastMCP and some libraries cannot check it"),
    ];
    /// The dialects, likewise.
    pub const DIALECTS: [(&'static str, &'static str); 2] = [
        (STANDARD, "the MCP specification; what every current app and server reads"),
        (SCALEKIT, "for a server that was written for ScaleKit, with its SDK or FastMCP's ScalekitProvider"),
    ];
    /// Which apps that publish a document may ask.
    pub const DOCUMENTS: [(&'static str, &'static str); 3] = [
        (
            "open",
            "any; each person decides on the consent page, which names the host that vouches for the app",
        ),
        ("allow", "those listed below"),
        ("off", "none"),
    ];
    /// Whom the tokens of the ScaleKit dialect name.
    pub const TOKEN_ISSUERS: [(&'static str, &'static str); 2] = [
        (TokenIssuer::Environment.as_str(), "the URL of this server, as most software for ScaleKit expects"),
        (TokenIssuer::Resource.as_str(), "the issuer of the resource, /resources/… below that URL"),
    ];

    /// Who may issue its tokens.
    pub const ISSUERS: [(&'static str, &'static str); 2] =
        [("embedded", "this server"), ("scalekit", "ScaleKit")];
}

/// Asks before a resource is made the default.
#[derive(Template)]
#[template(path = "admin/resources/default.html")]
pub struct DefaultResourcePage {
    pub shell: Shell,
    pub head: ResourceHead,
    /// The name of the default there is.
    pub before: Option<String>,
}

/// Asks before a resource is deleted.
#[derive(Template)]
#[template(path = "admin/resources/delete.html")]
pub struct DeleteResourcePage {
    pub shell: Shell,
    pub head: ResourceHead,
    /// Some of the apps that lose access, and whether there are more.
    pub clients: Vec<String>,
    pub more_clients: bool,
    /// Some of the people, by e-mail address.
    pub people: Vec<String>,
    pub more_people: bool,
    pub problems: Problems,
}

#[cfg(test)]
impl ResourceSettingsPage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Area::Resources),
            head: ResourceHead::sample(ResourceTab::Settings),
            version: 3,
            form: SettingsForm {
                name: "Notes".into(),
                url: Some("https://notes.example.com/mcp".into()),
                aliases: "https://old.example.com/mcp".into(),
                registration_open: true,
                dpop_required: true,
                cimd_policy: "allow".into(),
                cimd_allow: "https://vscode.dev/*".into(),
                access_token_seconds: "900".into(),
                refresh_token_seconds: String::new(),
                signing_alg: "ES256".into(),
                dialect: STANDARD.into(),
                token_issuer: TokenIssuer::Environment.as_str().into(),
                issuer: "scalekit".into(),
                scalekit_environment: "https://acme.scalekit.cloud".into(),
                scalekit_resource_id: "res_100000000000000001".into(),
                both_until: "2027-02-01".into(),
            },
            problems: Problems::default(),
            now: None,
            is_default: false,
            is_deletable: true,
            access_setting: 3600,
            refresh_setting: 7_776_000,
            issuer_setting: "this server",
            environment_setting: ", which name none",
        }
    }

    pub fn filled(text: &str) -> Self {
        let t = || text.to_owned();
        let problem = |field| crate::admin::Problem::new(field, text);
        let fields = [
            "name",
            "url",
            "aliases",
            "cimd_policy",
            "cimd_allow",
            "access_token_seconds",
            "refresh_token_seconds",
            "signing_alg",
            "dialect",
            "token_issuer",
            "issuer",
            "scalekit_environment",
            "scalekit_resource_id",
            "both_until",
        ];
        Self {
            shell: Shell::filled(text, Area::Resources),
            head: ResourceHead::filled(text, ResourceTab::Settings),
            form: SettingsForm {
                name: t(),
                url: Some(t()),
                aliases: t(),
                registration_open: true,
                dpop_required: true,
                cimd_policy: t(),
                cimd_allow: t(),
                access_token_seconds: t(),
                refresh_token_seconds: t(),
                signing_alg: t(),
                dialect: t(),
                token_issuer: t(),
                issuer: t(),
                scalekit_environment: t(),
                scalekit_resource_id: t(),
                both_until: t(),
            },
            problems: Problems(fields.map(problem).to_vec()),
            now: Some(vec![("Name", t())]),
            ..Self::sample()
        }
    }
}

#[cfg(test)]
impl DefaultResourcePage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Area::Resources),
            head: ResourceHead::sample(ResourceTab::Settings),
            before: Some("Gatepost tools".into()),
        }
    }

    pub fn filled(text: &str) -> Self {
        Self {
            shell: Shell::filled(text, Area::Resources),
            head: ResourceHead::filled(text, ResourceTab::Settings),
            before: Some(text.into()),
        }
    }
}

#[cfg(test)]
impl DeleteResourcePage {
    pub fn sample() -> Self {
        Self {
            shell: Shell::sample(Area::Resources),
            head: ResourceHead::sample(ResourceTab::Settings),
            clients: vec!["Inspector".into()],
            more_clients: true,
            people: vec!["ada@example.com".into()],
            more_people: false,
            problems: Problems::default(),
        }
    }

    pub fn filled(text: &str) -> Self {
        Self {
            shell: Shell::filled(text, Area::Resources),
            head: ResourceHead::filled(text, ResourceTab::Settings),
            clients: vec![text.into()],
            more_clients: true,
            people: vec![text.into()],
            more_people: true,
            problems: Problems(vec![crate::admin::Problem::new("confirm", text)]),
        }
    }
}
