//! Paths of pages before anything is looked up by them.
//!
//! | the path of a page           | answer                           |
//! |------------------------------|----------------------------------|
//! | with a NUL in it             | 404                              |
//! | with slashes at its end, GET | to the same without, query kept  |
//!
//! Ids in the path of a page reach the store as they come, and Postgres takes no NUL in a text: such a path is no
//! page, rather than a failure of the database; below the API it is no thing. (Queries and forms are refused by their parser; the endpoints of the
//! protocol bound their ids themselves, and answer in their own words.)

use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, Uri};
use actix_web::middleware::Next;
use actix_web::web::Data;

use super::admin::api;
use super::{State, error_page, respond};

/// Where paths hold ids of pages.
const PAGES: [&str; 3] = ["/admin/", "/account/", "/login/"];

/// The table.
pub async fn check<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let path = request.uri().path();
    let has_nul = path.contains("%00");
    if path.starts_with(api::PREFIX) {
        if has_nul && let Some(state) = request.app_data::<Data<State>>().cloned() {
            return Ok(request.into_response(api::not_found(&state)).map_into_right_body());
        }
    } else if PAGES.iter().any(|page| path.starts_with(page)) {
        if has_nul {
            return Ok(request.into_response(error_page::not_found()).map_into_right_body());
        }
        if path.ends_with('/') && matches!(*request.method(), Method::GET | Method::HEAD) {
            let there = respond::see_other(&without_slashes(request.uri()));
            return Ok(request.into_response(there).map_into_right_body());
        }
    }
    next.call(request).await.map(ServiceResponse::map_into_left_body)
}

/// It begins as [`PAGES`] do, so it cannot lead to another site.
fn without_slashes(uri: &Uri) -> String {
    let path = uri.path().trim_end_matches('/');
    uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"))
}
