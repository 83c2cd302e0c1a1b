//! Client authentication at the token, revocation and introspection endpoints
//! ([RFC 6749 §2.3](https://www.rfc-editor.org/rfc/rfc6749#section-2.3)).
//!
//! | client                 | presented                                   | result                                     |
//! |------------------------|---------------------------------------------|--------------------------------------------|
//! | unknown or disabled    | anything                                    | 401 `invalid_client`                       |
//! | public                 | `client_id` in the body                     | ok                                         |
//! | public                 | Basic with an empty secret                  | ok (rmcp, some libraries)                  |
//! | confidential           | Basic, raw or form-encoded, right secret    | ok                                         |
//! | confidential           | `client_id` + `client_secret` in the body   | ok, whichever of the two was registered    |
//! | confidential           | Basic and the same `client_id` in the body  | ok (the Python SDK sends both)             |
//! | confidential           | nothing, or a wrong secret                  | 401 `invalid_client`                       |
//! | confidential           | a secret that was revoked, or has expired   | 401 `invalid_client`, which says so        |
//! | any                    | Basic and another `client_id` in the body   | 400 `invalid_request`                      |
//! | any                    | Basic and `client_secret` in the body       | 400 `invalid_request`                      |
//!
//! | with keys              | `client_assertion`, see [`super::client_assertion`] | ok                                 |
//! | with keys              | a secret, or nothing                        | 401 `invalid_client`                       |
//! | by document, public and with keys | nothing, or `client_assertion`   | ok                                         |
//! | any                    | `client_assertion` and any other credential | 400 `invalid_request`                      |
//! | any                    | `client_assertion` of another `client_assertion_type`, or without one | 400 `invalid_request` |
//!
//! Secrets are looked up with each request, so that one that was revoked is refused by the next request everywhere.
//! A `Bearer` header is no client authentication and is ignored: the ScaleKit SDKs send one everywhere.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::call::Call;
use super::client::{self, AuthMethod, Client};
use super::error::{Code, Reason, Refusal};
use super::params::Params;
use super::scalekit::door;
use super::{OAuth, client_assertion};
use crate::store::client_secrets::SecretRow;
use crate::types::ids::Kind;
use crate::types::secret::Bearer;
use crate::types::{Plain, Timestamp};

/// What a request says about its client, not yet believed.
#[derive(Debug)]
struct Presented {
    client_id: String,
    proof: Proof,
}

/// What is to prove it.
#[derive(Debug)]
enum Proof {
    Nothing,
    Secret(Plain<String>),
    Assertion(Plain<String>),
}

/// Finds and authenticates the client of a request.
///
/// # Errors
/// As in the table above.
pub async fn authenticate(ctx: &OAuth, call: &Call<'_>, params: &Params) -> Result<Arc<Client>, Refusal> {
    let presented = read(call.authorization, params)?;
    let Some(client) = client::authenticating(ctx, &presented.client_id).await? else {
        let unknown = Refusal::new(
            Code::InvalidClient,
            Reason::UnknownClient,
            "client_id is not known here: register again, the registration may have expired",
        );
        return Err(ctx.clients.missing(&presented.client_id, unknown).await);
    };
    let mismatch = |text: &'static str| Refusal::new(Code::InvalidClient, Reason::AuthMethodMismatch, text);
    match (client.auth_method, presented.proof) {
        (AuthMethod::None, Proof::Nothing) => {}
        // Its document says that it has a key, and may leave it out.
        (AuthMethod::None, Proof::Assertion(assertion)) if client.keys.is_some() => {
            check_assertion(ctx, params, &client, &assertion).await?;
        }
        (AuthMethod::None, _) => {
            return Err(mismatch(
                "this client is public: it was registered with token_endpoint_auth_method none and has no secret",
            ));
        }
        (AuthMethod::Basic | AuthMethod::Post, Proof::Secret(secret)) => {
            check_secret(ctx, &client.id, &secret).await?;
        }
        (AuthMethod::Basic | AuthMethod::Post, _) => {
            return Err(mismatch("this client must authenticate with its client_secret"));
        }
        (AuthMethod::PrivateKeyJwt, Proof::Assertion(assertion)) => {
            check_assertion(ctx, params, &client, &assertion).await?;
        }
        (AuthMethod::PrivateKeyJwt, _) => {
            return Err(mismatch("this client must authenticate with a client_assertion (private_key_jwt)"));
        }
    }
    Ok(client)
}

async fn check_assertion(
    ctx: &OAuth,
    params: &Params,
    client: &Client,
    assertion: &Plain<String>,
) -> Result<(), Refusal> {
    let door = door::issuer(ctx, params);
    client_assertion::check(ctx, client, assertion.expose(), &[ctx.issuer.as_str(), door.as_str()]).await
}

/// The client that a request names, for the audit trail: not yet believed.
pub fn named(call: &Call<'_>, params: &Params) -> Option<String> {
    let in_header = call.authorization.and_then(basic).and_then(Result::ok).map(|(id, _)| id);
    let in_assertion = || params.first("client_assertion").and_then(client_assertion::claimed_client);
    in_header.or_else(|| params.first("client_id").map(str::to_owned)).or_else(in_assertion)
}

async fn check_secret(ctx: &OAuth, client_id: &str, secret: &Plain<String>) -> Result<(), Refusal> {
    let now = ctx.clock.now();
    let bearer = Bearer::parse(Kind::ClientSecret, secret.expose()).ok_or_else(|| wrong(WRONG))?;
    let row = ctx.store.find_client_secret(&bearer.id).await?.ok_or_else(|| wrong(WRONG))?;
    decide(&row, client_id, &bearer, now).map_err(wrong)?;
    ctx.clients.touch_secret(&row.id, now);
    Ok(())
}

type Wrong = (Reason, &'static str);
const WRONG: Wrong = (Reason::WrongClientSecret, "client_secret is wrong");

fn wrong((reason, text): Wrong) -> Refusal {
    Refusal::new(Code::InvalidClient, reason, text)
}

/// Only who has the secret learns what became of it.
fn decide(row: &SecretRow, client_id: &str, shown: &Bearer, now: Timestamp) -> Result<(), Wrong> {
    if row.client_id != client_id || !row.hash.matches(shown.secret.expose()) {
        return Err(WRONG);
    }
    if row.revoked_at.is_some() {
        return Err((
            Reason::RevokedClientSecret,
            "client_secret was revoked: ask the administrator for another",
        ));
    }
    if row.is_expired(now) {
        return Err((
            Reason::ExpiredClientSecret,
            "client_secret has expired: ask the administrator for another",
        ));
    }
    Ok(())
}

fn read(authorization: Option<&str>, params: &Params) -> Result<Presented, Refusal> {
    let body_id = params.get("client_id")?;
    let body_secret = params.get("client_secret")?;
    if let Some(assertion) = assertion(params)? {
        if body_secret.is_some() || authorization.and_then(basic).is_some() {
            return Err(Refusal::malformed("client_assertion goes with no other credential"));
        }
        let client_id = body_id.map(str::to_owned).or_else(|| client_assertion::claimed_client(assertion));
        let client_id = client_id.ok_or_else(|| {
            Refusal::new(
                Code::InvalidClient,
                Reason::BadAssertion,
                "client_assertion names no client as its sub",
            )
        })?;
        return Ok(Presented { client_id, proof: Proof::Assertion(Plain::new(assertion.to_owned())) });
    }
    if let Some((id, secret)) = authorization.and_then(basic).transpose()? {
        if body_secret.is_some() {
            return Err(Refusal::malformed("client_secret is in the Authorization header and in the body"));
        }
        if body_id.is_some_and(|b| b != id) {
            return Err(Refusal::malformed(
                "client_id in the body is not the one in the Authorization header",
            ));
        }
        let proof = if secret.is_empty() { Proof::Nothing } else { Proof::Secret(Plain::new(secret)) };
        return Ok(Presented { client_id: id, proof });
    }
    let client_id = body_id
        .ok_or_else(|| Refusal::new(Code::InvalidClient, Reason::MissingParameter, "client_id is missing"))?;
    let proof = body_secret.map_or(Proof::Nothing, |secret| Proof::Secret(Plain::new(secret.to_owned())));
    Ok(Presented { client_id: client_id.to_owned(), proof })
}

/// The assertion of a request that has one.
fn assertion(params: &Params) -> Result<Option<&str>, Refusal> {
    let (kind, assertion) = (params.get("client_assertion_type")?, params.get("client_assertion")?);
    match (kind, assertion) {
        (None, None) => Ok(None),
        (Some(client_assertion::TYPE), Some(assertion)) => Ok(Some(assertion)),
        (Some(client_assertion::TYPE), None) => Err(Refusal::missing("client_assertion")),
        (_, _) => Err(Refusal::malformed(
            "client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        )),
    }
}

/// Reads `Basic base64(id:secret)`; `None` for another scheme.
///
/// Ids and secrets made here consist of unreserved characters only, so the form-encoding that RFC 6749 §2.3.1
/// asks for and that some clients skip leaves them unchanged; decoding is applied when there is a `%`.
fn basic(header: &str) -> Option<Result<(String, String), Refusal>> {
    let (scheme, rest) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let malformed = || Refusal::malformed("the Authorization header is not valid HTTP Basic");
    let decoded = STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let Some((id, secret)) = decoded.as_deref().and_then(|d| d.split_once(':')) else {
        return Some(Err(malformed()));
    };
    Some(Ok((form_decode(id), form_decode(secret))))
}

fn form_decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    url::form_urlencoded::parse(format!("v={text}").as_bytes())
        .next()
        .map_or_else(|| text.to_owned(), |(_, v)| v.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Clock, Rng};

    fn presented(header: Option<&str>, body: &str) -> Result<(String, Option<String>), Code> {
        read(header, &Params::parse(body.as_bytes()).unwrap())
            .map(|p| match p.proof {
                Proof::Secret(secret) => (p.client_id, Some(secret.expose().clone())),
                Proof::Nothing | Proof::Assertion(_) => (p.client_id, None),
            })
            .map_err(|e| e.code)
    }

    #[test]
    fn a_secret_works_until_it_is_revoked_or_expires() {
        let bearer = Bearer::generate(Kind::ClientSecret, &Clock::manual(100), &Rng::counted(1));
        let other = Bearer::generate(Kind::ClientSecret, &Clock::manual(100), &Rng::counted(9));
        let row = SecretRow::of(&bearer, "cli_1", 100, Some(200));
        let says = |row: &SecretRow, id, shown: &Bearer, now| decide(row, id, shown, now).map_err(|w| w.0);
        assert_eq!(says(&row, "cli_1", &bearer, 199), Ok(()));
        assert_eq!(says(&row, "cli_1", &bearer, 200), Err(Reason::ExpiredClientSecret));
        let revoked = SecretRow { revoked_at: Some(150), ..row.clone() };
        assert_eq!(says(&revoked, "cli_1", &bearer, 150), Err(Reason::RevokedClientSecret));
        for (id, shown) in [("cli_2", &bearer), ("cli_1", &other)] {
            assert_eq!(says(&revoked, id, shown, 300), Err(Reason::WrongClientSecret));
        }
        assert!(bearer.to_text().expose().ends_with(&row.hint) && row.hint.len() == 4);
    }

    #[test]
    fn basic_is_read_raw_and_form_encoded() {
        let raw = format!("Basic {}", STANDARD.encode("cli_1:sec_2"));
        let encoded = format!("basic {}", STANDARD.encode("cli%5F1:sec%5F2"));
        let expected = Ok(("cli_1".to_owned(), Some("sec_2".to_owned())));
        assert_eq!(presented(Some(&raw), ""), expected);
        assert_eq!(presented(Some(&encoded), "client_id=cli_1"), expected);
        assert_eq!(presented(Some(&raw), "client_id=cli_2"), Err(Code::InvalidRequest));
        assert_eq!(presented(Some(&raw), "client_secret=x"), Err(Code::InvalidRequest));
        assert_eq!(presented(Some("Basic !!"), ""), Err(Code::InvalidRequest));
        assert_eq!(presented(Some("Bearer x"), "client_id=c"), Ok(("c".into(), None)));
        assert_eq!(presented(None, ""), Err(Code::InvalidClient));
    }
}
