//! Paths that can be no page of ours.
//!
//! Ids in the path of a page reach the store as they come, and Postgres takes no NUL in a text: such a path is no
//! page, rather than a failure of the database. (Queries and forms are refused by their parser; the endpoints of the
//! protocol bound their ids themselves, and answer in their own words.)

use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;

use super::error_page;

/// Where paths hold ids of pages.
const PAGES: [&str; 3] = ["/admin/", "/account/", "/login/"];

/// Answers 404 to the path of a page with a NUL in it.
pub async fn check<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let path = request.uri().path();
    if path.contains("%00") && PAGES.iter().any(|page| path.starts_with(page)) {
        return Ok(request.into_response(error_page::not_found()).map_into_right_body());
    }
    next.call(request).await.map(ServiceResponse::map_into_left_body)
}
