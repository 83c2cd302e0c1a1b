//! Tables `resources` and `scopes`: protected MCP servers and what can be permitted on each.

use futures::FutureExt as _;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::{Store, StoreError, row, sql};
use crate::types::Timestamp;

/// One protected MCP server as stored. Its canonical URL is made from the issuer when `uri` is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceRow {
    pub id: String,
    pub name: String,
    /// `builtin`: served here. `external`: a server elsewhere that checks its tokens itself.
    pub kind: String,
    /// Where it is served on this host, e.g. `/mcp`; of one elsewhere, where its metadata is found here.
    pub path: String,
    /// The canonical URL where it differs from issuer and path.
    pub uri: Option<String>,
    pub aliases: Vec<String>,
    pub is_default: bool,
    /// Whether clients may register themselves for it.
    pub registration_open: bool,
    /// Whether it takes only access tokens that are bound to a key.
    pub dpop_required: bool,
    /// Life of its access tokens in seconds, where it differs from the setting.
    pub access_token_seconds: Option<i64>,
    /// Life of its refresh tokens in seconds, however much they are used, where it differs from the setting.
    pub refresh_token_seconds: Option<i64>,
    /// `ES256`, `RS256` or `EdDSA`.
    pub signing_alg: String,
    /// `standard` or `scalekit`: how its tokens and endpoints look.
    pub dialect: String,
    /// `environment` or `resource`: whom tokens of the dialect name as their issuer.
    pub token_issuer: String,
    pub trust: TrustColumns,
    pub documents: DocumentColumns,
    /// Raised with each change by an administrator.
    pub version: i64,
    pub created_at: Timestamp,
}

/// Whose tokens it takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustColumns {
    /// `embedded`, `scalekit`; nothing: as the setting says.
    pub issuer: Option<String>,
    /// Nothing: that of the settings.
    pub environment: Option<String>,
    /// Its id at ScaleKit.
    pub resource_id: Option<String>,
    /// Until then the other issuer's tokens are taken too.
    pub both_until: Option<Timestamp>,
}

/// Which clients by document it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentColumns {
    /// `open`, `allow` or `off`.
    pub policy: String,
    /// The URLs and patterns that `allow` lets in.
    pub allow: Vec<String>,
}

impl Default for DocumentColumns {
    fn default() -> Self {
        Self { policy: "open".to_owned(), allow: Vec::new() }
    }
}

/// One scope of one resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeRow {
    pub resource_id: String,
    pub name: String,
    pub description: String,
    /// The tools it unlocks, by name.
    pub tools: Vec<String>,
    /// Whether a request that names no scope gets it.
    pub is_default: bool,
    /// Names of the scopes of the same resource that it includes directly.
    pub implies: Vec<String>,
    /// Raised by every change; the store's own.
    pub version: i64,
    /// When it got its name; the store's own.
    pub named_at: Timestamp,
}

sql! {
    LIST = "SELECT id, name, kind, path, uri, aliases, is_default, registration_open, dpop_required, access_token_seconds, \
            refresh_token_seconds, signing_alg, dialect, token_issuer, issuer, scalekit_environment, \
            scalekit_resource_id, both_until, cimd_policy, cimd_allow, version, created_at FROM resources \
            WHERE deleted_at IS NULL ORDER BY id";
    LIST_SCOPES = "SELECT resource_id, name AS id, name, description, tools, is_default, implies, version, \
                   named_at FROM scopes \
                   ORDER BY resource_id, name";
    ADD = "INSERT INTO resources (id, name, kind, path, uri, aliases, is_default, registration_open, \
           access_token_seconds, refresh_token_seconds, signing_alg, dialect, token_issuer, created_at, \
           updated_at, cimd_policy, cimd_allow, dpop_required) \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15, $16, $17)";
    ADD_SCOPE = "INSERT INTO scopes (resource_id, name, description, tools, is_default, implies, named_at, \
                 created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $7)";
}

fn read(row: &AnyRow) -> Result<ResourceRow, StoreError> {
    Ok(ResourceRow {
        id: row::text(row, "id")?,
        name: row::text(row, "name")?,
        kind: row::text(row, "kind")?,
        path: row::text(row, "path")?,
        uri: row::text_opt(row, "uri")?,
        aliases: row::json(row, "resources", "aliases")?,
        is_default: row::flag(row, "is_default")?,
        registration_open: row::flag(row, "registration_open")?,
        dpop_required: row::flag(row, "dpop_required")?,
        access_token_seconds: row::time_opt(row, "access_token_seconds")?,
        refresh_token_seconds: row::time_opt(row, "refresh_token_seconds")?,
        signing_alg: row::text(row, "signing_alg")?,
        dialect: row::text(row, "dialect")?,
        token_issuer: row::text(row, "token_issuer")?,
        trust: TrustColumns {
            issuer: row::text_opt(row, "issuer")?,
            environment: row::text_opt(row, "scalekit_environment")?,
            resource_id: row::text_opt(row, "scalekit_resource_id")?,
            both_until: row::time_opt(row, "both_until")?,
        },
        documents: DocumentColumns {
            policy: row::text(row, "cimd_policy")?,
            allow: row::json(row, "resources", "cimd_allow")?,
        },
        version: row::int(row, "version")?,
        created_at: row::int(row, "created_at")?,
    })
}

pub(super) fn read_scope(row: &AnyRow) -> Result<ScopeRow, StoreError> {
    Ok(ScopeRow {
        resource_id: row::text(row, "resource_id")?,
        name: row::text(row, "name")?,
        description: row::text(row, "description")?,
        tools: row::json(row, "scopes", "tools")?,
        is_default: row::flag(row, "is_default")?,
        implies: row::json(row, "scopes", "implies")?,
        version: row::int(row, "version")?,
        named_at: row::int(row, "named_at")?,
    })
}

/// Adds one scope inside the transaction that adds or changes its resource.
pub(super) async fn add_scope(
    connection: &mut AnyConnection,
    scope: &ScopeRow,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(ADD_SCOPE)
        .bind(&scope.resource_id)
        .bind(&scope.name)
        .bind(&scope.description)
        .bind(row::to_json(&scope.tools))
        .bind(i64::from(scope.is_default))
        .bind(row::to_json(&scope.implies))
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}

/// Adds the row alone.
pub(super) async fn add(connection: &mut AnyConnection, resource: &ResourceRow) -> Result<(), StoreError> {
    sqlx::query(ADD)
        .bind(&resource.id)
        .bind(&resource.name)
        .bind(&resource.kind)
        .bind(&resource.path)
        .bind(&resource.uri)
        .bind(row::to_json(&resource.aliases))
        .bind(i64::from(resource.is_default))
        .bind(i64::from(resource.registration_open))
        .bind(resource.access_token_seconds)
        .bind(resource.refresh_token_seconds)
        .bind(&resource.signing_alg)
        .bind(&resource.dialect)
        .bind(&resource.token_issuer)
        .bind(resource.created_at)
        .bind(&resource.documents.policy)
        .bind(row::to_json(&resource.documents.allow))
        .bind(i64::from(resource.dpop_required))
        .execute(connection)
        .await?;
    Ok(())
}

impl Store {
    /// Every resource that is not deleted, and every scope. Few rows, held in memory by the registry that asks.
    pub async fn list_resources(&self) -> Result<(Vec<ResourceRow>, Vec<ScopeRow>), StoreError> {
        let resources = sqlx::query(LIST).fetch_all(&self.pool).await?;
        let scopes = sqlx::query(LIST_SCOPES).fetch_all(&self.pool).await?;
        Ok((
            resources.iter().map(read).collect::<Result<_, _>>()?,
            scopes.iter().map(read_scope).collect::<Result<_, _>>()?,
        ))
    }

    /// Adds a resource with its scopes.
    pub async fn add_resource(&self, resource: ResourceRow, scopes: Vec<ScopeRow>) -> Result<(), StoreError> {
        self.transaction(move |connection| {
            async move {
                add(connection, &resource).await?;
                for scope in &scopes {
                    add_scope(connection, scope, resource.created_at).await?;
                }
                super::changes::bump(connection, super::changes::Topic::Resources).await
            }
            .boxed()
        })
        .await
    }
}
