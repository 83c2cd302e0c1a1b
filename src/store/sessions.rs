//! Table `sessions`: browser logins.

use futures::FutureExt as _;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::{Store, StoreError, row, sql, users};
use crate::types::{Hashed, Proof, Timestamp};

/// What must still be true of a person when a session of theirs starts: what was looked at before may have changed.
#[derive(Clone, Debug, Default)]
pub struct StillTrue {
    /// The password hash that was compared, or was just set; nothing where no password took part.
    pub password_hash: Option<String>,
    /// Only one factor was shown, so there must be no authenticator app.
    pub has_no_app: bool,
}

/// One browser login as stored, with the person it belongs to.
#[derive(Clone, Debug)]
pub struct SessionRow {
    pub id: String,
    pub hash: Hashed,
    pub user_id: String,
    /// When the person last proved who they are.
    pub auth_time: Timestamp,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// Absolute end.
    pub expires_at: Timestamp,
    pub user_agent: Option<String>,
    pub address: Option<String>,
    /// How the person proved who they are.
    pub proof: Proof,
}

sql! {
    FIND = "SELECT s.id, s.secret_hash, s.user_id, s.auth_time, s.created_at, s.last_seen_at, s.expires_at, \
            s.user_agent, s.address, s.method FROM sessions s JOIN users u ON u.id = s.user_id \
            WHERE s.id = $1 AND s.ended_at IS NULL AND u.disabled_at IS NULL";
    /// A statement after the one that holds the person: it sees an app that was set up until then.
    ADD = "INSERT INTO sessions (id, secret_hash, user_id, auth_time, created_at, last_seen_at, expires_at, \
           user_agent, address, method) SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), \
           CAST($4 AS BIGINT), CAST($5 AS BIGINT), CAST($6 AS BIGINT), CAST($7 AS BIGINT), CAST($8 AS TEXT), \
           CAST($9 AS TEXT), CAST($10 AS TEXT) \
           WHERE CAST($11 AS BIGINT) = 0 OR NOT EXISTS (SELECT 1 FROM totp WHERE user_id = $3)";
    SEEN = "UPDATE sessions SET last_seen_at = $2 WHERE id = $1";
    END = "UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    LIST_OF_USER = "SELECT id, secret_hash, user_id, auth_time, created_at, last_seen_at, expires_at, user_agent, \
                    address, method FROM sessions WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2 \
                    AND last_seen_at > $3 ORDER BY last_seen_at DESC, id DESC LIMIT $4";
    END_OF_OWNER = "UPDATE sessions SET ended_at = $3 WHERE id = $1 AND user_id = $2 AND ended_at IS NULL";
    END_OF_USER = "UPDATE sessions SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL";
    END_OTHERS = "UPDATE sessions SET ended_at = $3 WHERE user_id = $1 AND id <> $2 AND ended_at IS NULL";
    SET_PROOF = "UPDATE sessions SET method = $2 WHERE id = $1";
    REAP = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < $1 \
            OR last_seen_at < $2 OR ended_at < $1 LIMIT $3)";
}

fn read(row: &AnyRow) -> Result<SessionRow, StoreError> {
    Ok(SessionRow {
        id: row::text(row, "id")?,
        hash: row::hash(row, "secret_hash")?,
        user_id: row::text(row, "user_id")?,
        auth_time: row::int(row, "auth_time")?,
        created_at: row::int(row, "created_at")?,
        last_seen_at: row::int(row, "last_seen_at")?,
        expires_at: row::int(row, "expires_at")?,
        user_agent: row::text_opt(row, "user_agent")?,
        address: row::text_opt(row, "address")?,
        proof: row::proof(row, "sessions", "method")?,
    })
}

/// Ends every session of a person inside the caller's transaction.
pub(super) async fn end_of_user(
    connection: &mut AnyConnection,
    user_id: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(END_OF_USER).bind(user_id).bind(now).execute(connection).await?;
    Ok(())
}

/// Ends every session of a person but one inside the caller's transaction.
pub(super) async fn end_others(
    connection: &mut AnyConnection,
    user_id: &str,
    kept: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(END_OTHERS).bind(user_id).bind(kept).bind(now).execute(connection).await?;
    Ok(())
}

/// Notes inside the caller's transaction that more was proved in a session than at its start.
pub(super) async fn set_proof(
    connection: &mut AnyConnection,
    id: &str,
    proof: Proof,
) -> Result<(), StoreError> {
    sqlx::query(SET_PROOF).bind(id).bind(proof.as_str()).execute(connection).await?;
    Ok(())
}

impl Store {
    /// A session that has not ended, of a person who is not disabled. The caller compares secret and times.
    pub async fn find_session(&self, id: &str) -> Result<Option<SessionRow>, StoreError> {
        sqlx::query(FIND).bind(id).fetch_optional(&self.pool).await?.as_ref().map(read).transpose()
    }

    /// Starts a session and notes the login, unless the person is disabled or gone, or `still` does not hold any
    /// more: `false`, with nothing changed. Whoever changes one of these ends the sessions there are, and either
    /// sees this one or comes first.
    pub async fn start_session(&self, session: SessionRow, still: StillTrue) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let password = still.password_hash.as_deref();
                if !users::hold_for_login(connection, &session.user_id, password).await? {
                    return Ok(false);
                }
                let done = sqlx::query(ADD)
                    .bind(&session.id)
                    .bind(session.hash.as_str())
                    .bind(&session.user_id)
                    .bind(session.auth_time)
                    .bind(session.created_at)
                    .bind(session.last_seen_at)
                    .bind(session.expires_at)
                    .bind(&session.user_agent)
                    .bind(&session.address)
                    .bind(session.proof.as_str())
                    .bind(i64::from(still.has_no_app))
                    .execute(&mut *connection)
                    .await?;
                if done.rows_affected() != 1 {
                    return Ok(false);
                }
                users::note_login(connection, &session.user_id, session.created_at).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Notes that a session was used.
    pub async fn session_seen(&self, id: String, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |connection| {
            async move {
                sqlx::query(SEEN).bind(&id).bind(now).execute(connection).await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// Ends one session; `false` when it had ended.
    pub async fn end_session(&self, id: String, now: Timestamp) -> Result<bool, StoreError> {
        self.write(move |connection| {
            async move {
                Ok(sqlx::query(END).bind(&id).bind(now).execute(connection).await?.rows_affected() == 1)
            }
            .boxed()
        })
        .await
    }

    /// A person's live sessions, the last used first. `idle_since` is the last use that still counts.
    pub async fn list_sessions_of_user(
        &self,
        user_id: &str,
        now: Timestamp,
        idle_since: Timestamp,
        limit: i64,
    ) -> Result<Vec<SessionRow>, StoreError> {
        let rows = sqlx::query(LIST_OF_USER)
            .bind(user_id)
            .bind(now)
            .bind(idle_since)
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(read).collect()
    }

    /// Ends one session of this person; `false` when it had ended, or is somebody else's.
    pub async fn end_session_of_user(
        &self,
        id: String,
        user_id: String,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| {
            async move {
                let done =
                    sqlx::query(END_OF_OWNER).bind(&id).bind(&user_id).bind(now).execute(connection).await?;
                Ok(done.rows_affected() == 1)
            }
            .boxed()
        })
        .await
    }

    /// Ends every session of a person but one; returns how many.
    pub async fn end_other_sessions(
        &self,
        user_id: String,
        kept: String,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.write(move |connection| {
            async move {
                let done =
                    sqlx::query(END_OTHERS).bind(&user_id).bind(&kept).bind(now).execute(connection).await?;
                Ok(done.rows_affected())
            }
            .boxed()
        })
        .await
    }

    /// Deletes up to `limit` sessions that ended or expired before `now`, or were idle since `idle_since`.
    pub async fn reap_sessions(
        &self,
        now: Timestamp,
        idle_since: Timestamp,
        limit: i64,
    ) -> Result<u64, StoreError> {
        self.write(move |connection| {
            async move {
                let done =
                    sqlx::query(REAP).bind(now).bind(idle_since).bind(limit).execute(connection).await?;
                Ok(done.rows_affected())
            }
            .boxed()
        })
        .await
    }
}
