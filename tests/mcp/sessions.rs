//! Sessions of MCP 2025-11-25: whose they are, how many there may be; and the era without them.

use gatepost::accounts::links::new_user;
use gatepost::types::Plain;
use serde_json::{Value, json};

use super::caller::{Caller, challenge_of, initialize, log_in, message_of};
use crate::support::{Database, OAuthClient, PASSWORD, TestApp, json_of};
use crate::{on_both, on_each};

fn list() -> Value {
    json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" })
}

/// A second person, who may sign in.
async fn bob(app: &TestApp) -> String {
    let accounts = &app.core.accounts;
    let hash = accounts.passwords.hash(Plain::new(PASSWORD.to_owned())).await.unwrap();
    let user = new_user(accounts, "bob@example.com".to_owned(), None, Some(hash), false);
    accounts.store.add_user(user.clone()).await.unwrap();
    user.email
}

async fn a_legacy_client_opens_uses_and_ends_a_session(app: TestApp) {
    let (_, _, caller) = log_in(&app, "search:read").await;
    let session = caller.open_session().await;
    let text = caller.legacy(Some(&session), &list()).send().await.unwrap().text().await.unwrap();
    let tools = message_of(&text)["result"]["tools"].clone();
    let names: Vec<&str> = tools.as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["whoami", "web_search", "web_extract"]);
    let call = json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": { "name": "whoami" } });
    let text = caller.legacy(Some(&session), &call).send().await.unwrap().text().await.unwrap();
    assert_eq!(message_of(&text)["result"]["structuredContent"]["email"], "ann@example.com");
    let end = caller.http.delete(&caller.url).bearer_auth(&caller.token).header("mcp-session-id", &session);
    assert_eq!(end.send().await.unwrap().status(), 204);
    assert_eq!(caller.status_on(&session).await, 404);
    let again = caller.http.delete(&caller.url).bearer_auth(&caller.token).header("mcp-session-id", &session);
    assert_eq!(again.send().await.unwrap().status(), 404);
}

async fn a_modern_client_needs_no_session(app: TestApp) {
    let (_, _, caller) = log_in(&app, "search:read").await;
    let response = caller.modern("server/discover", json!({})).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key("mcp-session-id"));
    let hello = json_of(response).await;
    let versions = hello["result"]["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&json!("2026-07-28")) && versions.contains(&json!("2025-11-25")));
    let tools = json_of(caller.modern("tools/list", json!({})).send().await.unwrap()).await;
    assert_eq!(tools["result"]["cacheScope"], "private");
    assert_eq!(caller.who().await["email"], "ann@example.com");
}

async fn a_session_is_the_callers_who_opened_it(app: TestApp) {
    let (_, _, ann) = log_in(&app, "search:read").await;
    let session = ann.open_session().await;
    let browser = app.signed_in().await;
    let other_client = OAuthClient::register(&app, "Another app").await;
    let through_another = Caller::new(&app, &other_client.log_in(&browser, "search:read").await.access);
    let bobs_browser = app.browser();
    bobs_browser.sign_in(&bob(&app).await, PASSWORD).await;
    // The same registration: both people use one client.
    let shared = app.client().await;
    let bob = Caller::new(&app, &shared.log_in(&bobs_browser, "search:read").await.access);
    let invented = "00000000-0000-4000-8000-000000000000";
    for stranger in [&through_another, &bob] {
        let theirs = stranger.legacy(Some(&session), &list()).send().await.unwrap();
        let nobodys = stranger.legacy(Some(invented), &list()).send().await.unwrap();
        assert_eq!((theirs.status().as_u16(), nobodys.status().as_u16()), (404, 404));
        assert_eq!(theirs.text().await.unwrap(), nobodys.text().await.unwrap(), "no oracle");
        let end = stranger.http.delete(&stranger.url).bearer_auth(&stranger.token);
        assert_eq!(end.header("mcp-session-id", &session).send().await.unwrap().status(), 404);
        let stream = stranger.http.get(&stranger.url).bearer_auth(&stranger.token);
        let stream = stream.header("accept", "text/event-stream").header("mcp-session-id", &session);
        assert_eq!(stream.send().await.unwrap().status(), 404);
    }
    assert_eq!(ann.status_on(&session).await, 200, "its owner keeps it");
    let reasons = app.audit_reasons("access.refused").await;
    assert_eq!(reasons, ["foreign_mcp_session"; 6]);
}

async fn a_session_survives_a_step_up_and_the_token_decides_each_call(app: TestApp) {
    let (client, _, narrow) = log_in(&app, "openid").await;
    let session = narrow.open_session().await;
    let search = json!({ "jsonrpc": "2.0", "id": 4, "method": "tools/call",
        "params": { "name": "web_search", "arguments": { "query": "x" } } });
    let response = narrow.legacy(Some(&session), &search).send().await.unwrap();
    assert_eq!(response.status(), 403);
    let challenge = challenge_of(&response);
    assert!(challenge.contains("scope=\"openid search:read\""), "{challenge}");
    let browser = app.signed_in().await;
    let wide = Caller::new(&app, &client.log_in(&browser, "openid search:read").await.access);
    let text = wide.legacy(Some(&session), &search).send().await.unwrap().text().await.unwrap();
    let result = message_of(&text);
    let said = result["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{text}"));
    assert!(said.contains("GATEPOST_TAVILY__API_KEY"), "the tool itself answered: {said}");
    // The wider token did not widen the session.
    let again = narrow.legacy(Some(&session), &search).send().await.unwrap();
    assert_eq!(again.status(), 403);
}

async fn a_session_ends_with_the_token_that_uses_it(app: TestApp) {
    let (client, tokens, caller) = log_in(&app, "search:read").await;
    let session = caller.open_session().await;
    let params = [("token", tokens.refresh.clone()), ("client_id", client.id.clone())];
    assert_eq!(client.post("/oauth/revoke", &params).await.status(), 200);
    assert_eq!(caller.status_on(&session).await, 401);
    let anonymous = caller.http.post(&caller.url).header("mcp-session-id", &session).body(list().to_string());
    assert_eq!(anonymous.send().await.unwrap().status(), 401, "a session id is no credential");
}

async fn odd_session_ids_are_unknown(app: TestApp) {
    let (_, _, caller) = log_in(&app, "search:read").await;
    let session = caller.open_session().await;
    let long = "s".repeat(4_000);
    let upper = session.to_uppercase();
    let padded = format!("{session}0");
    for id in ["", "x", "../../etc/passwd", "' OR 1=1 --", long.as_str(), padded.as_str()] {
        assert_eq!(caller.status_on(id).await, 404, "{id}");
    }
    if upper != session {
        assert_eq!(caller.status_on(&upper).await, 404);
    }
    let bytes = reqwest::header::HeaderValue::from_bytes(&[0xff, 0xfe]).unwrap();
    let binary = caller.legacy(None, &list()).header("mcp-session-id", bytes);
    assert_eq!(binary.send().await.unwrap().status(), 404);
    let twice = caller.legacy(Some(&session), &list()).header("mcp-session-id", &session);
    assert_eq!(twice.send().await.unwrap().status(), 404);
    assert_eq!(caller.status_on(&session).await, 200);
}

async fn a_session_of_another_process_is_unknown_and_the_client_starts_over(app: TestApp) {
    let (_, tokens, caller) = log_in(&app, "search:read").await;
    let session = caller.open_session().await;
    let replica = app.replica().await;
    let there = Caller::new(&replica, &tokens.access);
    assert_eq!(there.status_on(&session).await, 404);
    let own = there.open_session().await;
    assert_eq!(there.status_on(&own).await, 200);
}

on_both! {
    a_legacy_client_opens_uses_and_ends_a_session,
    a_modern_client_needs_no_session,
    a_session_is_the_callers_who_opened_it,
    a_session_survives_a_step_up_and_the_token_decides_each_call,
    a_session_ends_with_the_token_that_uses_it,
    odd_session_ids_are_unknown,
    a_session_of_another_process_is_unknown_and_the_client_starts_over,
}

async fn one_authorization_holds_a_bounded_number_of_sessions(database: Database) {
    let limit = [("GATEPOST_LIMITS__MAX_MCP_SESSIONS_PER_GRANT", "2")];
    let app = TestApp::start_with(database, &limit).await;
    let (_, _, caller) = log_in(&app, "search:read").await;
    let first = caller.open_session().await;
    caller.open_session().await;
    let response = caller.initialize().await;
    assert_eq!(response.status(), 429);
    assert!(response.headers().contains_key("retry-after"));
    assert!(!response.headers().contains_key("mcp-session-id"));
    assert_eq!(json_of(response).await["error"], "too_many_sessions");
    assert_eq!(caller.status_on(&first).await, 200, "what is open goes on");
    assert_eq!(caller.status().await, 200, "and so does the era without sessions");
    let browser = app.signed_in().await;
    let other = OAuthClient::register(&app, "Another app").await;
    let neighbour = Caller::new(&app, &other.log_in(&browser, "search:read").await.access);
    neighbour.open_session().await;
    let end = caller.http.delete(&caller.url).bearer_auth(&caller.token).header("mcp-session-id", &first);
    assert_eq!(end.send().await.unwrap().status(), 204);
    caller.open_session().await;
    assert_eq!(caller.initialize().await.status(), 429);
}

async fn all_authorizations_together_hold_a_bounded_number_of_sessions(database: Database) {
    let limits =
        [("GATEPOST_LIMITS__MAX_MCP_SESSIONS_PER_GRANT", "2"), ("GATEPOST_LIMITS__MAX_MCP_SESSIONS", "2")];
    let app = TestApp::start_with(database, &limits).await;
    let (_, _, caller) = log_in(&app, "search:read").await;
    caller.open_session().await;
    caller.open_session().await;
    let browser = app.signed_in().await;
    let other = OAuthClient::register(&app, "Another app").await;
    let neighbour = Caller::new(&app, &other.log_in(&browser, "search:read").await.access);
    assert_eq!(neighbour.initialize().await.status(), 429);
    // An idle session gives its place back: five minutes, and one of grace.
    app.advance(361).await;
    neighbour.open_session().await;
}

async fn parallel_initializations_do_not_overshoot(database: Database) {
    let limit = [("GATEPOST_LIMITS__MAX_MCP_SESSIONS_PER_GRANT", "3")];
    let app = TestApp::start_with(database, &limit).await;
    let (_, _, caller) = log_in(&app, "search:read").await;
    let answers = futures::future::join_all((0..24).map(|_| caller.initialize())).await;
    let opened = answers.iter().filter(|a| a.status() == 200).count();
    assert_eq!(opened, 3);
    assert!(answers.iter().all(|a| a.status() == 200 || a.status() == 429));
}

async fn an_initialize_that_fails_takes_no_place(database: Database) {
    let limit = [("GATEPOST_LIMITS__MAX_MCP_SESSIONS_PER_GRANT", "1")];
    let app = TestApp::start_with(database, &limit).await;
    let (_, _, caller) = log_in(&app, "search:read").await;
    for _ in 0..3 {
        let mut broken = initialize();
        broken["params"] = json!({ "protocolVersion": 7 });
        let response = caller.legacy(None, &broken).send().await.unwrap();
        assert!(!response.status().is_server_error(), "{}", response.status());
        assert_ne!(response.status(), 429);
        assert!(!response.headers().contains_key("mcp-session-id"));
        let plain = caller.http.post(&caller.url).bearer_auth(&caller.token);
        let status = plain.body(initialize().to_string()).send().await.unwrap().status();
        assert_ne!(status, 429);
        assert!(status.is_client_error(), "{status}");
    }
    caller.open_session().await;
    assert_eq!(caller.initialize().await.status(), 429);
}

on_each! {
    one_authorization_holds_a_bounded_number_of_sessions,
    all_authorizations_together_hold_a_bounded_number_of_sessions,
    parallel_initializations_do_not_overshoot,
    an_initialize_that_fails_takes_no_place,
}
