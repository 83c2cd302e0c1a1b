//! Clients that authenticate with a key: `private_key_jwt`.
//! Law: [RFC 7523 §2.2, §3](https://www.rfc-editor.org/rfc/rfc7523#section-2.2) · OpenID Connect Core §9 ·
//! RFC 10070 (one audience, the issuer)
//!
//! | assertion                                                     | result                             | test                                  |
//! |---------------------------------------------------------------|------------------------------------|---------------------------------------|
//! | signed by a key of the client, `iss` and `sub` its id, `aud` our issuer alone, `exp` at most 10 minutes ahead, a new `jti` | ok | `a_client_with_a_key_gets_tokens` |
//! | a `jti` that was shown before, to any process                 | 401 `invalid_client`, `replayed_assertion` | `an_assertion_works_once`     |
//! | `aud` the token endpoint, a list with more than the issuer, another server's | 401 `invalid_client`, `wrong_audience` | `what_is_wrong_with_an_assertion` |
//! | expired, not yet valid, `exp` missing or too far ahead        | 401 `invalid_client`, `assertion_times` | `what_is_wrong_with_an_assertion` |
//! | `iss` or `sub` of another client, `jti` missing               | 401 `invalid_client`, `bad_assertion` | `what_is_wrong_with_an_assertion`   |
//! | another key, algorithm `none` or HMAC                         | 401 `invalid_client`, `bad_assertion_signature` | `what_is_wrong_with_an_assertion` |
//! | a `kid` that its keys have not; at `jwks_uri`: not after another look either | 401 `invalid_client`, `unknown_client_key` | `what_is_wrong_with_an_assertion` |
//! | its keys cannot be had now                                    | 503 `temporarily_unavailable`      | `keys_that_cannot_be_had`             |
//! | signed by a key that its `jwks_uri` got since                 | ok                                 | `a_new_key_at_jwks_uri_is_found`      |
//!
//! Everything is compared before the `jti` is spent.

use std::fmt::Display;
use std::sync::Arc;

use serde::Deserialize;

use super::OAuth;
use super::cimd;
use super::client::{Client, KeySource};
use super::error::{Code, Reason, Refusal};
use super::jose::{self, Fault, Keys};
use crate::fetch::Wanted;
use crate::store::replays::Once;
use crate::types::Timestamp;

/// `client_assertion_type` (RFC 7523 §2.2).
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How far ahead `exp` may lie, in seconds.
const LONGEST: i64 = 600;
/// What clocks may differ by, in seconds.
const LEEWAY: i64 = 30;
/// The longest `jti`, in bytes.
const MAX_JTI: usize = 256;

/// What an assertion says.
#[derive(Clone, Debug, Default, Deserialize)]
struct Claims {
    #[serde(default)]
    iss: String,
    #[serde(default)]
    sub: String,
    aud: Option<Names>,
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
    #[serde(default)]
    jti: String,
}

/// One name or a list of them (RFC 7519 §4.1.3).
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Many(Vec<String>),
}

impl Names {
    fn sole(&self) -> Option<&str> {
        match self {
            Self::One(one) => Some(one),
            Self::Many(many) => match many.as_slice() {
                [one] => Some(one),
                _ => None,
            },
        }
    }
}

/// The client that an assertion claims to be of, not yet believed.
pub fn claimed_client(assertion: &str) -> Option<String> {
    jose::unverified::<Claims>(assertion).map(|claims| claims.sub).filter(|sub| !sub.is_empty())
}

fn wrong(reason: Reason, text: &'static str) -> Refusal {
    Refusal::new(Code::InvalidClient, reason, text)
}

/// Checks that the client itself made this assertion, for us, for this once. `issuers`: as whom this server is known
/// to who asks.
pub async fn check(ctx: &OAuth, client: &Client, assertion: &str, issuers: &[&str]) -> Result<(), Refusal> {
    let now = ctx.clock.now();
    let claims = verified(ctx, client, assertion).await?;
    let until = decide(&claims, &client.id, issuers, now)?;
    let is_new = ctx.store.spend_once(Once::ClientAssertion, &client.id, &claims.jti, until, now).await?;
    if !is_new {
        return Err(wrong(Reason::ReplayedAssertion, "client_assertion was used before: sign another"));
    }
    Ok(())
}

/// The table above, but for the signature and the replay. Until when it has to be remembered.
fn decide(claims: &Claims, client_id: &str, issuers: &[&str], now: Timestamp) -> Result<Timestamp, Refusal> {
    if claims.iss != client_id || claims.sub != client_id {
        return Err(wrong(
            Reason::BadAssertion,
            "client_assertion must have the client_id as iss and as sub",
        ));
    }
    if claims.jti.is_empty() || claims.jti.len() > MAX_JTI {
        return Err(wrong(Reason::BadAssertion, "client_assertion needs a jti of at most 256 bytes"));
    }
    if !claims.aud.as_ref().and_then(Names::sole).is_some_and(|aud| issuers.contains(&aud)) {
        return Err(wrong(
            Reason::WrongAudience,
            "client_assertion must have the issuer of this server as its only aud",
        ));
    }
    #[expect(clippy::cast_possible_truncation, reason = "a time beyond i64 is out of every range below")]
    let seconds = |value: f64| value.floor() as i64;
    let times = |text| wrong(Reason::AssertionTimes, text);
    let exp = seconds(claims.exp.ok_or_else(|| times("client_assertion needs an exp"))?);
    if exp.saturating_add(LEEWAY) <= now {
        return Err(times("client_assertion has expired"));
    }
    if exp > now + LONGEST + LEEWAY {
        return Err(times("client_assertion must expire within ten minutes"));
    }
    if [claims.nbf, claims.iat].into_iter().flatten().any(|time| seconds(time) > now + LEEWAY) {
        return Err(times("client_assertion is not valid yet: is the clock right?"));
    }
    Ok(exp + LEEWAY)
}

async fn verified(ctx: &OAuth, client: &Client, assertion: &str) -> Result<Claims, Refusal> {
    let source = client.keys.as_ref().ok_or_else(|| {
        wrong(Reason::AuthMethodMismatch, "no key of this client is known: it cannot use client_assertion")
    })?;
    let first = keys(ctx, client, source, false).await?.verify(assertion, &TYPES);
    let found = match (first, source) {
        // It may have got a new key since.
        (Err(Fault::UnknownKey), KeySource::Uri(_)) => {
            keys(ctx, client, source, true).await?.verify(assertion, &TYPES)
        }
        (first, _) => first,
    };
    found.map_err(|fault| match fault {
        Fault::UnknownKey => {
            wrong(Reason::UnknownClientKey, "client_assertion is signed with a key that is not the client's")
        }
        Fault::Algorithm => wrong(
            Reason::BadAssertionSignature,
            "client_assertion must be signed with RS256, PS256, ES256, ES384 or EdDSA, as its key allows",
        ),
        Fault::Signature => {
            wrong(Reason::BadAssertionSignature, "the signature of client_assertion does not verify")
        }
        _ => wrong(Reason::BadAssertion, "client_assertion is not a signed JWT of at most 8192 bytes"),
    })
}

/// Types an assertion may have; many have none.
const TYPES: [&str; 3] = ["jwt", "client-authentication+jwt", ""];

/// The client's keys; `anew`: those that were known lack one.
async fn keys(ctx: &OAuth, client: &Client, source: &KeySource, anew: bool) -> Result<Arc<Keys>, Refusal> {
    let uri = match source {
        KeySource::Inline(keys) => return Ok(Arc::clone(keys)),
        KeySource::Uri(uri) => uri,
    };
    let unavailable = |why: &dyn Display| {
        Refusal::new(
            Code::TemporarilyUnavailable,
            Reason::ClientKeysUnavailable,
            format!("the key set at the client's jwks_uri {why}"),
        )
    };
    let is_stranger = client.kind.describes_itself() && !cimd::is_relied_on(client);
    let fetched = if is_stranger {
        ctx.fetch.keys_of_stranger(uri, anew).await
    } else {
        ctx.fetch.keys(uri, anew).await
    };
    let answer = fetched.map_err(|fault| unavailable(&fault))?;
    Keys::read(&answer.bytes).map(Arc::new).map_err(|fault| {
        ctx.fetch.is_useless(Wanted::Keys, uri);
        unavailable(&fault)
    })
}
