//! `/oauth/register`: registering, and reading and deleting one's own registration.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::problem::Problem;
use super::{State, address, forms, respond};
use crate::audit::{Entry, Event};
use crate::oauth::error::{Code, Reason, Refusal};
use crate::oauth::registration;
use crate::oauth::resource::Resource;

/// Registers a client.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    answer(&state, &request, &mut payload, None).await
}

/// The same, `at` the endpoint of one resource.
pub async fn answer(
    state: &State,
    request: &HttpRequest,
    payload: &mut Payload,
    at: Option<&Resource>,
) -> HttpResponse {
    let origin = address::origin(state, request);
    let network = origin.address.clone().unwrap_or_default();
    if let Err(throttled) = state.accounts.throttle.registration(&network) {
        let entry = Entry::refused(Event::ClientRegistered, "rate_limited").address(origin.address);
        state.oauth.audit.record(entry).await;
        return Problem::from(throttled).as_json();
    }
    if !forms::has_type(request, "application/json") {
        return respond::refusal(&Refusal::new(
            Code::InvalidClientMetadata,
            Reason::MalformedRequest,
            "Content-Type must be application/json",
        ));
    }
    let body = match forms::body(state, payload, state.settings.registration_body_limit).await {
        Ok(body) => body,
        Err(problem) => return problem.as_json(),
    };
    match registration::register(&state.oauth, &body, at, &origin).await {
        Ok(registered) => respond::json_no_store(StatusCode::CREATED, &registered),
        Err(refusal) => respond::refusal(&refusal),
    }
}

/// Reads a registration (RFC 7592 §2.1).
pub async fn get(state: Data<State>, request: HttpRequest, id: Path<String>) -> HttpResponse {
    let token = forms::bearer(&request);
    match registration::managed(&state.oauth, &id, token, &address::origin(&state, &request)).await {
        Ok(client) => {
            let registered = registration::read(&state.oauth, client, token.unwrap_or_default());
            respond::json_no_store(StatusCode::OK, &registered)
        }
        Err(refusal) => respond::refusal(&refusal),
    }
}

/// Deletes a registration (RFC 7592 §2.3).
pub async fn delete(state: Data<State>, request: HttpRequest, id: Path<String>) -> HttpResponse {
    let origin = address::origin(&state, &request);
    let client = match registration::managed(&state.oauth, &id, forms::bearer(&request), &origin).await {
        Ok(client) => client,
        Err(refusal) => return respond::refusal(&refusal),
    };
    match registration::delete(&state.oauth, &client, &origin).await {
        Ok(()) => HttpResponse::NoContent().insert_header(("cache-control", "no-store")).finish(),
        Err(refusal) => respond::refusal(&refusal),
    }
}
