//! Table `pushed_requests`: authorization requests that clients sent ahead of the browser.
//!
//! A request is begun within its first seconds, and from then on good for one decision as long as a person takes.

use futures::FutureExt as _;
use sqlx::AnyConnection;

use super::clients::ClientRow;
use super::document_clients;
use super::{Store, StoreError, row, sql};
use crate::types::{Hashed, Timestamp};

/// One request as stored.
#[derive(Clone, Debug)]
pub struct PushedRow {
    pub id: String,
    pub hash: Hashed,
    pub client_id: String,
    /// The request as a query string; nothing by which the client authenticated is in it.
    pub parameters: String,
    pub created_at: Timestamp,
    pub begun_at: Option<Timestamp>,
    /// Until when it is good: a minute, or once a browser began with it, as long as a person may take.
    pub ends_at: Timestamp,
    pub spent_at: Option<Timestamp>,
}

/// How many requests may be under way.
#[derive(Clone, Copy, Debug)]
pub struct PushedBounds {
    pub of_client: i64,
    pub in_all: i64,
}

sql! {
    /// Nothing is added where too many are under way.
    ADD = "INSERT INTO pushed_requests (id, secret_hash, client_id, parameters, created_at, ends_at) \
           SELECT $1, $2, $3, $4, $5, $6 \
           WHERE (SELECT COUNT(*) FROM (SELECT 1 FROM pushed_requests WHERE client_id = $3 AND ends_at > $5 \
           AND spent_at IS NULL LIMIT $7) AS of_client) < $7 \
           AND (SELECT COUNT(*) FROM (SELECT 1 FROM pushed_requests WHERE ends_at > $5 AND spent_at IS NULL \
           LIMIT $8) AS in_all) < $8";
    ROOM = "SELECT 1 AS there WHERE (SELECT COUNT(*) FROM (SELECT 1 FROM pushed_requests WHERE client_id = $1 \
            AND ends_at > $2 AND spent_at IS NULL LIMIT $3) AS of_client) < $3 \
            AND (SELECT COUNT(*) FROM (SELECT 1 FROM pushed_requests WHERE ends_at > $2 AND spent_at IS NULL \
            LIMIT $4) AS in_all) < $4";
    FIND = "SELECT id, secret_hash, client_id, parameters, created_at, begun_at, ends_at, spent_at \
            FROM pushed_requests WHERE id = $1";
    BEGIN = "UPDATE pushed_requests SET begun_at = $2, ends_at = $3 \
             WHERE id = $1 AND begun_at IS NULL AND spent_at IS NULL AND ends_at > $2";
    SPEND = "UPDATE pushed_requests SET spent_at = $2 WHERE id = $1 AND spent_at IS NULL AND ends_at > $2";
    REAP = "DELETE FROM pushed_requests WHERE id IN (SELECT id FROM pushed_requests WHERE ends_at < $1 LIMIT $2)";
}

async fn add(
    connection: &mut AnyConnection,
    pushed: &PushedRow,
    bounds: PushedBounds,
) -> Result<bool, StoreError> {
    let done = sqlx::query(ADD)
        .bind(&pushed.id)
        .bind(pushed.hash.as_str())
        .bind(&pushed.client_id)
        .bind(&pushed.parameters)
        .bind(pushed.created_at)
        .bind(pushed.ends_at)
        .bind(bounds.of_client)
        .bind(bounds.in_all)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

impl Store {
    /// Adds a request. `false`, with nothing added, when as many are under way as may be.
    pub async fn add_pushed_request(
        &self,
        pushed: PushedRow,
        bounds: PushedBounds,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| async move { add(connection, &pushed, bounds).await }.boxed()).await
    }

    /// The same for a client that publishes a document, together with its row: neither is written without the other.
    pub async fn add_pushed_request_by_document(
        &self,
        client: ClientRow,
        pushed: PushedRow,
        bounds: PushedBounds,
    ) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let room = sqlx::query(ROOM)
                    .bind(&client.id)
                    .bind(pushed.created_at)
                    .bind(bounds.of_client)
                    .bind(bounds.in_all)
                    .fetch_optional(&mut *connection)
                    .await?;
                if room.is_none() {
                    return Ok(false);
                }
                document_clients::put(connection, &client).await?;
                add(connection, &pushed, bounds).await
            }
            .boxed()
        })
        .await
    }

    /// A request, begun, expired, spent or not. The caller compares secret, client and times.
    pub async fn find_pushed_request(&self, id: &str) -> Result<Option<PushedRow>, StoreError> {
        let found = sqlx::query(FIND).bind(id).fetch_optional(&self.pool).await?;
        found
            .map(|r| {
                Ok(PushedRow {
                    id: row::text(&r, "id")?,
                    hash: row::hash(&r, "secret_hash")?,
                    client_id: row::text(&r, "client_id")?,
                    parameters: row::text(&r, "parameters")?,
                    created_at: row::int(&r, "created_at")?,
                    begun_at: row::time_opt(&r, "begun_at")?,
                    ends_at: row::int(&r, "ends_at")?,
                    spent_at: row::time_opt(&r, "spent_at")?,
                })
            })
            .transpose()
    }

    /// Notes that a browser began with a request, so that the person has until `ends_at`. `false` when one did before,
    /// it was spent, or it is too late.
    pub async fn begin_pushed_request(
        &self,
        id: String,
        now: Timestamp,
        ends_at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| {
            async move {
                let begin = sqlx::query(BEGIN).bind(&id).bind(now).bind(ends_at);
                Ok(begin.execute(connection).await?.rows_affected() == 1)
            }
            .boxed()
        })
        .await
    }

    /// Spends a request on a person's decision; `false` when it was spent before, or it is too late.
    pub async fn spend_pushed_request(&self, id: String, now: Timestamp) -> Result<bool, StoreError> {
        self.write(move |connection| {
            async move {
                Ok(sqlx::query(SPEND).bind(&id).bind(now).execute(connection).await?.rows_affected() == 1)
            }
            .boxed()
        })
        .await
    }

    /// Deletes up to `limit` requests that can serve nobody any more.
    pub async fn reap_pushed_requests(&self, now: Timestamp, limit: i64) -> Result<u64, StoreError> {
        self.write(move |connection| {
            async move {
                Ok(sqlx::query(REAP).bind(now).bind(limit).execute(connection).await?.rows_affected())
            }
            .boxed()
        })
        .await
    }
}
