//! Table `api_tokens`: with what programs use the administration.
//!
//! A token ends with its owner's right: whoever disables, deletes or demotes a person calls `end_of_user` in the
//! same transaction. Every end raises the counter that makes each process forget what it holds.

use futures::FutureExt as _;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::changes::{Topic, bump};
use super::{Store, StoreError, row, sql};
use crate::types::{Hashed, ScopeSet, Timestamp};

/// One token as stored, with its owner as they are now.
#[derive(Clone, Debug)]
pub struct ApiTokenRow {
    pub id: String,
    pub hash: Hashed,
    /// The last characters of the secret, to tell tokens apart.
    pub hint: String,
    pub name: String,
    pub scopes: ScopeSet,
    /// The administrator who made it.
    pub created_by: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// `revoked`, or what happened to its owner: `owner_disabled`, `owner_deleted`, `owner_not_administrator`.
    pub revoked_because: Option<String>,
    pub owner_email: String,
    /// Whether the owner is an administrator who can sign in.
    pub owner_administers: bool,
}

/// A token to store.
#[derive(Clone, Debug)]
pub struct NewApiToken {
    pub id: String,
    pub hash: Hashed,
    pub hint: String,
    pub name: String,
    pub scopes: ScopeSet,
    pub created_by: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// What became of a token to store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    Done,
    /// There is one with this id: the same form was sent before.
    Again,
    /// Its owner is no administrator, or has as many live tokens as one may have.
    NotAllowed,
}

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT t.id, t.secret_hash, t.hint, t.name, t.scopes, t.created_by, t.created_at, t.expires_at, \
             t.last_used_at, t.revoked_at, t.revoked_because, u.email AS owner_email, \
             CASE WHEN u.is_admin = 1 AND u.disabled_at IS NULL AND u.deleted_at IS NULL THEN CAST(1 AS BIGINT) \
             ELSE CAST(0 AS BIGINT) END AS owner_administers FROM api_tokens t JOIN users u ON u.id = t.created_by ",
            $rest
        )
    };
}

sql! {
    FIND = columns!("WHERE t.id = $1");
    LIST = columns!("WHERE t.id < $1 ORDER BY t.id DESC LIMIT $2");
    /// A statement after the one that holds the owner: of two at the same moment the second counts the first.
    ADD = "INSERT INTO api_tokens (id, secret_hash, hint, name, scopes, created_by, created_at, expires_at) \
           SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), u.id, \
           CAST($7 AS BIGINT), CAST($8 AS BIGINT) FROM users u WHERE u.id = $6 AND u.is_admin = 1 \
           AND u.disabled_at IS NULL AND u.deleted_at IS NULL AND (SELECT COUNT(*) FROM api_tokens o \
           WHERE o.created_by = $6 AND o.revoked_at IS NULL AND o.expires_at > $7) < $9";
    IS_THERE = "SELECT id FROM api_tokens WHERE id = $1";
    REVOKE = "UPDATE api_tokens SET revoked_at = $2, revoked_because = 'revoked' \
              WHERE id = $1 AND revoked_at IS NULL";
    END_OF_USER = "UPDATE api_tokens SET revoked_at = $2, revoked_because = $3 \
                   WHERE created_by = $1 AND revoked_at IS NULL";
    /// Asks the row once more: another process may have noted it.
    USED = "UPDATE api_tokens SET last_used_at = $2 WHERE id = $1 \
            AND (last_used_at IS NULL OR last_used_at <= CAST($2 AS BIGINT) - CAST($3 AS BIGINT))";
    REAP = "DELETE FROM api_tokens WHERE id IN (SELECT id FROM api_tokens WHERE expires_at < $1 \
            OR revoked_at < $1 LIMIT $2)";
}

fn read(row: &AnyRow) -> Result<ApiTokenRow, StoreError> {
    Ok(ApiTokenRow {
        id: row::text(row, "id")?,
        hash: row::hash(row, "secret_hash")?,
        hint: row::text(row, "hint")?,
        name: row::text(row, "name")?,
        scopes: row::scopes(row, "scopes")?,
        created_by: row::text(row, "created_by")?,
        created_at: row::int(row, "created_at")?,
        expires_at: row::int(row, "expires_at")?,
        last_used_at: row::time_opt(row, "last_used_at")?,
        revoked_at: row::time_opt(row, "revoked_at")?,
        revoked_because: row::text_opt(row, "revoked_because")?,
        owner_email: row::text(row, "owner_email")?,
        owner_administers: row::flag(row, "owner_administers")?,
    })
}

/// Ends every token of a person inside the caller's transaction.
pub(super) async fn end_of_user(
    connection: &mut AnyConnection,
    user_id: &str,
    now: Timestamp,
    because: &str,
) -> Result<(), StoreError> {
    let done =
        sqlx::query(END_OF_USER).bind(user_id).bind(now).bind(because).execute(&mut *connection).await?;
    if done.rows_affected() > 0 {
        bump(connection, Topic::ApiTokens).await?;
    }
    Ok(())
}

impl Store {
    pub async fn find_api_token(&self, id: &str) -> Result<Option<ApiTokenRow>, StoreError> {
        sqlx::query(FIND).bind(id).fetch_optional(&self.pool).await?.as_ref().map(read).transpose()
    }

    /// Up to `limit` tokens whose ids come before `before`, the newest first.
    pub async fn list_api_tokens(&self, before: &str, limit: i64) -> Result<Vec<ApiTokenRow>, StoreError> {
        sqlx::query(LIST).bind(before).bind(limit).fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    /// Adds a token, if its owner still administers and has fewer than `most` live ones.
    pub async fn add_api_token(&self, token: NewApiToken, most: i64) -> Result<Added, StoreError> {
        self.transaction(move |connection| {
            async move {
                super::users::hold(connection, &token.created_by, None).await?;
                if sqlx::query(IS_THERE).bind(&token.id).fetch_optional(&mut *connection).await?.is_some() {
                    return Ok(Added::Again);
                }
                let done = sqlx::query(ADD)
                    .bind(&token.id)
                    .bind(token.hash.as_str())
                    .bind(&token.hint)
                    .bind(&token.name)
                    .bind(token.scopes.to_string())
                    .bind(&token.created_by)
                    .bind(token.created_at)
                    .bind(token.expires_at)
                    .bind(most)
                    .execute(connection)
                    .await?;
                Ok(if done.rows_affected() == 1 { Added::Done } else { Added::NotAllowed })
            }
            .boxed()
        })
        .await
    }

    /// Ends a token; `false` when it had ended, or there is none.
    pub async fn revoke_api_token(&self, id: String, now: Timestamp) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let done = sqlx::query(REVOKE).bind(&id).bind(now).execute(&mut *connection).await?;
                if done.rows_affected() == 0 {
                    return Ok(false);
                }
                bump(connection, Topic::ApiTokens).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Notes a use, unless one was noted less than `every` seconds before.
    pub async fn api_token_used(&self, id: String, now: Timestamp, every: i64) -> Result<(), StoreError> {
        self.write(move |connection| {
            async move {
                sqlx::query(USED).bind(&id).bind(now).bind(every).execute(connection).await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// Deletes up to `limit` tokens that expired or were revoked before `before`.
    pub async fn reap_api_tokens(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        self.write(move |connection| {
            async move {
                Ok(sqlx::query(REAP).bind(before).bind(limit).execute(connection).await?.rows_affected())
            }
            .boxed()
        })
        .await
    }
}
