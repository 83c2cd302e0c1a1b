//! `/admin/clients/{id}/enable`: it works again, without what it held before.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::access::Submission;
use super::super::answers;
use crate::admin::clients;

pub async fn post(sent: Submission, id: Path<String>) -> HttpResponse {
    match clients::enable(&sent.state.admin, &sent.actor, &id).await {
        Ok(()) => answers::done(&super::page_of(&id), "client-enabled"),
        Err(failure) => answers::failed(&sent.state, failure),
    }
}
