//! What a document may say.
//! Law: draft-ietf-oauth-client-id-metadata-document §4 · RFC 7591 §2 · OpenID Connect Relying Party Metadata Choices 1.0
//!
//! | the document                                              | result                                              |
//! |-----------------------------------------------------------|-----------------------------------------------------|
//! | `client_id` is the URL it was asked for at, byte for byte | read on                                             |
//! | another `client_id`, or none                              | refused                                             |
//! | no `client_name`, no `redirect_uris`                      | refused                                             |
//! | anything a registration would be refused for              | refused, in the words of the registration           |
//! | `client_secret`, `client_secret_expires_at`               | refused: it would be no secret                      |
//! | its only ways to authenticate need a secret, or are unknown | refused                                           |
//! | no word about authentication                              | public                                              |
//! | `private_key_jwt`, in the singular or the plural field, without keys | refused                                  |
//! | `private_key_jwt` alone                                   | it must show an assertion                           |
//! | `private_key_jwt` and `none`, wherever each is said       | either will do                                      |
//! | grant and response types that are not supported           | dropped, as at the registration                     |
//! | unknown members                                           | ignored                                             |
//!
//! One test for every refused row, with its exact words: `every_refused_document_says_why`; for the others
//! `what_is_taken_from_a_document`.
//!
//! A document of a client that is `none` and has keys as well becomes a public client with keys: it may prove itself.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::oauth::OAuth;
use crate::oauth::client::AuthMethod;
use crate::oauth::redirect_uri::{Destination, RedirectUri};
use crate::oauth::registration;
use crate::store::clients::{ClientKeys, ClientKind, ClientRow};

/// Ways to authenticate for which the client would need a secret that only both sides know.
const WITH_SECRET: [&str; 3] = ["client_secret_basic", "client_secret_post", "client_secret_jwt"];

/// Why a document cannot be used. The sentence goes on after "the document …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDocument {
    #[error("is not a JSON object of client metadata (line {0}, column {1})")]
    NotJson(usize, usize),
    #[error("has no client_id")]
    NoId,
    #[error("has another client_id than the URL it is found at")]
    OtherId,
    #[error("has no client_name")]
    NoName,
    #[error("has a client_secret: what everybody can read is no secret")]
    Secret,
    #[error("names no way to authenticate that can be used here: none or private_key_jwt")]
    NoMethod,
    #[error("cannot be used: {0}")]
    Metadata(String),
}

impl BadDocument {
    /// The code for the audit trail.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NotJson(..) => "document_not_json",
            Self::NoId | Self::OtherId => "document_of_another_client",
            Self::NoName => "document_without_name",
            Self::Secret => "document_with_secret",
            Self::NoMethod => "document_auth_method",
            Self::Metadata(_) => "document_metadata",
        }
    }
}

/// What a document has beyond the metadata of a registration. A member that is `null` is as good as absent.
#[derive(Debug, Deserialize)]
struct Document {
    client_id: Option<String>,
    client_name: Option<String>,
    client_secret: Option<serde::de::IgnoredAny>,
    client_secret_expires_at: Option<serde::de::IgnoredAny>,
    token_endpoint_auth_method: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// Reads a document that was found at `id`: the client as it would be stored.
///
/// # Errors
/// The first row of the table that refuses it.
pub fn read(ctx: &OAuth, id: &str, bytes: &[u8]) -> Result<ClientRow, BadDocument> {
    let not_json = |e: &serde_json::Error| BadDocument::NotJson(e.line(), e.column());
    if bytes.iter().find(|b| !b.is_ascii_whitespace()) != Some(&b'{') {
        return Err(BadDocument::NotJson(1, 1));
    }
    let document: Document = serde_json::from_slice(bytes).map_err(|e| not_json(&e))?;
    match document.client_id.as_deref() {
        None => return Err(BadDocument::NoId),
        Some(said) if said != id => return Err(BadDocument::OtherId),
        Some(_) => {}
    }
    if document.client_name.as_deref().is_none_or(|name| name.trim().is_empty()) {
        return Err(BadDocument::NoName);
    }
    if document.client_secret.is_some() || document.client_secret_expires_at.is_some() {
        return Err(BadDocument::Secret);
    }
    let methods = methods(&document)?;
    let mut metadata: registration::Metadata = serde_json::from_slice(bytes).map_err(|e| not_json(&e))?;
    let has_key = methods.contains(&AuthMethod::PrivateKeyJwt);
    let strongest = if has_key { AuthMethod::PrivateKeyJwt } else { AuthMethod::None };
    metadata.set_auth_method(strongest);
    let (row, _) = registration::validate(ctx, metadata)
        .map_err(|refusal| BadDocument::Metadata(refusal.description.into_owned()))?;
    let weakest = if methods.contains(&AuthMethod::None) { AuthMethod::None } else { strongest };
    let mark = mark(&row, weakest);
    Ok(ClientRow {
        id: id.to_owned(),
        kind: ClientKind::Cimd,
        auth_method: weakest.as_str().to_owned(),
        digest: None,
        document_mark: Some(mark),
        ..row
    })
}

/// The ways to authenticate that the document names and this server knows; public where it names none at all.
fn methods(document: &Document) -> Result<Vec<AuthMethod>, BadDocument> {
    let one = document.token_endpoint_auth_method.iter();
    let many = document.token_endpoint_auth_methods_supported.iter().flatten();
    if document.token_endpoint_auth_method.as_deref().is_some_and(|m| WITH_SECRET.contains(&m)) {
        return Err(BadDocument::NoMethod);
    }
    let named: Vec<&str> = one.chain(many).map(String::as_str).collect();
    if named.is_empty() {
        return Ok(vec![AuthMethod::None]);
    }
    let usable: Vec<AuthMethod> = named
        .into_iter()
        .filter(|method| !WITH_SECRET.contains(method))
        .filter_map(AuthMethod::parse)
        .collect();
    if usable.is_empty() { Err(BadDocument::NoMethod) } else { Ok(usable) }
}

/// What people rely on when they agree: to whom access goes, by which keys the client is known and whether it must show
/// them, and whether its tokens are bound to a key. Not its name, and
/// not where at one host, or on this computer, it is answered; nor what lies behind one `jwks_uri`.
fn mark(row: &ClientRow, weakest: AuthMethod) -> String {
    let destination = |uri: &String| {
        Some(match RedirectUri::parse(uri).ok()?.destination() {
            Destination::Web(host) => format!("web {host}"),
            Destination::Loopback(_) => "this computer".to_owned(),
            Destination::App(scheme) => format!("app {scheme}"),
        })
    };
    let destinations: BTreeSet<String> = row.redirect_uris.iter().filter_map(destination).collect();
    let keys = match &row.keys {
        None => "none".to_owned(),
        Some(ClientKeys::Uri(uri)) => format!("at {uri}"),
        Some(ClientKeys::Inline(set)) => format!("set {}", digest(set)),
    };
    digest(&serde_json::json!([1, destinations, keys, weakest.as_str(), row.dpop_bound]).to_string())
}

fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}
