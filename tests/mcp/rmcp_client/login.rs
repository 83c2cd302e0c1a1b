//! A person's login, from nothing but the endpoint's URL: tools, refresh, step-up, and what ends it.

use rmcp::model::CallToolRequestParams;
use serde_json::json;

use super::{REDIRECT_URI, allow, app_with, authorize, call, connect, request, search, tavily};
use crate::on_each;
use crate::support::Database;

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
    search(&service).await;
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
    search(&service).await;
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
