//! Grants that were revoked while access tokens of theirs may still be unexpired, and single tokens that ended while
//! their grant goes on.
//!
//! Held in memory so that every request can ask; read from the store at start and whenever its counter of
//! revocations moves, so that a revocation on one process takes effect on all within a second.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, RwLock};

use crate::store::{Store, StoreError};
use crate::types::{Clock, Timestamp};

/// No access token lives longer, in seconds: a day at most, and a margin.
const LONGEST_TOKEN: i64 = 86_400 + 3600;
/// Clocks of different processes may disagree by this much, in seconds.
const SKEW: i64 = 300;
/// After this long without news from the database nothing is believed any more, in seconds.
const STALE_AFTER: i64 = 30;

/// The revoked grants and ended tokens; clones share them.
#[derive(Clone, Debug)]
pub struct Revocations {
    /// With when this process learned of each.
    ids: Arc<RwLock<HashMap<String, Timestamp>>>,
    /// With when each would have ended by itself.
    tokens: Arc<RwLock<HashMap<String, Timestamp>>>,
    read_at: Arc<AtomicI64>,
    confirmed_at: Arc<AtomicI64>,
    clock: Clock,
}

impl Revocations {
    pub fn new(clock: Clock) -> Self {
        Self {
            ids: Arc::default(),
            tokens: Arc::default(),
            read_at: Arc::default(),
            confirmed_at: Arc::default(),
            clock,
        }
    }

    /// Whether this grant was revoked.
    pub fn is_revoked(&self, grant_id: &str) -> bool {
        self.ids.read().map_or(true, |ids| ids.contains_key(grant_id))
    }

    /// Whether a token was ended, by its grant or alone.
    pub fn has_ended(&self, grant_id: &str, token_id: &str) -> bool {
        self.is_revoked(grant_id) || self.tokens.read().map_or(true, |tokens| tokens.contains_key(token_id))
    }

    /// Ends one token on this process at once; the others read it from the store.
    pub fn end_token(&self, token_id: &str, expires_at: Timestamp) {
        if let Ok(mut tokens) = self.tokens.write() {
            tokens.insert(token_id.to_owned(), expires_at);
        }
    }

    /// Takes effect on this process at once; the others read it from the store.
    pub fn revoke(&self, grant_id: &str) {
        if let Ok(mut ids) = self.ids.write() {
            ids.insert(grant_id.to_owned(), self.clock.now());
        }
    }

    /// Reads what was revoked since the last time, and forgets what no token can belong to any more.
    pub async fn refresh(&self, store: &Store, now: Timestamp) -> Result<(), StoreError> {
        let last = self.read_at.load(Ordering::SeqCst);
        let since = if last == 0 { now - LONGEST_TOKEN } else { last - SKEW };
        let revoked = store.revoked_grants_since(since).await?;
        let ended = store.tokens_ended_since(since).await?;
        if let Ok(mut ids) = self.ids.write() {
            ids.retain(|_, seen| *seen > now - LONGEST_TOKEN);
            for id in revoked {
                ids.entry(id).or_insert(now);
            }
        }
        if let Ok(mut tokens) = self.tokens.write() {
            tokens.retain(|_, expires_at| *expires_at + SKEW > now);
            tokens.extend(ended.into_iter().map(|token| (token.id, token.expires_at)));
        }
        self.read_at.store(now, Ordering::SeqCst);
        self.confirm(now);
        Ok(())
    }

    /// Notes that the store was asked and had nothing new.
    pub fn confirm(&self, now: Timestamp) {
        self.confirmed_at.store(now, Ordering::SeqCst);
    }

    /// Whether the store has been out of reach for so long that a revocation may have been missed.
    pub fn is_stale(&self) -> bool {
        self.clock.now() - self.confirmed_at.load(Ordering::SeqCst) > STALE_AFTER
    }
}
