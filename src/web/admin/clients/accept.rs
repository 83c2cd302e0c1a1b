//! `/admin/clients/{id}/accept`: what its document says now holds for everybody who connected it.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::access::Submission;
use super::super::answers;
use crate::admin::clients::document;

pub async fn post(sent: Submission, id: Path<String>) -> HttpResponse {
    match document::accept(&sent.state.admin, &sent.actor, &id, sent.version()).await {
        Ok(_) => answers::done(&super::page_of(&id), "client-accepted"),
        Err(failure) => answers::failed(&sent.state, failure),
    }
}
