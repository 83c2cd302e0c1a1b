//! `POST /oauth/token`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::{State, forms, respond};
use crate::oauth::params::Params;
use crate::oauth::token;

/// Answers a token request.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    match forms::params(&state, &request, &mut payload).await {
        Ok(params) => answer(&state, &request, &params).await,
        Err(problem) => problem.as_json(),
    }
}

/// Answers it from its parameters.
pub async fn answer(state: &State, request: &HttpRequest, params: &Params) -> HttpResponse {
    match token::respond(&state.oauth, &forms::call(state, request), params).await {
        Ok(response) => respond::json_no_store(StatusCode::OK, &response),
        Err(refusal) => respond::refusal_of(request, &refusal),
    }
}
