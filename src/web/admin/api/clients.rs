//! `/clients`: the apps that may ask for tokens.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers;
use super::call::{Call, Sent};
use super::paging::{self, List};
use super::problem::Problem;
use super::text::{self, Time};
use crate::admin::clients::{self, ClientState, ManagedClient, Show};
use crate::store::clients::ClientKind;

/// An app.
#[derive(Serialize, ToSchema)]
pub struct Client {
    id: String,
    name: String,
    /// `cimd` publishes a document at the URL that is its id, `dynamic` registered itself, `static` was made here, `machine` acts for nobody but itself.
    #[schema(example = "dynamic")]
    kind: String,
    /// `none`, `client_secret_basic`, `client_secret_post` or `private_key_jwt`.
    #[schema(example = "none")]
    auth_method: String,
    /// The address of its key set, or the set as JSON text; of one that proves itself with `private_key_jwt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<String>,
    redirect_uris: Vec<String>,
    grant_types: Vec<String>,
    /// The scopes it may have at most. Absent for no ceiling.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_scopes: Option<Vec<String>>,
    /// Absent for what the resource says.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token_seconds: Option<i64>,
    /// Whether it gets only tokens that are bound to a key of its own (DPoP, RFC 9449).
    dpop_bound: bool,
    /// How often it registered itself.
    registrations: i64,
    is_disabled: bool,
    /// Whether it waits for an administrator, because its document has changed.
    is_held: bool,
    /// To be sent along with a change.
    version: i64,
    created_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_at: Option<Time>,
}

impl From<ManagedClient> for Client {
    fn from(found: ManagedClient) -> Self {
        let row = found.client;
        Self {
            id: row.id,
            name: row.name,
            kind: row.kind.as_str().to_owned(),
            auth_method: row.auth_method,
            keys: row.keys.map(|keys| keys.as_str().to_owned()),
            redirect_uris: row.redirect_uris,
            grant_types: row.grant_types,
            allowed_scopes: row.allowed_scopes.map(|set| set.iter().map(str::to_owned).collect()),
            access_token_seconds: row.access_token_seconds,
            dpop_bound: row.dpop_bound,
            registrations: found.registrations,
            is_disabled: row.disabled_at.is_some(),
            is_held: row.held_at.is_some(),
            version: found.version,
            created_at: Time(row.created_at),
            last_used_at: row.last_used_at.map(Time),
            disabled_at: row.disabled_at.map(Time),
            held_at: row.held_at.map(Time),
        }
    }
}

/// Which clients.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// The start of a word of its name, a host it sends people to, or its whole id. Not together with `kind` or `state`.
    #[param(max_length = 200)]
    q: Option<String>,
    #[param(inline)]
    kind: Option<Which>,
    #[param(inline)]
    state: Option<WhichState>,
    /// Rows on a page; 50 unless it is said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Where the page begins: `next_cursor` of the one before.
    #[param(max_length = 1400)]
    cursor: Option<String>,
}

/// Clients of one kind only.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Which {
    Cimd,
    Dynamic,
    Static,
    Machine,
}

impl Which {
    const fn kind(self) -> ClientKind {
        match self {
            Self::Cimd => ClientKind::Cimd,
            Self::Dynamic => ClientKind::Dynamic,
            Self::Static => ClientKind::Static,
            Self::Machine => ClientKind::Machine,
        }
    }
}

/// Clients that get tokens, or do not.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WhichState {
    Active,
    /// Waits for an administrator, because its document has changed.
    Held,
    Disabled,
}

impl WhichState {
    const fn state(self) -> ClientState {
        match self {
            Self::Active => ClientState::Active,
            Self::Held => ClientState::Held,
            Self::Disabled => ClientState::Disabled,
        }
    }
}

/// List clients
///
/// The newest first; those found by `q` in order of what they are found by.
#[utoipa::path(get, path = "/clients", tag = "clients", params(Wanted),
    responses((status = 200, description = "A page of clients", body = List<Client>)))]
pub async fn list(call: Call) -> Result<HttpResponse, Problem> {
    let wanted: Wanted = call.query()?;
    let (size, after) = (paging::size(wanted.limit)?, paging::key(wanted.cursor.as_deref())?);
    let show = Show { kind: wanted.kind.map(Which::kind), state: wanted.state.map(WhichState::state) };
    let page = match text::search(wanted.q.as_deref())? {
        Some(_) if show != Show::default() => {
            return Err(Problem::parameter("q", "Send q, or kind and state, not all of them."));
        }
        Some(q) => clients::search(call.admin(), q, after.as_deref(), size).await?,
        None => clients::list(call.admin(), show, after.as_deref(), size).await?,
    };
    Ok(answers::ok(&List::of(&call, page, Client::from)))
}

/// Show a client
#[utoipa::path(get, path = "/clients/{id}", tag = "clients",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The client", body = Client)))]
pub async fn get(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    Ok(answers::ok(&Client::from(clients::find(call.admin(), &id).await?)))
}

/// Disable a client
///
/// It gets no token, and what it held is revoked.
#[utoipa::path(post, path = "/clients/{id}/disable", tag = "clients",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 204, description = "It is disabled")))]
pub async fn disable(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    clients::disable(call.admin(), &call.actor, &id).await?;
    Ok(answers::done())
}

/// Enable a client
///
/// It works again; people connect it anew.
#[utoipa::path(post, path = "/clients/{id}/enable", tag = "clients",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 204, description = "It works")))]
pub async fn enable(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    clients::enable(call.admin(), &call.actor, &id).await?;
    Ok(answers::done())
}

/// Which change is accepted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// Of the client as it was read.
    version: i64,
}

/// Accept the change of a client's document
///
/// What its document says now holds for everybody who connected it. For a client that is on hold only.
#[utoipa::path(post, path = "/clients/{id}/accept", tag = "clients", request_body = Acceptance,
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "As it is now", body = Client)))]
pub async fn accept(sent: Sent<Acceptance>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let call = &sent.call;
    let client = clients::document::accept(call.admin(), &call.actor, &id, sent.body.version).await?;
    Ok(answers::ok(&Client::from(client)))
}

/// Delete a client
///
/// For good: its id never works again.
#[utoipa::path(delete, path = "/clients/{id}", tag = "clients",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 204, description = "It is gone")))]
pub async fn remove(call: Call, id: Path<String>) -> Result<HttpResponse, Problem> {
    clients::delete(call.admin(), &call.actor, &id, &id).await?;
    Ok(answers::done())
}
