//! `/admin/people/{id}/admin`: who may administer this server.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::access::{FreshSubmission, FreshView};
use super::Step;
use crate::admin::people::access;
use crate::store::users::UserRow;

const AT: &str = "/admin";

pub async fn get(FreshView(view): FreshView, id: Path<String>) -> HttpResponse {
    super::ask(&view, &id, step).await
}

fn step(user: &UserRow) -> Step {
    if user.is_admin {
        let points = [
            "They can no longer open these pages, from their next click on.",
            "Their own account and apps stay as they are.",
        ];
        Step::new("Make this administrator an ordinary person", AT, "Take it away", &points)
            .with("to", "person")
    } else {
        let points = [
            "They may see and change everything here: clients, people, keys, settings.",
            "They can make others administrators, and take that away from you.",
        ];
        Step::new("Make this person an administrator", AT, "Make an administrator", &points)
            .with("to", "admin")
    }
}

pub async fn post(FreshSubmission(sent): FreshSubmission, id: Path<String>) -> HttpResponse {
    let is_admin = sent.text("to") == "admin";
    let result = access::set_admin(&sent.state.admin, &sent.actor, &id, is_admin).await;
    let code = if is_admin { "admin-made" } else { "admin-unmade" };
    super::done(&sent.state, &id, code, result)
}
