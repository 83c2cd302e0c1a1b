//! `/admin/exchanges/{id}/delete`: asks, then deletes.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::pages::admin::{Area, DeleteExchangePage};
use super::super::access::{FreshSubmission, FreshView};
use super::super::answers;
use crate::admin::exchanges;

pub async fn get(FreshView(view): FreshView, id: Path<String>) -> HttpResponse {
    match exchanges::find(&view.state.admin, &id).await {
        Ok(row) => {
            let rule = super::line(&view.state, &row).await;
            let html = DeleteExchangePage { shell: view.shell(Area::Issuers), rule };
            answers::page(&view.state, &html, &view.token)
        }
        Err(failure) => answers::failed(&view.state, failure),
    }
}

pub async fn post(FreshSubmission(sent): FreshSubmission, id: Path<String>) -> HttpResponse {
    match exchanges::delete(&sent.state.admin, &sent.actor, &id).await {
        Ok(()) => answers::done(super::PAGE, "exchange-deleted"),
        Err(failure) => answers::failed(&sent.state, failure),
    }
}
