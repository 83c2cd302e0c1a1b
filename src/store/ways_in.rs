//! Tables `users` and `passkeys`: with what a person can sign in, beside the identities.

use sqlx::Row as _;

use super::{Store, StoreError, sql};

sql! {
    FIND = "SELECT CASE WHEN password_hash IS NULL THEN CAST(0 AS BIGINT) ELSE CAST(1 AS BIGINT) END AS passwords, \
            (SELECT COUNT(*) FROM passkeys p WHERE p.user_id = users.id) AS passkeys \
            FROM users WHERE id = $1";
}

impl Store {
    /// Whether a person has a password, and how many passkeys.
    pub async fn password_and_passkeys(&self, user_id: &str) -> Result<(bool, i64), StoreError> {
        let row = sqlx::query(FIND).bind(user_id).fetch_optional(&self.pool).await?;
        let Some(row) = row else { return Ok((false, 0)) };
        Ok((row.try_get::<i64, _>("passwords")? == 1, row.try_get("passkeys")?))
    }
}
