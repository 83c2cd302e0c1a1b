//! `/admin/issuers/{id}/edit`: what can be set of an issuer.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::pages::admin::{Area, IssuerFormPage, Problems, Shell};
use super::super::access::{FreshSubmission, FreshView};
use super::super::answers;
use crate::admin::Failure;
use crate::admin::issuers::{self, Input};
use crate::oauth::issuers::TrustedIssuer;
use crate::store::trusted_issuers::IssuerKind;

pub async fn get(FreshView(view): FreshView, id: Path<String>) -> HttpResponse {
    match issuers::find(&view.state.admin, &id).await {
        Ok(issuer) => {
            let html = page(view.shell(Area::Issuers), &issuer, &Input::of(&issuer.row));
            answers::page(&view.state, &html, &view.token)
        }
        Err(failure) => answers::failed(&view.state, failure),
    }
}

pub async fn post(FreshSubmission(sent): FreshSubmission, id: Path<String>) -> HttpResponse {
    let (state, input) = (&sent.state, super::read(&sent));
    let failure = match issuers::change(&state.admin, &sent.actor, (&id, sent.version()), &input).await {
        Ok(_) => return answers::done(&super::page_of(&id), "issuer-saved"),
        Err(failure @ (Failure::Invalid(_) | Failure::Changed)) => failure,
        Err(failure) => return answers::failed(state, failure),
    };
    match issuers::find(&state.admin, &id).await {
        Ok(now) => {
            let mut html = page(sent.shell(Area::Issuers), &now, &input);
            html.problems = Problems::of_failure(&failure);
            if matches!(failure, Failure::Changed) {
                html.now = Some(super::in_words(&now.row));
            } else {
                // The version that was read: what others changed since is still to be told of.
                html.version = sent.version();
            }
            answers::again(state, &failure, &html, &sent.token)
        }
        Err(failure) => answers::failed(state, failure),
    }
}

fn page(shell: Shell, issuer: &TrustedIssuer, input: &Input) -> IssuerFormPage {
    let row = &issuer.row;
    IssuerFormPage {
        shell,
        id: Some(row.id.clone()),
        title: row.name.clone(),
        action: format!("{}/edit", super::page_of(&row.id)),
        version: row.version,
        is_enterprise: row.kind == IssuerKind::Enterprise,
        form: super::form(&row.issuer, input),
        problems: Problems::default(),
        now: None,
    }
}
