//! Table `identities`: logins at other providers. Issuer and subject together belong to one person.

use futures::FutureExt as _;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::ceremonies::{self, CeremonyKind};
use super::links::{self, LinkRow};
use super::users::{self, UserRow};
use super::ways_in::{self, Removed, WaysInRow};
use super::{Store, StoreError, row, sql};
use crate::types::Timestamp;

/// One login elsewhere as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityRow {
    pub id: String,
    pub user_id: String,
    /// Exactly as the provider writes it.
    pub issuer: String,
    /// `sub` at that issuer.
    pub subject: String,
    /// The provider's name in the settings when it was linked.
    pub provider: String,
    /// What the provider told last; to show only.
    pub email: Option<String>,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

sql! {
    FIND = "SELECT id, user_id, issuer, subject, provider, email, created_at, last_used_at FROM identities \
            WHERE issuer = $1 AND subject = $2";
    LIST = "SELECT id, user_id, issuer, subject, provider, email, created_at, last_used_at FROM identities \
            WHERE user_id = $1 ORDER BY id";
    ADD = "INSERT INTO identities (id, user_id, issuer, subject, provider, email, created_at, last_used_at) \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    ADD_FIRST = "INSERT INTO identities (id, user_id, issuer, subject, provider, email, created_at, last_used_at) \
                 SELECT $1, $2, $3, $4, $5, $6, CAST($7 AS BIGINT), CAST($8 AS BIGINT) \
                 WHERE NOT EXISTS (SELECT 1 FROM identities WHERE user_id = $2 AND issuer = $3) \
                 AND NOT EXISTS (SELECT 1 FROM unlinked_issuers WHERE user_id = $2 AND issuer = $3)";
    USED = "UPDATE identities SET last_used_at = $2, email = COALESCE($3, email) WHERE id = $1";
    EVER = "SELECT 1 FROM identities WHERE user_id = $1 AND issuer = $2 \
            UNION ALL SELECT 1 FROM unlinked_issuers WHERE user_id = $1 AND issuer = $2 LIMIT 1";
    NOTE_UNLINKED = "INSERT INTO unlinked_issuers (user_id, issuer, created_at) \
                     SELECT user_id, issuer, CAST($3 AS BIGINT) FROM identities WHERE id = $1 AND user_id = $2 \
                     ON CONFLICT DO NOTHING";
    REMOVE = "DELETE FROM identities WHERE id = $1 AND user_id = $2";
}

fn read(row: &AnyRow) -> Result<IdentityRow, StoreError> {
    Ok(IdentityRow {
        id: row::text(row, "id")?,
        user_id: row::text(row, "user_id")?,
        issuer: row::text(row, "issuer")?,
        subject: row::text(row, "subject")?,
        provider: row::text(row, "provider")?,
        email: row::text_opt(row, "email")?,
        created_at: row::int(row, "created_at")?,
        last_used_at: row::time_opt(row, "last_used_at")?,
    })
}

/// Adds an identity with one of the two statements; `false` when its condition does not hold.
async fn insert(
    connection: &mut AnyConnection,
    statement: &'static str,
    identity: &IdentityRow,
) -> Result<bool, StoreError> {
    let done = sqlx::query(statement)
        .bind(&identity.id)
        .bind(&identity.user_id)
        .bind(&identity.issuer)
        .bind(&identity.subject)
        .bind(&identity.provider)
        .bind(&identity.email)
        .bind(identity.created_at)
        .bind(identity.last_used_at)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

impl Store {
    /// The identity, whoever has it.
    pub async fn find_identity(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<IdentityRow>, StoreError> {
        let row = sqlx::query(FIND).bind(issuer).bind(subject).fetch_optional(&self.pool).await?;
        row.as_ref().map(read).transpose()
    }

    /// A person's identities, the oldest first.
    pub async fn identities_of(&self, user_id: &str) -> Result<Vec<IdentityRow>, StoreError> {
        sqlx::query(LIST).bind(user_id).fetch_all(&self.pool).await?.iter().map(read).collect()
    }

    /// Notes a sign-in, and the address the provider told this time, if any.
    pub async fn identity_used(
        &self,
        id: String,
        email: Option<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            async move {
                sqlx::query(USED).bind(&id).bind(now).bind(&email).execute(connection).await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// Adds a person's first identity at an issuer, on the word of a provider that they own this address. `false`
    /// when they have one there, have another address meanwhile, or are disabled. [`StoreError::Conflict`] when
    /// somebody has the identity.
    pub async fn add_first_identity(&self, identity: IdentityRow, email: String) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                // Held in a statement of its own: the next one then sees whoever was first.
                let done = users::hold(connection, &identity.user_id, Some(&email)).await?
                    && insert(connection, ADD_FIRST, &identity).await?;
                if done {
                    links::end_of_user(connection, &identity.user_id, identity.created_at).await?;
                }
                Ok(done)
            }
            .boxed()
        })
        .await
    }

    /// Adds an identity that the signed-in person has confirmed, and spends the question. `false` when it was
    /// answered, is too old, or the person is disabled. [`StoreError::Conflict`] when somebody has the identity.
    pub async fn link_identity(
        &self,
        identity: IdentityRow,
        ceremony_id: String,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                Ok(ceremonies::spend(connection, &ceremony_id, CeremonyKind::LinkIdentity, now).await?
                    && users::hold(connection, &identity.user_id, None).await?
                    && insert(connection, ADD, &identity).await?)
            }
            .boxed()
        })
        .await
    }

    /// Spends an invitation and adds the identity the invited person chose, all or nothing; their other links end.
    /// `false` when the invitation was spent meanwhile or the person is disabled. [`StoreError::Conflict`] when
    /// somebody has the identity.
    pub async fn accept_with_identity(
        &self,
        link: LinkRow,
        identity: IdentityRow,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                if !links::spend(connection, &link.id, &link.hash, now).await?
                    || !users::hold(connection, &identity.user_id, None).await?
                {
                    return Ok(false);
                }
                links::end_of_user(connection, &identity.user_id, now).await?;
                insert(connection, ADD, &identity).await
            }
            .boxed()
        })
        .await
    }

    /// Adds a person together with the identity they came with. [`StoreError::Conflict`] when the address or the
    /// identity is taken.
    pub async fn add_user_with_identity(
        &self,
        user: UserRow,
        identity: IdentityRow,
    ) -> Result<(), StoreError> {
        self.transaction(move |connection| {
            async move {
                users::insert(connection, &user).await?;
                insert(connection, ADD, &identity).await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// Whether a person has, or removed, an identity at this issuer.
    pub async fn has_known_issuer(&self, user_id: &str, issuer: &str) -> Result<bool, StoreError> {
        let row = sqlx::query(EVER).bind(user_id).bind(issuer).fetch_optional(&self.pool).await?;
        Ok(row.is_some())
    }

    /// Removes an identity of a person, and remembers its issuer, if `may` says so of their ways in, which are held meanwhile.
    pub async fn remove_identity(
        &self,
        id: String,
        user_id: String,
        now: Timestamp,
        may: impl FnOnce(&WaysInRow) -> bool + Send + 'static,
    ) -> Result<Removed, StoreError> {
        self.transaction(move |connection| {
            async move {
                let ways = ways_in::held(connection, &user_id).await?;
                if !ways.identities.iter().any(|identity| identity.id == id) {
                    return Ok(Removed::Unknown);
                }
                if !may(&ways) {
                    return Ok(Removed::Kept);
                }
                sqlx::query(NOTE_UNLINKED)
                    .bind(&id)
                    .bind(&user_id)
                    .bind(now)
                    .execute(&mut *connection)
                    .await?;
                sqlx::query(REMOVE).bind(&id).bind(&user_id).execute(connection).await?;
                Ok(Removed::Done)
            }
            .boxed()
        })
        .await
    }
}
