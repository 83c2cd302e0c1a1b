//! `/admin/resources`: every resource.

use actix_web::HttpResponse;

use super::super::super::pages::admin::{Area, ResourceLine, ResourcesPage};
use super::super::access::View;
use super::super::answers;
use super::kind_word;

pub async fn get(view: View) -> HttpResponse {
    let state = &view.state;
    let set = state.oauth.resources.current();
    let html = ResourcesPage {
        shell: view.shell(Area::Resources),
        resources: set
            .all()
            .iter()
            .map(|resource| ResourceLine {
                id: resource.id.clone(),
                name: resource.name.clone(),
                url: resource.uri.clone(),
                kind: kind_word(resource.kind),
                scopes: resource.scopes.len(),
                is_default: resource.is_default,
            })
            .collect(),
        any_elsewhere: set.all().iter().any(|resource| !resource.is_here()),
    };
    answers::page(state, &html, &view.token)
}
