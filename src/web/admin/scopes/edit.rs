//! `/admin/resources/{id}/scopes/edit`: what a scope says, opens and includes.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::pages::admin::{Area, ScopeFormPage};
use super::super::access::{FreshSubmission, FreshView, Submission};
use super::super::answers;
use crate::admin::{Failure, scopes};

pub async fn get(FreshView(view): FreshView, id: Path<String>) -> HttpResponse {
    let name = view.query.first("scope").unwrap_or_default();
    let book = match scopes::list(&view.state.admin, &id).await {
        Ok(book) => book,
        Err(failure) => return answers::failed(&view.state, failure),
    };
    match scopes::find(&book, name) {
        Ok(scope) => {
            let input = super::input_of(scope);
            let html = super::form(view.shell(Area::Resources), &book, name, Some(scope.version), &input);
            answers::page(&view.state, &html, &view.token)
        }
        Err(failure) => answers::failed(&view.state, failure),
    }
}

pub async fn post(FreshSubmission(sent): FreshSubmission, id: Path<String>) -> HttpResponse {
    let (name, input) = (sent.text("scope"), super::read(&sent));
    match scopes::edit(&sent.state.admin, &sent.actor, &id, (name, sent.version()), &input).await {
        Ok(()) => answers::done(&super::page_of(&id), "scope-saved"),
        Err(failure @ (Failure::Invalid(_) | Failure::Changed)) => {
            match once_more(&sent, &id, &failure).await {
                Ok(html) => answers::again(&sent.state, &failure, &html, &sent.token),
                Err(failure) => answers::failed(&sent.state, failure),
            }
        }
        Err(failure) => answers::failed(&sent.state, failure),
    }
}

/// The form with what was sent; where somebody else was faster, with what it says now beside it.
async fn once_more(sent: &Submission, id: &str, failure: &Failure) -> Result<ScopeFormPage, Failure> {
    let (name, input) = (sent.text("scope"), super::read(sent));
    let book = scopes::list(&sent.state.admin, id).await?;
    let scope = scopes::find(&book, name)?;
    let mut html = super::form(sent.shell(Area::Resources), &book, name, Some(sent.version()), &input);
    html.problems = super::problems(failure);
    if matches!(failure, Failure::Changed) {
        html.version = scope.version;
        html.now = Some(super::line(scope));
    }
    Ok(html)
}
