//! `GET` and `POST /oauth/userinfo`.

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::{State, dpop, forms, respond};
use crate::oauth::userinfo;

/// Answers a UserInfo request.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let Some(sent) = dpop::sent(request.headers()) else {
        return HttpResponse::Unauthorized()
            .insert_header((header::WWW_AUTHENTICATE, "Bearer scope=\"openid\""))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .finish();
    };
    match userinfo::respond(&state.oauth, sent, &forms::call(&state, &request)).await {
        Ok(info) => respond::json_no_store(StatusCode::OK, &info),
        Err(refusal) => dpop::refused(&refusal, sent.scheme),
    }
}
