//! Table `passkeys`: public keys of authenticators that people sign in with.

use futures::FutureExt as _;
use sqlx::any::AnyRow;

use super::ceremonies::{self, AnsweredRow, CeremonyKind};
use super::ways_in::{self, Removed, WaysInRow};
use super::{Store, StoreError, row, sql};
use crate::types::Timestamp;

/// One passkey as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyRow {
    pub id: String,
    pub user_id: String,
    /// The authenticator's id of it, base64url.
    pub credential_id: String,
    /// Public key, counter and flags, as JSON.
    pub credential: String,
    pub name: String,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// What became of an answer to a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    Done,
    /// The challenge was answered before, or is too old.
    Spent,
    /// The person has as many as they may have.
    TooMany,
    /// The passkey is gone, or was used by somebody else at the same moment.
    Changed,
}

sql! {
    LIST = "SELECT id, user_id, credential_id, credential, name, created_at, last_used_at \
            FROM passkeys WHERE user_id = $1 ORDER BY id";
    FIND = "SELECT id, user_id, credential_id, credential, name, created_at, last_used_at \
            FROM passkeys WHERE credential_id = $1";
    ADD = "INSERT INTO passkeys (id, user_id, credential_id, credential, name, created_at) \
           VALUES ($1, $2, $3, $4, $5, $6)";
    /// The old credential is part of the condition: of two uses of one counter only one counts.
    USE = "UPDATE passkeys SET credential = $3, last_used_at = $4 WHERE id = $1 AND credential = $2";
    RENAME = "UPDATE passkeys SET name = $3 WHERE id = $1 AND user_id = $2";
    REMOVE = "DELETE FROM passkeys WHERE id = $1 AND user_id = $2";
}

fn read(row: &AnyRow) -> Result<PasskeyRow, StoreError> {
    Ok(PasskeyRow {
        id: row::text(row, "id")?,
        user_id: row::text(row, "user_id")?,
        credential_id: row::text(row, "credential_id")?,
        credential: row::text(row, "credential")?,
        name: row::text(row, "name")?,
        created_at: row::int(row, "created_at")?,
        last_used_at: row::time_opt(row, "last_used_at")?,
    })
}

impl Store {
    /// A person's passkeys, the oldest first.
    pub async fn list_passkeys(&self, user_id: &str) -> Result<Vec<PasskeyRow>, StoreError> {
        sqlx::query(LIST).bind(user_id).fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    /// The passkey with this credential id, base64url.
    pub async fn find_passkey(&self, credential_id: &str) -> Result<Option<PasskeyRow>, StoreError> {
        let row = sqlx::query(FIND).bind(credential_id).fetch_optional(&self.pool).await?;
        row.as_ref().map(read).transpose()
    }

    /// Spends the challenge and adds the passkey, unless the person has `most` already. A credential that is
    /// known already is a [`StoreError::Conflict`].
    pub async fn add_passkey(
        &self,
        ceremony: String,
        passkey: PasskeyRow,
        most: i64,
    ) -> Result<Answered, StoreError> {
        self.transaction(move |connection| {
            async move {
                if ways_in::held(connection, &passkey.user_id).await?.passkeys >= most {
                    return Ok(Answered::TooMany);
                }
                let now = passkey.created_at;
                if !ceremonies::spend(connection, &ceremony, CeremonyKind::PasskeyAdd, now).await? {
                    return Ok(Answered::Spent);
                }
                sqlx::query(ADD)
                    .bind(&passkey.id)
                    .bind(&passkey.user_id)
                    .bind(&passkey.credential_id)
                    .bind(&passkey.credential)
                    .bind(&passkey.name)
                    .bind(passkey.created_at)
                    .execute(connection)
                    .await?;
                Ok(Answered::Done)
            }
            .boxed()
        })
        .await
    }

    /// Spends the challenge and notes the use: `credential` takes the place of what `passkey` holds.
    pub async fn use_passkey(
        &self,
        challenge: AnsweredRow,
        passkey: PasskeyRow,
        credential: String,
        now: Timestamp,
    ) -> Result<Answered, StoreError> {
        self.transaction(move |connection| {
            async move {
                if !ceremonies::answer(connection, &challenge, now).await? {
                    return Ok(Answered::Spent);
                }
                let done = sqlx::query(USE)
                    .bind(&passkey.id)
                    .bind(&passkey.credential)
                    .bind(&credential)
                    .bind(now)
                    .execute(connection)
                    .await?;
                Ok(if done.rows_affected() == 1 { Answered::Done } else { Answered::Changed })
            }
            .boxed()
        })
        .await
    }

    /// Gives a passkey another name; `false` when the person has none with this id.
    pub async fn rename_passkey(
        &self,
        id: String,
        user_id: String,
        name: String,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| {
            async move {
                let done =
                    sqlx::query(RENAME).bind(&id).bind(&user_id).bind(&name).execute(connection).await?;
                Ok(done.rows_affected() == 1)
            }
            .boxed()
        })
        .await
    }

    /// Removes a passkey if `may`, asked with the ways in that the person has now, says so.
    pub async fn remove_passkey(
        &self,
        id: String,
        user_id: String,
        may: impl FnOnce(&WaysInRow) -> bool + Send + 'static,
    ) -> Result<Removed, StoreError> {
        self.transaction(move |connection| {
            async move {
                let ways = ways_in::held(connection, &user_id).await?;
                if !may(&ways) {
                    return Ok(Removed::Kept);
                }
                let done = sqlx::query(REMOVE).bind(&id).bind(&user_id).execute(connection).await?;
                Ok(if done.rows_affected() == 1 { Removed::Done } else { Removed::Unknown })
            }
            .boxed()
        })
        .await
    }
}
