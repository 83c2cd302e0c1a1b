//! A safe GET of documents that strangers name: client ID metadata documents and key sets.
//! Law: draft-ietf-oauth-client-id-metadata-document §4, §6 · RFC 9111
//!
//! Whoever sends a `client_id` chooses where this server sends a request. So it may choose little: https to the public
//! internet, one small JSON answer, seldom.
//!
//! | what                                        | how                                             | where      |
//! |---------------------------------------------|-------------------------------------------------|------------|
//! | which URLs                                  | https; loopback only in development             | `target`   |
//! | which addresses                             | public ones; looked up once, then connected to  | `address`, `resolve` |
//! | which answers                               | 200, JSON, small, whole, not compressed, in time| `http`     |
//! | how long they are used                      | what HTTP says, 1 minute to 1 day; a failure 10 s | `fresh`  |
//! | how often                                   | [`PER_HOST`] a minute and host, [`IN_FLIGHT`] at a time | here |
//! | how many names are looked up                | 16 at a time, until the resolver is done with them | `resolve` |
//! | for clients that nobody relied on yet       | as often, and as many names, counted apart; half as many at a time | here |
//! | the same URL for many                       | one fetch; the others wait for its answer       | here       |
//!
//! What the bytes mean is for the caller to say; who finds that they mean nothing calls [`Fetcher::is_useless`].

mod address;
mod fault;
mod fresh;
mod http;
mod resolve;
mod target;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use moka::sync::Cache;
use tokio::sync::watch;

pub use address::is_public;
pub use fault::Fault;
pub use http::{NoClient, Patience, Wanted};
pub use resolve::{Barred, Guarded, Lookup, System};
pub use target::Reach;

use crate::types::{Clock, Timestamp};
use fresh::{BACK_OFF, Facts, is_due};
use http::{Body, Http};
use target::Target;

/// The largest key set, in bytes.
pub const MAX_KEYS: usize = 64 * 1024;
/// The most fetches under way at a time, and of these to one host.
pub const IN_FLIGHT: usize = 32;
const IN_FLIGHT_PER_HOST: usize = 4;
/// The most fetches from one host in a minute.
pub const PER_HOST: u32 = 30;
/// What may be held, in bytes.
const HELD: u64 = 16 * 1024 * 1024;
/// The most hosts whose fetches are counted.
const HOSTS: u64 = 10_000;
/// What an entry costs beside its text.
const ENTRY: usize = 256;

/// What a fetcher is made of.
#[derive(Clone)]
pub struct Options {
    pub reach: Reach,
    /// The largest document of a client, in bytes.
    pub max_document: usize,
    pub patience: Patience,
    pub lookup: Arc<dyn Lookup>,
    /// The same for documents of clients that nobody has relied on yet.
    pub lookup_of_strangers: Arc<dyn Lookup>,
    pub clock: Clock,
}

impl Options {
    /// The usual ones, with the machine's resolver.
    pub fn new(reach: Reach, max_document: usize, clock: Clock) -> Self {
        Self {
            reach,
            max_document,
            patience: Patience::default(),
            lookup: Arc::new(System::default()),
            lookup_of_strangers: Arc::new(System::default()),
            clock,
        }
    }
}

/// A document as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub bytes: Vec<u8>,
    pub fetched_at: Timestamp,
    /// Until when it is used without asking again.
    pub fresh_until: Timestamp,
    /// Until when it may be used while its host is away.
    longest: Timestamp,
}

type Outcome = Result<Arc<Answer>, Fault>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    wanted: Wanted,
    url: String,
}

/// What is held of a document.
#[derive(Clone)]
struct Held {
    outcome: Outcome,
    facts: Facts,
}

/// How something is asked for.
#[derive(Clone, Copy, Default)]
struct Ask {
    /// Although what is held is fresh.
    anew: bool,
    /// For a client that nobody has relied on yet.
    by_stranger: bool,
}

struct Flight {
    host: String,
    by_stranger: bool,
    landed: watch::Receiver<Option<Outcome>>,
}

struct Inner {
    http: Http,
    http_of_strangers: Http,
    reach: Reach,
    max_document: usize,
    clock: Clock,
    held: Cache<Key, Held>,
    flights: Mutex<HashMap<Key, Flight>>,
    /// By host: the minute, and the fetches in it.
    counts: Cache<String, (Timestamp, u32)>,
}

/// Fetches documents; clones share what is held.
#[derive(Clone)]
pub struct Fetcher(Arc<Inner>);

impl Fetcher {
    pub fn new(options: Options) -> Result<Self, NoClient> {
        let http = |lookup| Http::new(Guarded::new(lookup, options.reach), options.patience);
        let held = Cache::builder()
            .max_capacity(HELD)
            .weigher(|key: &Key, held: &Held| {
                let bytes = held.outcome.as_ref().map_or(0, |answer| answer.bytes.len());
                u32::try_from(ENTRY + key.url.len() + bytes).unwrap_or(u32::MAX)
            })
            .time_to_live(Duration::from_hours(25))
            .build();
        Ok(Self(Arc::new(Inner {
            http: http(options.lookup)?,
            http_of_strangers: http(options.lookup_of_strangers)?,
            reach: options.reach,
            max_document: options.max_document,
            clock: options.clock,
            held,
            flights: Mutex::default(),
            counts: Cache::builder().max_capacity(HOSTS).time_to_idle(Duration::from_mins(2)).build(),
        })))
    }

    /// How far this server may be sent.
    pub fn reach(&self) -> Reach {
        self.0.reach
    }

    /// The document of a client.
    pub async fn document(&self, url: &str) -> Outcome {
        self.get(Wanted::Document, url, Ask::default()).await
    }

    /// The same of a client that nobody has relied on yet. Such have half of the places and budgets of their own, so
    /// that whoever makes up URLs keeps nobody else out.
    pub async fn document_of_stranger(&self, url: &str) -> Outcome {
        self.get(Wanted::Document, url, Ask { by_stranger: true, ..Ask::default() }).await
    }

    /// A key set. `anew`: the one that was given before lacks a key; it is asked for again at most every 30 seconds.
    pub async fn keys(&self, url: &str, anew: bool) -> Outcome {
        self.get(Wanted::Keys, url, Ask { anew, ..Ask::default() }).await
    }

    /// The same of a client that nobody has relied on yet ([`Fetcher::document_of_stranger`]).
    pub async fn keys_of_stranger(&self, url: &str, anew: bool) -> Outcome {
        self.get(Wanted::Keys, url, Ask { anew, by_stranger: true }).await
    }

    /// What was given for this URL cannot be used: it is asked for again soon, and not used while its host is away.
    /// Returns the answer that is given from now on until then, always the same one; nothing where none is held.
    pub fn is_useless(&self, wanted: Wanted, url: &str) -> Option<Arc<Answer>> {
        let target = Target::parse(url, self.0.reach).ok()?;
        let key = Key { wanted, url: target.url.into() };
        let mut held = self.0.held.get(&key)?;
        let answer = held.outcome.as_ref().ok()?;
        let until = held.facts.until.min(held.facts.asked_at + BACK_OFF);
        if answer.longest <= until {
            return Some(Arc::clone(answer));
        }
        let answer = Arc::new(Answer { fresh_until: until, longest: until, ..(**answer).clone() });
        held.outcome = Ok(Arc::clone(&answer));
        held.facts.until = until;
        self.0.held.insert(key, held);
        Some(answer)
    }

    async fn get(&self, wanted: Wanted, url: &str, ask: Ask) -> Outcome {
        let target = Target::parse(url, self.0.reach)?;
        let key = Key { wanted, url: target.url.to_string() };
        let mut landed = match self.board(key, target, ask) {
            Boarding::Held(outcome) => return outcome,
            Boarding::Waits(landed) => landed,
        };
        let outcome = landed.wait_for(Option::is_some).await;
        outcome.ok().and_then(|outcome| outcome.clone()).unwrap_or(Err(Fault::Busy))
    }

    /// What is held; else the fetch that is under way; else a new one, a task of its own: a caller who hangs up does
    /// not stop it.
    fn board(&self, key: Key, target: Target, ask: Ask) -> Boarding {
        let now = self.0.clock.now();
        let mut flights = self.0.flights.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(&key) {
            return Boarding::Waits(flight.landed.clone());
        }
        let held = self.0.held.get(&key);
        if let Some(held) = held.as_ref().filter(|held| !is_due(Some(held.facts), ask.anew, now)) {
            return Boarding::Held(held.outcome.clone());
        }
        let good = held.and_then(|held| held.outcome.ok());
        // A stranger counts among strangers.
        let counted = || flights.values().filter(|flight| !ask.by_stranger || flight.by_stranger);
        let same_host = counted().filter(|flight| flight.host == target.host).count();
        let part = if ask.by_stranger { 2 } else { 1 };
        if flights.len() >= IN_FLIGHT
            || counted().count() >= IN_FLIGHT / part
            || same_host >= IN_FLIGHT_PER_HOST / part
        {
            return Boarding::Held(stale_or(good, Fault::Busy, now));
        }
        let budget = if ask.by_stranger { format!("?{}", target.host) } else { target.host.clone() };
        if !self.is_within_budget(&budget, now) {
            return Boarding::Held(stale_or(good, Fault::HostBudget, now));
        }
        let (sender, landed) = watch::channel(None);
        let flight =
            Flight { host: target.host.clone(), by_stranger: ask.by_stranger, landed: landed.clone() };
        flights.insert(key.clone(), flight);
        drop(flights);
        let (fetcher, ticket) = (self.clone(), Ticket { inner: Arc::clone(&self.0), key });
        tokio::spawn(async move {
            let outcome = fetcher.fetch(&ticket.key, &target, ask.by_stranger, good).await;
            // Held first: whoever comes from now on finds it there.
            drop(ticket);
            sender.send_replace(Some(outcome));
        });
        Boarding::Waits(landed)
    }

    async fn fetch(
        &self,
        key: &Key,
        target: &Target,
        by_stranger: bool,
        good: Option<Arc<Answer>>,
    ) -> Outcome {
        let limit = match key.wanted {
            Wanted::Document => self.0.max_document,
            Wanted::Keys => MAX_KEYS,
        };
        let start = Instant::now();
        let http = if by_stranger { &self.0.http_of_strangers } else { &self.0.http };
        let result = http.get(target, key.wanted, limit).await;
        tell(key.wanted, target, &result, start.elapsed());
        let now = self.0.clock.now();
        let (outcome, until) = match result {
            Ok(Body { bytes, lifetime }) => {
                let fresh_until = now + lifetime.fresh;
                let answer = Answer { bytes, fetched_at: now, fresh_until, longest: now + lifetime.longest };
                (Ok(Arc::new(answer)), fresh_until)
            }
            Err(fault) => (stale_or(good, fault, now), now + BACK_OFF),
        };
        let held = Held { outcome: outcome.clone(), facts: Facts { asked_at: now, until } };
        self.0.held.insert(key.clone(), held);
        outcome
    }

    /// Counts one more fetch from the host in this minute; `false` when there were enough.
    fn is_within_budget(&self, host: &str, now: Timestamp) -> bool {
        let minute = now.div_euclid(60);
        let entry = self.0.counts.entry_by_ref(host).and_upsert_with(|before| {
            match before.map(moka::Entry::into_value) {
                Some((then, count)) if then == minute => (then, count.saturating_add(1)),
                _ => (minute, 1),
            }
        });
        entry.into_value().1 <= PER_HOST
    }
}

enum Boarding {
    Held(Outcome),
    Waits(watch::Receiver<Option<Outcome>>),
}

/// A fetch under way; it is over when this is dropped, however it ended.
struct Ticket {
    inner: Arc<Inner>,
    key: Key,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.inner.flights.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

/// What was good before, where the failure says nothing of the document and it may be used that long.
fn stale_or(good: Option<Arc<Answer>>, fault: Fault, now: Timestamp) -> Outcome {
    good.filter(|answer| fault.is_passing() && now < answer.longest).ok_or(fault)
}

/// One line for each request that was sent. No query: it is the client's own business.
fn tell(wanted: Wanted, target: &Target, result: &Result<Body, Fault>, took: Duration) {
    let (host, path) = (target.host.as_str(), target.url.path());
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    match result {
        Ok(body) => {
            tracing::info!(
                wanted = wanted.as_str(),
                host,
                path,
                ms,
                bytes = body.bytes.len(),
                "a document was fetched"
            );
        }
        Err(fault) => {
            let (reason, detail) = (fault.reason(), fault.detail());
            tracing::warn!(
                wanted = wanted.as_str(),
                host,
                path,
                ms,
                reason,
                detail,
                "a document could not be had"
            );
        }
    }
}
