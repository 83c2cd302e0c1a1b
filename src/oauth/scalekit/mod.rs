//! The ScaleKit dialect: what software written for ScaleKit expects of an environment, over the same rules as
//! `/oauth/…`. Each resource has it on or off.
//!
//! | what                                   | standard                    | dialect                                            |
//! |----------------------------------------|-----------------------------|----------------------------------------------------|
//! | where apps are sent for tokens          | the issuer `{env}`          | `{env}/resources/{res}`, see [`door`]              |
//! | `iss` of the metadata and of the answer to an authorization request | `{env}` | the same, where the request came in by that door |
//! | `iss` of tokens                        | `{env}`                     | `{env}`, or the door's where the resource says so  |
//! | `aud` of access tokens                 | the URL                     | a list: id, URL, and the URL that was asked for where it is longer |
//! | `oid`                                  | absent                      | this installation                                  |
//! | signature                              | as the resource says        | RS256: their SDKs read nothing else                |
//! | `resource`                             | see [`super::resource`]     | also a longer path of the same site                |
//!
//! `{env}` is the public URL of this server. Facts: the ScaleKit SDKs for Python and Node, FastMCP's
//! `ScalekitProvider`; `docs/scalekit.md` has what is tested with each.

pub mod door;
pub mod metadata;
pub mod variables;

use std::fmt::Write as _;

use super::access_token::Audience;
use super::resource::Resource;
use crate::types::MasterKey;
use crate::types::master_key::Purpose;
use crate::types::urls::Issuer;

/// How the tokens and endpoints of a resource look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    #[default]
    Standard,
    Scalekit(TokenIssuer),
}

/// Whom the tokens of a resource with the dialect name as their issuer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenIssuer {
    /// The environment, as ScaleKit does and most of its software asks for.
    #[default]
    Environment,
    /// The resource's own issuer.
    Resource,
}

impl TokenIssuer {
    pub const ALL: [Self; 2] = [Self::Environment, Self::Resource];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Resource => "resource",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|issuer| issuer.as_str() == text)
    }
}

impl Dialect {
    /// As it is stored; what is not known is the standard.
    pub fn of_row(dialect: &str, token_issuer: &str) -> Self {
        match dialect {
            SCALEKIT => Self::Scalekit(TokenIssuer::parse(token_issuer).unwrap_or_default()),
            _ => Self::Standard,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => STANDARD,
            Self::Scalekit(_) => SCALEKIT,
        }
    }

    pub const fn is_scalekit(self) -> bool {
        matches!(self, Self::Scalekit(_))
    }
}

/// The names of the dialects.
pub const STANDARD: &str = "standard";
pub const SCALEKIT: &str = "scalekit";

/// The issuer of one resource: what its metadata and the answers to authorization requests name.
pub fn issuer_of(environment: &Issuer, resource_id: &str) -> String {
    environment.at(&format!("/resources/{resource_id}"))
}

/// Whom tokens for this resource name as their issuer.
pub fn token_issuer(environment: &Issuer, resource: &Resource) -> String {
    match resource.dialect {
        Dialect::Scalekit(TokenIssuer::Resource) => issuer_of(environment, &resource.id),
        Dialect::Standard | Dialect::Scalekit(TokenIssuer::Environment) => environment.as_str().to_owned(),
    }
}

/// Whom apps are sent to for tokens for this resource: what its own metadata names.
pub fn authorization_server(environment: &Issuer, resource: &Resource) -> String {
    if resource.dialect.is_scalekit() {
        issuer_of(environment, &resource.id)
    } else {
        environment.as_str().to_owned()
    }
}

/// The audience of an access token. `asked_as`: the URL that was asked for, where it is no spelling of the
/// resource's own but a longer path of it.
pub fn audience(resource: &Resource, asked_as: Option<&str>) -> Audience {
    if !resource.dialect.is_scalekit() {
        return Audience::One(resource.uri.clone());
    }
    let mut all = vec![resource.id.clone(), resource.uri.clone()];
    all.extend(asked_as.filter(|url| *url != resource.uri).map(str::to_owned));
    Audience::Many(all)
}

/// `oid`, the organization: one installation is one.
pub fn organization(key: &MasterKey) -> String {
    let mac = key.mac(Purpose::Organization, &[]);
    let mut id = String::from("org_");
    for byte in &mac[..9] {
        // Two digits of each byte, as ScaleKit's ids have eighteen.
        let _ = write!(id, "{:02}", byte % 100);
    }
    id
}
