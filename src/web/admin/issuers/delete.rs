//! `/admin/issuers/{id}/delete`: for good, after its name was typed.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::pages::admin::{Area, DeleteIssuerPage, Problems};
use super::super::access::{FreshSubmission, FreshView};
use super::super::answers;
use crate::admin::{Failure, issuers};

pub async fn get(FreshView(view): FreshView, id: Path<String>) -> HttpResponse {
    match issuers::find(&view.state.admin, &id).await {
        Ok(issuer) => {
            let (shell, line) = (view.shell(Area::Issuers), super::line(&issuer));
            let html = DeleteIssuerPage { shell, line, problems: Problems::default() };
            answers::page(&view.state, &html, &view.token)
        }
        Err(failure) => answers::failed(&view.state, failure),
    }
}

pub async fn post(FreshSubmission(sent): FreshSubmission, id: Path<String>) -> HttpResponse {
    let state = &sent.state;
    let failure = match issuers::delete(&state.admin, &sent.actor, &id, sent.text("typed")).await {
        Ok(()) => return answers::done(super::PAGE, "issuer-deleted"),
        Err(failure @ Failure::Invalid(_)) => failure,
        Err(failure) => return answers::failed(state, failure),
    };
    match issuers::find(&state.admin, &id).await {
        Ok(issuer) => {
            let (shell, line) = (sent.shell(Area::Issuers), super::line(&issuer));
            let html = DeleteIssuerPage { shell, line, problems: Problems::of_failure(&failure) };
            answers::again(state, &failure, &html, &sent.token)
        }
        Err(failure) => answers::failed(state, failure),
    }
}
