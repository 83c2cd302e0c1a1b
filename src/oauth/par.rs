//! Pushed authorization requests: a client sends its request ahead, and the browser carries only a reference to it.
//! Law: [RFC 9126](https://www.rfc-editor.org/rfc/rfc9126) · RFC 9101 §6.3
//!
//! | pushed                                             | answer                                            | test |
//! |----------------------------------------------------|---------------------------------------------------|------|
//! | a request that [`super::authorize`] would take     | 201, a reference that is good to begin for 60 s   | `a_pushed_request_leads_to_a_code` |
//! | one that it would refuse, on a page or by redirect | the same error as JSON                            | `a_pushed_request_is_judged_at_once` |
//! | unknown client, wrong secret                       | 401 `invalid_client`                              | `only_the_client_itself_pushes` |
//! | with a proof of possession (`DPoP`)                | 201; the code will be bound to that key           | `a_proof_with_the_push_names_the_key` |
//! | with a `request_uri` of its own, or another client's id | 400 `invalid_request`                        | `a_pushed_request_is_judged_at_once` |
//! | of a client by document that is new here, and too many such came from its network | 503 `temporarily_unavailable` | `strangers_leave_few_rows_and_for_a_short_time` |
//! | one too many of one client, in all, or from one address | 503, 429 `temporarily_unavailable`           | `as_many_are_under_way_as_may_and_no_more` |
//!
//! | the browser brings                                 | answer                                            | test |
//! |----------------------------------------------------|---------------------------------------------------|------|
//! | a reference of this client, in time                | as for the request itself; whatever else the browser brings is ignored, the path it came by too | `what_the_browser_adds_is_ignored` |
//! | the same, and the request asks for a login         | a login since a browser began with it counts      | `a_login_that_was_pushed_is_asked_for_once_and_not_waved_through` |
//! | one that a browser began with, within half an hour | the same: people need time to sign in and read    | `a_person_may_take_their_time` |
//! | one that is expired, unknown, another client's, or was decided | error page, 400                       | `a_dead_reference_is_answered_on_a_page` |
//! | a `request_uri` of another kind                    | redirect, `request_uri_not_supported`             | `a_refused_request_is_told_to_the_client` |
//! | no reference, where the setting or the client wants one | redirect, `invalid_request`                  | `who_must_push_is_told_so` |
//!
//! A decision spends the reference, Allow and Deny alike. What a client authenticated with is not stored; every other
//! parameter is, known or not, so that what is added to authorization requests later comes along.
//!
//! Nothing of a pushed request is taken from the browser. Which resource's endpoints it is for
//! ([`super::scalekit::door`]) is where it was pushed to. That a login it asks for (`prompt`, `max_age`) has happened is
//! told by the session, which must be younger than the moment at which a browser began with the reference.

use serde::Serialize;

use super::authorize::{self, Rejected, Way};
use super::call::Call;
use super::client::Client;
use super::dpop::{self, binding};
use super::error::{Code, Reason, Refusal};
use super::params::Params;
use super::{OAuth, cimd, client_auth, flow};
use crate::audit::{Entry, Event};
use crate::store::pushed_requests::{PushedBounds, PushedRow};
use crate::types::Timestamp;
use crate::types::ids::Kind;
use crate::types::secret::Bearer;

/// Every reference begins with it (RFC 9126 §2.2).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
/// For so many seconds a browser may begin with a reference.
const BEGIN_WITHIN: i64 = 60;
/// For so many seconds a person may take from there.
const LASTS: i64 = 1800;
/// The longest request that is kept, in bytes.
const MAX_KEPT: usize = 8 * 1024;
const BOUNDS: PushedBounds = PushedBounds { of_client: 1_000, in_all: 10_000 };
/// What a client proves itself with.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// What a client is told (RFC 9126 §2.2).
#[derive(Serialize)]
pub struct Pushed {
    pub request_uri: String,
    /// Seconds.
    pub expires_in: i64,
}

/// A request that was pushed, as the browser names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub id: String,
    /// The whole `request_uri`: what ties its steps together in the audit trail.
    pub uri: String,
    /// When a browser began with it; nothing before.
    pub begun_at: Option<Timestamp>,
}

/// A request as it is judged, and where it came from.
#[derive(Debug)]
pub struct Opened {
    pub params: Params,
    pub reference: Option<Reference>,
}

/// Keeps a client's request, if it is one that would be put before a person.
///
/// `newcomer_in_time` counts a client that is new here.
pub async fn push(
    ctx: &OAuth,
    call: &Call<'_>,
    params: &Params,
    newcomer_in_time: impl Fn() -> bool,
) -> Result<Pushed, Refusal> {
    let pushed = try_push(ctx, call, params, newcomer_in_time).await;
    let entry = match &pushed {
        Ok((pushed, client_id)) => Entry::ok(Event::Authorization)
            .because("pushed")
            .client(client_id.clone())
            .flow(flow::of(&ctx.master, client_id, &pushed.request_uri)),
        Err(refusal) => Entry::refused(Event::Authorization, refusal.reason.as_str())
            .client(client_auth::named(call, params))
            .flow(flow::of_request(&ctx.master, params)),
    };
    ctx.audit.record(entry.address(call.origin.address.clone())).await;
    pushed.map(|(pushed, _)| pushed)
}

async fn try_push(
    ctx: &OAuth,
    call: &Call<'_>,
    params: &Params,
    newcomer_in_time: impl Fn() -> bool,
) -> Result<(Pushed, String), Refusal> {
    let client = client_auth::authenticate(ctx, call, params).await?;
    if params.first("request_uri").is_some() {
        return Err(Refusal::malformed("request_uri cannot be pushed: send the request itself"));
    }
    // It may have named itself in the header only.
    let params = CREDENTIALS.iter().fold(params.clone(), |params, name| params.without(name));
    let params = params.with("client_id", &client.id);
    let params = bound(ctx, call, &client, params).await?;
    let judged = authorize::judge(ctx, &params, Way::Pushed).await.map_err(|rejected| match rejected {
        Rejected::Page(refusal) => refusal,
        Rejected::Redirect(to) => to.refusal,
    })?;
    let kept = params.to_query();
    if kept.len() > MAX_KEPT {
        return Err(Refusal::malformed(format!("the request is longer than {MAX_KEPT} bytes")));
    }
    let document = cimd::may_begin(ctx, &judged.client, &judged.resource, newcomer_in_time).await?;
    let bearer = Bearer::generate(Kind::PushedRequest, &ctx.clock, &ctx.rng);
    let now = ctx.clock.now();
    let row = PushedRow {
        id: bearer.id.clone(),
        hash: bearer.hash(),
        client_id: client.id.clone(),
        parameters: kept,
        created_at: now,
        begun_at: None,
        ends_at: now + BEGIN_WITHIN,
        spent_at: None,
    };
    let added = match document {
        Some(client) => ctx.store.add_pushed_request_by_document(client, row, BOUNDS).await?,
        None => ctx.store.add_pushed_request(row, BOUNDS).await?,
    };
    if !added {
        return Err(Refusal::new(
            Code::TemporarilyUnavailable,
            Reason::TooManyPushed,
            "too many requests are waiting for a browser; try again in a minute",
        ));
    }
    let request_uri = format!("{PREFIX}{}", bearer.to_text().expose());
    Ok((Pushed { request_uri, expires_in: BEGIN_WITHIN }, client.id.clone()))
}

/// The request with the key that its client proved to hold, as if it had named it (RFC 9449 §10.1).
async fn bound(ctx: &OAuth, call: &Call<'_>, client: &Client, params: Params) -> Result<Params, Refusal> {
    if call.dpop.is_empty() {
        return Ok(params);
    }
    let Some(proof) = binding::of_request(ctx, call, client)? else { return Ok(params) };
    if params.get("dpop_jkt")?.is_some_and(|named| named != proof.jkt) {
        return Err(Refusal::malformed("dpop_jkt is not the key of the DPoP proof"));
    }
    dpop::spend(ctx, &proof).await?;
    Ok(params.with("dpop_jkt", &proof.jkt))
}

/// Whether requests of this client must be pushed.
pub fn is_required(ctx: &OAuth, client: &Client) -> bool {
    ctx.pushing.required || client.metadata.require_pushed_authorization_requests
}

/// Whether requests must be pushed, by the settings.
#[derive(Clone, Copy, Debug)]
pub struct Pushing {
    pub required: bool,
}

/// The request that the parameters stand for: themselves, or the one that was pushed. Changes nothing.
///
/// # Errors
/// `invalid_request_uri`.
pub async fn open(ctx: &OAuth, params: &Params) -> Result<Opened, Refusal> {
    let Some(text) = reference(params) else {
        return Ok(Opened { params: params.clone(), reference: None });
    };
    let row = find(ctx, params, text).await?;
    let kept = Params::parse(row.parameters.as_bytes()).map_err(|_| Refusal::internal())?;
    let uri = format!("{PREFIX}{text}");
    Ok(Opened { params: kept, reference: Some(Reference { id: row.id, uri, begun_at: row.begun_at }) })
}

/// Notes that a browser began with a reference, so that the person has time. Nothing for any other request.
///
/// # Errors
/// As [`open`].
pub async fn begin(ctx: &OAuth, params: &Params) -> Result<(), Refusal> {
    let Some(text) = reference(params) else { return Ok(()) };
    let row = find(ctx, params, text).await?;
    if row.begun_at.is_none() {
        let now = ctx.clock.now();
        // Another browser may have begun meanwhile: it has begun.
        ctx.store.begin_pushed_request(row.id, now, now + LASTS).await?;
    }
    Ok(())
}

/// Spends the reference on a decision. Nothing for a request without one.
///
/// # Errors
/// `invalid_request_uri` when another decision was first, or it is too late.
pub async fn spend(ctx: &OAuth, reference: Option<&Reference>) -> Result<(), Refusal> {
    let Some(reference) = reference else { return Ok(()) };
    if ctx.store.spend_pushed_request(reference.id.clone(), ctx.clock.now()).await? {
        return Ok(());
    }
    Err(refuse(Reason::SpentPushedRequest))
}

/// The same request for the way back from a login, without the wish for one. One that was pushed keeps its wish: the
/// new session fulfils it.
pub fn after_login(params: &Params) -> Params {
    match reference(params) {
        Some(_) => params.clone(),
        None => params.without("prompt").without("max_age"),
    }
}

fn reference(params: &Params) -> Option<&str> {
    params.first("request_uri").and_then(|uri| uri.strip_prefix(PREFIX))
}

async fn find(ctx: &OAuth, params: &Params, text: &str) -> Result<PushedRow, Refusal> {
    params.get("request_uri")?;
    let client_id = params.require("client_id")?;
    let unknown = || refuse(Reason::UnknownPushedRequest);
    let bearer = Bearer::parse(Kind::PushedRequest, text).ok_or_else(unknown)?;
    let row = ctx.store.find_pushed_request(&bearer.id).await?;
    let row = row.filter(|row| row.hash.matches(bearer.secret.expose())).ok_or_else(unknown)?;
    decide(&row, client_id, ctx.clock.now()).map_err(refuse)?;
    Ok(row)
}

/// The second table above, of a reference that is ours.
fn decide(row: &PushedRow, client_id: &str, now: Timestamp) -> Result<(), Reason> {
    if row.client_id != client_id {
        return Err(Reason::ForeignPushedRequest);
    }
    if row.spent_at.is_some() {
        return Err(Reason::SpentPushedRequest);
    }
    if row.ends_at <= now {
        return Err(Reason::ExpiredPushedRequest);
    }
    Ok(())
}

fn refuse(reason: Reason) -> Refusal {
    let text = match reason {
        Reason::ForeignPushedRequest => "request_uri was given to another client",
        Reason::SpentPushedRequest => "request_uri was used before",
        Reason::ExpiredPushedRequest => "request_uri has expired",
        _ => "request_uri is not known here",
    };
    Refusal::new(Code::InvalidRequestUri, reason, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Hashed;

    #[test]
    fn the_table() {
        let row = |begun_at, ends_at, spent_at| PushedRow {
            id: "par_1".into(),
            hash: Hashed::of("x"),
            client_id: "cli_1".into(),
            parameters: String::new(),
            created_at: 100,
            begun_at,
            ends_at,
            spent_at,
        };
        for (row, client, now, expected) in [
            (row(None, 160, None), "cli_1", 159, Ok(())),
            (row(None, 160, None), "cli_1", 160, Err(Reason::ExpiredPushedRequest)),
            (row(Some(150), 1950, None), "cli_1", 1949, Ok(())),
            (row(Some(150), 1950, None), "cli_1", 1950, Err(Reason::ExpiredPushedRequest)),
            (row(Some(150), 1950, Some(200)), "cli_1", 210, Err(Reason::SpentPushedRequest)),
            (row(Some(150), 1950, Some(200)), "cli_2", 210, Err(Reason::ForeignPushedRequest)),
            (row(None, 160, None), "cli_2", 150, Err(Reason::ForeignPushedRequest)),
        ] {
            assert_eq!(decide(&row, client, now), expected, "{row:?} at {now}");
        }
    }

    #[test]
    fn the_way_back_from_a_login_asks_for_none() {
        let back = |query: &str| after_login(&Params::parse(query.as_bytes()).unwrap()).to_query();
        assert_eq!(back("client_id=a&prompt=login&max_age=1&state=s"), "client_id=a&state=s");
        let uri = "client_id=a&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Apar_1_x";
        assert_eq!(back(uri), uri);
    }
}
