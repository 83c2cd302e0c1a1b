//! `/admin/people/{id}/apps/end`: disconnecting one app of somebody, or every one.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::access::{Submission, View};
use super::Step;
use crate::admin::people::ends::{Which, end_apps};

const AT: &str = "/apps/end";

pub async fn get(view: View, id: Path<String>) -> HttpResponse {
    let wanted = view.query.first("app").unwrap_or_default();
    let points = ["Access ends at once, on every server.", "The person has to be asked again."];
    let title = match Which::parse(wanted) {
        Which::All => "Disconnect every app",
        Which::One(_) => "Disconnect this app",
    };
    super::ask(&view, &id, |_| Step::new(title, AT, "Disconnect", &points).with("app", wanted)).await
}

pub async fn post(sent: Submission, id: Path<String>) -> HttpResponse {
    let which = Which::parse(sent.text("app"));
    let result = end_apps(&sent.state.admin, &sent.actor, &id, which).await;
    super::done(&sent.state, &id, "apps-ended", result)
}
