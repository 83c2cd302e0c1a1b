//! What every assertion must say, whoever signed it and whatever it is good for. Pure: its signature is checked after
//! this, so that nothing costs a key or a request that could not be accepted anyway.
//!
//! | claim            | must be                                                                    |
//! |------------------|----------------------------------------------------------------------------|
//! | header `alg`     | one that the administrator allowed for the issuer                          |
//! | `iss`            | the issuer, byte for byte                                                  |
//! | `aud`            | see [`names_only`] and [`names_among_others`]                              |
//! | `exp`            | there, in the future, and no further ahead than the profile allows         |
//! | `nbf`, `iat`     | where they are: at most [`LEEWAY`] in the future                           |
//! | `sub`            | there, at most [`MAX_TEXT`] bytes                                          |
//! | `jti`            | where each assertion is taken once: there, at most [`MAX_JTI`] bytes       |

use serde_json::Value;

use super::matching::Claims;
use crate::oauth::error::{Code, Reason, Refusal};
use crate::oauth::jose;
use crate::store::trusted_issuers::IssuerRow;
use crate::types::Timestamp;

/// What clocks may differ by, in seconds.
pub const LEEWAY: i64 = 30;
/// The longest text of a claim that is looked at, in bytes.
pub const MAX_TEXT: usize = 2_000;
/// The longest `jti`, in bytes.
pub const MAX_JTI: usize = 256;
/// The most audiences of one assertion.
const MAX_AUDIENCES: usize = 20;

/// A refusal of an assertion.
pub fn refuse(reason: Reason, text: &'static str) -> Refusal {
    Refusal::new(Code::InvalidGrant, reason, text)
}

/// The claims of an assertion, not yet believed.
///
/// # Errors
/// `invalid_grant` for what is no signed JWT.
pub fn read(assertion: &str) -> Result<Claims, Refusal> {
    jose::unverified(assertion)
        .ok_or_else(|| refuse(Reason::BadAssertion, "assertion is not a signed JWT of at most 8 KiB"))
}

/// A claim that is a text of ours to look at; nothing for one that is empty or too long.
pub fn text<'c>(claims: &'c Claims, name: &str) -> Option<&'c str> {
    claims.get(name)?.as_str().filter(|text| !text.is_empty() && text.len() <= MAX_TEXT)
}

/// A time in whole seconds.
fn time(claims: &Claims, name: &str) -> Result<Option<Timestamp>, Refusal> {
    #[expect(clippy::cast_possible_truncation, reason = "the bounds are checked before")]
    let whole = |number: f64| (number.abs() < 1e15).then_some(number.floor() as i64);
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let seconds = value.as_i64().or_else(|| value.as_f64().and_then(whole));
            seconds
                .map(Some)
                .ok_or_else(|| refuse(Reason::AssertionTimes, "a time of assertion is no number"))
        }
    }
}

/// Checks the times; until when the assertion is good.
pub fn check_times(claims: &Claims, longest: i64, now: Timestamp) -> Result<Timestamp, Refusal> {
    let exp = time(claims, "exp")?.ok_or_else(|| refuse(Reason::AssertionTimes, "assertion needs an exp"))?;
    if exp <= now {
        return Err(refuse(Reason::AssertionTimes, "assertion has expired: ask its issuer for another"));
    }
    if exp > now.saturating_add(longest).saturating_add(LEEWAY) {
        return Err(refuse(
            Reason::AssertionTimes,
            "assertion lives longer than is accepted: ask for a short one",
        ));
    }
    for name in ["nbf", "iat"] {
        if time(claims, name)?.is_some_and(|at| at > now + LEEWAY) {
            return Err(refuse(Reason::AssertionTimes, "assertion is not valid yet: is the clock right?"));
        }
    }
    Ok(exp)
}

/// Whether a claim that must be there is no time at all.
pub fn lacks_time(claims: &Claims, name: &str) -> bool {
    !claims.get(name).is_some_and(Value::is_number)
}

/// Whether `aud` is this name, alone.
pub fn names_only(claims: &Claims, name: &str) -> bool {
    match claims.get("aud") {
        Some(Value::String(one)) => one == name,
        Some(Value::Array(list)) => matches!(list.as_slice(), [Value::String(one)] if one == name),
        _ => false,
    }
}

/// Whether one of these names is in `aud`, whatever else is.
pub fn names_among_others(claims: &Claims, names: &[&str]) -> bool {
    let is_one = |value: &Value| value.as_str().is_some_and(|text| names.contains(&text));
    match claims.get("aud") {
        Some(Value::Array(list)) => list.len() <= MAX_AUDIENCES && list.iter().any(is_one),
        Some(value) => is_one(value),
        None => false,
    }
}

/// Insists on an algorithm that the administrator allowed.
pub fn check_algorithm(assertion: &str, issuer: &IssuerRow) -> Result<(), Refusal> {
    let alg = jose::claimed_algorithm(assertion);
    if alg.is_some_and(|alg| issuer.algorithms.contains(&alg)) {
        return Ok(());
    }
    Err(refuse(
        Reason::BadAssertionSignature,
        "assertion is signed with an algorithm that is not accepted of its issuer",
    ))
}

/// The `jti` of an assertion that is taken once.
pub fn single_use_id(claims: &Claims) -> Result<&str, Refusal> {
    text(claims, "jti").filter(|jti| jti.len() <= MAX_JTI).ok_or_else(|| {
        refuse(Reason::BadAssertion, "assertion needs a jti of at most 256 bytes: it is taken once")
    })
}

/// Who it is about.
pub fn subject(claims: &Claims) -> Result<&str, Refusal> {
    text(claims, "sub").ok_or_else(|| refuse(Reason::BadAssertion, "assertion needs a sub"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: &Value) -> Claims {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn times_are_there_and_near() {
        let check = |value: Value| check_times(&claims(&value), 600, 1_000).map_err(|refusal| refusal.reason);
        let wrong = Err(Reason::AssertionTimes);
        assert_eq!(check(json!({ "exp": 1_001 })), Ok(1_001));
        assert_eq!(check(json!({ "exp": 1_600.9, "iat": 1_030, "nbf": 1_030 })), Ok(1_600));
        assert_eq!(check(json!({ "exp": 1_630 })), Ok(1_630));
        for value in [
            json!({}),
            json!({ "exp": null }),
            json!({ "exp": 1_000 }),
            json!({ "exp": "1001" }),
            json!({ "exp": 1_631 }),
            json!({ "exp": 1e300 }),
            json!({ "exp": i64::MAX }),
            json!({ "exp": 1_100, "iat": 1_031 }),
            json!({ "exp": 1_100, "nbf": 1_031 }),
            json!({ "exp": 1_100, "iat": "x" }),
        ] {
            assert_eq!(check(value.clone()), wrong, "{value}");
        }
        assert!(lacks_time(&claims(&json!({ "iat": "1" })), "iat") && lacks_time(&claims(&json!({})), "iat"));
    }

    #[test]
    fn audiences_are_compared_byte_for_byte() {
        let only = |aud: Value| names_only(&claims(&json!({ "aud": aud })), "https://a.example");
        assert!(only(json!("https://a.example")) && only(json!(["https://a.example"])));
        for aud in
            [json!("https://a.example/"), json!([]), json!(["https://a.example", "b"]), json!(7), json!(null)]
        {
            assert!(!only(aud.clone()), "{aud}");
        }
        let among = |aud: Value| names_among_others(&claims(&json!({ "aud": aud })), &["a", "b"]);
        assert!(among(json!("a")) && among(json!(["x", "b"])));
        assert!(!among(json!("x")) && !among(json!([])) && !among(json!(vec!["a"; 21])) && !among(json!({})));
    }

    #[test]
    fn texts_are_bounded() {
        let of = |jti: Value| single_use_id(&claims(&json!({ "jti": jti }))).map(str::to_owned).ok();
        assert_eq!(of(json!("x")), Some("x".into()));
        for jti in [json!(""), json!(7), json!("x".repeat(257)), json!(null)] {
            assert_eq!(of(jti), None);
        }
        assert!(subject(&claims(&json!({ "sub": "x".repeat(2_001) }))).is_err());
    }
}
