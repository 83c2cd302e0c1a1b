//! The guard in front of `/mcp`: origin, token, session and scope, in this order, before anything of the
//! request reaches the MCP transport.
//!
//! | request                                        | answer                                               |
//! |------------------------------------------------|------------------------------------------------------|
//! | `Origin` of another site                       | 403                                                  |
//! | no access token                                | 401, `resource_metadata`, `scope`                    |
//! | bad token                                      | 401, `error="invalid_token"`                         |
//! | a token that is bound to a key, without a proof that is good here and now, see `oauth::dpop::access` | 401, `error="invalid_token"`, `invalid_dpop_proof` or `use_dpop_nonce` |
//! | an unknown session id, or one of another person, client or resource | 404                             |
//! | body over 4 MiB; too slow; not JSON, or a batch | 413; 408; 400                                       |
//! | a tool whose scope the token lacks             | 403, `error="insufficient_scope"`, needed and granted|
//! | `initialize` with all session places taken     | 429                                                  |
//! | the token's issuer is elsewhere, and its keys cannot be had | 503, `Retry-After`                      |
//! | fine, but its token ends or is revoked while the answer streams | the stream ends              |
//! | database out of reach for longer than revocations may go unheard | 503                                |

use std::pin::Pin;
use std::sync::Arc;

use actix_web::body::{BodyStream, BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, BytesMut, Data};
use actix_web::{Error, HttpMessage as _, HttpResponse};
use futures::{Stream, StreamExt as _, stream};
use serde_json::json;
use url::Url;

use super::metadata::metadata_url;
use super::problem::Problem;
use super::{State, address, dpop, respond};
use crate::audit::{Entry, Event};
use crate::mcp::challenge::Presented;
use crate::mcp::policy::{Access, Message};
use crate::mcp::streams::Ticket;
use crate::mcp::{Owner, Principal, challenge, tools};
use crate::oauth::dpop::access::{Sent, check, check_unbound};
use crate::oauth::dpop::{Expected, alg_names};
use crate::oauth::error::Refusal;
use crate::oauth::resource::Resource;
use crate::trust::VerifyError;
use crate::types::Scheme;
use crate::types::urls::is_loopback;

/// The largest request body, in bytes.
pub const MAX_BODY: usize = 4 * 1024 * 1024;
const SESSION_ID: &str = "mcp-session-id";

/// Lets a request through to the transport, or answers it.
pub async fn guard<B: MessageBody + 'static>(
    state: Data<State>,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let admitted = match admit(&state, &mut request).await {
        Ok(admitted) => admitted,
        Err(response) => return Ok(request.into_response(response).map_into_right_body()),
    };
    let deleting = request.method() == Method::DELETE;
    let mut response = next.call(request).await?;
    if deleting && response.status() == StatusCode::ACCEPTED {
        // The Python SDK takes 200 or 204 for a session that has ended.
        *response.response_mut().status_mut() = StatusCode::NO_CONTENT;
    }
    let opened = response.headers().get(SESSION_ID).and_then(|v| v.to_str().ok());
    if let (Some(place), Some(id)) = (admitted.place, opened) {
        place.bind(id);
    }
    let gone = response.status() == StatusCode::NOT_FOUND || (deleting && response.status().is_success());
    if let (Some(id), true) = (&admitted.session, gone) {
        state.mcp_sessions.forget(id);
    }
    if is_event_stream(&response) {
        let ticket = state.mcp_streams.open(&admitted.caller);
        return Ok(response.map_body(|_, body| EitherBody::right(while_valid(body, ticket))));
    }
    Ok(response.map_into_left_body())
}

fn is_event_stream<B>(response: &ServiceResponse<B>) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|v| v.as_bytes().starts_with(b"text/event-stream"))
}

/// The body, up to where the caller's token or grant ends.
fn while_valid<B: MessageBody + 'static>(body: B, mut ticket: Ticket) -> BoxBody {
    let mut body = Box::pin(body);
    let chunks = stream::poll_fn(move |context| body.as_mut().poll_next(context));
    let chunks = chunks.take_until(Box::pin(async move { ticket.over().await }));
    BodyStream::new(chunks).boxed()
}

struct Admitted {
    caller: Arc<Principal>,
    session: Option<String>,
    place: Option<crate::mcp::sessions::Reservation>,
}

async fn admit(state: &State, request: &mut ServiceRequest) -> Result<Admitted, HttpResponse> {
    check_origin(state, request).await?;
    let resources = state.oauth.resources.current();
    let path = request.path().trim_end_matches('/').to_owned();
    let resource =
        resources.by_path(&path).filter(|r| r.is_here()).ok_or_else(|| HttpResponse::NotFound().finish())?;
    let principal = authenticate(state, request, resource).await?;
    let session = check_session(state, request, &principal).await?;
    request.extensions_mut().insert(Arc::clone(&principal));
    request.extensions_mut().insert(Arc::clone(&resource.unlocks));
    let mut place = None;
    if request.method() == Method::POST {
        let body = tokio::time::timeout(state.settings.patience.message, read_body(request)).await;
        let body = body.map_err(|_| Problem::TooSlow.as_json())??;
        let message = Message::read(&body).map_err(|why| {
            HttpResponse::BadRequest().json(json!({
                "jsonrpc": "2.0", "id": null, "error": { "code": why.code(), "message": why.to_string() }
            }))
        })?;
        check_scope(state, request, resource, &principal, &message).await?;
        if message.is_initialize() && session.is_none() {
            let reserved =
                state.mcp_sessions.reserve(&principal.session_owner(), principal.grant_id.as_deref());
            place = Some(reserved.map_err(|full| {
                HttpResponse::TooManyRequests()
                    .insert_header((header::RETRY_AFTER, "60"))
                    .json(json!({ "error": "too_many_sessions", "error_description": full.to_string() }))
            })?);
        }
        put_back(request, body);
    }
    Ok(Admitted { caller: principal, session, place })
}

/// Another site's pages are refused; our own and programs on this computer (the Inspector) are not.
/// The header is taken out once judged: the transport compares it with a list that knows no free port.
async fn check_origin(state: &State, request: &mut ServiceRequest) -> Result<(), HttpResponse> {
    let mut origins = request.headers().get_all(header::ORIGIN);
    let (Some(origin), more) = (origins.next(), origins.next().is_some()) else { return Ok(()) };
    let text = origin.to_str().unwrap_or_default();
    let fine = text == state.issuer().as_str()
        || Url::parse(text).is_ok_and(|url| {
            is_loopback(&url) && matches!(url.scheme(), "http" | "https") && url.path() == "/"
        });
    if more || !fine {
        let entry = Entry::refused(Event::AccessRefused, "foreign_origin")
            .address(address::origin(state, request.request()).address)
            .detail(format!("origin: {text}"));
        state.oauth.audit.record(entry).await;
        return Err(HttpResponse::Forbidden()
            .content_type("text/plain; charset=utf-8")
            .body("Requests from web pages of this origin are not accepted.\n"));
    }
    request.headers_mut().remove(header::ORIGIN);
    Ok(())
}

fn default_scopes(resource: &Resource) -> Vec<&str> {
    resource.scopes.iter().filter(|s| s.is_default).map(|s| s.name.as_str()).collect()
}

async fn authenticate(
    state: &State,
    request: &ServiceRequest,
    resource: &Resource,
) -> Result<Arc<Principal>, HttpResponse> {
    if state.oauth.revocations.is_stale() {
        return Err(HttpResponse::ServiceUnavailable()
            .insert_header((header::RETRY_AFTER, "5"))
            .json(json!({ "error": "temporarily_unavailable" })));
    }
    let url = metadata_url(state, resource);
    let scopes = default_scopes(resource);
    let algs = alg_names();
    let as_taken = |scheme| Presented {
        scheme: if resource.dpop_required { Scheme::Dpop } else { scheme },
        algs: &algs,
    };
    let Some(sent) = dpop::sent(request.headers()) else {
        let challenge = challenge::missing_token(as_taken(Scheme::Bearer), &url, scopes);
        return Err(unauthorized(challenge, "an access token is needed"));
    };
    let presented = as_taken(sent.scheme);
    match state.trust.verify(sent.token, resource).await {
        Ok(principal) => match prove(state, request, resource, &principal, sent).await {
            Ok(()) => Ok(principal),
            Err(refusal) if dpop::is_of_token(refusal.code) => {
                let (error, text) = (refusal.code.as_str(), &refusal.description);
                let mut answer = unauthorized(challenge::bad(presented, error, &url, scopes, text), text);
                if let (Scheme::Bearer, Ok(more)) = (presented.scheme, challenge::also_bound(&algs).parse()) {
                    answer.headers_mut().append(header::WWW_AUTHENTICATE, more);
                }
                Err(answer)
            }
            Err(refusal) => Err(respond::refusal(&refusal)),
        },
        Err(VerifyError::Unavailable(refusal)) => Err(respond::refusal(&refusal)),
        Err(VerifyError::Bad(bad)) => {
            let entry = Entry::refused(Event::AccessRefused, bad.reason())
                .resource(resource.id.clone())
                .address(address::origin(state, request.request()).address);
            state.oauth.audit.record(entry).await;
            let text = bad.to_string();
            Err(unauthorized(challenge::bad(presented, "invalid_token", &url, scopes, &text), &text))
        }
    }
}

/// Whether the proof is there that a token needs. A refusal is recorded.
async fn prove(
    state: &State,
    request: &ServiceRequest,
    resource: &Resource,
    principal: &Principal,
    sent: Sent<'_>,
) -> Result<(), Refusal> {
    let bound = principal.jkt.as_deref();
    let is_taken = check_unbound(bound.is_some(), resource.dpop_required);
    if sent.scheme == Scheme::Bearer && bound.is_none() && is_taken.is_ok() {
        return Ok(());
    }
    let (proofs, urls) = (dpop::proofs(request.headers()), resource.request_urls());
    let expected =
        Expected { method: request.method().as_str(), urls: &urls, token: Some(sent.token), nonces: None };
    let answer = match is_taken {
        Ok(()) => check(&state.oauth, sent, bound, &proofs, expected).await,
        Err(refusal) => Err(refusal),
    };
    if let Err(refusal) = &answer {
        let entry =
            refused(state, request, principal, &refusal.reason.as_str()).resource(resource.id.clone());
        state.oauth.audit.record(entry).await;
    }
    answer
}

fn unauthorized(challenge: String, description: &str) -> HttpResponse {
    HttpResponse::Unauthorized()
        .insert_header((header::WWW_AUTHENTICATE, challenge))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(json!({ "error_description": description }))
}

async fn check_session(
    state: &State,
    request: &ServiceRequest,
    principal: &Principal,
) -> Result<Option<String>, HttpResponse> {
    let not_found = || HttpResponse::NotFound().body("Not Found: Session not found");
    let mut ids = request.headers().get_all(SESSION_ID);
    let Some(id) = ids.next() else { return Ok(None) };
    let id = id.to_str().map_err(|_| not_found())?;
    if ids.next().is_some() {
        return Err(not_found());
    }
    match state.mcp_sessions.check(id, &principal.session_owner(), principal.grant_id.as_deref()) {
        Owner::Same => Ok(Some(id.to_owned())),
        Owner::Unknown => Err(not_found()),
        Owner::Other => {
            let entry = refused(state, request, principal, "foreign_mcp_session");
            let entry = principal.stranger().into_iter().fold(entry, Entry::detail);
            state.oauth.audit.record(entry).await;
            Err(not_found())
        }
    }
}

/// A refusal of somebody whose token is good.
fn refused(state: &State, request: &ServiceRequest, principal: &Principal, reason: &str) -> Entry {
    Entry::refused(Event::AccessRefused, reason)
        .user(principal.person())
        .client(principal.client())
        .grant(principal.grant_id.clone())
        .address(address::origin(state, request.request()).address)
}

async fn check_scope(
    state: &State,
    request: &ServiceRequest,
    resource: &Resource,
    principal: &Principal,
    message: &Message,
) -> Result<(), HttpResponse> {
    let Some(tool) = message.tool().and_then(tools::find) else { return Ok(()) };
    // A tool that no scope opens is answered by the handler: as one that does not exist.
    let Access::Grantable(scopes) = resource.unlocks.access(tool, principal) else { return Ok(()) };
    let scope = scopes.first().map_or("", String::as_str);
    let by = principal.stranger().map(|who| format!("; by {who}")).unwrap_or_default();
    let entry = refused(state, request, principal, "insufficient_scope")
        .resource(resource.id.clone())
        .detail(format!("needed: {scope}{by}"));
    state.oauth.audit.record(entry).await;
    let text = format!("this tool needs the scope {scope}");
    let needed = challenge::step_up([scope], &principal.scopes);
    let algs = alg_names();
    let presented = Presented { scheme: Scheme::of(principal.jkt.is_some()), algs: &algs };
    Err(HttpResponse::Forbidden()
        .insert_header((
            header::WWW_AUTHENTICATE,
            challenge::insufficient_scope(presented, &metadata_url(state, resource), needed, &text),
        ))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(json!({ "error": "insufficient_scope", "error_description": text })))
}

async fn read_body(request: &mut ServiceRequest) -> Result<Bytes, HttpResponse> {
    let mut payload = request.take_payload();
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| HttpResponse::BadRequest().finish())?;
        if body.len() + chunk.len() > MAX_BODY {
            return Err(Problem::TooLarge(MAX_BODY).as_json());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn put_back(request: &mut ServiceRequest, body: Bytes) {
    let stream: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> =
        Box::pin(stream::once(async move { Ok(body) }));
    request.set_payload(Payload::from(stream));
}
