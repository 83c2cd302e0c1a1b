//! When grants were last used, to the minute, without a call waiting for it.
//!
//! A verified token notes its grant at most once a minute. What is noted goes into a bounded queue, and one task
//! writes it in groups. When the queue is full, or the database away, a note is dropped: the next minute brings
//! another.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::store::Store;
use crate::types::Timestamp;

/// How often a token notes that its grant was used, in seconds.
const EVERY: i64 = 60;
const QUEUE: usize = 4096;
const BATCH: usize = 512;
/// How long a clean stop waits for the queue to be written.
const LAST_FLUSH: Duration = Duration::from_secs(2);

enum Message {
    Used(String, Timestamp),
    Flush(oneshot::Sender<()>),
}

/// Where uses are noted; clones share the queue.
#[derive(Clone)]
pub struct Usage {
    queue: mpsc::Sender<Message>,
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
    pub fn start(store: Store) -> Self {
        let (queue, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(write_all(store, receiver));
        Self { queue }
    }

    /// Notes that a call used a grant, unless this token did within the last minute. Never waits.
    pub fn call(&self, last: &LastNoted, grant_id: &str, now: Timestamp) {
        if last.is_due(now) {
            self.note(grant_id, now);
        }
    }

    /// Notes that a grant was used. Never waits.
    pub fn note(&self, grant_id: &str, now: Timestamp) {
        if self.queue.try_send(Message::Used(grant_id.to_owned(), now)).is_err() {
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

async fn write_all(store: Store, mut queue: mpsc::Receiver<Message>) {
    let mut messages = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut messages, BATCH).await > 0 {
        let mut uses: HashMap<String, Timestamp> = HashMap::new();
        let mut flushes = Vec::new();
        for message in messages.drain(..) {
            match message {
                Message::Used(id, at) => {
                    let last = uses.entry(id).or_insert(at);
                    *last = at.max(*last);
                }
                Message::Flush(done) => flushes.push(done),
            }
        }
        if !uses.is_empty() {
            // In one order, so that two processes never wait for each other's rows in a ring.
            let mut uses: Vec<_> = uses.into_iter().collect();
            uses.sort();
            if let Err(error) = store.note_grants_used(uses).await {
                tracing::warn!(%error, "last uses could not be noted");
            }
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
