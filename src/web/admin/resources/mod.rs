//! `/admin/resources`: the protected MCP servers.

mod code;
pub mod connected;
pub mod create;
pub mod default;
pub mod delete;
pub mod list;
pub mod metadata;
pub mod quickstart;
pub mod settings;
pub mod test;

use std::sync::Arc;

use actix_web::HttpResponse;

use super::super::State;
use super::super::pages::admin::{ResourceHead, ResourceTab};
use super::answers;
use crate::admin::Failure;
use crate::mcp::resource_metadata::metadata_url;
use crate::oauth::resource::{Resource, ResourceKind};
use crate::store::resources::ResourceRow;

const PAGE: &str = "/admin/resources";

/// A resource in force, or the answer that there is none.
fn in_force(state: &State, id: &str) -> Result<Arc<Resource>, HttpResponse> {
    let found = state.oauth.resources.current().by_id(id).cloned();
    found.ok_or_else(|| answers::failed(state, Failure::NotFound))
}

const fn kind_word(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Builtin => "built in",
        ResourceKind::External => "elsewhere",
    }
}

fn head(resource: &Resource, tab: ResourceTab) -> ResourceHead {
    ResourceHead {
        id: resource.id.clone(),
        name: resource.name.clone(),
        kind: kind_word(resource.kind).to_owned(),
        tab,
    }
}

fn head_of_row(row: &ResourceRow, tab: ResourceTab) -> ResourceHead {
    let external = row.kind == ResourceKind::External.as_str();
    let kind = if external { ResourceKind::External } else { ResourceKind::Builtin };
    ResourceHead { id: row.id.clone(), name: row.name.clone(), kind: kind_word(kind).to_owned(), tab }
}

/// Where clients look for a resource's metadata document: here, or at its own origin.
fn document_url(state: &State, resource: &Resource) -> String {
    let here = super::super::metadata::metadata_url(state, resource);
    if resource.is_here() { here } else { metadata_url(&resource.uri).unwrap_or(here) }
}

/// A page of a resource, at a place in its list.
fn page_after(tab: ResourceTab, id: &str, after: &str) -> String {
    let after: String = url::form_urlencoded::byte_serialize(after.as_bytes()).collect();
    format!("{}?after={after}", tab.url(id))
}
