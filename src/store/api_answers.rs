//! Table `api_answers`: requests with an `Idempotency-Key`, and what they were answered.
//!
//! Of two at the same moment one inserts the row and does the work; the other finds it.

use futures::FutureExt as _;

use super::{Store, StoreError, row, sql};
use crate::types::{Hashed, Timestamp};

/// A request that was begun with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerRow {
    /// The hash of method, path and body.
    pub request: Hashed,
    pub created_at: Timestamp,
    /// Nothing while it is being worked on, or when that was broken off.
    pub answer: Option<Answer>,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: i64,
    pub location: Option<String>,
    /// JSON, without what is told once only.
    pub body: String,
}

sql! {
    BEGIN = "INSERT INTO api_answers (token_id, key, request, created_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (token_id, key) DO NOTHING";
    FIND = "SELECT request, created_at, status, location, body FROM api_answers WHERE token_id = $1 AND key = $2";
    KEEP = "UPDATE api_answers SET status = $3, location = $4, body = $5 WHERE token_id = $1 AND key = $2 \
            AND status IS NULL";
    DROP = "DELETE FROM api_answers WHERE token_id = $1 AND key = $2 AND status IS NULL";
    REAP = "DELETE FROM api_answers WHERE created_at < $1 AND (token_id, key) IN (SELECT token_id, key \
            FROM api_answers WHERE created_at < $1 ORDER BY created_at LIMIT $2)";
}

impl Store {
    /// Begins a request; `false` when there is one with this key.
    pub async fn begin_answer(
        &self,
        token_id: String,
        key: String,
        request: Hashed,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| {
            async move {
                let done = sqlx::query(BEGIN)
                    .bind(&token_id)
                    .bind(&key)
                    .bind(request.as_str())
                    .bind(now)
                    .execute(connection)
                    .await?;
                Ok(done.rows_affected() == 1)
            }
            .boxed()
        })
        .await
    }

    pub async fn find_answer(&self, token_id: &str, key: &str) -> Result<Option<AnswerRow>, StoreError> {
        let found = sqlx::query(FIND).bind(token_id).bind(key).fetch_optional(&self.pool).await?;
        let Some(found) = found else { return Ok(None) };
        let answer = match (row::time_opt(&found, "status")?, row::text_opt(&found, "body")?) {
            (Some(status), Some(body)) => {
                Some(Answer { status, location: row::text_opt(&found, "location")?, body })
            }
            _ => None,
        };
        let request = row::hash(&found, "request")?;
        Ok(Some(AnswerRow { request, created_at: row::int(&found, "created_at")?, answer }))
    }

    /// Keeps what a request was answered.
    pub async fn keep_answer(&self, token_id: String, key: String, answer: Answer) -> Result<(), StoreError> {
        self.write(move |connection| {
            async move {
                sqlx::query(KEEP)
                    .bind(&token_id)
                    .bind(&key)
                    .bind(answer.status)
                    .bind(&answer.location)
                    .bind(&answer.body)
                    .execute(connection)
                    .await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// Forgets a request that did nothing, so that it can be sent once more.
    pub async fn drop_answer(&self, token_id: String, key: String) -> Result<(), StoreError> {
        self.write(move |connection| {
            async move {
                sqlx::query(DROP).bind(&token_id).bind(&key).execute(connection).await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// Deletes up to `limit` requests begun before `before`.
    pub async fn reap_answers(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        self.write(move |connection| {
            async move {
                Ok(sqlx::query(REAP).bind(before).bind(limit).execute(connection).await?.rows_affected())
            }
            .boxed()
        })
        .await
    }
}
