//! The queue of letters and the task that sends them, one after the other, with patience for a server that is away.

use std::time::Duration;

use lettre::Message;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::GivenUp;
use super::smtp::Smtp;

const QUEUE: usize = 256;
/// How many letters may wait for another try.
const WAITING: usize = 256;
/// How long each further try waits.
const DELAYS: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(10), Duration::from_mins(1), Duration::from_mins(10)];

/// Why a letter is given up that nothing else is wrong with.
const TOO_MANY: &str = "mail_queue_full";

enum Item {
    Letter(Sealed),
    Flush(oneshot::Sender<()>),
}

/// A letter ready to go.
struct Sealed {
    kind: &'static str,
    message: Box<Message>,
    tries: usize,
}

struct Waiting {
    due: Instant,
    letter: Sealed,
}

/// The queue; clones share it.
#[derive(Clone)]
pub struct Outbox {
    queue: mpsc::Sender<Item>,
    given_up: GivenUp,
}

impl Outbox {
    /// Starts the task that sends.
    pub fn start(smtp: Smtp, given_up: GivenUp) -> Self {
        let (queue, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(run(smtp, receiver, given_up.clone()));
        Self { queue, given_up }
    }

    /// Queues a letter; a full queue drops it.
    pub fn put(&self, kind: &'static str, message: Message) {
        let letter = Sealed { kind, message: Box::new(message), tries: 0 };
        if self.queue.try_send(Item::Letter(letter)).is_err() {
            tracing::error!(letter = kind, "a mail was dropped: too many are waiting");
            (self.given_up)(kind, TOO_MANY);
        }
    }

    /// Waits until everything queued before was tried once.
    pub async fn flush(&self) {
        let (done, tried) = oneshot::channel();
        if self.queue.send(Item::Flush(done)).await.is_ok() {
            let _ = tried.await;
        }
    }
}

async fn run(smtp: Smtp, mut queue: mpsc::Receiver<Item>, given_up: GivenUp) {
    let mut waiting: Vec<Waiting> = Vec::new();
    loop {
        let next = waiting.iter().map(|w| w.due).min();
        let letter = tokio::select! {
            item = queue.recv() => match item {
                Some(Item::Letter(letter)) => letter,
                Some(Item::Flush(done)) => {
                    let _ = done.send(());
                    continue;
                }
                None => return,
            },
            () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                match waiting.iter().position(|w| Some(w.due) == next) {
                    Some(index) => waiting.swap_remove(index).letter,
                    None => continue,
                }
            }
        };
        if let Some(again) = attempt(&smtp, letter, &given_up).await {
            if waiting.len() < WAITING {
                waiting.push(again);
            } else {
                tracing::error!(letter = again.letter.kind, "a mail was given up: too many are waiting");
                given_up(again.letter.kind, TOO_MANY);
            }
        }
    }
}

/// Tries to send; returns the letter when it is worth another try.
async fn attempt(smtp: &Smtp, mut letter: Sealed, given_up: &GivenUp) -> Option<Waiting> {
    let error = match smtp.send(&letter.message).await {
        Ok(()) => {
            tracing::info!(letter = letter.kind, "a mail was sent");
            return None;
        }
        Err(error) => error,
    };
    let delay = DELAYS.get(letter.tries).copied().filter(|_| !error.is_final());
    letter.tries += 1;
    let (kind, tries) = (letter.kind, letter.tries);
    let Some(delay) = delay else {
        tracing::error!(%error, letter = kind, tries, "a mail could not be sent and was given up");
        given_up(kind, if error.is_final() { "mail_refused" } else { "mail_server_away" });
        return None;
    };
    tracing::warn!(%error, letter = kind, tries, "a mail could not be sent; it is tried again");
    Some(Waiting { due: Instant::now() + delay, letter })
}
