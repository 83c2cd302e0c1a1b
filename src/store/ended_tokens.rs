//! Table `ended_tokens`: access tokens that ended before their time, while the grant they hang on goes on.

use futures::FutureExt as _;
use sqlx::any::AnyRow;

use super::changes::{Topic, bump};
use super::{Store, StoreError, row, sql};
use crate::types::Timestamp;

/// One token that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedToken {
    /// Its `jti`.
    pub id: String,
    /// Whose it was.
    pub client_id: String,
    pub ended_at: Timestamp,
    /// When it would have ended by itself.
    pub expires_at: Timestamp,
}

/// How many may be remembered.
#[derive(Clone, Copy, Debug)]
pub struct EndedBounds {
    pub of_client: i64,
    pub in_all: i64,
}

sql! {
    /// Nothing is added where too many are remembered.
    ADD = "INSERT INTO ended_tokens (id, client_id, ended_at, expires_at) SELECT $1, $2, $3, $4 \
           WHERE (SELECT COUNT(*) FROM (SELECT 1 FROM ended_tokens WHERE client_id = $2 AND expires_at > $3 \
           LIMIT $5) AS of_client) < $5 \
           AND (SELECT COUNT(*) FROM (SELECT 1 FROM ended_tokens WHERE expires_at > $3 LIMIT $6) AS in_all) < $6 \
           ON CONFLICT (id) DO NOTHING";
    IS_THERE = "SELECT 1 FROM ended_tokens WHERE id = $1";
    SINCE = "SELECT id, client_id, ended_at, expires_at FROM ended_tokens WHERE ended_at >= $1";
    REAP = "DELETE FROM ended_tokens WHERE id IN \
            (SELECT id FROM ended_tokens WHERE expires_at < $1 LIMIT $2)";
}

fn read(row: &AnyRow) -> Result<EndedToken, StoreError> {
    Ok(EndedToken {
        id: row::text(row, "id")?,
        client_id: row::text(row, "client_id")?,
        ended_at: row::int(row, "ended_at")?,
        expires_at: row::int(row, "expires_at")?,
    })
}

impl Store {
    /// Ends a token, for every process. `false`, with nothing changed, when as many are remembered as may be; one that
    /// has ended before stays so.
    pub async fn end_token(&self, token: EndedToken, bounds: EndedBounds) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let added = sqlx::query(ADD)
                    .bind(&token.id)
                    .bind(&token.client_id)
                    .bind(token.ended_at)
                    .bind(token.expires_at)
                    .bind(bounds.of_client)
                    .bind(bounds.in_all)
                    .execute(&mut *connection)
                    .await?;
                if added.rows_affected() == 0 {
                    let there = sqlx::query(IS_THERE).bind(&token.id).fetch_optional(connection).await?;
                    return Ok(there.is_some());
                }
                bump(connection, Topic::Revocations).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// The tokens that ended at or after `since`.
    pub async fn tokens_ended_since(&self, since: Timestamp) -> Result<Vec<EndedToken>, StoreError> {
        let rows = sqlx::query(SINCE).bind(since).fetch_all(&self.pool).await?;
        rows.iter().map(read).collect()
    }

    /// Deletes up to `limit` that would have ended by themselves before `before`.
    pub async fn reap_ended_tokens(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        self.write(move |connection| {
            async move {
                Ok(sqlx::query(REAP).bind(before).bind(limit).execute(connection).await?.rows_affected())
            }
            .boxed()
        })
        .await
    }
}
