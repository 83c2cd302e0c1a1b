//! Table `clients`: applications and what is known of them.

use futures::FutureExt as _;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::changes::{Topic, bump};
use super::client_secrets::{self, SecretRow};
use super::{Store, StoreError, managed_clients, row, sql};
use crate::types::{Hashed, ScopeSet, Timestamp};

/// How the client came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKind {
    /// Publishes a document of itself, at the URL that is its id.
    Cimd,
    /// Registered itself (RFC 7591).
    Dynamic,
    /// Created by an administrator, for people to use.
    Static,
    /// Created by an administrator, acts for nobody but itself.
    Machine,
}

impl ClientKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cimd => "cimd",
            Self::Dynamic => "dynamic",
            Self::Static => "static",
            Self::Machine => "machine",
        }
    }

    /// Whether it says itself what it is called and where it sends people.
    pub const fn describes_itself(self) -> bool {
        matches!(self, Self::Cimd | Self::Dynamic)
    }
}

/// Where a client's public keys are ([RFC 7591 §2](https://www.rfc-editor.org/rfc/rfc7591#section-2)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientKeys {
    /// The set itself, as JSON text.
    Inline(String),
    /// The URL of the set.
    Uri(String),
}

impl ClientKeys {
    fn of_columns(inline: Option<String>, uri: Option<String>) -> Option<Self> {
        inline.map(Self::Inline).or_else(|| uri.map(Self::Uri))
    }

    /// The set, or its URL.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Inline(text) | Self::Uri(text) => text,
        }
    }

    pub fn inline(&self) -> Option<&str> {
        match self {
            Self::Inline(set) => Some(set),
            Self::Uri(_) => None,
        }
    }

    pub fn uri(&self) -> Option<&str> {
        match self {
            Self::Inline(_) => None,
            Self::Uri(uri) => Some(uri),
        }
    }
}

/// What a client says of itself beyond what the protocol needs; shown as text, never trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientMetadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_type: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// It wants its requests taken only where it sent them ahead (RFC 9126 §6).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_pushed_authorization_requests: bool,
}

/// One client as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRow {
    pub id: String,
    pub kind: ClientKind,
    pub name: String,
    /// `none`, `client_secret_basic`, `client_secret_post` or `private_key_jwt`.
    pub auth_method: String,
    pub redirect_uris: Vec<String>,
    pub grant_types: Vec<String>,
    /// What it said it would ask for; not a ceiling.
    pub scope: String,
    pub metadata: ClientMetadata,
    /// Equal for identical public registrations.
    pub digest: Option<String>,
    /// Of the registration access token (RFC 7592), where one was given out.
    pub management_hash: Option<Hashed>,
    /// The scopes of resources it may have at most; nothing is no ceiling, the empty set is none of them.
    pub allowed_scopes: Option<ScopeSet>,
    /// Life of its access tokens in seconds, where the resource does not say less.
    pub access_token_seconds: Option<i64>,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    pub disabled_at: Option<Timestamp>,
    /// Where its public keys are, for one that authenticates with them.
    pub keys: Option<ClientKeys>,
    /// Whether it gets only tokens that are bound to a key of its own (RFC 9449 §5.2).
    pub dpop_bound: bool,
    /// What of its document people relied on when they agreed; of a client that publishes one.
    pub document_mark: Option<String>,
    /// Since when it is on hold, because that has changed.
    pub held_at: Option<Timestamp>,
}

sql! {
    FIND = "SELECT id, kind, name, auth_method, redirect_uris, grant_types, scope, metadata, digest, \
            management_hash, allowed_scopes, access_token_seconds, created_at, last_used_at, disabled_at, \
            jwks, jwks_uri, dpop_bound, document_mark, held_at FROM clients WHERE id = $1";
    LIST = "SELECT id, kind, name, auth_method, redirect_uris, grant_types, scope, metadata, digest, \
            management_hash, allowed_scopes, access_token_seconds, created_at, last_used_at, disabled_at, \
            jwks, jwks_uri, dpop_bound, document_mark, held_at FROM clients \
            WHERE (created_at, id) > ($1, $2) AND deleted_at IS NULL ORDER BY created_at, id LIMIT $3";
    /// An identical registration gets the row that is there, and its unused days start anew.
    ADD = "INSERT INTO clients (id, kind, name, auth_method, redirect_uris, grant_types, scope, metadata, \
           digest, management_hash, created_at, allowed_scopes, access_token_seconds, form_nonce, has_terms, jwks, \
           jwks_uri, dpop_bound, document_mark) \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 1, $15, $16, $17, $18) \
           ON CONFLICT (digest) DO UPDATE SET created_at = CASE WHEN clients.last_used_at IS NULL \
           THEN excluded.created_at ELSE clients.created_at END, registrations = clients.registrations + 1 \
           RETURNING id, kind, name, auth_method, redirect_uris, grant_types, scope, metadata, digest, \
           management_hash, allowed_scopes, access_token_seconds, created_at, last_used_at, disabled_at, \
           jwks, jwks_uri, dpop_bound, document_mark, held_at";
    OF_FORM = "SELECT id FROM clients WHERE form_nonce = $1";
    TOUCH = "UPDATE clients SET last_used_at = $2 WHERE id = $1 \
             AND (last_used_at IS NULL OR last_used_at < $3)";
    DISABLE = "UPDATE clients SET disabled_at = $2, version = version + 1 WHERE id = $1 AND disabled_at IS NULL";
    /// Who registers the same once more gets a client of its own.
    REMOVE = "UPDATE clients SET disabled_at = COALESCE(disabled_at, $2), deleted_at = $2, digest = NULL, \
              version = version + 1 WHERE id = $1 AND deleted_at IS NULL";
    REAP = "DELETE FROM clients WHERE id IN (SELECT c.id FROM clients c WHERE c.kind = 'dynamic' \
            AND c.last_used_at IS NULL AND c.created_at < $1 \
            AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.client_id = c.id) \
            AND NOT EXISTS (SELECT 1 FROM consents k WHERE k.client_id = c.id) \
            AND NOT EXISTS (SELECT 1 FROM pushed_requests p WHERE p.client_id = c.id) LIMIT $2)";
}

pub(super) fn read(row: &AnyRow) -> Result<ClientRow, StoreError> {
    let id = row::text(row, "id")?;
    let kind = match row::text(row, "kind")?.as_str() {
        "cimd" => ClientKind::Cimd,
        "dynamic" => ClientKind::Dynamic,
        "static" => ClientKind::Static,
        "machine" => ClientKind::Machine,
        _ => return Err(StoreError::inconsistent("clients", "kind", &id)),
    };
    Ok(ClientRow {
        id,
        kind,
        name: row::text(row, "name")?,
        auth_method: row::text(row, "auth_method")?,
        redirect_uris: row::json(row, "clients", "redirect_uris")?,
        grant_types: row::json(row, "clients", "grant_types")?,
        scope: row::text(row, "scope")?,
        metadata: row::json(row, "clients", "metadata")?,
        digest: row::text_opt(row, "digest")?,
        management_hash: row::hash_opt(row, "management_hash")?,
        allowed_scopes: row::text_opt(row, "allowed_scopes")?.map(|text| ScopeSet::from_stored(&text)),
        access_token_seconds: row::time_opt(row, "access_token_seconds")?,
        created_at: row::int(row, "created_at")?,
        last_used_at: row::time_opt(row, "last_used_at")?,
        disabled_at: row::time_opt(row, "disabled_at")?,
        keys: ClientKeys::of_columns(row::text_opt(row, "jwks")?, row::text_opt(row, "jwks_uri")?),
        dpop_bound: row::flag(row, "dpop_bound")?,
        document_mark: row::text_opt(row, "document_mark")?,
        held_at: row::time_opt(row, "held_at")?,
    })
}

async fn insert(
    connection: &mut AnyConnection,
    client: &ClientRow,
    nonce: Option<&str>,
) -> Result<ClientRow, StoreError> {
    let found = sqlx::query(ADD)
        .bind(&client.id)
        .bind(client.kind.as_str())
        .bind(&client.name)
        .bind(&client.auth_method)
        .bind(row::to_json(&client.redirect_uris))
        .bind(row::to_json(&client.grant_types))
        .bind(&client.scope)
        .bind(row::to_json(&client.metadata))
        .bind(&client.digest)
        .bind(client.management_hash.as_ref().map(Hashed::as_str))
        .bind(client.created_at)
        .bind(client.allowed_scopes.as_ref().map(ToString::to_string))
        .bind(client.access_token_seconds)
        .bind(nonce)
        .bind(client.keys.as_ref().and_then(ClientKeys::inline))
        .bind(client.keys.as_ref().and_then(ClientKeys::uri))
        .bind(i64::from(client.dpop_bound))
        .bind(&client.document_mark)
        .fetch_one(connection)
        .await?;
    read(&found)
}

impl Store {
    pub async fn find_client(&self, id: &str) -> Result<Option<ClientRow>, StoreError> {
        sqlx::query(FIND).bind(id).fetch_optional(&self.pool).await?.as_ref().map(read).transpose()
    }

    /// A page of clients that were added after this time and id, the oldest first.
    pub async fn list_clients(
        &self,
        (made_at, id): (Timestamp, &str),
        limit: i64,
    ) -> Result<Vec<ClientRow>, StoreError> {
        let query = sqlx::query(LIST).bind(made_at).bind(id).bind(limit);
        query.fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    /// Adds a client, or returns the one that registered with the same digest before.
    pub async fn add_client(
        &self,
        client: ClientRow,
        secret: Option<SecretRow>,
    ) -> Result<ClientRow, StoreError> {
        self.add_client_of_form(client, secret, None).await
    }

    /// The same for a form that was given a nonce.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the form has made a client before: see [`Store::find_client_of_form`].
    pub async fn add_client_of_form(
        &self,
        client: ClientRow,
        secret: Option<SecretRow>,
        nonce: Option<String>,
    ) -> Result<ClientRow, StoreError> {
        self.transaction(move |connection| {
            async move {
                let row = insert(connection, &client, nonce.as_deref()).await?;
                if row.id == client.id {
                    managed_clients::put_terms(connection, &row.id, &row.name, &row.redirect_uris).await?;
                }
                if let Some(secret) = secret {
                    client_secrets::insert(connection, &row.id, &secret, None).await?;
                }
                Ok(row)
            }
            .boxed()
        })
        .await
    }

    /// The id of the client that a form made.
    pub async fn find_client_of_form(&self, nonce: &str) -> Result<Option<String>, StoreError> {
        let found = sqlx::query(OF_FORM).bind(nonce).fetch_optional(&self.pool).await?;
        found.map(|found| row::text(&found, "id")).transpose()
    }

    /// Notes that a client was used, at most once per `every` seconds.
    pub async fn touch_client(&self, id: String, now: Timestamp, every: i64) -> Result<(), StoreError> {
        self.write(move |connection| {
            async move {
                sqlx::query(TOUCH).bind(&id).bind(now).bind(now - every).execute(connection).await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// Disables a client and revokes every grant it holds. `false` when it was disabled or unknown.
    pub async fn disable_client(&self, id: String, now: Timestamp) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let changed = sqlx::query(DISABLE).bind(&id).bind(now).execute(&mut *connection).await?;
                super::grants::revoke_of_client(connection, &id, now, "client_disabled").await?;
                bump(connection, Topic::Clients).await?;
                Ok(changed.rows_affected() == 1)
            }
            .boxed()
        })
        .await
    }

    /// Deletes a client, and revokes its grants first so that every process drops the tokens they gave. Its row
    /// stays, so that the audit trail can name it. `false` when it was deleted or unknown.
    pub async fn remove_client(&self, id: String, now: Timestamp) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                super::grants::revoke_of_client(connection, &id, now, "client_deleted").await?;
                let changed = sqlx::query(REMOVE).bind(&id).bind(now).execute(&mut *connection).await?;
                managed_clients::forget_terms(connection, &id).await?;
                bump(connection, Topic::Clients).await?;
                Ok(changed.rows_affected() == 1)
            }
            .boxed()
        })
        .await
    }

    /// Deletes up to `limit` self-registered clients that nobody ever used.
    pub async fn reap_clients(&self, created_before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        self.write(move |connection| {
            async move {
                let done = sqlx::query(REAP).bind(created_before).bind(limit).execute(connection).await?;
                Ok(done.rows_affected())
            }
            .boxed()
        })
        .await
    }
}
