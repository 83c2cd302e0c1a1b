//! Table `consents`: what a person agreed that a client may do on a resource, remembered for next time.

use futures::FutureExt as _;

use super::{Store, StoreError, row, sql};
use crate::types::{ScopeSet, Timestamp};

sql! {
    /// A line that stands for an issuer's word is nothing that the person agreed to.
    FIND = "SELECT scopes FROM consents WHERE user_id = $1 AND client_id = $2 AND resource_id = $3 \
            AND issuer_id IS NULL";
    ANY = "SELECT id FROM consents WHERE user_id = $1 AND client_id = $2 AND issuer_id IS NULL LIMIT 1";
    SAVE = "INSERT INTO consents (id, user_id, client_id, resource_id, scopes, created_at, updated_at) \
            VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (user_id, client_id, resource_id) \
            DO UPDATE SET scopes = excluded.scopes, updated_at = excluded.updated_at, issuer_id = NULL";
    WITHDRAW = "DELETE FROM consents WHERE id = $1 AND user_id = $2 RETURNING client_id, resource_id";
    WITHDRAW_ALL = "DELETE FROM consents WHERE user_id = $1";
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

    /// Forgets one consent of this person and revokes every grant that rests on it. Returns client and
    /// resource; nothing when there is no such consent, or it is somebody else's.
    pub async fn withdraw_consent(
        &self,
        id: String,
        user_id: String,
        now: Timestamp,
    ) -> Result<Option<(String, String)>, StoreError> {
        self.transaction(move |connection| {
            async move {
                let found =
                    sqlx::query(WITHDRAW).bind(&id).bind(&user_id).fetch_optional(&mut *connection).await?;
                let Some(row) = found else { return Ok(None) };
                let (client, resource) = (row::text(&row, "client_id")?, row::text(&row, "resource_id")?);
                super::grants::revoke_of_consent(connection, &user_id, &client, &resource, now).await?;
                Ok(Some((client, resource)))
            }
            .boxed()
        })
        .await
    }

    /// Forgets every consent of a person and revokes every grant. Returns how many consents there were.
    pub async fn withdraw_all_consents(&self, user_id: String, now: Timestamp) -> Result<u64, StoreError> {
        self.transaction(move |connection| {
            async move {
                let done = sqlx::query(WITHDRAW_ALL).bind(&user_id).execute(&mut *connection).await?;
                super::grants::revoke_of_user(connection, &user_id, now, "consent_withdrawn").await?;
                Ok(done.rows_affected())
            }
            .boxed()
        })
        .await
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
