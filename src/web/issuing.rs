//! The authorization server's endpoints are there while some resource takes tokens of this server. Where every
//! resource takes those of another issuer, they answer 404: nothing can be obtained that anybody would accept.
//!
//! | asked for                     | some resource takes our tokens | none does                        |
//! |-------------------------------|--------------------------------|----------------------------------|
//! | `/oauth/authorize`, `/consent`, `/device` | as ever                        | 404, a page that says why        |
//! | any other endpoint, `/keys`   | as ever                        | 404, JSON that says why          |

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};
use serde_json::json;

use super::pages::ErrorPage;
use super::{State, error_page, respond};

/// Lets a client's request through, or answers it.
pub async fn endpoint<B: MessageBody + 'static>(
    state: Data<State>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if state.trust.issues_tokens() {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let body = json!({
        "error": "not_found",
        "error_description": "this server issues no tokens; the metadata of the resource names the server that does",
    });
    let answer = respond::json_no_store(StatusCode::NOT_FOUND, &body);
    Ok(request.into_response(answer).map_into_right_body())
}

/// Lets a person's request through, or answers it.
pub async fn page<B: MessageBody + 'static>(
    state: Data<State>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if state.trust.issues_tokens() {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    Ok(request.into_response(nothing_to_allow()).map_into_right_body())
}

fn nothing_to_allow() -> HttpResponse {
    let page = ErrorPage {
        title: "Apps log in elsewhere".to_owned(),
        sentence: "This server does not issue access itself: its apps log in at ScaleKit.".to_owned(),
        next: "Remove this server from your app and add it again: it then finds the right place.".to_owned(),
        reference: None,
    };
    error_page::page(StatusCode::NOT_FOUND, &page)
}
