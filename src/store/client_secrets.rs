//! Table `client_secrets`: what confidential clients prove themselves with.
//!
//! Secrets are looked up with each request and held in no process: what is revoked here is refused by the next
//! request everywhere.

use futures::FutureExt as _;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::{Store, StoreError, row, sql};
use crate::types::secret::Bearer;
use crate::types::{Hashed, Timestamp};

/// The most secrets that a list shows: those that work, and the newest that have expired.
const SHOWN: i64 = 20;

/// One secret of a client.
#[derive(Clone, Debug)]
pub struct SecretRow {
    pub id: String,
    pub client_id: String,
    pub hash: Hashed,
    /// Its last characters, to tell several apart; empty for one from before there were hints.
    pub hint: String,
    pub created_at: Timestamp,
    /// It does not work from then on; nothing for one that lasts.
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

impl SecretRow {
    /// The row of a new secret.
    pub fn of(bearer: &Bearer, client_id: &str, now: Timestamp, expires_at: Option<Timestamp>) -> Self {
        Self {
            id: bearer.id.clone(),
            client_id: client_id.to_owned(),
            hash: bearer.hash(),
            hint: bearer.hint(),
            created_at: now,
            expires_at,
            last_used_at: None,
            revoked_at: None,
        }
    }

    /// Whether its time is over.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// What became of adding a secret.
#[derive(Clone, Debug)]
pub enum Added {
    Done,
    /// The form made this one before.
    Before(SecretRow),
    /// As many as there may be work already.
    Full,
    /// There is no such client.
    Gone,
}

/// What became of ending a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Done,
    /// No other works: nothing has changed.
    Last,
    /// There is no such secret, or it has ended.
    Gone,
}

/// Whether the only secret that works may be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TheLast {
    Keep,
    Too,
}

/// How a secret ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Now,
    /// Later, but no later than it would have anyway.
    At(Timestamp),
}

sql! {
    FIND = "SELECT id, client_id, secret_hash, hint, created_at, expires_at, last_used_at, revoked_at \
            FROM client_secrets WHERE id = $1";
    OF_FORM = "SELECT id, client_id, secret_hash, hint, created_at, expires_at, last_used_at, revoked_at \
               FROM client_secrets WHERE form_nonce = $1";
    LIST = "SELECT id, client_id, secret_hash, hint, created_at, expires_at, last_used_at, revoked_at \
            FROM client_secrets WHERE client_id = $1 AND revoked_at IS NULL \
            ORDER BY CASE WHEN expires_at IS NULL OR expires_at > $2 THEN 0 ELSE 1 END, id DESC LIMIT $3";
    ADD = "INSERT INTO client_secrets (id, client_id, secret_hash, hint, created_at, expires_at, form_nonce) \
           VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// Holds the client until the transaction ends: changes of its secrets take turns.
    HOLD = "UPDATE clients SET has_terms = has_terms WHERE id = $1 AND deleted_at IS NULL";
    WORKING = "SELECT COUNT(*) AS n FROM client_secrets WHERE client_id = $1 AND revoked_at IS NULL \
               AND (expires_at IS NULL OR expires_at > $2) AND id <> $3";
    REVOKE = "UPDATE client_secrets SET revoked_at = $3 WHERE id = $2 AND client_id = $1 AND revoked_at IS NULL";
    EXPIRE = "UPDATE client_secrets SET expires_at = CASE WHEN expires_at < $4 THEN expires_at ELSE $4 END \
              WHERE id = $2 AND client_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3)";
    TOUCH = "UPDATE client_secrets SET last_used_at = $2 WHERE id = $1 \
             AND (last_used_at IS NULL OR last_used_at <= $3)";
    REAP = "DELETE FROM client_secrets WHERE id IN (SELECT id FROM client_secrets WHERE revoked_at < $1 \
            UNION SELECT id FROM client_secrets WHERE expires_at < $1 LIMIT $2)";
}

fn read(found: &AnyRow) -> Result<SecretRow, StoreError> {
    Ok(SecretRow {
        id: row::text(found, "id")?,
        client_id: row::text(found, "client_id")?,
        hash: row::hash(found, "secret_hash")?,
        hint: row::text(found, "hint")?,
        created_at: row::int(found, "created_at")?,
        expires_at: row::time_opt(found, "expires_at")?,
        last_used_at: row::time_opt(found, "last_used_at")?,
        revoked_at: row::time_opt(found, "revoked_at")?,
    })
}

/// Adds a secret inside the caller's transaction, to the client with this id: the row's own may be that of a
/// registration that turned out to be known.
pub(super) async fn insert(
    connection: &mut AnyConnection,
    client_id: &str,
    secret: &SecretRow,
    nonce: Option<&str>,
) -> Result<(), StoreError> {
    sqlx::query(ADD)
        .bind(&secret.id)
        .bind(client_id)
        .bind(secret.hash.as_str())
        .bind(&secret.hint)
        .bind(secret.created_at)
        .bind(secret.expires_at)
        .bind(nonce)
        .execute(connection)
        .await?;
    Ok(())
}

/// How many secrets of a client work, but for this one.
async fn count_working(
    connection: &mut AnyConnection,
    client_id: &str,
    now: Timestamp,
    but: &str,
) -> Result<i64, StoreError> {
    let found = sqlx::query(WORKING).bind(client_id).bind(now).bind(but).fetch_one(connection).await?;
    Ok(found.try_get("n")?)
}

/// Takes a turn at the secrets of a client; `false` when there is no such client.
async fn hold(connection: &mut AnyConnection, client_id: &str) -> Result<bool, StoreError> {
    Ok(sqlx::query(HOLD).bind(client_id).execute(connection).await?.rows_affected() == 1)
}

impl Store {
    /// A client secret, whatever its state.
    pub async fn find_client_secret(&self, id: &str) -> Result<Option<SecretRow>, StoreError> {
        sqlx::query(FIND).bind(id).fetch_optional(&self.pool).await?.as_ref().map(read).transpose()
    }

    /// The secrets of a client that were not revoked: those that work first, each group the newest first.
    pub async fn list_client_secrets(
        &self,
        client_id: &str,
        now: Timestamp,
    ) -> Result<Vec<SecretRow>, StoreError> {
        let query = sqlx::query(LIST).bind(client_id).bind(now).bind(SHOWN);
        query.fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    /// Adds a secret, if fewer than `most` of its client work and its form has not made one before.
    pub async fn add_client_secret(
        &self,
        secret: SecretRow,
        nonce: Option<String>,
        most: i64,
    ) -> Result<Added, StoreError> {
        self.transaction(move |connection| {
            async move {
                if !hold(connection, &secret.client_id).await? {
                    return Ok(Added::Gone);
                }
                let before = sqlx::query(OF_FORM).bind(&nonce).fetch_optional(&mut *connection).await?;
                if let Some(before) = before {
                    return Ok(Added::Before(read(&before)?));
                }
                if count_working(connection, &secret.client_id, secret.created_at, "").await? >= most {
                    return Ok(Added::Full);
                }
                insert(connection, &secret.client_id, &secret, nonce.as_deref()).await?;
                Ok(Added::Done)
            }
            .boxed()
        })
        .await
    }

    /// Ends a secret of a client.
    pub async fn end_client_secret(
        &self,
        (client_id, id): (String, String),
        end: End,
        the_last: TheLast,
        now: Timestamp,
    ) -> Result<Ended, StoreError> {
        self.transaction(move |connection| {
            async move {
                if !hold(connection, &client_id).await? {
                    return Ok(Ended::Gone);
                }
                // What works when this one ends, not what works now: of two that expire, the second is the last.
                let then = match end {
                    End::Now => now,
                    End::At(at) => at,
                };
                if the_last == TheLast::Keep && count_working(connection, &client_id, then, &id).await? == 0 {
                    let found = sqlx::query(FIND).bind(&id).fetch_optional(&mut *connection).await?;
                    let found = found.as_ref().map(read).transpose()?;
                    // One that has expired may go: nothing works with it.
                    if found.is_some_and(|s| {
                        s.client_id == client_id && s.revoked_at.is_none() && !s.is_expired(now)
                    }) {
                        return Ok(Ended::Last);
                    }
                }
                let query = match end {
                    End::Now => sqlx::query(REVOKE).bind(&client_id).bind(&id).bind(now),
                    End::At(at) => sqlx::query(EXPIRE).bind(&client_id).bind(&id).bind(now).bind(at),
                };
                let done = query.execute(&mut *connection).await?;
                Ok(if done.rows_affected() == 1 { Ended::Done } else { Ended::Gone })
            }
            .boxed()
        })
        .await
    }

    /// Notes that a secret was used, at most once per `every` seconds.
    pub async fn touch_client_secret(
        &self,
        id: String,
        now: Timestamp,
        every: i64,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            async move {
                sqlx::query(TOUCH).bind(&id).bind(now).bind(now - every).execute(connection).await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// Deletes up to `limit` secrets that were revoked or expired before then.
    pub async fn reap_client_secrets(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
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
