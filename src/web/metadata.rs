//! The well-known documents, at every URL that clients try.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::{State, error_page, respond};
use crate::mcp::resource_metadata::ResourceMetadata;
use crate::oauth::resource::Resource;
use crate::oauth::scalekit::door;
use crate::oauth::{metadata, scalekit};

/// Seconds for which a document may be kept: short, so that a change of settings soon reaches clients.
const MAX_AGE: u32 = 60;

/// The authorization server's document, the same under RFC 8414 and OpenID Connect names.
pub async fn authorization_server(state: Data<State>) -> HttpResponse {
    respond::json_public(&metadata::build(&state.oauth), MAX_AGE)
}

/// The same with a resource's path appended or in front: clients that take the MCP URL for the issuer
/// look there. Other paths do not exist.
pub async fn authorization_server_at(state: Data<State>, path: Path<String>) -> HttpResponse {
    let path = format!("/{}", path.trim_matches('/'));
    let resources = state.oauth.resources.current();
    if let Some(resource) = scalekit_path(&path).and_then(|id| door::find(&resources, id)) {
        return respond::json_public(&scalekit::metadata::build(&state.oauth, resource), MAX_AGE);
    }
    if resources.by_path(&path).is_none() {
        return error_page::not_found();
    }
    respond::json_public(&metadata::build(&state.oauth), MAX_AGE)
}

/// The id in the path of a resource's own issuer.
fn scalekit_path(path: &str) -> Option<&str> {
    path.strip_prefix("/resources/")
}

/// The document of the resource that this origin stands for (RFC 9728 §3): the default one, unless that is
/// elsewhere.
pub async fn default_resource(state: Data<State>) -> HttpResponse {
    match state.oauth.resources.current().here() {
        Some(resource) => document(&state, resource),
        None => error_page::not_found(),
    }
}

/// One resource's document, by its path.
pub async fn resource(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let path = request.match_info().query("path");
    let path = format!("/{}", path.trim_matches('/'));
    match state.oauth.resources.current().by_path(&path) {
        Some(resource) => document(&state, resource),
        None => error_page::not_found(),
    }
}

fn document(state: &State, resource: &Resource) -> HttpResponse {
    respond::json_public(&resource_document(state, resource), MAX_AGE)
}

/// What a resource's document says.
pub fn resource_document(state: &State, resource: &Resource) -> ResourceMetadata {
    let issuer = scalekit::authorization_server(state.issuer(), resource);
    let scopes = resource.scopes.iter().map(|s| s.name.as_str());
    ResourceMetadata::new(&resource.uri, &issuer, scopes).named(&resource.name)
}
