//! `/healthz`: the process answers. `/readyz`: its database answers too.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::json;

use super::State;

pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

pub async fn ready(state: Data<State>) -> HttpResponse {
    match state.oauth.store.ping().await {
        Ok(()) if !state.oauth.revocations.is_stale() => {
            HttpResponse::Ok().json(json!({ "status": "ready" }))
        }
        Ok(()) => unavailable("starting"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            unavailable("the database does not answer")
        }
    }
}

fn unavailable(status: &str) -> HttpResponse {
    HttpResponse::ServiceUnavailable().insert_header(("retry-after", "5")).json(json!({ "status": status }))
}
