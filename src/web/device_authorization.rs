//! `POST /oauth/device_authorization`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::problem::Problem;
use super::{State, address, forms, respond};
use crate::audit::{Entry, Event};
use crate::oauth::device::{self, InTime};

/// Gives a device its codes.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let origin = address::origin(&state, &request);
    if let Err(throttled) = state.accounts.throttle.device(origin.address.as_deref().unwrap_or_default()) {
        let entry = Entry::refused(Event::DeviceAuthorization, "rate_limited").address(origin.address);
        state.oauth.audit.record(entry).await;
        return Problem::from(throttled).as_json();
    }
    let params = match forms::params(&state, &request, &mut payload).await {
        Ok(params) => params,
        Err(problem) => return problem.as_json(),
    };
    let call = forms::call(&state, &request);
    let network = call.origin.address.clone().unwrap_or_default();
    let in_time = InTime {
        of_client: |client: &str| state.accounts.throttle.device_of_client(client).is_ok(),
        // A client that is new here costs what a registration costs.
        newcomer: || state.accounts.throttle.registration(&network).is_ok(),
    };
    match device::ask(&state.oauth, &call, &params, in_time).await {
        Ok(codes) => respond::json_no_store(StatusCode::OK, &codes),
        Err(refusal) => respond::refusal_of(&request, &refusal),
    }
}
