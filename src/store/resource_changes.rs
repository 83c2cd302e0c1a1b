//! Table `resources`: what administrators do to it.
//!
//! Every change takes its turn at the counter of resources first. A change that rests on how the other
//! resources are (no two may answer to the same URL) names the counter it has seen, and is not made when it
//! has moved.

use futures::FutureExt as _;
use sqlx::AnyConnection;

use super::changes::{Topic, bump, bump_from};
use super::resources::{ResourceRow, add};
use super::{Store, StoreError, row, sql};
use crate::types::Timestamp;

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Some resource has changed since: think again.
    Moved,
    /// This very resource has changed since, or is gone.
    Changed,
}

sql! {
    CHANGE = "UPDATE resources SET name = $3, uri = $4, aliases = $5, registration_open = $6, \
              access_token_seconds = $7, refresh_token_seconds = $8, signing_alg = $9, dialect = $10, \
              token_issuer = $11, issuer = $12, scalekit_environment = $13, scalekit_resource_id = $14, \
              both_until = $15, updated_at = $16, cimd_policy = $17, cimd_allow = $18, dpop_required = $19, \
              version = version + 1 \
              WHERE id = $1 AND version = $2 AND deleted_at IS NULL";
    NO_DEFAULT = "UPDATE resources SET is_default = 0, updated_at = $2 WHERE is_default = 1 AND id <> $1";
    MAKE_DEFAULT = "UPDATE resources SET is_default = 1, updated_at = $2 WHERE id = $1 AND is_default = 0";
    IS_THERE = "SELECT id FROM resources WHERE id = $1 AND deleted_at IS NULL";
    DELETE = "UPDATE resources SET deleted_at = $2, updated_at = $2, version = version + 1 WHERE id = $1 \
              AND deleted_at IS NULL AND is_default = 0 AND kind <> 'builtin'";
    REVOKE_SOME = "UPDATE grants SET revoked_at = $2, revoked_reason = 'resource_deleted' WHERE id IN \
                   (SELECT id FROM grants WHERE resource_id = $1 AND revoked_at IS NULL LIMIT $3)";
    FORGET_SOME = "DELETE FROM consents WHERE id IN (SELECT id FROM consents WHERE resource_id = $1 LIMIT $2)";
}

/// Revokes up to `limit` grants on a resource and forgets up to `limit` consents. Returns how many of both.
async fn clear(
    connection: &mut AnyConnection,
    id: &str,
    now: Timestamp,
    limit: i64,
) -> Result<u64, StoreError> {
    let grants = sqlx::query(REVOKE_SOME).bind(id).bind(now).bind(limit).execute(&mut *connection).await?;
    let consents = sqlx::query(FORGET_SOME).bind(id).bind(limit).execute(&mut *connection).await?;
    bump(connection, Topic::Revocations).await?;
    Ok(grants.rows_affected() + consents.rows_affected())
}

impl Store {
    /// Adds a resource without scopes, unless any resource has changed since the counter said `seen`.
    pub async fn add_resource_if(&self, resource: ResourceRow, seen: i64) -> Result<Outcome, StoreError> {
        self.transaction(move |connection| {
            async move {
                if !bump_from(connection, Topic::Resources, seen).await? {
                    return Ok(Outcome::Moved);
                }
                add(connection, &resource).await?;
                Ok(Outcome::Done)
            }
            .boxed()
        })
        .await
    }

    /// Puts what an administrator may set in place of what was there: everything but id, kind, path and
    /// whether it is the default. `resource.version` is the version it was made from.
    pub async fn change_resource(
        &self,
        resource: ResourceRow,
        seen: i64,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        self.transaction(move |connection| {
            async move {
                if !bump_from(connection, Topic::Resources, seen).await? {
                    return Ok(Outcome::Moved);
                }
                let done = sqlx::query(CHANGE)
                    .bind(&resource.id)
                    .bind(resource.version)
                    .bind(&resource.name)
                    .bind(&resource.uri)
                    .bind(row::to_json(&resource.aliases))
                    .bind(i64::from(resource.registration_open))
                    .bind(resource.access_token_seconds)
                    .bind(resource.refresh_token_seconds)
                    .bind(&resource.signing_alg)
                    .bind(&resource.dialect)
                    .bind(&resource.token_issuer)
                    .bind(&resource.trust.issuer)
                    .bind(&resource.trust.environment)
                    .bind(&resource.trust.resource_id)
                    .bind(resource.trust.both_until)
                    .bind(now)
                    .bind(&resource.documents.policy)
                    .bind(row::to_json(&resource.documents.allow))
                    .bind(i64::from(resource.dpop_required))
                    .execute(&mut *connection)
                    .await?;
                Ok(if done.rows_affected() == 0 { Outcome::Changed } else { Outcome::Done })
            }
            .boxed()
        })
        .await
    }

    /// Makes one resource the default, and no other. `false` when it is not there; nothing changes then.
    pub async fn set_default_resource(&self, id: String, now: Timestamp) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                bump(connection, Topic::Resources).await?;
                if sqlx::query(IS_THERE).bind(&id).fetch_optional(&mut *connection).await?.is_none() {
                    return Ok(false);
                }
                for statement in [NO_DEFAULT, MAKE_DEFAULT] {
                    sqlx::query(statement).bind(&id).bind(now).execute(&mut *connection).await?;
                }
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Revokes up to `limit` grants on a resource and forgets up to `limit` consents, before it is deleted:
    /// of a million, a few thousand at a time, so that nobody waits for all of them. Returns how many.
    pub async fn clear_resource(&self, id: String, now: Timestamp, limit: i64) -> Result<u64, StoreError> {
        self.transaction(move |connection| async move { clear(connection, &id, now, limit).await }.boxed())
            .await
    }

    /// Marks a resource deleted and ends what is left on it. `false`, with nothing changed, when it is not
    /// there, is the default or is built in. The row stays: the audit trail and revoked grants name it.
    pub async fn delete_resource(&self, id: String, now: Timestamp) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                bump(connection, Topic::Resources).await?;
                let done = sqlx::query(DELETE).bind(&id).bind(now).execute(&mut *connection).await?;
                if done.rows_affected() == 0 {
                    return Ok(false);
                }
                clear(connection, &id, now, i64::MAX).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }
}
