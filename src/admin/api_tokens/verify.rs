//! Who a token is.
//!
//! | presented                                          | answer                        | test |
//! |----------------------------------------------------|-------------------------------|------|
//! | a live token of somebody who administers           | what it may do                | `a_token_opens_what_its_scopes_say` |
//! | no token of ours, an unknown one, a wrong secret   | `unknown_api_token`           | `who_has_no_good_token_gets_through_nowhere` |
//! | one that was revoked, or whose owner lost the right | `revoked_api_token`          | `who_has_no_good_token_gets_through_nowhere` |
//! | one that has expired                               | `expired_api_token`           | `who_has_no_good_token_gets_through_nowhere` |
//! | the like, too often from one network               | asked to wait                 | `guessing_tokens_is_slowed_down` |
//!
//! Tokens verified in the last minute are held in memory and forgotten as soon as any token ends, on every process
//! within a second. Only what is refused is counted: guesses lock no good token out. (A secret has 256 random bits;
//! the limit keeps the trail readable.)

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::sync::Cache;

use super::{Scope, State};
use crate::accounts::throttle::Throttled;
use crate::admin::Admin;
use crate::store::api_tokens::ApiTokenRow;
use crate::store::{Store, StoreError};
use crate::types::ids::Kind;
use crate::types::secret::Bearer;
use crate::types::{Hashed, ScopeSet, Timestamp};

/// How often a token's last use is written down, in seconds.
const USED_EVERY: i64 = 60;
/// Tokens held in memory.
const HELD: u64 = 2_000;

/// A token that was believed.
#[derive(Clone, Debug)]
pub struct Verified {
    pub id: String,
    pub name: String,
    pub owner_id: String,
    pub owner_email: String,
    pub scopes: ScopeSet,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    hash: Hashed,
}

impl Verified {
    pub fn may(&self, scope: Scope) -> bool {
        scope.is_in(&self.scopes)
    }
}

/// Why a token is not believed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("the token is not known")]
    Unknown,
    #[error("the token was revoked")]
    Revoked(String),
    #[error("the token has expired")]
    Expired(String),
    #[error(transparent)]
    Throttled(#[from] Throttled),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The tokens held in memory; clones share them.
#[derive(Clone)]
pub struct ApiTokens {
    cache: Cache<String, Arc<Verified>>,
    /// Raised whenever what is held may be stale.
    generation: Arc<AtomicU64>,
    /// When each token's last use was written down.
    noted: Cache<String, Timestamp>,
}

impl Default for ApiTokens {
    fn default() -> Self {
        let cache = Cache::builder().max_capacity(HELD).time_to_live(Duration::from_mins(1)).build();
        Self { cache, generation: Arc::default(), noted: Cache::new(HELD) }
    }
}

impl ApiTokens {
    /// Drops what is held.
    pub fn forget_all(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.cache.invalidate_all();
    }

    /// Notes a use, at most once a minute, without making it wait.
    fn note(&self, store: &Store, id: &str, now: Timestamp) {
        if self.noted.get(id).is_some_and(|at| at + USED_EVERY > now) {
            return;
        }
        self.noted.insert(id.to_owned(), now);
        let (store, id) = (store.clone(), id.to_owned());
        tokio::spawn(async move {
            if let Err(error) = store.api_token_used(id, now, USED_EVERY).await {
                tracing::warn!(%error, "the use of an API token could not be noted");
            }
        });
    }
}

/// Who shows this token. `address`: where from, to slow down guessing.
pub async fn verify(admin: &Admin, presented: &str, address: &str) -> Result<Arc<Verified>, Refused> {
    let (tokens, ctx) = (&admin.api_tokens, &admin.oauth);
    let now = ctx.clock.now();
    let bearer = Bearer::parse(Kind::ApiToken, presented);
    if let Some(bearer) = &bearer
        && let Some(held) = tokens.cache.get(&bearer.id)
        && held.expires_at > now
        && held.hash.matches(bearer.secret.expose())
    {
        tokens.note(&ctx.store, &held.id, now);
        return Ok(held);
    }
    let generation = tokens.generation.load(Ordering::SeqCst);
    let row = match find(admin, bearer, now).await {
        Ok(row) => row,
        Err(error @ Refused::Store(_)) => return Err(error),
        Err(refused) => {
            admin.accounts.throttle.api_token(address)?;
            return Err(refused);
        }
    };
    let verified = Arc::new(Verified {
        id: row.id,
        name: row.name,
        owner_id: row.created_by,
        owner_email: row.owner_email,
        scopes: row.scopes,
        created_at: row.created_at,
        expires_at: row.expires_at,
        hash: row.hash,
    });
    tokens.cache.insert(verified.id.clone(), Arc::clone(&verified));
    if tokens.generation.load(Ordering::SeqCst) != generation {
        // Something ended while the row was read: it may be the row of before.
        tokens.cache.invalidate(&verified.id);
    }
    tokens.note(&ctx.store, &verified.id, now);
    Ok(verified)
}

/// The row of a token that is good.
async fn find(admin: &Admin, bearer: Option<Bearer>, now: Timestamp) -> Result<ApiTokenRow, Refused> {
    let bearer = bearer.ok_or(Refused::Unknown)?;
    let row = admin.oauth.store.find_api_token(&bearer.id).await?.ok_or(Refused::Unknown)?;
    if !row.hash.matches(bearer.secret.expose()) {
        return Err(Refused::Unknown);
    }
    match State::of(&row, now) {
        State::Live => Ok(row),
        State::Expired => Err(Refused::Expired(row.id)),
        State::Revoked => Err(Refused::Revoked(row.id)),
    }
}
