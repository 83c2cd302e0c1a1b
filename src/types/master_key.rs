//! The master key: seals what must be read again, and derives the keys for everything else.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Plain, Rng};

const NONCE_LEN: usize = 12;

/// What a derived key is for. Each purpose has a key of its own.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// Sealing private signing keys.
    Seal,
    /// Form tokens (CSRF).
    Csrf,
    /// Successors of refresh tokens.
    RefreshSuccessor,
    /// The mark that tells a refresh token we made from one that was invented.
    RefreshMark,
    /// The `nonce` of a login at a provider.
    UpstreamNonce,
    /// The PKCE verifier of a login at a provider.
    UpstreamVerifier,
    /// The id of this installation as an organization.
    Organization,
    /// What ties the steps of one authorization together in the audit trail.
    Flow,
    /// Challenges that the browser keeps until it answers.
    Challenge,
    /// The nonce that proofs of possession carry.
    DpopNonce,
    /// What a person types to name their device.
    UserCode,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Seal => b"gatepost seal 1",
            Self::Csrf => b"gatepost csrf 1",
            Self::RefreshSuccessor => b"gatepost refresh successor 1",
            Self::RefreshMark => b"gatepost refresh mark 1",
            Self::UpstreamNonce => b"gatepost upstream nonce 1",
            Self::UpstreamVerifier => b"gatepost upstream verifier 1",
            Self::Organization => b"gatepost organization 1",
            Self::Flow => b"gatepost flow 1",
            Self::Challenge => b"gatepost challenge 1",
            Self::DpopNonce => b"gatepost dpop nonce 1",
            Self::UserCode => b"gatepost user code 1",
        }
    }
}

/// Why something sealed cannot be opened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("it was sealed with another secret key, or has been changed")]
pub struct CannotOpen;

/// 32 bytes that only this installation knows.
#[derive(Clone, Debug)]
pub struct MasterKey(Plain<Vec<u8>>);

impl MasterKey {
    /// Takes key material of at least 32 bytes.
    pub const fn new(material: Plain<Vec<u8>>) -> Self {
        Self(material)
    }

    fn derive(&self, purpose: Purpose) -> Plain<Vec<u8>> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose());
        Plain::new(hmac::sign(&key, purpose.label()).as_ref().to_vec())
    }

    /// A keyed hash (HMAC-SHA-256) over parts whose boundaries count.
    pub fn mac(&self, purpose: Purpose, parts: &[&str]) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.derive(purpose).expose());
        let mut context = hmac::Context::with_key(&key);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut out = [0_u8; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }

    fn aead(&self) -> Result<LessSafeKey, CannotOpen> {
        UnboundKey::new(&AES_256_GCM, self.derive(Purpose::Seal).expose())
            .map(LessSafeKey::new)
            .map_err(|_| CannotOpen)
    }

    /// Encrypts `plain` (AES-256-GCM) so that it opens only under the same `name`.
    pub fn seal(&self, rng: &Rng, name: &str, plain: &[u8]) -> Result<String, CannotOpen> {
        let nonce = rng.bytes::<NONCE_LEN>();
        let mut sealed = plain.to_vec();
        self.aead()?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(name.as_bytes()),
                &mut sealed,
            )
            .map_err(|_| CannotOpen)?;
        let mut out = nonce.to_vec();
        out.extend_from_slice(&sealed);
        Ok(URL_SAFE_NO_PAD.encode(out))
    }

    /// Decrypts what [`MasterKey::seal`] made under the same `name`.
    pub fn open(&self, name: &str, sealed: &str) -> Result<Plain<Vec<u8>>, CannotOpen> {
        let mut bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| CannotOpen)?;
        if bytes.len() < NONCE_LEN {
            return Err(CannotOpen);
        }
        let mut body = bytes.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&bytes).map_err(|_| CannotOpen)?;
        let plain = self
            .aead()?
            .open_in_place(nonce, Aad::from(name.as_bytes()), &mut body)
            .map_err(|_| CannotOpen)?;
        Ok(Plain::new(plain.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_with_the_same_key_and_name() {
        let key = MasterKey::new(Plain::new(vec![7; 32]));
        let other = MasterKey::new(Plain::new(vec![8; 32]));
        let rng = Rng::counted(1);
        let sealed = key.seal(&rng, "key_1", b"secret").unwrap();
        assert_eq!(key.open("key_1", &sealed).unwrap().expose(), b"secret");
        assert!(key.open("key_2", &sealed).is_err());
        assert!(other.open("key_1", &sealed).is_err());
        assert!(key.open("key_1", "AAAA").is_err());
        assert_ne!(key.mac(Purpose::Csrf, &["a", "bc"]), key.mac(Purpose::Csrf, &["ab", "c"]));
    }
}
