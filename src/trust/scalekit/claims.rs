//! What a token of ScaleKit's says, and whether that is good for a resource. Pure: the signature is checked elsewhere,
//! after this, so that nothing costs a key or a request that could not be accepted anyway.
//!
//! | claim                       | taken                                                                              |
//! |-----------------------------|------------------------------------------------------------------------------------|
//! | `alg` of the header         | `RS256`, and nothing else: neither `none`, nor HS256 with the public key, nor RS512 |
//! | `kid` of the header         | must be there                                                                      |
//! | `iss`                       | the environment, or the resource in it; byte for byte                              |
//! | `aud`                       | text or list; must hold the resource's id, which no URL replaces                   |
//! | `exp`                       | must be there and in the future                                                    |
//! | `nbf`, `iat`                | may be missing; at most [`LEEWAY`] in the future                                   |
//! | `resource`                  | may be missing; else must name this resource, by URL or id                         |
//! | `scope`, `scopes`, `scp`    | all of them, each as text with spaces or as list                                   |
//! | `sub`, `client_id`, `jti`   | text or number; without `sub` it is the client itself, without `client_id` `azp` counts |
//! | `sub` equal to `client_id`  | a machine                                                                          |
//! | `cnf`                       | may be missing; else `jkt` alone: the token needs a proof of that key (RFC 9449 §6) |
//! | the same with anything else | refused: a confirmation that nobody checks would make it a bearer token (RFC 7800 §3.1) |

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use super::keys::MAX_KID;
use crate::oauth::dpop::is_thumbprint;
use crate::trust::BadToken;
use crate::trust::whom::Foreign;
use crate::types::Timestamp;

/// The longest token that is looked at, in bytes: custom claims make those of ScaleKit larger than ours.
pub const MAX_TOKEN: usize = 16 * 1024;
/// How far in the future `nbf` and `iat` may lie, in seconds.
const LEEWAY: i64 = 30;
/// The most scopes of one token.
const MAX_SCOPES: usize = 200;
/// The longest scope, in bytes.
const MAX_SCOPE: usize = 200;
/// The longest id, address or name, in bytes: an id of a client may be a URL.
const MAX_TEXT: usize = 2_000;
/// Who acts when a token names no client.
const UNNAMED: &str = "unknown";

/// What a good token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Understood {
    pub kid: String,
    pub issuer: String,
    pub subject: String,
    pub client_id: String,
    pub is_machine: bool,
    pub scopes: BTreeSet<String>,
    pub token_id: String,
    pub expires_at: Timestamp,
    pub email: Option<String>,
    pub name: Option<String>,
    /// Thumbprint of the key that it is bound to.
    pub jkt: Option<String>,
}

/// The header, as far as it decides. Keys that it brings along are not looked at.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood: none are (RFC 7515 §4.1.11).
    crit: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Claims {
    iss: Value,
    sub: Value,
    aud: Value,
    client_id: Value,
    azp: Value,
    exp: Value,
    nbf: Value,
    iat: Value,
    jti: Value,
    scope: Value,
    scopes: Value,
    scp: Value,
    resource: Value,
    email: Value,
    name: Value,
    cnf: Value,
}

/// Reads a token and judges what it says. `is_here` tells whether a URL names the resource.
pub fn understand(
    token: &str,
    foreign: &Foreign,
    now: Timestamp,
    is_here: impl Fn(&str) -> bool,
) -> Result<Understood, BadToken> {
    if token.len() > MAX_TOKEN {
        return Err(BadToken::TooLarge);
    }
    let (header, payload) = parts(token)?;
    let kid = kid(&header)?;
    let claims: Claims = decode(payload)?;
    let issuer = claims.iss.as_str().filter(|iss| foreign.is_issuer(iss)).ok_or(BadToken::ForeignIssuer)?;
    let expires_at = seconds(&claims.exp)?.ok_or(BadToken::NoExpiry)?;
    if expires_at <= now {
        return Err(BadToken::Expired);
    }
    for time in [&claims.nbf, &claims.iat] {
        if seconds(time)?.is_some_and(|at| at > now + LEEWAY) {
            return Err(BadToken::NotYet);
        }
    }
    if !texts(&claims.aud).any(|aud| foreign.is_audience(aud)) {
        return Err(BadToken::WrongAudience);
    }
    if !claims.resource.is_null()
        && !texts(&claims.resource).any(|named| foreign.has_id(named) || is_here(named))
    {
        return Err(BadToken::OtherResource);
    }
    let jkt = bound_to(&claims.cnf)?;
    let client_id = word(&claims.client_id)?.or(word(&claims.azp)?);
    let subject = word(&claims.sub)?.or_else(|| client_id.clone()).ok_or(BadToken::Malformed)?;
    Ok(Understood {
        kid,
        issuer: issuer.to_owned(),
        is_machine: client_id.as_ref() == Some(&subject),
        subject,
        client_id: client_id.unwrap_or_else(|| UNNAMED.to_owned()),
        scopes: scopes(&[&claims.scope, &claims.scopes, &claims.scp])?,
        token_id: word(&claims.jti)?.unwrap_or_default(),
        expires_at,
        email: shown(&claims.email),
        name: shown(&claims.name),
        jkt,
    })
}

/// The issuer that a token claims, before anything of it was checked; nothing when it cannot be read.
pub fn claimed_issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Issuer {
        iss: String,
    }
    if token.len() > MAX_TOKEN {
        return None;
    }
    let (_, payload) = parts(token).ok()?;
    decode::<Issuer>(payload).ok().map(|claims| claims.iss)
}

/// Header and payload of a token of three parts.
fn parts(token: &str) -> Result<(Header, &str), BadToken> {
    let mut parts = token.split('.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(header), Some(payload), Some(_), None) => Ok((decode(header)?, payload)),
        _ => Err(BadToken::Malformed),
    }
}

fn decode<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, BadToken> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| BadToken::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| BadToken::Malformed)
}

fn kid(header: &Header) -> Result<String, BadToken> {
    if header.alg != "RS256" {
        return Err(BadToken::WrongAlgorithm);
    }
    if header.crit.is_some() {
        return Err(BadToken::Malformed);
    }
    let kid = header.kid.as_ref().filter(|kid| !kid.is_empty()).ok_or(BadToken::NoKeyId)?;
    if kid.len() > MAX_KID { Err(BadToken::UnknownKey) } else { Ok(kid.clone()) }
}

/// A time in whole seconds; nothing when it is missing. Text is no time.
fn seconds(value: &Value) -> Result<Option<Timestamp>, BadToken> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the fraction is cut, and the bounds are checked before"
    )]
    let whole = |number: f64| (number.abs() < 1e15).then_some(number.floor() as i64);
    match value {
        Value::Null => Ok(None),
        Value::Number(number) => {
            number.as_i64().or_else(|| number.as_f64().and_then(whole)).map(Some).ok_or(BadToken::Malformed)
        }
        _ => Err(BadToken::Malformed),
    }
}

/// Text, or the texts of a list.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let list = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
    list.iter().filter_map(Value::as_str)
}

/// The key that a token is bound to, where it is bound.
fn bound_to(cnf: &Value) -> Result<Option<String>, BadToken> {
    if cnf.is_null() {
        return Ok(None);
    }
    let only = cnf.as_object().filter(|members| members.len() == 1).and_then(|members| members.get("jkt"));
    let jkt = only.and_then(Value::as_str).filter(|jkt| is_thumbprint(jkt));
    jkt.map(|jkt| Some(jkt.to_owned())).ok_or(BadToken::UnknownConfirmation)
}

/// An id: text or a whole number; nothing when it is missing or empty.
fn word(value: &Value) -> Result<Option<String>, BadToken> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.len() > MAX_TEXT || text.chars().any(char::is_control) => {
            Err(BadToken::Malformed)
        }
        Value::String(text) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(BadToken::Malformed),
    }
}

/// What is only shown: anything odd is as if it was not there.
fn shown(value: &Value) -> Option<String> {
    value.as_str().filter(|_| value.is_string()).and_then(|_| word(value).ok().flatten())
}

/// The union of the claims that may hold scopes.
fn scopes(claims: &[&Value]) -> Result<BTreeSet<String>, BadToken> {
    let is_scope = |c: char| matches!(c, '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
    let mut all = BTreeSet::new();
    for name in claims.iter().flat_map(|claim| texts(claim)).flat_map(str::split_whitespace) {
        if name.len() > MAX_SCOPE || !name.chars().all(is_scope) {
            continue;
        }
        all.insert(name.to_owned());
        if all.len() > MAX_SCOPES {
            return Err(BadToken::TooLarge);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ENV: &str = "https://acme.scalekit.cloud";
    const NOW: Timestamp = 1_800_000_000;
    const URL: &str = "http://localhost:10000/mcp";

    fn token(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2ln", part(header), part(claims))
    }

    fn claims() -> Value {
        json!({
            "iss": ENV, "sub": "usr_1", "aud": ["res_1", URL], "client_id": "m2m_1", "exp": NOW + 3600,
            "iat": NOW, "nbf": NOW, "jti": "tkn_1", "oid": "org_1", "sid": "ses_1",
            "scope": "openid search:read", "scopes": ["openid", "search:read"]
        })
    }

    fn judge(header: &Value, claims: &Value) -> Result<Understood, BadToken> {
        let foreign = Foreign::new(ENV, "res_1");
        understand(&token(header, claims), &foreign, NOW, |url| url.trim_end_matches('/') == URL)
    }

    fn with(name: &str, value: Value) -> Result<Understood, BadToken> {
        let mut claims = claims();
        claims[name] = value;
        judge(&json!({ "alg": "RS256", "kid": "snk_1" }), &claims)
    }

    fn without(name: &str) -> Result<Understood, BadToken> {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        judge(&json!({ "alg": "RS256", "kid": "snk_1" }), &claims)
    }

    #[test]
    fn the_token_of_the_contract_is_understood() {
        let understood = judge(&json!({ "alg": "RS256", "typ": "JWT", "kid": "snk_1" }), &claims()).unwrap();
        let expected = Understood {
            kid: "snk_1".into(),
            issuer: ENV.into(),
            subject: "usr_1".into(),
            client_id: "m2m_1".into(),
            is_machine: false,
            scopes: ["openid", "search:read"].map(str::to_owned).into(),
            token_id: "tkn_1".into(),
            expires_at: NOW + 3600,
            email: None,
            name: None,
            jkt: None,
        };
        assert_eq!(understood, expected);
    }

    #[test]
    fn only_rs256_with_the_name_of_a_key_is_looked_at() {
        for (header, expected) in [
            (json!({ "alg": "none", "kid": "snk_1" }), BadToken::WrongAlgorithm),
            (json!({ "alg": "HS256", "kid": "snk_1" }), BadToken::WrongAlgorithm),
            (json!({ "alg": "RS512", "kid": "snk_1" }), BadToken::WrongAlgorithm),
            (json!({ "alg": "PS256", "kid": "snk_1" }), BadToken::WrongAlgorithm),
            (json!({ "alg": "ES256", "kid": "snk_1" }), BadToken::WrongAlgorithm),
            (json!({ "alg": "rs256", "kid": "snk_1" }), BadToken::WrongAlgorithm),
            (json!({ "kid": "snk_1" }), BadToken::Malformed),
            (json!({ "alg": "RS256" }), BadToken::NoKeyId),
            (json!({ "alg": "RS256", "kid": "" }), BadToken::NoKeyId),
            (json!({ "alg": "RS256", "kid": 1 }), BadToken::Malformed),
            (json!({ "alg": "RS256", "kid": "x".repeat(201) }), BadToken::UnknownKey),
            (json!({ "alg": "RS256", "kid": "snk_1", "crit": ["b64"], "b64": false }), BadToken::Malformed),
        ] {
            assert_eq!(judge(&header, &claims()), Err(expected), "{header}");
        }
        assert!(judge(&json!({ "alg": "RS256", "typ": "at+jwt", "kid": "snk_1" }), &claims()).is_ok());
    }

    #[test]
    fn issuer_and_audience_are_compared_byte_for_byte() {
        let of_resource = format!("{ENV}/resources/res_1");
        assert_eq!(with("iss", json!(of_resource)).unwrap().issuer, of_resource);
        for iss in
            [json!(format!("{ENV}/")), json!("https://other.scalekit.cloud"), json!([ENV]), json!(null)]
        {
            assert_eq!(with("iss", iss.clone()), Err(BadToken::ForeignIssuer), "{iss}");
        }
        for aud in [json!("res_1"), json!(["res_1"]), json!(["x", "res_1"])] {
            assert!(with("aud", aud.clone()).is_ok(), "{aud}");
        }
        for aud in
            [json!(URL), json!([URL]), json!("res_2"), json!(["res_1 "]), json!([]), json!(null), json!(1)]
        {
            assert_eq!(with("aud", aud.clone()), Err(BadToken::WrongAudience), "{aud}");
        }
    }

    #[test]
    fn times_are_numbers_and_the_end_must_be_told() {
        for (name, value, expected) in [
            ("exp", json!(null), BadToken::NoExpiry),
            ("exp", json!(NOW), BadToken::Expired),
            ("exp", json!(0), BadToken::Expired),
            ("exp", json!((NOW + 9).to_string()), BadToken::Malformed),
            ("exp", json!(1e300), BadToken::Malformed),
            ("exp", json!(u64::MAX), BadToken::Malformed),
            ("nbf", json!(NOW + 31), BadToken::NotYet),
            ("iat", json!(NOW + 31), BadToken::NotYet),
            ("nbf", json!("soon"), BadToken::Malformed),
        ] {
            assert_eq!(with(name, value.clone()), Err(expected), "{name} {value}");
        }
        assert_eq!(without("exp"), Err(BadToken::NoExpiry));
        assert_eq!(with("exp", json!(1_800_000_001.5)).unwrap().expires_at, NOW + 1);
        for (name, value) in [("nbf", NOW + 30), ("iat", NOW + 30)] {
            assert!(with(name, json!(value)).is_ok() && without(name).is_ok());
        }
    }

    #[test]
    fn a_resource_that_is_named_must_be_this_one() {
        for value in [json!(URL), json!(format!("{URL}/")), json!(["x", URL]), json!("res_1"), json!(null)] {
            assert!(with("resource", value.clone()).is_ok(), "{value}");
        }
        for value in [json!("http://localhost:3002/mcp"), json!("res_2"), json!([]), json!(""), json!(1)] {
            assert_eq!(with("resource", value.clone()), Err(BadToken::OtherResource), "{value}");
        }
    }

    #[test]
    fn a_token_is_bound_to_one_key_or_to_nothing() {
        let jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
        assert_eq!(with("cnf", json!({ "jkt": jkt })).unwrap().jkt.as_deref(), Some(jkt));
        assert_eq!(with("cnf", json!(null)).unwrap().jkt, None);
        for cnf in [
            json!({}),
            json!({ "x5t#S256": jkt }),
            json!({ "jkt": jkt, "x5t#S256": jkt }),
            json!({ "jwk": { "kty": "OKP" } }),
            json!({ "kid": "1" }),
            json!({ "jkt": "short" }),
            json!({ "jkt": [jkt] }),
            json!({ "jkt": null }),
            json!(jkt),
            json!([]),
            json!(false),
        ] {
            assert_eq!(with("cnf", cnf.clone()), Err(BadToken::UnknownConfirmation), "{cnf}");
        }
    }

    #[test]
    fn scopes_are_found_in_every_shape() {
        let found = |changes: &[(&str, Value)]| {
            let mut claims = claims();
            for name in ["scope", "scopes"] {
                claims.as_object_mut().unwrap().remove(name);
            }
            for (name, value) in changes {
                claims[*name] = value.clone();
            }
            let understood = judge(&json!({ "alg": "RS256", "kid": "snk_1" }), &claims).unwrap();
            Vec::from_iter(understood.scopes).join(" ")
        };
        assert_eq!(found(&[]), "");
        assert_eq!(found(&[("scope", json!(" a  b "))]), "a b");
        assert_eq!(found(&[("scope", json!(["a", "b"]))]), "a b");
        assert_eq!(found(&[("scopes", json!(["b", "a"]))]), "a b");
        assert_eq!(found(&[("scopes", json!("a b"))]), "a b");
        assert_eq!(found(&[("scp", json!(["a"]))]), "a");
        assert_eq!(found(&[("scope", json!("a")), ("scopes", json!(["b"])), ("scp", json!("c a"))]), "a b c");
        assert_eq!(
            found(&[("scope", json!(null)), ("scopes", json!([1, null, "a"])), ("scp", json!({}))]),
            "a"
        );
        assert_eq!(found(&[("scope", json!("a \"b\" é \\ c"))]), "a c");
        assert_eq!(found(&[("scope", json!("x".repeat(201)))]), "");
        let many: Vec<String> = (0..201).map(|n| format!("s{n}")).collect();
        assert_eq!(with("scopes", json!(many)), Err(BadToken::TooLarge));
    }

    #[test]
    fn machines_and_odd_ids_are_recognised() {
        let who = |result: Result<Understood, BadToken>| {
            let understood = result.unwrap();
            (understood.subject, understood.client_id, understood.is_machine)
        };
        let text = |a: &str, b: &str, is_machine| (a.to_owned(), b.to_owned(), is_machine);
        assert_eq!(who(with("sub", json!("m2m_1"))), text("m2m_1", "m2m_1", true));
        assert_eq!(who(with("sub", json!(17))), text("17", "m2m_1", false));
        assert_eq!(who(without("sub")), text("m2m_1", "m2m_1", true));
        assert_eq!(who(without("client_id")), text("usr_1", "unknown", false));
        assert_eq!(who(with("sub", json!("conn_1;abc"))), text("conn_1;abc", "m2m_1", false));
        let url = "https://www.mcpjam.com/.well-known/oauth/client-metadata.json";
        assert_eq!(who(with("client_id", json!(url))), text("usr_1", url, false));
        assert_eq!(with("jti", json!(5)).unwrap().token_id, "5");
        assert_eq!(
            with("email", json!("ann@example.com")).unwrap().email.as_deref(),
            Some("ann@example.com")
        );
        assert_eq!(with("email", json!(["x"])).unwrap().email, None);
        for (name, value) in
            [("sub", json!(["x"])), ("sub", json!("a\nb")), ("client_id", json!("x".repeat(2001)))]
        {
            assert_eq!(with(name, value), Err(BadToken::Malformed));
        }
    }

    #[test]
    fn what_is_no_token_is_refused_unread() {
        let foreign = Foreign::new(ENV, "res_1");
        for text in ["", "a.b", "a.b.c.d", "a.b.c", "....", "opaque", "e30.e30.x", "bnVsbA.bnVsbA.x"] {
            assert_eq!(understand(text, &foreign, NOW, |_| true), Err(BadToken::Malformed), "{text}");
            assert_eq!(claimed_issuer(text), None);
        }
        let large = format!("{}.x.y", "a".repeat(MAX_TOKEN));
        assert_eq!(understand(&large, &foreign, NOW, |_| true), Err(BadToken::TooLarge));
        // A claim that is there twice is read by every parser in its own way.
        let twice = format!("{{\"iss\":\"{ENV}\",\"iss\":\"x\"}}");
        let header = URL_SAFE_NO_PAD.encode("{\"alg\":\"RS256\",\"kid\":\"k\"}");
        let twice = format!("{header}.{}.x", URL_SAFE_NO_PAD.encode(twice));
        assert_eq!(understand(&twice, &foreign, NOW, |_| true), Err(BadToken::Malformed));
        let deep = format!("{header}.{}.x", URL_SAFE_NO_PAD.encode("[".repeat(5000)));
        assert_eq!(understand(&deep, &foreign, NOW, |_| true), Err(BadToken::Malformed));
        assert_eq!(claimed_issuer(&token(&json!({ "alg": "RS256" }), &claims())).as_deref(), Some(ENV));
    }
}
