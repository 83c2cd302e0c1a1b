//! `POST /oauth/par`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::problem::Problem;
use super::{State, address, forms, respond};
use crate::audit::{Entry, Event};
use crate::oauth::par;
use crate::oauth::params::Params;

/// Keeps a client's authorization request for the browser that is to come.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    match read(&state, &request, &mut payload).await {
        Ok(params) => answer(&state, &request, &params).await,
        Err(answer) => answer,
    }
}

/// The parameters of a push, while not too many come from its network.
pub async fn read(
    state: &State,
    request: &HttpRequest,
    payload: &mut Payload,
) -> Result<Params, HttpResponse> {
    let origin = address::origin(state, request);
    if let Err(throttled) = state.accounts.throttle.pushed(origin.address.as_deref().unwrap_or_default()) {
        let entry = Entry::refused(Event::Authorization, "rate_limited").address(origin.address);
        state.oauth.audit.record(entry).await;
        return Err(Problem::from(throttled).as_json());
    }
    forms::params(state, request, payload).await.map_err(|problem| problem.as_json())
}

/// Answers a push.
pub async fn answer(state: &State, request: &HttpRequest, params: &Params) -> HttpResponse {
    let call = forms::call(state, request);
    // A client that is new here costs what a registration costs.
    let network = call.origin.address.clone().unwrap_or_default();
    let newcomer_in_time = || state.accounts.throttle.registration(&network).is_ok();
    match par::push(&state.oauth, &call, params, newcomer_in_time).await {
        Ok(pushed) => respond::json_no_store(StatusCode::CREATED, &pushed),
        Err(refusal) => respond::refusal_of(request, &refusal),
    }
}
