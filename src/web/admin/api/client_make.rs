//! `POST /clients` and `PUT /clients/{id}`: making a client by hand, and changing one.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers;
use super::call::Sent;
use super::clients::Client;
use super::idempotency::{self, Created};
use super::problem::Problem;
use crate::admin::clients::{create, edit};
use crate::oauth::client::AuthMethod;
use crate::store::clients::ClientKind;

/// How a client proves itself at the token endpoint.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Authentication {
    /// No secret: programs on people's own machines.
    None,
    ClientSecretBasic,
    ClientSecretPost,
    /// A key of its own.
    PrivateKeyJwt,
}

impl Authentication {
    const fn method(self) -> AuthMethod {
        match self {
            Self::None => AuthMethod::None,
            Self::ClientSecretBasic => AuthMethod::Basic,
            Self::ClientSecretPost => AuthMethod::Post,
            Self::PrivateKeyJwt => AuthMethod::PrivateKeyJwt,
        }
    }
}

/// For whom a client acts.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum MadeKind {
    /// For people.
    Static,
    /// For nobody but itself.
    Machine,
}

/// What is said of a new client.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "kind": "static", "auth_method": "none", "name": "Reports",
    "redirect_uris": ["https://reports.example.com/callback"] }))]
#[serde(deny_unknown_fields)]
pub struct NewClient {
    kind: MadeKind,
    auth_method: Authentication,
    /// For `private_key_jwt`: the https address of its key set, or the set itself as JSON text.
    #[serde(default)]
    #[schema(max_length = 8192)]
    keys: Option<String>,
    /// As the consent page shows it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Where people are sent back to; none for a machine.
    #[serde(default)]
    redirect_uris: Vec<String>,
    /// Whether devices without a browser may use it; then it needs no redirect URI. Not for a machine.
    #[serde(default)]
    for_devices: bool,
    /// The scopes of resources it may have at most; leave it out for no ceiling.
    #[serde(default)]
    allowed_scopes: Option<Vec<String>>,
    /// 60 to 86,400; leave it out for what the resource says.
    #[serde(default)]
    access_token_seconds: Option<i64>,
    /// Whether it gets only tokens that are bound to a key of its own (DPoP, RFC 9449).
    #[serde(default)]
    dpop_bound: bool,
}

/// A new client, with its secret if it has one.
#[derive(Serialize, ToSchema)]
pub struct NewlyMadeClient {
    #[serde(flatten)]
    client: Client,
    /// Told once: absent for a public client, and in the answer to a repetition.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

/// Make a client
///
/// Public, confidential, or a machine. Apps that register themselves need none of this.
#[utoipa::path(post, path = "/clients", tag = "clients", request_body = NewClient,
    responses((status = 201, description = "It is there", body = NewlyMadeClient)))]
pub async fn create(sent: Sent<NewClient>) -> Result<HttpResponse, Problem> {
    let (call, body) = (&sent.call, sent.body);
    let new = create::NewClient {
        kind: match body.kind {
            MadeKind::Static => ClientKind::Static,
            MadeKind::Machine => ClientKind::Machine,
        },
        auth_method: body.auth_method.method(),
        keys: body.keys,
        name: body.name,
        redirect_uris: body.redirect_uris,
        for_devices: body.for_devices,
        allowed_scopes: body.allowed_scopes,
        access_token_seconds: body.access_token_seconds,
        dpop_bound: body.dpop_bound,
    };
    idempotency::once(call, &sent.digest, async {
        let made = create::create(call.admin(), &call.actor, &new, None).await?;
        let location = format!("/clients/{}", made.client.client.id);
        let client_secret = made.secret.map(|secret| secret.expose().clone());
        let body = NewlyMadeClient { client: made.client.into(), client_secret };
        Ok(Created::new(location, &body).once_only(&["client_secret"]))
    })
    .await
}

/// Everything that can be set of a client, as it shall be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientEdit {
    #[schema(max_length = 200)]
    name: String,
    #[serde(default)]
    redirect_uris: Vec<String>,
    /// Whether devices without a browser may use it. Of a client that registered itself, as it is.
    #[serde(default)]
    for_devices: bool,
    auth_method: Authentication,
    /// For `private_key_jwt`: the https address of its key set, or the set itself as JSON text.
    #[serde(default)]
    #[schema(max_length = 8192)]
    keys: Option<String>,
    /// Leave it out for no ceiling.
    #[serde(default)]
    allowed_scopes: Option<Vec<String>>,
    /// 60 to 86,400; leave it out for what the resource says.
    #[serde(default)]
    access_token_seconds: Option<i64>,
    /// Whether it gets only tokens that are bound to a key of its own (DPoP, RFC 9449).
    #[serde(default)]
    dpop_bound: bool,
    /// Of the client as it was read.
    version: i64,
}

/// Change a client
///
/// What a client that registered itself says of itself stays: name, redirect URIs, authentication, `dpop_bound`.
#[utoipa::path(put, path = "/clients/{id}", tag = "clients", request_body = ClientEdit,
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "As it is now", body = Client)))]
pub async fn change(sent: Sent<ClientEdit>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (call, body) = (&sent.call, sent.body);
    let wanted = edit::Edit {
        name: body.name,
        redirect_uris: body.redirect_uris,
        for_devices: body.for_devices,
        auth_method: body.auth_method.method().as_str().to_owned(),
        keys: body.keys,
        allowed_scopes: body.allowed_scopes,
        access_token_seconds: body.access_token_seconds,
        dpop_bound: body.dpop_bound,
    };
    let client = edit::edit(call.admin(), &call.actor, &id, body.version, &wanted).await?;
    Ok(answers::ok(&Client::from(client)))
}
