//! `/admin/clients/{id}/disable`: it gets no token any more, and what it held is revoked.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::access::Submission;
use super::super::answers;
use crate::admin::clients;

pub async fn post(sent: Submission, id: Path<String>) -> HttpResponse {
    match clients::disable(&sent.state.admin, &sent.actor, &id).await {
        Ok(()) => answers::done(&super::page_of(&id), "client-disabled"),
        Err(failure) => answers::failed(&sent.state, failure),
    }
}
