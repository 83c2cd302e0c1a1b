//! Mail to people: a side door that never holds anybody up.
//!
//! Owns the letters and the way they leave. A letter is queued and sent by one task; what cannot be sent is tried
//! again a few times. The queue is bounded: when it is full a letter is dropped and the log says so. Links come
//! from the public URL only, there is nothing in a letter that tells whether it was read, and no letter is logged.
//!
//! | what                                   | effect                                                   |
//! |----------------------------------------|----------------------------------------------------------|
//! | no mail server in the settings         | nothing is sent; pages and commands say so               |
//! | the server is away, or says "later"    | tried again after 1 s, 10 s, 1 min and 10 min            |
//! | the server says "never"                | given up, logged                                         |
//! | an address that is no mailbox          | nothing is sent, logged                                  |

mod letters;
mod outbox;
mod smtp;

use std::sync::Arc;
use std::time::Duration;

pub use letters::{Letter, Notice, Occasion};
pub use smtp::{BadSender, MailError, check_sender};

use crate::settings::Settings;
use crate::types::urls::Issuer;
use crate::types::{Clock, Plain, Rng};
use lettre::Message;
use outbox::Outbox;
use smtp::Smtp;

/// How long a clean stop waits for the queue.
const LAST_FLUSH: Duration = Duration::from_secs(10);

/// How mail leaves: from the settings.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// `smtp://…` or `smtps://…`, with user and password where the server wants them.
    pub url: Plain<String>,
    /// Who writes, e.g. `Gatepost <auth@example.com>`.
    pub from: String,
    /// The public URL.
    pub issuer: Issuer,
    /// What the server is called at present.
    pub brand: Settings,
}

/// Where letters go; clones share the queue. Without a mail server it takes none.
#[derive(Clone)]
pub struct Mailer(Option<Arc<Office>>);

struct Office {
    smtp: Smtp,
    outbox: Outbox,
    issuer: Issuer,
    brand: Settings,
}

impl Office {
    fn compose(&self, to: &str, letter: &Letter) -> Result<Message, MailError> {
        self.smtp.compose(to, letter, &self.issuer, self.brand.current().brand.name())
    }
}

/// Told of each letter that is given up: its kind, and the reason for the audit trail.
pub type GivenUp = Arc<dyn Fn(&'static str, &'static str) + Send + Sync>;

impl Mailer {
    /// Sends nothing.
    pub const fn off() -> Self {
        Self(None)
    }

    /// Starts the task that sends.
    pub fn start(
        settings: MailSettings,
        clock: Clock,
        rng: Rng,
        given_up: GivenUp,
    ) -> Result<Self, MailError> {
        let smtp = Smtp::new(&settings, clock, rng)?;
        let outbox = Outbox::start(smtp.clone(), given_up);
        Ok(Self(Some(Arc::new(Office { smtp, outbox, issuer: settings.issuer, brand: settings.brand }))))
    }

    /// Whether letters can be sent at all.
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Queues a letter. Never waits and never fails: what goes wrong is logged.
    pub fn send(&self, to: &str, letter: &Letter) {
        let Some(office) = &self.0 else { return };
        match office.compose(to, letter) {
            Ok(message) => office.outbox.put(letter.kind(), message),
            Err(error) => tracing::error!(%error, letter = letter.kind(), "a mail could not be written"),
        }
    }

    /// Sends a letter now, for whoever wants to know whether it left.
    pub async fn deliver(&self, to: &str, letter: &Letter) -> Result<(), MailError> {
        let office = self.0.as_ref().ok_or(MailError::Off)?;
        let message = office.compose(to, letter)?;
        office.smtp.send(&message).await
    }

    /// Waits until everything queued so far was tried, but not for ever.
    pub async fn flush(&self) {
        if let Some(office) = &self.0
            && tokio::time::timeout(LAST_FLUSH, office.outbox.flush()).await.is_err()
        {
            tracing::error!("the last mails could not be sent in time");
        }
    }
}
