//! The well-known documents, at every URL that clients try.

use std::sync::Arc;

use actix_web::http::header::{self, ContentType};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::{State, error_page, respond};
use crate::mcp::resource_metadata::ResourceMetadata;
use crate::oauth::dpop::ProofAlg;
use crate::oauth::resource::Resource;
use crate::oauth::scalekit::door;
use crate::oauth::{metadata, scalekit};
use crate::trust::Server;
use crate::trust::whom::Whom;

/// Seconds for which a document may be kept: short, so that a change of settings soon reaches clients.
const MAX_AGE: u32 = 60;

/// The authorization server's document. Where this server issues no tokens: that of the server that does, for
/// clients that look for it here (MCP before 2025-06-18).
pub async fn authorization_server(state: Data<State>) -> HttpResponse {
    if state.trust.issues_tokens() {
        return own(&state);
    }
    match state.oauth.resources.current().here().cloned() {
        Some(resource) => server_of(&state, &resource).await,
        None => error_page::not_found(),
    }
}

/// The same with a resource's path appended or in front: clients that take the MCP URL for the issuer
/// look there. Other paths do not exist.
pub async fn authorization_server_at(state: Data<State>, path: Path<String>) -> HttpResponse {
    if let Some(resource) =
        path.trim_matches('/').strip_prefix("resources/").and_then(|id| door::find(&state.oauth, id))
    {
        return respond::json_public(&scalekit::metadata::build(&state.oauth, &resource), MAX_AGE);
    }
    match at(&state, &path) {
        Some(resource) => server_of(&state, &resource).await,
        None => error_page::not_found(),
    }
}

/// The document under its OpenID Connect name: of this server only.
pub async fn openid_provider(state: Data<State>) -> HttpResponse {
    if state.trust.issues_tokens() { own(&state) } else { error_page::not_found() }
}

/// The same with a resource's path.
pub async fn openid_provider_at(state: Data<State>, path: Path<String>) -> HttpResponse {
    let door = path.trim_matches('/').strip_prefix("resources/").and_then(|id| door::find(&state.oauth, id));
    // The issuer of a resource has no document of this name, at ScaleKit either; ours would name another issuer.
    if door.is_some() {
        return error_page::not_found();
    }
    match at(&state, &path) {
        Some(resource) if *resource.believes.main() == Whom::Embedded => own(&state),
        _ => error_page::not_found(),
    }
}

fn at(state: &State, path: &str) -> Option<Arc<Resource>> {
    state.oauth.resources.current().by_path(&format!("/{}", path.trim_matches('/'))).cloned()
}

fn own(state: &State) -> HttpResponse {
    respond::json_public(&metadata::build(&state.oauth), MAX_AGE)
}

/// The document of the server that issues a resource's tokens.
async fn server_of(state: &State, resource: &Resource) -> HttpResponse {
    match state.trust.server(resource).await {
        Ok(Server::Own) => own(state),
        Ok(Server::Other(document)) => json_text(document.0.clone()),
        Ok(Server::Nobody) => error_page::not_found(),
        Err(refusal) => respond::refusal(&refusal),
    }
}

fn json_text(text: impl Into<Vec<u8>>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .insert_header((header::CACHE_CONTROL, format!("public, max-age={MAX_AGE}")))
        .body(text.into())
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
    match resource.believes.main() {
        Whom::ScaleKit(foreign) => match foreign.document() {
            Some(text) => json_text(text.as_bytes()),
            None => respond::json_public(&resource_document(state, resource), MAX_AGE),
        },
        Whom::Embedded => respond::json_public(&resource_document(state, resource), MAX_AGE),
        // It would lead clients nowhere.
        Whom::Nobody => error_page::not_found(),
    }
}

/// What a resource's document says, as people read it.
pub fn resource_json(state: &State, resource: &Resource) -> String {
    let copied = match resource.believes.main() {
        Whom::ScaleKit(foreign) => foreign.document(),
        Whom::Embedded | Whom::Nobody => None,
    };
    copied.map_or_else(
        || serde_json::to_string_pretty(&resource_document(state, resource)).unwrap_or_default(),
        |text| text.as_ref().to_owned(),
    )
}

/// Where clients find a resource's document: here, unless the settings name another place.
pub fn metadata_url(state: &State, resource: &Resource) -> String {
    let named = match resource.believes.main() {
        Whom::ScaleKit(foreign) => foreign.metadata_url(),
        Whom::Embedded | Whom::Nobody => None,
    };
    named.map_or_else(|| state.issuer().at(&resource.metadata_path()), str::to_owned)
}

/// What a resource's document says where it is made here.
fn resource_document(state: &State, resource: &Resource) -> ResourceMetadata {
    let scopes = resource.scopes.iter().map(|s| s.name.as_str());
    // Whether a server elsewhere looks at proofs is not known here unless an administrator says so, and ScaleKit gives out
    // no tokens that are bound to a key.
    let takes_own = resource.believes.takes_own(state.oauth.clock.now());
    let takes_proofs = resource.dpop_required || resource.is_here() && takes_own;
    let algs = ProofAlg::ALL.iter().filter(|_| takes_proofs).map(|alg| alg.as_str()).collect();
    ResourceMetadata::new(&resource.uri, state.issuer().as_str(), scopes)
        .named(&resource.name)
        .taking_proofs(algs)
        .bound_only(resource.dpop_required)
        .from_issuers(state.trust.issuers(resource))
}
