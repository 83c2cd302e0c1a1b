//! Paths that can be no address of ours.
//!
//! Ids in a path reach the store as they come, and Postgres takes no NUL in a text: such a path is no page, rather
//! than a failure of the database. (Queries and forms are refused by their parser.)

use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;

use super::error_page;

/// Answers 404 to a path with a NUL in it.
pub async fn check<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if request.uri().path().contains("%00") {
        return Ok(request.into_response(error_page::not_found()).map_into_right_body());
    }
    next.call(request).await.map(ServiceResponse::map_into_left_body)
}
