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
//! | from the future: the clock was set back | yes    | [`PAUSE`] ago, or in the future | used, and renewed behind the request; from then on it counts as fetched now |
//! | something              | no                      | for this within [`PAUSE`] | it is not there; or, if asking failed, the caller is told to come back |
//! | something              | no                      | not for this, and a look is left | fetched                           |
//! | something              | no                      | not for this, and no look is left | the caller is told to come back  |
//!
//! One fetch is under way at a time, and whoever comes meanwhile waits for it. It is a task of its own: a caller who
//! hangs up does not stop it. A pause begins when the attempt has ended, so that one who answers slowly is not asked
//! without a pause.
//!
//! Looks for what is not there are bounded, since strangers make up names: [`LOOKS`] at once, and one more every
//! [`LOOK_EVERY`] seconds. Each brings the whole document, so something new is found by the next look at the latest,
//! whoever caused it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use super::fetch::{Fault, Http};
use crate::types::Timestamp;

/// How long it is used without asking again, in seconds.
pub const FRESH: i64 = 300;
/// How long it is used at most while the issuer cannot be asked, in seconds: a day.
pub const LONGEST: i64 = 86_400;
/// The time between two attempts while what is kept still serves, in seconds; also the time between two looks for the
/// same thing that is not in it.
pub const PAUSE: i64 = 30;
/// How many looks for things that are not in it there are at once.
pub const LOOKS: i64 = 5;
/// How long it takes until there is one more of them, in seconds.
pub const LOOK_EVERY: i64 = 10;
/// How many things that were looked for in vain are remembered: more than there are looks in a [`PAUSE`].
const MOST_SOUGHT: usize = 256;
/// The time between two attempts while nothing is kept, in seconds.
pub const SHORT_PAUSE: i64 = 3;

/// What lies further in the future than this, in seconds, was noted before the clock was set back. Less is no more than
/// the order in which requests come back from waiting.
const SLACK: i64 = 60;

/// What is known of what is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// When what is kept was fetched.
    pub fetched_at: Option<Timestamp>,
    /// When it was last asked for.
    pub asked_at: Option<Timestamp>,
    /// When what is wanted now was last looked for in vain.
    pub sought_at: Option<Timestamp>,
    /// Whether there is a look left for what is not in it.
    pub may_look: bool,
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
    let is_ahead = |at: Timestamp| at - now > SLACK;
    let past = |at: Option<Timestamp>, pause: i64| at.is_none_or(|at| now - at >= pause || is_ahead(at));
    let Some(fetched_at) = facts.fetched_at.filter(|at| now - at < LONGEST) else {
        return if past(facts.asked_at, SHORT_PAUSE) { Step::Fetch } else { Step::Unavailable };
    };
    if is_there {
        let is_old = now - fetched_at >= FRESH || is_ahead(fetched_at);
        let is_due = is_old && past(facts.asked_at, PAUSE);
        return if is_due { Step::UseAndRenew } else { Step::Use };
    }
    match (past(facts.sought_at, PAUSE), facts.may_look, facts.failed) {
        (true, true, _) => Step::Fetch,
        (false, _, false) => Step::Missing,
        (true, false, _) | (false, _, true) => Step::Unavailable,
    }
}

/// Takes one of the looks. `full_at`: when all of them are back. Returns when they are after this one; nothing when none
/// is left.
fn take_look(full_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    // Later than all of them take to come back: the clock was set back.
    let full_at = if full_at - now > LOOKS * LOOK_EVERY { now } else { full_at.max(now) };
    (full_at - now <= (LOOKS - 1) * LOOK_EVERY).then_some(full_at + LOOK_EVERY)
}

/// Since when something counts as kept, after it was asked for: what is from the future is of an age that nobody knows
/// any more, and counts from now on.
fn kept_since(fetched_at: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    fetched_at.map(|at| at.min(now))
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
/// those names: what nobody names any more is taken off ([`keep`]).
pub type Shelf<T> = Arc<RwLock<HashMap<String, Arc<Kept<T>>>>>;

/// The document at this URL, with a place on the shelf from now on.
pub fn kept<T>(shelf: &Shelf<T>, url: String, new: impl FnOnce(String) -> Arc<Kept<T>>) -> Arc<Kept<T>> {
    let found = shelf.read().unwrap_or_else(PoisonError::into_inner).get(&url).map(Arc::clone);
    found.unwrap_or_else(|| {
        let mut shelf = shelf.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(shelf.entry(url.clone()).or_insert_with(|| new(url)))
    })
}

/// What is kept of the document with this place on the shelf, of whatever age; nothing where there is none.
pub fn peek<T: Send + Sync + 'static>(shelf: &Shelf<T>, url: &str) -> Option<Arc<T>> {
    let found = shelf.read().unwrap_or_else(PoisonError::into_inner).get(url).map(Arc::clone)?;
    found.look(|held| held.value.clone())
}

/// What has a place on the shelf.
pub fn places<T>(shelf: &Shelf<T>) -> Vec<String> {
    shelf.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
}

/// Takes everything off the shelf but these.
pub fn keep<T>(shelf: &Shelf<T>, is_named: impl Fn(&str) -> bool) {
    shelf.write().unwrap_or_else(PoisonError::into_inner).retain(|url, _| is_named(url));
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
    fetched_at: Option<Timestamp>,
    asked_at: Option<Timestamp>,
    failed: bool,
    /// What was looked for in vain, by the hash of its name, and when.
    sought: HashMap<[u8; 32], Timestamp>,
    /// When all looks are back.
    looks_full_at: Timestamp,
    /// How often it was asked for.
    attempts: u64,
}

impl<T> Default for Held<T> {
    fn default() -> Self {
        Self {
            value: None,
            fetched_at: None,
            asked_at: None,
            failed: false,
            sought: HashMap::new(),
            looks_full_at: 0,
            attempts: 0,
        }
    }
}

impl<T> Held<T> {
    /// What is known, for somebody who wants this.
    fn facts(&self, name: &[u8; 32], now: Timestamp) -> Facts {
        Facts {
            fetched_at: self.fetched_at,
            asked_at: self.asked_at,
            sought_at: self.sought.get(name).copied(),
            may_look: take_look(self.looks_full_at, now).is_some(),
            failed: self.failed,
        }
    }

    /// Remembers that this was looked for in vain.
    fn remember(&mut self, name: [u8; 32], now: Timestamp) {
        if self.sought.len() >= MOST_SOUGHT {
            self.sought.retain(|_, at| (0..PAUSE).contains(&(now - *at)));
        }
        if self.sought.len() < MOST_SOUGHT {
            self.sought.insert(name, now);
        }
    }
}

/// The name of the document as a whole.
const WHOLE: [u8; 32] = [0; 32];

impl<T: Send + Sync + 'static> Kept<T> {
    pub fn new(
        url: String,
        http: Http,
        read: impl Fn(&[u8], Option<&T>) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let held = Held::default();
        Arc::new(Self { url, read: Box::new(read), http, held: RwLock::new(held), fetching: Arc::default() })
    }

    /// Whether what is kept may still be used; renews it when that is due. Never waits.
    pub fn serves(self: &Arc<Self>, now: Timestamp) -> bool {
        let facts = self.look(|held| held.facts(&WHOLE, now));
        match decide(facts, true, now) {
            Step::Use => true,
            Step::UseAndRenew => {
                self.renew(now);
                true
            }
            Step::Fetch | Step::Missing | Step::Unavailable => false,
        }
    }

    /// The document, whatever is in it, by the table above.
    pub async fn get(self: &Arc<Self>, now: Timestamp) -> Result<Arc<T>, Lack> {
        self.wanted(now, WHOLE, |_| true).await
    }

    /// The document with what goes by this name in it, by the table above.
    pub async fn get_with(
        self: &Arc<Self>,
        now: Timestamp,
        name: &str,
        is_there: impl Fn(&T) -> bool + Send,
    ) -> Result<Arc<T>, Lack> {
        self.wanted(now, Sha256::digest(name.as_bytes()).into(), is_there).await
    }

    async fn wanted(
        self: &Arc<Self>,
        now: Timestamp,
        name: [u8; 32],
        is_there: impl Fn(&T) -> bool + Send,
    ) -> Result<Arc<T>, Lack> {
        for may_fetch in [true, false] {
            let (value, facts, attempts) =
                self.look(|held| (held.value.clone(), held.facts(&name, now), held.attempts));
            let found = value.filter(|value| is_there(value));
            match (decide(facts, found.is_some(), now), found) {
                (Step::Use, Some(value)) => return Ok(value),
                (Step::UseAndRenew, Some(value)) => {
                    self.renew(now);
                    return Ok(value);
                }
                (Step::Missing, _) => return Err(Lack::Missing),
                (Step::Fetch, found) if may_fetch => {
                    // What is too old to be used does not count as something that it is not in.
                    let is_kept = facts.fetched_at.is_some_and(|at| now - at < LONGEST);
                    let sought = (found.is_none() && is_kept).then_some(name);
                    self.fetch(now, sought, attempts).await;
                }
                // It was fetched just now, for the first time or for somebody else, and is without it.
                (Step::Fetch | Step::Unavailable, None) if !may_fetch && !facts.failed => {
                    return Err(Lack::Missing);
                }
                _ => return Err(Lack::Unavailable),
            }
        }
        Err(Lack::Unavailable)
    }

    fn renew(self: &Arc<Self>, now: Timestamp) {
        let Ok(turn) = Arc::clone(&self.fetching).try_lock_owned() else { return };
        let facts = self.look(|held| held.facts(&WHOLE, now));
        // Another was faster between the decision and the lock.
        if decide(facts, true, now) != Step::UseAndRenew {
            return;
        }
        let kept = Arc::clone(self);
        tokio::spawn(async move {
            kept.ask(now, None).await;
            drop(turn);
        });
    }

    /// Fetches it, unless somebody did since there were so many attempts.
    /// `sought`: what is missing in what is kept.
    async fn fetch(self: &Arc<Self>, now: Timestamp, sought: Option<[u8; 32]>, attempts: u64) {
        let turn = Arc::clone(&self.fetching).lock_owned().await;
        if self.look(|held| held.attempts) != attempts {
            return;
        }
        let kept = Arc::clone(self);
        let task = tokio::spawn(async move {
            kept.ask(now, sought).await;
            drop(turn);
        });
        let _ = task.await;
    }

    /// Asks, and notes how it went all at once: until then whoever comes decides as before, and waits for the turn.
    async fn ask(&self, now: Timestamp, sought: Option<[u8; 32]>) {
        let begun = Instant::now();
        let answer = self.http.get(&self.url).await;
        let before = self.look(|held| held.value.clone());
        let read = answer.and_then(|bytes| (self.read)(&bytes, before.as_deref()));
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.attempts += 1;
        held.asked_at = Some(now + i64::try_from(begun.elapsed().as_secs()).unwrap_or_default());
        if let Some(name) = sought {
            held.remember(name, now);
            held.looks_full_at = take_look(held.looks_full_at, now).unwrap_or(held.looks_full_at);
        }
        held.failed = read.is_err();
        held.fetched_at = kept_since(held.fetched_at, now);
        match read {
            Ok(value) => {
                held.value = Some(Arc::new(value));
                held.fetched_at = Some(now);
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
            may_look: true,
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
            // Requests that waited for one another see each other's times.
            (Some(-60), Some(-60), None, false, true, Use),
            (Some(-60), Some(-60), Some(-60), false, false, Missing),
            // The clock was set back by an hour.
            (Some(-3600), Some(-3600), None, false, true, UseAndRenew),
            (Some(-3600), Some(10), None, true, true, Use),
            (Some(-3600), Some(-3600), Some(-3600), false, false, Fetch),
            (Some(299), Some(-3600), Some(-3600), false, true, Use),
            (None, Some(-3600), None, true, false, Fetch),
        ] {
            let facts = facts(fetched, asked, sought, failed);
            assert_eq!(decide(facts, is_there, 1_000_000), expected, "{facts:?}, there: {is_there}");
        }
        // No look is left.
        for (sought, failed, is_there, expected) in [
            (None, false, false, Unavailable),
            (Some(29), false, false, Missing),
            (Some(30), false, false, Unavailable),
            (None, false, true, Use),
        ] {
            let facts = Facts { may_look: false, ..facts(Some(100), Some(10), sought, failed) };
            assert_eq!(decide(facts, is_there, 1_000_000), expected, "{facts:?}, there: {is_there}");
        }
        let nothing_kept = Facts { may_look: false, ..facts(None, Some(3), None, true) };
        assert_eq!(decide(nothing_kept, false, 1_000_000), Fetch);
    }

    #[test]
    fn looks_are_few_and_come_back() {
        let mut full_at = 0;
        let mut taken = |now, wanted| {
            let mut take = || take_look(full_at, now).inspect(|at| full_at = *at);
            (0..wanted).map_while(|_| take()).count()
        };
        assert_eq!(taken(1000, 10), 5);
        assert_eq!(taken(1009, 10), 0);
        assert_eq!(taken(1010, 10), 1);
        assert_eq!(taken(1035, 10), 2);
        assert_eq!(taken(9000, 10), 5);
        assert_eq!(taken(100, 10), 5, "the clock was set back");
    }

    #[test]
    fn names_that_are_made_up_fill_no_memory() {
        let mut held: Held<()> = Held::default();
        let name = |n: usize| Sha256::digest(n.to_string()).into();
        for n in 0..MOST_SOUGHT + 10 {
            held.remember(name(n), 1000);
        }
        assert_eq!(held.sought.len(), MOST_SOUGHT);
        assert_eq!(held.facts(&name(0), 1001).sought_at, Some(1000));
        held.remember(name(0), 1000 + PAUSE);
        assert_eq!(held.sought.len(), 1);
    }

    /// Keys do not outlive an issuer that is away by more than a day, and it is not asked at every call.
    #[test]
    fn after_the_clock_was_set_back_things_live_and_are_asked_for_as_ever() {
        let back = 900_000;
        let facts = |fetched_at, asked_at| Facts {
            fetched_at,
            asked_at: Some(asked_at),
            sought_at: None,
            may_look: true,
            failed: true,
        };
        assert_eq!(decide(facts(Some(1_000_000), 1_000_000), true, back), Step::UseAndRenew);
        let since = kept_since(Some(1_000_000), back);
        assert_eq!(since, Some(back));
        assert_eq!(decide(facts(since, back), true, back + PAUSE - 1), Step::Use);
        let since = kept_since(since, back + FRESH);
        assert_eq!(
            decide(facts(since, back + FRESH), true, back + LONGEST),
            Step::Fetch,
            "a day, and no longer"
        );
    }
}
