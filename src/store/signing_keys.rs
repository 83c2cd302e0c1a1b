//! Table `signing_keys`: token signing keys; the private part is sealed before it comes here.

use futures::FutureExt as _;
use sqlx::any::AnyRow;

use super::changes::{Topic, bump};
use super::{Store, StoreError, row, sql};
use crate::types::Timestamp;

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published, not yet used to sign.
    Next,
    /// Signs.
    Active,
    /// Verifies only, until every token it signed has expired.
    Retired,
}

impl KeyState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }
}

/// One signing key as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// Also the `kid`.
    pub id: String,
    /// `ES256`, `RS256` or `EdDSA`.
    pub alg: String,
    pub state: KeyState,
    /// The PKCS#8 document, sealed with the master key.
    pub sealed: String,
    /// The public part as a JSON Web Key.
    pub public_jwk: String,
    pub created_at: Timestamp,
    pub activated_at: Option<Timestamp>,
    pub retired_at: Option<Timestamp>,
}

sql! {
    LIST = "SELECT id, alg, state, sealed, public_jwk, created_at, activated_at, retired_at \
            FROM signing_keys ORDER BY id";
    ADD = "INSERT INTO signing_keys (id, alg, state, sealed, public_jwk, created_at, activated_at) \
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    STEP_DOWN = "UPDATE signing_keys SET state = 'retired', retired_at = $2 \
                 WHERE alg = $1 AND state = 'active'";
    STEP_UP = "UPDATE signing_keys SET state = 'active', activated_at = $2 WHERE id = $1 AND state = 'next'";
    RETIRE = "UPDATE signing_keys SET state = 'retired', retired_at = $2 WHERE id = $1 AND state = 'next'";
    REMOVE = "DELETE FROM signing_keys WHERE id = $1 AND state = 'retired'";
    REAP = "DELETE FROM signing_keys WHERE state = 'retired' AND retired_at < $1";
}

fn read(row: &AnyRow) -> Result<KeyRow, StoreError> {
    let id = row::text(row, "id")?;
    let state = match row::text(row, "state")?.as_str() {
        "next" => KeyState::Next,
        "active" => KeyState::Active,
        "retired" => KeyState::Retired,
        _ => return Err(StoreError::inconsistent("signing_keys", "state", &id)),
    };
    Ok(KeyRow {
        id,
        alg: row::text(row, "alg")?,
        state,
        sealed: row::text(row, "sealed")?,
        public_jwk: row::text(row, "public_jwk")?,
        created_at: row::int(row, "created_at")?,
        activated_at: row::time_opt(row, "activated_at")?,
        retired_at: row::time_opt(row, "retired_at")?,
    })
}

async fn add(connection: &mut sqlx::AnyConnection, key: &KeyRow) -> Result<bool, StoreError> {
    let done = sqlx::query(ADD)
        .bind(&key.id)
        .bind(&key.alg)
        .bind(key.state.as_str())
        .bind(&key.sealed)
        .bind(&key.public_jwk)
        .bind(key.created_at)
        .bind(key.activated_at)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

impl Store {
    pub async fn list_keys(&self) -> Result<Vec<KeyRow>, StoreError> {
        sqlx::query(LIST).fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    /// Adds keys. One that would be a second active or waiting key of its algorithm is left out: another
    /// process starting at the same time was first.
    pub async fn add_keys(&self, keys: Vec<KeyRow>) -> Result<(), StoreError> {
        self.transaction(move |connection| {
            async move {
                for key in &keys {
                    add(&mut *connection, key).await?;
                }
                bump(connection, Topic::Keys).await
            }
            .boxed()
        })
        .await
    }

    /// Retires the active key of an algorithm, activates `next`, and publishes `after_next`. `false`, with
    /// nothing changed, when `next` is not waiting any more.
    pub async fn rotate_key(
        &self,
        alg: String,
        next: String,
        after_next: KeyRow,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                sqlx::query(STEP_DOWN).bind(&alg).bind(now).execute(&mut *connection).await?;
                let up = sqlx::query(STEP_UP).bind(&next).bind(now).execute(&mut *connection).await?;
                if up.rows_affected() == 0 {
                    // Conflict undoes the transaction: the algorithm must not be left without an active key.
                    return Err(StoreError::Conflict);
                }
                add(&mut *connection, &after_next).await?;
                bump(connection, Topic::Keys).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
        .or_else(|error| if matches!(error, StoreError::Conflict) { Ok(false) } else { Err(error) })
    }

    /// Takes a waiting key out of the running, or deletes a retired one at once. An active key is never
    /// touched. `false` when nothing changed.
    pub async fn retire_key(&self, id: String, now: Timestamp) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let removed = sqlx::query(REMOVE).bind(&id).execute(&mut *connection).await?.rows_affected();
                let retired =
                    sqlx::query(RETIRE).bind(&id).bind(now).execute(&mut *connection).await?.rows_affected();
                bump(connection, Topic::Keys).await?;
                Ok(removed + retired > 0)
            }
            .boxed()
        })
        .await
    }

    /// Deletes keys retired before `before`: no token they signed can still be valid.
    pub async fn reap_keys(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.transaction(move |connection| {
            async move {
                let gone = sqlx::query(REAP).bind(before).execute(&mut *connection).await?.rows_affected();
                if gone > 0 {
                    bump(connection, Topic::Keys).await?;
                }
                Ok(gone)
            }
            .boxed()
        })
        .await
    }
}
