//! `/admin/resources/{id}/default`: making a resource the default.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::pages::admin::{Area, DefaultResourcePage, ResourceTab};
use super::super::access::{Submission, View};
use super::super::answers;
use super::{head, in_force};
use crate::admin::resources::default;

pub async fn get(view: View, id: Path<String>) -> HttpResponse {
    let state = &view.state;
    let resource = match in_force(state, &id) {
        Ok(resource) => resource,
        Err(answer) => return answer,
    };
    let set = state.oauth.resources.current();
    let before = set.default_resource().filter(|other| other.id != resource.id);
    let html = DefaultResourcePage {
        shell: view.shell(Area::Resources),
        head: head(&resource, ResourceTab::Settings),
        before: before.map(|other| other.name.clone()),
    };
    answers::page(state, &html, &view.token)
}

pub async fn post(sent: Submission, id: Path<String>) -> HttpResponse {
    match default::make(&sent.state.admin, &sent.actor, &id).await {
        Ok(()) => answers::done(&ResourceTab::Settings.url(&id), "resource-default"),
        Err(failure) => answers::failed(&sent.state, failure),
    }
}
