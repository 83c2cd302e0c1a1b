//! Table `recovery_codes`: one-time codes for who has lost the authenticator app.

use futures::FutureExt as _;
use sqlx::AnyConnection;

use super::ceremonies::{self, CeremonyKind};
use super::{Store, StoreError, row, sql};
use crate::types::{Hashed, Timestamp};

/// One code as stored.
#[derive(Clone, Debug)]
pub struct RecoveryCodeRow {
    pub id: String,
    pub user_id: String,
    pub hash: Hashed,
    pub created_at: Timestamp,
}

sql! {
    ADD = "INSERT INTO recovery_codes (id, user_id, secret_hash, created_at) VALUES ($1, $2, $3, $4)";
    CLEAR = "DELETE FROM recovery_codes WHERE user_id = $1";
    HAS = "SELECT id FROM recovery_codes WHERE user_id = $1 AND secret_hash = $2 AND spent_at IS NULL";
    SPEND = "UPDATE recovery_codes SET spent_at = $3 \
             WHERE user_id = $1 AND secret_hash = $2 AND spent_at IS NULL";
    LEFT = "SELECT COUNT(*) AS n FROM recovery_codes WHERE user_id = $1 AND spent_at IS NULL";
}

/// Puts a new set in the place of the old one inside the caller's transaction.
pub(super) async fn replace(
    connection: &mut AnyConnection,
    user_id: &str,
    codes: &[RecoveryCodeRow],
) -> Result<(), StoreError> {
    clear(connection, user_id).await?;
    for code in codes {
        sqlx::query(ADD)
            .bind(&code.id)
            .bind(&code.user_id)
            .bind(code.hash.as_str())
            .bind(code.created_at)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Removes every code of a person inside the caller's transaction.
pub(super) async fn clear(connection: &mut AnyConnection, user_id: &str) -> Result<(), StoreError> {
    sqlx::query(CLEAR).bind(user_id).execute(connection).await?;
    Ok(())
}

/// What became of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Done,
    /// No such code, or it was used before.
    Refused,
    /// The login it was for is over.
    Spent,
}

impl Store {
    /// How many codes a person has left.
    pub async fn recovery_codes_left(&self, user_id: &str) -> Result<i64, StoreError> {
        row::int(&sqlx::query(LEFT).bind(user_id).fetch_one(&self.pool).await?, "n")
    }

    /// Puts a new set of codes in the place of the old one, for a person who has an authenticator app;
    /// `false` when they have none.
    pub async fn replace_recovery_codes(
        &self,
        user_id: String,
        codes: Vec<RecoveryCodeRow>,
    ) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                if !super::totp::hold(connection, &user_id).await? {
                    return Ok(false);
                }
                replace(connection, &user_id, &codes).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Spends a recovery code, and the login that it completes, both or neither.
    pub async fn take_recovery_code(
        &self,
        ceremony: String,
        user_id: String,
        hash: Hashed,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        self.transaction(move |connection| {
            async move {
                let known = sqlx::query(HAS).bind(&user_id).bind(hash.as_str());
                if known.fetch_optional(&mut *connection).await?.is_none() {
                    return Ok(Taken::Refused);
                }
                if !ceremonies::spend(connection, &ceremony, CeremonyKind::SecondFactor, now).await? {
                    return Ok(Taken::Spent);
                }
                let spend = sqlx::query(SPEND).bind(&user_id).bind(hash.as_str()).bind(now);
                let done = spend.execute(connection).await?;
                Ok(if done.rows_affected() == 1 { Taken::Done } else { Taken::Refused })
            }
            .boxed()
        })
        .await
    }
}
