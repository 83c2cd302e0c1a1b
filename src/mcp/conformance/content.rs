//! Tools that answer at once: one of every kind of content, and a failure.

use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};

/// Four pixels as PNG.
pub(super) const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAE0lEQVR42mNQSFjw4cMHBiAGsgA2Lgfh\
    +FZMBAAAAABJRU5ErkJggg==";
/// A millisecond of silence as WAV.
const WAV: &str = "UklGRiwAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQgAAACAgICAgICAgA==";

/// A result that is one text.
pub(super) fn text(text: impl Into<String>) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}

pub(super) fn simple() -> CallToolResult {
    text("A plain text from the fixtures.")
}

pub(super) fn image() -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::image(PNG, "image/png")])
}

pub(super) fn audio() -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::audio(WAV, "audio/wav")])
}

pub(super) fn embedded() -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::embedded_text(
        "test://embedded-resource",
        "A resource that comes with the result.",
    )])
}

pub(super) fn mixed() -> CallToolResult {
    let resource = ResourceContents::text(r#"{"fixture":true}"#, "test://mixed-content-resource")
        .with_mime_type("application/json");
    CallToolResult::success(vec![
        ContentBlock::text("A text, an image and a resource."),
        ContentBlock::image(PNG, "image/png"),
        ContentBlock::resource(resource),
    ])
}

pub(super) fn failure() -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text("This tool fails on purpose.")])
}
