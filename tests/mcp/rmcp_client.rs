//! The official Rust SDK's own client, from nothing but the endpoint's URL.

use rmcp::ServiceExt as _;
use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::{RoleClient, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{AuthClient, AuthorizationRequest, OAuthState};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use serde_json::json;
use wiremock::matchers::{body_partial_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::on_each;
use crate::support::{Browser, Database, TestApp};

const REDIRECT_URI: &str = "http://127.0.0.1:7799/callback";

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

/// Discovery, registration, PKCE, consent and code, driven by the SDK and a browser.
async fn authorize(app: &TestApp, browser: &Browser, request: AuthorizationRequest) -> OAuthState {
    let mut state = OAuthState::new(app.at("/mcp"), Some(app.http())).await.unwrap();
    state.start_authorization(request).await.unwrap();
    allow(app, browser, &mut state).await;
    state
}

async fn allow(app: &TestApp, browser: &Browser, state: &mut OAuthState) {
    let url = state.get_authorization_url().await.unwrap();
    assert!(url.starts_with(&app.at("/oauth/authorize?")), "{url}");
    let callback = browser.allow(&url).await;
    assert!(callback.starts_with(REDIRECT_URI), "{callback}");
    state.handle_callback_url(&callback).await.unwrap();
}

async fn connect(app: &TestApp, state: OAuthState) -> RunningService<RoleClient, ()> {
    let manager = state.into_authorization_manager().unwrap();
    let client = AuthClient::new(app.http(), manager);
    let config = StreamableHttpClientTransportConfig::with_uri(app.at("/mcp"));
    ().serve(StreamableHttpClientTransport::with_client(client, config)).await.unwrap()
}

async fn call(
    service: &RunningService<RoleClient, ()>,
    tool: &'static str,
    arguments: serde_json::Value,
) -> CallToolResult {
    let params = CallToolRequestParams::new(tool).with_arguments(arguments.as_object().unwrap().clone());
    service.call_tool(params).await.unwrap()
}

fn request() -> AuthorizationRequest {
    AuthorizationRequest::new(REDIRECT_URI).with_client_name("rmcp")
}

async fn the_sdk_logs_in_and_calls_tools(database: Database) {
    let tavily = tavily().await;
    let app = app_with(database, &tavily).await;
    let state = authorize(&app, &app.signed_in().await, request()).await;
    let service = connect(&app, state).await;
    let tools = service.list_all_tools().await.unwrap();
    assert_eq!(tools.len(), 3);
    let who = call(&service, "whoami", json!({})).await.structured_content.unwrap();
    assert_eq!(who["email"], "ann@example.com");
    assert_eq!(who["client"]["name"], "rmcp");
    assert_eq!(who["scopes"], json!(["offline_access", "search:read"]));
    let found = call(&service, "web_search", json!({ "query": "gateposts" })).await;
    assert_ne!(found.is_error, Some(true), "{found:?}");
    let found = found.structured_content.unwrap();
    assert_eq!(found["results"][0]["url"], "https://example.com/gatepost", "{found}");
    service.cancel().await.unwrap();
}

async fn the_sdk_refreshes(database: Database) {
    let tavily = tavily().await;
    let app = app_with(database, &tavily).await;
    let state = authorize(&app, &app.signed_in().await, request()).await;
    state.refresh_token().await.unwrap();
    state.refresh_token().await.unwrap();
    let refreshed = app.audit_reasons("token.refreshed").await;
    assert_eq!(refreshed, ["ok", "ok"]);
    let service = connect(&app, state).await;
    assert_eq!(
        call(&service, "whoami", json!({})).await.structured_content.unwrap()["email"],
        "ann@example.com"
    );
    // The access token ends; the SDK gets another by itself.
    app.advance(3601).await;
    assert_eq!(
        call(&service, "whoami", json!({})).await.structured_content.unwrap()["email"],
        "ann@example.com"
    );
    assert_eq!(app.audit_reasons("token.refreshed").await.len(), 3);
    service.cancel().await.unwrap();
}

async fn the_sdk_steps_up(database: Database) {
    let tavily = tavily().await;
    let app = app_with(database, &tavily).await;
    let browser = app.signed_in().await;
    let mut state = authorize(&app, &browser, request().with_scopes(["openid"])).await;
    let url = state.request_scope_upgrade("search:read", REDIRECT_URI).await.unwrap();
    let query = crate::support::query_of(&url);
    let asked: Vec<&str> = query["scope"].split(' ').collect();
    assert!(asked.contains(&"openid") && asked.contains(&"search:read"), "{asked:?}");
    allow(&app, &browser, &mut state).await;
    let service = connect(&app, state).await;
    let found = call(&service, "web_search", json!({ "query": "gateposts" })).await;
    assert_ne!(found.is_error, Some(true), "{found:?}");
    service.cancel().await.unwrap();
}

async fn the_sdk_is_told_when_a_scope_is_missing(database: Database) {
    let tavily = tavily().await;
    let app = app_with(database, &tavily).await;
    let state = authorize(&app, &app.signed_in().await, request().with_scopes(["openid"])).await;
    let service = connect(&app, state).await;
    let params = CallToolRequestParams::new("web_search")
        .with_arguments(json!({ "query": "gateposts" }).as_object().unwrap().clone());
    let error = service.call_tool(params).await.unwrap_err();
    let text = format!("{error:?}");
    assert!(text.contains("insufficient_scope") || text.contains("InsufficientScope"), "{text}");
    assert!(tavily.received_requests().await.unwrap().is_empty(), "nothing was asked upstream");
    service.cancel().await.unwrap();
}

async fn the_sdk_learns_that_access_was_revoked(database: Database) {
    let tavily = tavily().await;
    let app = app_with(database, &tavily).await;
    let state = authorize(&app, &app.signed_in().await, request()).await;
    let service = connect(&app, state).await;
    call(&service, "whoami", json!({})).await;
    app.disable_ann().await;
    app.sync().await;
    service.call_tool(CallToolRequestParams::new("whoami")).await.unwrap_err();
    assert!(app.audit_reasons("access.refused").await.contains(&"token_revoked".to_owned()));
    drop(service);
}

on_each! {
    the_sdk_logs_in_and_calls_tools,
    the_sdk_refreshes,
    the_sdk_steps_up,
    the_sdk_is_told_when_a_scope_is_missing,
    the_sdk_learns_that_access_was_revoked,
}
