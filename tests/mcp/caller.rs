//! A caller that speaks MCP by hand with one access token, in both eras.

use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{OAuthClient, TestApp, Tokens, json_of};

pub struct Caller {
    pub http: reqwest::Client,
    pub url: String,
    pub token: String,
}

impl Caller {
    /// A caller of this very process.
    pub fn new(app: &TestApp, token: &str) -> Self {
        Self { http: app.http(), url: app.direct("/mcp"), token: token.to_owned() }
    }

    /// A POST of whatever body.
    pub fn raw(&self, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.http
            .post(&self.url)
            .bearer_auth(&self.token)
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .body(body)
    }

    /// A message of 2025-11-25.
    pub fn legacy(&self, session: Option<&str>, message: &Value) -> RequestBuilder {
        let request = self.raw(message.to_string()).header("mcp-protocol-version", "2025-11-25");
        match session {
            Some(id) => request.header("mcp-session-id", id),
            None => request,
        }
    }

    /// A request of 2026-07-28, with the headers it needs.
    pub fn modern(&self, method: &str, mut params: Value) -> RequestBuilder {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "0" },
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let message = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
        let request = self
            .raw(message.to_string())
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", method);
        match params["name"].as_str() {
            Some(name) => request.header("mcp-name", name),
            None => request,
        }
    }

    /// Calls a tool without a session.
    pub async fn call(&self, tool: &str, arguments: Value) -> Response {
        let params = json!({ "name": tool, "arguments": arguments });
        self.modern("tools/call", params).send().await.unwrap()
    }

    /// How a call of `whoami` is answered: the status, which is all a revocation changes.
    pub async fn status(&self) -> u16 {
        self.call("whoami", json!({})).await.status().as_u16()
    }

    /// What `whoami` says of this token.
    pub async fn who(&self) -> Value {
        let response = self.call("whoami", json!({})).await;
        let status = response.status();
        let body = json_of(response).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body["result"]["structuredContent"].clone()
    }

    pub async fn initialize(&self) -> Response {
        self.legacy(None, &initialize()).send().await.unwrap()
    }

    /// Opens a session of 2025-11-25.
    pub async fn open_session(&self) -> String {
        let response = self.initialize().await;
        let status = response.status();
        let id = response.headers().get("mcp-session-id").map(|v| v.to_str().unwrap().to_owned());
        let text = response.text().await.unwrap();
        assert_eq!(status, StatusCode::OK, "{text}");
        let hello = message_of(&text);
        assert_eq!(hello["result"]["protocolVersion"], "2025-11-25");
        let id = id.unwrap();
        let done = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        assert_eq!(self.legacy(Some(&id), &done).send().await.unwrap().status(), StatusCode::ACCEPTED);
        id
    }

    /// How a request on a session is answered.
    pub async fn status_on(&self, session: &str) -> u16 {
        let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
        self.legacy(Some(session), &list).send().await.unwrap().status().as_u16()
    }
}

pub fn initialize() -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": { "name": "test", "version": "0" } } })
}

/// The JSON-RPC message of an answer: plain, or the first one of an event stream.
pub fn message_of(text: &str) -> Value {
    let data = text.lines().filter_map(|l| l.strip_prefix("data:")).map(str::trim).find(|d| !d.is_empty());
    serde_json::from_str(data.unwrap_or(text)).unwrap_or_else(|e| panic!("{e} in {text:?}"))
}

/// Ann signs in and allows a new client a scope.
pub async fn log_in(app: &TestApp, scope: &str) -> (OAuthClient, Tokens, Caller) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let tokens = client.log_in(&browser, scope).await;
    let caller = Caller::new(app, &tokens.access);
    (client, tokens, caller)
}

/// The challenge of a refusal.
pub fn challenge_of(response: &Response) -> String {
    let mut values = response.headers().get_all("www-authenticate").iter();
    let value = values.next().expect("a challenge").to_str().unwrap().to_owned();
    assert!(values.next().is_none(), "one challenge only");
    value
}

/// The challenge a missing token gets.
pub fn missing_token(app: &TestApp) -> String {
    format!(
        "Bearer resource_metadata=\"{}/.well-known/oauth-protected-resource/mcp\", scope=\"search:read\"",
        app.url
    )
}
