//! `/admin/people/{id}/second-factor`: whether it is a must for somebody, and taking away a lost one.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::pages::admin::{Area, PersonFactorPage};
use super::super::access::{FreshSubmission, FreshView};
use super::super::answers;
use crate::admin::Failure;
use crate::admin::people::factors;
use crate::admin::people::view::ways_in;

pub async fn get(FreshView(view): FreshView, id: Path<String>) -> HttpResponse {
    let person = match ways_in(&view.state.admin, &id).await {
        Ok(person) => person,
        Err(failure) => return answers::failed(&view.state, failure),
    };
    let html = PersonFactorPage {
        shell: view.shell(Area::People),
        head: super::head(&person.user),
        has_second_factor: person.app_since.is_some() || !person.passkeys.is_empty(),
        is_wanted: person.user.second_factor_required,
        is_general: person.must_show_two && !person.user.second_factor_required,
    };
    answers::page(&view.state, &html, &view.token)
}

pub async fn post(FreshSubmission(sent): FreshSubmission, id: Path<String>) -> HttpResponse {
    let (admin, actor) = (&sent.state.admin, &sent.actor);
    let (code, result) = match sent.text("do") {
        "require" => ("factor-required", factors::require(admin, actor, &id, true).await),
        "leave" => ("factor-left", factors::require(admin, actor, &id, false).await),
        "clear" => ("factor-cleared", factors::clear(admin, actor, &id).await),
        _ => return answers::failed(&sent.state, Failure::NotFound),
    };
    super::done(&sent.state, &id, code, result)
}
