//! The mount over real HTTP on a loopback port: both eras, refusals, and the bridge of the principal.

use std::sync::Arc;

use actix_web::dev::ServiceRequest;
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpServer, web};
use serde_json::{Value, json};

use super::*;
use crate::mcp::BuiltinServer;
use crate::mcp::principal::sample;
use crate::mcp::tavily::{DEFAULT_BASE_URL, Tavily};

/// A running server; its principal has the scopes named in the header `x-test-scopes`, none without it.
fn serve(limits: McpLimits) -> String {
    let tavily = Tavily::new(DEFAULT_BASE_URL, None, Duration::from_secs(1)).unwrap();
    let origins = vec!["http://localhost:10000".to_owned(), "https://app.example".to_owned()];
    let mount = McpMount::new(BuiltinServer::new(tavily), vec!["127.0.0.1".to_owned()], origins, limits);
    let server = HttpServer::new(move || {
        App::new().service(web::scope("/mcp").wrap(from_fn(fake_guard)).service(mount.service()))
    })
    .workers(2)
    .bind("127.0.0.1:0")
    .unwrap();
    let url = format!("http://{}/mcp", server.addrs()[0]);
    actix_web::rt::spawn(server.run());
    url
}

async fn fake_guard(
    request: ServiceRequest,
    next: Next<impl actix_web::body::MessageBody>,
) -> Result<actix_web::dev::ServiceResponse<impl actix_web::body::MessageBody>, Error> {
    let scopes = request.headers().get("x-test-scopes").and_then(|value| value.to_str().ok());
    if let Some(scopes) = scopes {
        let scopes: Vec<&str> = scopes.split_whitespace().collect();
        request.extensions_mut().insert(Arc::new(sample(&scopes)));
        let tools = ["web_search".to_owned(), "web_extract".to_owned()];
        request.extensions_mut().insert(Arc::new(Unlocks::new([("search:read", tools.as_slice())])));
    }
    next.call(request).await
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap()
}

fn post(url: &str, body: &Value) -> reqwest::RequestBuilder {
    http()
        .post(url)
        .header("accept", "application/json, text/event-stream")
        .header("x-test-scopes", "profile")
        .json(body)
}

/// The first JSON-RPC message of an SSE body.
fn first_message(sse: &str) -> Value {
    let data =
        sse.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim).find(|d| !d.is_empty());
    serde_json::from_str(data.unwrap_or_else(|| panic!("no message in {sse:?}"))).unwrap()
}

fn initialize() -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "0"}}})
}

/// A request of revision 2026-07-28, with the headers it needs.
fn modern(url: &str, method: &str, mut params: Value) -> reqwest::RequestBuilder {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "0"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let mut request = post(url, &json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}))
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", method);
    if let Some(name) = params["name"].as_str() {
        request = request.header("mcp-name", name);
    }
    request
}

async fn open_session(url: &str) -> String {
    let answer = post(url, &initialize()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let session = answer.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    let hello = first_message(&answer.text().await.unwrap());
    assert_eq!(hello["result"]["protocolVersion"], "2025-11-25");
    assert_eq!(hello["result"]["serverInfo"]["name"], "gatepost");
    let done = post(url, &json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))
        .header("mcp-session-id", &session)
        .send()
        .await
        .unwrap();
    assert_eq!(done.status(), 202);
    session
}

#[actix_web::test]
async fn a_legacy_client_opens_a_session_lists_and_calls() {
    let url = serve(McpLimits::default());
    let session = open_session(&url).await;
    let ask = |body: Value| {
        post(&url, &body).header("mcp-session-id", &session).header("mcp-protocol-version", "2025-11-25")
    };

    let list = ask(json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"})).send().await.unwrap();
    assert_eq!(list.headers()["content-type"], "text/event-stream");
    let list = first_message(&list.text().await.unwrap());
    let names: Vec<_> =
        list["result"]["tools"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["whoami", "web_search", "web_extract"]);

    let call = json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "whoami"}});
    let who = first_message(&ask(call).send().await.unwrap().text().await.unwrap());
    assert_eq!(who["result"]["structuredContent"]["email"], "ada@example.com");
    assert_eq!(who["result"]["isError"], false);

    // The identity is the request's, not the session's: more scopes on the same session.
    let search = json!({"jsonrpc": "2.0", "id": 4, "method": "tools/call",
        "params": {"name": "web_search", "arguments": {"query": "x"}}});
    let denied = first_message(&ask(search.clone()).send().await.unwrap().text().await.unwrap());
    assert_eq!(denied["error"]["code"], -32003);
    assert_eq!(denied["error"]["data"]["required_scope"], "search:read");
    let mut wider = ask(search).build().unwrap();
    wider.headers_mut().insert("x-test-scopes", "search:read".parse().unwrap());
    let result = first_message(&http().execute(wider).await.unwrap().text().await.unwrap());
    assert_eq!(result["result"]["isError"], true);
    assert!(result["result"]["content"][0]["text"].as_str().unwrap().contains("GATEPOST_TAVILY__API_KEY"));

    let gone = http().delete(&url).header("mcp-session-id", &session).send().await.unwrap();
    assert_eq!(gone.status(), 202);
    let after = ask(json!({"jsonrpc": "2.0", "id": 5, "method": "tools/list"})).send().await.unwrap();
    assert_eq!(after.status(), 404);
}

#[actix_web::test]
async fn a_modern_client_discovers_and_calls_without_a_session() {
    let url = serve(McpLimits::default());
    let hello = modern(&url, "server/discover", json!({})).send().await.unwrap();
    assert_eq!(hello.status(), 200);
    assert_eq!(hello.headers()["content-type"], "application/json");
    assert!(!hello.headers().contains_key("mcp-session-id"));
    let hello: Value = hello.json().await.unwrap();
    let versions = hello["result"]["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&json!("2026-07-28")) && versions.contains(&json!("2025-11-25")));
    assert_eq!(hello["result"]["cacheScope"], "private");

    let list: Value = modern(&url, "tools/list", json!({})).send().await.unwrap().json().await.unwrap();
    assert_eq!(list["result"]["cacheScope"], "private");
    assert_eq!(list["result"]["ttlMs"], 60_000);
    assert_eq!(list["result"]["resultType"], "complete");

    let call = json!({"name": "whoami", "arguments": {}});
    let who: Value = modern(&url, "tools/call", call).send().await.unwrap().json().await.unwrap();
    assert_eq!(who["result"]["structuredContent"]["client"]["id"], "cli_1");

    let call = json!({"name": "no_such_tool", "arguments": {}});
    let unknown: Value = modern(&url, "tools/call", call).send().await.unwrap().json().await.unwrap();
    assert_eq!(unknown["error"]["code"], -32602);
    let method = modern(&url, "no/such", json!({})).send().await.unwrap();
    assert_eq!(method.status(), 404);
    assert_eq!(method.json::<Value>().await.unwrap()["error"]["code"], -32601);
}

#[actix_web::test]
async fn without_a_principal_nothing_is_listed_or_called() {
    let url = serve(McpLimits::default());
    for (method, params) in [("tools/list", json!({})), ("tools/call", json!({"name": "whoami"}))] {
        let mut request = modern(&url, method, params).build().unwrap();
        request.headers_mut().remove("x-test-scopes");
        let answer: Value = http().execute(request).await.unwrap().json().await.unwrap();
        assert_eq!(answer["error"]["code"], -32600, "{answer}");
    }
}

#[actix_web::test]
async fn foreign_hosts_and_origins_are_refused() {
    let url = serve(McpLimits::default());
    let status = async |name: &'static str, value: &str| {
        modern(&url, "server/discover", json!({})).header(name, value).send().await.unwrap().status().as_u16()
    };
    assert_eq!(status("host", "evil.example").await, 403);
    for origin in ["http://evil.example", "null", "http://localhost:10001", "https://app.example:8443", "x"] {
        assert_eq!(status("origin", origin).await, 403, "{origin}");
    }
    for origin in ["http://localhost:10000", "https://app.example", "https://app.example:443"] {
        assert_eq!(status("origin", origin).await, 200, "{origin}");
    }
}

#[actix_web::test]
async fn an_empty_origin_list_refuses_every_origin() {
    let tavily = Tavily::new(DEFAULT_BASE_URL, None, Duration::from_secs(1)).unwrap();
    let mount = McpMount::new(BuiltinServer::new(tavily), Vec::new(), Vec::new(), McpLimits::default());
    let app =
        actix_web::test::init_service(App::new().service(web::scope("/mcp").service(mount.service()))).await;
    for (host, origin, status) in [
        ("localhost:1", "", 406),
        ("localhost:1", "https://no-origin.invalid", 403),
        ("localhost:1", "http://localhost:1", 403),
        ("public.example", "", 403),
    ] {
        let mut request = actix_web::test::TestRequest::post().uri("/mcp").insert_header(("host", host));
        if !origin.is_empty() {
            request = request.insert_header(("origin", origin));
        }
        let answer = actix_web::test::call_service(&app, request.to_request()).await;
        assert_eq!(answer.status().as_u16(), status, "{host} {origin}");
    }
}

#[actix_web::test]
async fn what_rmcp_answers_to_requests_out_of_order() {
    let url = serve(McpLimits { max_body_bytes: 2_000, ..McpLimits::default() });
    let status = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status().as_u16();
    let list = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"});
    let sse = |request: reqwest::RequestBuilder| request.header("accept", "text/event-stream");
    let in_session = |request: reqwest::RequestBuilder| request.header("mcp-session-id", "nobody");

    assert_eq!(status(http().get(&url)).await, 406);
    assert_eq!(status(sse(http().get(&url))).await, 400);
    assert_eq!(status(in_session(sse(http().get(&url)))).await, 404);
    assert_eq!(status(sse(http().get(&url)).header("mcp-protocol-version", "2026-07-28")).await, 405);
    assert_eq!(status(http().delete(&url)).await, 400);
    assert_eq!(status(in_session(http().delete(&url))).await, 202);
    assert_eq!(status(http().put(&url)).await, 405);
    assert_eq!(status(post(&url, &list)).await, 400);
    assert_eq!(status(in_session(post(&url, &list))).await, 404);
    assert_eq!(status(post(&url, &list).header("mcp-protocol-version", "1999-01-01")).await, 400);
    assert_eq!(status(http().post(&url).json(&list)).await, 406);
    let plain =
        http().post(&url).header("accept", "application/json, text/event-stream").body(list.to_string());
    assert_eq!(status(plain.header("content-type", "text/plain")).await, 415);
    assert_eq!(status(post(&url, &json!([list.clone()]))).await, 415);
    let large =
        json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {"x": "y".repeat(4_000)}});
    assert_eq!(status(post(&url, &large)).await, 413);
    let mut contradicted = modern(&url, "tools/call", json!({"name": "whoami"})).build().unwrap();
    contradicted.headers_mut().insert("mcp-name", "web_search".parse().unwrap());
    assert_eq!(http().execute(contradicted).await.unwrap().status(), 400);
    assert_eq!(status(post(&format!("{url}/"), &list)).await, 400);
    assert_eq!(status(post(&format!("{url}/x"), &list)).await, 404);
}

#[actix_web::test]
async fn an_idle_session_ends() {
    let limits = McpLimits { session_idle: Duration::from_millis(200), ..McpLimits::default() };
    let url = serve(limits);
    let session = open_session(&url).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    let list = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"});
    let answer = post(&url, &list).header("mcp-session-id", session).send().await.unwrap();
    assert_eq!(answer.status(), 404);
}

#[actix_web::test]
async fn shutting_down_ends_an_open_stream() {
    let tavily = Tavily::new(DEFAULT_BASE_URL, None, Duration::from_secs(1)).unwrap();
    let mount = McpMount::new(BuiltinServer::new(tavily), Vec::new(), Vec::new(), McpLimits::default());
    let shared = mount.clone();
    let server = HttpServer::new(move || App::new().service(web::scope("/mcp").service(shared.service())))
        .workers(1)
        .bind("127.0.0.1:0")
        .unwrap();
    let url = format!("http://{}/mcp", server.addrs()[0]);
    actix_web::rt::spawn(server.run());
    let session = open_session(&url).await;
    let stream = http().get(&url).header("accept", "text/event-stream").header("mcp-session-id", session);
    let stream = stream.send().await.unwrap();
    assert_eq!(stream.status(), 200);
    mount.shut_down();
    tokio::time::timeout(Duration::from_secs(5), stream.text()).await.unwrap().unwrap();
}
