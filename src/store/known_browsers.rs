//! Table `known_browsers`: where a person has signed in before.

use futures::FutureExt as _;

use super::{Store, StoreError, sql};
use crate::types::{Hashed, Timestamp};

/// How a browser stands to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acquaintance {
    /// The person signed in there before.
    Known,
    /// It is the first one ever.
    First,
    /// There were others, but never this one.
    New,
}

sql! {
    SEEN = "UPDATE known_browsers SET last_seen_at = $3 WHERE user_id = $1 AND browser_hash = $2";
    OTHERS = "SELECT 1 FROM known_browsers WHERE user_id = $1 LIMIT 1";
    ADD = "INSERT INTO known_browsers (user_id, browser_hash, first_seen_at, last_seen_at) \
           VALUES ($1, $2, $3, $3) ON CONFLICT (user_id, browser_hash) DO NOTHING";
    REAP = "DELETE FROM known_browsers WHERE (user_id, browser_hash) IN \
            (SELECT user_id, browser_hash FROM known_browsers WHERE last_seen_at < $1 LIMIT $2)";
}

impl Store {
    /// Notes that a person signed in on a browser, and says whether they ever did before.
    pub async fn see_browser(
        &self,
        user_id: String,
        browser: Hashed,
        now: Timestamp,
    ) -> Result<Acquaintance, StoreError> {
        self.transaction(move |connection| {
            async move {
                let seen = sqlx::query(SEEN)
                    .bind(&user_id)
                    .bind(browser.as_str())
                    .bind(now)
                    .execute(&mut *connection)
                    .await?;
                if seen.rows_affected() == 1 {
                    return Ok(Acquaintance::Known);
                }
                let others = sqlx::query(OTHERS).bind(&user_id).fetch_optional(&mut *connection).await?;
                sqlx::query(ADD)
                    .bind(&user_id)
                    .bind(browser.as_str())
                    .bind(now)
                    .execute(&mut *connection)
                    .await?;
                Ok(if others.is_some() { Acquaintance::New } else { Acquaintance::First })
            }
            .boxed()
        })
        .await
    }

    /// Deletes up to `limit` browsers not seen since `before`.
    pub async fn reap_known_browsers(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        self.write(move |connection| {
            async move {
                Ok(sqlx::query(REAP).bind(before).bind(limit).execute(connection).await?.rows_affected())
            }
            .boxed()
        })
        .await
    }
}
