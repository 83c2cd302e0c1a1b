//! The master key, and the account of the first administrator.
//!
//! Owns their rules. No problem reported here repeats what was given.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::error::Problem;
use super::key::Key;
use super::parse::Setting;
use crate::types::Plain;

/// The master key's bytes, at least [`SecretKey::MIN_BYTES`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretKey(Plain<Vec<u8>>);

impl SecretKey {
    /// Fewer bytes than this are refused.
    pub const MIN_BYTES: usize = 32;

    /// The key material, for `MasterKey::new`.
    pub const fn material(&self) -> &Plain<Vec<u8>> {
        &self.0
    }

    /// Reads hex, base64 or base64url, padded or not. Text that is hex throughout is taken as hex.
    pub fn decode(text: &str) -> Result<Self, KeyTextError> {
        let bytes = decode_hex(text).or_else(|| decode_base64(text)).ok_or(KeyTextError::NotEncoded)?;
        if bytes.len() < Self::MIN_BYTES {
            return Err(KeyTextError::TooShort(bytes.len()));
        }
        Ok(Self(Plain::new(bytes)))
    }
}

/// Why a text is no master key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyTextError {
    #[error("is neither base64 nor hex")]
    NotEncoded,
    #[error("decodes to {0} bytes; at least 32 are needed")]
    TooShort(usize),
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || !text.len().is_multiple_of(2) {
        return None;
    }
    let digits: Zeroizing<Vec<u8>> = Zeroizing::new(
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?,
    );
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = if text.contains(['-', '_']) { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    GeneralPurpose::new(alphabet, config).decode(text).ok()
}

impl Setting for SecretKey {
    fn parse(text: &str, _: &Key) -> Result<Self, Problem> {
        Self::decode(text.trim())
            .map_err(|error| Problem::new(error.to_string(), "use the output of: openssl rand -base64 32"))
    }

    fn show(&self) -> String {
        "set".to_owned()
    }
}

/// The first administrator's password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminPassword(Plain<String>);

impl AdminPassword {
    /// Fewer characters than this are refused.
    pub const MIN_CHARS: usize = 12;

    /// The password in clear, to be hashed.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl Setting for AdminPassword {
    fn parse(text: &str, _: &Key) -> Result<Self, Problem> {
        if text.chars().count() < Self::MIN_CHARS {
            return Err(Problem::new(
                format!("has fewer than {} characters", Self::MIN_CHARS),
                "choose a longer password, e.g. the output of: openssl rand -base64 18",
            ));
        }
        Ok(Self(Plain::new(text.to_owned())))
    }

    fn show(&self) -> String {
        "set".to_owned()
    }
}

/// An e-mail address, as far as that can be told from its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The address as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for EmailAddress {
    fn parse(text: &str, _: &Key) -> Result<Self, Problem> {
        let plausible = text.len() <= 254
            && !text.contains(|c: char| c.is_whitespace() || c.is_control())
            && text
                .split_once('@')
                .is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'));
        if plausible {
            Ok(Self(text.to_owned()))
        } else {
            Err(Problem::new(
                format!("\"{text}\" is not an e-mail address"),
                "write one address, e.g. you@example.com",
            ))
        }
    }

    fn show(&self) -> String {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_key_is_32_bytes_in_any_usual_encoding() {
        let bytes = |text: &str| SecretKey::decode(text).map(|key| key.material().expose().clone());
        assert_eq!(bytes(&"fb".repeat(32)), Ok(vec![0xfb; 32]));
        assert_eq!(bytes(&"FB".repeat(32)), Ok(vec![0xfb; 32]));
        assert_eq!(bytes(&format!("{}s=", "+/v7".repeat(10) + "+/")).map(|b| b.len()), Ok(32));
        assert_eq!(bytes(&format!("{}s", "-_v7".repeat(10) + "-_")).map(|b| b.len()), Ok(32));
        assert_eq!(bytes(&"fb".repeat(31)), Err(KeyTextError::TooShort(31)));
        assert_eq!(bytes("c2hvcnQ="), Err(KeyTextError::TooShort(5)));
        assert_eq!(bytes("change me!"), Err(KeyTextError::NotEncoded));
        assert_eq!(bytes(""), Err(KeyTextError::TooShort(0)));
    }
}
