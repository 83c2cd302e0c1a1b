//! Table `users` as administrators see and change it: lists by key, searched by `user_terms`, and changes that keep
//! one administrator who can sign in.

use futures::FutureExt as _;
use sqlx::any::AnyRow;

use super::changes::{Topic, bump};
use super::users::{self, UserRow, another_administrator};
use super::{Store, StoreError, row, sql, user_terms};
use crate::types::Timestamp;

/// A person in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRow {
    pub user: UserRow,
    /// Whether they have an authenticator app or a passkey.
    pub has_second_factor: bool,
}

/// Which people a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    #[default]
    Everybody,
    Admins,
    Disabled,
    NeverSignedIn,
}

/// What an administrator writes about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonEdit {
    pub name: Option<String>,
    /// Lower case.
    pub email: String,
    /// The version the change was made from.
    pub version: i64,
}

/// Every column of a list, from `users u`.
macro_rules! columns {
    () => {
        "u.id, u.email, u.name, u.password_hash, u.is_admin, u.created_at, u.last_login_at, u.disabled_at, \
         u.version, u.second_factor_required, \
         CASE WHEN EXISTS (SELECT 1 FROM totp t WHERE t.user_id = u.id) \
         OR EXISTS (SELECT 1 FROM passkeys p WHERE p.user_id = u.id) \
         THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END AS has_second_factor"
    };
}

/// A list of those for whom the condition holds, the newest first.
macro_rules! listing {
    ($condition:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM users u WHERE u.id < $1 AND u.deleted_at IS NULL",
            $condition,
            " ORDER BY u.id DESC LIMIT $2"
        )
    };
}

sql! {
    ONE = concat!("SELECT ", columns!(), " FROM users u WHERE u.id = $1 AND u.deleted_at IS NULL");
    LIST = listing!("");
    LIST_ADMINS = listing!(" AND u.is_admin = 1");
    LIST_DISABLED = listing!(" AND u.disabled_at IS NOT NULL");
    LIST_NEVER = listing!(" AND u.last_login_at IS NULL");
    /// Somebody with several terms in the range is found by the first of them only.
    SEARCH = concat!("SELECT f.term, ", columns!(), " FROM user_terms f LEFT JOIN users u ON u.id = f.user_id \
              WHERE (f.term, f.user_id) > ($1, $2) AND f.term < $3 AND NOT EXISTS (SELECT 1 FROM user_terms o \
              WHERE o.user_id = f.user_id AND o.term >= $4 AND o.term < f.term) \
              ORDER BY f.term, f.user_id LIMIT $5");
    EDIT = "UPDATE users SET name = $2, email = $3, version = version + 1 \
            WHERE id = $1 AND version = $4 AND deleted_at IS NULL";
    MAKE_ADMIN = "UPDATE users SET is_admin = 1 WHERE id = $1 AND is_admin = 0 AND deleted_at IS NULL";
    /// Not the last administrator who can sign in.
    UNMAKE_ADMIN = concat!("UPDATE users SET is_admin = 0 WHERE id = $1 AND is_admin = 1 AND (disabled_at IS NOT NULL \
                    OR ", another_administrator!(), ")");
    REQUIRE = "UPDATE users SET second_factor_required = $2 WHERE id = $1 AND second_factor_required <> $2 \
               AND deleted_at IS NULL";
}

fn read(row: &AnyRow) -> Result<PersonRow, StoreError> {
    Ok(PersonRow { user: users::read(row)?, has_second_factor: row::flag(row, "has_second_factor")? })
}

impl Store {
    /// Somebody who has not been deleted, as in a list.
    pub async fn find_person(&self, id: &str) -> Result<Option<PersonRow>, StoreError> {
        sqlx::query(ONE).bind(id).fetch_optional(&self.pool).await?.as_ref().map(read).transpose()
    }

    /// Up to `limit` people whose ids come before `before`, the newest first.
    pub async fn list_people(
        &self,
        show: Show,
        before: &str,
        limit: i64,
    ) -> Result<Vec<PersonRow>, StoreError> {
        let statement = match show {
            Show::Everybody => LIST,
            Show::Admins => LIST_ADMINS,
            Show::Disabled => LIST_DISABLED,
            Show::NeverSignedIn => LIST_NEVER,
        };
        let rows = sqlx::query(statement).bind(before).bind(limit).fetch_all(&self.pool).await?;
        rows.iter().map(read).collect()
    }

    /// Up to `limit` people with a term in `range`, after the term and id given, with the term each is found by.
    pub async fn search_people(
        &self,
        range: &(String, String),
        after: (&str, &str),
        limit: i64,
    ) -> Result<Vec<(String, PersonRow)>, StoreError> {
        let rows = sqlx::query(SEARCH)
            .bind(after.0)
            .bind(after.1)
            .bind(&range.1)
            .bind(&range.0)
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|found| Ok((row::text(found, "term")?, read(found)?))).collect()
    }

    /// Changes name and address. With `new_address`, links and half-done logins that rest on the old one end. `false`
    /// when the person was changed meanwhile or is gone; [`StoreError::Conflict`] when the address is taken.
    pub async fn edit_person(
        &self,
        id: String,
        edit: PersonEdit,
        new_address: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let done = sqlx::query(EDIT)
                    .bind(&id)
                    .bind(&edit.name)
                    .bind(&edit.email)
                    .bind(edit.version)
                    .execute(&mut *connection)
                    .await?;
                if done.rows_affected() == 0 {
                    return Ok(false);
                }
                user_terms::put(connection, &id, &edit.email, edit.name.as_deref()).await?;
                if new_address {
                    super::links::end_of_user(connection, &id, now).await?;
                    super::ceremonies::end_steps_of_user(connection, &id, now).await?;
                }
                bump(connection, Topic::People).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Makes a person an administrator, which ends the links that open their account, or takes that away. `false`, with nothing changed, for the last administrator
    /// who can sign in, and where there is nothing to change.
    pub async fn set_admin(&self, id: String, is_admin: bool, now: Timestamp) -> Result<bool, StoreError> {
        let statement = if is_admin { MAKE_ADMIN } else { UNMAKE_ADMIN };
        self.transaction(move |connection| {
            async move {
                // Whoever takes away an administrator takes turns with everybody else who does.
                super::changes::take_turn_at_setup(connection).await?;
                let done = sqlx::query(statement).bind(&id).execute(&mut *connection).await?;
                if done.rows_affected() == 1 && is_admin {
                    // Whoever made them, or holds them, was not to open an administrator's account.
                    super::links::end_of_user(connection, &id, now).await?;
                }
                if done.rows_affected() == 1 && !is_admin {
                    super::api_tokens::end_of_user(connection, &id, now, "owner_not_administrator").await?;
                }
                Ok(done.rows_affected() == 1)
            }
            .boxed()
        })
        .await
    }

    /// Notes whether this person must show a second factor, whatever the general rule says. `false` when it is so
    /// already, or they are gone.
    pub async fn require_second_factor(&self, id: String, required: bool) -> Result<bool, StoreError> {
        self.write(move |connection| {
            async move {
                let done =
                    sqlx::query(REQUIRE).bind(&id).bind(i64::from(required)).execute(connection).await?;
                Ok(done.rows_affected() == 1)
            }
            .boxed()
        })
        .await
    }
}
