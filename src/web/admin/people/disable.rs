//! `/admin/people/{id}/disable`: keeping somebody out.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::access::{Submission, View};
use super::Step;
use crate::admin::people::access;

pub async fn get(view: View, id: Path<String>) -> HttpResponse {
    let points = [
        "Every sign-in ends, and what their apps hold is revoked, at once and on every server.",
        "Links and invitations stop working.",
        "You can enable them again; the apps have to ask anew.",
    ];
    super::ask(&view, &id, |_| Step::new("Disable this person", "/disable", "Disable", &points)).await
}

pub async fn post(sent: Submission, id: Path<String>) -> HttpResponse {
    let result = access::disable(&sent.state.admin, &sent.actor, &id).await;
    super::done(&sent.state, &id, "person-disabled", result)
}
