//! The page that asks whether an app may have access, and all that a person needs to decide.
//!
//! Posts `csrf`, `request`, `decision` = `allow` | `deny` and repeated `scope` to `/consent`.

use askama::Template;

use super::filters;

/// What the consent page shows.
#[derive(Template)]
#[template(path = "consent.html")]
pub struct ConsentPage {
    pub csrf: String,
    /// Names the pending authorization request; a hidden field.
    pub request: String,
    pub client: ClientView,
    pub resource_name: String,
    pub resource_url: String,
    pub scopes: Vec<ScopeView>,
    pub user_email: String,
    pub switch_url: String,
}

/// The app that asks.
pub struct ClientView {
    pub name: String,
    pub known: KnownAs,
    pub redirect_host: String,
    pub redirect: RedirectKind,
    pub client_id: String,
    /// Shown as text, never as a link: the app wrote it.
    pub client_uri: Option<String>,
}

/// How far the app's name can be believed.
pub enum KnownAs {
    /// It chose its name when it registered itself.
    SelfDeclared,
    /// Its description was fetched from this host.
    VerifiedHost(String),
    /// An administrator added it.
    RegisteredHere,
}

/// Where the answer goes.
pub enum RedirectKind {
    /// A site on the web.
    Web,
    /// Whatever listens on this computer.
    Loopback,
    /// The app that owns this URL scheme.
    App(String),
}

/// One permission the app asks for.
pub struct ScopeView {
    pub name: String,
    pub description: String,
    pub tools: Vec<String>,
    /// What the scopes that it includes permit.
    pub includes: Vec<String>,
    /// Cannot be unticked; sent in any case.
    pub required: bool,
    pub already_granted: bool,
}

impl ClientView {
    /// The name to show: never nothing.
    pub fn shown_name(&self) -> &str {
        or_else(&self.name, "An app without a name")
    }
}

impl ScopeView {
    /// The description, or the bare name where there is none.
    pub fn shown_description(&self) -> &str {
        or_else(&self.description, &self.name)
    }
}

/// The text, or another where it says nothing.
pub(super) fn or_else<'a>(text: &'a str, instead: &'a str) -> &'a str {
    if text.trim().is_empty() { instead } else { text }
}

#[cfg(test)]
impl ConsentPage {
    pub fn sample() -> Self {
        Self {
            csrf: "sample-form-token".into(),
            request: "arq_sample".into(),
            client: ClientView {
                name: "Claude Code".into(),
                known: KnownAs::SelfDeclared,
                redirect_host: "localhost:51234".into(),
                redirect: RedirectKind::Loopback,
                client_id: "cli_0a1b2c3d4e5f6g7h".into(),
                client_uri: Some("https://claude.example/code".into()),
            },
            resource_name: "Tavily search".into(),
            resource_url: "https://mcp.example.com/mcp".into(),
            scopes: vec![
                ScopeView {
                    name: "profile".into(),
                    description: "Know who you are".into(),
                    tools: vec!["whoami".into()],
                    includes: Vec::new(),
                    required: true,
                    already_granted: true,
                },
                ScopeView {
                    name: "search:read".into(),
                    description: "Search the web and read pages for you".into(),
                    tools: vec!["web_search".into(), "web_extract".into()],
                    includes: vec!["Read the news".into()],
                    required: false,
                    already_granted: false,
                },
                ScopeView {
                    name: "offline_access".into(),
                    description: "Stay connected when you are away".into(),
                    tools: Vec::new(),
                    includes: Vec::new(),
                    required: false,
                    already_granted: false,
                },
            ],
            user_email: "ada@example.com".into(),
            switch_url: "/login?switch=1".into(),
        }
    }
}
