//! Identifiers: text with a kind prefix and a time-ordered body.
//!
//! A body is 16 bytes (6 bytes of milliseconds, 10 random) in lower-case base 32 hex, which sorts as text
//! in the order of creation: new rows land at the right edge of the primary key's index.

use super::{Clock, Rng, Timestamp};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";

/// The kinds of things that have an id, by prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Resource,
    Client,
    ClientSecret,
    User,
    Session,
    Grant,
    Code,
    RefreshToken,
    AccessToken,
    Registration,
    Link,
    Key,
    Event,
    Consent,
    Identity,
    Passkey,
    RecoveryCode,
    Ceremony,
    ApiToken,
    TrustedIssuer,
    IssuerRule,
    ExchangeRule,
    DeviceCode,
    PushedRequest,
}

impl Kind {
    /// The prefix, without the underscore that follows it.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Resource => "res",
            Self::Client => "cli",
            Self::ClientSecret => "sec",
            Self::User => "usr",
            Self::Session => "ses",
            Self::Grant => "grt",
            Self::Code => "cod",
            Self::RefreshToken => "rft",
            Self::AccessToken => "tkn",
            Self::Registration => "reg",
            Self::Link => "lnk",
            Self::Key => "key",
            Self::Event => "evt",
            Self::Consent => "con",
            Self::Identity => "idn",
            Self::Passkey => "psk",
            Self::RecoveryCode => "rcv",
            Self::Ceremony => "cer",
            Self::ApiToken => "apt",
            Self::TrustedIssuer => "iss",
            Self::IssuerRule => "isr",
            Self::ExchangeRule => "exr",
            Self::DeviceCode => "dvc",
            Self::PushedRequest => "par",
        }
    }
}

/// A new id of this kind, e.g. `usr_06bq…`.
pub fn new_id(kind: Kind, clock: &Clock, rng: &Rng) -> String {
    format!("{}_{}", kind.prefix(), new_body(clock, rng))
}

/// The body of an id without its prefix: 26 characters of `[0-9a-v]`.
pub fn new_body(clock: &Clock, rng: &Rng) -> String {
    let mut bytes = [0_u8; 16];
    bytes[..6].copy_from_slice(&clock.now_millis().to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&rng.bytes::<10>());
    encode(u128::from_be_bytes(bytes))
}

/// Before every id of this kind that is made at or after `at`, and after every one made before: a time as a
/// place among ids.
pub fn first_of(kind: Kind, at: Timestamp) -> String {
    let millis = u128::try_from(at.saturating_mul(1000)).unwrap_or(0);
    format!("{}_{}", kind.prefix(), encode((millis & 0xffff_ffff_ffff) << 80))
}

/// When an id was made; nothing for a text that is none.
pub fn made_at(id: &str) -> Option<Timestamp> {
    let (_, body) = id.split_once('_').filter(|(_, body)| body.len() == 26)?;
    let digit = |b: u8| ALPHABET.iter().position(|a| *a == b).and_then(|p| u128::try_from(p).ok());
    let value = body.bytes().try_fold(0_u128, |value, b| Some((value << 5) | digit(b)?))?;
    i64::try_from((value >> 80) / 1000).ok()
}

fn encode(mut value: u128) -> String {
    let mut out = String::with_capacity(26);
    let mut digits = [0_u8; 26];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[usize::try_from(value & 31).unwrap_or(0)];
        value >>= 5;
    }
    out.extend(digits.iter().map(|&d| char::from(d)));
    out
}

/// Whether this can be the id of an MCP server at ScaleKit.
pub fn is_scalekit_resource(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let rest = text.strip_prefix("res_").filter(|rest| !rest.is_empty());
    text.len() <= 100 && rest.is_some_and(|rest| rest.chars().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_in_order_of_creation() {
        let (clock, rng) = (Clock::manual(1_700_000_000), Rng::counted(1));
        let first = new_id(Kind::User, &clock, &rng);
        clock.advance(1);
        let second = new_id(Kind::User, &clock, &rng);
        assert!(first < second);
        assert_eq!(first.len(), "usr_".len() + 26);
    }

    #[test]
    fn a_time_is_a_place_among_ids() {
        let (clock, rng) = (Clock::manual(1_700_000_000), Rng::counted(1));
        let id = new_id(Kind::Event, &clock, &rng);
        assert!(first_of(Kind::Event, 1_700_000_000) <= id && id < first_of(Kind::Event, 1_700_000_001));
        assert_eq!(made_at(&id), Some(1_700_000_000));
        assert!(first_of(Kind::Event, -5) <= first_of(Kind::Event, 0));
        for text in ["", "evt", "evt_1", "evt_zzzzzzzzzzzzzzzzzzzzzzzzzz"] {
            assert_eq!(made_at(text), None, "{text}");
        }
    }
}
