//! Which legacy MCP session belongs to whom, and how many there may be.
//!
//! rmcp knows only whether a session id exists, not whose it is, and has no upper limit. Owns: the map
//! from `Mcp-Session-Id` to its owner ([`super::Principal::session_owner`]), the caps per owner and in all,
//! and idle expiry. Does not own the sessions themselves (rmcp's manager inside [`super::transport`]) nor
//! the answers (`web/`).
//!
//! | Question | Answer of the web layer |
//! |---|---|
//! | the id is the caller's ([`Owner::Same`]) | let it through |
//! | the id is another caller's, or unknown | 404, the same bytes for both (MCP: terminated session) |
//! | `initialize` over a cap ([`Full`]) | 429 with `Retry-After`, before rmcp makes the session |
//!
//! A session ends with the grant that used it last ([`SessionGuard::take_revoked`]): after a step-up that is
//! the new one. It does not end with a token; the client carries it on with the next.
//!
//! A place is reserved before `initialize` and bound to the id afterwards, so parallel requests cannot
//! overshoot a cap. Revision 2026-07-28 has no sessions and never comes here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::types::{Clock, Timestamp};

/// Ids longer than this are nobody's. rmcp's are UUIDs of 36 characters.
const MAX_ID: usize = 128;
/// How much longer than rmcp an idle session is remembered, in seconds: never fewer are counted than exist.
const GRACE: i64 = 60;
/// With a full map the expired are looked for at most this often, in seconds.
const SWEEP_EVERY: i64 = 1;

/// How many sessions there may be, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// At most this many at a time for one owner.
    pub per_owner: usize,
    /// At most this many at a time in this process.
    pub total: usize,
    /// A session without a request for this many seconds ends.
    pub idle_seconds: u32,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { per_owner: 64, total: 10_000, idle_seconds: 300 }
    }
}

/// Whose a session id is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The caller's own.
    Same,
    /// Another caller's: answer as for [`Owner::Unknown`], and audit it.
    Other,
    /// Nobody's: never made, ended, or made by another process.
    Unknown,
}

/// Which cap refuses another session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// This owner has as many as one may have.
    #[error("too many MCP sessions of this client; end one with DELETE or wait")]
    Owner,
    /// The process has as many as it may have.
    #[error("too many MCP sessions on this server; try again later")]
    Total,
}

/// The map, shared by all workers: clones are handles of one map.
#[derive(Clone, Debug)]
pub struct SessionGuard {
    limits: SessionLimits,
    clock: Clock,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    sessions: HashMap<String, Session>,
    /// Sessions and reservations per owner; owners with none are absent.
    held: HashMap<Arc<str>, usize>,
    reserved: usize,
    swept_at: Timestamp,
}

#[derive(Debug)]
struct Session {
    owner: Arc<str>,
    /// The grant of the latest request.
    grant_id: Option<String>,
    seen_at: Timestamp,
}

impl SessionGuard {
    /// An empty map.
    pub fn new(limits: SessionLimits, clock: Clock) -> Self {
        Self { limits, clock, state: Arc::default() }
    }

    /// The limits in force.
    pub const fn limits(&self) -> SessionLimits {
        self.limits
    }

    /// Whose `session_id` is, asked by `owner` with a token of this grant; the owner's own question keeps it
    /// alive.
    pub fn check(&self, session_id: &str, owner: &str, grant_id: Option<&str>) -> Owner {
        if session_id.len() > MAX_ID {
            return Owner::Unknown;
        }
        let now = self.clock.now();
        let mut state = self.lock();
        let Some(session) = state.sessions.get_mut(session_id) else { return Owner::Unknown };
        if self.is_over(session, now) {
            state.remove(session_id);
            return Owner::Unknown;
        }
        if &*session.owner != owner {
            return Owner::Other;
        }
        session.seen_at = now;
        if session.grant_id.as_deref() != grant_id {
            session.grant_id = grant_id.map(str::to_owned);
        }
        Owner::Same
    }

    /// Takes a place for a session that `owner` is about to open. Dropping the reservation gives it back.
    pub fn reserve(&self, owner: &str, grant_id: Option<&str>) -> Result<Reservation, Full> {
        let now = self.clock.now();
        let mut state = self.lock();
        if self.refusal(&state, owner).is_some() && now - state.swept_at >= SWEEP_EVERY {
            state.swept_at = now;
            let over: Vec<String> = state
                .sessions
                .iter()
                .filter(|(_, s)| self.is_over(s, now))
                .map(|(id, _)| id.clone())
                .collect();
            for id in over {
                state.remove(&id);
            }
        }
        if let Some(full) = self.refusal(&state, owner) {
            return Err(full);
        }
        let owner: Arc<str> =
            state.held.get_key_value(owner).map_or_else(|| owner.into(), |(k, _)| k.clone());
        *state.held.entry(owner.clone()).or_default() += 1;
        state.reserved += 1;
        drop(state);
        Ok(Reservation { guard: self.clone(), owner, grant_id: grant_id.map(str::to_owned), bound: false })
    }

    /// Gives a session's place back: it was deleted, or rmcp answered 404 for it.
    pub fn forget(&self, session_id: &str) {
        self.lock().remove(session_id);
    }

    /// Forgets the sessions whose grant is revoked, and returns their ids: the transport ends them.
    pub fn take_revoked(&self, is_revoked: impl Fn(&str) -> bool) -> Vec<String> {
        let mut state = self.lock();
        let revoked: Vec<String> = state
            .sessions
            .iter()
            .filter(|(_, s)| s.grant_id.as_deref().is_some_and(&is_revoked))
            .map(|(id, _)| id.clone())
            .collect();
        for id in &revoked {
            state.remove(id);
        }
        revoked
    }

    /// How many sessions are remembered, for the metrics.
    pub fn len(&self) -> usize {
        self.lock().sessions.len()
    }

    /// Whether none is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn is_over(&self, session: &Session, now: Timestamp) -> bool {
        now - session.seen_at > i64::from(self.limits.idle_seconds) + GRACE
    }

    fn refusal(&self, state: &State, owner: &str) -> Option<Full> {
        if state.held.get(owner).is_some_and(|held| *held >= self.limits.per_owner) {
            Some(Full::Owner)
        } else if state.sessions.len() + state.reserved >= self.limits.total {
            Some(Full::Total)
        } else {
            None
        }
    }

    /// A panic elsewhere cannot leave the map half-changed in a way that matters: go on with it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn remove(&mut self, session_id: &str) {
        if let Some(session) = self.sessions.remove(session_id) {
            self.release(&session.owner);
        }
    }

    fn release(&mut self, owner: &Arc<str>) {
        if let Some(held) = self.held.get_mut(owner) {
            *held -= 1;
            if *held == 0 {
                self.held.remove(owner);
            }
        }
    }
}

/// A place for one session. Bind it to the id rmcp gives, or drop it.
#[derive(Debug)]
#[must_use = "dropping it gives the place back"]
pub struct Reservation {
    guard: SessionGuard,
    owner: Arc<str>,
    grant_id: Option<String>,
    bound: bool,
}

impl Reservation {
    /// The session exists now, under this id (response header `Mcp-Session-Id`).
    ///
    /// An id that is too long or taken binds nothing and gives the place back: it stays unusable.
    pub fn bind(mut self, session_id: &str) {
        let seen_at = self.guard.clock.now();
        let mut state = self.guard.lock();
        if session_id.len() <= MAX_ID && !state.sessions.contains_key(session_id) {
            let grant_id = self.grant_id.take();
            let session = Session { owner: self.owner.clone(), grant_id, seen_at };
            state.sessions.insert(session_id.to_owned(), session);
            self.bound = true;
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut state = self.guard.lock();
        state.reserved = state.reserved.saturating_sub(1);
        if !self.bound {
            state.release(&self.owner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(per_owner: usize, total: usize) -> (SessionGuard, Clock) {
        let clock = Clock::manual(1_700_000_000);
        (SessionGuard::new(SessionLimits { per_owner, total, idle_seconds: 300 }, clock.clone()), clock)
    }

    #[test]
    fn a_session_is_its_openers_alone() {
        let (guard, _) = guard(2, 10);
        guard.reserve("ada", None).unwrap().bind("s1");
        assert_eq!(guard.check("s1", "ada", None), Owner::Same);
        assert_eq!(guard.check("s1", "bob", None), Owner::Other);
        assert_eq!(guard.check("s2", "ada", None), Owner::Unknown);
        assert_eq!(guard.check(&"s".repeat(MAX_ID + 1), "ada", None), Owner::Unknown);
        guard.forget("s1");
        assert_eq!(guard.check("s1", "ada", None), Owner::Unknown);
    }

    #[test]
    fn the_caps_hold_and_a_dropped_reservation_gives_its_place_back() {
        let (guard, _) = guard(2, 3);
        let first = guard.reserve("ada", None).unwrap();
        let second = guard.reserve("ada", None).unwrap();
        assert_eq!(guard.reserve("ada", None).unwrap_err(), Full::Owner);
        drop(first);
        second.bind("s1");
        guard.reserve("ada", None).unwrap().bind("s2");
        assert_eq!(guard.reserve("ada", None).unwrap_err(), Full::Owner);
        guard.reserve("bob", None).unwrap().bind("s3");
        assert_eq!(guard.reserve("bob", None).unwrap_err(), Full::Total);
        guard.forget("s2");
        guard.forget("s2");
        guard.reserve("bob", None).unwrap().bind("s4");
        assert_eq!(guard.len(), 3);
    }

    #[test]
    fn a_session_ends_with_the_grant_that_used_it_last() {
        let (guard, _) = guard(3, 10);
        guard.reserve("ada", Some("gra_1")).unwrap().bind("s1");
        guard.reserve("ada", Some("gra_1")).unwrap().bind("s2");
        assert_eq!(guard.check("s2", "ada", Some("gra_2")), Owner::Same, "after a step-up");
        assert_eq!(guard.take_revoked(|id| id == "gra_1"), ["s1"]);
        assert_eq!(guard.check("s1", "ada", Some("gra_2")), Owner::Unknown);
        assert_eq!(guard.take_revoked(|id| id == "gra_2"), ["s2"]);
        assert!(guard.is_empty() && guard.lock().held.is_empty());
    }

    #[test]
    fn another_callers_id_cannot_be_taken_over() {
        let (guard, _) = guard(2, 10);
        guard.reserve("ada", None).unwrap().bind("s1");
        guard.reserve("bob", None).unwrap().bind("s1");
        assert_eq!(guard.check("s1", "ada", None), Owner::Same);
        assert_eq!(guard.check("s1", "bob", None), Owner::Other);
        assert!(!guard.lock().held.contains_key("bob"));
    }

    #[test]
    fn idle_sessions_end_and_use_keeps_them_alive() {
        let (guard, clock) = guard(1, 10);
        guard.reserve("ada", None).unwrap().bind("s1");
        clock.advance(300);
        assert_eq!(guard.check("s1", "bob", None), Owner::Other);
        assert_eq!(guard.check("s1", "ada", None), Owner::Same);
        clock.advance(361);
        assert_eq!(guard.check("s1", "ada", None), Owner::Unknown);
        guard.reserve("ada", None).unwrap().bind("s2");
    }

    #[test]
    fn abandoned_sessions_leave_nothing_behind() {
        let (guard, clock) = guard(4, 100);
        for round in 0..50 {
            for n in 0..100 {
                guard.reserve(&format!("owner{round}-{n}"), None).unwrap().bind(&format!("s{round}-{n}"));
            }
            assert_eq!(guard.reserve("late", None).unwrap_err(), Full::Total);
            clock.advance(361);
        }
        drop(guard.reserve("last", None).unwrap());
        let state = guard.lock();
        assert_eq!((state.sessions.len(), state.held.len(), state.reserved), (0, 0, 0));
    }

    #[test]
    fn parallel_openers_never_overshoot() {
        let (guard, _) = guard(8, 20);
        std::thread::scope(|scope| {
            for t in 0..4 {
                let guard = guard.clone();
                scope.spawn(move || {
                    for n in 0..1000 {
                        if let Ok(place) = guard.reserve("ada", None) {
                            let id = format!("{t}-{n}");
                            place.bind(&id);
                            assert!(guard.lock().held["ada"] <= 8);
                            if n % 2 == 0 {
                                guard.forget(&id);
                            }
                        }
                    }
                });
            }
        });
        assert_eq!(guard.len(), 8);
    }
}
