//! `/admin/people/{id}/reset-link`: a link with which somebody chooses a password.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::access::{FreshSubmission, FreshView};
use super::Step;
use crate::admin::people::link::For;

pub async fn get(FreshView(view): FreshView, id: Path<String>) -> HttpResponse {
    let points = [
        "It works once, within 24 hours, and is shown only once.",
        "An earlier link of this kind stops working.",
        "With the new password every sign-in of theirs ends.",
    ];
    let title = "Make a link to choose a password";
    super::ask(&view, &id, |_| Step::new(title, "/reset-link", "Make the link", &points).harmless()).await
}

pub async fn post(FreshSubmission(sent): FreshSubmission, id: Path<String>) -> HttpResponse {
    super::hand_over(&sent, &id, For::Password).await
}
