//! When grants were last used, to the minute, without a call waiting for it.
//!
//! A verified token notes its grant at most once a minute. What is noted goes into a bounded queue, and one task
//! writes it in groups. When the queue is full, or the database away, a note is dropped: the next minute brings
//! another. Calls are counted in memory, and the count is written once a minute: what a crash loses of it is a
//! minute's.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::store::{Store, activity};
use crate::types::{Clock, Timestamp};

/// How often a token notes that its grant was used, in seconds.
const EVERY: i64 = 60;
const QUEUE: usize = 4096;
const BATCH: usize = 512;
/// How long a clean stop waits for the queue to be written.
const LAST_FLUSH: Duration = Duration::from_secs(2);

/// How often the count of calls is written.
const COUNT_EVERY: Duration = Duration::from_mins(1);

enum Message {
    /// A grant was used: at its resource, or for a token.
    Used {
        grant_id: String,
        at: Timestamp,
        at_resource: bool,
    },
    Flush(oneshot::Sender<()>),
}

/// Where uses are noted; clones share the queue.
#[derive(Clone)]
pub struct Usage {
    queue: mpsc::Sender<Message>,
    calls: Arc<AtomicU64>,
}

/// When one token last noted a use.
#[derive(Debug)]
pub struct LastNoted(AtomicI64);

impl Default for LastNoted {
    fn default() -> Self {
        Self(AtomicI64::new(Timestamp::MIN))
    }
}

impl LastNoted {
    /// Whether it is time for another note; of several callers at once, one is told so.
    fn is_due(&self, now: Timestamp) -> bool {
        let last = self.0.load(Ordering::Relaxed);
        now.saturating_sub(last) >= EVERY
            && self.0.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl Usage {
    /// Starts the task that writes.
    pub fn start(store: Store, clock: Clock) -> Self {
        let (queue, receiver) = mpsc::channel(QUEUE);
        let calls = Arc::new(AtomicU64::new(0));
        tokio::spawn(write_all(Writing { store, clock, calls: Arc::clone(&calls) }, receiver));
        Self { queue, calls }
    }

    /// Counts a call with a token of another issuer, which has no grant here. Never waits.
    pub fn count(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a call; notes that it used a grant, unless this token did within the last minute. Never waits.
    pub fn call(&self, last: &LastNoted, grant_id: &str, now: Timestamp) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if last.is_due(now) {
            self.send(grant_id, now, true);
        }
    }

    /// Notes that a grant gave a token. Never waits.
    pub fn note(&self, grant_id: &str, now: Timestamp) {
        self.send(grant_id, now, false);
    }

    fn send(&self, grant_id: &str, at: Timestamp, at_resource: bool) {
        let used = Message::Used { grant_id: grant_id.to_owned(), at, at_resource };
        if self.queue.try_send(used).is_err() {
            tracing::debug!("a last use was not noted: the queue is full");
        }
    }

    /// Waits until everything noted so far is written, but not for ever.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        let flushing = async {
            if self.queue.send(Message::Flush(done)).await.is_ok() {
                let _ = written.await;
            }
        };
        let _ = tokio::time::timeout(LAST_FLUSH, flushing).await;
    }
}

struct Writing {
    store: Store,
    clock: Clock,
    calls: Arc<AtomicU64>,
}

impl Writing {
    /// Writes how many calls there were since the last time; keeps the number when it cannot.
    async fn count(&self) {
        let calls = self.calls.swap(0, Ordering::Relaxed);
        if calls == 0 {
            return;
        }
        let count = i64::try_from(calls).unwrap_or(i64::MAX);
        if let Err(error) = self.store.add_activity(activity::CALLS, self.clock.now(), count).await {
            self.calls.fetch_add(calls, Ordering::Relaxed);
            tracing::warn!(%error, "the number of calls could not be written");
        }
    }

    /// In one order, so that two processes never wait for each other's rows in a ring.
    async fn note(&self, uses: HashMap<String, Timestamp>, called: HashMap<String, Timestamp>) {
        let sorted = |map: HashMap<String, Timestamp>| {
            let mut list: Vec<_> = map.into_iter().collect();
            list.sort();
            list
        };
        if let Err(error) = self.store.note_grants_used(sorted(uses), sorted(called)).await {
            tracing::warn!(%error, "last uses could not be noted");
        }
    }
}

async fn write_all(writing: Writing, mut queue: mpsc::Receiver<Message>) {
    let mut messages = Vec::with_capacity(BATCH);
    let mut minutes = tokio::time::interval(COUNT_EVERY);
    minutes.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let count = tokio::select! {
            count = queue.recv_many(&mut messages, BATCH) => count,
            _ = minutes.tick() => {
                writing.count().await;
                continue;
            }
        };
        if count == 0 {
            return;
        }
        let (mut uses, mut called) = (HashMap::new(), HashMap::new());
        let mut flushes = Vec::new();
        for message in messages.drain(..) {
            match message {
                Message::Used { grant_id, at, at_resource } => {
                    if at_resource {
                        let first = called.entry(grant_id.clone()).or_insert(at);
                        *first = at.min(*first);
                    }
                    let last = uses.entry(grant_id).or_insert(at);
                    *last = at.max(*last);
                }
                Message::Flush(done) => flushes.push(done),
            }
        }
        if !uses.is_empty() {
            writing.note(uses, called).await;
        }
        if !flushes.is_empty() {
            writing.count().await;
        }
        for done in flushes {
            let _ = done.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LastNoted;

    #[test]
    fn a_token_notes_its_first_use_and_then_one_a_minute() {
        let last = LastNoted::default();
        let due: Vec<bool> = [100, 100, 159, 160, 219, 220].into_iter().map(|now| last.is_due(now)).collect();
        assert_eq!(due, [true, false, false, true, false, true]);
    }
}
