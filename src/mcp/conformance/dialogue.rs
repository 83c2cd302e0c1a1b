//! Tools that notify the client while they run, or ask it something within a session.
//!
//! Asking this way ended with 2026-07-28: rmcp refuses it there. Notifications exist in every revision;
//! log messages need the request's leave (`_meta` `logLevel`) since 2026-07-28. A session's log level is
//! accepted and not kept: every message is `info`.

#![expect(deprecated, reason = "sampling and logging are what these fixtures show")]

use std::time::Duration;

use rmcp::ErrorData;
use rmcp::model::{
    CallToolRequestParams, CallToolResult, ClientResult, LoggingLevel, LoggingMessageNotificationParam,
    ProgressNotificationParam, ProtocolVersion, ServerRequest,
};
use rmcp::service::ServiceError;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Context;
use super::content::text;

/// How long a tool waits before a message. What it sends too early is lost: in a session log messages take
/// the stream that the client opens by itself, and clients do not wait for it.
pub(super) const PAUSE: Duration = Duration::from_millis(50);

/// What is said.
#[derive(Clone, Copy)]
pub(super) enum Talk {
    Progress,
    Logging,
    /// Only takes its time: rmcp gives a handler no means to close its stream.
    Pause,
    Sampling,
    Form,
    Defaults,
    Choices,
}

impl Talk {
    pub(super) async fn run(
        self,
        request: &CallToolRequestParams,
        context: &Context,
    ) -> Result<CallToolResult, ErrorData> {
        let argument = |name: &str| {
            let value = request.arguments.as_ref().and_then(|arguments| arguments.get(name));
            value.and_then(Value::as_str).unwrap_or("Nothing was said.").to_owned()
        };
        match self {
            Self::Progress => progress(context).await,
            Self::Logging => log(context).await,
            Self::Pause => {
                tokio::time::sleep(PAUSE * 2).await;
                Ok(text("The moment is over."))
            }
            Self::Sampling => sample(context, &argument("prompt")).await,
            Self::Form => elicit(context, &argument("message"), &contact()).await,
            Self::Defaults => elicit(context, "Please look over these values.", &defaults()).await,
            Self::Choices => elicit(context, "Please choose.", &choices()).await,
        }
    }
}

async fn progress(context: &Context) -> Result<CallToolResult, ErrorData> {
    for percent in [0.0, 50.0, 100.0] {
        if let Some(token) = context.meta.get_progress_token() {
            let step = ProgressNotificationParam::new(token, percent).with_total(100.0);
            context.peer.notify_progress(step).await.map_err(unreached)?;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(text("Went from 0 to 100."))
}

async fn log(context: &Context) -> Result<CallToolResult, ErrorData> {
    let stateless =
        context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
    if stateless && context.meta.log_level().is_none() {
        return Ok(text("Said nothing: the request did not ask for messages."));
    }
    for line in ["started", "is working", "is done"] {
        tokio::time::sleep(PAUSE).await;
        let data = json!(format!("The tool {line}."));
        let message = LoggingMessageNotificationParam::new(LoggingLevel::Info, data);
        context.peer.notify_logging_message(message).await.map_err(unreached)?;
    }
    Ok(text("Said what there was to say."))
}

async fn sample(context: &Context, prompt: &str) -> Result<CallToolResult, ErrorData> {
    let message = json!({ "role": "user", "content": { "type": "text", "text": prompt } });
    let params = typed(json!({ "messages": [message], "maxTokens": 100 }))?;
    let answer = context.peer.create_message(params).await.map_err(unreached)?;
    let said = serde_json::to_string(&answer.message.content).unwrap_or_default();
    Ok(text(format!("The model said: {said}")))
}

async fn elicit(context: &Context, message: &str, schema: &Value) -> Result<CallToolResult, ErrorData> {
    let params = json!({ "message": message, "requestedSchema": schema });
    let request = typed(json!({ "method": "elicitation/create", "params": params }))?;
    let answer = context.peer.send_request(ServerRequest::ElicitRequest(request)).await;
    match answer.map_err(unreached)? {
        ClientResult::ElicitResult(answer) => {
            let given = answer.content.unwrap_or_default();
            Ok(text(format!("The person chose {:?}: {given}", answer.action)))
        }
        _ => Err(unreached(ServiceError::UnexpectedResponse)),
    }
}

/// A value of rmcp's, from the JSON it stands for.
pub(super) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, ErrorData> {
    serde_json::from_value(value)
        .map_err(|error| ErrorData::internal_error(format!("a fixture is malformed: {error}"), None))
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreached(error: ServiceError) -> ErrorData {
    ErrorData::internal_error(format!("the client could not be reached: {error}"), None)
}

fn contact() -> Value {
    json!({
        "type": "object",
        "properties": {
            "username": { "type": "string", "description": "A name." },
            "email": { "type": "string", "description": "An address." },
        },
        "required": ["username", "email"],
    })
}

/// One default of every primitive type; the suite fixes names and values.
fn defaults() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "default": "John Doe" },
            "age": { "type": "integer", "default": 30 },
            "score": { "type": "number", "default": 95.5 },
            "status": { "type": "string", "enum": ["active", "inactive", "pending"], "default": "active" },
            "verified": { "type": "boolean", "default": true },
        },
        "required": [],
    })
}

/// The five ways to offer a choice; the suite fixes the names.
fn choices() -> Value {
    let titled = json!([
        { "const": "value1", "title": "The first" },
        { "const": "value2", "title": "The second" },
        { "const": "value3", "title": "The third" },
    ]);
    let plain = json!(["option1", "option2", "option3"]);
    json!({
        "type": "object",
        "properties": {
            "untitledSingle": { "type": "string", "enum": plain },
            "titledSingle": { "type": "string", "oneOf": titled },
            "legacyEnum": {
                "type": "string",
                "enum": ["opt1", "opt2", "opt3"],
                "enumNames": ["The first", "The second", "The third"],
            },
            "untitledMulti": { "type": "array", "items": { "type": "string", "enum": plain } },
            "titledMulti": { "type": "array", "items": { "anyOf": titled } },
        },
        "required": [],
    })
}
