//! Which key a token request must show, by what it redeems.
//! Law: RFC 9449 §5, §10; RFC 9449 §5.2 for `dpop_bound_access_tokens`
//!
//! | redeemed                                              | proof          | decision | wire                     | test                                         |
//! |-------------------------------------------------------|----------------|----------|--------------------------|----------------------------------------------|
//! | anything that no key was named for                    | none           | Go on    | 200, `Bearer`            | `without_a_proof_nothing_changes`            |
//! | the same                                              | of any key     | Go on    | 200, `DPoP`, bound to it | `a_proof_binds_the_access_token`             |
//! | the same, by a client that takes bound tokens only    | none           | Refuse   | 400 `invalid_dpop_proof` | `a_client_that_takes_bound_tokens_only_needs_a_proof` |
//! | anything, for a resource that takes bound tokens only (`access_token`) | none | Refuse | 400 `invalid_dpop_proof` | `a_resource_that_takes_bound_tokens_only_gives_and_takes_no_other` |
//! | a code that was asked for with `dpop_jkt`             | of that key    | Go on    | 200, `DPoP`              | `a_code_is_bound_to_the_key_that_was_named`  |
//! | the same                                              | none           | Refuse   | 400 `invalid_dpop_proof` | the same                                     |
//! | the same                                              | of another key | Refuse   | 400 `invalid_grant`      | the same                                     |
//! | a refresh token of a public client, given for a proof | of that key    | Go on    | 200, `DPoP`              | `a_public_clients_refresh_token_is_bound`    |
//! | the same                                              | none           | Refuse   | 400 `invalid_dpop_proof` | the same                                     |
//! | the same                                              | of another key | Refuse   | 400 `invalid_grant`      | the same                                     |
//! | a refresh token of a client with a secret or a key    | of any key     | Go on    | 200, `DPoP`, bound to it | `a_confidential_client_may_change_its_key`   |
//!
//! A refusal changes nothing: who holds a stolen code or refresh token without its key can neither use nor end it.

use super::{Expected, Proof, read};
use crate::oauth::OAuth;
use crate::oauth::call::Call;
use crate::oauth::client::Client;
use crate::oauth::error::{Code, Reason, Refusal};

/// The proof that a client's token request brings; nothing where it brings and needs none. Spends nothing.
///
/// # Errors
/// `invalid_dpop_proof`, `use_dpop_nonce`.
pub fn of_request(ctx: &OAuth, call: &Call<'_>, client: &Client) -> Result<Option<Proof>, Refusal> {
    let url = ctx.issuer.at(call.path);
    let expected = Expected { method: call.method, urls: &[&url], token: None, nonces: None };
    let proof = read(ctx, &call.dpop, expected)?;
    check_client(client, proof.as_ref().map(|proof| proof.jkt.as_str()))?;
    Ok(proof)
}

/// Whether a proof of the key `shown` will do for what is bound to the key `bound`.
///
/// # Errors
/// The reason, as in the table above.
pub fn decide(bound: Option<&str>, shown: Option<&str>) -> Result<(), Reason> {
    match (bound, shown) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(Reason::ProofMissing),
        (Some(bound), Some(shown)) if bound == shown => Ok(()),
        (Some(_), Some(_)) => Err(Reason::ForeignProofKey),
    }
}

/// What a client is told of it.
pub fn refuse(reason: Reason) -> Refusal {
    match reason {
        Reason::ProofMissing => Refusal::new(
            Code::InvalidDpopProof,
            reason,
            "a DPoP proof is needed: what is presented is bound to a key",
        ),
        _ => Refusal::new(
            Code::InvalidGrant,
            reason,
            "the DPoP proof is of another key than what is presented",
        ),
    }
}

/// Whether a client may ask for tokens without a proof.
fn check_client(client: &Client, shown: Option<&str>) -> Result<(), Refusal> {
    if client.dpop_bound && shown.is_none() {
        return Err(Refusal::new(
            Code::InvalidDpopProof,
            Reason::ProofMissing,
            "a DPoP proof is needed: this client gets bound tokens only",
        ));
    }
    Ok(())
}

/// The key that refresh tokens of this client are bound to: only those of public clients are (§5), the others
/// authenticate with each use.
pub fn of_refresh_tokens(client: &Client, shown: Option<&str>) -> Option<String> {
    shown.filter(|_| client.is_public()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::client::AuthMethod;
    use crate::oauth::client::tests::client;

    #[test]
    fn the_table() {
        let (a, b) = (Some("a"), Some("b"));
        for (bound, shown, expected) in [
            (None, None, Ok(())),
            (None, a, Ok(())),
            (a, a, Ok(())),
            (a, None, Err(Reason::ProofMissing)),
            (a, b, Err(Reason::ForeignProofKey)),
        ] {
            assert_eq!(decide(bound, shown), expected, "{bound:?} {shown:?}");
        }
        assert_eq!(refuse(Reason::ProofMissing).code, Code::InvalidDpopProof);
        assert_eq!(refuse(Reason::ForeignProofKey).code, Code::InvalidGrant);
    }

    #[test]
    fn what_a_client_must_and_gets() {
        let strict = Client { dpop_bound: true, ..client() };
        assert!(check_client(&client(), None).is_ok() && check_client(&strict, Some("a")).is_ok());
        assert_eq!(check_client(&strict, None).unwrap_err().code, Code::InvalidDpopProof);
        let of = |auth_method| of_refresh_tokens(&Client { auth_method, ..client() }, Some("a"));
        assert_eq!(of(AuthMethod::None).as_deref(), Some("a"));
        assert_eq!(of(AuthMethod::Basic), None);
        assert_eq!(of_refresh_tokens(&client(), None), None);
    }
}
