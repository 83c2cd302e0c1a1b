//! What an ID token must say before a word of it is believed.
//! Law: OpenID Connect Core §3.1.3.7, §3.1.3.8
//!
//! | claim or header                                          | else refused with         | test |
//! |----------------------------------------------------------|---------------------------|------|
//! | `iss` is the provider's issuer                           | `id_token_issuer`         | `an_id_token_that_is_wrong_in_any_way_is_refused` |
//! | `aud` holds our client id                                | `id_token_audience`       | `an_id_token_that_is_wrong_in_any_way_is_refused` |
//! | `azp`, where there is one or `aud` has several, is our client id | `id_token_authorized_party` | `an_id_token_that_is_wrong_in_any_way_is_refused` |
//! | signed with an asymmetric algorithm                      | `id_token_algorithm`      | `an_id_token_that_is_wrong_in_any_way_is_refused` |
//! | by a key the provider publishes                          | `id_token_unknown_key`    | `an_id_token_that_is_wrong_in_any_way_is_refused` |
//! | and nothing was changed since                            | `id_token_signature`      | `an_id_token_that_is_wrong_in_any_way_is_refused` |
//! | not expired, not of the future, give or take [`LEEWAY`]  | `id_token_time`           | `an_id_token_that_is_wrong_in_any_way_is_refused` |
//! | `nonce` is the one that was sent                         | `id_token_nonce`          | `an_id_token_that_is_wrong_in_any_way_is_refused` |
//! | `at_hash`, where there is one, is of the access token    | `id_token_access_token`   | `an_id_token_that_is_wrong_in_any_way_is_refused` |
//! | `sub` has 1 to 255 characters                            | `id_token_subject`        | `an_id_token_that_is_wrong_in_any_way_is_refused` |

use chrono::DateTime;
use openidconnect::core::{
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm as Alg,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalClaims, ClaimsVerificationError, ClientId, IdTokenClaims,
    IdTokenVerifier, Nonce, SignatureVerificationError,
};
use serde::{Deserialize, Serialize};

use super::admission::Told;
use super::fault::Fault;
use super::metadata::Metadata;
use crate::accounts::normal_email;
use crate::types::Timestamp;

/// How far the provider's clock may be off, in seconds.
pub const LEEWAY: i64 = 60;
/// The longest `sub` (OpenID Connect Core §2).
const MAX_SUBJECT: usize = 255;
const MAX_NAME: usize = 200;

/// Signatures with a private key; never `none`, and never a secret both sides know.
const ALGORITHMS: [Alg; 9] = [
    Alg::RsaSsaPkcs1V15Sha256,
    Alg::RsaSsaPkcs1V15Sha384,
    Alg::RsaSsaPkcs1V15Sha512,
    Alg::RsaSsaPssSha256,
    Alg::RsaSsaPssSha384,
    Alg::RsaSsaPssSha512,
    Alg::EcdsaP256Sha256,
    Alg::EcdsaP384Sha384,
    Alg::EdDsa,
];

/// What Google adds.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct MoreClaims {
    #[serde(default)]
    hd: Option<String>,
}

impl AdditionalClaims for MoreClaims {}

pub type Claims = IdTokenClaims<MoreClaims, CoreGenderClaim>;
pub type IdToken =
    openidconnect::IdToken<MoreClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, Alg>;

/// What came from the token endpoint, and what it is held against.
pub struct Received<'a> {
    pub token: &'a IdToken,
    pub access_token: &'a AccessToken,
    pub nonce: &'a Nonce,
    pub client_id: &'a str,
    pub now: Timestamp,
}

/// Why a token is not believed.
#[derive(Debug)]
pub enum Verdict {
    /// None of the known keys made the signature: the provider may have a new one. Keys need no id, so that a bad
    /// signature may mean this too.
    PerhapsNewKey(Fault),
    Refused(Fault),
}

/// Verifies an ID token by the table above.
pub fn verify<'t>(received: &Received<'t>, metadata: &Metadata) -> Result<&'t Claims, Verdict> {
    let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    let (early, late) = (at(received.now - LEEWAY), at(received.now + LEEWAY));
    let verifier: IdTokenVerifier<'_, CoreJsonWebKey> = IdTokenVerifier::new_public_client(
        ClientId::new(received.client_id.to_owned()),
        metadata.issuer().clone(),
        metadata.jwks().clone(),
    )
    .set_allowed_algs(ALGORITHMS)
    .set_time_fn(move || early)
    .set_issue_time_verifier_fn(move |issued| {
        if issued > late { Err("it was issued in the future".to_owned()) } else { Ok(()) }
    })
    .set_other_audience_verifier_fn(|_| true);
    let claims = received.token.claims(&verifier, received.nonce).map_err(|error| verdict(&error))?;
    let refuse = |reason, text: &str| Err(Verdict::Refused(Fault::IdToken { reason, text: text.to_owned() }));
    match claims.authorized_party() {
        Some(party) if party.as_str() != received.client_id => {
            return refuse("id_token_authorized_party", "azp is another client");
        }
        None if claims.audiences().len() > 1 => {
            return refuse("id_token_authorized_party", "several audiences and no azp");
        }
        Some(_) | None => {}
    }
    if let Some(told) = claims.access_token_hash() {
        let key = received.token.signing_key(&verifier);
        let own = match (received.token.signing_alg(), key) {
            (Ok(alg), Ok(key)) => AccessTokenHash::from_token(received.access_token, alg, key).ok(),
            _ => None,
        };
        if own.is_some_and(|own| own.as_str() != told.as_str()) {
            return refuse("id_token_access_token", "at_hash is not of the access token");
        }
    }
    let subject = claims.subject().as_str();
    if subject.is_empty() || subject.len() > MAX_SUBJECT || subject.contains('\0') {
        return refuse("id_token_subject", "sub is empty or too long");
    }
    Ok(claims)
}

fn verdict(error: &ClaimsVerificationError) -> Verdict {
    use SignatureVerificationError as Signature;
    let reason = match error {
        ClaimsVerificationError::InvalidIssuer(_) => "id_token_issuer",
        ClaimsVerificationError::InvalidAudience(_) => "id_token_audience",
        ClaimsVerificationError::InvalidNonce(_) => "id_token_nonce",
        ClaimsVerificationError::Expired(_) => "id_token_time",
        ClaimsVerificationError::SignatureVerification(
            Signature::DisallowedAlg(_) | Signature::NoSignature | Signature::UnsupportedAlg(_),
        ) => "id_token_algorithm",
        ClaimsVerificationError::SignatureVerification(
            Signature::NoMatchingKey | Signature::AmbiguousKeyId(_),
        ) => "id_token_unknown_key",
        ClaimsVerificationError::SignatureVerification(_) => "id_token_signature",
        _ => "id_token_invalid",
    };
    let fault = Fault::IdToken { reason, text: error.to_string().chars().take(300).collect() };
    match reason {
        "id_token_unknown_key" | "id_token_signature" => Verdict::PerhapsNewKey(fault),
        _ => Verdict::Refused(fault),
    }
}

/// Whether the provider vouches for the address. One with letters beyond ASCII could become another one in lower case:
/// it opens nothing by itself.
pub fn is_sure(email: Option<&str>, verified: Option<bool>) -> bool {
    verified == Some(true) && email.is_some_and(str::is_ascii)
}

/// What verified claims say about the person.
pub fn told(claims: &Claims) -> Told {
    Told {
        issuer: claims.issuer().as_str().to_owned(),
        subject: claims.subject().as_str().to_owned(),
        email: claims.email().and_then(|email| normal_email(email)),
        email_verified: is_sure(claims.email().map(|email| email.as_str()), claims.email_verified()),
        hosted_domain: claims.additional_claims().hd.as_deref().map(str::to_ascii_lowercase),
        name: claims.name().and_then(|name| name.get(None)).and_then(|name| short_name(name)),
        auth_time: claims.auth_time().map(|at| at.timestamp()),
    }
}

/// A name worth keeping: not empty, bounded, without control characters.
pub fn short_name(name: &str) -> Option<String> {
    let name: String = name.trim().chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    (!name.is_empty()).then_some(name)
}
