//! Reading a proof: a JWT that brings along the public key that signed it.
//!
//! | part      | what is asked of it                                                                        |
//! |-----------|--------------------------------------------------------------------------------------------|
//! | all of it | no more than 4 KiB; three parts of base64url without padding                               |
//! | `typ`     | `dpop+jwt`                                                                                 |
//! | `alg`     | one of [`ProofAlg`]: with a public key, and fit for the key's type and curve               |
//! | `crit`    | not there: no extension is understood here                                                 |
//! | `jwk`     | a public key of the right size, no member of a private one; RSA of 2,048 to 4,096 bits     |
//! | signature | by that key                                                                                |
//! | claims    | `jti` of 1 to 256 bytes, `htm`, `htu`, `iat`; `ath` and `nonce` where there; others do not count |

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

use super::Fault;
use crate::types::Timestamp;

/// The longest proof that is looked at, in bytes.
pub const MAX_PROOF: usize = 4096;
/// The longest `jti`, in bytes.
const MAX_JTI: usize = 256;
/// `typ` of a proof, without regard to case.
const PROOF_TYP: &str = "dpop+jwt";
/// Sizes of an RSA modulus, in bytes.
const RSA_MODULUS: std::ops::RangeInclusive<usize> = 256..=512;
/// The longest RSA exponent, in bytes.
const MAX_RSA_EXPONENT: usize = 8;

/// A signature algorithm of proofs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofAlg {
    Es256,
    Es384,
    EdDsa,
    /// What `EdDSA` with this curve is called since RFC 9864.
    Ed25519,
    Rs256,
    Ps256,
}

impl ProofAlg {
    pub const ALL: [Self; 6] =
        [Self::Es256, Self::Es384, Self::EdDsa, Self::Ed25519, Self::Rs256, Self::Ps256];

    /// The name in a JOSE header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
            Self::Ed25519 => "Ed25519",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alg| alg.as_str() == text)
    }

    const fn jose(self) -> Algorithm {
        match self {
            Self::Es256 => Algorithm::ES256,
            Self::Es384 => Algorithm::ES384,
            Self::EdDsa | Self::Ed25519 => Algorithm::EdDSA,
            Self::Rs256 => Algorithm::RS256,
            Self::Ps256 => Algorithm::PS256,
        }
    }
}

/// The names of all algorithms, separated by spaces, as `algs` of a challenge has them.
pub fn alg_names() -> String {
    ProofAlg::ALL.map(ProofAlg::as_str).join(" ")
}

#[derive(Deserialize)]
struct Header {
    typ: Option<String>,
    alg: Option<String>,
    jwk: Option<PublicJwk>,
    crit: Option<IgnoredAny>,
}

/// The members of a JSON Web Key that matter here; a repeated one is no key.
#[derive(Default, Deserialize)]
struct PublicJwk {
    kty: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    // What only a private or symmetric key has (RFC 7518 §6).
    d: Option<IgnoredAny>,
    p: Option<IgnoredAny>,
    q: Option<IgnoredAny>,
    dp: Option<IgnoredAny>,
    dq: Option<IgnoredAny>,
    qi: Option<IgnoredAny>,
    oth: Option<IgnoredAny>,
    k: Option<IgnoredAny>,
}

/// What a proof says. Members of other specifications are not looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    pub jti: String,
    pub htm: String,
    pub htu: String,
    pub iat: Timestamp,
    pub ath: Option<String>,
    pub nonce: Option<String>,
}

#[derive(Deserialize)]
struct RawClaims {
    jti: Option<String>,
    htm: Option<String>,
    htu: Option<String>,
    iat: Option<serde_json::Number>,
    ath: Option<String>,
    nonce: Option<String>,
}

/// A proof that its key has signed; what it is for has not been asked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The key's thumbprint (RFC 7638).
    pub jkt: String,
    pub claims: Claims,
}

/// Reads a proof and checks its signature.
///
/// # Errors
/// As in the table above.
pub fn read(text: &str) -> Result<Signed, Fault> {
    if text.len() > MAX_PROOF {
        return Err(Fault::TooLong);
    }
    let (message, signature) = text.rsplit_once('.').ok_or(Fault::Malformed)?;
    let (head, payload) = message.split_once('.').ok_or(Fault::Malformed)?;
    let header: Header = json(head)?;
    if !header.typ.is_some_and(|typ| typ.eq_ignore_ascii_case(PROOF_TYP)) {
        return Err(Fault::WrongType);
    }
    if header.crit.is_some() {
        return Err(Fault::Malformed);
    }
    let alg = header.alg.as_deref().and_then(ProofAlg::parse).ok_or(Fault::WrongAlg)?;
    let (jkt, key) = header.jwk.ok_or(Fault::BadKey)?.key(alg)?;
    let claims = claims(json(payload)?)?;
    match jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, alg.jose()) {
        Ok(true) => Ok(Signed { jkt, claims }),
        Ok(false) | Err(_) => Err(Fault::WrongSignature),
    }
}

fn json<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, Fault> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Fault::Malformed)?;
    // An array would do for serde, and is no JWT.
    if bytes.first() != Some(&b'{') {
        return Err(Fault::Malformed);
    }
    serde_json::from_slice(&bytes).map_err(|_| Fault::Malformed)
}

fn claims(raw: RawClaims) -> Result<Claims, Fault> {
    let jti = raw.jti.filter(|jti| (1..=MAX_JTI).contains(&jti.len())).ok_or(Fault::BadJti)?;
    let (Some(htm), Some(htu)) = (raw.htm, raw.htu) else { return Err(Fault::Malformed) };
    let iat = raw.iat.as_ref().and_then(seconds).ok_or(Fault::Malformed)?;
    Ok(Claims { jti, htm, htu, iat, ath: raw.ath, nonce: raw.nonce })
}

/// A NumericDate, which may have a fraction (RFC 7519 §2).
fn seconds(number: &serde_json::Number) -> Option<Timestamp> {
    number.as_i64().or_else(|| number.to_string().split('.').next()?.parse().ok())
}

impl PublicJwk {
    fn has_secrets(&self) -> bool {
        [&self.d, &self.p, &self.q, &self.dp, &self.dq, &self.qi, &self.oth, &self.k]
            .iter()
            .any(|member| member.is_some())
    }

    /// The key's thumbprint, and the key.
    fn key(&self, alg: ProofAlg) -> Result<(String, DecodingKey), Fault> {
        if self.has_secrets() {
            return Err(Fault::PrivateKey);
        }
        match alg {
            ProofAlg::Es256 => self.elliptic("P-256", 32),
            ProofAlg::Es384 => self.elliptic("P-384", 48),
            ProofAlg::EdDsa | ProofAlg::Ed25519 => self.edwards(),
            ProofAlg::Rs256 | ProofAlg::Ps256 => self.rsa(),
        }
    }

    fn is(&self, kty: &str, crv: Option<&str>) -> Result<(), Fault> {
        let right = self.kty.as_deref() == Some(kty) && (crv.is_none() || self.crv.as_deref() == crv);
        if right { Ok(()) } else { Err(Fault::BadKey) }
    }

    fn elliptic(&self, crv: &str, size: usize) -> Result<(String, DecodingKey), Fault> {
        self.is("EC", Some(crv))?;
        let (x, y) = (member(self.x.as_deref(), size..=size)?, member(self.y.as_deref(), size..=size)?);
        let key = DecodingKey::from_ec_components(x, y).map_err(|_| Fault::BadKey)?;
        Ok((thumbprint(&format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)), key))
    }

    fn edwards(&self) -> Result<(String, DecodingKey), Fault> {
        self.is("OKP", Some("Ed25519"))?;
        let x = member(self.x.as_deref(), 32..=32)?;
        let key = DecodingKey::from_ed_components(x).map_err(|_| Fault::BadKey)?;
        Ok((thumbprint(&format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)), key))
    }

    fn rsa(&self) -> Result<(String, DecodingKey), Fault> {
        self.is("RSA", None)?;
        let (n, e) =
            (member(self.n.as_deref(), RSA_MODULUS)?, member(self.e.as_deref(), 1..=MAX_RSA_EXPONENT)?);
        let key = DecodingKey::from_rsa_components(n, e).map_err(|_| Fault::BadKey)?;
        Ok((thumbprint(&format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)), key))
    }
}

/// A member that is base64url of this many bytes: of nothing else may a thumbprint be made, so that no two keys can
/// be written alike.
fn member(text: Option<&str>, sizes: std::ops::RangeInclusive<usize>) -> Result<&str, Fault> {
    let text = text.ok_or(Fault::BadKey)?;
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Fault::BadKey)?;
    if sizes.contains(&bytes.len()) { Ok(text) } else { Err(Fault::BadKey) }
}

fn thumbprint(canonical: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(canonical.as_bytes()))
}

/// Whether a text can be a thumbprint: 32 bytes of base64url.
pub fn is_thumbprint(text: &str) -> bool {
    member(Some(text), 32..=32).is_ok()
}

/// What `ath` of a proof for this access token reads.
pub fn token_hash(token: &str) -> String {
    thumbprint(token)
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
