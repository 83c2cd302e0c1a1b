//! `/admin/clients/{id}/delete`: asks for the id once more, and deletes the client for good.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::State;
use super::super::super::pages::admin::{Area, DeleteClientPage, Problems, Shell};
use super::super::access::{FreshSubmission, FreshView};
use super::super::answers;
use crate::admin::{Failure, clients};

pub async fn get(FreshView(view): FreshView, id: Path<String>) -> HttpResponse {
    match page(&view.state, view.shell(Area::Clients), &id).await {
        Ok(html) => answers::page(&view.state, &html, &view.token),
        Err(failure) => answers::failed(&view.state, failure),
    }
}

pub async fn post(FreshSubmission(sent): FreshSubmission, id: Path<String>) -> HttpResponse {
    let failure = match clients::delete(&sent.state.admin, &sent.actor, &id, sent.text("typed")).await {
        Ok(()) => return answers::done(super::PAGE, "client-deleted"),
        Err(failure) => failure,
    };
    let Failure::Invalid(problems) = &failure else { return answers::failed(&sent.state, failure) };
    match page(&sent.state, sent.shell(Area::Clients), &id).await {
        Ok(html) => {
            let html = DeleteClientPage { problems: Problems(problems.clone()), ..html };
            answers::again(&sent.state, &failure, &html, &sent.token)
        }
        Err(failure) => answers::failed(&sent.state, failure),
    }
}

async fn page(state: &State, shell: Shell, id: &str) -> Result<DeleteClientPage, Failure> {
    let line = super::line(&clients::find(&state.admin, id).await?);
    Ok(DeleteClientPage { shell, line, problems: Problems::default() })
}
