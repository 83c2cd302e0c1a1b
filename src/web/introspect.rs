//! `POST /oauth/introspect`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::{State, forms, respond};
use crate::oauth::introspect;

/// Answers an introspection request.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let params = match forms::params(&state, &request, &mut payload).await {
        Ok(params) => params,
        Err(problem) => return problem.as_json(),
    };
    match introspect::respond(&state.oauth, &forms::call(&state, &request), &params).await {
        Ok(answer) => respond::json_no_store(StatusCode::OK, &answer),
        Err(refusal) => respond::refusal_of(&request, &refusal),
    }
}
