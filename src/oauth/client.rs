//! Clients: every look-up goes through one resolver, whatever kind of client it finds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::sync::Cache;

use super::OAuth;
use super::cimd::{self, Document, Readings};
use super::error::{Reason, Refusal};
use super::jose::Keys;
use super::redirect_uri::RedirectUri;
use crate::store::clients::{ClientKeys, ClientKind, ClientMetadata, ClientRow};
use crate::store::{Store, StoreError};
use crate::types::{Hashed, ScopeSet, Timestamp};

/// How a client authenticates at the token endpoint
/// ([RFC 7591 §2](https://www.rfc-editor.org/rfc/rfc7591#section-2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMethod {
    None,
    Basic,
    Post,
    /// It signs an assertion with a key of its own (OpenID Connect Core §9).
    PrivateKeyJwt,
}

impl AuthMethod {
    pub const ALL: [Self; 4] = [Self::None, Self::Basic, Self::Post, Self::PrivateKeyJwt];

    /// Whether a client that is registered with this method shows a secret.
    pub fn is_secret(method: &str) -> bool {
        Self::parse(method).is_some_and(Self::needs_secret)
    }

    /// Whether clients prove themselves with a secret.
    pub const fn needs_secret(self) -> bool {
        matches!(self, Self::Basic | Self::Post)
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.as_str() == text)
    }
}

/// Where a client's keys are.
#[derive(Clone, Debug)]
pub enum KeySource {
    Inline(Arc<Keys>),
    Uri(String),
}

impl KeySource {
    /// Keys that cannot be read any more are as good as none.
    fn of(stored: &ClientKeys) -> Option<Self> {
        match stored {
            ClientKeys::Inline(set) => {
                Keys::read(set.as_bytes()).ok().map(|keys| Self::Inline(Arc::new(keys)))
            }
            ClientKeys::Uri(uri) => Some(Self::Uri(uri.clone())),
        }
    }
}

/// One client, ready for the rules.
#[derive(Clone, Debug)]
pub struct Client {
    pub id: String,
    pub kind: ClientKind,
    pub name: String,
    pub auth_method: AuthMethod,
    pub redirect_uris: Vec<RedirectUri>,
    pub grant_types: Vec<String>,
    pub scope: String,
    pub metadata: ClientMetadata,
    pub management_hash: Option<Hashed>,
    /// The keys it signs its assertions with.
    pub keys: Option<KeySource>,
    /// The same as they were registered.
    pub stored_keys: Option<ClientKeys>,
    /// Whether it gets only tokens that are bound to a key of its own (RFC 9449 §5.2).
    pub dpop_bound: bool,
    /// What is known of its document, of one that publishes one.
    pub document: Option<Document>,
    /// The same as it would be stored, where the document was read.
    pub document_row: Option<Arc<ClientRow>>,
    /// Since when it is on hold, because its document has changed.
    pub held_at: Option<Timestamp>,
    /// The scopes of resources it may have at most; nothing is no ceiling.
    pub allowed_scopes: Option<ScopeSet>,
    /// Life of its access tokens in seconds, where the resource does not say less.
    pub access_token_seconds: Option<i64>,
    pub created_at: i64,
}

impl Client {
    /// Whether it has no way to keep a secret.
    pub fn is_public(&self) -> bool {
        self.auth_method == AuthMethod::None
    }

    /// Whether it may use a grant type.
    pub fn allows(&self, grant_type: &str) -> bool {
        self.grant_types.iter().any(|g| g == grant_type)
    }

    pub(super) fn from_row(row: ClientRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            name: row.name,
            auth_method: AuthMethod::parse(&row.auth_method).unwrap_or(AuthMethod::Basic),
            redirect_uris: row.redirect_uris.iter().filter_map(|u| RedirectUri::parse(u).ok()).collect(),
            grant_types: row.grant_types,
            scope: row.scope,
            metadata: row.metadata,
            management_hash: row.management_hash,
            keys: row.keys.as_ref().and_then(KeySource::of),
            stored_keys: row.keys,
            dpop_bound: row.dpop_bound,
            document: None,
            document_row: None,
            held_at: row.held_at,
            allowed_scopes: row.allowed_scopes,
            access_token_seconds: row.access_token_seconds,
            created_at: row.created_at,
        }
    }
}

/// Finds clients. Holds the recently used ones; [`Clients::forget_all`] is called when the store says that
/// one of them changed.
#[derive(Clone)]
pub struct Clients {
    store: Store,
    cache: Cache<String, Arc<Client>>,
    /// Raised whenever what is held may be stale.
    generation: Arc<AtomicU64>,
    /// When each client's and secret's last use was written down, by id.
    touched: Cache<String, Timestamp>,
    readings: Readings,
}

/// What there is under an id.
#[derive(Clone, Debug)]
pub enum Found {
    Known(Arc<Client>),
    /// It is there, and an administrator keeps it out.
    Disabled,
    Unknown,
}

/// How often a client's last use is written down, in seconds.
const TOUCH_EVERY: i64 = 3600;
/// The same for a secret: whoever replaces one looks whether the old one is still used.
const TOUCH_SECRET_EVERY: i64 = 60;

/// Finds the client that asks at the token endpoint, and at those where it authenticates likewise.
pub async fn authenticating(ctx: &OAuth, id: &str) -> Result<Option<Arc<Client>>, Refusal> {
    if cimd::id::is_meant(id) { cimd::at_token(ctx, id).await } else { ctx.clients.find(id).await }
}

/// Ids made here, and URLs of documents.
fn is_id(text: &str) -> bool {
    if cimd::id::is_meant(text) {
        return text.len() <= cimd::id::MAX_ID && text.bytes().all(|b| b.is_ascii_graphic());
    }
    text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

impl Clients {
    pub fn new(store: Store) -> Self {
        let cache = Cache::builder().max_capacity(4_000).time_to_live(Duration::from_mins(1)).build();
        Self {
            store,
            cache,
            generation: Arc::default(),
            touched: Cache::new(10_000),
            readings: cimd::readings(),
        }
    }

    /// The client with this id as it is stored; `None` when it is unknown, disabled, or not an id at all.
    pub async fn find(&self, id: &str) -> Result<Option<Arc<Client>>, Refusal> {
        Ok(match self.look(id).await? {
            Found::Known(client) => Some(client),
            Found::Disabled | Found::Unknown => None,
        })
    }

    /// The same, which tells a disabled one from one that is not there.
    pub async fn look(&self, id: &str) -> Result<Found, Refusal> {
        if !is_id(id) {
            return Ok(Found::Unknown);
        }
        if let Some(client) = self.cache.get(id) {
            return Ok(Found::Known(client));
        }
        let generation = self.generation.load(Ordering::SeqCst);
        let Some(row) = self.store.find_client(id).await? else { return Ok(Found::Unknown) };
        if row.disabled_at.is_some() {
            return Ok(Found::Disabled);
        }
        let state = match row.kind {
            ClientKind::Cimd => self.store.find_document_state(id).await?,
            ClientKind::Dynamic | ClientKind::Static | ClientKind::Machine => None,
        };
        let document = state.map(|state| Document {
            mark: state.held_mark.clone().unwrap_or_else(|| state.mark.clone()),
            state: Some(state),
        });
        let client = Arc::new(Client { document, ..Client::from_row(row) });
        self.cache.insert(id.to_owned(), Arc::clone(&client));
        if self.generation.load(Ordering::SeqCst) != generation {
            // Something changed while the row was read: it may be the row of before.
            self.cache.invalidate(id);
        }
        Ok(Found::Known(client))
    }

    /// The documents that were read last.
    pub(super) fn readings(&self) -> &Readings {
        &self.readings
    }

    /// Why [`Self::find`] finds nothing under this id: `unknown`, or that an administrator has disabled it.
    pub async fn missing(&self, id: &str, unknown: Refusal) -> Refusal {
        if !is_id(id) {
            return unknown;
        }
        match self.store.find_client(id).await {
            Ok(Some(row)) if row.disabled_at.is_some() => Refusal::new(
                unknown.code,
                Reason::DisabledClient,
                "the administrator has disabled this client",
            ),
            Ok(_) => unknown,
            Err(error) => error.into(),
        }
    }

    /// Notes that a client was used, at most once an hour, without making it wait.
    pub fn touch(&self, id: &str, now: Timestamp) {
        if self.is_due(id, now, TOUCH_EVERY) {
            let (store, id) = (self.store.clone(), id.to_owned());
            write_down(async move { store.touch_client(id, now, TOUCH_EVERY).await });
        }
    }

    /// Notes that a client's secret was used, at most once a minute, without making anybody wait.
    pub fn touch_secret(&self, id: &str, now: Timestamp) {
        if self.is_due(id, now, TOUCH_SECRET_EVERY) {
            let (store, id) = (self.store.clone(), id.to_owned());
            write_down(async move { store.touch_client_secret(id, now, TOUCH_SECRET_EVERY).await });
        }
    }

    fn is_due(&self, id: &str, now: Timestamp, every: i64) -> bool {
        let is_due = self.touched.get(id).is_none_or(|at| at + every <= now);
        if is_due {
            self.touched.insert(id.to_owned(), now);
        }
        is_due
    }

    /// Drops what is held.
    pub fn forget_all(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.cache.invalidate_all();
    }
}

fn write_down(writing: impl Future<Output = Result<(), StoreError>> + Send + 'static) {
    tokio::spawn(async move {
        if let Err(error) = writing.await {
            tracing::warn!(%error, "a client's last use could not be noted");
        }
    });
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A public client without a ceiling.
    pub fn client() -> Client {
        Client {
            id: "cli_1".into(),
            kind: ClientKind::Dynamic,
            name: "Client".into(),
            auth_method: AuthMethod::None,
            redirect_uris: Vec::new(),
            grant_types: Vec::new(),
            scope: String::new(),
            metadata: ClientMetadata::default(),
            management_hash: None,
            keys: None,
            stored_keys: None,
            dpop_bound: false,
            document: None,
            document_row: None,
            held_at: None,
            allowed_scopes: None,
            access_token_seconds: None,
            created_at: 0,
        }
    }
}
