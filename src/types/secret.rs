//! Bearer secrets: in clear only in memory, as a type that does not print; stored as hashes.
//!
//! A bearer secret reads `<kind>_<body>_<secret>`. The row is found by `<body>`, then the secret is compared
//! by its hash in constant time, so neither the index nor the comparison leaks how much of a guess was right.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::ids::{Kind, new_body};
use super::{Clock, Rng};

/// The longest bearer secret that is looked at; anything longer is refused unread.
pub const MAX_BEARER_LEN: usize = 512;

/// A value that must not reach a log, a page by accident, or the database.
#[derive(Clone, PartialEq, Eq)]
pub struct Plain<T: Zeroize>(T);

impl<T: Zeroize> Plain<T> {
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Every call is a place where a secret leaves its wrapper: keep them few.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Plain<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plain(…)")
    }
}

impl<T: Zeroize> Drop for Plain<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<'de, T: Zeroize + serde::Deserialize<'de>> serde::Deserialize<'de> for Plain<T> {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        T::deserialize(d).map(Self)
    }
}

/// The SHA-256 of a secret, base64url, as stored. Only ever made of at least 80 random bits, so it needs no
/// salt.
#[derive(Clone, PartialEq, Eq)]
pub struct Hashed(String);

impl Hashed {
    pub fn of(secret: &str) -> Self {
        Self(URL_SAFE_NO_PAD.encode(Sha256::digest(secret.as_bytes())))
    }

    /// What a row holds.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text to store.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `secret` has this hash, in constant time.
    pub fn matches(&self, secret: &str) -> bool {
        self.same(&Self::of(secret))
    }

    /// Whether both are the same hash, in constant time.
    pub fn same(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl fmt::Debug for Hashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hashed(…)")
    }
}

/// A bearer secret taken apart: which row, and the part to compare.
#[derive(Debug)]
pub struct Bearer {
    /// The row's id with its prefix, e.g. `cod_06bq…`.
    pub id: String,
    /// The secret part.
    pub secret: Plain<String>,
}

impl Bearer {
    /// A new secret of this kind with 256 random bits.
    pub fn generate(kind: Kind, clock: &Clock, rng: &Rng) -> Self {
        let id = format!("{}_{}", kind.prefix(), new_body(clock, rng));
        Self { id, secret: Plain::new(URL_SAFE_NO_PAD.encode(rng.bytes::<32>())) }
    }

    /// Takes `<kind>_<body>_<secret>` apart. `None` for another kind or another shape: the wrong kind of
    /// secret is refused before any query.
    pub fn parse(kind: Kind, text: &str) -> Option<Self> {
        if text.len() > MAX_BEARER_LEN {
            return None;
        }
        let rest = text.strip_prefix(kind.prefix())?.strip_prefix('_')?;
        let (body, secret) = rest.split_once('_')?;
        let plain =
            |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        (body.len() == 26 && plain(body) && plain(secret))
            .then(|| Self { id: format!("{}_{body}", kind.prefix()), secret: Plain::new(secret.to_owned()) })
    }

    /// The text handed to its owner, once.
    pub fn to_text(&self) -> Plain<String> {
        Plain::new(format!("{}_{}", self.id, self.secret.expose()))
    }

    /// The end of the text, to tell several apart: few enough characters to give nothing away.
    pub fn hint(&self) -> String {
        let secret = self.secret.expose();
        secret[secret.len().saturating_sub(4)..].to_owned()
    }

    /// The hash to store.
    pub fn hash(&self) -> Hashed {
        Hashed::of(self.secret.expose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_secret_survives_the_round_trip_and_refuses_another_kind() {
        let (clock, rng) = (Clock::manual(1_700_000_000), Rng::counted(1));
        let made = Bearer::generate(Kind::Code, &clock, &rng);
        let text = made.to_text();
        let parsed = Bearer::parse(Kind::Code, text.expose()).unwrap();
        assert_eq!(parsed.id, made.id);
        assert!(made.hash().matches(parsed.secret.expose()));
        assert!(Bearer::parse(Kind::RefreshToken, text.expose()).is_none());
        assert!(Bearer::parse(Kind::Code, "cod_short_x").is_none());
    }

    #[test]
    fn secrets_do_not_print() {
        assert_eq!(format!("{:?}", Plain::new("hunter2".to_owned())), "Plain(…)");
        assert_eq!(format!("{:?}", Hashed::of("hunter2")), "Hashed(…)");
    }
}
