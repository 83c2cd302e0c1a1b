//! `/admin/resources/{id}/scopes/add`: one more scope.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::pages::admin::Area;
use super::super::access::{Submission, View};
use super::super::answers;
use crate::admin::Failure;
use crate::admin::scopes::{self, Input};

pub async fn get(view: View, id: Path<String>) -> HttpResponse {
    match scopes::list(&view.state.admin, &id).await {
        Ok(book) => {
            let html = super::form(view.shell(Area::Resources), &book, "", None, &Input::default());
            answers::page(&view.state, &html, &view.token)
        }
        Err(failure) => answers::failed(&view.state, failure),
    }
}

pub async fn post(sent: Submission, id: Path<String>) -> HttpResponse {
    let (admin, name, input) = (&sent.state.admin, sent.text("name"), super::read(&sent));
    let failure = match scopes::add(admin, &sent.actor, &id, name, &input).await {
        Ok(()) => return answers::done(&super::page_of(&id), "scope-added"),
        Err(failure @ Failure::Invalid(_)) => failure,
        Err(failure) => return answers::failed(&sent.state, failure),
    };
    match scopes::list(admin, &id).await {
        Ok(book) => {
            let mut html = super::form(sent.shell(Area::Resources), &book, name, None, &input);
            html.problems = super::problems(&failure);
            answers::again(&sent.state, &failure, &html, &sent.token)
        }
        Err(failure) => answers::failed(&sent.state, failure),
    }
}
