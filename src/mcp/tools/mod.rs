//! The built-in tools: one table that everything about them is read from.
//!
//! Owns names, texts, scopes, hints and schemas, used by `tools/list`, by the policy and by the consent
//! pages. Each tool's own file holds its arguments, its rules and its result. Does not own authorization
//! ([`super::policy`], [`super::server`]) nor requests to the outside ([`super::tavily`]).

mod web_extract;
mod web_search;
mod whoami;

use std::sync::Arc;

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::principal::Principal;
use super::tavily::Tavily;

/// The scope of the tools that ask the web.
pub const SEARCH_READ: &str = "search:read";

/// All tools, in the order they are listed.
pub const TOOLS: &[ToolSpec] = &[whoami::SPEC, web_search::SPEC, web_extract::SPEC];

/// One tool.
#[derive(Clone, Copy, Debug)]
pub struct ToolSpec {
    /// The name it is called by.
    pub name: &'static str,
    /// The name people see.
    pub title: &'static str,
    /// What it does, when to use it, its limits: written for models.
    pub description: &'static str,
    /// One sentence for people, for the consent page.
    pub summary: &'static str,
    /// The scope that a new installation puts it under; none for a tool that a valid token is enough for.
    pub scope: Option<&'static str>,
    /// Whether it reaches beyond this server (`openWorldHint`).
    pub open_world: bool,
    /// JSON Schema of the arguments.
    pub input_schema: fn() -> JsonObject,
    /// JSON Schema of the structured result.
    pub output_schema: fn() -> JsonObject,
    pub(super) call: Call,
}

impl ToolSpec {
    /// The entry of `tools/list`. Every tool here only reads.
    pub fn to_rmcp(&self) -> Tool {
        let hints = ToolAnnotations::with_title(self.title)
            .read_only(true)
            .destructive(false)
            .idempotent(true)
            .open_world(self.open_world);
        Tool::new(self.name, self.description, Arc::new((self.input_schema)()))
            .with_title(self.title)
            .with_raw_output_schema(Arc::new((self.output_schema)()))
            .with_annotations(hints)
    }
}

/// The tools that need a scope, in table order, each with the one a new installation puts it under.
pub fn under_scopes() -> impl Iterator<Item = (&'static str, &'static str)> {
    TOOLS.iter().filter_map(|tool| tool.scope.map(|scope| (tool.name, scope)))
}

/// The tool of this name.
pub fn find(tool: &str) -> Option<&'static ToolSpec> {
    TOOLS.iter().find(|spec| spec.name == tool)
}

/// Which tool to run.
#[derive(Clone, Copy, Debug)]
pub(super) enum Call {
    Whoami,
    WebSearch,
    WebExtract,
}

impl Call {
    /// Runs the tool for a caller who may.
    pub(super) async fn run(
        self,
        principal: &Principal,
        tavily: &Tavily,
        arguments: JsonObject,
    ) -> Result<Output, Problem> {
        match self {
            Self::Whoami => whoami::run(principal, arguments),
            Self::WebSearch => web_search::run(tavily, arguments).await,
            Self::WebExtract => web_extract::run(tavily, arguments).await,
        }
    }
}

/// A tool's result: the same for programs and for readers.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) structured: Value,
    pub(super) text: String,
}

impl Output {
    fn new(structured: &impl serde::Serialize, text: String) -> Result<Self, Problem> {
        let structured =
            serde_json::to_value(structured).map_err(|_| Problem("the result cannot be written".into()))?;
        Ok(Self { structured, text })
    }
}

/// Why a tool has no result, as a sentence for the model that called it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem(pub(super) String);

impl Problem {
    fn argument(text: impl std::fmt::Display) -> Self {
        Self(format!("Invalid arguments: {text}."))
    }
}

/// Reads arguments. Models like to send `null`, `""` or `[]` for what they do not mean: those count as
/// absent.
fn read_arguments<T: DeserializeOwned>(mut arguments: JsonObject) -> Result<T, Problem> {
    arguments.retain(|_, value| match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    });
    serde_json::from_value(Value::Object(arguments)).map_err(Problem::argument)
}

/// The JSON Schema (2020-12) of a type, plain enough for every client: without references, without
/// Rust's number formats, and with optional members as absent, not as null.
fn schema_of<T: JsonSchema>() -> JsonObject {
    let generator = SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .with_transform(RecursiveTransform(simplify))
        .into_generator();
    let mut schema = match generator.into_root_schema_for::<T>().to_value() {
        Value::Object(schema) => schema,
        _ => JsonObject::new(),
    };
    schema.remove("title");
    schema.entry("properties").or_insert_with(|| Value::Object(JsonObject::new()));
    schema
}

fn simplify(schema: &mut Schema) {
    schema.remove("format");
    if let Some(Value::Array(types)) = schema.get("type")
        && let [only, Value::String(null)] = types.as_slice()
        && null == "null"
    {
        let only = only.clone();
        schema.insert("type".to_owned(), only);
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
}

/// At most `max` characters of `text`, and whether something was cut.
fn clip(text: &str, max: usize) -> (&str, bool) {
    text.char_indices().nth(max).map_or((text, false), |(end, _)| (&text[..end], true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_installation_puts_the_search_tools_under_one_scope() {
        let under: Vec<_> = under_scopes().collect();
        assert_eq!(under, [("web_search", SEARCH_READ), ("web_extract", SEARCH_READ)]);
        assert!(find("whoami").unwrap().scope.is_none() && find("no_such_tool").is_none());
    }

    #[test]
    fn every_tool_is_described_and_its_schemas_stand_alone() {
        for spec in TOOLS {
            let tool = spec.to_rmcp();
            assert!(spec.description.len() > 80 && spec.description.len() < 1200, "{}", spec.name);
            for schema in [&*tool.input_schema, &*tool.output_schema.unwrap()] {
                let text = serde_json::to_string(schema).unwrap();
                assert_eq!(schema["type"], "object", "{}", spec.name);
                for word in ["$ref", "$defs", "null", "\"format\":\"", "uint"] {
                    assert!(!text.contains(word), "{word}: {text}");
                }
            }
            assert_eq!(tool.input_schema["additionalProperties"], false, "{}", spec.name);
            let hints = tool.annotations.unwrap();
            assert_eq!(hints.read_only_hint, Some(true));
        }
    }

    #[test]
    fn clipping_respects_characters() {
        assert_eq!(clip("héé", 2), ("hé", true));
        assert_eq!(clip("hé", 2), ("hé", false));
    }
}
