//! New events for administrators who watch: one look at the database every half second for all of them, none when
//! nobody watches. Since it is the database that is asked, events of other processes appear as well.
//!
//! Events are written in groups, so one may become visible after a later one. Each look therefore goes back a few
//! seconds and leaves out what it has told already.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{broadcast, watch};

use crate::accounts::{Accounts, session};
use crate::store::audit_search::SeenEvent;
use crate::store::{Store, StoreError};
use crate::types::Clock;
use crate::types::ids::{self, Kind};

/// How often the database is asked.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How far each look goes back, in seconds; the clocks of processes must agree better than that.
const OVERLAP: i64 = 5;
/// Events one look reads at most; of more, the newest.
const MOST: i64 = 1000;
/// Events a slow watcher may be behind.
const BEHIND: usize = 1024;
/// Streams of one administrator, and of all.
const PER_PERSON: usize = 5;
const IN_ALL: usize = 50;

/// Too many are watching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

/// Who watches; clones share it.
#[derive(Clone)]
pub struct Feed(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    watching: Mutex<Watching>,
    ended: watch::Sender<bool>,
}

#[derive(Default)]
struct Watching {
    by_person: HashMap<String, usize>,
    total: usize,
    /// There while somebody looks at the database.
    events: Option<broadcast::Sender<Arc<SeenEvent>>>,
}

/// One who watches. Dropping it gives the place back.
pub struct Watcher {
    feed: Feed,
    user_id: String,
    events: broadcast::Receiver<Arc<SeenEvent>>,
    ended: watch::Receiver<bool>,
}

impl Feed {
    pub fn new(store: Store, clock: Clock) -> Self {
        let (ended, _) = watch::channel(false);
        Self(Arc::new(Inner { store, clock, watching: Mutex::default(), ended }))
    }

    /// Watches from now on.
    pub fn watch(&self, user_id: &str) -> Result<Watcher, TooMany> {
        let mut watching = self.lock();
        let held = watching.by_person.get(user_id).copied().unwrap_or_default();
        if held >= PER_PERSON || watching.total >= IN_ALL {
            return Err(TooMany);
        }
        watching.by_person.insert(user_id.to_owned(), held + 1);
        watching.total += 1;
        let events = if let Some(sender) = &watching.events {
            sender.subscribe()
        } else {
            let (sender, receiver) = broadcast::channel(BEHIND);
            watching.events = Some(sender.clone());
            tokio::spawn(self.clone().look(sender));
            receiver
        };
        drop(watching);
        Ok(Watcher {
            feed: self.clone(),
            user_id: user_id.to_owned(),
            events,
            ended: self.0.ended.subscribe(),
        })
    }

    /// How many watch.
    pub fn len(&self) -> usize {
        self.lock().total
    }

    /// Whether nobody watches.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends every stream, for good.
    pub fn shut_down(&self) {
        self.0.ended.send_replace(true);
    }

    /// Events from a little before `id` on, for whoever comes back.
    pub async fn missed(&self, id: &str) -> Result<Vec<SeenEvent>, StoreError> {
        let Some(at) = ids::made_at(id) else { return Ok(Vec::new()) };
        self.0.store.events_since(&ids::first_of(Kind::Event, at - OVERLAP), 200).await
    }

    async fn look(self, sender: broadcast::Sender<Arc<SeenEvent>>) {
        let mut told: Option<BTreeSet<String>> = None;
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if self.is_over() {
                return;
            }
            let since = ids::first_of(Kind::Event, self.0.clock.now() - OVERLAP);
            let events = match self.0.store.events_since(&since, MOST).await {
                Ok(events) => events,
                Err(error) => {
                    tracing::warn!(%error, "new audit events could not be read");
                    continue;
                }
            };
            // The first look finds what was there before.
            let is_first = told.is_none();
            let told = told.get_or_insert_default();
            for event in events {
                if told.insert(event.event.id.clone()) && !is_first {
                    let _ = sender.send(Arc::new(event));
                }
            }
            *told = told.split_off(&since);
        }
    }

    /// Nobody watches any more: whoever comes next starts another look.
    fn is_over(&self) -> bool {
        let mut watching = self.lock();
        let over = watching.total == 0;
        if over {
            watching.events = None;
        }
        over
    }

    /// A panic elsewhere cannot leave the counts half-changed: go on with them.
    fn lock(&self) -> MutexGuard<'_, Watching> {
        self.0.watching.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher {
    /// The next event; nothing when the server stops.
    pub async fn next(&mut self) -> Option<Arc<SeenEvent>> {
        loop {
            if *self.ended.borrow() {
                return None;
            }
            tokio::select! {
                _ = self.ended.changed() => return None,
                event = self.events.recv() => match event {
                    Ok(event) => return Some(event),
                    // It goes on with the oldest that is still there.
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
            }
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut watching = self.feed.lock();
        watching.total -= 1;
        let left = watching.by_person.get(&self.user_id).map_or(0, |held| held - 1);
        if left == 0 {
            watching.by_person.remove(&self.user_id);
        } else {
            watching.by_person.insert(self.user_id.clone(), left);
        }
    }
}

/// Whether a session is still a live one of an administrator. Unlike a request, looking keeps no session alive.
pub async fn may_watch(accounts: &Accounts, session_id: &str) -> Result<bool, StoreError> {
    let Some(row) = accounts.store.find_session(session_id).await? else { return Ok(false) };
    if !session::is_live(&row, accounts.sessions.idle, accounts.clock.now()) {
        return Ok(false);
    }
    let user = accounts.store.find_user(&row.user_id).await?;
    Ok(user.is_some_and(|user| user.is_admin && user.disabled_at.is_none()))
}
