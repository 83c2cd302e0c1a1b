//! `/admin/people/{id}/enable`: letting somebody in again.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::access::{FreshSubmission, FreshView};
use super::Step;
use crate::admin::people::access;

pub async fn get(FreshView(view): FreshView, id: Path<String>) -> HttpResponse {
    let points = ["They may sign in again, with what they had.", "Sign-ins and apps that ended stay ended."];
    super::ask(&view, &id, |_| Step::new("Enable this person", "/enable", "Enable", &points).harmless()).await
}

pub async fn post(FreshSubmission(sent): FreshSubmission, id: Path<String>) -> HttpResponse {
    let result = access::enable(&sent.state.admin, &sent.actor, &id).await;
    super::done(&sent.state, &id, "person-enabled", result)
}
