//! Table `totp`: authenticator apps, one a person, and the last time step a code was taken of.

use futures::FutureExt as _;
use sqlx::AnyConnection;

use super::ceremonies::{self, CeremonyKind};
use super::recovery_codes::{self, RecoveryCodeRow, Taken};
use super::ways_in::{self, WaysInRow};
use super::{Store, StoreError, row, sql};
use crate::types::{Proof, Timestamp};

/// One authenticator app as stored.
#[derive(Clone, Debug)]
pub struct TotpRow {
    pub user_id: String,
    /// The shared secret, sealed by the rule.
    pub sealed_secret: String,
    /// The last time step of which a code was taken.
    pub last_step: i64,
    pub created_at: Timestamp,
}

/// The session in which an app is confirmed: it stays, and has shown a code.
#[derive(Clone, Debug)]
pub struct ConfirmedIn {
    pub session_id: String,
    pub proof: Proof,
}

/// How many codes may be tried.
#[derive(Clone, Copy, Debug)]
pub struct CodeLimit {
    /// In one login.
    pub each_login: i64,
    /// Wrong answers over all of a person's logins…
    pub wrong: i64,
    /// …that began after this moment.
    pub since: Timestamp,
}

/// What became of the wish to try a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It counts now, whatever comes of it.
    Counted,
    /// The login has none left, or is over.
    NoneLeft,
    /// The person has none left.
    Paused,
}

sql! {
    FIND = "SELECT user_id, sealed_secret, last_step, created_at FROM totp WHERE user_id = $1";
    PUT = "INSERT INTO totp (user_id, sealed_secret, last_step, created_at) VALUES ($1, $2, $3, $4) \
           ON CONFLICT (user_id) DO UPDATE SET sealed_secret = excluded.sealed_secret, \
           last_step = excluded.last_step, created_at = excluded.created_at";
    /// A code works once: its step must be later than that of the last one.
    TAKE = "UPDATE totp SET last_step = $2 WHERE user_id = $1 AND last_step < $2";
    /// Changes nothing, but holds the row until the transaction ends.
    HOLD = "UPDATE totp SET last_step = last_step WHERE user_id = $1";
    REMOVE = "DELETE FROM totp WHERE user_id = $1";
    REMOVE_PASSKEYS = "DELETE FROM passkeys WHERE user_id = $1";
    /// Answers that were not followed by a right one.
    WRONG_SINCE = "SELECT CAST(COALESCE(SUM(attempts), 0) AS BIGINT) AS n FROM ceremonies \
                   WHERE user_id = $1 AND kind = 'second_factor' AND created_at > $2 AND spent_at IS NULL";
}

/// Holds a person's app until the caller's transaction ends; `false` when there is none.
pub(super) async fn hold(connection: &mut AnyConnection, user_id: &str) -> Result<bool, StoreError> {
    Ok(sqlx::query(HOLD).bind(user_id).execute(connection).await?.rows_affected() == 1)
}

impl Store {
    /// A person's authenticator app.
    pub async fn find_totp(&self, user_id: &str) -> Result<Option<TotpRow>, StoreError> {
        let row = sqlx::query(FIND).bind(user_id).fetch_optional(&self.pool).await?;
        row.as_ref()
            .map(|row| {
                Ok(TotpRow {
                    user_id: row::text(row, "user_id")?,
                    sealed_secret: row::text(row, "sealed_secret")?,
                    last_step: row::int(row, "last_step")?,
                    created_at: row::int(row, "created_at")?,
                })
            })
            .transpose()
    }

    /// Spends the set-up, puts the app in the place of an earlier one, with a new set of recovery codes, and
    /// ends the person's other sessions, all or nothing. `false` when the set-up was spent or has expired, or
    /// the person may not sign in any more.
    pub async fn put_totp(
        &self,
        ceremony: String,
        totp: TotpRow,
        codes: Vec<RecoveryCodeRow>,
        confirmed: ConfirmedIn,
    ) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let now = totp.created_at;
                // Whoever signs in with one factor meanwhile comes first and is ended, or sees the app.
                if !super::users::hold(connection, &totp.user_id, None).await? {
                    return Ok(false);
                }
                if !ceremonies::spend(connection, &ceremony, CeremonyKind::TotpAdd, now).await? {
                    return Ok(false);
                }
                sqlx::query(PUT)
                    .bind(&totp.user_id)
                    .bind(&totp.sealed_secret)
                    .bind(totp.last_step)
                    .bind(totp.created_at)
                    .execute(&mut *connection)
                    .await?;
                recovery_codes::replace(connection, &totp.user_id, &codes).await?;
                super::sessions::end_others(connection, &totp.user_id, &confirmed.session_id, now).await?;
                super::sessions::set_proof(connection, &confirmed.session_id, confirmed.proof).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Takes a code of `step`, and the login that it completes. A step is taken once.
    pub async fn take_totp_step(
        &self,
        ceremony: String,
        user_id: String,
        step: i64,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        self.transaction(move |connection| {
            async move {
                let done = sqlx::query(TAKE).bind(&user_id).bind(step).execute(&mut *connection).await?;
                if done.rows_affected() != 1 {
                    return Ok(Taken::Refused);
                }
                let kind = CeremonyKind::SecondFactor;
                let spent = ceremonies::spend(connection, &ceremony, kind, now).await?;
                Ok(if spent { Taken::Done } else { Taken::Spent })
            }
            .boxed()
        })
        .await
    }

    /// Takes one of a login's attempts for a code, within the limit on a person's wrong answers. Attempts of one
    /// person take turns, so that none is let through on a count that another one is about to raise.
    pub async fn attempt_code(
        &self,
        ceremony: String,
        user_id: String,
        limit: CodeLimit,
        now: Timestamp,
    ) -> Result<Attempt, StoreError> {
        self.transaction(move |connection| {
            async move {
                // A person without an app is told so by whoever compares the code.
                hold(connection, &user_id).await?;
                let wrong = sqlx::query(WRONG_SINCE).bind(&user_id).bind(limit.since);
                if row::int(&wrong.fetch_one(&mut *connection).await?, "n")? >= limit.wrong {
                    return Ok(Attempt::Paused);
                }
                let kind = CeremonyKind::SecondFactor;
                let counted = ceremonies::attempt(connection, &ceremony, kind, limit.each_login, now).await?;
                Ok(if counted { Attempt::Counted } else { Attempt::NoneLeft })
            }
            .boxed()
        })
        .await
    }

    /// Removes every second factor of a person: app, recovery codes and passkeys, and ends their sessions, all or
    /// nothing.
    pub async fn clear_second_factor(&self, user_id: String, now: Timestamp) -> Result<(), StoreError> {
        self.transaction(move |connection| {
            async move {
                ways_in::held(connection, &user_id).await?;
                sqlx::query(REMOVE).bind(&user_id).execute(&mut *connection).await?;
                sqlx::query(REMOVE_PASSKEYS).bind(&user_id).execute(&mut *connection).await?;
                super::sessions::end_of_user(connection, &user_id, now).await?;
                recovery_codes::clear(connection, &user_id).await
            }
            .boxed()
        })
        .await
    }

    /// Removes the app and the recovery codes if `may`, asked with the ways in that the person has now, says
    /// so; `false` when it does not.
    pub async fn remove_totp(
        &self,
        user_id: String,
        may: impl FnOnce(&WaysInRow) -> bool + Send + 'static,
    ) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                if !may(&ways_in::held(connection, &user_id).await?) {
                    return Ok(false);
                }
                sqlx::query(REMOVE).bind(&user_id).execute(&mut *connection).await?;
                recovery_codes::clear(connection, &user_id).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }
}
