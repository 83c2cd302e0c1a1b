//! What a person's apps hold: consents, and the grants that rest on them, told together.
//!
//! A live grant never stands without its consent: `add_grant` writes both, and withdrawing ends both.

use sqlx::any::AnyRow;

use super::{Store, StoreError, row, sql};
use crate::types::{ScopeSet, Timestamp};

/// One app on one resource.
#[derive(Clone, Debug)]
pub struct ConnectedRow {
    /// The consent's id.
    pub id: String,
    pub client_id: String,
    pub client_name: String,
    /// `dynamic` or `static`.
    pub client_kind: String,
    pub redirect_uris: Vec<String>,
    pub resource_id: String,
    pub scopes: ScopeSet,
    /// The name of the issuer on whose word it stands; nothing where the person allowed it.
    pub vouched_by: Option<String>,
    /// When it was allowed for the first time.
    pub created_at: Timestamp,
    /// When it last did something, where that is known.
    pub last_used_at: Option<Timestamp>,
    /// The last use, or the last approval where that was later: what the list is sorted by.
    pub active_at: Timestamp,
    /// Logins of it that can still be refreshed.
    pub logins: i64,
}

/// Where a page of the list begins: after the app that was active then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub active_at: Timestamp,
    pub id: String,
}

impl Cursor {
    /// Before every app.
    pub const fn start() -> Self {
        Self { active_at: Timestamp::MAX, id: String::new() }
    }
}

sql! {
    /// All of a person's grants say when each app was active, read from an index alone; client and logins are looked
    /// up only for the page that is shown.
    LIST = "SELECT a.id, a.client_id, c.name, c.kind, c.redirect_uris, a.resource_id, a.scopes, a.created_at, \
            a.last_used_at, a.active_at, (SELECT i.name FROM trusted_issuers i WHERE i.id = a.issuer_id) AS vouched_by, \
            (SELECT COUNT(*) FROM grants g JOIN refresh_tokens t ON t.grant_id = g.id \
            WHERE g.user_id = $2 AND g.client_id = a.client_id AND g.resource_id = a.resource_id \
            AND g.revoked_at IS NULL AND t.idle_expires_at > $1 AND t.expires_at > $1) AS logins \
            FROM (SELECT * FROM (SELECT k.id, k.client_id, k.resource_id, k.scopes, k.created_at, k.issuer_id, u.last_used_at, \
            CASE WHEN u.last_used_at > k.updated_at THEN u.last_used_at ELSE k.updated_at END AS active_at \
            FROM consents k LEFT JOIN (SELECT client_id, resource_id, MAX(last_used_at) AS last_used_at FROM grants \
            WHERE user_id = $2 GROUP BY client_id, resource_id) u \
            ON u.client_id = k.client_id AND u.resource_id = k.resource_id WHERE k.user_id = $2) apps \
            WHERE active_at < $3 OR (active_at = $3 AND id < $4) ORDER BY active_at DESC, id DESC LIMIT $5) a \
            JOIN clients c ON c.id = a.client_id ORDER BY a.active_at DESC, a.id DESC";
}

fn read(row: &AnyRow) -> Result<ConnectedRow, StoreError> {
    Ok(ConnectedRow {
        id: row::text(row, "id")?,
        client_id: row::text(row, "client_id")?,
        client_name: row::text(row, "name")?,
        client_kind: row::text(row, "kind")?,
        redirect_uris: row::json(row, "clients", "redirect_uris")?,
        resource_id: row::text(row, "resource_id")?,
        scopes: row::scopes(row, "scopes")?,
        vouched_by: row::text_opt(row, "vouched_by")?,
        created_at: row::int(row, "created_at")?,
        last_used_at: row::time_opt(row, "last_used_at")?,
        active_at: row::int(row, "active_at")?,
        logins: row::int(row, "logins")?,
    })
}

impl Store {
    /// A page of a person's apps, the last active first.
    pub async fn list_connected(
        &self,
        user_id: &str,
        after: &Cursor,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<ConnectedRow>, StoreError> {
        let rows = sqlx::query(LIST)
            .bind(now)
            .bind(user_id)
            .bind(after.active_at)
            .bind(&after.id)
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(read).collect()
    }
}
