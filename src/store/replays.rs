//! Table `replays`: what others signed and may be shown once only, on whichever process.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::FutureExt as _;
use sha2::{Digest, Sha256};

use super::{Store, StoreError, sql};
use crate::types::Timestamp;

sql! {
    /// One that was there and has ended may be shown anew: what it protects is refused for its age.
    SPEND = "INSERT INTO replays (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) \
             DO UPDATE SET expires_at = excluded.expires_at WHERE replays.expires_at < $3";
    REAP = "DELETE FROM replays WHERE id IN (SELECT id FROM replays WHERE expires_at < $1 LIMIT $2)";
}

/// What can be shown once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Once {
    /// A client's assertion of who it is (RFC 7523 §3).
    ClientAssertion,
    /// A proof of possession (RFC 9449 §11.1).
    DpopProof,
    /// An assertion that stands for a person or a workload.
    Grant,
}

impl Once {
    const fn as_str(self) -> &'static str {
        match self {
            Self::ClientAssertion => "client_assertion",
            Self::DpopProof => "dpop_proof",
            Self::Grant => "grant",
        }
    }
}

impl Store {
    /// Notes that `jti` of `issuer` was shown. `false`, with nothing changed, when it was shown before, to any
    /// process. It is remembered up to and including `until`, in seconds: as long as its bearer would be believed.
    pub async fn spend_once(
        &self,
        what: Once,
        issuer: &str,
        jti: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut hash = Sha256::new();
        for part in [what.as_str(), issuer, jti] {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        let id = URL_SAFE_NO_PAD.encode(hash.finalize());
        self.write(move |connection| {
            async move {
                let done = sqlx::query(SPEND).bind(&id).bind(until).bind(now).execute(connection).await?;
                Ok(done.rows_affected() == 1)
            }
            .boxed()
        })
        .await
    }

    /// Deletes up to `limit` that have ended.
    pub async fn reap_replays(&self, now: Timestamp, limit: i64) -> Result<u64, StoreError> {
        self.write(move |connection| {
            async move {
                Ok(sqlx::query(REAP).bind(now).bind(limit).execute(connection).await?.rows_affected())
            }
            .boxed()
        })
        .await
    }
}
