//! Table `codes`: authorization codes. A spent code stays until its grant ends, so that a replay is
//! recognised for as long as it could matter.

use futures::FutureExt as _;
use sqlx::AnyConnection;

use super::grants::{self, GrantRow};
use super::refresh_tokens::{self, RefreshRow};
use super::{Store, StoreError, row, sql};
use crate::types::{Hashed, Proof, Timestamp};

/// One authorization code as stored.
#[derive(Clone, Debug)]
pub struct CodeRow {
    pub id: String,
    pub hash: Hashed,
    pub grant_id: String,
    /// Exactly as the authorization request named it.
    pub redirect_uri: String,
    /// S256 challenge.
    pub code_challenge: String,
    /// Thumbprint of the key that the token request must prove to hold (RFC 9449 §10).
    pub dpop_jkt: Option<String>,
    /// OpenID Connect `nonce`.
    pub nonce: Option<String>,
    pub auth_time: Timestamp,
    /// How the person proved who they are.
    pub proof: Proof,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub spent_at: Option<Timestamp>,
}

sql! {
    FIND = "SELECT c.id AS code_id, c.secret_hash, c.redirect_uri, c.code_challenge, c.dpop_jkt, c.nonce, \
            c.auth_time, c.method, c.created_at AS code_created_at, c.expires_at, c.spent_at, g.id, g.user_id, g.client_id, \
            g.resource_id, g.session_id, g.scopes, g.created_at, g.ends_at, g.revoked_at, g.jkt \
            FROM codes c JOIN grants g ON g.id = c.grant_id WHERE c.id = $1";
    ADD = "INSERT INTO codes (id, secret_hash, grant_id, redirect_uri, code_challenge, nonce, auth_time, \
           created_at, expires_at, method, dpop_jkt) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    SPEND = "UPDATE codes SET spent_at = $2 WHERE id = $1 AND spent_at IS NULL AND expires_at > $2 \
             AND EXISTS (SELECT 1 FROM grants g WHERE g.id = codes.grant_id AND g.revoked_at IS NULL)";
    BIND = "UPDATE grants SET jkt = $2 WHERE id = (SELECT grant_id FROM codes WHERE id = $1)";
    REAP = "DELETE FROM grants WHERE id IN (SELECT grant_id FROM codes \
            WHERE spent_at IS NULL AND expires_at < $1 LIMIT $2)";
}

pub(super) async fn add(connection: &mut AnyConnection, code: &CodeRow) -> Result<(), StoreError> {
    sqlx::query(ADD)
        .bind(&code.id)
        .bind(code.hash.as_str())
        .bind(&code.grant_id)
        .bind(&code.redirect_uri)
        .bind(&code.code_challenge)
        .bind(&code.nonce)
        .bind(code.auth_time)
        .bind(code.created_at)
        .bind(code.expires_at)
        .bind(code.proof.as_str())
        .bind(&code.dpop_jkt)
        .execute(connection)
        .await?;
    Ok(())
}

impl Store {
    /// A code with its grant, spent or not. The caller compares secret, client, redirect URI and verifier.
    pub async fn find_code(&self, id: &str) -> Result<Option<(CodeRow, GrantRow)>, StoreError> {
        let row = sqlx::query(FIND).bind(id).fetch_optional(&self.pool).await?;
        row.map(|r| {
            let grant = grants::read(&r)?;
            let code = CodeRow {
                id: row::text(&r, "code_id")?,
                hash: row::hash(&r, "secret_hash")?,
                grant_id: grant.id.clone(),
                redirect_uri: row::text(&r, "redirect_uri")?,
                code_challenge: row::text(&r, "code_challenge")?,
                dpop_jkt: row::text_opt(&r, "dpop_jkt")?,
                nonce: row::text_opt(&r, "nonce")?,
                auth_time: row::int(&r, "auth_time")?,
                proof: row::proof(&r, "codes", "method")?,
                created_at: row::int(&r, "code_created_at")?,
                expires_at: row::int(&r, "expires_at")?,
                spent_at: row::time_opt(&r, "spent_at")?,
            };
            Ok((code, grant))
        })
        .transpose()
    }

    /// Spends a code and stores the refresh token it gives, bound to the key `jkt` where there is one, in one
    /// transaction. `false`, with nothing changed, when the code was spent, expired or revoked in the meantime.
    pub async fn spend_code(
        &self,
        id: String,
        now: Timestamp,
        refresh: RefreshRow,
        jkt: Option<String>,
    ) -> Result<bool, StoreError> {
        self.transaction(move |connection| {
            async move {
                let spent = sqlx::query(SPEND).bind(&id).bind(now).execute(&mut *connection).await?;
                if spent.rows_affected() == 0 {
                    return Ok(false);
                }
                if let Some(jkt) = &jkt {
                    sqlx::query(BIND).bind(&id).bind(jkt).execute(&mut *connection).await?;
                }
                refresh_tokens::add(connection, &refresh).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Deletes up to `limit` grants whose code expired before `expired_before` without ever being redeemed.
    pub async fn reap_unspent_codes(&self, expired_before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        self.write(move |connection| {
            async move {
                let done = sqlx::query(REAP).bind(expired_before).bind(limit).execute(connection).await?;
                Ok(done.rows_affected())
            }
            .boxed()
        })
        .await
    }
}
