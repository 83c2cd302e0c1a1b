//! `GET /keys`: the public keys.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;

use super::State;

/// The JWK set. Verifiers may keep it for five minutes; the next key is in it long before it signs.
pub async fn get(state: Data<State>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(state.oauth.keys.current().jwks().to_owned())
}
