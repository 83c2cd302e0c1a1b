//! Table `users`: people.

use futures::FutureExt as _;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::changes::{Topic, bump};
use super::links::LinkRow;
use super::{Store, StoreError, row, sql, user_terms};
use crate::types::Timestamp;

/// One person as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    pub id: String,
    /// Lower case.
    pub email: String,
    pub name: Option<String>,
    /// An argon2id PHC string; nobody without one can sign in by password.
    pub password_hash: Option<String>,
    pub is_admin: bool,
    pub created_at: Timestamp,
    pub last_login_at: Option<Timestamp>,
    pub disabled_at: Option<Timestamp>,
    /// Raised by each change of name or address.
    pub version: i64,
    /// This person must show a second factor, whatever the general rule says.
    pub second_factor_required: bool,
}

/// Whether there is an administrator other than `$1` who can sign in: one who was invited and never came cannot.
macro_rules! another_administrator {
    () => {
        "EXISTS (SELECT 1 FROM users o WHERE o.id <> $1 AND o.is_admin = 1 AND o.disabled_at IS NULL \
         AND (o.password_hash IS NOT NULL OR EXISTS (SELECT 1 FROM identities i WHERE i.user_id = o.id) \
         OR EXISTS (SELECT 1 FROM passkeys p WHERE p.user_id = o.id)))"
    };
}
pub(super) use another_administrator;

sql! {
    FIND = "SELECT id, email, name, password_hash, is_admin, created_at, last_login_at, disabled_at, \
            version, second_factor_required \
            FROM users WHERE id = $1 AND deleted_at IS NULL";
    FIND_BY_EMAIL = "SELECT id, email, name, password_hash, is_admin, created_at, last_login_at, disabled_at, \
            version, second_factor_required \
                     FROM users WHERE email = $1 AND deleted_at IS NULL";
    LIST = "SELECT id, email, name, password_hash, is_admin, created_at, last_login_at, disabled_at, \
            version, second_factor_required \
            FROM users WHERE id > $1 AND deleted_at IS NULL ORDER BY id LIMIT $2";
    COUNT_ADMINS = "SELECT id FROM users WHERE is_admin = 1 LIMIT 1";
    ADD = "INSERT INTO users (id, email, name, password_hash, is_admin, created_at) \
           VALUES ($1, $2, $3, $4, $5, $6)";
    HOLD = "UPDATE users SET created_at = created_at WHERE id = $1 AND disabled_at IS NULL";
    HOLD_WITH_EMAIL = "UPDATE users SET created_at = created_at \
                       WHERE id = $1 AND email = $2 AND disabled_at IS NULL";
    HOLD_WITH_PASSWORD = "UPDATE users SET created_at = created_at \
                          WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL";
    ADD_FIRST_ADMIN = "INSERT INTO users (id, email, name, password_hash, is_admin, created_at) \
                       SELECT $1, $2, $3, $4, 1, CAST($5 AS BIGINT) \
                       WHERE NOT EXISTS (SELECT 1 FROM users WHERE is_admin = 1)";
    SET_PASSWORD = "UPDATE users SET password_hash = $2 WHERE id = $1";
    SET_NAME = "UPDATE users SET name = $2, version = version + 1 WHERE id = $1 AND deleted_at IS NULL \
                RETURNING email";
    LOGGED_IN = "UPDATE users SET last_login_at = $2 WHERE id = $1";
    /// Not the last administrator who can sign in.
    DISABLE = concat!("UPDATE users SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL \
               AND deleted_at IS NULL AND (is_admin = 0 OR ", another_administrator!(), ")");
    ENABLE = "UPDATE users SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NOT NULL \
              AND deleted_at IS NULL";
}

pub(super) fn read(row: &AnyRow) -> Result<UserRow, StoreError> {
    Ok(UserRow {
        id: row::text(row, "id")?,
        email: row::text(row, "email")?,
        name: row::text_opt(row, "name")?,
        password_hash: row::text_opt(row, "password_hash")?,
        is_admin: row::flag(row, "is_admin")?,
        created_at: row::int(row, "created_at")?,
        last_login_at: row::time_opt(row, "last_login_at")?,
        disabled_at: row::time_opt(row, "disabled_at")?,
        version: row::int(row, "version")?,
        second_factor_required: row::flag(row, "second_factor_required")?,
    })
}

/// Holds a person's row until the caller's transaction ends, so that what it finds out about them stays so.
/// `false` when they are gone or disabled, or have another address than the one given.
pub(super) async fn hold(
    connection: &mut AnyConnection,
    id: &str,
    email: Option<&str>,
) -> Result<bool, StoreError> {
    let done = match email {
        Some(email) => sqlx::query(HOLD_WITH_EMAIL).bind(id).bind(email).execute(connection).await?,
        None => sqlx::query(HOLD).bind(id).execute(connection).await?,
    };
    Ok(done.rows_affected() == 1)
}

/// The same for somebody who signs in; `false` also when they have another password than the one given.
pub(super) async fn hold_for_login(
    connection: &mut AnyConnection,
    id: &str,
    password_hash: Option<&str>,
) -> Result<bool, StoreError> {
    let Some(hash) = password_hash else { return hold(connection, id, None).await };
    let done = sqlx::query(HOLD_WITH_PASSWORD).bind(id).bind(hash).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Notes a login inside the caller's transaction.
pub(super) async fn note_login(
    connection: &mut AnyConnection,
    id: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(LOGGED_IN).bind(id).bind(now).execute(connection).await?;
    Ok(())
}

/// Adds a person inside the caller's transaction.
pub(super) async fn insert(connection: &mut AnyConnection, user: &UserRow) -> Result<(), StoreError> {
    sqlx::query(ADD)
        .bind(&user.id)
        .bind(&user.email)
        .bind(&user.name)
        .bind(&user.password_hash)
        .bind(i64::from(user.is_admin))
        .bind(user.created_at)
        .execute(&mut *connection)
        .await?;
    user_terms::put(connection, &user.id, &user.email, user.name.as_deref()).await
}

async fn insert_first_admin(connection: &mut AnyConnection, user: UserRow) -> Result<bool, StoreError> {
    // A statement of its own: the next one then sees whoever was first.
    super::changes::take_turn_at_setup(connection).await?;
    let done = sqlx::query(ADD_FIRST_ADMIN)
        .bind(&user.id)
        .bind(&user.email)
        .bind(&user.name)
        .bind(&user.password_hash)
        .bind(user.created_at)
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    user_terms::put(connection, &user.id, &user.email, user.name.as_deref()).await?;
    Ok(true)
}

impl Store {
    /// Somebody who has not been deleted.
    pub async fn find_user(&self, id: &str) -> Result<Option<UserRow>, StoreError> {
        sqlx::query(FIND).bind(id).fetch_optional(&self.pool).await?.as_ref().map(read).transpose()
    }

    /// Finds by e-mail address, in whatever case it was typed.
    pub async fn find_user_by_email(&self, email: &str) -> Result<Option<UserRow>, StoreError> {
        let email = email.to_lowercase();
        sqlx::query(FIND_BY_EMAIL)
            .bind(email)
            .fetch_optional(&self.pool)
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    /// A page of people after `after`, in order of id.
    pub async fn list_users(&self, after: &str, limit: i64) -> Result<Vec<UserRow>, StoreError> {
        sqlx::query(LIST).bind(after).bind(limit).fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    pub async fn has_admin(&self) -> Result<bool, StoreError> {
        Ok(sqlx::query(COUNT_ADMINS).fetch_optional(&self.pool).await?.is_some())
    }

    /// Adds a person. [`StoreError::Conflict`] when the address is taken.
    pub async fn add_user(&self, user: UserRow) -> Result<(), StoreError> {
        self.transaction(move |connection| {
            async move {
                if user.is_admin {
                    super::changes::take_turn_at_setup(connection).await?;
                }
                insert(connection, &user).await
            }
            .boxed()
        })
        .await
    }

    /// Adds the first administrator; `false` when there is one already.
    pub async fn add_first_admin(&self, user: UserRow) -> Result<bool, StoreError> {
        self.transaction(move |connection| insert_first_admin(connection, user).boxed()).await
    }

    /// Spends a set-up link and adds the first administrator with it, all or nothing: a taken address leaves
    /// the link alive. `false` when the link was spent meanwhile, or there is an administrator already.
    pub async fn set_up_admin(
        &self,
        link: LinkRow,
        user: UserRow,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                if !super::links::spend(connection, &link.id, &link.hash, now).await? {
                    return Ok(false);
                }
                insert_first_admin(connection, user).await
            }
            .boxed()
        })
        .await
    }

    /// Spends a link, replaces the password of the person it is for, and ends their sessions and other links,
    /// all or nothing. `false` when the link was spent or expired in the meantime.
    pub async fn reset_password(
        &self,
        link: LinkRow,
        id: String,
        password_hash: String,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                if !super::links::spend(connection, &link.id, &link.hash, now).await? {
                    return Ok(false);
                }
                sqlx::query(SET_PASSWORD).bind(&id).bind(&password_hash).execute(&mut *connection).await?;
                super::links::end_of_user(connection, &id, now).await?;
                super::ceremonies::end_steps_of_user(connection, &id, now).await?;
                super::sessions::end_of_user(connection, &id, now).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Changes the name, or removes it; what is remembered of the person elsewhere is dropped.
    pub async fn set_name(&self, id: String, name: Option<String>) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let done =
                    sqlx::query(SET_NAME).bind(&id).bind(&name).fetch_optional(&mut *connection).await?;
                let Some(row) = done else { return Ok(false) };
                user_terms::put(connection, &id, &row::text(&row, "email")?, name.as_deref()).await?;
                bump(connection, Topic::People).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Replaces a person's password, and ends their links and every session but one, all or nothing.
    pub async fn change_password(
        &self,
        id: String,
        password_hash: String,
        kept_session: String,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.transaction(move |connection| {
            async move {
                sqlx::query(SET_PASSWORD).bind(&id).bind(&password_hash).execute(&mut *connection).await?;
                super::links::end_of_user(connection, &id, now).await?;
                super::ceremonies::end_steps_of_user(connection, &id, now).await?;
                super::sessions::end_others(connection, &id, &kept_session, now).await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// Disables a person: sessions end and grants are revoked in the same transaction. `false`, with nothing changed,
    /// for the last administrator who can sign in, and for somebody who is disabled or gone already.
    pub async fn disable_user(&self, id: String, now: Timestamp) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                // Whoever takes away an administrator takes turns with everybody else who does.
                super::changes::take_turn_at_setup(connection).await?;
                let done = sqlx::query(DISABLE).bind(&id).bind(now).execute(&mut *connection).await?;
                if done.rows_affected() == 0 {
                    return Ok(false);
                }
                super::links::end_of_user(connection, &id, now).await?;
                super::sessions::end_of_user(connection, &id, now).await?;
                super::grants::revoke_of_user(connection, &id, now, "user_disabled").await?;
                super::api_tokens::end_of_user(connection, &id, now, "owner_disabled").await?;
                bump(connection, Topic::Revocations).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Lets a disabled person in again; what was revoked stays revoked.
    pub async fn enable_user(&self, id: String) -> Result<bool, StoreError> {
        self.write(move |connection| {
            async move { Ok(sqlx::query(ENABLE).bind(&id).execute(connection).await?.rows_affected() == 1) }
                .boxed()
        })
        .await
    }
}
