//! `POST /oauth/revoke`.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::{State, forms, respond};
use crate::oauth::revoke;

/// Answers a revocation request.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let params = match forms::params(&state, &request, &mut payload).await {
        Ok(params) => params,
        Err(problem) => return problem.as_json(),
    };
    match revoke::respond(&state.oauth, &forms::call(&state, &request), &params).await {
        Ok(()) => HttpResponse::Ok().insert_header(("cache-control", "no-store")).finish(),
        Err(refusal) => respond::refusal_of(&request, &refusal),
    }
}
