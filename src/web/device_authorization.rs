//! `POST /oauth/device_authorization`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::problem::Problem;
use super::{State, address, forms, respond};
use crate::audit::{Entry, Event};
use crate::oauth::device;

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
    let is_in_time = |client: &str| state.accounts.throttle.device_of_client(client).is_ok();
    match device::ask(&state.oauth, &forms::call(&state, &request), &params, is_in_time).await {
        Ok(codes) => respond::json_no_store(StatusCode::OK, &codes),
        Err(refusal) => respond::refusal(&refusal),
    }
}
