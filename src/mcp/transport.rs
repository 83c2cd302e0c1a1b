//! The mount of an MCP server in actix: rmcp's streamable HTTP transport with safe settings.
//!
//! Owns the settings and the one bridge from the request to the handler: `Arc<Principal>` and
//! `Arc<Unlocks>` from actix's request extensions to rmcp's. The only file that imports rmcp's transport, `rmcp_actix_web`, or actix.
//! Does not own the tools ([`super::server`]), tokens, scopes, or session ownership: those are checked by
//! the middleware that wraps the mount.
//!
//! One endpoint speaks every revision: 2025-11-25 and older with `initialize`, sessions and SSE;
//! 2026-07-28 without sessions, answered as plain JSON.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpMessage as _;
use actix_web::dev::HttpServiceFactory;
use rmcp::ServerHandler;
use rmcp::model::Extensions;
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use rmcp::transport::streamable_http_server::session::SessionManager as _;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp_actix_web::transport::{StreamableHttpService, on_request_extensions};
use url::Url;

use super::Served;
use super::policy::Unlocks;
use super::principal::Principal;

/// How long a session may take to end; it is unreachable from the first moment on.
const CLOSING: Duration = Duration::from_secs(1);
/// An origin no browser can have: an empty list would turn rmcp's check off.
const NO_ORIGIN: &str = "https://no-origin.invalid:1";

/// Bounds of the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct McpLimits {
    /// The largest request body in bytes; larger answers 413.
    pub max_body_bytes: usize,
    /// How often a silent SSE stream gets a comment line, so proxies keep it open.
    pub sse_keep_alive: Duration,
    /// A legacy session without traffic for this long ends; its id then answers 404. Give
    /// [`super::SessionLimits`] the same.
    pub session_idle: Duration,
}

impl Default for McpLimits {
    fn default() -> Self {
        Self {
            max_body_bytes: 4 * 1024 * 1024,
            sse_keep_alive: Duration::from_secs(15),
            session_idle: Duration::from_mins(5),
        }
    }
}

/// An MCP server ready to be mounted. Built once; clones share sessions and settings.
pub struct McpMount<S = Served> {
    service: StreamableHttpService<S>,
    sessions: Arc<LocalSessionManager>,
    /// Cancelled by [`McpMount::shut_down`].
    stop: StreamableHttpServerConfig,
}

impl<S> Clone for McpMount<S> {
    fn clone(&self) -> Self {
        Self { service: self.service.clone(), sessions: Arc::clone(&self.sessions), stop: self.stop.clone() }
    }
}

impl<S: ServerHandler + Clone + Send + Sync + 'static> McpMount<S> {
    /// A mount of `server`.
    ///
    /// `allowed_hosts`: the `Host` values answered, `name` (any port) or `name:port`; others get 403. Empty
    /// means loopback only. `allowed_origins`: the `Origin` values answered, without a port the scheme's
    /// own; others get 403, a request without `Origin` passes. Empty refuses every `Origin`
    /// (MCP 2025-11-25, transports, security warning).
    pub fn new(
        server: S,
        allowed_hosts: Vec<String>,
        allowed_origins: Vec<String>,
        limits: McpLimits,
    ) -> Self {
        let mut sessions = LocalSessionManager::default();
        sessions.session_config.keep_alive = Some(limits.session_idle);
        let sessions = Arc::new(sessions);
        let stop = StreamableHttpServerConfig::default();
        let hosts = if allowed_hosts.is_empty() { stop.allowed_hosts.clone() } else { allowed_hosts };
        let mut origins: Vec<String> = allowed_origins.into_iter().map(|origin| with_port(&origin)).collect();
        if origins.is_empty() {
            origins.push(NO_ORIGIN.to_owned());
        }
        let service = StreamableHttpService::builder()
            .service_factory(Arc::new(move || Ok(server.clone())))
            .session_manager(Arc::clone(&sessions))
            .stateful_mode(true)
            .json_response(true)
            .sse_keep_alive(limits.sse_keep_alive)
            .max_request_body_bytes(limits.max_body_bytes)
            .allowed_hosts(hosts)
            .allowed_origins(origins)
            .cancellation_token(stop.cancellation_token.clone())
            .on_request_fn(|request, extensions| {
                if let Some(principal) = request.extensions().get::<Arc<Principal>>() {
                    extensions.insert(principal.clone());
                }
                if let Some(unlocks) = request.extensions().get::<Arc<Unlocks>>() {
                    extensions.insert(unlocks.clone());
                }
            })
            .build();
        Self { service, sessions, stop }
    }

    /// The actix service, for the path of the scope it is put into:
    /// `web::scope("/mcp").wrap(guard).service(mount.service())`.
    pub fn service(&self) -> impl HttpServiceFactory + use<S> {
        self.service.clone().scope()
    }

    /// Ends one legacy session, and its streams with it. An unknown id is fine.
    pub async fn end_session(&self, session_id: &str) {
        let id = session_id.into();
        match tokio::time::timeout(CLOSING, self.sessions.close_session(&id)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "an MCP session did not end cleanly"),
            Err(_) => tracing::warn!("an MCP session took too long to end"),
        }
    }

    /// Ends every session and open stream, so that the server can stop; later requests to sessions fail.
    pub fn shut_down(&self) {
        self.stop.cancellation_token.cancel();
    }
}

/// The caller of the request a handler serves, put there by the middleware around the mount.
pub fn principal_of(extensions: &Extensions) -> Option<Arc<Principal>> {
    on_request_extensions(extensions)?.get::<Arc<Principal>>().cloned()
}

/// Which scope opens which tool, put there by the same middleware; without it none opens any.
pub fn unlocks_of(extensions: &Extensions) -> Arc<Unlocks> {
    on_request_extensions(extensions).and_then(|own| own.get::<Arc<Unlocks>>().cloned()).unwrap_or_default()
}

/// The origin with its scheme's own port written out: without one, rmcp lets any port pass.
fn with_port(origin: &str) -> String {
    let Ok(url) = Url::parse(origin) else { return origin.to_owned() };
    match (url.host_str(), url.port_or_known_default()) {
        (Some(host), Some(port)) => format!("{}://{host}:{port}", url.scheme()),
        _ => origin.to_owned(),
    }
}

#[cfg(test)]
#[path = "transport_tests.rs"]
mod tests;
