//! The resources: two texts, an image and a template.

use rmcp::ErrorData;
use rmcp::model::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use serde_json::json;

use super::content::PNG;

const TEXT: &str = "test://static-text";
const BINARY: &str = "test://static-binary";
/// The one that clients subscribe to. It never changes.
const WATCHED: &str = "test://watched-resource";

/// All resources, in the order they are listed.
pub(super) fn all() -> Vec<Resource> {
    vec![
        Resource::new(TEXT, "static-text").with_description("A text.").with_mime_type("text/plain"),
        Resource::new(BINARY, "static-binary").with_description("An image.").with_mime_type("image/png"),
        Resource::new(WATCHED, "watched-resource").with_description("A text.").with_mime_type("text/plain"),
    ]
}

/// All templates.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    vec![
        ResourceTemplate::new("test://template/{id}/data", "template")
            .with_description("Its id as JSON.")
            .with_mime_type("application/json"),
    ]
}

/// What a resource holds.
pub(super) fn read(uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let id = uri.strip_prefix("test://template/").and_then(|rest| rest.strip_suffix("/data"));
    let contents = match (uri, id) {
        (TEXT | WATCHED, _) => {
            ResourceContents::text("A text that never changes.", uri).with_mime_type("text/plain")
        }
        (BINARY, _) => ResourceContents::blob(PNG, uri).with_mime_type("image/png"),
        (_, Some(id)) if !id.is_empty() && !id.contains('/') => {
            let text = json!({ "id": id, "from": "template" }).to_string();
            ResourceContents::text(text, uri).with_mime_type("application/json")
        }
        _ => return Err(ErrorData::resource_not_found("no such resource", Some(json!({ "uri": uri })))),
    };
    Ok(ReadResourceResult::new(vec![contents]))
}
