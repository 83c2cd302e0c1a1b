//! Table `grants`: one row for each time a person said yes; everything issued hangs on it.

use futures::FutureExt as _;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::changes::{Topic, bump};
use super::codes::{self, CodeRow};
use super::consents::SAVE_CONSENT;
use super::{Store, StoreError, row, sql};
use crate::types::{ScopeSet, Timestamp};

/// One grant as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRow {
    pub id: String,
    /// The person; nobody for a machine client's own grant.
    pub user_id: Option<String>,
    pub client_id: String,
    pub resource_id: String,
    /// The browser login it was given in.
    pub session_id: Option<String>,
    pub scopes: ScopeSet,
    pub created_at: Timestamp,
    /// When nothing that hangs on it can live any more.
    pub ends_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
    /// Thumbprint of the key that its refresh tokens are bound to (RFC 9449 §5).
    pub jkt: Option<String>,
}

sql! {
    FIND = "SELECT id, user_id, client_id, resource_id, session_id, scopes, created_at, ends_at, revoked_at, jkt \
            FROM grants WHERE id = $1";
    /// Changes nothing, but holds the row until the transaction ends: disabling waits, or was first.
    HOLD_USER = "UPDATE users SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NULL";
    HOLD_CLIENT = "UPDATE clients SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NULL";
    HOLD_RESOURCE = "UPDATE resources SET deleted_at = NULL WHERE id = $1 AND deleted_at IS NULL";
    HOLD_SESSION = "UPDATE sessions SET ended_at = NULL WHERE id = $1 AND ended_at IS NULL";
    ADD = "INSERT INTO grants (id, user_id, client_id, resource_id, session_id, scopes, created_at, ends_at, \
           jkt) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    FIND_OF_MACHINE = "SELECT id, user_id, client_id, resource_id, session_id, scopes, created_at, ends_at, \
                       revoked_at, jkt FROM grants WHERE client_id = $1 AND resource_id = $2 AND user_id IS NULL \
                       AND revoked_at IS NULL";
    KEEP_OF_MACHINE = "INSERT INTO grants (id, client_id, resource_id, scopes, created_at, ends_at) \
                       VALUES ($1, $2, $3, $4, $5, $6) \
                       ON CONFLICT (client_id, resource_id) WHERE user_id IS NULL AND revoked_at IS NULL \
                       DO UPDATE SET scopes = excluded.scopes, ends_at = excluded.ends_at \
                       RETURNING id, user_id, client_id, resource_id, session_id, scopes, created_at, ends_at, \
                       revoked_at, jkt";
    USED = "UPDATE grants SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
    CALLED = "UPDATE grants SET first_call_at = $2 WHERE id = $1 AND first_call_at IS NULL";
    FIRST_CALL = "SELECT first_call_at FROM grants WHERE id = $1";
    /// No more than 1,000 are counted.
    USED_SINCE = "SELECT COUNT(*) AS n FROM (SELECT 1 FROM grants WHERE last_used_at >= $1 LIMIT 1000) AS used";
    ANY = "SELECT COUNT(*) AS n FROM (SELECT 1 FROM grants LIMIT 1) AS first_one";
    REVOKE = "UPDATE grants SET revoked_at = $2, revoked_reason = $3 WHERE id = $1 AND revoked_at IS NULL";
    REVOKE_OF_USER = "UPDATE grants SET revoked_at = $2, revoked_reason = $3 \
                      WHERE user_id = $1 AND revoked_at IS NULL";
    REVOKE_OF_CLIENT = "UPDATE grants SET revoked_at = $2, revoked_reason = $3 \
                        WHERE client_id = $1 AND revoked_at IS NULL";
    REVOKE_OF_CONSENT = "UPDATE grants SET revoked_at = $4, revoked_reason = 'consent_withdrawn' \
                         WHERE user_id = $1 AND client_id = $2 AND resource_id = $3 AND revoked_at IS NULL";
    REVOKED_SINCE = "SELECT id FROM grants WHERE revoked_at >= $1";
    REAP = "DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE ends_at < $1 LIMIT $2)";
}

pub(super) fn read(row: &AnyRow) -> Result<GrantRow, StoreError> {
    Ok(GrantRow {
        id: row::text(row, "id")?,
        user_id: row::text_opt(row, "user_id")?,
        client_id: row::text(row, "client_id")?,
        resource_id: row::text(row, "resource_id")?,
        session_id: row::text_opt(row, "session_id")?,
        scopes: row::scopes(row, "scopes")?,
        created_at: row::int(row, "created_at")?,
        ends_at: row::int(row, "ends_at")?,
        revoked_at: row::time_opt(row, "revoked_at")?,
        jkt: row::text_opt(row, "jkt")?,
    })
}

pub(super) async fn revoke_of_user(
    connection: &mut AnyConnection,
    user_id: &str,
    now: Timestamp,
    reason: &'static str,
) -> Result<(), StoreError> {
    sqlx::query(REVOKE_OF_USER).bind(user_id).bind(now).bind(reason).execute(&mut *connection).await?;
    bump(connection, Topic::Revocations).await
}

pub(super) async fn revoke_of_client(
    connection: &mut AnyConnection,
    client_id: &str,
    now: Timestamp,
    reason: &'static str,
) -> Result<(), StoreError> {
    sqlx::query(REVOKE_OF_CLIENT).bind(client_id).bind(now).bind(reason).execute(&mut *connection).await?;
    bump(connection, Topic::Revocations).await
}

pub(super) async fn revoke_of_consent(
    connection: &mut AnyConnection,
    user_id: &str,
    client_id: &str,
    resource_id: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let done = sqlx::query(REVOKE_OF_CONSENT)
        .bind(user_id)
        .bind(client_id)
        .bind(resource_id)
        .bind(now)
        .execute(&mut *connection)
        .await?;
    bump(connection, Topic::Revocations).await?;
    Ok(done.rows_affected())
}

/// Holds everything that a grant hangs on until the caller's transaction ends. `false` when any of it has been disabled,
/// ended or deleted.
pub(super) async fn hold(connection: &mut AnyConnection, grant: &GrantRow) -> Result<bool, StoreError> {
    let held = [
        (HOLD_USER, &grant.user_id),
        (HOLD_CLIENT, &Some(grant.client_id.clone())),
        (HOLD_SESSION, &grant.session_id),
        (HOLD_RESOURCE, &Some(grant.resource_id.clone())),
    ];
    for (statement, id) in held {
        let Some(id) = id else { continue };
        let done = sqlx::query(statement).bind(id).execute(&mut *connection).await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Adds a grant, and what the person agreed to, inside the caller's transaction.
pub(super) async fn insert(
    connection: &mut AnyConnection,
    consent_id: &str,
    consented: &ScopeSet,
    grant: &GrantRow,
) -> Result<(), StoreError> {
    sqlx::query(SAVE_CONSENT)
        .bind(consent_id)
        .bind(&grant.user_id)
        .bind(&grant.client_id)
        .bind(&grant.resource_id)
        .bind(consented.to_string())
        .bind(grant.created_at)
        .execute(&mut *connection)
        .await?;
    sqlx::query(ADD)
        .bind(&grant.id)
        .bind(&grant.user_id)
        .bind(&grant.client_id)
        .bind(&grant.resource_id)
        .bind(&grant.session_id)
        .bind(grant.scopes.to_string())
        .bind(grant.created_at)
        .bind(grant.ends_at)
        .bind(&grant.jkt)
        .execute(&mut *connection)
        .await?;
    Ok(())
}

impl Store {
    pub async fn find_grant(&self, id: &str) -> Result<Option<GrantRow>, StoreError> {
        sqlx::query(FIND).bind(id).fetch_optional(&self.pool).await?.as_ref().map(read).transpose()
    }

    /// Adds what a person's "allow" leads to: the remembered consent, the grant and its code, together.
    /// `false`, with nothing added, when person, client, session or resource has been disabled, ended or deleted meanwhile.
    pub async fn add_grant(
        &self,
        consent_id: String,
        consented: ScopeSet,
        grant: GrantRow,
        code: CodeRow,
    ) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                if !hold(connection, &grant).await? {
                    return Ok(false);
                }
                insert(connection, &consent_id, &consented, &grant).await?;
                codes::add(connection, &code).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// The grant on which a machine's tokens for a resource hang.
    pub async fn find_machine_grant(
        &self,
        client_id: &str,
        resource_id: &str,
    ) -> Result<Option<GrantRow>, StoreError> {
        let query = sqlx::query(FIND_OF_MACHINE).bind(client_id).bind(resource_id);
        query.fetch_optional(&self.pool).await?.as_ref().map(read).transpose()
    }

    /// Adds a machine's grant on a resource, or renews the one that stands. Nothing, with nothing changed, when
    /// the client has been disabled meanwhile.
    pub async fn keep_machine_grant(&self, grant: GrantRow) -> Result<Option<GrantRow>, StoreError> {
        self.transaction(move |connection| {
            async move {
                let held = sqlx::query(HOLD_CLIENT).bind(&grant.client_id).execute(&mut *connection).await?;
                if held.rows_affected() == 0 {
                    return Ok(None);
                }
                let kept = sqlx::query(KEEP_OF_MACHINE)
                    .bind(&grant.id)
                    .bind(&grant.client_id)
                    .bind(&grant.resource_id)
                    .bind(grant.scopes.to_string())
                    .bind(grant.created_at)
                    .bind(grant.ends_at)
                    .fetch_one(&mut *connection)
                    .await?;
                read(&kept).map(Some)
            }
            .boxed()
        })
        .await
    }

    /// Notes when grants were last used, all in one transaction; a time never goes back. `called` are those
    /// that were used at their resource for the first time, as far as the caller knows.
    pub async fn note_grants_used(
        &self,
        uses: Vec<(String, Timestamp)>,
        called: Vec<(String, Timestamp)>,
    ) -> Result<(), StoreError> {
        self.transaction(move |connection| {
            async move {
                for (id, at) in &uses {
                    sqlx::query(USED).bind(id).bind(*at).execute(&mut *connection).await?;
                }
                for (id, at) in &called {
                    sqlx::query(CALLED).bind(id).bind(*at).execute(&mut *connection).await?;
                }
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// When a grant was first used at its resource; nothing for one that never was, or is gone.
    pub async fn first_call_of_grant(&self, id: &str) -> Result<Option<Timestamp>, StoreError> {
        let found = sqlx::query(FIRST_CALL).bind(id).fetch_optional(&self.pool).await?;
        found.as_ref().map_or(Ok(None), |found| row::time_opt(found, "first_call_at"))
    }

    /// How many grants were used since, up to 1,000.
    pub async fn count_grants_used(&self, since: Timestamp) -> Result<i64, StoreError> {
        row::int(&sqlx::query(USED_SINCE).bind(since).fetch_one(&self.pool).await?, "n")
    }

    /// Whether anybody ever connected anything that is still there.
    pub async fn has_grants(&self) -> Result<bool, StoreError> {
        row::flag(&sqlx::query(ANY).fetch_one(&self.pool).await?, "n")
    }

    /// Revokes one grant and with it everything it gave out. `false` when it was revoked before.
    pub async fn revoke_grant(
        &self,
        id: String,
        now: Timestamp,
        reason: impl Into<String>,
    ) -> Result<bool, StoreError> {
        let reason = reason.into();
        self.transaction(move |connection| {
            async move {
                let done =
                    sqlx::query(REVOKE).bind(&id).bind(now).bind(&reason).execute(&mut *connection).await?;
                if done.rows_affected() == 0 {
                    return Ok(false);
                }
                bump(connection, Topic::Revocations).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Ids of the grants revoked at or after `since`: what the resource server must not honour any more.
    pub async fn revoked_grants_since(&self, since: Timestamp) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query(REVOKED_SINCE).bind(since).fetch_all(&self.pool).await?;
        rows.iter().map(|r| Ok(r.try_get(0)?)).collect()
    }

    /// Deletes up to `limit` grants with nothing alive on them; codes and refresh tokens go with them.
    pub async fn reap_grants(&self, now: Timestamp, limit: i64) -> Result<u64, StoreError> {
        self.write(move |connection| {
            async move {
                Ok(sqlx::query(REAP).bind(now).bind(limit).execute(connection).await?.rows_affected())
            }
            .boxed()
        })
        .await
    }
}
