//! Why what an app signs was refused, in words for administrators: who it is, and that it holds its key (DPoP).

const APP: &str = "This is a fault of the app: report it to its maker, with the reason.";

/// What was wrong, and what to do.
pub fn why(reason: &str) -> Option<(&'static str, &'static str)> {
    assertion(reason).or_else(|| possession(reason))
}

/// Of an assertion of who the client is.
fn assertion(reason: &str) -> Option<(&'static str, &'static str)> {
    Some(match reason {
        "bad_assertion" => (
            "The app signed something else than what proves who it is.",
            "Its maker finds in the answer what is missing in the assertion.",
        ),
        "bad_assertion_signature" => (
            "The app's proof is not signed with the key that is known of it.",
            "Compare the key the app uses with the keys it registered.",
        ),
        "assertion_times" => (
            "The app's proof has expired, is not valid yet, or would be valid for too long.",
            "See whether the clock of the app's machine is right.",
        ),
        "wrong_audience" => (
            "The app's proof was made for another server.",
            "The app must name the issuer of this server, exactly as its metadata does.",
        ),
        "replayed_assertion" => (
            "The same proof was shown twice.",
            "An app signs a new one for each request. If this app does, somebody else may have read one.",
        ),
        "unknown_client_key" => (
            "The app's proof is signed with a key that it does not publish.",
            "See whether its key set has the key it signs with.",
        ),
        "client_keys_unavailable" => (
            "The keys of the app could not be read.",
            "See whether the address of its key set answers, from this server.",
        ),
        _ => return None,
    })
}

/// Of a proof of possession, or of the token it came with.
fn possession(reason: &str) -> Option<(&'static str, &'static str)> {
    Some(match reason {
        "malformed_proof" => ("The app's proof that it holds its key cannot be read.", APP),
        "bad_proof_key" => ("The app's proof names a key that cannot be used for it.", APP),
        "wrong_proof_signature" => ("The app's proof is not signed with the key it names.", APP),
        "foreign_proof" => (
            "The app's proof was made for another request.",
            "If a proxy stands in front, see whether it changes the address that apps use.",
        ),
        "stale_proof" => (
            "The app's proof is too old, or of a time to come.",
            "See whether the clock of the app's machine is right.",
        ),
        "proof_nonce_needed" => (
            "The app's proof carried no nonce of this server, or an old one.",
            "Nothing needs to be done: the app is given one and tries again.",
        ),
        "replayed_proof" => (
            "The same proof was shown twice.",
            "An app signs a new one for each request. If this app does, somebody else may have read one.",
        ),
        "proof_missing" => ("The app showed no proof that it holds its key, and has to.", APP),
        "foreign_proof_key" => (
            "The app's proof is by another key than the one its token is bound to.",
            "Start the connection again from the app. If it happens each time, somebody else may have its token.",
        ),
        "bound_token_as_bearer" => (
            "A token that is bound to a key was shown without a proof.",
            "If the app shows proofs elsewhere, somebody else may have its token.",
        ),
        "unbound_token" => ("The app showed a proof with a token that is bound to no key.", APP),
        _ => return None,
    })
}
