//! A document of an issuer elsewhere that is fetched when it is needed, and kept.
//!
//! | what is kept           | what is wanted is in it | asked for last         | what happens                                |
//! |------------------------|-------------------------|------------------------|---------------------------------------------|
//! | nothing                | –                       | never                  | fetched; whoever comes meanwhile waits      |
//! | nothing                | –                       | [`SHORT_PAUSE`] ago    | fetched                                     |
//! | nothing                | –                       | more recently, in vain | the caller is told to come back             |
//! | younger than [`FRESH`] | yes                     | –                      | used                                        |
//! | older                  | yes                     | [`PAUSE`] ago          | used, and renewed behind the request        |
//! | older                  | yes                     | more recently, in vain | used                                        |
//! | older than [`LONGEST`] | –                       | –                      | as if there was nothing                     |
//! | something              | no                      | not *for this* within [`PAUSE`] | fetched                            |
//! | something              | no                      | for this within [`PAUSE`] | it is not there; or, if asking failed, the caller is told to come back |
//!
//! One fetch is under way at a time. It is a task of its own: a caller who hangs up does not stop it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Mutex;

use super::fetch::{Fault, Http};
use crate::types::Timestamp;

/// How long it is used without asking again, in seconds.
pub const FRESH: i64 = 300;
/// How long it is used at most while the issuer cannot be asked, in seconds: a day.
pub const LONGEST: i64 = 86_400;
/// The time between two attempts while what is kept still serves, in seconds; also the time between two looks for
/// something that is not in it, so that made-up names of keys cost the issuer no more.
pub const PAUSE: i64 = 30;
/// The time between two attempts while nothing is kept, in seconds.
pub const SHORT_PAUSE: i64 = 3;

/// What is known of what is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// When what is kept was fetched.
    pub fetched_at: Option<Timestamp>,
    /// When it was last asked for.
    pub asked_at: Option<Timestamp>,
    /// When it was last asked for something that was not in it.
    pub sought_at: Option<Timestamp>,
    /// Whether the last attempt failed.
    pub failed: bool,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Use,
    /// Use it; fetch it anew without waiting.
    UseAndRenew,
    Fetch,
    /// It is not there.
    Missing,
    /// It cannot be had now.
    Unavailable,
}

/// The table above. `is_there`: what is wanted is in what is kept.
pub fn decide(facts: Facts, is_there: bool, now: Timestamp) -> Step {
    let past = |at: Option<Timestamp>, pause: i64| at.is_none_or(|at| now - at >= pause);
    let Some(fetched_at) = facts.fetched_at.filter(|at| now - at < LONGEST) else {
        return if past(facts.asked_at, SHORT_PAUSE) { Step::Fetch } else { Step::Unavailable };
    };
    if is_there {
        let is_due = now - fetched_at >= FRESH && past(facts.asked_at, PAUSE);
        return if is_due { Step::UseAndRenew } else { Step::Use };
    }
    match (past(facts.sought_at, PAUSE), facts.failed) {
        (true, _) => Step::Fetch,
        (false, true) => Step::Unavailable,
        (false, false) => Step::Missing,
    }
}

/// Reads a document; what was kept before is there to be compared with.
type Read<T> = dyn Fn(&[u8], Option<&T>) -> Result<T, Fault> + Send + Sync;

/// Why something is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    Missing,
    Unavailable,
}

/// Documents by their URL; clones share them. As many as administrators wrote down, and as the metadata of
/// those named since the start.
pub type Shelf<T> = Arc<RwLock<HashMap<String, Arc<Kept<T>>>>>;

/// The document at this URL, with a place on the shelf from now on.
pub fn kept<T>(shelf: &Shelf<T>, url: String, new: impl FnOnce(String) -> Arc<Kept<T>>) -> Arc<Kept<T>> {
    let found = shelf.read().unwrap_or_else(PoisonError::into_inner).get(&url).map(Arc::clone);
    found.unwrap_or_else(|| {
        let mut shelf = shelf.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(shelf.entry(url.clone()).or_insert_with(|| new(url)))
    })
}

/// The document at one URL.
pub struct Kept<T> {
    url: String,
    read: Box<Read<T>>,
    http: Http,
    held: RwLock<Held<T>>,
    /// Held while it is fetched.
    fetching: Arc<Mutex<()>>,
}

struct Held<T> {
    value: Option<Arc<T>>,
    facts: Facts,
    /// How often it was asked for.
    attempts: u64,
}

impl<T: Send + Sync + 'static> Kept<T> {
    pub fn new(
        url: String,
        http: Http,
        read: impl Fn(&[u8], Option<&T>) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let held = Held { value: None, facts: Facts::default(), attempts: 0 };
        Arc::new(Self { url, read: Box::new(read), http, held: RwLock::new(held), fetching: Arc::default() })
    }

    /// Whether what is kept may still be used; renews it when that is due. Never waits.
    pub fn serves(self: &Arc<Self>, now: Timestamp) -> bool {
        let facts = self.look(|held| held.facts);
        match decide(facts, true, now) {
            Step::Use => true,
            Step::UseAndRenew => {
                self.renew(now);
                true
            }
            Step::Fetch | Step::Missing | Step::Unavailable => false,
        }
    }

    /// The document with what is wanted in it, by the table above.
    pub async fn get(
        self: &Arc<Self>,
        now: Timestamp,
        is_there: impl Fn(&T) -> bool + Send,
    ) -> Result<Arc<T>, Lack> {
        for may_fetch in [true, false] {
            let (value, facts, attempts) = self.look(|held| (held.value.clone(), held.facts, held.attempts));
            let found = value.filter(|value| is_there(value));
            match (decide(facts, found.is_some(), now), found) {
                (Step::Use, Some(value)) => return Ok(value),
                (Step::UseAndRenew, Some(value)) => {
                    self.renew(now);
                    return Ok(value);
                }
                (Step::Missing, _) => return Err(Lack::Missing),
                (Step::Fetch, found) if may_fetch => {
                    let is_sought = found.is_none() && facts.fetched_at.is_some();
                    self.fetch(now, is_sought, attempts).await;
                }
                // It was fetched just now, for the first time, and is without it.
                (Step::Fetch, None) if !facts.failed => return Err(Lack::Missing),
                _ => return Err(Lack::Unavailable),
            }
        }
        Err(Lack::Unavailable)
    }

    fn renew(self: &Arc<Self>, now: Timestamp) {
        let Ok(turn) = Arc::clone(&self.fetching).try_lock_owned() else { return };
        let facts = self.look(|held| held.facts);
        // Another was faster between the decision and the lock.
        if decide(facts, true, now) != Step::UseAndRenew {
            return;
        }
        let kept = Arc::clone(self);
        tokio::spawn(async move {
            kept.ask(now, false).await;
            drop(turn);
        });
    }

    /// Fetches it, unless somebody did since there were so many attempts.
    async fn fetch(self: &Arc<Self>, now: Timestamp, is_sought: bool, attempts: u64) {
        let turn = Arc::clone(&self.fetching).lock_owned().await;
        if self.look(|held| held.attempts) != attempts {
            return;
        }
        let kept = Arc::clone(self);
        let task = tokio::spawn(async move {
            kept.ask(now, is_sought).await;
            drop(turn);
        });
        let _ = task.await;
    }

    /// Asks, and notes how it went all at once: until then whoever comes decides as before, and waits for the turn.
    async fn ask(&self, now: Timestamp, is_sought: bool) {
        let answer = self.http.get(&self.url).await;
        let before = self.look(|held| held.value.clone());
        let read = answer.and_then(|bytes| (self.read)(&bytes, before.as_deref()));
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.attempts += 1;
        held.facts.asked_at = Some(now);
        if is_sought {
            held.facts.sought_at = Some(now);
        }
        held.facts.failed = read.is_err();
        match read {
            Ok(value) => {
                held.value = Some(Arc::new(value));
                held.facts.fetched_at = Some(now);
            }
            Err(fault) => tracing::warn!(url = self.url, %fault, "a document of an issuer could not be had"),
        }
    }

    /// Nothing is left half-written by a panic elsewhere: go on with it.
    fn look<R>(&self, with: impl FnOnce(&Held<T>) -> R) -> R {
        with(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_decides() {
        use Step::{Fetch, Missing, Unavailable, Use, UseAndRenew};
        let facts = |fetched: Option<i64>, asked: Option<i64>, sought: Option<i64>, failed| Facts {
            fetched_at: fetched.map(|ago| 1_000_000 - ago),
            asked_at: asked.map(|ago| 1_000_000 - ago),
            sought_at: sought.map(|ago| 1_000_000 - ago),
            failed,
        };
        for (fetched, asked, sought, failed, is_there, expected) in [
            // Nothing is kept.
            (None, None, None, false, false, Fetch),
            (None, Some(0), None, true, false, Unavailable),
            (None, Some(2), None, true, false, Unavailable),
            (None, Some(3), None, true, false, Fetch),
            // It is fresh.
            (Some(0), Some(0), None, false, true, Use),
            (Some(299), Some(299), None, false, true, Use),
            // It is older.
            (Some(300), Some(300), None, false, true, UseAndRenew),
            (Some(300), Some(29), None, true, true, Use),
            (Some(300), Some(30), None, true, true, UseAndRenew),
            (Some(86_399), Some(30), None, true, true, UseAndRenew),
            // It is too old.
            (Some(86_400), Some(30), None, true, true, Fetch),
            (Some(86_400), Some(1), None, true, true, Unavailable),
            // Something is not in it.
            (Some(0), Some(0), None, false, false, Fetch),
            (Some(0), Some(0), Some(0), false, false, Missing),
            (Some(29), Some(29), Some(29), false, false, Missing),
            (Some(30), Some(30), Some(30), false, false, Fetch),
            (Some(100), Some(10), Some(10), true, false, Unavailable),
            (Some(100), Some(30), Some(30), true, false, Fetch),
        ] {
            let facts = facts(fetched, asked, sought, failed);
            assert_eq!(decide(facts, is_there, 1_000_000), expected, "{facts:?}, there: {is_there}");
        }
    }
}
