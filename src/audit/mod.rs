//! The audit trail: what happened, to whom, from where, with what outcome and why.
//!
//! Events are queued and written in groups by one task, so that an event costs a request no write of its own.
//! The queue is bounded: when it is full a request waits for a place rather than dropping an event. What is
//! queued is written before a clean stop; a crash may lose what was queued in the last moment.
//!
//! Refusals and authorization requests can be provoked by anybody, so each network place has a budget of them;
//! beyond it they are counted, and the count goes into the next one that is written.

mod event;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::{mpsc, oneshot};

pub use self::event::Event;
use crate::store::audit::EventRow;
use crate::store::{Store, StoreError};
use crate::types::ids::{Kind, new_id};
use crate::types::network::subscriber;
use crate::types::{Clock, Rng};

const QUEUE: usize = 4096;
const BATCH: usize = 256;
const RETRIES: u32 = 30;
/// How long a request waits for a place in a full queue.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a clean stop waits for the queue to be written.
const LAST_FLUSH: Duration = Duration::from_secs(5);
/// Refusals written a minute for one network place.
const REFUSALS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(300).unwrap();

/// One entry in the making.
#[derive(Clone, Debug)]
#[must_use = "an entry does nothing until it is recorded"]
pub struct Entry(EventRow);

impl Entry {
    /// It happened.
    pub fn ok(event: Event) -> Self {
        Self::with(event, "ok", "ok")
    }

    /// It was refused, for this reason.
    pub fn refused(event: Event, reason: impl Into<String>) -> Self {
        Self::with(event, "refused", reason)
    }

    fn with(event: Event, outcome: &str, reason: impl Into<String>) -> Self {
        Self(EventRow {
            kind: event.as_str().to_owned(),
            outcome: outcome.to_owned(),
            reason: reason.into(),
            ..EventRow::default()
        })
    }

    /// Says more than `ok`.
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.0.reason = reason.into();
        self
    }

    pub fn user(mut self, id: impl Into<Option<String>>) -> Self {
        self.0.user_id = id.into();
        self
    }

    /// The client, as named in the request: bounded, since it may be invented.
    pub fn client(mut self, id: impl Into<Option<String>>) -> Self {
        self.0.client_id = id.into().map(|id| tame(&id, 512));
        self
    }

    pub fn resource(mut self, id: impl Into<Option<String>>) -> Self {
        self.0.resource_id = id.into();
        self
    }

    pub fn grant(mut self, id: impl Into<Option<String>>) -> Self {
        self.0.grant_id = id.into();
        self
    }

    pub fn session(mut self, id: impl Into<Option<String>>) -> Self {
        self.0.session_id = id.into();
        self
    }

    pub fn address(mut self, address: impl Into<Option<String>>) -> Self {
        self.0.address = address.into();
        self
    }

    /// The reference id that the person sees.
    pub fn reference(mut self, reference: impl Into<Option<String>>) -> Self {
        self.0.reference = reference.into();
        self
    }

    /// Who did it, where that is not the person it happened to.
    pub fn actor(mut self, id: impl Into<Option<String>>) -> Self {
        self.0.actor_id = id.into();
        self
    }

    /// The API token by which the actor did it.
    pub fn token(mut self, id: impl Into<Option<String>>) -> Self {
        self.0.token_id = id.into();
        self
    }

    /// The authorization it is a step of, see `oauth::flow`.
    pub fn flow(mut self, id: impl Into<Option<String>>) -> Self {
        self.0.flow_id = id.into();
        self
    }

    /// Free text; never a secret.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(tame(&detail.into(), 1000));
        self
    }
}

/// Text of strangers, cut and without control characters.
fn tame(text: &str, max: usize) -> String {
    text.chars().take(max).map(|c| if c.is_control() { '?' } else { c }).collect()
}

enum Message {
    Event(Box<EventRow>),
    Flush(oneshot::Sender<()>),
}

/// Where entries go; clones share the queue.
#[derive(Clone)]
pub struct Audit {
    queue: mpsc::Sender<Message>,
    clock: Clock,
    rng: Rng,
    refusals: Arc<DefaultKeyedRateLimiter<String>>,
    suppressed: Arc<AtomicU64>,
}

impl Audit {
    /// Starts the task that writes.
    pub fn start(store: Store, clock: Clock, rng: Rng) -> Self {
        let (queue, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(write_all(store, receiver));
        let refusals = Arc::new(RateLimiter::keyed(Quota::per_minute(REFUSALS_PER_MINUTE)));
        Self { queue, clock, rng, refusals, suppressed: Arc::default() }
    }

    /// Records an entry and logs it as a line with the same fields. Returns its id.
    pub async fn record(&self, entry: Entry) -> String {
        let mut row = entry.0;
        row.id = new_id(Kind::Event, &self.clock, &self.rng);
        row.at = self.clock.now();
        let is_anybodys = row.outcome != "ok" || row.kind == Event::Authorization.as_str();
        if is_anybodys && !self.may_refuse(&mut row) {
            return row.id;
        }
        tracing::info!(
            target: "audit",
            event = row.kind, outcome = row.outcome, reason = row.reason, id = row.id,
            user = row.user_id, actor = row.actor_id, client = row.client_id, grant = row.grant_id,
            address = row.address, reference = row.reference,
            "{} {}", row.kind, row.outcome
        );
        let id = row.id.clone();
        // What the event tells of has been done: its answer must not wait for a database that is away.
        let sent = self.queue.send_timeout(Message::Event(Box::new(row)), PATIENCE).await;
        if sent.is_err() {
            tracing::error!(id, "the audit trail does not keep up; an event is only in the log");
        }
        id
    }

    /// Takes a refusal from the budget of where it came from; the first within budget says how many were not.
    fn may_refuse(&self, row: &mut EventRow) -> bool {
        let place = subscriber(row.address.as_deref().unwrap_or_default());
        if self.refusals.check_key(&place).is_err() {
            self.suppressed.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        let missed = self.suppressed.swap(0, Ordering::Relaxed);
        if missed > 0 {
            let detail = row.detail.take().unwrap_or_default();
            row.detail = Some(format!("{detail} ({missed} more refusals before this one were not written)"));
        }
        true
    }

    /// Forgets places that have been quiet.
    pub fn forget_quiet(&self) {
        self.refusals.retain_recent();
        self.refusals.shrink_to_fit();
    }

    /// Waits until everything recorded so far is written, but not for ever.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        let flushing = async {
            if self.queue.send(Message::Flush(done)).await.is_ok() {
                let _ = written.await;
            }
        };
        if tokio::time::timeout(LAST_FLUSH, flushing).await.is_err() {
            tracing::error!("the last audit events could not be written in time; they are in the log only");
        }
    }
}

async fn write_all(store: Store, mut queue: mpsc::Receiver<Message>) {
    let mut messages = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut messages, BATCH).await > 0 {
        let mut events = Vec::with_capacity(messages.len());
        let mut flushes = Vec::new();
        for message in messages.drain(..) {
            match message {
                Message::Event(row) => events.push(*row),
                Message::Flush(done) => flushes.push(done),
            }
        }
        if !events.is_empty() {
            write_batch(&store, events).await;
        }
        for done in flushes {
            let _ = done.send(());
        }
    }
}

/// Writes a group, trying again while the database is away; the queue fills up behind it meanwhile. When the
/// database refuses the group itself, each event is written alone, so that one cannot take others with it.
async fn write_batch(store: &Store, events: Vec<EventRow>) {
    for attempt in 0..RETRIES {
        match store.add_events(events.clone()).await {
            Ok(()) => return,
            Err(error @ StoreError::Unavailable(_)) => {
                tracing::error!(%error, attempt, count = events.len(), "audit events could not be written");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(_) => return write_singly(store, events).await,
        }
    }
    tracing::error!(count = events.len(), "audit events were given up; they are in the log only");
}

async fn write_singly(store: &Store, events: Vec<EventRow>) {
    for event in events {
        let id = event.id.clone();
        if let Err(error) = store.add_events(vec![event]).await {
            tracing::error!(%error, id, "an audit event was refused; it is in the log only");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Event;

    #[test]
    fn every_event_is_listed_and_read_back() {
        let is_arm = |line: &&str| line.starts_with("            Self::") && line.contains(" => ");
        let arms = include_str!("event.rs").lines().filter(is_arm).count();
        assert_eq!(Event::ALL.len(), arms, "add the new event to Event::ALL");
        for event in Event::ALL {
            assert_eq!(Event::parse(event.as_str()), Some(*event));
        }
        assert_eq!(Event::parse("nothing.happened"), None);
    }
}
