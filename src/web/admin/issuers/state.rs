//! `/admin/issuers/{id}/disable` and `/enable`: whether its word is taken.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::access::Submission;
use super::super::answers;
use crate::admin::issuers;

pub async fn disable(sent: Submission, id: Path<String>) -> HttpResponse {
    match issuers::disable(&sent.state.admin, &sent.actor, &id).await {
        Ok(()) => answers::done(&super::page_of(&id), "issuer-disabled"),
        Err(failure) => answers::failed(&sent.state, failure),
    }
}

pub async fn enable(sent: Submission, id: Path<String>) -> HttpResponse {
    match issuers::enable(&sent.state.admin, &sent.actor, &id).await {
        Ok(()) => answers::done(&super::page_of(&id), "issuer-enabled"),
        Err(failure) => answers::failed(&sent.state, failure),
    }
}
