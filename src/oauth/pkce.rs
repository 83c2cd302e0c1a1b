//! PKCE syntax (RFC 7636): S256 only. The comparison itself is oxide-auth's, in `oxide`.

use super::error::{Code, Reason, Refusal};

/// Checks the challenge of an authorization request (RFC 7636 §4.2, OAuth 2.1 §7.5.2).
///
/// # Errors
/// `invalid_request` when it is missing, `plain`, or not the 43 characters of a SHA-256 in base64url.
pub fn challenge<'a>(method: Option<&str>, challenge: Option<&'a str>) -> Result<&'a str, Refusal> {
    let bad = |reason, text: &'static str| Refusal::new(Code::InvalidRequest, reason, text);
    let Some(challenge) = challenge else {
        return Err(bad(Reason::PkceMissing, "code_challenge is missing: PKCE with S256 is required"));
    };
    // Without a method the challenge counts as plain (RFC 7636 §4.3).
    if method != Some("S256") {
        return Err(bad(Reason::PkcePlain, "code_challenge_method must be S256"));
    }
    if challenge.len() != 43
        || !challenge.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    {
        return Err(bad(Reason::PkceMalformed, "code_challenge must be 43 characters of base64url"));
    }
    Ok(challenge)
}

/// Checks the verifier of a token request (RFC 7636 §4.1): 43 to 128 unreserved characters.
pub fn verifier(verifier: Option<&str>) -> Result<&str, Refusal> {
    let verifier = verifier.ok_or_else(|| Refusal::missing("code_verifier"))?;
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    if (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved) {
        Ok(verifier)
    } else {
        Err(Refusal::new(
            Code::InvalidRequest,
            Reason::PkceMalformed,
            "code_verifier must be 43 to 128 unreserved characters",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_s256_with_43_characters_passes() {
        let good = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert_eq!(challenge(Some("S256"), Some(good)), Ok(good));
        assert_eq!(challenge(Some("plain"), Some(good)).unwrap_err().reason, Reason::PkcePlain);
        assert_eq!(challenge(None, Some(good)).unwrap_err().reason, Reason::PkcePlain);
        assert_eq!(challenge(Some("S256"), None).unwrap_err().reason, Reason::PkceMissing);
        assert_eq!(challenge(Some("S256"), Some("a")).unwrap_err().reason, Reason::PkceMalformed);
        assert!(verifier(Some(&"a.b~c-d_".repeat(6))).is_ok());
        assert!(verifier(Some(&"a".repeat(129))).is_err());
        assert!(verifier(Some(&"a".repeat(42))).is_err());
    }
}
