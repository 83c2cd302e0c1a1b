//! The fixtures of the official MCP conformance suite, in place of the built-in tools. For tests only.
//!
//! Compiled with the cargo feature `conformance-fixtures` alone; a released binary has none of it. The
//! suite judges a server by tools, prompts and resources it names itself. A binary with this feature serves
//! those on `/mcp` through the transport, the guard and the token checks of every other binary, so that the
//! suite's verdict is about what is released.
//!
//! Owns what the suite calls. Does not own HTTP ([`super::transport`]) nor authorization (`web/`); like the
//! built-in server it refuses a request without a principal. No fixture needs a scope.
//!
//! | Part | What it holds |
//! |---|---|
//! | `catalogue` | every tool, one line each |
//! | `content` | tools that answer at once |
//! | `dialogue` | tools that notify, or ask within a session (before 2026-07-28) |
//! | `rounds`, `seal` | tools that ask by answering (2026-07-28), and the state they hand out |
//! | `jobs` | tools of the tasks extension |
//! | `prompts`, `resources` | the rest |

#![expect(deprecated, reason = "the suite still asks for logging, which 2026-07-28 deprecates")]

mod catalogue;
mod content;
mod dialogue;
mod jobs;
mod prompts;
mod resources;
mod rounds;
mod seal;

use std::sync::Arc;

use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CancelTaskParams, CompleteRequestParams,
    CompleteResult, CompletionInfo, GetPromptRequestParams, GetPromptResponse, GetTaskParams, GetTaskResult,
    Implementation, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities,
    ServerConfig, SetLevelRequestParams, SubscribeRequestParams, SubscriptionFilter, Tool,
    UnsubscribeRequestParams, UpdateTaskParams,
};
use rmcp::service::{RequestContext, SubscriptionContext};
use rmcp::task_manager::TaskManager;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use tokio::sync::broadcast;

use super::principal::Principal;
use super::server::BuiltinServer;
use super::transport::principal_of;
use catalogue::{Change, Run};
use seal::Seal;

/// How long lists and resources may be kept, in milliseconds.
const TTL_MS: u64 = 60_000;

type Context = RequestContext<RoleServer>;

/// The server of the fixtures. Clones share everything.
#[derive(Clone)]
pub struct FixtureServer {
    inner: Arc<Inner>,
}

struct Inner {
    tools: Vec<Tool>,
    changes: broadcast::Sender<Change>,
    jobs: TaskManager,
    seal: Seal,
}

impl FixtureServer {
    /// The fixtures, where the built-in server would stand.
    pub fn in_place_of(_: &BuiltinServer) -> Self {
        tracing::warn!("built with the feature conformance-fixtures, which is for tests only");
        Self {
            inner: Arc::new(Inner {
                tools: catalogue::TOOLS.iter().map(catalogue::Fixture::to_rmcp).collect(),
                changes: broadcast::channel(16).0,
                jobs: TaskManager::new(),
                seal: Seal::new(),
            }),
        }
    }
}

/// The caller, or a refusal: deny by default.
fn caller(context: &Context) -> Result<Arc<Principal>, ErrorData> {
    principal_of(&context.extensions)
        .ok_or_else(|| ErrorData::invalid_request("this request carries no verified access token", None))
}

fn capabilities() -> ServerCapabilities {
    ServerCapabilities::builder()
        .enable_logging()
        .enable_completions()
        .enable_prompts()
        .enable_prompts_list_changed()
        .enable_resources()
        .enable_resources_subscribe()
        .enable_tools()
        .enable_tool_list_changed()
        .enable_tasks()
        .build()
}

impl ServerHandler for FixtureServer {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(capabilities()).with_server_info(
            Implementation::new("gatepost-conformance-fixtures", env!("CARGO_PKG_VERSION"))
                .with_title("Gatepost with conformance fixtures"),
        )
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.inner.tools.iter().find(|tool| tool.name == name).cloned()
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Result<ListToolsResult, ErrorData> {
        caller(&context)?;
        let list = ListToolsResult::with_all_items(self.inner.tools.clone());
        Ok(list.with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Private))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: Context,
    ) -> Result<CallToolResponse, ErrorData> {
        let principal = caller(&context)?;
        let Some(fixture) = catalogue::TOOLS.iter().find(|fixture| fixture.name == request.name) else {
            return Err(ErrorData::invalid_params(format!("Unknown tool: {}", request.name), None));
        };
        match fixture.run {
            Run::Answer(make) => Ok(make().into()),
            Run::Talk(talk) => talk.run(&request, &context).await.map(Into::into),
            Run::Ask(round) => round.run(&self.inner.seal, &principal, &request, &context),
            Run::Work(job) => job.run(&self.inner.jobs, &request, &context).await,
            Run::Announce(change) => {
                // Who has just been told that it listens does so by then.
                tokio::time::sleep(dialogue::PAUSE).await;
                // An error means that nobody listens, which is fine.
                self.inner.changes.send(change).ok();
                Ok(content::text("Announced a change of the list; the list is as it was.").into())
            }
        }
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Result<ListPromptsResult, ErrorData> {
        caller(&context)?;
        let list = ListPromptsResult::with_all_items(prompts::all());
        Ok(list.with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Private))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: Context,
    ) -> Result<GetPromptResponse, ErrorData> {
        caller(&context)?;
        prompts::get(&request)
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: Context,
    ) -> Result<CompleteResult, ErrorData> {
        caller(&context)?;
        let values = prompts::suggestions(&request.argument.value);
        let info = CompletionInfo::with_all_values(values).map_err(|e| ErrorData::internal_error(e, None))?;
        Ok(CompleteResult::new(info))
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Result<ListResourcesResult, ErrorData> {
        caller(&context)?;
        let list = ListResourcesResult::with_all_items(resources::all());
        Ok(list.with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Private))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        caller(&context)?;
        let list = ListResourceTemplatesResult::with_all_items(resources::templates());
        Ok(list.with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Private))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: Context,
    ) -> Result<ReadResourceResponse, ErrorData> {
        caller(&context)?;
        let found = resources::read(&request.uri)?;
        Ok(found.with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Private).into())
    }

    async fn set_level(&self, _: SetLevelRequestParams, context: Context) -> Result<(), ErrorData> {
        caller(&context).map(drop)
    }

    async fn subscribe(&self, request: SubscribeRequestParams, context: Context) -> Result<(), ErrorData> {
        caller(&context)?;
        resources::read(&request.uri).map(drop)
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        context: Context,
    ) -> Result<(), ErrorData> {
        caller(&context)?;
        resources::read(&request.uri).map(drop)
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        let mut changes = self.inner.changes.subscribe();
        caller(subscription.request_context())?;
        loop {
            let change = tokio::select! {
                () = subscription.cancelled() => return Ok(()),
                change = changes.recv() => change,
            };
            let sink = subscription.sink();
            // What the client did not ask for is held back by the sink, with an error that is expected.
            match change {
                Ok(Change::Tools) => sink.notify_tool_list_changed().await.ok(),
                Ok(Change::Prompts) => sink.notify_prompt_list_changed().await.ok(),
                Err(broadcast::error::RecvError::Lagged(_)) => None,
                Err(broadcast::error::RecvError::Closed) => return Ok(()),
            };
        }
    }

    async fn get_task(&self, request: GetTaskParams, context: Context) -> Result<GetTaskResult, ErrorData> {
        caller(&context)?;
        self.inner.jobs.get_task(&request.task_id).map(GetTaskResult::new)
    }

    async fn update_task(&self, request: UpdateTaskParams, context: Context) -> Result<(), ErrorData> {
        caller(&context)?;
        self.inner.jobs.update_task(&request.task_id, request.input_responses)
    }

    async fn cancel_task(&self, request: CancelTaskParams, context: Context) -> Result<(), ErrorData> {
        caller(&context)?;
        self.inner.jobs.cancel_task(&request.task_id)
    }
}
