//! `/admin/people/{id}/sessions/end`: ending one sign-in of somebody, or every one.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::access::{Submission, View};
use super::super::answers;
use super::Step;
use crate::accounts::{session, words};
use crate::admin::Failure;
use crate::admin::people::ends::{Which, end_sessions};

const AT: &str = "/sessions/end";

pub async fn get(view: View, id: Path<String>) -> HttpResponse {
    let wanted = view.query.first("session").unwrap_or_default();
    if Which::parse(wanted) == Which::All {
        let points = ["They have to sign in again everywhere.", "Apps stay connected."];
        let step = Step::new("End every sign-in", AT, "End all", &points).with("session", "all");
        return super::ask(&view, &id, |_| step).await;
    }
    let sessions = match session::list(&view.state.accounts, &id).await {
        Ok(sessions) => sessions,
        Err(error) => return answers::failed(&view.state, error.into()),
    };
    let Some(found) = sessions.into_iter().find(|session| session.id == wanted) else {
        return answers::failed(&view.state, Failure::NotFound);
    };
    let device = words::device(found.user_agent.as_deref());
    let place = found.address.map(|place| format!(", from {place}")).unwrap_or_default();
    let points = [format!("{device}{place}."), "Apps stay connected.".to_owned()];
    let points: Vec<&str> = points.iter().map(String::as_str).collect();
    let step = Step::new("End this sign-in", AT, "End it", &points).with("session", wanted);
    super::ask(&view, &id, |_| step).await
}

pub async fn post(sent: Submission, id: Path<String>) -> HttpResponse {
    let which = Which::parse(sent.text("session"));
    let result = end_sessions(&sent.state.admin, &sent.actor, &id, which).await;
    super::done(&sent.state, &id, "sign-ins-ended", result)
}
