//! The official Rust SDK's own client, unmodified: each way in ends with a call of a tool.
//!
//! | way                                   | file         |
//! |---------------------------------------|--------------|
//! | a person's login, refresh, step-up    | `login`      |
//! | a login by the client's own document  | `documents`  |
//! | a machine: a secret, a key            | `machines`   |
//! | a person whom a company vouches for   | `enterprise` |
//!
//! What the SDK (3.11) itself cannot do, so that nothing here does: bound tokens (DPoP), requests that are sent ahead,
//! devices, and a person's login with a key instead of a secret. What it cannot do of the rest stands in each file.

mod documents;
mod enterprise;
mod login;
mod machines;

use rmcp::ServiceExt as _;
use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::{RoleClient, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{AuthClient, AuthorizationRequest, OAuthState};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use serde_json::{Value, json};
use wiremock::matchers::{body_partial_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{Browser, Database, TestApp, query_of};

const REDIRECT_URI: &str = "http://127.0.0.1:7799/callback";

type Service = RunningService<RoleClient, ()>;

async fn tavily() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/search"))
        .and(header("authorization", "Bearer tvly-test"))
        .and(body_partial_json(json!({ "query": "gateposts" })))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "query": "gateposts", "answer": null, "images": [], "response_time": 0.1, "request_id": "r",
            "results": [{ "title": "Between you and me", "url": "https://example.com/gatepost",
                          "content": "A post on which a gate hangs.", "score": 0.9, "raw_content": null }],
        })))
        .mount(&server)
        .await;
    server
}

async fn app_with(database: Database, tavily: &MockServer) -> TestApp {
    let uri = tavily.uri();
    let settings = [("GATEPOST_TAVILY__BASE_URL", uri.as_str()), ("GATEPOST_TAVILY__API_KEY", "tvly-test")];
    TestApp::start_with(database, &settings).await
}

/// The same where the SDK compares times with the machine's clock, or signs them.
async fn app_in_real_time(database: Database, tavily: &MockServer) -> TestApp {
    let uri = tavily.uri();
    let settings = [("GATEPOST_TAVILY__BASE_URL", uri.as_str()), ("GATEPOST_TAVILY__API_KEY", "tvly-test")];
    TestApp::start_in_real_time(database, &settings).await
}

async fn unauthorized(app: &TestApp) -> OAuthState {
    OAuthState::new(app.at("/mcp"), Some(app.http())).await.unwrap()
}

/// Discovery, registration, PKCE, consent and code, driven by the SDK and a browser.
async fn authorize(app: &TestApp, browser: &Browser, request: AuthorizationRequest) -> OAuthState {
    let mut state = unauthorized(app).await;
    state.start_authorization(request).await.unwrap();
    allow(app, browser, &mut state).await;
    state
}

async fn allow(app: &TestApp, browser: &Browser, state: &mut OAuthState) {
    let url = state.get_authorization_url().await.unwrap();
    assert!(url.starts_with(&app.at("/oauth/authorize?")), "{url}");
    assert_eq!(query_of(&url)["resource"], app.at("/mcp"));
    let callback = browser.allow(&url).await;
    assert!(callback.starts_with(REDIRECT_URI), "{callback}");
    state.handle_callback_url(&callback).await.unwrap();
}

async fn connect(app: &TestApp, state: OAuthState) -> Service {
    let manager = state.into_authorization_manager().unwrap();
    let client = AuthClient::new(app.http(), manager);
    let config = StreamableHttpClientTransportConfig::with_uri(app.at("/mcp"));
    ().serve(StreamableHttpClientTransport::with_client(client, config)).await.unwrap()
}

async fn call(service: &Service, tool: &'static str, arguments: Value) -> CallToolResult {
    let params = CallToolRequestParams::new(tool).with_arguments(arguments.as_object().unwrap().clone());
    service.call_tool(params).await.unwrap()
}

/// What `whoami` says.
async fn who(service: &Service) -> Value {
    call(service, "whoami", json!({})).await.structured_content.unwrap()
}

/// Searches, which must find something.
async fn search(service: &Service) {
    let found = call(service, "web_search", json!({ "query": "gateposts" })).await;
    assert_ne!(found.is_error, Some(true), "{found:?}");
    let found = found.structured_content.unwrap();
    assert_eq!(found["results"][0]["url"], "https://example.com/gatepost", "{found}");
}

fn request() -> AuthorizationRequest {
    AuthorizationRequest::new(REDIRECT_URI).with_client_name("rmcp")
}
