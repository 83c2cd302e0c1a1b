//! Tools of the tasks extension (`io.modelcontextprotocol/tasks`, 2026-07-28).
//!
//! | Tool | The client knows tasks | It does not |
//! |---|---|---|
//! | `greet` | answers at once | answers at once |
//! | `slow_compute` | a task | answers when done |
//! | the others | a task | JSON-RPC error -32021 |
//!
//! Tasks are known by their ids alone, not by who made them: a fixture serves the one caller of a test.

use std::time::Duration;

use rmcp::ErrorData;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, CreateTaskResult, Task,
};
use rmcp::task_manager::{TaskContext, TaskExit, TaskManager, TaskOptions};
use serde_json::Value;

use super::Context;
use super::content::{failure, text};
use super::dialogue::typed;
use super::rounds::{Given, ask, elicitation, name};

/// How often a client should ask for the state of a task, in milliseconds.
const POLL_MS: u64 = 200;
/// How long a task takes that has no duration of its own.
const A_WHILE: Duration = Duration::from_millis(300);
/// The longest a caller may let a task take, in seconds.
const LONGEST: f64 = 60.0;

/// What is worked on.
#[derive(Clone, Copy)]
pub(super) enum Job {
    Greet,
    Slow,
    Failing,
    Broken,
    Confirm,
    TwoInputs,
    AskFirst,
}

impl Job {
    pub(super) async fn run(
        self,
        manager: &TaskManager,
        request: &CallToolRequestParams,
        context: &Context,
    ) -> Result<CallToolResponse, ErrorData> {
        let argument = |name: &str| request.arguments.as_ref().and_then(|arguments| arguments.get(name));
        let word = |name: &str| argument(name).and_then(Value::as_str).unwrap_or("nothing").to_owned();
        let seconds = argument("seconds").and_then(Value::as_f64).unwrap_or(1.0).clamp(0.0, LONGEST);
        let duration = Duration::from_secs_f64(seconds);
        let done = text(format!("Computed: {}", word("label")));
        let knows_tasks = context.client_capabilities().is_some_and(|able| able.supports_tasks());
        let task = match self {
            Self::Greet => return Ok(text(format!("Hello, {}!", word("name"))).into()),
            Self::Slow if !knows_tasks => {
                tokio::select! {
                    () = tokio::time::sleep(duration) => return Ok(done.into()),
                    () = context.ct.cancelled() => return Err(ErrorData::internal_error("cancelled", None)),
                }
            }
            _ if !knows_tasks => {
                let tasks = ClientCapabilities::builder().enable_tasks().build();
                return Err(ErrorData::missing_required_client_capability(tasks));
            }
            Self::AskFirst => {
                let Some(form) = Given(request.input_responses.as_ref()).form("user_name") else {
                    return ask([("user_name", name())], None);
                };
                let done = text(format!("Worked for {}.", form["name"]));
                start(manager, |task| after(task, A_WHILE, Ok(done)))
            }
            Self::Slow => start(manager, |task| after(task, duration, Ok(done))),
            Self::Failing => start(manager, |task| after(task, A_WHILE, Ok(failure()))),
            Self::Broken => {
                let broken = ErrorData::internal_error("this task breaks on purpose", None);
                start(manager, |task| after(task, A_WHILE, Err(broken)))
            }
            Self::Confirm => start(manager, |task| confirm(task, word("filename"))),
            Self::TwoInputs => start(manager, two_inputs),
        };
        Ok(CreateTaskResult::new(task).into())
    }
}

fn start<F>(manager: &TaskManager, work: impl FnOnce(TaskContext) -> F) -> Task
where
    F: Future<Output = Result<CallToolResult, TaskExit>> + Send + 'static,
{
    manager.spawn(TaskOptions::new().with_poll_interval_ms(POLL_MS), |task| Box::pin(work(task)))
}

/// The outcome, unless the task is cancelled before.
async fn after(
    task: TaskContext,
    duration: Duration,
    outcome: Result<CallToolResult, ErrorData>,
) -> Result<CallToolResult, TaskExit> {
    tokio::select! {
        () = tokio::time::sleep(duration) => Ok(outcome?),
        () = task.cancelled() => Err(TaskExit::Cancelled),
    }
}

async fn confirm(task: TaskContext, file: String) -> Result<CallToolResult, TaskExit> {
    let question = elicitation(&format!("Delete {file}?"), "confirm", "boolean");
    let answer = task.request_input("confirm", typed(question)?).await?;
    let deleted = answer["action"] == "accept" && answer["content"]["confirm"] == true;
    Ok(text(if deleted { format!("{file} would be gone now.") } else { format!("{file} stays.") }))
}

async fn two_inputs(task: TaskContext) -> Result<CallToolResult, TaskExit> {
    let sure = elicitation("Are you sure?", "confirm", "boolean");
    let (name, sure) = (typed(name())?, typed(sure)?);
    let both = futures::future::try_join(task.request_input("name", name), task.request_input("sure", sure));
    let (name, sure) = both.await?;
    Ok(text(format!("Both are answered: {name}, {sure}")))
}
