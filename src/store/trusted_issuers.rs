//! Tables `trusted_issuers` and `issuer_rules`: whose assertions the token endpoint takes, and what they become.
//!
//! Few rows, held in memory by `oauth::issuers`: every change raises the counter that makes each process read them
//! again. Whoever disables or removes an issuer ends what rests on its word in the same transaction.

use futures::FutureExt as _;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::changes::{Topic, bump};
use super::{Store, StoreError, issuer_grants, row, sql};
use crate::types::{ScopeSet, Timestamp};

/// For what an issuer is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuerKind {
    /// It says which program somebody runs.
    Workload,
    /// It says which of its people use which client.
    Enterprise,
}

impl IssuerKind {
    pub const ALL: [Self; 2] = [Self::Workload, Self::Enterprise];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Workload => "workload",
            Self::Enterprise => "enterprise",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Where the keys of an issuer are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeysFrom {
    /// Its own metadata names them.
    Discovery,
    /// At this address.
    Uri(String),
    /// Here, as a JWK set.
    Inline(String),
}

impl KeysFrom {
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Uri(_) => "uri",
            Self::Inline(_) => "inline",
        }
    }

    pub fn uri(&self) -> Option<&str> {
        if let Self::Uri(uri) = self { Some(uri) } else { None }
    }

    pub fn inline(&self) -> Option<&str> {
        if let Self::Inline(set) = self { Some(set) } else { None }
    }
}

/// One issuer as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerRow {
    pub id: String,
    pub name: String,
    /// `iss`, byte for byte.
    pub issuer: String,
    pub kind: IssuerKind,
    pub keys: KeysFrom,
    /// JOSE names of the signature algorithms it may use.
    pub algorithms: Vec<String>,
    /// Whether each assertion is taken once; always so for people.
    pub single_use: bool,
    /// A verified address of these domains leads into the account with that address. Lower case.
    pub trusted_domains: Vec<String>,
    /// Whether an address of the trusted domains counts as verified where an assertion says nothing of it.
    pub vouches: bool,
    /// Whether people of the trusted domains who have no account get one.
    pub admits: bool,
    /// The clients that may act for its people; nothing: every client.
    pub client_ids: Option<Vec<String>>,
    /// The scopes its assertions give at most; nothing: no limit.
    pub scopes: Option<ScopeSet>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub disabled_at: Option<Timestamp>,
}

/// What one claim of an assertion must be.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Condition {
    pub claim: String,
    /// In which `*` stands for one segment or a part of one.
    pub value: String,
}

/// What a workload becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerRuleRow {
    pub id: String,
    pub issuer_id: String,
    /// All of them must hold.
    pub claims: Vec<Condition>,
    /// The machine.
    pub client_id: String,
    pub resource_id: String,
    /// What it gets at most; nothing: all that the machine may have there.
    pub scopes: Option<ScopeSet>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

sql! {
    LIST = "SELECT id, name, issuer, kind, keys_from, jwks_uri, jwks, algorithms, single_use, trusted_domains, admits, \
            vouches, client_ids, scopes, version, created_at, updated_at, disabled_at FROM trusted_issuers ORDER BY id";
    LIST_RULES = "SELECT id, issuer_id, claims, client_id, resource_id, scopes, version, created_at, updated_at \
                  FROM issuer_rules ORDER BY issuer_id, id";
    ADD = "INSERT INTO trusted_issuers (id, name, issuer, kind, keys_from, jwks_uri, jwks, algorithms, single_use, \
           trusted_domains, admits, client_ids, scopes, version, created_at, updated_at, vouches) \
           SELECT $1, $2, $3, $4, $5, $6, $7, $8, CAST($9 AS BIGINT), $10, CAST($11 AS BIGINT), $12, $13, 1, \
           CAST($14 AS BIGINT), CAST($14 AS BIGINT), CAST($16 AS BIGINT) WHERE (SELECT COUNT(*) FROM trusted_issuers) < $15";
    CHANGE = "UPDATE trusted_issuers SET name = $2, keys_from = $3, jwks_uri = $4, jwks = $5, algorithms = $6, \
              single_use = $7, trusted_domains = $8, admits = $9, client_ids = $10, scopes = $11, updated_at = $12, vouches = $14, \
              version = version + 1 WHERE id = $1 AND version = $13";
    DISABLE = "UPDATE trusted_issuers SET disabled_at = $2, updated_at = $2, version = version + 1 \
               WHERE id = $1 AND disabled_at IS NULL";
    ENABLE = "UPDATE trusted_issuers SET disabled_at = NULL, updated_at = $2, version = version + 1 \
              WHERE id = $1 AND disabled_at IS NOT NULL";
    REMOVE = "DELETE FROM trusted_issuers WHERE id = $1";
    /// Changes nothing, but holds the row: of two rules added at once the second is counted after the first.
    HOLD = "UPDATE trusted_issuers SET version = version WHERE id = $1";
    ADD_RULE = "INSERT INTO issuer_rules (id, issuer_id, claims, client_id, resource_id, scopes, version, created_at, \
                updated_at) SELECT $1, $2, $3, $4, $5, $6, 1, CAST($7 AS BIGINT), CAST($7 AS BIGINT) \
                WHERE (SELECT COUNT(*) FROM issuer_rules WHERE issuer_id = $2) < $8";
    CHANGE_RULE = "UPDATE issuer_rules SET claims = $2, client_id = $3, resource_id = $4, scopes = $5, updated_at = $6, \
                   version = version + 1 WHERE id = $1 AND version = $7";
    REMOVE_RULE = "DELETE FROM issuer_rules WHERE id = $1 AND issuer_id = $2";
}

const TABLE: &str = "trusted_issuers";

fn read(row: &AnyRow) -> Result<IssuerRow, StoreError> {
    let id = row::text(row, "id")?;
    let impossible = |column| StoreError::inconsistent(TABLE, column, &id);
    let (uri, inline) = (row::text_opt(row, "jwks_uri")?, row::text_opt(row, "jwks")?);
    let keys = match (row::text(row, "keys_from")?.as_str(), uri, inline) {
        ("discovery", _, _) => KeysFrom::Discovery,
        ("uri", Some(uri), _) => KeysFrom::Uri(uri),
        ("inline", _, Some(set)) => KeysFrom::Inline(set),
        _ => return Err(impossible("keys_from")),
    };
    let client_ids = row::text_opt(row, "client_ids")?;
    let client_ids = client_ids.map(|text| serde_json::from_str(&text).map_err(|_| impossible("client_ids")));
    Ok(IssuerRow {
        name: row::text(row, "name")?,
        issuer: row::text(row, "issuer")?,
        kind: IssuerKind::parse(&row::text(row, "kind")?).ok_or_else(|| impossible("kind"))?,
        keys,
        algorithms: row::json(row, TABLE, "algorithms")?,
        single_use: row::flag(row, "single_use")?,
        trusted_domains: row::json(row, TABLE, "trusted_domains")?,
        vouches: row::flag(row, "vouches")?,
        admits: row::flag(row, "admits")?,
        client_ids: client_ids.transpose()?,
        scopes: row::text_opt(row, "scopes")?.map(|text| ScopeSet::from_stored(&text)),
        version: row::int(row, "version")?,
        created_at: row::int(row, "created_at")?,
        updated_at: row::int(row, "updated_at")?,
        disabled_at: row::time_opt(row, "disabled_at")?,
        id,
    })
}

fn read_rule(row: &AnyRow) -> Result<IssuerRuleRow, StoreError> {
    Ok(IssuerRuleRow {
        id: row::text(row, "id")?,
        issuer_id: row::text(row, "issuer_id")?,
        claims: row::json(row, "issuer_rules", "claims")?,
        client_id: row::text(row, "client_id")?,
        resource_id: row::text(row, "resource_id")?,
        scopes: row::text_opt(row, "scopes")?.map(|text| ScopeSet::from_stored(&text)),
        version: row::int(row, "version")?,
        created_at: row::int(row, "created_at")?,
        updated_at: row::int(row, "updated_at")?,
    })
}

fn list_column(list: Option<&Vec<String>>) -> Option<String> {
    list.map(row::to_json)
}

fn scopes_column(scopes: Option<&ScopeSet>) -> Option<String> {
    scopes.map(ToString::to_string)
}

/// Raises the counter where something was done.
async fn told(connection: &mut AnyConnection, rows: u64) -> Result<bool, StoreError> {
    if rows > 0 {
        bump(connection, Topic::Issuers).await?;
    }
    Ok(rows > 0)
}

/// Ends what rests on the word of an issuer that `rows` says is gone, inside the caller's transaction.
async fn ended(
    connection: &mut AnyConnection,
    id: &str,
    rows: u64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if rows > 0 {
        issuer_grants::end_of_issuer(connection, id, now).await?;
    }
    told(connection, rows).await
}

impl Store {
    /// Every issuer, in the order they were added.
    pub async fn list_trusted_issuers(&self) -> Result<Vec<IssuerRow>, StoreError> {
        sqlx::query(LIST).fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    /// Every rule, those of one issuer together, in the order they were added.
    pub async fn list_issuer_rules(&self) -> Result<Vec<IssuerRuleRow>, StoreError> {
        sqlx::query(LIST_RULES).fetch_all(&self.pool).await?.iter().map(read_rule).collect()
    }

    /// Adds an issuer; `false` when there are `most` already. [`StoreError::Conflict`] when this issuer is there for
    /// this purpose.
    pub async fn add_trusted_issuer(&self, issuer: IssuerRow, most: i64) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let done = sqlx::query(ADD)
                    .bind(&issuer.id)
                    .bind(&issuer.name)
                    .bind(&issuer.issuer)
                    .bind(issuer.kind.as_str())
                    .bind(issuer.keys.as_str())
                    .bind(issuer.keys.uri())
                    .bind(issuer.keys.inline())
                    .bind(row::to_json(&issuer.algorithms))
                    .bind(i64::from(issuer.single_use))
                    .bind(row::to_json(&issuer.trusted_domains))
                    .bind(i64::from(issuer.admits))
                    .bind(list_column(issuer.client_ids.as_ref()))
                    .bind(scopes_column(issuer.scopes.as_ref()))
                    .bind(issuer.created_at)
                    .bind(most)
                    .bind(i64::from(issuer.vouches))
                    .execute(&mut *connection)
                    .await?;
                told(connection, done.rows_affected()).await
            }
            .boxed()
        })
        .await
    }

    /// Changes all but issuer, kind and state of one that still has the version of `issuer`.
    pub async fn change_trusted_issuer(&self, issuer: IssuerRow, now: Timestamp) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let done = sqlx::query(CHANGE)
                    .bind(&issuer.id)
                    .bind(&issuer.name)
                    .bind(issuer.keys.as_str())
                    .bind(issuer.keys.uri())
                    .bind(issuer.keys.inline())
                    .bind(row::to_json(&issuer.algorithms))
                    .bind(i64::from(issuer.single_use))
                    .bind(row::to_json(&issuer.trusted_domains))
                    .bind(i64::from(issuer.admits))
                    .bind(list_column(issuer.client_ids.as_ref()))
                    .bind(scopes_column(issuer.scopes.as_ref()))
                    .bind(now)
                    .bind(issuer.version)
                    .bind(i64::from(issuer.vouches))
                    .execute(&mut *connection)
                    .await?;
                told(connection, done.rows_affected()).await
            }
            .boxed()
        })
        .await
    }

    /// Takes no assertion of an issuer any more, and ends what rests on its word. `false` when it is so already.
    pub async fn disable_trusted_issuer(&self, id: String, now: Timestamp) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let done = sqlx::query(DISABLE).bind(&id).bind(now).execute(&mut *connection).await?;
                ended(connection, &id, done.rows_affected(), now).await
            }
            .boxed()
        })
        .await
    }

    /// Takes assertions of an issuer again. `false` when it is so already.
    pub async fn enable_trusted_issuer(&self, id: String, now: Timestamp) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let done = sqlx::query(ENABLE).bind(&id).bind(now).execute(&mut *connection).await?;
                told(connection, done.rows_affected()).await
            }
            .boxed()
        })
        .await
    }

    /// Removes an issuer with its rules, and ends what rests on its word. `false` when it is not there.
    pub async fn remove_trusted_issuer(&self, id: String, now: Timestamp) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let done = sqlx::query(REMOVE).bind(&id).execute(&mut *connection).await?;
                ended(connection, &id, done.rows_affected(), now).await
            }
            .boxed()
        })
        .await
    }

    /// Adds a rule; `false` when its issuer is not there, or has `most` rules already.
    pub async fn add_issuer_rule(&self, rule: IssuerRuleRow, most: i64) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let held = sqlx::query(HOLD).bind(&rule.issuer_id).execute(&mut *connection).await?;
                if held.rows_affected() == 0 {
                    return Ok(false);
                }
                let done = sqlx::query(ADD_RULE)
                    .bind(&rule.id)
                    .bind(&rule.issuer_id)
                    .bind(row::to_json(&rule.claims))
                    .bind(&rule.client_id)
                    .bind(&rule.resource_id)
                    .bind(scopes_column(rule.scopes.as_ref()))
                    .bind(rule.created_at)
                    .bind(most)
                    .execute(&mut *connection)
                    .await?;
                told(connection, done.rows_affected()).await
            }
            .boxed()
        })
        .await
    }

    /// Changes a rule that still has the version of `rule`.
    pub async fn change_issuer_rule(&self, rule: IssuerRuleRow, now: Timestamp) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let done = sqlx::query(CHANGE_RULE)
                    .bind(&rule.id)
                    .bind(row::to_json(&rule.claims))
                    .bind(&rule.client_id)
                    .bind(&rule.resource_id)
                    .bind(scopes_column(rule.scopes.as_ref()))
                    .bind(now)
                    .bind(rule.version)
                    .execute(&mut *connection)
                    .await?;
                told(connection, done.rows_affected()).await
            }
            .boxed()
        })
        .await
    }

    /// Removes a rule of an issuer; `false` when it is not there.
    pub async fn remove_issuer_rule(&self, id: String, issuer_id: String) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let done =
                    sqlx::query(REMOVE_RULE).bind(&id).bind(&issuer_id).execute(&mut *connection).await?;
                told(connection, done.rows_affected()).await
            }
            .boxed()
        })
        .await
    }
}
