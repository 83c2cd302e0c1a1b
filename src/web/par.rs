//! `POST /oauth/par`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::problem::Problem;
use super::{State, address, forms, respond};
use crate::audit::{Entry, Event};
use crate::oauth::par;

/// Keeps a client's authorization request for the browser that is to come.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let origin = address::origin(&state, &request);
    if let Err(throttled) = state.accounts.throttle.pushed(origin.address.as_deref().unwrap_or_default()) {
        let entry = Entry::refused(Event::Authorization, "rate_limited").address(origin.address);
        state.oauth.audit.record(entry).await;
        return Problem::from(throttled).as_json();
    }
    let params = match forms::params(&state, &request, &mut payload).await {
        Ok(params) => params,
        Err(problem) => return problem.as_json(),
    };
    match par::push(&state.oauth, &forms::call(&state, &request), &params).await {
        Ok(pushed) => respond::json_no_store(StatusCode::CREATED, &pushed),
        Err(refusal) => respond::refusal(&refusal),
    }
}
