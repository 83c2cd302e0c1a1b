//! Table `refresh_tokens`: one row a grant, whose hash rotation replaces in place.

use futures::FutureExt as _;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::grants::{self, GrantRow};
use super::{Store, StoreError, row, sql};
use crate::types::{Hashed, Proof, Timestamp};

/// The refresh token of one grant as stored: the hash in force and the one before it.
#[derive(Clone, Debug)]
pub struct RefreshRow {
    pub id: String,
    pub hash: Hashed,
    pub previous_hash: Option<Hashed>,
    pub rotated_at: Option<Timestamp>,
    /// How often it was rotated.
    pub generation: i64,
    pub grant_id: String,
    pub created_at: Timestamp,
    pub idle_expires_at: Timestamp,
    /// Absolute end.
    pub expires_at: Timestamp,
    /// For whom; only read, and nothing where no person is behind the grant.
    pub holder: Option<Holder>,
}

/// The person behind a grant.
#[derive(Clone, Copy, Debug)]
pub struct Holder {
    pub is_admin: bool,
    /// Whether an administrator wants a second factor of them, whatever the general rule says.
    pub is_required: bool,
    /// How they proved who they are when they gave it.
    pub proof: Proof,
}

/// What a rotation writes.
#[derive(Clone, Debug)]
pub struct Rotation {
    pub id: String,
    /// The hash that must still be in force.
    pub from: Hashed,
    pub to: Hashed,
    pub now: Timestamp,
    pub idle_expires_at: Timestamp,
}

sql! {
    FIND = "SELECT r.id AS token_id, r.secret_hash, r.previous_hash, r.rotated_at, r.generation, \
            r.created_at AS token_created_at, r.idle_expires_at, r.expires_at, g.id, g.user_id, g.client_id, \
            g.resource_id, g.session_id, g.scopes, g.created_at, g.ends_at, g.revoked_at, g.jkt, u.is_admin, u.second_factor_required, \
            COALESCE(c.method, d.method) AS method \
            FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id LEFT JOIN users u ON u.id = g.user_id \
            LEFT JOIN codes c ON c.grant_id = g.id LEFT JOIN device_codes d ON d.grant_id = g.id WHERE r.id = $1";
    ADD = "INSERT INTO refresh_tokens (id, secret_hash, generation, grant_id, created_at, idle_expires_at, \
           expires_at) VALUES ($1, $2, 0, $3, $4, $5, $6)";
    ROTATE = "UPDATE refresh_tokens SET previous_hash = secret_hash, secret_hash = $3, rotated_at = $4, \
              idle_expires_at = $5, generation = generation + 1 \
              WHERE id = $1 AND secret_hash = $2 AND idle_expires_at > $4 AND expires_at > $4 \
              AND EXISTS (SELECT 1 FROM grants g WHERE g.id = refresh_tokens.grant_id AND g.revoked_at IS NULL)";
    REAP = "DELETE FROM refresh_tokens WHERE id IN \
            (SELECT id FROM refresh_tokens WHERE idle_expires_at < $1 LIMIT $2)";
}

fn holder(row: &AnyRow) -> Result<Option<Holder>, StoreError> {
    let (Some(_), Some(_)) = (row::text_opt(row, "user_id")?, row::text_opt(row, "method")?) else {
        return Ok(None);
    };
    Ok(Some(Holder {
        is_admin: row::flag(row, "is_admin")?,
        is_required: row::flag(row, "second_factor_required")?,
        proof: row::proof(row, "codes", "method")?,
    }))
}

pub(super) async fn add(connection: &mut AnyConnection, token: &RefreshRow) -> Result<(), StoreError> {
    sqlx::query(ADD)
        .bind(&token.id)
        .bind(token.hash.as_str())
        .bind(&token.grant_id)
        .bind(token.created_at)
        .bind(token.idle_expires_at)
        .bind(token.expires_at)
        .execute(connection)
        .await?;
    Ok(())
}

impl Store {
    /// A refresh token with its grant. The caller compares secret, client and times.
    pub async fn find_refresh_token(&self, id: &str) -> Result<Option<(RefreshRow, GrantRow)>, StoreError> {
        let row = sqlx::query(FIND).bind(id).fetch_optional(&self.pool).await?;
        row.map(|r| {
            let grant = grants::read(&r)?;
            let token = RefreshRow {
                id: row::text(&r, "token_id")?,
                hash: row::hash(&r, "secret_hash")?,
                previous_hash: row::hash_opt(&r, "previous_hash")?,
                rotated_at: row::time_opt(&r, "rotated_at")?,
                generation: row::int(&r, "generation")?,
                grant_id: grant.id.clone(),
                created_at: row::int(&r, "token_created_at")?,
                idle_expires_at: row::int(&r, "idle_expires_at")?,
                expires_at: row::int(&r, "expires_at")?,
                holder: holder(&r)?,
            };
            Ok((token, grant))
        })
        .transpose()
    }

    /// Puts the successor in the place of the token, if that token is still in force and its grant alive.
    /// `false`, with nothing changed, when another request was first.
    pub async fn rotate_refresh_token(&self, rotation: Rotation) -> Result<bool, StoreError> {
        self.write(move |connection| {
            async move {
                let done = sqlx::query(ROTATE)
                    .bind(&rotation.id)
                    .bind(rotation.from.as_str())
                    .bind(rotation.to.as_str())
                    .bind(rotation.now)
                    .bind(rotation.idle_expires_at)
                    .execute(connection)
                    .await?;
                Ok(done.rows_affected() == 1)
            }
            .boxed()
        })
        .await
    }

    pub async fn reap_refresh_tokens(&self, idle_before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        self.write(move |connection| {
            async move {
                let done = sqlx::query(REAP).bind(idle_before).bind(limit).execute(connection).await?;
                Ok(done.rows_affected())
            }
            .boxed()
        })
        .await
    }
}
