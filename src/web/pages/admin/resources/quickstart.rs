//! A resource's first page: how apps connect, what a server elsewhere must do, and whether it does.

use askama::Template;

use super::super::super::{Snippet, filters};
use super::super::{Area, Shell};
use super::{ResourceHead, ResourceTab};

/// How to connect.
#[derive(Template)]
#[template(path = "admin/resources/quickstart.html")]
pub struct QuickstartPage {
    pub shell: Shell,
    pub head: ResourceHead,
    pub url: String,
    pub is_default: bool,
    /// It takes only tokens that are bound to a key.
    pub bound_only: bool,
    pub snippets: Vec<Snippet>,
    /// What its server must do, where that is not this one.
    pub duties: Option<Duties>,
    /// The metadata documents: what each is, and where.
    pub documents: Vec<(&'static str, String)>,
}

/// What a server elsewhere must do.
pub struct Duties {
    /// The header of its 401.
    pub challenge: String,
    /// Where it serves its metadata.
    pub metadata_url: String,
    pub metadata: String,
    pub issuer: String,
    pub jwks_url: String,
    pub introspection_url: String,
    pub alg: String,
    /// For FastMCP, unless that cannot check the algorithm.
    pub python: Option<String>,
    pub typescript: String,
    /// What stands in the environment of a server written for ScaleKit, where the resource speaks its dialect.
    pub variables: Option<String>,
}

/// The test, before and after.
#[derive(Template)]
#[template(path = "admin/resources/test.html")]
pub struct ResourceTestPage {
    pub shell: Shell,
    pub head: ResourceHead,
    pub url: String,
    /// Empty before the test.
    pub steps: Vec<ProbeStepView>,
    pub failed: usize,
}

/// One step of the test.
pub struct ProbeStepView {
    pub name: &'static str,
    pub url: String,
    /// `fine`, `doubtful` or `failed`.
    pub word: &'static str,
    /// The class of its badge.
    pub badge: &'static str,
    pub seen: String,
    pub advice: Option<String>,
}

#[cfg(test)]
impl QuickstartPage {
    pub fn sample() -> Self {
        let url = "https://notes.example.com/mcp";
        let metadata_url = "https://notes.example.com/.well-known/oauth-protected-resource/mcp";
        Self {
            shell: Shell::sample(Area::Resources),
            head: ResourceHead::sample(ResourceTab::Quickstart),
            url: url.into(),
            is_default: false,
            bound_only: false,
            snippets: vec![Snippet {
                client: "Claude Code".into(),
                hint: "Run in a terminal.".into(),
                text: format!("claude mcp add --transport http notes {url}"),
                link: None,
            }],
            duties: Some(Duties {
                challenge: format!("WWW-Authenticate: Bearer resource_metadata=\"{metadata_url}\""),
                metadata_url: metadata_url.into(),
                metadata: format!("{{\n  \"resource\": \"{url}\"\n}}"),
                issuer: "http://localhost:10000".into(),
                jwks_url: "http://localhost:10000/keys".into(),
                introspection_url: "http://localhost:10000/oauth/introspect".into(),
                alg: "ES256".into(),
                python: Some("mcp = FastMCP(\"Notes\", auth=auth)".into()),
                typescript: "const keys = createRemoteJWKSet(url);".into(),
                variables: Some("SCALEKIT_RESOURCE_ID=res_1".into()),
            }),
            documents: vec![("Metadata of the resource, copy here", "http://localhost:10000/x".into())],
        }
    }

    /// Of a server elsewhere that takes only tokens that are bound to a key.
    pub fn bound() -> Self {
        Self { bound_only: true, ..Self::sample() }
    }

    pub fn filled(text: &str) -> Self {
        let t = || text.to_owned();
        let snippet = Snippet { client: t(), hint: t(), text: t(), link: None };
        Self {
            shell: Shell::filled(text, Area::Resources),
            head: ResourceHead::filled(text, ResourceTab::Quickstart),
            url: t(),
            is_default: true,
            bound_only: false,
            snippets: vec![snippet],
            duties: Some(Duties {
                challenge: t(),
                metadata_url: t(),
                metadata: t(),
                issuer: t(),
                jwks_url: t(),
                introspection_url: t(),
                alg: t(),
                python: Some(t()),
                typescript: t(),
                variables: Some(t()),
            }),
            documents: vec![("Keys", "http://localhost:10000/keys".into())],
        }
    }
}

#[cfg(test)]
impl ResourceTestPage {
    pub fn sample() -> Self {
        let step = |name, word, badge, advice: Option<&str>| ProbeStepView {
            name,
            url: "https://notes.example.com/mcp".into(),
            word,
            badge,
            seen: "It answered 401.".into(),
            advice: advice.map(str::to_owned),
        };
        Self {
            shell: Shell::sample(Area::Resources),
            head: ResourceHead::sample(ResourceTab::Quickstart),
            url: "https://notes.example.com/mcp".into(),
            steps: vec![
                step("The server asks for a token", "fine", "badge-ok", None),
                step("The metadata of the resource", "failed", "badge-bad", Some("Serve the JSON.")),
            ],
            failed: 1,
        }
    }

    pub fn filled(text: &str) -> Self {
        let t = || text.to_owned();
        Self {
            shell: Shell::filled(text, Area::Resources),
            head: ResourceHead::filled(text, ResourceTab::Quickstart),
            url: t(),
            steps: vec![ProbeStepView {
                name: "The metadata of the resource",
                url: t(),
                word: "failed",
                badge: "badge-bad",
                seen: t(),
                advice: Some(t()),
            }],
            failed: 1,
        }
    }
}
