//! How an access token is presented: which scheme, and whether the proof is there that it needs.
//! Law: [RFC 9449 §7](https://www.rfc-editor.org/rfc/rfc9449#section-7)
//!
//! | `Authorization` | the token is    | `DPoP`                     | decision | wire                       | test                                       |
//! |-----------------|-----------------|----------------------------|----------|----------------------------|--------------------------------------------|
//! | `Bearer`        | bound to no key | whatever                   | Go on    |                            | `a_bearer_token_works_as_ever`             |
//! | `Bearer`        | bound to a key  | whatever                   | Refuse   | 401 `invalid_token`        | `a_bound_token_is_no_bearer_token`         |
//! | `Bearer`        | bound to no key, and the resource takes bound tokens only | whatever | Refuse | 401 `invalid_token` | `a_resource_that_takes_bound_tokens_only_gives_and_takes_no_other` |
//! | `DPoP`          | bound to no key | whatever                   | Refuse   | 401 `invalid_token`        | `a_bearer_token_works_as_ever`             |
//! | `DPoP`          | bound to a key  | a fresh proof of that key  | Go on    |                            | `a_bound_token_works_with_a_proof`         |
//! | `DPoP`          | bound to a key  | none, or a bad one         | Refuse   | 401 `invalid_dpop_proof`   | `a_bound_token_needs_a_good_proof`         |
//! | `DPoP`          | bound to a key  | without the nonce asked for| Refuse   | 401 `use_dpop_nonce`       | `a_resource_asks_for_its_nonce`            |
//! | `DPoP`          | bound to a key  | of another key             | Refuse   | 401 `invalid_token`        | `a_proof_of_another_key_opens_nothing`     |
//! | `DPoP`          | bound to a key  | used before                | Refuse   | 401 `invalid_dpop_proof`   | `a_proof_is_good_once_on_every_process`    |
//!
//! Whoever verifies the token asks here afterwards, with the key it is bound to. Only bound tokens cost a write.

use super::{Expected, read, spend};
use crate::oauth::OAuth;
use crate::oauth::error::{Code, Reason, Refusal};
use crate::types::Scheme;

/// An access token as it was sent, not yet believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent<'a> {
    pub scheme: Scheme,
    pub token: &'a str,
}

/// Reads an `Authorization` header; nothing where it carries no access token.
pub fn sent(authorization: &str) -> Option<Sent<'_>> {
    let (name, token) = authorization.split_once(' ')?;
    let scheme =
        [Scheme::Bearer, Scheme::Dpop].into_iter().find(|s| name.eq_ignore_ascii_case(s.as_str()))?;
    let token = token.trim();
    (!token.is_empty()).then_some(Sent { scheme, token })
}

/// What a presented token needs yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need<'a> {
    Nothing,
    ProofOf(&'a str),
}

/// The table above, as far as it does not look into the proof. `bound`: the thumbprint the token names. Of what the
/// resource takes [`check_unbound`] knows.
///
/// # Errors
/// `invalid_token`.
pub fn decide(scheme: Scheme, bound: Option<&str>) -> Result<Need<'_>, Refusal> {
    let refuse = |reason, text: &'static str| Err(Refusal::new(Code::InvalidToken, reason, text));
    match (scheme, bound) {
        (Scheme::Bearer, None) => Ok(Need::Nothing),
        (Scheme::Dpop, Some(jkt)) => Ok(Need::ProofOf(jkt)),
        (Scheme::Bearer, Some(_)) => refuse(
            Reason::BoundTokenAsBearer,
            "the access token is bound to a key: present it as DPoP, with a proof",
        ),
        (Scheme::Dpop, None) => {
            refuse(Reason::UnboundToken, "the access token is bound to no key: present it as Bearer")
        }
    }
}

/// Whether a resource takes a token that is bound to no key.
///
/// # Errors
/// `invalid_token`.
pub fn check_unbound(is_bound: bool, dpop_required: bool) -> Result<(), Refusal> {
    if is_bound || !dpop_required {
        return Ok(());
    }
    Err(Refusal::new(
        Code::InvalidToken,
        Reason::UnboundToken,
        "this resource takes only access tokens that are bound to a key: ask for one with a DPoP proof",
    ))
}

/// Whether a token that was verified may be used in this request, which brought these `DPoP` headers.
/// Spends the proof.
///
/// # Errors
/// As in the table above.
pub async fn check(
    ctx: &OAuth,
    sent: Sent<'_>,
    bound: Option<&str>,
    headers: &[&str],
    expected: Expected<'_>,
) -> Result<(), Refusal> {
    let Need::ProofOf(jkt) = decide(sent.scheme, bound)? else { return Ok(()) };
    let expected = Expected { token: Some(sent.token), ..expected };
    let Some(proof) = read(ctx, headers, expected)? else {
        return Err(Refusal::new(Code::InvalidDpopProof, Reason::ProofMissing, "a DPoP proof is needed"));
    };
    if proof.jkt != jkt {
        return Err(Refusal::new(
            Code::InvalidToken,
            Reason::ForeignProofKey,
            "the DPoP proof is of another key than the access token",
        ));
    }
    spend(ctx, &proof).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        let reason = |scheme, bound| decide(scheme, bound).map_err(|refusal| refusal.reason);
        assert_eq!(reason(Scheme::Bearer, None), Ok(Need::Nothing));
        assert_eq!(reason(Scheme::Dpop, Some("a")), Ok(Need::ProofOf("a")));
        assert_eq!(reason(Scheme::Bearer, Some("a")), Err(Reason::BoundTokenAsBearer));
        assert_eq!(reason(Scheme::Dpop, None), Err(Reason::UnboundToken));
    }

    #[test]
    fn a_header_names_one_of_two_schemes() {
        let of = |scheme, token| Some(Sent { scheme, token });
        assert_eq!(sent("Bearer abc"), of(Scheme::Bearer, "abc"));
        assert_eq!(sent("bearer  abc "), of(Scheme::Bearer, "abc"));
        assert_eq!(sent("dpop abc"), of(Scheme::Dpop, "abc"));
        for none in ["", "Bearer", "Bearer ", "DPoP ", "Basic abc", "abc"] {
            assert_eq!(sent(none), None, "{none}");
        }
    }
}
