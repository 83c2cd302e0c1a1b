//! Who uses a resource: the clients with live grants on it, and the people who agreed to it, page by page.

use sqlx::any::AnyRow;

use super::{Store, StoreError, row, sql};
use crate::types::{ScopeSet, Timestamp};

/// A client that holds something on the resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceClientRow {
    pub id: String,
    pub name: String,
    /// `dynamic` or `static`.
    pub kind: String,
    /// Its last token for whatever resource, to the hour.
    pub last_used_at: Option<Timestamp>,
}

/// What one person allowed one client on the resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceConsentRow {
    pub id: String,
    pub user_id: String,
    pub email: String,
    pub client_id: String,
    pub client_name: String,
    pub scopes: ScopeSet,
    pub created_at: Timestamp,
}

sql! {
    /// One look into the index for each resource, of which there are at most a thousand.
    RESOURCES = "SELECT r.id, r.name FROM resources r WHERE r.deleted_at IS NULL AND EXISTS (SELECT 1 FROM grants g \
                 WHERE g.resource_id = r.id AND g.client_id || '' = $1 AND g.revoked_at IS NULL) \
                 ORDER BY r.id LIMIT $2";
    /// Jumps from one client to the next in the index instead of reading all of its grants. `|| ''` is how the
    /// indexes of the lists are made: see the migration.
    CLIENTS = "WITH RECURSIVE k(id, n) AS (SELECT (SELECT g.client_id || '' FROM grants g \
               WHERE g.resource_id = $1 AND g.revoked_at IS NULL AND g.client_id || '' > $2 \
               ORDER BY g.client_id || '' LIMIT 1), CAST(1 AS BIGINT) UNION ALL SELECT (SELECT g.client_id || '' \
               FROM grants g WHERE g.resource_id = $1 AND g.revoked_at IS NULL AND g.client_id || '' > k.id \
               ORDER BY g.client_id || '' LIMIT 1), k.n + 1 FROM k WHERE k.id IS NOT NULL AND k.n < $3) \
               SELECT c.id, c.name, c.kind, c.last_used_at FROM k JOIN clients c ON c.id = k.id ORDER BY c.id";
    /// The newest first: ids sort by time.
    CONSENTS = "SELECT k.id, k.user_id, u.email, k.client_id, c.name, k.scopes, k.created_at FROM consents k \
                JOIN users u ON u.id = k.user_id JOIN clients c ON c.id = k.client_id \
                WHERE k.resource_id = $1 AND k.id || '' < $2 ORDER BY k.id || '' DESC LIMIT $3";
}

fn read_client(row: &AnyRow) -> Result<ResourceClientRow, StoreError> {
    Ok(ResourceClientRow {
        id: row::text(row, "id")?,
        name: row::text(row, "name")?,
        kind: row::text(row, "kind")?,
        last_used_at: row::time_opt(row, "last_used_at")?,
    })
}

fn read_consent(row: &AnyRow) -> Result<ResourceConsentRow, StoreError> {
    Ok(ResourceConsentRow {
        id: row::text(row, "id")?,
        user_id: row::text(row, "user_id")?,
        email: row::text(row, "email")?,
        client_id: row::text(row, "client_id")?,
        client_name: row::text(row, "name")?,
        scopes: row::scopes(row, "scopes")?,
        created_at: row::int(row, "created_at")?,
    })
}

impl Store {
    /// Id and name of up to `limit` resources on which a client holds a grant that was not revoked.
    pub async fn list_resources_of_client(
        &self,
        client_id: &str,
        limit: i64,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let rows = sqlx::query(RESOURCES).bind(client_id).bind(limit).fetch_all(&self.pool).await?;
        rows.iter().map(|found| Ok((row::text(found, "id")?, row::text(found, "name")?))).collect()
    }

    /// A page of the clients with live grants on a resource, in order of id after `after`.
    pub async fn list_resource_clients(
        &self,
        resource_id: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<ResourceClientRow>, StoreError> {
        let rows =
            sqlx::query(CLIENTS).bind(resource_id).bind(after).bind(limit).fetch_all(&self.pool).await?;
        rows.iter().map(read_client).collect()
    }

    /// A page of what people allowed on a resource, the newest first, older than the consent `before`.
    pub async fn list_resource_consents(
        &self,
        resource_id: &str,
        before: &str,
        limit: i64,
    ) -> Result<Vec<ResourceConsentRow>, StoreError> {
        let rows =
            sqlx::query(CONSENTS).bind(resource_id).bind(before).bind(limit).fetch_all(&self.pool).await?;
        rows.iter().map(read_consent).collect()
    }
}
