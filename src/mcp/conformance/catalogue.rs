//! Every tool fixture: its name, which the suite fixes, and what runs.

use std::sync::Arc;

use rmcp::model::{CallToolResult, Tool};
use serde_json::{Value, json};

use super::content;
use super::dialogue::Talk;
use super::jobs::Job;
use super::rounds::Round;

/// One tool.
pub(super) struct Fixture {
    pub(super) name: &'static str,
    description: &'static str,
    input: fn() -> Value,
    pub(super) run: Run,
}

/// How a tool comes to its answer.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// At once, without arguments.
    Answer(fn() -> CallToolResult),
    /// With notifications or questions on the way.
    Talk(Talk),
    /// After input that the client brings with another call.
    Ask(Round),
    /// As a task, when the client knows tasks.
    Work(Job),
    /// At once, telling listeners that a list has changed.
    Announce(Change),
}

/// Which list is said to have changed.
#[derive(Clone, Copy)]
pub(super) enum Change {
    Tools,
    Prompts,
}

impl Fixture {
    const fn new(name: &'static str, description: &'static str, run: Run) -> Self {
        Self { name, description, input: nothing, run }
    }

    const fn taking(mut self, input: fn() -> Value) -> Self {
        self.input = input;
        self
    }

    /// The entry of `tools/list`.
    pub(super) fn to_rmcp(&self) -> Tool {
        Tool::new(self.name, self.description, Arc::new(rmcp::model::object((self.input)())))
    }
}

/// All tools, in the order they are listed.
pub(super) const TOOLS: &[Fixture] = &[
    Fixture::new("test_simple_text", "Answers with a text.", Run::Answer(content::simple)),
    Fixture::new("test_image_content", "Answers with a PNG image.", Run::Answer(content::image)),
    Fixture::new("test_audio_content", "Answers with a WAV sound.", Run::Answer(content::audio)),
    Fixture::new("test_embedded_resource", "Answers with a resource.", Run::Answer(content::embedded)),
    Fixture::new("test_multiple_content_types", "Answers with three kinds.", Run::Answer(content::mixed)),
    Fixture::new("test_error_handling", "Always reports an error.", Run::Answer(content::failure)),
    Fixture::new("json_schema_2020_12_tool", "Has a rich input schema.", Run::Answer(content::simple))
        .taking(rich),
    Fixture::new("test_custom_header", "Has a mirrored argument.", Run::Answer(content::simple))
        .taking(mirrored),
    // Before 2026-07-28 a tool may ask while it runs; it may notify in every revision.
    Fixture::new("test_tool_with_progress", "Reports its progress.", Run::Talk(Talk::Progress)),
    Fixture::new("test_tool_with_logging", "Logs three messages.", Run::Talk(Talk::Logging)),
    Fixture::new("test_logging_tool", "Logs if the request allows it.", Run::Talk(Talk::Logging)),
    Fixture::new("test_reconnection", "Takes a moment.", Run::Talk(Talk::Pause)),
    Fixture::new("test_sampling", "Asks the client's model.", Run::Talk(Talk::Sampling)).taking(prompt),
    Fixture::new("test_elicitation", "Asks the person.", Run::Talk(Talk::Form)).taking(message),
    Fixture::new("test_elicitation_sep1034_defaults", "Asks with defaults.", Run::Talk(Talk::Defaults)),
    Fixture::new("test_elicitation_sep1330_enums", "Asks with choices.", Run::Talk(Talk::Choices)),
    // Since 2026-07-28 it asks with its answer.
    Fixture::new("test_missing_capability", "Needs sampling.", Run::Ask(Round::NeedsSampling)),
    Fixture::new("test_streaming_elicitation", "Needs elicitation.", Run::Ask(Round::NeedsElicitation)),
    Fixture::new("test_input_required_result_elicitation", "Asks for a name.", Run::Ask(Round::Name)),
    Fixture::new("test_input_required_result_sampling", "Asks the model.", Run::Ask(Round::Model)),
    Fixture::new("test_input_required_result_list_roots", "Asks for roots.", Run::Ask(Round::Roots)),
    Fixture::new("test_input_required_result_request_state", "Hands out state.", Run::Ask(Round::State)),
    Fixture::new("test_input_required_result_tampered_state", "Checks its state.", Run::Ask(Round::State)),
    Fixture::new("test_input_required_result_multiple_inputs", "Asks three things.", Run::Ask(Round::Three)),
    Fixture::new("test_input_required_result_multi_round", "Asks twice.", Run::Ask(Round::Twice)),
    Fixture::new("test_input_required_result_capabilities", "Asks what it can.", Run::Ask(Round::Possible)),
    // Since 2026-07-28 clients listen for changes.
    Fixture::new("test_trigger_tool_change", "Announces new tools.", Run::Announce(Change::Tools)),
    Fixture::new("test_trigger_prompt_change", "Announces new prompts.", Run::Announce(Change::Prompts)),
    // The tasks extension.
    Fixture::new("greet", "Greets, never as a task.", Run::Work(Job::Greet)).taking(name),
    Fixture::new("slow_compute", "Takes some seconds.", Run::Work(Job::Slow)).taking(seconds),
    Fixture::new("failing_job", "A task whose tool fails.", Run::Work(Job::Failing)),
    Fixture::new("protocol_error_job", "A task that breaks.", Run::Work(Job::Broken)),
    Fixture::new("confirm_delete", "A task that asks once.", Run::Work(Job::Confirm)).taking(filename),
    Fixture::new("multi_input", "A task that asks two things.", Run::Work(Job::TwoInputs)),
    Fixture::new("test_tool_with_task", "Asks, then becomes a task.", Run::Work(Job::AskFirst)),
];

fn nothing() -> Value {
    json!({ "type": "object", "properties": {}, "additionalProperties": false })
}

fn one(field: &str, definition: &Value) -> Value {
    json!({ "type": "object", "properties": { field: definition } })
}

fn prompt() -> Value {
    one("prompt", &json!({ "type": "string", "description": "What to ask the model." }))
}

fn message() -> Value {
    one("message", &json!({ "type": "string", "description": "What to show to the person." }))
}

fn name() -> Value {
    one("name", &json!({ "type": "string", "description": "Whom to greet." }))
}

fn filename() -> Value {
    one("filename", &json!({ "type": "string", "description": "What would be deleted." }))
}

fn seconds() -> Value {
    json!({
        "type": "object",
        "properties": {
            "seconds": { "type": "number", "minimum": 0, "maximum": 60, "description": "How long it takes." },
            "label": { "type": "string", "description": "What the result says." },
        },
    })
}

/// An argument that requests repeat in the header `Mcp-Param-Region`.
fn mirrored() -> Value {
    one("region", &json!({ "type": "string", "x-mcp-header": "Region", "description": "Any text." }))
}

/// Keywords that must reach clients unchanged: anchors, references, composition and conditions.
fn rich() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "$defs": {
            "address": {
                "$anchor": "place",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } },
            },
        },
        "properties": {
            "address": { "$ref": "#/$defs/address" },
            "channel": { "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" },
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "channel": { "const": "phone" } }, "required": ["channel"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_schemas_describe_objects() {
        let mut names: Vec<_> = TOOLS.iter().map(|fixture| fixture.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TOOLS.len());
        assert!(TOOLS.iter().all(|fixture| fixture.to_rmcp().input_schema["type"] == "object"));
    }

    #[test]
    fn no_fixture_has_the_name_of_a_tool() {
        let is_tool = |fixture: &Fixture| crate::mcp::tools::find(fixture.name).is_some();
        assert!(!TOOLS.iter().any(is_tool));
    }
}
