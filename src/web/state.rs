//! What every handler may use.

use std::time::Duration;

use crate::accounts::Accounts;
use crate::admin::Admin;
use crate::admin::audit::feed::Feed;
use crate::config::InForce;
use crate::mcp::{SessionGuard, Streams};
use crate::oauth::OAuth;
use crate::trust::Trust;
use crate::types::urls::Issuer;

/// Settings of the HTTP layer.
#[derive(Clone, Debug)]
pub struct WebSettings {
    /// `Host` values that are answered; everything else is a request meant for somebody else.
    pub allowed_hosts: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<crate::config::Network>,
    /// The largest registration request, in bytes.
    pub registration_body_limit: usize,
    pub patience: Patience,
    /// What the settings were warned about at the start, for the first page of the administration.
    pub warnings: Vec<String>,
}

/// How long a request's body may take to arrive.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Forms, and registrations.
    pub form: Duration,
    /// MCP messages, which may be larger.
    pub message: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { form: Duration::from_secs(10), message: Duration::from_secs(30) }
    }
}

/// Shared by all workers.
pub struct State {
    pub oauth: OAuth,
    pub accounts: Accounts,
    pub admin: Admin,
    pub trust: Trust,
    pub mcp_sessions: SessionGuard,
    pub mcp_streams: Streams,
    pub audit_feed: Feed,
    pub settings: WebSettings,
    /// The configuration as it was read at the start, for people to look at.
    pub in_force: InForce,
}

impl State {
    pub const fn issuer(&self) -> &Issuer {
        &self.oauth.issuer
    }
}
