//! DPoP: tokens that work only together with a proof that their key is at hand.
//! Law: [RFC 9449](https://www.rfc-editor.org/rfc/rfc9449)
//!
//! | proof                                                        | fault            | wire, at the token endpoint | wire, at a resource |
//! |--------------------------------------------------------------|------------------|-----------------------------|---------------------|
//! | several `DPoP` headers                                       | `Several`        | 400 `invalid_dpop_proof`    | 401 `invalid_dpop_proof` |
//! | longer than 4 KiB; no JWT of JSON objects; `crit`            | `TooLong`, `Malformed` | the same              | the same            |
//! | `typ` other than `dpop+jwt`                                  | `WrongType`      | the same                    | the same            |
//! | `alg` none, symmetric, not listed                            | `WrongAlg`       | the same                    | the same            |
//! | a private key in `jwk`                                       | `PrivateKey`     | the same                    | the same            |
//! | no `jwk`, or not of `alg`'s kind and size                    | `BadKey`         | the same                    | the same            |
//! | signed by another key                                        | `WrongSignature` | the same                    | the same            |
//! | no `jti`, or one longer than 256 bytes                       | `BadJti`         | the same                    | the same            |
//! | `htm` of another method                                      | `WrongMethod`    | the same                    | the same            |
//! | `htu` of another URL, see `target`                         | `WrongUrl`       | the same                    | the same            |
//! | `iat` more than a minute away                                | `WrongTime`      | the same                    | the same            |
//! | no `nonce`, or an old one, where the settings ask for it     | `WrongNonce`     | 400 `use_dpop_nonce`        | 401 `use_dpop_nonce` |
//! | `ath` missing, or of another token (resources only)          | `WrongToken`     | –                           | 401 `invalid_dpop_proof` |
//! | used before, on whatever process                             | `Replayed`       | 400 `invalid_dpop_proof`    | the same            |
//! | of another key than the token's                              | `ForeignKey`     | 400 `invalid_grant`         | 401 `invalid_token` |
//!
//! Reading and signature are in `proof`, the rows from `htm` on in [`decide`], what a token request must bring in
//! `binding`, what a request with an access token must bring in `access`.
//!
//! Members that are not RFC 9449's are not looked at, `content_digest` of MCP's draft among them: a proof says nothing
//! of the body here.

pub mod access;
pub mod binding;
mod nonce;
mod proof;
mod target;

use std::sync::atomic::{AtomicBool, Ordering};

use self::proof::{Claims, Signed};
pub use self::proof::{ProofAlg, alg_names, is_thumbprint, token_hash};
use super::OAuth;
use super::error::{Code, Reason, Refusal};
use crate::store::replays::Once;
use crate::types::Timestamp;

/// How far `iat` may be from now, in seconds, either way.
pub const WINDOW: i64 = 60;

/// What is wrong with a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Several,
    TooLong,
    Malformed,
    WrongType,
    WrongAlg,
    PrivateKey,
    BadKey,
    WrongSignature,
    BadJti,
    WrongMethod,
    WrongUrl,
    WrongTime,
    WrongNonce,
    WrongToken,
    Replayed,
}

impl Fault {
    const fn row(self) -> (Reason, &'static str) {
        match self {
            Self::Several => (Reason::MalformedProof, "there is more than one DPoP header"),
            Self::TooLong => (Reason::MalformedProof, "the DPoP proof is longer than 4096 bytes"),
            Self::Malformed => {
                (Reason::MalformedProof, "the DPoP proof is no JWT with jti, htm, htu and iat")
            }
            Self::WrongType => (Reason::MalformedProof, "typ of the DPoP proof must be dpop+jwt"),
            Self::WrongAlg => {
                (Reason::BadProofKey, "alg of the DPoP proof is none of dpop_signing_alg_values_supported")
            }
            Self::PrivateKey => {
                (Reason::BadProofKey, "jwk of the DPoP proof holds a private key: use another")
            }
            Self::BadKey => (Reason::BadProofKey, "jwk of the DPoP proof is no public key for its alg"),
            Self::WrongSignature => {
                (Reason::WrongProofSignature, "the DPoP proof is not signed by the key in its jwk")
            }
            Self::BadJti => {
                (Reason::MalformedProof, "jti of the DPoP proof is missing, or longer than 256 bytes")
            }
            Self::WrongMethod => {
                (Reason::ForeignProof, "htm of the DPoP proof is not the method of this request")
            }
            Self::WrongUrl => (Reason::ForeignProof, "htu of the DPoP proof is not the URL of this endpoint"),
            Self::WrongTime => {
                (Reason::StaleProof, "iat of the DPoP proof is more than a minute away from now")
            }
            Self::WrongNonce => {
                (Reason::ProofNonceNeeded, "the DPoP proof needs the nonce of the DPoP-Nonce header")
            }
            Self::WrongToken => {
                (Reason::ForeignProof, "ath of the DPoP proof is not the hash of the access token")
            }
            Self::Replayed => {
                (Reason::ReplayedProof, "the DPoP proof was used before: make a new one each time")
            }
        }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        let (reason, text) = fault.row();
        let code = if fault == Fault::WrongNonce { Code::UseDpopNonce } else { Code::InvalidDpopProof };
        Self::new(code, reason, text)
    }
}

/// The request that a proof must be for.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    pub method: &'a str,
    /// The URLs of the endpoint.
    pub urls: &'a [&'a str],
    /// The access token that comes with it.
    pub token: Option<&'a str>,
    /// The nonces that are taken, where one is asked for.
    pub nonces: Option<&'a [String]>,
}

/// The table above, from `htm` to `ath`. Last the nonce: a client that learns it tries again with nothing else changed.
///
/// # Errors
/// The first row that fits.
pub fn decide(claims: &Claims, expected: Expected<'_>, now: Timestamp) -> Result<(), Fault> {
    if claims.htm != expected.method {
        return Err(Fault::WrongMethod);
    }
    if !target::is_one_of(&claims.htu, expected.urls.iter().copied()) {
        return Err(Fault::WrongUrl);
    }
    if now.saturating_sub(claims.iat).saturating_abs() > WINDOW {
        return Err(Fault::WrongTime);
    }
    if expected.token.is_some_and(|token| claims.ath.as_deref() != Some(&*token_hash(token))) {
        return Err(Fault::WrongToken);
    }
    let is_taken = |nonces: &[String]| claims.nonce.as_ref().is_some_and(|n| nonces.contains(n));
    if !expected.nonces.is_none_or(is_taken) {
        return Err(Fault::WrongNonce);
    }
    Ok(())
}

/// A proof that is good for this request, if nobody has used it before.
#[derive(Debug)]
pub struct Proof {
    /// The thumbprint of its key.
    pub jkt: String,
    jti: String,
    iat: Timestamp,
    /// Whether this request has spent it.
    is_spent: AtomicBool,
}

/// Reads the proof of a request, which brought these `DPoP` headers; nothing where it brought none.
///
/// # Errors
/// `invalid_dpop_proof`, `use_dpop_nonce`. Nothing is changed.
pub fn read(ctx: &OAuth, headers: &[&str], expected: Expected<'_>) -> Result<Option<Proof>, Refusal> {
    let text = match headers {
        [] => return Ok(None),
        [one] => *one,
        _ => return Err(Fault::Several.into()),
    };
    let now = ctx.clock.now();
    let signed = proof::read(text)?;
    let nonces = ctx.dpop_nonce.then(|| nonce::taken(&ctx.master, now));
    decide(
        &signed.claims,
        Expected { nonces: nonces.as_ref().map(<[String; 2]>::as_slice), ..expected },
        now,
    )?;
    let Signed { jkt, claims } = signed;
    Ok(Some(Proof { jkt, jti: claims.jti, iat: claims.iat, is_spent: AtomicBool::default() }))
}

/// Spends a proof, on every process at once. It is remembered for as long as it would be taken. Nothing happens when
/// this very request has spent it already.
///
/// # Errors
/// `invalid_dpop_proof` when another has.
pub async fn spend(ctx: &OAuth, proof: &Proof) -> Result<(), Refusal> {
    if proof.is_spent.load(Ordering::Relaxed) {
        return Ok(());
    }
    let (until, now) = (proof.iat + WINDOW, ctx.clock.now());
    let is_first = ctx.store.spend_once(Once::DpopProof, &proof.jkt, &proof.jti, until, now).await?;
    if !is_first {
        return Err(Fault::Replayed.into());
    }
    proof.is_spent.store(true, Ordering::Relaxed);
    Ok(())
}

/// What the next proof shall carry as `nonce`, where the settings ask for one.
pub fn next_nonce(ctx: &OAuth) -> Option<String> {
    ctx.dpop_nonce.then(|| nonce::current(&ctx.master, ctx.clock.now()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        let nonces = ["new".to_owned(), "old".to_owned()];
        let expected = Expected {
            method: "POST",
            urls: &["https://a.example/oauth/token", "https://a.example/other"],
            token: None,
            nonces: None,
        };
        let at_resource = Expected { token: Some("token"), ..expected };
        let with_nonce = Expected { nonces: Some(&nonces), ..expected };
        let claims = || Claims {
            jti: "1".into(),
            htm: "POST".into(),
            htu: "https://a.example/oauth/token".into(),
            iat: 1000,
            ath: None,
            nonce: None,
        };
        let hash = |token| Some(token_hash(token));
        let nonce = |text: &str| Some(text.to_owned());
        for (name, claims, expected, now, answer) in [
            ("good", claims(), expected, 1000, Ok(())),
            (
                "good elsewhere",
                Claims { htu: "https://a.example/other".into(), ..claims() },
                expected,
                1000,
                Ok(()),
            ),
            ("a minute old", claims(), expected, 1060, Ok(())),
            ("too old", claims(), expected, 1061, Err(Fault::WrongTime)),
            ("a minute early", claims(), expected, 940, Ok(())),
            ("too early", claims(), expected, 939, Err(Fault::WrongTime)),
            ("end of time", Claims { iat: i64::MIN, ..claims() }, expected, 939, Err(Fault::WrongTime)),
            ("method", Claims { htm: "GET".into(), ..claims() }, expected, 1000, Err(Fault::WrongMethod)),
            (
                "method, written otherwise",
                Claims { htm: "post".into(), ..claims() },
                expected,
                1000,
                Err(Fault::WrongMethod),
            ),
            (
                "url",
                Claims { htu: "https://a.example/mcp".into(), ..claims() },
                expected,
                1000,
                Err(Fault::WrongUrl),
            ),
            ("with the token", Claims { ath: hash("token"), ..claims() }, at_resource, 1000, Ok(())),
            ("without its hash", claims(), at_resource, 1000, Err(Fault::WrongToken)),
            (
                "of another token",
                Claims { ath: hash("Token"), ..claims() },
                at_resource,
                1000,
                Err(Fault::WrongToken),
            ),
            ("a hash too much", Claims { ath: hash("token"), ..claims() }, expected, 1000, Ok(())),
            ("new nonce", Claims { nonce: nonce("new"), ..claims() }, with_nonce, 1000, Ok(())),
            ("old nonce", Claims { nonce: nonce("old"), ..claims() }, with_nonce, 1000, Ok(())),
            (
                "wrong nonce",
                Claims { nonce: nonce("x"), ..claims() },
                with_nonce,
                1000,
                Err(Fault::WrongNonce),
            ),
            ("no nonce", claims(), with_nonce, 1000, Err(Fault::WrongNonce)),
            ("no nonce, too old", claims(), with_nonce, 2000, Err(Fault::WrongTime)),
            ("a nonce too much", Claims { nonce: nonce("x"), ..claims() }, expected, 1000, Ok(())),
        ] {
            assert_eq!(decide(&claims, expected, now), answer, "{name}");
        }
    }

    #[test]
    fn a_client_that_lacks_a_nonce_is_told_so_by_its_own_code() {
        assert_eq!(Refusal::from(Fault::WrongNonce).code, Code::UseDpopNonce);
        assert_eq!(Refusal::from(Fault::WrongTime).code, Code::InvalidDpopProof);
    }
}
