//! Table `one_time_links`: set-up and password-reset links, spent by one statement.

use futures::FutureExt as _;
use sqlx::AnyConnection;

use super::{Store, StoreError, row, sql};
use crate::types::{Hashed, Timestamp};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    /// Creates the first administrator.
    Setup,
    /// Sets a new password for one person.
    Reset,
    /// Lets a person in for the first time: with a password, or with a login elsewhere.
    Invite,
}

impl LinkPurpose {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Reset => "reset",
            Self::Invite => "invite",
        }
    }
}

/// One link as stored.
#[derive(Clone, Debug)]
pub struct LinkRow {
    pub id: String,
    pub hash: Hashed,
    pub purpose: LinkPurpose,
    pub user_id: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

sql! {
    FIND = "SELECT id, secret_hash, user_id, created_at, expires_at FROM one_time_links \
            WHERE id = $1 AND purpose = $2 AND spent_at IS NULL AND expires_at > $3";
    ADD = "INSERT INTO one_time_links (id, secret_hash, purpose, user_id, created_at, expires_at) \
           VALUES ($1, $2, $3, $4, $5, $6)";
    SPEND = "UPDATE one_time_links SET spent_at = $3 WHERE id = $1 AND secret_hash = $2 \
             AND spent_at IS NULL AND expires_at > $3";
    REPLACE = "UPDATE one_time_links SET spent_at = $2 WHERE purpose = $1 AND spent_at IS NULL";
    REPLACE_OF_USER = "UPDATE one_time_links SET spent_at = $3 WHERE purpose = $1 AND user_id = $2 \
                       AND spent_at IS NULL";
    END_OF_USER = "UPDATE one_time_links SET spent_at = $2 WHERE user_id = $1 AND spent_at IS NULL";
    REAP = "DELETE FROM one_time_links WHERE id IN \
            (SELECT id FROM one_time_links WHERE expires_at < $1 LIMIT $2)";
}

async fn insert(connection: &mut AnyConnection, link: &LinkRow) -> Result<(), StoreError> {
    sqlx::query(ADD)
        .bind(&link.id)
        .bind(link.hash.as_str())
        .bind(link.purpose.as_str())
        .bind(&link.user_id)
        .bind(link.created_at)
        .bind(link.expires_at)
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends every link of a person inside the caller's transaction.
pub(super) async fn end_of_user(
    connection: &mut AnyConnection,
    user_id: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(END_OF_USER).bind(user_id).bind(now).execute(connection).await?;
    Ok(())
}

/// Spends a link inside the caller's transaction; `false` when it was spent or expired in the meantime.
pub(super) async fn spend(
    connection: &mut AnyConnection,
    id: &str,
    hash: &Hashed,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query(SPEND).bind(id).bind(hash.as_str()).bind(now).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

impl Store {
    /// A link that is neither spent nor expired. The caller compares the secret.
    pub async fn find_link(
        &self,
        id: &str,
        purpose: LinkPurpose,
        now: Timestamp,
    ) -> Result<Option<LinkRow>, StoreError> {
        let row =
            sqlx::query(FIND).bind(id).bind(purpose.as_str()).bind(now).fetch_optional(&self.pool).await?;
        row.map(|r| {
            Ok(LinkRow {
                id: row::text(&r, "id")?,
                hash: row::hash(&r, "secret_hash")?,
                purpose,
                user_id: row::text_opt(&r, "user_id")?,
                created_at: row::int(&r, "created_at")?,
                expires_at: row::int(&r, "expires_at")?,
            })
        })
        .transpose()
    }

    /// Adds a link. A set-up link takes the place of every earlier one.
    pub async fn add_link(&self, link: LinkRow) -> Result<(), StoreError> {
        self.transaction(move |connection| {
            async move {
                if link.purpose == LinkPurpose::Setup {
                    sqlx::query(REPLACE)
                        .bind(link.purpose.as_str())
                        .bind(link.created_at)
                        .execute(&mut *connection)
                        .await?;
                }
                insert(connection, &link).await
            }
            .boxed()
        })
        .await
    }

    /// Adds a person's link in the place of every earlier one for the same purpose. `false`, with nothing changed,
    /// when the person is gone or disabled.
    pub async fn replace_link(&self, user_id: String, link: LinkRow) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                // Held first: two links made at the same moment replace each other.
                if !super::users::hold(connection, &user_id, None).await? {
                    return Ok(false);
                }
                sqlx::query(REPLACE_OF_USER)
                    .bind(link.purpose.as_str())
                    .bind(&user_id)
                    .bind(link.created_at)
                    .execute(&mut *connection)
                    .await?;
                insert(connection, &link).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Spends a link; `false` when it was spent or expired in the meantime.
    pub async fn spend_link(&self, id: String, hash: Hashed, now: Timestamp) -> Result<bool, StoreError> {
        self.write(move |connection| async move { spend(connection, &id, &hash, now).await }.boxed()).await
    }

    pub async fn reap_links(&self, now: Timestamp, limit: i64) -> Result<u64, StoreError> {
        self.write(move |connection| {
            async move {
                Ok(sqlx::query(REAP).bind(now).bind(limit).execute(connection).await?.rows_affected())
            }
            .boxed()
        })
        .await
    }
}
