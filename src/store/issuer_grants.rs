//! Grants that rest on the word of an issuer elsewhere instead of a person's: one for each person, client, resource and
//! issuer, renewed by use.
//!
//! Each has its line among the person's apps, so that they see and end it. That line is no approval: `find_consent`
//! passes it over, so an app that asks the person is answered by the person.

use futures::FutureExt as _;
use sqlx::AnyConnection;

use super::changes::{Topic, bump};
use super::grants::GrantRow;
use super::{Store, StoreError, sql, users};
use crate::types::Timestamp;

sql! {
    /// These change nothing, but hold the row until the transaction ends: disabling waits, or was first.
    HOLD_ISSUER = "UPDATE trusted_issuers SET version = version WHERE id = $1 AND disabled_at IS NULL";
    HOLD_CLIENT = "UPDATE clients SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NULL";
    HOLD_RESOURCE = "UPDATE resources SET deleted_at = NULL WHERE id = $1 AND deleted_at IS NULL";
    KEEP = "INSERT INTO grants (id, user_id, client_id, resource_id, scopes, created_at, ends_at, issuer_id) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
            ON CONFLICT (issuer_id, user_id, client_id, resource_id) WHERE issuer_id IS NOT NULL AND revoked_at IS NULL \
            DO UPDATE SET scopes = excluded.scopes, ends_at = excluded.ends_at RETURNING id";
    /// What the person agreed to themselves stays as it is.
    SHOW = "INSERT INTO consents (id, user_id, client_id, resource_id, scopes, created_at, updated_at, issuer_id) \
            VALUES ($1, $2, $3, $4, $5, $6, $6, $7) ON CONFLICT (user_id, client_id, resource_id) \
            DO UPDATE SET scopes = excluded.scopes, updated_at = excluded.updated_at, issuer_id = excluded.issuer_id \
            WHERE consents.issuer_id IS NOT NULL";
    END = "UPDATE grants SET revoked_at = $2, revoked_reason = 'issuer_ended' \
           WHERE issuer_id = $1 AND revoked_at IS NULL";
    HIDE = "DELETE FROM consents WHERE issuer_id = $1";
}

/// Ends everything that rests on an issuer's word.
pub(super) async fn end_of_issuer(
    connection: &mut AnyConnection,
    issuer_id: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(HIDE).bind(issuer_id).execute(&mut *connection).await?;
    sqlx::query(END).bind(issuer_id).bind(now).execute(&mut *connection).await?;
    bump(connection, Topic::Revocations).await
}

impl Store {
    /// Adds the grant of a person on an issuer's word, or renews the one that stands, and shows it among their apps.
    /// Returns its id; nothing, with nothing changed, when issuer, person, client or resource was disabled or removed
    /// meanwhile.
    pub async fn keep_issuer_grant(
        &self,
        issuer_id: String,
        consent_id: String,
        grant: GrantRow,
    ) -> Result<Option<String>, StoreError> {
        self.transaction(move |connection| {
            async move {
                let user_id = grant.user_id.clone().unwrap_or_default();
                if !users::hold(connection, &user_id, None).await? {
                    return Ok(None);
                }
                for (statement, id) in [
                    (HOLD_ISSUER, &issuer_id),
                    (HOLD_CLIENT, &grant.client_id),
                    (HOLD_RESOURCE, &grant.resource_id),
                ] {
                    let held = sqlx::query(statement).bind(id).execute(&mut *connection).await?;
                    if held.rows_affected() == 0 {
                        return Ok(None);
                    }
                }
                sqlx::query(SHOW)
                    .bind(&consent_id)
                    .bind(&user_id)
                    .bind(&grant.client_id)
                    .bind(&grant.resource_id)
                    .bind(grant.scopes.to_string())
                    .bind(grant.created_at)
                    .bind(&issuer_id)
                    .execute(&mut *connection)
                    .await?;
                let kept = sqlx::query(KEEP)
                    .bind(&grant.id)
                    .bind(&user_id)
                    .bind(&grant.client_id)
                    .bind(&grant.resource_id)
                    .bind(grant.scopes.to_string())
                    .bind(grant.created_at)
                    .bind(grant.ends_at)
                    .bind(&issuer_id)
                    .fetch_one(&mut *connection)
                    .await?;
                Ok(Some(super::row::text(&kept, "id")?))
            }
            .boxed()
        })
        .await
    }
}
