//! What a person can sign in with, read from the tables `users`, `passkeys`, `identities` and `totp`.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::{Store, StoreError, row, sql};

/// What a person can sign in with, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaysInRow {
    pub password: bool,
    pub passkeys: i64,
    pub identities: Vec<IdentityWay>,
    /// An authenticator app: no way in by itself, but a second factor.
    pub code: bool,
}

/// What became of a wish to remove a way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    Done,
    /// It must stay.
    Kept,
    Unknown,
}

/// An identity at another provider, as a way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityWay {
    pub id: String,
    pub issuer: String,
}

sql! {
    COUNT = "SELECT CASE WHEN u.password_hash IS NULL THEN CAST(0 AS BIGINT) ELSE CAST(1 AS BIGINT) END AS password, \
             (SELECT COUNT(*) FROM passkeys p WHERE p.user_id = u.id) AS passkeys, \
             (SELECT COUNT(*) FROM totp t WHERE t.user_id = u.id) AS code \
             FROM users u WHERE u.id = $1";
    IDENTITIES = "SELECT id, issuer FROM identities WHERE user_id = $1 ORDER BY id";
    /// Changes nothing, but holds the row until the transaction ends: whoever takes a way in away waits here.
    HOLD = "UPDATE users SET created_at = created_at WHERE id = $1";
}

async fn count(connection: &mut AnyConnection, user_id: &str) -> Result<WaysInRow, StoreError> {
    let Some(row) = sqlx::query(COUNT).bind(user_id).fetch_optional(&mut *connection).await? else {
        return Ok(WaysInRow::default());
    };
    let identities = sqlx::query(IDENTITIES).bind(user_id).fetch_all(connection).await?;
    let identity = |row: &AnyRow| -> Result<IdentityWay, StoreError> {
        Ok(IdentityWay { id: row::text(row, "id")?, issuer: row::text(row, "issuer")? })
    };
    Ok(WaysInRow {
        password: row::flag(&row, "password")?,
        passkeys: row::int(&row, "passkeys")?,
        identities: identities.iter().map(identity).collect::<Result<_, _>>()?,
        code: row::flag(&row, "code")?,
    })
}

/// The ways in of a person, who keeps them until the caller's transaction ends.
pub(super) async fn held(connection: &mut AnyConnection, user_id: &str) -> Result<WaysInRow, StoreError> {
    sqlx::query(HOLD).bind(user_id).execute(&mut *connection).await?;
    count(connection, user_id).await
}

impl Store {
    /// The ways in of a person; none for somebody unknown.
    pub async fn ways_in(&self, user_id: &str) -> Result<WaysInRow, StoreError> {
        let mut connection = self.pool.acquire().await?;
        count(&mut connection, user_id).await
    }
}
