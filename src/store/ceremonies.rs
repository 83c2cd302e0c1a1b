//! Table `ceremonies`: what is under way on one browser and takes more than one request.
//!
//! The kind is part of every condition, so that a secret of one kind never serves for another.

use futures::FutureExt as _;
use sqlx::any::AnyRow;

use super::{Store, StoreError, row, sql};
use crate::types::{Hashed, Timestamp};

/// What is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CeremonyKind {
    /// A login at another provider, between leaving and coming back.
    Upstream,
    /// An identity at a provider that waits for the signed-in person's word.
    LinkIdentity,
    /// A first factor was shown; a code is still to come.
    SecondFactor,
    /// A passkey's challenge, to sign in: kept by the browser, written once it is answered.
    PasskeyLogin,
    /// A passkey's challenge, to add one.
    PasskeyAdd,
    /// An authenticator app's secret that was shown and not confirmed yet.
    TotpAdd,
}

impl CeremonyKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Upstream => "upstream",
            Self::LinkIdentity => "link_identity",
            Self::SecondFactor => "second_factor",
            Self::PasskeyLogin => "passkey_login",
            Self::PasskeyAdd => "passkey_add",
            Self::TotpAdd => "totp_add",
        }
    }
}

/// One ceremony as stored.
#[derive(Clone, Debug)]
pub struct CeremonyRow {
    pub id: String,
    pub kind: CeremonyKind,
    pub hash: Hashed,
    /// Hash of the browser cookie it began with.
    pub browser: Hashed,
    /// The person, where it is known who.
    pub user_id: Option<String>,
    /// What its rule needs again, as JSON. Secrets in it are sealed by the rule.
    pub data: String,
    /// Wrong answers so far.
    pub attempts: i64,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub spent_at: Option<Timestamp>,
}

/// A challenge that the browser kept, as written once it is answered.
#[derive(Clone, Debug)]
pub struct AnsweredRow {
    pub id: String,
    pub kind: CeremonyKind,
    pub hash: Hashed,
    /// Hash of the browser cookie it was made for.
    pub browser: Hashed,
    pub created_at: Timestamp,
    /// When it was too late to answer. The row stays as long again: the clocks of processes differ a little.
    pub expires_at: Timestamp,
}

sql! {
    ADD = "INSERT INTO ceremonies (id, kind, secret_hash, browser_hash, user_id, data, attempts, created_at, \
           expires_at) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)";
    FIND = "SELECT id, secret_hash, browser_hash, user_id, data, attempts, created_at, expires_at, spent_at \
            FROM ceremonies WHERE id = $1 AND kind = $2";
    SPEND = "UPDATE ceremonies SET spent_at = $3 \
             WHERE id = $1 AND kind = $2 AND spent_at IS NULL AND expires_at > $3";
    ANSWER = "INSERT INTO ceremonies (id, kind, secret_hash, browser_hash, data, attempts, created_at, expires_at, \
              spent_at) VALUES ($1, $2, $3, $4, '', 0, $5, $6, $7) ON CONFLICT (id) DO NOTHING";
    END_STEPS = "UPDATE ceremonies SET spent_at = $2 \
                 WHERE user_id = $1 AND kind = 'second_factor' AND spent_at IS NULL";
    ATTEMPT = "UPDATE ceremonies SET attempts = attempts + 1 \
               WHERE id = $1 AND kind = $2 AND spent_at IS NULL AND expires_at > $3 AND attempts < $4";
    REAP = "DELETE FROM ceremonies WHERE id IN (SELECT id FROM ceremonies WHERE expires_at < $1 \
            AND (kind <> 'second_factor' OR expires_at < $2) LIMIT $3)";
}

fn read(row: &AnyRow, kind: CeremonyKind) -> Result<CeremonyRow, StoreError> {
    Ok(CeremonyRow {
        id: row::text(row, "id")?,
        kind,
        hash: row::hash(row, "secret_hash")?,
        browser: row::hash(row, "browser_hash")?,
        user_id: row::text_opt(row, "user_id")?,
        data: row::text(row, "data")?,
        attempts: row::int(row, "attempts")?,
        created_at: row::int(row, "created_at")?,
        expires_at: row::int(row, "expires_at")?,
        spent_at: row::time_opt(row, "spent_at")?,
    })
}

/// Spends a ceremony inside the caller's transaction; `false` when somebody was first or it has expired.
pub(super) async fn spend(
    connection: &mut sqlx::AnyConnection,
    id: &str,
    kind: CeremonyKind,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query(SPEND).bind(id).bind(kind.as_str()).bind(now).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Writes inside the caller's transaction that a challenge is answered; `false` when it was before.
pub(super) async fn answer(
    connection: &mut sqlx::AnyConnection,
    challenge: &AnsweredRow,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query(ANSWER)
        .bind(&challenge.id)
        .bind(challenge.kind.as_str())
        .bind(challenge.hash.as_str())
        .bind(challenge.browser.as_str())
        .bind(challenge.created_at)
        .bind(challenge.expires_at + (challenge.expires_at - challenge.created_at))
        .bind(now)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes one of `most` attempts at a ceremony inside the caller's transaction; `false` when there are none left.
pub(super) async fn attempt(
    connection: &mut sqlx::AnyConnection,
    id: &str,
    kind: CeremonyKind,
    most: i64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let attempt = sqlx::query(ATTEMPT).bind(id).bind(kind.as_str()).bind(now).bind(most);
    Ok(attempt.execute(connection).await?.rows_affected() == 1)
}

/// Ends the logins of a person that wait for a code, inside the caller's transaction.
pub(super) async fn end_steps_of_user(
    connection: &mut sqlx::AnyConnection,
    user_id: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(END_STEPS).bind(user_id).bind(now).execute(connection).await?;
    Ok(())
}

impl Store {
    pub async fn add_ceremony(&self, ceremony: CeremonyRow) -> Result<(), StoreError> {
        self.write(move |connection| {
            async move {
                sqlx::query(ADD)
                    .bind(&ceremony.id)
                    .bind(ceremony.kind.as_str())
                    .bind(ceremony.hash.as_str())
                    .bind(ceremony.browser.as_str())
                    .bind(&ceremony.user_id)
                    .bind(&ceremony.data)
                    .bind(ceremony.created_at)
                    .bind(ceremony.expires_at)
                    .execute(connection)
                    .await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// A ceremony of this kind, spent, expired or not. The caller compares secret, browser and times.
    pub async fn find_ceremony(
        &self,
        id: &str,
        kind: CeremonyKind,
    ) -> Result<Option<CeremonyRow>, StoreError> {
        let row = sqlx::query(FIND).bind(id).bind(kind.as_str()).fetch_optional(&self.pool).await?;
        row.as_ref().map(|r| read(r, kind)).transpose()
    }

    /// Spends a ceremony; `false` when somebody was first or it has expired.
    pub async fn spend_ceremony(
        &self,
        id: String,
        kind: CeremonyKind,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| async move { spend(connection, &id, kind, now).await }.boxed()).await
    }

    /// Takes one of `most` attempts at a ceremony; `false` when there are none left.
    pub async fn attempt_ceremony(
        &self,
        id: String,
        kind: CeremonyKind,
        most: i64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| async move { attempt(connection, &id, kind, most, now).await }.boxed())
            .await
    }

    /// Deletes up to `limit` ceremonies that expired before `now`; those whose answers limit guessing only when
    /// they expired before `counted_since`.
    pub async fn reap_ceremonies(
        &self,
        now: Timestamp,
        counted_since: Timestamp,
        limit: i64,
    ) -> Result<u64, StoreError> {
        self.write(move |connection| {
            async move {
                Ok(sqlx::query(REAP)
                    .bind(now)
                    .bind(counted_since)
                    .bind(limit)
                    .execute(connection)
                    .await?
                    .rows_affected())
            }
            .boxed()
        })
        .await
    }
}
