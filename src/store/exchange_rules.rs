//! Table `exchange_rules`: which client may exchange an access token of one resource for one of another.

use futures::FutureExt as _;
use sqlx::any::AnyRow;

use super::changes::{Topic, bump};
use super::{Store, StoreError, row, sql};
use crate::types::{ScopeSet, Timestamp};

/// One rule as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeRow {
    pub id: String,
    pub client_id: String,
    /// The resource whose tokens it may show.
    pub from_id: String,
    /// The resource for which it gets one.
    pub to_id: String,
    /// What it gets at most.
    pub scopes: ScopeSet,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

sql! {
    LIST = "SELECT id, client_id, from_id, to_id, scopes, version, created_at, updated_at FROM exchange_rules ORDER BY id";
    ADD = "INSERT INTO exchange_rules (id, client_id, from_id, to_id, scopes, version, created_at, updated_at) \
           SELECT $1, $2, $3, $4, $5, 1, CAST($6 AS BIGINT), CAST($6 AS BIGINT) \
           WHERE (SELECT COUNT(*) FROM exchange_rules) < $7";
    CHANGE = "UPDATE exchange_rules SET scopes = $2, updated_at = $3, version = version + 1 \
              WHERE id = $1 AND version = $4";
    REMOVE = "DELETE FROM exchange_rules WHERE id = $1";
}

fn read(row: &AnyRow) -> Result<ExchangeRow, StoreError> {
    Ok(ExchangeRow {
        id: row::text(row, "id")?,
        client_id: row::text(row, "client_id")?,
        from_id: row::text(row, "from_id")?,
        to_id: row::text(row, "to_id")?,
        scopes: row::scopes(row, "scopes")?,
        version: row::int(row, "version")?,
        created_at: row::int(row, "created_at")?,
        updated_at: row::int(row, "updated_at")?,
    })
}

impl Store {
    /// Every rule, in the order they were added. Few rows, held in memory by `oauth::issuers`.
    pub async fn list_exchange_rules(&self) -> Result<Vec<ExchangeRow>, StoreError> {
        sqlx::query(LIST).fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    /// Adds a rule; `false` when there are `most` already. [`StoreError::Conflict`] when there is one for this client
    /// and these resources.
    pub async fn add_exchange_rule(&self, rule: ExchangeRow, most: i64) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let done = sqlx::query(ADD)
                    .bind(&rule.id)
                    .bind(&rule.client_id)
                    .bind(&rule.from_id)
                    .bind(&rule.to_id)
                    .bind(rule.scopes.to_string())
                    .bind(rule.created_at)
                    .bind(most)
                    .execute(&mut *connection)
                    .await?;
                if done.rows_affected() > 0 {
                    bump(connection, Topic::Issuers).await?;
                }
                Ok(done.rows_affected() > 0)
            }
            .boxed()
        })
        .await
    }

    /// Changes the scopes of a rule that still has this version.
    pub async fn change_exchange_rule(
        &self,
        (id, version): (String, i64),
        scopes: ScopeSet,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let done = sqlx::query(CHANGE)
                    .bind(&id)
                    .bind(scopes.to_string())
                    .bind(now)
                    .bind(version)
                    .execute(&mut *connection)
                    .await?;
                if done.rows_affected() > 0 {
                    bump(connection, Topic::Issuers).await?;
                }
                Ok(done.rows_affected() > 0)
            }
            .boxed()
        })
        .await
    }

    /// Removes a rule; `false` when it is not there.
    pub async fn remove_exchange_rule(&self, id: String) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let done = sqlx::query(REMOVE).bind(&id).execute(&mut *connection).await?;
                if done.rows_affected() > 0 {
                    bump(connection, Topic::Issuers).await?;
                }
                Ok(done.rows_affected() > 0)
            }
            .boxed()
        })
        .await
    }
}
