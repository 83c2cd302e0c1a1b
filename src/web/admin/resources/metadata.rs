//! `/admin/resources/{id}/metadata`: the documents that clients read, to copy.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::State;
use super::super::super::metadata::resource_json;
use super::super::super::pages::admin::{Area, ResourceMetadataPage, ResourceTab};
use super::super::access::View;
use super::super::answers;
use super::{document_url, head, in_force};
use crate::oauth::metadata;
use crate::oauth::resource::Resource;
use crate::trust::Server;
use crate::trust::whom::Whom;

pub async fn get(view: View, id: Path<String>) -> HttpResponse {
    let state = &view.state;
    let resource = match in_force(state, &id) {
        Ok(resource) => resource,
        Err(answer) => return answer,
    };
    let (server_url, server) = server(state, &resource).await;
    let html = ResourceMetadataPage {
        shell: view.shell(Area::Resources),
        head: head(&resource, ResourceTab::Metadata),
        resource_url: document_url(state, &resource),
        copy_url: (!resource.is_here()).then(|| state.issuer().at(&resource.metadata_path())),
        resource: resource_json(state, &resource),
        server_url,
        server,
    };
    answers::page(state, &html, &view.token)
}

/// Where the document of the authorization server is, and what it says.
async fn server(state: &State, resource: &Resource) -> (String, String) {
    let foreign = match resource.believes.main() {
        Whom::ScaleKit(foreign) => foreign.server_metadata_url(),
        Whom::Embedded | Whom::Nobody => None,
    };
    let url = foreign.unwrap_or_else(|| state.issuer().at("/.well-known/oauth-authorization-server"));
    let text = match state.trust.server(resource).await {
        Ok(Server::Own) => pretty(&metadata::build(&state.oauth)),
        Ok(Server::Other(document)) => String::from_utf8_lossy(&document.0).into_owned(),
        Ok(Server::Nobody) => "It is not known yet.".to_owned(),
        Err(_) => "It cannot be had now: the log says why.".to_owned(),
    };
    (url, text)
}

fn pretty(document: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(document).unwrap_or_default()
}
