//! `/admin/issuers/{id}/rules/{rule}/delete`: asks, then deletes.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::State;
use super::super::super::pages::admin::{Area, DeleteRulePage, Shell};
use super::super::access::{FreshSubmission, FreshView};
use super::super::answers;
use crate::admin::issuers::rules;
use crate::admin::{Failure, issuers};

pub async fn get(FreshView(view): FreshView, path: Path<(String, String)>) -> HttpResponse {
    match page(&view.state, view.shell(Area::Issuers), &path).await {
        Ok(html) => answers::page(&view.state, &html, &view.token),
        Err(failure) => answers::failed(&view.state, failure),
    }
}

pub async fn post(FreshSubmission(sent): FreshSubmission, path: Path<(String, String)>) -> HttpResponse {
    let (id, rule) = path.into_inner();
    match rules::delete(&sent.state.admin, &sent.actor, &id, &rule).await {
        Ok(()) => answers::done(&super::page_of(&id), "issuer-rule-deleted"),
        Err(failure) => answers::failed(&sent.state, failure),
    }
}

async fn page(state: &State, shell: Shell, (id, rule): &(String, String)) -> Result<DeleteRulePage, Failure> {
    let issuer = issuers::find(&state.admin, id).await?;
    let rule = super::rule_line(state, rules::rule(&issuer, rule)?).await;
    Ok(DeleteRulePage { shell, line: super::line(&issuer), rule })
}
