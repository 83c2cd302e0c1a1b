//! The prompts, and what their arguments are completed with.

use rmcp::ErrorData;
use rmcp::model::{
    ContentBlock, GetPromptRequestParams, GetPromptResponse, GetPromptResult, Prompt, PromptArgument,
    PromptMessage, ResourceContents, Role,
};
use serde_json::Value;

use super::content::PNG;
use super::rounds::{Given, ask, elicitation};

/// All prompts, in the order they are listed.
pub(super) fn all() -> Vec<Prompt> {
    let needed = |name: &str, description: &str| {
        PromptArgument::new(name).with_description(description).with_required(true)
    };
    vec![
        Prompt::new("test_simple_prompt", Some("One text."), None),
        Prompt::new(
            "test_prompt_with_arguments",
            Some("A text with two arguments in it."),
            Some(vec![needed("arg1", "The first text."), needed("arg2", "The second text.")]),
        ),
        Prompt::new(
            "test_prompt_with_embedded_resource",
            Some("A resource and a text."),
            Some(vec![needed("resourceUri", "The resource's address.")]),
        ),
        Prompt::new("test_prompt_with_image", Some("An image and a text."), None),
        Prompt::new("test_input_required_result_prompt", Some("Asks before it answers."), None),
    ]
}

/// One prompt, filled in.
pub(super) fn get(request: &GetPromptRequestParams) -> Result<GetPromptResponse, ErrorData> {
    let argument = |name: &str| {
        let value = request.arguments.as_ref().and_then(|arguments| arguments.get(name));
        value
            .and_then(Value::as_str)
            .ok_or_else(|| ErrorData::invalid_params(format!("the argument {name} is missing"), None))
    };
    let blocks = match request.name.as_str() {
        "test_simple_prompt" => vec![ContentBlock::text("Please say something.")],
        "test_prompt_with_arguments" => {
            let (first, second) = (argument("arg1")?, argument("arg2")?);
            vec![ContentBlock::text(format!("Please compare {first} with {second}."))]
        }
        "test_prompt_with_embedded_resource" => {
            let resource = ResourceContents::text("What the resource holds.", argument("resourceUri")?)
                .with_mime_type("text/plain");
            vec![ContentBlock::resource(resource), ContentBlock::text("Please sum this resource up.")]
        }
        "test_prompt_with_image" => {
            vec![ContentBlock::image(PNG, "image/png"), ContentBlock::text("Please describe this image.")]
        }
        "test_input_required_result_prompt" => {
            let Some(form) = Given(request.input_responses.as_ref()).form("user_context") else {
                let question = elicitation("What should the prompt be about?", "context", "string");
                return ask([("user_context", question)], None);
            };
            vec![ContentBlock::text(format!("Please mind this: {}", form["context"]))]
        }
        other => return Err(ErrorData::invalid_params(format!("Unknown prompt: {other}"), None)),
    };
    let messages = blocks.into_iter().map(|block| PromptMessage::new(Role::User, block)).collect();
    Ok(GetPromptResult::new(messages).into())
}

/// Words that begin with what was typed.
pub(super) fn suggestions(typed: &str) -> Vec<String> {
    let words = ["gate", "gatepost", "post", "test", "testing", "text"];
    words.into_iter().filter(|word| word.starts_with(typed)).map(str::to_owned).collect()
}
