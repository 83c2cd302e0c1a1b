//! What the API answers with when all is well. Nothing of it is kept by any cache.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;
use serde::Serialize;

use super::super::super::respond;

/// What was asked for.
pub fn ok(body: &impl Serialize) -> HttpResponse {
    respond::json_no_store(StatusCode::OK, body)
}

/// It is done, and there is nothing to say.
pub fn done() -> HttpResponse {
    HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, "no-store")).finish()
}
