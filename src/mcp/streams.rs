//! Open event streams: a stream must not outlive the right to have opened it.
//!
//! A request is judged once, when it comes; an event stream answers for as long as both sides please. Owns
//! the list of open streams and who they belong to. Does not own their bytes (`web/` wraps the body, and
//! ends it when its [`Ticket`] is over) nor when to look (`jobs`).
//!
//! | the stream's token or grant                        | what happens at the next look          |
//! |----------------------------------------------------|----------------------------------------|
//! | unexpired and alive                                | nothing                                |
//! | expired: the client comes back with a fresh token  | the stream ends; its session goes on   |
//! | the token ended, its grant not                     | the stream ends; its session goes on   |
//! | revoked, or the person or client disabled          | the stream ends, and so does its session ([`super::sessions`]) |
//! | it cannot be told: the database has been silent for too long | the stream ends              |

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::Principal;
use crate::types::Timestamp;

/// The open streams of this process: clones are handles of one list. There are at most as many as
/// connections.
#[derive(Clone, Debug, Default)]
pub struct Streams {
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    last: u64,
    streams: HashMap<u64, Stream>,
}

#[derive(Debug)]
struct Stream {
    grant_id: Option<String>,
    token_id: String,
    expires_at: Timestamp,
    /// Dropped to end the stream.
    _alive: oneshot::Sender<()>,
}

/// One open stream. Dropping it takes the stream off the list.
#[derive(Debug)]
#[must_use = "dropping it forgets the stream"]
pub struct Ticket {
    streams: Streams,
    number: u64,
    alive: oneshot::Receiver<()>,
}

impl Streams {
    /// Notes a stream that opens for this caller.
    pub fn open(&self, caller: &Principal) -> Ticket {
        let (sender, alive) = oneshot::channel();
        let mut open = self.lock();
        open.last += 1;
        let number = open.last;
        let stream = Stream {
            grant_id: caller.grant_id.clone(),
            token_id: caller.token_id.clone(),
            expires_at: caller.expires_at,
            _alive: sender,
        };
        open.streams.insert(number, stream);
        drop(open);
        Ticket { streams: self.clone(), number, alive }
    }

    /// Ends the streams whose callers would be refused by now. Returns how many. `has_ended` is asked for
    /// grant and token, and also says yes where it cannot tell.
    pub fn end_dead(&self, has_ended: impl Fn(&str, &str) -> bool, now: Timestamp) -> usize {
        let mut open = self.lock();
        let before = open.streams.len();
        open.streams.retain(|_, stream| {
            let has_ended = |grant_id: &str| has_ended(grant_id, &stream.token_id);
            stream.expires_at > now && !stream.grant_id.as_deref().is_none_or(has_ended)
        });
        before - open.streams.len()
    }

    /// How many are open, for the metrics.
    pub fn len(&self) -> usize {
        self.lock().streams.len()
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A panic elsewhere cannot leave the list half-changed: go on with it.
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// Waits until the stream must end.
    pub async fn over(&mut self) {
        // Nothing is ever sent: the sender is dropped with its entry.
        let _ = (&mut self.alive).await;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.streams.lock().streams.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;
    use crate::mcp::principal::sample;

    fn caller(grant: &str, expires_at: Timestamp) -> Principal {
        Principal { grant_id: Some(grant.into()), expires_at, ..sample(&[]) }
    }

    fn is_over(ticket: &mut Ticket) -> bool {
        ticket.over().now_or_never().is_some()
    }

    #[test]
    fn a_stream_ends_with_its_grant_or_its_token_and_others_go_on() {
        let streams = Streams::default();
        let mut ada = streams.open(&caller("gra_1", 5_000));
        let mut short = streams.open(&caller("gra_2", 1_010));
        let mut bob = streams.open(&caller("gra_3", 5_000));
        assert_eq!(streams.end_dead(|_, _| false, 1_000), 0);
        assert_eq!(streams.end_dead(|id, _| id == "gra_1", 1_009), 1);
        assert!(is_over(&mut ada) && !is_over(&mut short) && !is_over(&mut bob));
        assert_eq!(streams.end_dead(|_, _| false, 1_010), 1);
        assert!(is_over(&mut short) && !is_over(&mut bob));
        let other = Principal { token_id: "tok_2".into(), ..caller("gra_3", 5_000) };
        let mut exchanged = streams.open(&other);
        assert_eq!(streams.end_dead(|_, token| token == "tok_2", 1_011), 1);
        assert!(is_over(&mut exchanged) && !is_over(&mut bob), "another token of the same grant goes on");
        drop((bob, exchanged));
        assert!(streams.is_empty());
    }

    #[test]
    fn a_caller_without_a_grant_keeps_no_stream() {
        let streams = Streams::default();
        let _ticket = streams.open(&Principal { grant_id: None, ..sample(&[]) });
        assert_eq!(streams.end_dead(|_, _| false, 1), 1);
    }
}
