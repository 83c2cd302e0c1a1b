//! `/admin/people/{id}/invite-link`: another invitation for somebody who has not come in yet.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::access::{FreshSubmission, FreshView};
use super::Step;
use crate::admin::people::link::For;

pub async fn get(FreshView(view): FreshView, id: Path<String>) -> HttpResponse {
    let points =
        ["It works once, within 7 days, and is shown only once.", "An earlier invitation stops working."];
    let title = "Make another invitation";
    super::ask(&view, &id, |_| Step::new(title, "/invite-link", "Make the invitation", &points).harmless())
        .await
}

pub async fn post(FreshSubmission(sent): FreshSubmission, id: Path<String>) -> HttpResponse {
    super::hand_over(&sent, &id, For::ComingIn).await
}
