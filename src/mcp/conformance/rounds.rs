//! Tools that ask by answering (2026-07-28): the client calls again with what was asked for.
//!
//! | Brought along | Answer |
//! |---|---|
//! | nothing, another key, a response of the wrong shape | the questions |
//! | a response to every question | the result |
//! | a `requestState` that this server did not issue for this caller and tool | JSON-RPC error -32602 |
//! | anything, by a client without a capability that is needed | JSON-RPC error -32021 |

use rmcp::ErrorData;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ClientCapabilities, InputRequests, InputRequiredResult,
    InputResponses,
};
use serde_json::{Value, json};

use super::Context;
use super::content::text;
use super::dialogue::typed;
use super::seal::Seal;
use crate::mcp::principal::Principal;

/// Which questions.
#[derive(Clone, Copy)]
pub(super) enum Round {
    NeedsSampling,
    NeedsElicitation,
    Name,
    Model,
    Roots,
    State,
    Three,
    Twice,
    Possible,
}

impl Round {
    pub(super) fn run(
        self,
        seal: &Seal,
        principal: &Principal,
        request: &CallToolRequestParams,
        context: &Context,
    ) -> Result<CallToolResponse, ErrorData> {
        let tool = request.name.as_ref();
        let close = |payload: &str| Some(seal.close(principal, tool, payload));
        let state = request.request_state.as_deref().map(|sealed| seal.open(principal, tool, sealed));
        let state = state.transpose()?;
        let given = Given(request.input_responses.as_ref());
        let able = context.client_capabilities().unwrap_or_default();
        match self {
            Self::NeedsSampling if able.sampling.is_none() => Err(lacking(json!({ "sampling": {} }))),
            Self::NeedsElicitation if able.elicitation.is_none() => {
                Err(lacking(json!({ "elicitation": {} })))
            }
            Self::NeedsSampling | Self::Model => match given.message("capital_question") {
                Some(said) => Ok(text(format!("The model said: {said}")).into()),
                None => ask([("capital_question", sampling("What is the capital of France?"))], None),
            },
            Self::NeedsElicitation | Self::Name => match given.form("user_name") {
                Some(form) => Ok(text(format!("Good day, {}.", form["name"])).into()),
                None => ask([("user_name", name())], None),
            },
            Self::Roots => match given.roots("client_roots") {
                Some(roots) => Ok(text(format!("The client's roots: {roots}")).into()),
                None => ask([("client_roots", roots())], None),
            },
            Self::State => match (state.as_deref(), given.form("confirm")) {
                (Some("confirm"), Some(_)) => Ok(text("state-ok").into()),
                _ => ask([("confirm", elicitation("Please confirm.", "ok", "boolean"))], close("confirm")),
            },
            Self::Three if state.is_some() && given.all_three() => {
                Ok(text("All three questions are answered.").into())
            }
            Self::Three => ask(three(), close("three")),
            Self::Twice => match (state.as_deref(), given.form("step1"), given.form("step2")) {
                (Some("second"), _, Some(form)) => {
                    Ok(text(format!("A fine colour: {}", form["color"])).into())
                }
                (Some("second"), ..) | (Some("first"), Some(_), _) => {
                    let colour = elicitation("What is your favourite colour?", "color", "string");
                    ask([("step2", colour)], close("second"))
                }
                _ => ask([("step1", name())], close("first")),
            },
            Self::Possible => {
                let questions: Vec<_> = three().into_iter().filter(|(_, asked)| can(&able, asked)).collect();
                if questions.is_empty() {
                    return Ok(text("This client can be asked nothing.").into());
                }
                ask(questions, None)
            }
        }
    }
}

/// The client's responses. One of the wrong shape counts as missing, so it is asked for again.
pub(super) struct Given<'r>(pub(super) Option<&'r InputResponses>);

impl<'r> Given<'r> {
    fn response(&self, key: &str) -> Option<&'r Value> {
        self.0?.get(key)
    }

    /// The content of a form that was accepted.
    pub(super) fn form(&self, key: &str) -> Option<&'r Value> {
        let response = self.response(key).filter(|response| response["action"] == "accept")?;
        response.get("content").filter(|content| content.is_object())
    }

    fn message(&self, key: &str) -> Option<&'r Value> {
        self.response(key)?.get("content")
    }

    fn roots(&self, key: &str) -> Option<&'r Value> {
        self.response(key)?.get("roots").filter(|roots| roots.is_array())
    }

    fn all_three(&self) -> bool {
        self.form("user_name").is_some()
            && self.message("greeting").is_some()
            && self.roots("client_roots").is_some()
    }
}

/// An answer that asks.
pub(super) fn ask<R: From<InputRequiredResult>>(
    questions: impl IntoIterator<Item = (&'static str, Value)>,
    state: Option<String>,
) -> Result<R, ErrorData> {
    let requests = questions.into_iter().map(|(key, question)| Ok((key.to_owned(), typed(question)?)));
    let requests = requests.collect::<Result<InputRequests, ErrorData>>()?;
    Ok(InputRequiredResult::new(Some(requests), state).into())
}

/// A form with one field.
pub(super) fn elicitation(message: &str, field: &str, kind: &str) -> Value {
    let schema = json!({ "type": "object", "properties": { field: { "type": kind } }, "required": [field] });
    json!({ "method": "elicitation/create", "params": { "message": message, "requestedSchema": schema } })
}

/// The question for a name.
pub(super) fn name() -> Value {
    elicitation("What is your name?", "name", "string")
}

fn sampling(prompt: &str) -> Value {
    let message = json!({ "role": "user", "content": { "type": "text", "text": prompt } });
    json!({ "method": "sampling/createMessage", "params": { "messages": [message], "maxTokens": 100 } })
}

fn roots() -> Value {
    json!({ "method": "roots/list", "params": {} })
}

fn three() -> [(&'static str, Value); 3] {
    [("user_name", name()), ("greeting", sampling("Please write a greeting.")), ("client_roots", roots())]
}

/// Whether the client said that it can be asked this.
fn can(able: &ClientCapabilities, question: &Value) -> bool {
    match question["method"].as_str() {
        Some("elicitation/create") => able.elicitation.is_some(),
        Some("sampling/createMessage") => able.sampling.is_some(),
        Some("roots/list") => able.roots.is_some(),
        _ => false,
    }
}

fn lacking(capability: Value) -> ErrorData {
    typed(capability).map_or_else(|malformed| malformed, ErrorData::missing_required_client_capability)
}
