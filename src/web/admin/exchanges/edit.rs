//! `/admin/exchanges/{id}/edit`: the scopes of a rule.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::State;
use super::super::super::pages::admin::{Area, ExchangeForm, ExchangeFormPage, Problems, Shell};
use super::super::access::{FreshSubmission, FreshView};
use super::super::answers;
use crate::admin::{Failure, exchanges};
use crate::store::exchange_rules::ExchangeRow;

pub async fn get(FreshView(view): FreshView, id: Path<String>) -> HttpResponse {
    match exchanges::find(&view.state.admin, &id).await {
        Ok(row) => {
            let scopes = super::scope_lines(&row.scopes);
            let html = page(&view.state, view.shell(Area::Issuers), &row, scopes).await;
            answers::page(&view.state, &html, &view.token)
        }
        Err(failure) => answers::failed(&view.state, failure),
    }
}

pub async fn post(FreshSubmission(sent): FreshSubmission, id: Path<String>) -> HttpResponse {
    let (state, scopes) = (&sent.state, sent.lines("scopes"));
    let failure = match exchanges::change(&state.admin, &sent.actor, (&id, sent.version()), &scopes).await {
        Ok(_) => return answers::done(super::PAGE, "exchange-saved"),
        Err(failure @ (Failure::Invalid(_) | Failure::Changed)) => failure,
        Err(failure) => return answers::failed(state, failure),
    };
    match exchanges::find(&state.admin, &id).await {
        Ok(row) => {
            let mut html = page(state, sent.shell(Area::Issuers), &row, scopes.join("\n")).await;
            html.problems = Problems::of_failure(&failure);
            if matches!(failure, Failure::Changed) {
                html.now = Some(row.scopes.to_string());
            } else {
                html.version = sent.version();
            }
            answers::again(state, &failure, &html, &sent.token)
        }
        Err(failure) => answers::failed(state, failure),
    }
}

async fn page(state: &State, shell: Shell, row: &ExchangeRow, scopes: String) -> ExchangeFormPage {
    ExchangeFormPage {
        shell,
        rule: Some(super::line(state, row).await),
        version: row.version,
        form: ExchangeForm { scopes, ..ExchangeForm::default() },
        resources: Vec::new(),
        problems: Problems::default(),
        now: None,
    }
}
