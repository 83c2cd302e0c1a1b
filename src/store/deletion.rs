//! Deleting a person: everything of theirs in one transaction; the emptied row goes later.
//! Law: decision 0011.

use futures::FutureExt as _;

use super::changes::{Topic, bump};
use super::users::another_administrator;
use super::{Store, StoreError, sql};
use crate::types::Timestamp;

sql! {
    /// Not the last administrator who can sign in.
    EMPTY = concat!("UPDATE users SET email = $2, name = NULL, password_hash = NULL, is_admin = 0, last_login_at = NULL, \
             disabled_at = $3, deleted_at = $3 WHERE id = $1 AND deleted_at IS NULL AND (is_admin = 0 \
             OR ", another_administrator!(), ")");
    DELETE_SESSIONS = "DELETE FROM sessions WHERE user_id = $1";
    DELETE_CONSENTS = "DELETE FROM consents WHERE user_id = $1";
    DELETE_IDENTITIES = "DELETE FROM identities WHERE user_id = $1";
    DELETE_UNLINKED = "DELETE FROM unlinked_issuers WHERE user_id = $1";
    DELETE_PASSKEYS = "DELETE FROM passkeys WHERE user_id = $1";
    DELETE_TOTP = "DELETE FROM totp WHERE user_id = $1";
    DELETE_RECOVERY_CODES = "DELETE FROM recovery_codes WHERE user_id = $1";
    DELETE_KNOWN_BROWSERS = "DELETE FROM known_browsers WHERE user_id = $1";
    DELETE_CEREMONIES = "DELETE FROM ceremonies WHERE user_id = $1";
    DELETE_TERMS = "DELETE FROM user_terms WHERE user_id = $1";
    DELETE_LINKS = "DELETE FROM one_time_links WHERE user_id = $1";
    REAP = "DELETE FROM users WHERE id IN (SELECT id FROM users WHERE deleted_at < $1 LIMIT $2)";
}

/// What is gone at once. Grants stay, revoked, until no token of theirs can live.
const BELONGINGS: [&str; 11] = [
    DELETE_SESSIONS,
    DELETE_CONSENTS,
    DELETE_IDENTITIES,
    DELETE_UNLINKED,
    DELETE_PASSKEYS,
    DELETE_TOTP,
    DELETE_RECOVERY_CODES,
    DELETE_KNOWN_BROWSERS,
    DELETE_CEREMONIES,
    DELETE_TERMS,
    DELETE_LINKS,
];

impl Store {
    /// Deletes a person, all or nothing. `false`, with nothing changed, for the last administrator who can
    /// sign in, and for somebody who is gone already.
    pub async fn delete_user(&self, id: String, now: Timestamp) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                // Two administrators who delete themselves at the same moment take turns.
                super::changes::take_turn_at_setup(connection).await?;
                let done = sqlx::query(EMPTY)
                    .bind(&id)
                    .bind(format!("deleted-{id}@invalid"))
                    .bind(now)
                    .execute(&mut *connection)
                    .await?;
                if done.rows_affected() == 0 {
                    return Ok(false);
                }
                super::grants::revoke_of_user(connection, &id, now, "user_deleted").await?;
                super::api_tokens::end_of_user(connection, &id, now, "owner_deleted").await?;
                for statement in BELONGINGS {
                    sqlx::query(statement).bind(&id).execute(&mut *connection).await?;
                }
                bump(connection, Topic::People).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Removes up to `limit` emptied rows of people deleted before `before`; the rest goes with them.
    pub async fn reap_users(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        self.write(move |connection| {
            async move {
                Ok(sqlx::query(REAP).bind(before).bind(limit).execute(connection).await?.rows_affected())
            }
            .boxed()
        })
        .await
    }
}
