//! SMTP, through lettre: the only file that turns text into messages and addresses.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Body, Mailbox, MessageBuilder};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use super::MailSettings;
use super::letters::Letter;
use crate::types::ids::new_body;
use crate::types::urls::Issuer;
use crate::types::{Clock, Rng};

/// How long the server may take for one answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a letter did not leave.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("no mail server is set up")]
    Off,
    #[error("the address is no mailbox")]
    BadAddress,
    #[error("the letter could not be written: {0}")]
    Letter(String),
    #[error("the mail server refused or did not answer: {0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
}

impl MailError {
    /// Whether trying again is useless.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Smtp(error) => error.is_permanent(),
            Self::Off | Self::BadAddress | Self::Letter(_) => true,
        }
    }
}

/// A text that is not `Name <address>`.
#[derive(Debug, thiserror::Error)]
#[error("is not a sender")]
pub struct BadSender;

fn mailbox(text: &str) -> Result<Mailbox, BadSender> {
    if text.len() > 320 || text.chars().any(char::is_control) {
        return Err(BadSender);
    }
    text.parse().map_err(|_| BadSender)
}

/// Whether a text can be a sender: an address, with or without a name before it.
pub fn check_sender(text: &str) -> Result<(), BadSender> {
    mailbox(text).map(|_| ())
}

/// The longest line that may be sent as it is (RFC 5322 §2.1.1), with room to spare.
const MAX_LINE: usize = 900;

/// The text as it is wherever that is possible: a link that is not broken into pieces can be copied from anywhere.
fn body(text: String) -> Body {
    let plain =
        |line: &str| line.len() <= MAX_LINE && line.bytes().all(|b| b == b'\t' || (b' '..=b'~').contains(&b));
    if text.lines().all(plain) {
        let lines = text.lines().fold(String::new(), |all, line| all + line + "\r\n");
        Body::dangerous_pre_encoded(lines.into_bytes(), ContentTransferEncoding::SevenBit)
    } else {
        Body::new(text)
    }
}

/// The way to one mail server; clones share its connections.
#[derive(Clone)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    clock: Clock,
    rng: Rng,
}

impl Smtp {
    /// Prepares the way; connects when there is something to send.
    pub fn new(settings: &MailSettings, clock: Clock, rng: Rng) -> Result<Self, MailError> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(settings.url.expose())?
            .timeout(Some(PATIENCE))
            .build();
        let from = mailbox(&settings.from).map_err(|_| MailError::BadAddress)?;
        Ok(Self { transport, from, clock, rng })
    }

    /// Writes a letter to an address, in the name that the server goes by. Both pass lettre's types, so neither can add a header.
    pub fn compose(
        &self,
        to: &str,
        letter: &Letter,
        issuer: &Issuer,
        name: &str,
    ) -> Result<Message, MailError> {
        let to: Address = to.parse().map_err(|_| MailError::BadAddress)?;
        let text = letter.body(issuer, name).map_err(|error| MailError::Letter(error.to_string()))?;
        let body = body(text);
        let now = u64::try_from(self.clock.now()).unwrap_or(0);
        let id = format!("<{}@{}>", new_body(&self.clock, &self.rng), self.from.email.domain());
        MessageBuilder::new()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject())
            .date(UNIX_EPOCH + Duration::from_secs(now))
            .message_id(Some(id))
            .header(ContentType::TEXT_PLAIN)
            .body(body)
            .map_err(|error| MailError::Letter(error.to_string()))
    }

    /// Hands a message to the server.
    pub async fn send(&self, message: &Message) -> Result<(), MailError> {
        self.transport.send(message.clone()).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::check_sender;

    #[test]
    fn a_sender_is_one_address_with_or_without_a_name() {
        for good in ["auth@example.com", "Gatepost <auth@example.com>", "\"Ann, of here\" <ann@example.com>"]
        {
            assert!(check_sender(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "Gatepost",
            "a@example.com, b@example.com",
            "Gatepost <auth@example.com>\r\nBcc: eve@example.com",
            "x\u{0} <auth@example.com>",
        ] {
            assert!(check_sender(bad).is_err(), "{bad:?}");
        }
    }
}
