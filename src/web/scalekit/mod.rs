//! The endpoints of the ScaleKit dialect: other paths to the handlers of `/oauth/…`, for resources that have it.
//!
//! | path                                            | handler                                                 |
//! |-------------------------------------------------|---------------------------------------------------------|
//! | `/resources/{res}/oauth/authorize`              | as `/oauth/authorize`, for this resource                |
//! | `/resources/{res}/oauth/token`                  | as `/oauth/token`, for this resource                    |
//! | `/resources/{res}/oauth/par`                    | as `/oauth/par`, for this resource                      |
//! | `/api/v1/resources/{res}/clients:register`      | as `/oauth/register`, where this resource is open to it |
//! | `//keys`, `//oauth/authorize`, `//oauth/token`  | as with one slash: the Python SDK appends to a URL that ends in one |
//! | `/oidc/userinfo`, `/oidc/logout`                | as `/oauth/userinfo`, `/logout`                         |
//! | `/scalekit.v1.…`                                | gRPC "unimplemented", so that SDKs give up at once      |
//!
//! A resource that is not there, or has the dialect off, answers 404. Its metadata is served by `web/metadata.rs`.

use actix_cors::Cors;
use actix_web::http::StatusCode;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, Path, Payload, ServiceConfig, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::routes::get;
use super::{
    State, authorize, dpop, error_page, forms, issuing, jwks, par, register, respond, token, userinfo,
};
use crate::audit::Event;
use crate::oauth::authorize::Rejected;
use crate::oauth::params::Params;
use crate::oauth::scalekit::door;

/// Registers the paths. `cors` as for the paths they stand for.
pub fn configure(config: &mut ServiceConfig, cors: impl Fn() -> Cors) {
    config
        .service(
            resource("/resources/{res}/oauth/authorize")
                .route(get().to(authorize_get))
                .route(post().to(authorize_post)),
        )
        .service(
            resource("/resources/{res}/oauth/token")
                .wrap(from_fn(dpop::tell_nonce))
                .wrap(cors())
                .route(post().to(token_post)),
        )
        .service(
            resource("/resources/{res}/oauth/par")
                .wrap(from_fn(dpop::tell_nonce))
                .wrap(cors())
                .route(post().to(par_post)),
        )
        .service(
            resource("/api/v1/resources/{res}/clients:register").wrap(cors()).route(post().to(register_post)),
        )
        .service(resource("//keys").wrap(from_fn(issuing::endpoint)).wrap(cors()).route(get().to(jwks::get)))
        .service(
            resource("//oauth/authorize")
                .wrap(from_fn(issuing::page))
                .route(get().to(authorize::get))
                .route(post().to(authorize::post)),
        )
        .service(
            resource("//oauth/token")
                .wrap(from_fn(dpop::tell_nonce))
                .wrap(from_fn(issuing::endpoint))
                .wrap(cors())
                .route(post().to(token::post)),
        )
        .service(
            resource("/oidc/userinfo")
                .wrap(from_fn(dpop::tell_nonce))
                .wrap(from_fn(issuing::endpoint))
                .wrap(cors())
                .route(get().to(userinfo::get))
                .route(post().to(userinfo::get)),
        )
        .service(resource("/oidc/logout").route(get().to(|| async { respond::see_other("/logout") })))
        .service(resource("/scalekit.v1.{call:.*}").route(web::to(unimplemented)));
}

/// The request behind the door of the resource in its path.
fn behind(state: &State, id: &str, params: &Params) -> Result<Params, HttpResponse> {
    let resource = door::find(&state.oauth, id).ok_or_else(error_page::not_found)?;
    Ok(door::behind(params, &resource))
}

async fn authorize_get(state: Data<State>, request: HttpRequest, id: Path<String>) -> HttpResponse {
    let params = match Params::parse(request.query_string().as_bytes()) {
        Ok(params) => params,
        Err(refusal) => {
            let rejected = Rejected::Page(refusal);
            return authorize::reject(&state, &request, &Params::default(), rejected).await;
        }
    };
    match behind(&state, &id, &params) {
        Ok(params) => authorize::answer(&state, &request, &params).await,
        Err(answer) => answer,
    }
}

async fn authorize_post(
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
    mut payload: Payload,
) -> HttpResponse {
    let params = match forms::params(&state, &request, &mut payload).await {
        Ok(params) => params,
        Err(problem) => return problem.as_page(&state, &request, Event::Authorization).await,
    };
    match behind(&state, &id, &params) {
        Ok(params) => authorize::answer(&state, &request, &params).await,
        Err(answer) => answer,
    }
}

async fn token_post(
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
    mut payload: Payload,
) -> HttpResponse {
    let params = match forms::params(&state, &request, &mut payload).await {
        Ok(params) => params,
        Err(problem) => return problem.as_json(),
    };
    match behind(&state, &id, &params) {
        Ok(params) => token::answer(&state, &request, &params).await,
        Err(_) => no_such_door(),
    }
}

async fn par_post(
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
    mut payload: Payload,
) -> HttpResponse {
    let params = match par::read(&state, &request, &mut payload).await {
        Ok(params) => params,
        Err(answer) => return answer,
    };
    match behind(&state, &id, &params) {
        Ok(params) => par::answer(&state, &request, &params).await,
        Err(_) => no_such_door(),
    }
}

async fn register_post(
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
    mut payload: Payload,
) -> HttpResponse {
    match door::find(&state.oauth, &id) {
        Some(resource) => register::answer(&state, &request, &mut payload, Some(&resource)).await,
        None => no_such_door(),
    }
}

/// For clients, which read JSON.
fn no_such_door() -> HttpResponse {
    let text = "there is no resource of this id with ScaleKit's dialect here; ask its metadata for the right endpoint";
    respond::json_no_store(StatusCode::NOT_FOUND, &json!({ "error": "not_found", "error_description": text }))
}

/// gRPC's status 12 in a response without a body (gRPC over HTTP/2, "Trailers-Only").
async fn unimplemented() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/grpc")
        .insert_header(("grpc-status", "12"))
        .insert_header(("grpc-message", "Gatepost has no management API of ScaleKit"))
        .finish()
}
