//! Table `clients`: those that publish a document of themselves, and what becomes of them when it changes.
//!
//! Their id is the URL of the document. A row is written with the first grant, or when a client begins something without
//! the consent page (a device, a pushed request): who only opens the consent page leaves none.

use futures::FutureExt as _;
use sqlx::AnyConnection;

use super::changes::{Topic, bump};
use super::clients::{ClientKeys, ClientRow};
use super::codes::{self, CodeRow};
use super::grants::{self, GrantRow};
use super::{Store, StoreError, managed_clients, row, sql};
use crate::types::{ScopeSet, Timestamp};

/// How a document was when people relied on it, and what happened since.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentState {
    /// The mark of the document as the row describes it.
    pub mark: String,
    /// Since when the client is on hold.
    pub held_at: Option<Timestamp>,
    /// The mark of the document that put it on hold.
    pub held_mark: Option<String>,
    /// When an administrator accepted the document as the row describes it.
    pub accepted_at: Option<Timestamp>,
    /// Whether anybody ever agreed to this client, or it got a token. One that only asked may change its document.
    pub is_relied_on: bool,
}

sql! {
    STATE = "SELECT c.id, c.document_mark, c.held_at, c.held_mark, c.accepted_at, \
             CASE WHEN c.last_used_at IS NOT NULL OR EXISTS (SELECT 1 FROM grants g WHERE g.client_id = c.id) \
             OR EXISTS (SELECT 1 FROM consents k WHERE k.client_id = c.id) THEN 1 ELSE 0 END AS is_relied_on \
             FROM clients c WHERE c.id = $1 AND c.kind = 'cimd'";
    /// A row that is there is brought up to date, unless people rely on another document.
    PUT = "INSERT INTO clients (id, kind, name, auth_method, redirect_uris, grant_types, scope, metadata, created_at, \
           has_terms, jwks, jwks_uri, dpop_bound, document_mark) \
           VALUES ($1, 'cimd', $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $11, $12) \
           ON CONFLICT (id) DO UPDATE SET name = excluded.name, auth_method = excluded.auth_method, \
           redirect_uris = excluded.redirect_uris, grant_types = excluded.grant_types, scope = excluded.scope, \
           metadata = excluded.metadata, jwks = excluded.jwks, jwks_uri = excluded.jwks_uri, \
           dpop_bound = excluded.dpop_bound, document_mark = excluded.document_mark \
           WHERE clients.kind = 'cimd' AND clients.deleted_at IS NULL AND clients.held_at IS NULL \
           AND (clients.document_mark = excluded.document_mark OR (clients.last_used_at IS NULL \
           AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.client_id = clients.id) \
           AND NOT EXISTS (SELECT 1 FROM consents k WHERE k.client_id = clients.id))) \
           AND (clients.document_mark <> excluded.document_mark OR clients.name <> excluded.name \
           OR clients.auth_method <> excluded.auth_method OR clients.redirect_uris <> excluded.redirect_uris \
           OR clients.grant_types <> excluded.grant_types OR clients.scope <> excluded.scope \
           OR clients.metadata <> excluded.metadata OR COALESCE(clients.jwks, '') <> COALESCE(excluded.jwks, '') \
           OR COALESCE(clients.jwks_uri, '') <> COALESCE(excluded.jwks_uri, '') \
           OR clients.dpop_bound <> excluded.dpop_bound)";
    HOLD = "UPDATE clients SET held_at = COALESCE(held_at, $3), held_mark = $2, version = version + 1 WHERE id = $1 \
            AND kind = 'cimd' AND deleted_at IS NULL AND document_mark <> $2 \
            AND (held_mark IS NULL OR held_mark <> $2)";
    RELEASE = "UPDATE clients SET held_at = NULL, held_mark = NULL, version = version + 1 WHERE id = $1 \
               AND kind = 'cimd' AND document_mark = $2 AND held_at IS NOT NULL";
    ACCEPT = "UPDATE clients SET name = $4, auth_method = $5, redirect_uris = $6, grant_types = $7, scope = $8, \
              metadata = $9, jwks = $10, jwks_uri = $11, dpop_bound = $12, document_mark = $3, accepted_at = $13, \
              held_at = NULL, held_mark = NULL, version = version + 1 \
              WHERE id = $1 AND version = $2 AND held_mark = $3 AND deleted_at IS NULL";
    /// No more than 1,000 are counted.
    HELD = "SELECT COUNT(*) AS n FROM (SELECT 1 FROM clients WHERE held_at IS NOT NULL AND deleted_at IS NULL \
            AND disabled_at IS NULL LIMIT 1000) AS held";
    MARK = "UPDATE grants SET document_mark = $2 WHERE id = $1";
    MARKED = "SELECT id, document_mark FROM grants WHERE id = $1";
    /// Those that were never given anything: not while something they asked for waits.
    REAP_NEWCOMERS = "DELETE FROM clients WHERE id IN (SELECT c.id FROM clients c WHERE c.kind = 'cimd' \
                      AND c.last_used_at IS NULL AND c.created_at < $1 AND c.disabled_at IS NULL \
                      AND c.allowed_scopes IS NULL AND c.access_token_seconds IS NULL \
                      AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.client_id = c.id) \
                      AND NOT EXISTS (SELECT 1 FROM consents k WHERE k.client_id = c.id) \
                      AND NOT EXISTS (SELECT 1 FROM pushed_requests p WHERE p.client_id = c.id) \
                      AND NOT EXISTS (SELECT 1 FROM device_codes d WHERE d.client_id = c.id) LIMIT $2)";
    /// What an administrator set for one stays, and so does one that is kept out.
    REAP = "DELETE FROM clients WHERE id IN (SELECT c.id FROM clients c WHERE c.kind = 'cimd' \
            AND c.created_at < $1 AND (c.last_used_at IS NULL OR c.last_used_at < $1) AND c.disabled_at IS NULL \
            AND c.allowed_scopes IS NULL AND c.access_token_seconds IS NULL \
            AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.client_id = c.id) \
            AND NOT EXISTS (SELECT 1 FROM consents k WHERE k.client_id = c.id) \
            AND NOT EXISTS (SELECT 1 FROM pushed_requests p WHERE p.client_id = c.id) \
            AND NOT EXISTS (SELECT 1 FROM device_codes d WHERE d.client_id = c.id) LIMIT $2)";
}

/// Writes the row, or brings it up to date, inside the caller's transaction.
pub(super) async fn put(connection: &mut AnyConnection, client: &ClientRow) -> Result<(), StoreError> {
    let done = sqlx::query(PUT)
        .bind(&client.id)
        .bind(&client.name)
        .bind(&client.auth_method)
        .bind(row::to_json(&client.redirect_uris))
        .bind(row::to_json(&client.grant_types))
        .bind(&client.scope)
        .bind(row::to_json(&client.metadata))
        .bind(client.created_at)
        .bind(client.keys.as_ref().and_then(ClientKeys::inline))
        .bind(client.keys.as_ref().and_then(ClientKeys::uri))
        .bind(i64::from(client.dpop_bound))
        .bind(&client.document_mark)
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(());
    }
    found_anew(connection, client).await
}

/// Lets the search and every process know the row as it is now.
async fn found_anew(connection: &mut AnyConnection, client: &ClientRow) -> Result<(), StoreError> {
    managed_clients::forget_terms(connection, &client.id).await?;
    managed_clients::put_terms(connection, &client.id, &client.name, &client.redirect_uris).await?;
    bump(connection, Topic::Clients).await
}

impl Store {
    /// How the document of a client was when people relied on it; nothing for one that has no row.
    pub async fn find_document_state(&self, id: &str) -> Result<Option<DocumentState>, StoreError> {
        let Some(found) = sqlx::query(STATE).bind(id).fetch_optional(&self.pool).await? else {
            return Ok(None);
        };
        Ok(Some(DocumentState {
            mark: row::text_opt(&found, "document_mark")?.unwrap_or_default(),
            held_at: row::time_opt(&found, "held_at")?,
            held_mark: row::text_opt(&found, "held_mark")?,
            accepted_at: row::time_opt(&found, "accepted_at")?,
            is_relied_on: row::flag(&found, "is_relied_on")?,
        }))
    }

    /// Writes the row of a client by document, or brings it up to date.
    pub async fn keep_document_client(&self, client: ClientRow) -> Result<(), StoreError> {
        self.transaction(move |connection| async move { put(connection, &client).await }.boxed()).await
    }

    /// As [`Store::add_grant`], together with the row of its client, and notes on which document the grant rests.
    pub async fn add_grant_by_document(
        &self,
        client: ClientRow,
        consent_id: String,
        consented: ScopeSet,
        grant: GrantRow,
        code: CodeRow,
    ) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                put(connection, &client).await?;
                if !grants::hold(connection, &grant).await? {
                    return Ok(false);
                }
                grants::insert(connection, &consent_id, &consented, &grant).await?;
                codes::add(connection, &code).await?;
                sqlx::query(MARK)
                    .bind(&grant.id)
                    .bind(&client.document_mark)
                    .execute(&mut *connection)
                    .await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// The mark of the document on which a grant rests.
    pub async fn document_mark_of_grant(&self, id: &str) -> Result<Option<String>, StoreError> {
        let found = sqlx::query(MARKED).bind(id).fetch_optional(&self.pool).await?;
        found.as_ref().map_or(Ok(None), |found| row::text_opt(found, "document_mark"))
    }

    /// Puts a client on hold because its document has this mark now. `false` when it is for this one already, or the
    /// document is as people relied on it.
    pub async fn hold_client(&self, id: String, mark: String, now: Timestamp) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let done =
                    sqlx::query(HOLD).bind(&id).bind(&mark).bind(now).execute(&mut *connection).await?;
                if done.rows_affected() == 0 {
                    return Ok(false);
                }
                bump(connection, Topic::Clients).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Ends the hold of a client whose document is as people relied on it. `false` when it was on none.
    pub async fn release_client(&self, id: String, mark: String) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let done = sqlx::query(RELEASE).bind(&id).bind(&mark).execute(&mut *connection).await?;
                if done.rows_affected() == 0 {
                    return Ok(false);
                }
                bump(connection, Topic::Clients).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Accepts for everybody what a client's document says now, if the client is on hold for it and still at
    /// `version`. `false`, with nothing changed, when it is not.
    pub async fn accept_document(
        &self,
        client: ClientRow,
        version: i64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let done = sqlx::query(ACCEPT)
                    .bind(&client.id)
                    .bind(version)
                    .bind(&client.document_mark)
                    .bind(&client.name)
                    .bind(&client.auth_method)
                    .bind(row::to_json(&client.redirect_uris))
                    .bind(row::to_json(&client.grant_types))
                    .bind(&client.scope)
                    .bind(row::to_json(&client.metadata))
                    .bind(client.keys.as_ref().and_then(ClientKeys::inline))
                    .bind(client.keys.as_ref().and_then(ClientKeys::uri))
                    .bind(i64::from(client.dpop_bound))
                    .bind(now)
                    .execute(&mut *connection)
                    .await?;
                if done.rows_affected() == 0 {
                    return Ok(false);
                }
                found_anew(connection, &client).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// How many clients are on hold, up to 1,000.
    pub async fn count_held_clients(&self) -> Result<i64, StoreError> {
        row::int(&sqlx::query(HELD).fetch_one(&self.pool).await?, "n")
    }

    /// Deletes up to `limit` clients by document that came before `before` and were never given anything.
    pub async fn reap_newcomers(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        self.write(move |connection| {
            async move {
                let done = sqlx::query(REAP_NEWCOMERS).bind(before).bind(limit).execute(connection).await?;
                Ok(done.rows_affected())
            }
            .boxed()
        })
        .await
    }

    /// Deletes up to `limit` clients by document that nobody uses any more and nobody has set anything for.
    pub async fn reap_document_clients(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        self.write(move |connection| {
            async move {
                let done = sqlx::query(REAP).bind(before).bind(limit).execute(connection).await?;
                Ok(done.rows_affected())
            }
            .boxed()
        })
        .await
    }
}
