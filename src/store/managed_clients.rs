//! Tables `clients` and `client_terms` as administrators see and change them: lists by key, searched by terms.

use futures::FutureExt as _;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::changes::{Topic, bump};
use super::clients::{self, ClientKeys, ClientKind, ClientRow};
use super::{Store, StoreError, row, sql};
use crate::types::{Timestamp, terms};

/// Which clients a list shows; what is left out may be any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Show {
    pub kind: Option<ClientKind>,
    pub state: Option<ClientState>,
}

/// Whether a client gets tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientState {
    Active,
    Disabled,
    /// Waits for an administrator, because its document has changed.
    Held,
}

impl Show {
    /// The statement whose index holds these and no others.
    const fn statement(self) -> &'static str {
        use ClientKind::{Cimd, Dynamic, Machine, Static};
        use ClientState::{Active, Disabled, Held};
        match (self.kind, self.state) {
            (None, None) => LIST,
            (None, Some(Active)) => LIST_ACTIVE,
            (None, Some(Disabled)) => LIST_DISABLED,
            // No others can be on hold.
            (None | Some(Cimd), Some(Held)) => LIST_HELD,
            (Some(Dynamic | Static | Machine), Some(Held)) => LIST_NONE,
            (Some(Cimd), None) => LIST_CIMD,
            (Some(Cimd), Some(Active)) => LIST_CIMD_ACTIVE,
            (Some(Cimd), Some(Disabled)) => LIST_CIMD_DISABLED,
            (Some(Dynamic), None) => LIST_DYNAMIC,
            (Some(Dynamic), Some(Active)) => LIST_DYNAMIC_ACTIVE,
            (Some(Dynamic), Some(Disabled)) => LIST_DYNAMIC_DISABLED,
            (Some(Static), None) => LIST_STATIC,
            (Some(Static), Some(Active)) => LIST_STATIC_ACTIVE,
            (Some(Static), Some(Disabled)) => LIST_STATIC_DISABLED,
            (Some(Machine), None) => LIST_MACHINE,
            (Some(Machine), Some(Active)) => LIST_MACHINE_ACTIVE,
            (Some(Machine), Some(Disabled)) => LIST_MACHINE_DISABLED,
        }
    }
}

/// A client that has not been deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedClient {
    pub client: ClientRow,
    pub version: i64,
    /// How often it registered itself; 1 for one that an administrator made.
    pub registrations: i64,
}

macro_rules! columns {
    () => {
        "c.id, c.kind, c.name, c.auth_method, c.redirect_uris, c.grant_types, c.scope, c.metadata, c.digest, \
         c.management_hash, c.allowed_scopes, c.access_token_seconds, c.created_at, c.last_used_at, \
         c.disabled_at, c.jwks, c.jwks_uri, c.dpop_bound, c.document_mark, c.held_at, c.version, c.registrations"
    };
}

macro_rules! listing {
    ($and:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM clients c WHERE c.deleted_at IS NULL AND (c.created_at, c.id) < ($1, $2)",
            $and,
            " ORDER BY c.created_at DESC, c.id DESC LIMIT $3"
        )
    };
}

sql! {
    ONE = concat!("SELECT ", columns!(), " FROM clients c WHERE c.id = $1 AND c.deleted_at IS NULL");
    LIST = listing!("");
    LIST_ACTIVE = listing!(" AND c.disabled_at IS NULL");
    LIST_DISABLED = listing!(" AND c.disabled_at IS NOT NULL");
    LIST_HELD = listing!(" AND c.held_at IS NOT NULL");
    LIST_NONE = listing!(" AND 1 = 0");
    LIST_CIMD = listing!(" AND c.kind = 'cimd'");
    LIST_CIMD_ACTIVE = listing!(" AND c.kind = 'cimd' AND c.disabled_at IS NULL");
    LIST_CIMD_DISABLED = listing!(" AND c.kind = 'cimd' AND c.disabled_at IS NOT NULL");
    LIST_DYNAMIC = listing!(" AND c.kind = 'dynamic'");
    LIST_DYNAMIC_ACTIVE = listing!(" AND c.kind = 'dynamic' AND c.disabled_at IS NULL");
    LIST_DYNAMIC_DISABLED = listing!(" AND c.kind = 'dynamic' AND c.disabled_at IS NOT NULL");
    LIST_STATIC = listing!(" AND c.kind = 'static'");
    LIST_STATIC_ACTIVE = listing!(" AND c.kind = 'static' AND c.disabled_at IS NULL");
    LIST_STATIC_DISABLED = listing!(" AND c.kind = 'static' AND c.disabled_at IS NOT NULL");
    LIST_MACHINE = listing!(" AND c.kind = 'machine'");
    LIST_MACHINE_ACTIVE = listing!(" AND c.kind = 'machine' AND c.disabled_at IS NULL");
    LIST_MACHINE_DISABLED = listing!(" AND c.kind = 'machine' AND c.disabled_at IS NOT NULL");
    /// A client with several terms in the range is found by the first of them only.
    SEARCH = concat!("SELECT f.term, ", columns!(), " FROM client_terms f JOIN clients c ON c.id = f.client_id \
              WHERE (f.term, f.client_id) > ($1, $2) AND f.term < $3 AND NOT EXISTS (SELECT 1 FROM client_terms o \
              WHERE o.client_id = f.client_id AND o.term >= $4 AND o.term < f.term) \
              ORDER BY f.term, f.client_id LIMIT $5");
    ENABLE = "UPDATE clients SET disabled_at = NULL, version = version + 1 \
              WHERE id = $1 AND disabled_at IS NOT NULL AND deleted_at IS NULL";
    CHANGE = "UPDATE clients SET name = $3, redirect_uris = $4, auth_method = $5, allowed_scopes = $6, \
              access_token_seconds = $7, jwks = $8, jwks_uri = $9, dpop_bound = $10, grant_types = $11, version = version + 1 \
              WHERE id = $1 AND version = $2 AND deleted_at IS NULL";
    FORGET = "DELETE FROM client_terms WHERE client_id = $1";
    ADD_TERM = "INSERT INTO client_terms (term, client_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    UNKNOWN = "SELECT id FROM clients WHERE has_terms = 0 ORDER BY id LIMIT $1";
    /// Holds the row until the transaction ends: a change at the same moment waits, or was first.
    HOLD = "UPDATE clients SET has_terms = 1 WHERE id = $1 AND has_terms = 0 \
            RETURNING name, redirect_uris, deleted_at";
}

fn read(row: &AnyRow) -> Result<ManagedClient, StoreError> {
    Ok(ManagedClient {
        client: clients::read(row)?,
        version: row::int(row, "version")?,
        registrations: row::int(row, "registrations")?,
    })
}

/// The hosts people are sent to, without repetition; for one without a host the scheme.
pub fn hosts(redirect_uris: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for uri in redirect_uris {
        let Ok(url) = url::Url::parse(uri) else { continue };
        let host = url.host_str().map_or_else(|| format!("{}:", url.scheme()), str::to_owned);
        if !out.contains(&host) {
            out.push(host);
        }
    }
    out
}

/// Lets a client be found by its name and hosts, inside the caller's transaction.
pub(super) async fn put_terms(
    connection: &mut AnyConnection,
    id: &str,
    name: &str,
    redirect_uris: &[String],
) -> Result<(), StoreError> {
    // The id of a client by document is a URL as well.
    let own = hosts(&[id.to_owned()]);
    let found_by = hosts(redirect_uris).into_iter().chain(own).chain([name.to_owned()]);
    for term in found_by.flat_map(|text| terms::terms(&text)) {
        sqlx::query(ADD_TERM).bind(term).bind(id).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Lets a client be found by nothing, inside the caller's transaction.
pub(super) async fn forget_terms(connection: &mut AnyConnection, id: &str) -> Result<(), StoreError> {
    sqlx::query(FORGET).bind(id).execute(connection).await?;
    Ok(())
}

impl Store {
    /// A client that has not been deleted.
    pub async fn find_managed_client(&self, id: &str) -> Result<Option<ManagedClient>, StoreError> {
        sqlx::query(ONE).bind(id).fetch_optional(&self.pool).await?.as_ref().map(read).transpose()
    }

    /// Up to `limit` clients, the newest first, that were added before this time and id. Of two that were added in the
    /// same second, the one with the greater id counts as the newer.
    pub async fn managed_clients(
        &self,
        show: Show,
        (made_at, id): (Timestamp, &str),
        limit: i64,
    ) -> Result<Vec<ManagedClient>, StoreError> {
        let query = sqlx::query(show.statement()).bind(made_at).bind(id).bind(limit);
        query.fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    /// Up to `limit` clients with a term in the range, after this term and id, each with the term it was found by.
    pub async fn search_clients(
        &self,
        (from, to): (&str, &str),
        (term, id): (&str, &str),
        limit: i64,
    ) -> Result<Vec<(String, ManagedClient)>, StoreError> {
        let query = sqlx::query(SEARCH).bind(term).bind(id).bind(to).bind(from).bind(limit);
        let rows = query.fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((row::text(row, "term")?, read(row)?))).collect()
    }

    /// Puts what an administrator may set in place of what was there, if the client still is at `version`: name,
    /// redirect URIs, authentication, ceiling, life of tokens. `false`, with nothing changed, when it is not.
    pub async fn change_client(&self, client: ClientRow, version: i64) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let done = sqlx::query(CHANGE)
                    .bind(&client.id)
                    .bind(version)
                    .bind(&client.name)
                    .bind(row::to_json(&client.redirect_uris))
                    .bind(&client.auth_method)
                    .bind(client.allowed_scopes.as_ref().map(ToString::to_string))
                    .bind(client.access_token_seconds)
                    .bind(client.keys.as_ref().and_then(ClientKeys::inline))
                    .bind(client.keys.as_ref().and_then(ClientKeys::uri))
                    .bind(i64::from(client.dpop_bound))
                    .bind(row::to_json(&client.grant_types))
                    .execute(&mut *connection)
                    .await?;
                if done.rows_affected() == 0 {
                    return Ok(false);
                }
                forget_terms(connection, &client.id).await?;
                put_terms(connection, &client.id, &client.name, &client.redirect_uris).await?;
                bump(connection, Topic::Clients).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Lets a disabled client work again; what it held stays revoked. `false` when it was not disabled.
    pub async fn enable_client(&self, id: String) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let changed = sqlx::query(ENABLE).bind(&id).execute(&mut *connection).await?;
                if changed.rows_affected() == 0 {
                    return Ok(false);
                }
                bump(connection, Topic::Clients).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Makes up to `limit` clients known to the search that were stored before there was one; returns how many it
    /// looked at.
    pub async fn add_missing_client_terms(&self, limit: i64) -> Result<usize, StoreError> {
        self.transaction(move |connection| {
            async move {
                let rows = sqlx::query(UNKNOWN).bind(limit).fetch_all(&mut *connection).await?;
                for found in &rows {
                    let id = row::text(found, "id")?;
                    let held = sqlx::query(HOLD).bind(&id).fetch_optional(&mut *connection).await?;
                    let Some(client) = held else { continue };
                    let deleted: Option<Timestamp> = row::time_opt(&client, "deleted_at")?;
                    if deleted.is_none() {
                        let uris: Vec<String> = row::json(&client, "clients", "redirect_uris")?;
                        put_terms(connection, &id, &row::text(&client, "name")?, &uris).await?;
                    }
                }
                Ok(rows.len())
            }
            .boxed()
        })
        .await
    }
}
