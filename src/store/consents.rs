//! Table `consents`: what a person agreed that a client may do on a resource, remembered for next time.

use futures::FutureExt as _;

use super::{Store, StoreError, row, sql};
use crate::types::{ScopeSet, Timestamp};

sql! {
    FIND = "SELECT scopes FROM consents WHERE user_id = $1 AND client_id = $2 AND resource_id = $3";
    ANY = "SELECT id FROM consents WHERE user_id = $1 AND client_id = $2 LIMIT 1";
    SAVE = "INSERT INTO consents (id, user_id, client_id, resource_id, scopes, created_at, updated_at) \
            VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (user_id, client_id, resource_id) \
            DO UPDATE SET scopes = excluded.scopes, updated_at = excluded.updated_at";
    FORGET = "DELETE FROM consents WHERE user_id = $1 AND client_id = $2 AND resource_id = $3";
}

/// The statement that [`Store::add_grant`](super::grants) runs beside the grant it adds.
pub(super) const SAVE_CONSENT: &str = SAVE;

impl Store {
    /// The scopes consented to before; empty when there is no consent.
    pub async fn find_consent(
        &self,
        user_id: &str,
        client_id: &str,
        resource_id: &str,
    ) -> Result<ScopeSet, StoreError> {
        let row = sqlx::query(FIND)
            .bind(user_id)
            .bind(client_id)
            .bind(resource_id)
            .fetch_optional(&self.pool)
            .await?;
        row.map_or(Ok(ScopeSet::default()), |r| row::scopes(&r, "scopes"))
    }

    /// Whether this person has consented to this client on any resource.
    pub async fn has_consent(&self, user_id: &str, client_id: &str) -> Result<bool, StoreError> {
        let row = sqlx::query(ANY).bind(user_id).bind(client_id).fetch_optional(&self.pool).await?;
        Ok(row.is_some())
    }

    /// Forgets a consent and revokes every grant that rests on it.
    pub async fn forget_consent(
        &self,
        user_id: String,
        client_id: String,
        resource_id: String,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.transaction(move |connection| {
            async move {
                sqlx::query(FORGET)
                    .bind(&user_id)
                    .bind(&client_id)
                    .bind(&resource_id)
                    .execute(&mut *connection)
                    .await?;
                super::grants::revoke_of_consent(connection, &user_id, &client_id, &resource_id, now).await
            }
            .boxed()
        })
        .await
    }
}
