//! Grants that were revoked while access tokens of theirs may still be unexpired.
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

/// The revoked grants; clones share them.
#[derive(Clone, Debug)]
pub struct Revocations {
    ids: Arc<RwLock<HashMap<String, Timestamp>>>,
    read_at: Arc<AtomicI64>,
    confirmed_at: Arc<AtomicI64>,
    clock: Clock,
}

impl Revocations {
    pub fn new(clock: Clock) -> Self {
        Self { ids: Arc::default(), read_at: Arc::default(), confirmed_at: Arc::default(), clock }
    }

    /// Whether this grant was revoked.
    pub fn is_revoked(&self, grant_id: &str) -> bool {
        self.ids.read().map_or(true, |ids| ids.contains_key(grant_id))
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
        if let Ok(mut ids) = self.ids.write() {
            ids.retain(|_, seen| *seen > now - LONGEST_TOKEN);
            for id in revoked {
                ids.entry(id).or_insert(now);
            }
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
