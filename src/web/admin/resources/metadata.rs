//! `/admin/resources/{id}/metadata`: the documents that clients read, to copy.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::metadata::resource_document;
use super::super::super::pages::admin::{Area, ResourceMetadataPage, ResourceTab};
use super::super::access::View;
use super::super::answers;
use super::{document_url, head, in_force};
use crate::oauth::metadata;

pub async fn get(view: View, id: Path<String>) -> HttpResponse {
    let state = &view.state;
    let resource = match in_force(state, &id) {
        Ok(resource) => resource,
        Err(answer) => return answer,
    };
    let html = ResourceMetadataPage {
        shell: view.shell(Area::Resources),
        head: head(&resource, ResourceTab::Metadata),
        resource_url: document_url(state, &resource),
        copy_url: (!resource.is_here()).then(|| state.issuer().at(&resource.metadata_path())),
        resource: pretty(&resource_document(state, &resource)),
        server_url: state.issuer().at("/.well-known/oauth-authorization-server"),
        server: pretty(&metadata::build(&state.oauth)),
    };
    answers::page(state, &html, &view.token)
}

fn pretty(document: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(document).unwrap_or_default()
}
