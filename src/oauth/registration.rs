//! Dynamic client registration: [RFC 7591](https://www.rfc-editor.org/rfc/rfc7591), and reading and deleting
//! by [RFC 7592](https://www.rfc-editor.org/rfc/rfc7592).
//!
//! | registration                                    | answer                                                   |
//! |-------------------------------------------------|----------------------------------------------------------|
//! | public, as one before (loopback port aside)     | the same `client_id`; nothing new is stored              |
//! | public                                          | a new `client_id`                                        |
//! | asks for `client_secret_post`, `_basic`         | a new `client_id`, a secret, and a management token      |
//! | asks for an auth method not supported           | as if it had not asked: `none`                           |
//! | names grant or response types not supported     | they are dropped; the effective ones are echoed, see [`grants::of_self_service`] |
//! | names the device code grant and not `authorization_code` | as the others, and needs no redirect URI        |
//! | names only such                                 | `invalid_client_metadata`                                |
//! | no redirect URI, more than 16, or a bad one     | `invalid_redirect_uri`, naming it                        |
//! | a `software_statement`                          | ignored: nobody here could verify it                     |
//!
//! Since identical public clients share an id, none of them can be allowed to change or delete it: only
//! confidential clients get a `registration_access_token`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use super::client::{AuthMethod, Client};
use super::error::{Code, Reason, Refusal};
use super::grants::{self, GrantType};
use super::jose;
use super::redirect_uri::RedirectUri;
use super::resource::Resource;
use super::{OAuth, Origin};
use crate::audit::{Entry, Event};
use crate::store::client_secrets::SecretRow;
use crate::store::clients::{ClientKeys, ClientKind, ClientMetadata, ClientRow};
use crate::types::ids::{Kind, new_id};
use crate::types::secret::Bearer;
use crate::types::urls::is_loopback;
use crate::types::{Plain, ScopeSet, Timestamp};

/// The most redirect URIs of one client.
pub const MAX_REDIRECT_URIS: usize = 16;
/// The longest descriptive value, in bytes.
const MAX_TEXT: usize = 2048;
/// All descriptive values and redirect URIs of one client together, in bytes.
pub const MAX_TOTAL: usize = 8192;
/// The longest name, in characters.
const MAX_NAME: usize = 200;

/// What a client sends. Unknown members are ignored (RFC 7591 §2), wrong types are not.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Metadata {
    redirect_uris: Option<Vec<String>>,
    client_name: Option<String>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    scope: Option<String>,
    client_uri: Option<String>,
    logo_uri: Option<String>,
    tos_uri: Option<String>,
    policy_uri: Option<String>,
    software_id: Option<String>,
    software_version: Option<String>,
    application_type: Option<String>,
    contacts: Option<Vec<String>>,
    jwks: Option<serde_json::Value>,
    jwks_uri: Option<String>,
    dpop_bound_access_tokens: Option<bool>,
    require_pushed_authorization_requests: Option<bool>,
}

impl Metadata {
    /// Says how the client authenticates, where that was found out otherwise.
    pub(super) fn set_auth_method(&mut self, method: AuthMethod) {
        self.token_endpoint_auth_method = Some(method.as_str().to_owned());
    }
}

/// What it gets back (RFC 7591 §3.2.1): the effective values, and never a null.
#[derive(Serialize)]
pub struct Registered {
    pub client_id: String,
    pub client_id_issued_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// 0: it does not expire. Only with a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_expires_at: Option<i64>,
    pub client_name: String,
    pub redirect_uris: Vec<String>,
    pub token_endpoint_auth_method: &'static str,
    pub grant_types: Vec<String>,
    pub response_types: Vec<&'static str>,
    pub scope: String,
    #[serde(flatten)]
    pub metadata: ClientMetadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_access_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_client_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dpop_bound_access_tokens: bool,
}

fn bad_metadata(text: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(Code::InvalidClientMetadata, Reason::BadMetadata, text)
}

/// Registers a client from the bytes of a JSON body. `at`: the resource whose own endpoint was asked.
pub async fn register(
    ctx: &OAuth,
    body: &[u8],
    at: Option<&Resource>,
    origin: &Origin,
) -> Result<Registered, Refusal> {
    let result = try_register(ctx, body, at).await;
    let entry = match &result {
        Ok(registered) => Entry::ok(Event::ClientRegistered)
            .client(registered.client_id.clone())
            .detail(format!("name: {}", registered.client_name)),
        Err(refusal) => Entry::refused(Event::ClientRegistered, refusal.reason.as_str()),
    };
    ctx.audit.record(entry.address(origin.address.clone())).await;
    result
}

async fn try_register(ctx: &OAuth, body: &[u8], at: Option<&Resource>) -> Result<Registered, Refusal> {
    let open = ctx.is_registration_open() && at.is_none_or(|resource| resource.registration_open);
    if !open {
        return Err(Refusal::new(
            Code::AccessDenied,
            Reason::RegistrationClosed,
            "clients cannot register themselves here: ask the administrator for a client_id",
        ));
    }
    let metadata = parse(body)?;
    let (row, auth_method) = validate(ctx, metadata)?;
    let now = ctx.clock.now();
    let (row, secret, management) = if auth_method == AuthMethod::None {
        (row, None, None)
    } else {
        let secret =
            auth_method.needs_secret().then(|| Bearer::generate(Kind::ClientSecret, &ctx.clock, &ctx.rng));
        let management = Bearer::generate(Kind::Registration, &ctx.clock, &ctx.rng);
        let row = ClientRow { management_hash: Some(management.hash()), ..row };
        (row, secret, Some(management))
    };
    let secret_row = secret.as_ref().map(|s| SecretRow::of(s, &row.id, now, None));
    let stored = ctx.store.add_client(row.clone(), secret_row).await?;
    if stored.disabled_at.is_some() {
        return Err(Refusal::new(
            Code::AccessDenied,
            Reason::DisabledClient,
            "the administrator has disabled this client",
        ));
    }
    // What this client asked for, under the id of whichever registration was first.
    let shown = ClientRow { id: stored.id, created_at: now, ..row };
    Ok(describe(ctx, shown, auth_method, secret.map(|s| s.to_text()), management.map(|m| m.to_text())))
}

/// A client as its owner is told of it; what is secret is there only when it was just made.
pub fn describe(
    ctx: &OAuth,
    row: ClientRow,
    auth_method: AuthMethod,
    secret: Option<Plain<String>>,
    management: Option<Plain<String>>,
) -> Registered {
    let manage = management.is_some();
    Registered {
        registration_client_uri: manage.then(|| ctx.issuer.at(&format!("/oauth/register/{}", row.id))),
        client_id: row.id,
        client_id_issued_at: row.created_at,
        client_secret_expires_at: secret.as_ref().map(|_| 0),
        client_secret: secret.map(|s| s.expose().clone()),
        client_name: row.name,
        redirect_uris: row.redirect_uris,
        token_endpoint_auth_method: auth_method.as_str(),
        response_types: if has_code(&row.grant_types) { vec!["code"] } else { Vec::new() },
        grant_types: row.grant_types,
        scope: row.scope,
        metadata: row.metadata,
        jwks: row.keys.as_ref().and_then(ClientKeys::inline).and_then(|set| serde_json::from_str(set).ok()),
        jwks_uri: row.keys.as_ref().and_then(ClientKeys::uri).map(str::to_owned),
        dpop_bound_access_tokens: row.dpop_bound,
        registration_access_token: management.map(|m| m.expose().clone()),
    }
}

fn has_code(grant_types: &[String]) -> bool {
    grant_types.iter().any(|grant| grant == GrantType::AuthorizationCode.as_str())
}

/// Reads a JSON object; serde alone would take an array for one.
fn parse(body: &[u8]) -> Result<Metadata, Refusal> {
    let malformed = |e: serde_json::Error| {
        let (line, column) = (e.line(), e.column());
        bad_metadata(format!("the body is not client metadata in JSON (line {line}, column {column})"))
    };
    if body.iter().find(|b| !b.is_ascii_whitespace()) != Some(&b'{') {
        return Err(bad_metadata("the body is not a JSON object"));
    }
    serde_json::from_slice(body).map_err(malformed)
}

/// The validator of everything a client may say of itself.
pub(super) fn validate(ctx: &OAuth, m: Metadata) -> Result<(ClientRow, AuthMethod), Refusal> {
    let auth_method =
        m.token_endpoint_auth_method.as_deref().and_then(AuthMethod::parse).unwrap_or(AuthMethod::None);
    let keys = client_keys(ctx, auth_method, m.jwks, m.jwks_uri)?;
    let grant_types = grants::of_self_service(ctx, &m.grant_types.unwrap_or_default())?;
    let has_code = grant_types.contains(&GrantType::AuthorizationCode);
    let redirect_uris = redirect_uris(&m.redirect_uris.unwrap_or_default(), has_code)?;
    if has_code && m.response_types.as_ref().is_some_and(|r| !r.is_empty() && !r.iter().any(|t| t == "code"))
    {
        return Err(bad_metadata("response_types has none that is supported: code"));
    }
    let scope = ScopeSet::parse(m.scope.as_deref().unwrap_or_default())
        .map_err(|e| bad_metadata(format!("scope {e}")))?;
    let name = m.client_name.map(|n| n.trim().to_owned()).filter(|n| !n.is_empty());
    if name.as_ref().is_some_and(|n| n.chars().count() > MAX_NAME) {
        return Err(bad_metadata(format!("client_name is longer than {MAX_NAME} characters")));
    }
    if name.as_ref().is_some_and(|n| n.chars().any(char::is_control)) {
        return Err(bad_metadata("client_name has control characters"));
    }
    let metadata = ClientMetadata {
        client_uri: web_uri("client_uri", m.client_uri)?,
        logo_uri: web_uri("logo_uri", m.logo_uri)?,
        tos_uri: web_uri("tos_uri", m.tos_uri)?,
        policy_uri: web_uri("policy_uri", m.policy_uri)?,
        software_id: text("software_id", m.software_id)?,
        software_version: text("software_version", m.software_version)?,
        application_type: m.application_type.filter(|t| t == "native" || t == "web"),
        contacts: m.contacts.unwrap_or_default().into_iter().take(8).filter(|c| plain(c, 254)).collect(),
        require_pushed_authorization_requests: m.require_pushed_authorization_requests.unwrap_or_default(),
    };
    let uris: usize = redirect_uris.iter().map(|u| u.as_str().len()).sum();
    let described = serde_json::to_string(&metadata).map_or(usize::MAX, |text| text.len());
    let inline = keys.as_ref().and_then(ClientKeys::inline).map_or(0, str::len);
    if uris.saturating_add(described).saturating_add(inline) > MAX_TOTAL {
        return Err(bad_metadata(format!("the metadata is longer than {MAX_TOTAL} bytes in all")));
    }
    let row = ClientRow {
        id: new_id(Kind::Client, &ctx.clock, &ctx.rng),
        kind: ClientKind::Dynamic,
        name: name.unwrap_or_default(),
        auth_method: auth_method.as_str().to_owned(),
        redirect_uris: redirect_uris.iter().map(|u| u.as_str().to_owned()).collect(),
        grant_types: grant_types.iter().map(|grant| grant.as_str().to_owned()).collect(),
        scope: scope.to_string(),
        digest: (auth_method == AuthMethod::None).then(String::new),
        metadata,
        management_hash: None,
        allowed_scopes: None,
        access_token_seconds: None,
        created_at: ctx.clock.now(),
        last_used_at: None,
        disabled_at: None,
        keys,
        dpop_bound: m.dpop_bound_access_tokens.unwrap_or_default(),
        document_mark: None,
        held_at: None,
    };
    let digest = row.digest.as_ref().map(|_| digest(&row, &redirect_uris));
    Ok((ClientRow { digest, ..row }, auth_method))
}

/// The keys of a client that authenticates with one; of any other they are left out.
fn client_keys(
    ctx: &OAuth,
    auth_method: AuthMethod,
    inline: Option<serde_json::Value>,
    uri: Option<String>,
) -> Result<Option<ClientKeys>, Refusal> {
    if auth_method != AuthMethod::PrivateKeyJwt {
        return Ok(None);
    }
    let keys = match (inline, text("jwks_uri", uri)?) {
        (Some(_), Some(_)) => return Err(bad_metadata("jwks and jwks_uri are given: one of them, please")),
        (None, None) => return Err(bad_metadata("private_key_jwt needs jwks or jwks_uri")),
        (Some(set), None) => ClientKeys::Inline(set.to_string()),
        (None, Some(uri)) => ClientKeys::Uri(uri),
    };
    check_keys(ctx, &keys).map_err(bad_metadata)?;
    Ok(Some(keys))
}

/// Whether a client's keys may be registered: a set with something of use and nothing private in it, or an address
/// that they may be fetched from.
///
/// # Errors
/// What is wrong, in words that begin with `jwks` or `jwks_uri`.
pub fn check_keys(ctx: &OAuth, keys: &ClientKeys) -> Result<(), String> {
    match keys {
        ClientKeys::Inline(set) if set.len() > MAX_TOTAL => {
            Err(format!("jwks is longer than {MAX_TOTAL} bytes"))
        }
        ClientKeys::Inline(set) => {
            jose::Keys::read(set.as_bytes()).map(drop).map_err(|fault| format!("jwks {fault}"))
        }
        ClientKeys::Uri(uri) => {
            let is_fine = Url::parse(uri).is_ok_and(|url| {
                let secure = url.scheme() == "https"
                    || (url.scheme() == "http" && is_loopback(&url) && ctx.issuer.is_loopback());
                secure && url.fragment().is_none() && url.username().is_empty() && url.password().is_none()
            });
            if is_fine && uri.len() <= MAX_TEXT {
                Ok(())
            } else {
                Err("jwks_uri is not an https URL".to_owned())
            }
        }
    }
}

/// `needs_one`: people are sent back to it.
fn redirect_uris(texts: &[String], needs_one: bool) -> Result<Vec<RedirectUri>, Refusal> {
    let bad = |text: String| Refusal::new(Code::InvalidRedirectUri, Reason::BadRedirectUri, text);
    if texts.is_empty() && needs_one {
        return Err(bad("redirect_uris is missing or empty".to_owned()));
    }
    if texts.len() > MAX_REDIRECT_URIS {
        return Err(bad(format!("redirect_uris has more than {MAX_REDIRECT_URIS} entries")));
    }
    let parse = |(i, text): (usize, &String)| {
        RedirectUri::parse(text).map_err(|e| bad(format!("redirect_uris[{i}] {e}")))
    };
    texts.iter().enumerate().map(parse).collect()
}

/// An http or https URL that is shown as text; empty counts as absent.
fn web_uri(name: &str, value: Option<String>) -> Result<Option<String>, Refusal> {
    let Some(value) = text(name, value)? else { return Ok(None) };
    match Url::parse(&value) {
        Ok(url) if matches!(url.scheme(), "https" | "http") => Ok(Some(value)),
        _ => Err(bad_metadata(format!("{name} is not an http or https URL"))),
    }
}

fn text(name: &str, value: Option<String>) -> Result<Option<String>, Refusal> {
    match value {
        Some(v) if !plain(&v, MAX_TEXT) => {
            Err(bad_metadata(format!("{name} is longer than {MAX_TEXT} bytes or has control characters")))
        }
        other => Ok(other.filter(|v| !v.is_empty())),
    }
}

/// Short, and without control characters.
fn plain(text: &str, max: usize) -> bool {
    text.len() <= max && !text.chars().any(char::is_control)
}

/// What makes two public registrations the same client. The loopback port is left out: it is free anyway,
/// and command-line clients register with a new one each time.
fn digest(row: &ClientRow, redirect_uris: &[RedirectUri]) -> String {
    let mut uris: Vec<String> = redirect_uris.iter().map(RedirectUri::without_loopback_port).collect();
    uris.sort();
    let mut facts = serde_json::json!([1, row.name, uris, row.scope, row.metadata]);
    if let (true, Some(facts)) = (row.dpop_bound, facts.as_array_mut()) {
        facts.push("dpop".into());
    }
    let is_for_devices = row.grant_types.iter().any(|grant| grant == GrantType::DeviceCode.as_str());
    if let (true, Some(facts)) = (is_for_devices, facts.as_array_mut()) {
        facts.push(row.grant_types.join(" ").into());
    }
    URL_SAFE_NO_PAD.encode(Sha256::digest(facts.to_string()))
}

/// The client a registration access token belongs to (RFC 7592 §2). A refusal is recorded.
///
/// # Errors
/// `invalid_token`, whatever is wrong: who has no right to manage a client learns nothing about it.
pub async fn managed(
    ctx: &OAuth,
    client_id: &str,
    token: Option<&str>,
    origin: &Origin,
) -> Result<Client, Refusal> {
    let found = find_managed(ctx, client_id, token).await;
    if let Err(refusal) = &found {
        let entry = Entry::refused(Event::AccessRefused, refusal.reason.as_str())
            .client(client_id.to_owned())
            .address(origin.address.clone());
        ctx.audit.record(entry).await;
    }
    found
}

async fn find_managed(ctx: &OAuth, client_id: &str, token: Option<&str>) -> Result<Client, Refusal> {
    let refuse = || {
        let text = "the registration access token is not valid";
        Refusal::new(Code::InvalidToken, Reason::BadRegistrationToken, text)
    };
    let bearer = token.and_then(|t| Bearer::parse(Kind::Registration, t)).ok_or_else(refuse)?;
    let client = ctx.clients.find(client_id).await?.ok_or_else(refuse)?;
    match &client.management_hash {
        Some(hash) if hash.matches(bearer.secret.expose()) => Ok((*client).clone()),
        _ => Err(refuse()),
    }
}

/// A client's registration as it stands (RFC 7592 §2.1); secrets are not shown again.
pub fn read(ctx: &OAuth, client: Client, token: &str) -> Registered {
    let row = ClientRow {
        id: client.id,
        kind: client.kind,
        name: client.name,
        auth_method: client.auth_method.as_str().to_owned(),
        redirect_uris: client.redirect_uris.iter().map(|u| u.as_str().to_owned()).collect(),
        grant_types: client.grant_types,
        scope: client.scope,
        metadata: client.metadata,
        digest: None,
        management_hash: None,
        allowed_scopes: client.allowed_scopes,
        access_token_seconds: client.access_token_seconds,
        created_at: client.created_at,
        last_used_at: None,
        disabled_at: None,
        keys: client.stored_keys,
        dpop_bound: client.dpop_bound,
        document_mark: None,
        held_at: None,
    };
    describe(ctx, row, client.auth_method, None, Some(Plain::new(token.to_owned())))
}

/// Deletes a client and everything it holds (RFC 7592 §2.3).
pub async fn delete(ctx: &OAuth, client: &Client, origin: &Origin) -> Result<(), Refusal> {
    ctx.store.remove_client(client.id.clone(), ctx.clock.now()).await?;
    ctx.clients.forget_all();
    ctx.revocations.refresh(&ctx.store, ctx.clock.now()).await?;
    let entry = Entry::ok(Event::ClientDeleted).client(client.id.clone()).address(origin.address.clone());
    ctx.audit.record(entry).await;
    Ok(())
}
