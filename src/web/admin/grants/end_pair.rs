//! `/admin/grants/end-pair`: ending everything one person gave one client.

use actix_web::HttpResponse;

use super::super::access::Submission;
use super::super::answers;
use super::PAGE;
use crate::admin::grants;

pub async fn post(sent: Submission) -> HttpResponse {
    let (user, client) = (sent.text("user"), sent.text("client"));
    match grants::end_pair(&sent.state.admin, &sent.actor, user, client).await {
        Ok(_) => answers::done(&format!("{PAGE}?person={user}"), "grants-ended"),
        Err(failure) => answers::failed(&sent.state, failure),
    }
}
