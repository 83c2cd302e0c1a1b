//! Key sets and signed tokens that others made: of clients, of issuers.
//! Law: [RFC 7517](https://www.rfc-editor.org/rfc/rfc7517) · RFC 7515 §4.1.11 · RFC 7518 · RFC 8725
//!
//! | key                                                                  | what happens                 |
//! |----------------------------------------------------------------------|------------------------------|
//! | RSA of 2048 to 8192 bits; EC on P-256 or P-384; Ed25519              | used                         |
//! | another kind, another use, unreadable                                | passed over                  |
//! | one with its private part in it                                      | the whole set is refused     |
//! | more than 32                                                         | the whole set is refused     |
//!
//! | token                                                                | what happens                 |
//! |----------------------------------------------------------------------|------------------------------|
//! | `alg` of the list, `typ` as expected, signed by a key of that kind   | its claims                   |
//! | `alg` `none`, HMAC, or not the key's own `alg`                       | [`Fault::Algorithm`]         |
//! | a `kid` that the set has not                                         | [`Fault::UnknownKey`]        |
//! | `crit`, another `typ`, longer than 8 KiB, not a JWT                  | [`Fault::Malformed`]         |
//!
//! Without `kid` every key of the fitting kind is tried. Times and audience are the caller's to compare.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN: usize = 8192;
/// The most keys of one set.
const MAX_KEYS: usize = 32;
/// The longest `kid`, in bytes.
const MAX_KID: usize = 200;
/// Sizes of an RSA modulus, in bytes.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;
/// Members of a key that are nobody else's business.
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];

/// The algorithms that signatures of others may have.
pub const ALGS: [Algorithm; 5] =
    [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA];

/// Their names, as administrators choose them.
pub const ALG_NAMES: [&str; 5] = ["RS256", "PS256", "ES256", "ES384", "EdDSA"];
/// The name of RFC 9864 for what `EdDSA` means here; openid-client writes it.
const ED25519: &str = "Ed25519";
/// Every name that is understood, as metadata lists them.
pub const ALL_NAMES: [&str; 6] = ["RS256", "PS256", "ES256", "ES384", "EdDSA", ED25519];

/// The algorithm of this name.
pub fn algorithm(name: &str) -> Option<Algorithm> {
    let name = if name == ED25519 { "EdDSA" } else { name };
    ALG_NAMES.iter().position(|known| *known == name).map(|place| ALGS[place])
}

/// What is wrong with a key set or a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("is not a key set in JSON with at most {MAX_KEYS} keys")]
    NotAKeySet,
    #[error("has a private key in it: publish public keys only, and make new ones")]
    PrivateKey,
    #[error("has no key that can verify RS256, PS256, ES256, ES384 or EdDSA")]
    NoUsableKey,
    #[error("is not a signed JWT of the kind that is expected")]
    Malformed,
    #[error("is signed with an algorithm that is not accepted, or not the key's")]
    Algorithm,
    #[error("is signed with a key that is not known")]
    UnknownKey,
    #[error("has a signature that does not verify")]
    Signature,
}

/// One public key.
#[derive(Clone, Debug)]
struct Key {
    kid: Option<String>,
    /// What it may be used with.
    algs: Vec<Algorithm>,
    verify: DecodingKey,
}

/// The usable keys of a set.
#[derive(Clone, Debug, Default)]
pub struct Keys(Vec<Key>);

impl Keys {
    /// Reads a set.
    ///
    /// # Errors
    /// As in the first table; also when nothing in it can be used.
    pub fn read(bytes: &[u8]) -> Result<Self, Fault> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set: Set = serde_json::from_slice(bytes).map_err(|_| Fault::NotAKeySet)?;
        if set.keys.len() > MAX_KEYS {
            return Err(Fault::NotAKeySet);
        }
        if set.keys.iter().any(is_private) {
            return Err(Fault::PrivateKey);
        }
        let keys: Vec<Key> = set.keys.into_iter().filter_map(usable).collect();
        if keys.is_empty() { Err(Fault::NoUsableKey) } else { Ok(Self(keys)) }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The claims of a token that one of these keys signed. `typ`: the types it may have, lower case; one without a
    /// type is taken when the list has the empty one.
    ///
    /// # Errors
    /// As in the second table.
    pub fn verify<C: DeserializeOwned + Clone>(&self, token: &str, typ: &[&str]) -> Result<C, Fault> {
        let (alg, kid) = header(token, typ)?;
        let named = |key: &&Key| kid.is_none() || key.kid == kid;
        if !self.0.iter().any(|key| named(&key)) {
            return Err(Fault::UnknownKey);
        }
        let fitting: Vec<&Key> = self.0.iter().filter(named).filter(|key| key.algs.contains(&alg)).collect();
        if fitting.is_empty() {
            return Err(Fault::Algorithm);
        }
        let claims = fitting.iter().find_map(|key| signed_by(&key.verify, alg, token).ok());
        claims.ok_or(Fault::Signature)
    }
}

/// The claims of a token, if this key signed it with this algorithm. Nothing in them is compared.
pub fn signed_by<C: DeserializeOwned + Clone>(
    key: &DecodingKey,
    alg: Algorithm,
    token: &str,
) -> Result<C, Fault> {
    let (message, signature) = token.rsplit_once('.').ok_or(Fault::Malformed)?;
    match jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, alg) {
        Ok(true) => part(token, 1).ok_or(Fault::Malformed),
        Ok(false) | Err(_) => Err(Fault::Signature),
    }
}

/// Algorithm and key of a token.
fn header(token: &str, typ: &[&str]) -> Result<(Algorithm, Option<String>), Fault> {
    if token.len() > MAX_TOKEN {
        return Err(Fault::Malformed);
    }
    let raw: Value = part(token, 0).ok_or(Fault::Malformed)?;
    let text = |name: &str| raw.get(name).and_then(Value::as_str);
    let is_expected = |found: &str| {
        let found = found.to_ascii_lowercase();
        typ.contains(&found.trim_start_matches("application/"))
    };
    if raw.get("crit").is_some() || !is_expected(text("typ").unwrap_or_default()) {
        return Err(Fault::Malformed);
    }
    let alg = text("alg").and_then(algorithm).ok_or(Fault::Algorithm)?;
    let kid = text("kid").map(str::to_owned);
    if kid.as_ref().is_some_and(|kid| kid.len() > MAX_KID) {
        return Err(Fault::UnknownKey);
    }
    Ok((alg, kid))
}

/// `alg` of a token; not yet believed.
pub fn claimed_algorithm(token: &str) -> Option<String> {
    let header: Value = part(token, 0)?;
    let name = header.get("alg")?.as_str()?;
    // By the name that administrators know it.
    let name = if name == ED25519 { "EdDSA" } else { name };
    Some(name.to_owned())
}

/// `kid` of a token; not yet believed.
pub fn claimed_key(token: &str) -> Option<String> {
    let header: Value = part(token, 0)?;
    header.get("kid")?.as_str().map(str::to_owned)
}

/// `typ` of a token, lower case and without `application/`; not yet believed.
pub fn claimed_type(token: &str) -> Option<String> {
    let header: Value = part(token, 0)?;
    let typ = header.get("typ")?.as_str()?.to_ascii_lowercase();
    Some(typ.trim_start_matches("application/").to_owned())
}

/// The claims of a token that nobody has verified: for finding whose keys to verify it with.
pub fn unverified<C: DeserializeOwned>(token: &str) -> Option<C> {
    part(token, 1)
}

fn part<T: DeserializeOwned>(token: &str, index: usize) -> Option<T> {
    let parts: Vec<&str> = token.split('.').take(4).collect();
    let [_, _, _] = parts.as_slice() else { return None };
    let fits = token.len() <= MAX_TOKEN;
    let bytes = URL_SAFE_NO_PAD.decode(parts.get(index).filter(|_| fits)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// The thumbprint of a public key, SHA-256 ([RFC 7638](https://www.rfc-editor.org/rfc/rfc7638)).
pub fn thumbprint(key: &Jwk) -> Option<String> {
    key.thumbprint(ThumbprintHash::SHA256).ok()
}

/// Whether a key in JSON has its private part, or is a shared secret.
pub fn is_private(key: &Value) -> bool {
    PRIVATE.iter().any(|name| key.get(name).is_some())
}

/// The algorithms that a key can verify, by its kind; none where it cannot be used.
pub fn algorithms(key: &Jwk) -> Vec<Algorithm> {
    let own = match &key.algorithm {
        AlgorithmParameters::RSA(rsa) if has_good_size(&rsa.n) => vec![Algorithm::RS256, Algorithm::PS256],
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => vec![Algorithm::ES256],
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P384 => vec![Algorithm::ES384],
        AlgorithmParameters::OctetKeyPair(okp) if okp.curve == EllipticCurve::Ed25519 => {
            vec![Algorithm::EdDSA]
        }
        _ => Vec::new(),
    };
    match &key.common.key_algorithm {
        Some(named) => {
            let named = named.to_string();
            let named = algorithm(&named);
            own.into_iter().filter(|alg| Some(*alg) == named).collect()
        }
        None => own,
    }
}

fn has_good_size(modulus: &str) -> bool {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(modulus.trim_end_matches('=')) else { return false };
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let length = bytes.len() - zeros;
    MODULUS.contains(&length) && (length > *MODULUS.start() || bytes[zeros] >= 0x80)
}

fn usable(value: Value) -> Option<Key> {
    let mut value = value;
    if value.get("alg").is_some_and(|alg| alg == ED25519) {
        value["alg"] = "EdDSA".into();
    }
    let key: Jwk = serde_json::from_value(value).ok()?;
    let for_signatures = key.common.public_key_use.as_ref().is_none_or(|u| *u == PublicKeyUse::Signature);
    let kid = key.common.key_id.clone();
    if !for_signatures || kid.as_ref().is_some_and(|kid| kid.len() > MAX_KID) {
        return None;
    }
    let algs = algorithms(&key);
    let verify = DecodingKey::from_jwk(&key).ok()?;
    (!algs.is_empty()).then_some(Key { kid, algs, verify })
}
