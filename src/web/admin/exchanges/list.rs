//! `/admin/exchanges`: all rules.

use actix_web::HttpResponse;

use super::super::super::pages::admin::{Area, ExchangesPage};
use super::super::access::View;
use super::super::answers;
use crate::admin::exchanges;

pub async fn get(view: View) -> HttpResponse {
    let rows = match exchanges::all(&view.state.admin).await {
        Ok(rows) => rows,
        Err(failure) => return answers::failed(&view.state, failure),
    };
    let mut rules = Vec::new();
    for row in &rows {
        rules.push(super::line(&view.state, row).await);
    }
    let html = ExchangesPage { shell: view.shell(Area::Issuers), rules };
    answers::page(&view.state, &html, &view.token)
}
