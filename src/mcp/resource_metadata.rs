//! The protected resource metadata document of RFC 9728.
//!
//! Owns its members and the place it is found at. Serving it, with CORS and caching, is `web/`.

use serde::Serialize;
use url::Url;

/// The path every metadata document of a resource lives under (RFC 9728 §3).
pub const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// One resource's document (RFC 9728 §2). Members without a value are left out, never null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResourceMetadata {
    /// The resource's canonical URL, byte for byte what clients are configured with: clients compare it.
    pub resource: String,
    /// The issuers whose tokens are accepted, byte for byte their `issuer`.
    pub authorization_servers: Vec<String>,
    /// The scopes worth asking for; never `offline_access` (MCP 2026-07-28).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// Always `["header"]`: a token in a query or a form is refused.
    pub bearer_methods_supported: Vec<&'static str>,
    /// The algorithms of proofs that bound tokens may come with; nothing where none are taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dpop_signing_alg_values_supported: Vec<&'static str>,
    /// Whether no other tokens are taken; left out where others are.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dpop_bound_access_tokens_required: bool,
    /// A name for humans.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    /// A page for developers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_documentation: Option<String>,
}

impl ResourceMetadata {
    /// The document of `resource`, whose tokens come from `issuer`; scopes keep their order, without
    /// `offline_access` and repetitions.
    pub fn new<'a>(resource: &str, issuer: &str, scopes: impl IntoIterator<Item = &'a str>) -> Self {
        let mut scopes_supported: Vec<String> = Vec::new();
        for scope in scopes {
            if scope != "offline_access" && !scopes_supported.iter().any(|s| s == scope) {
                scopes_supported.push(scope.to_owned());
            }
        }
        Self {
            resource: resource.to_owned(),
            authorization_servers: vec![issuer.to_owned()],
            scopes_supported,
            bearer_methods_supported: vec!["header"],
            dpop_signing_alg_values_supported: Vec::new(),
            dpop_bound_access_tokens_required: false,
            resource_name: None,
            resource_documentation: None,
        }
    }

    /// With these issuers instead, the one to ask first in front.
    #[must_use]
    pub fn from_issuers(mut self, issuers: Vec<String>) -> Self {
        self.authorization_servers = issuers;
        self
    }

    /// With the algorithms of proofs.
    #[must_use]
    pub fn taking_proofs(mut self, algs: Vec<&'static str>) -> Self {
        self.dpop_signing_alg_values_supported = algs;
        self
    }

    /// With whether no other tokens are taken.
    #[must_use]
    pub fn bound_only(mut self, is_required: bool) -> Self {
        self.dpop_bound_access_tokens_required = is_required;
        self
    }

    /// With a name for humans.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.resource_name = Some(name.to_owned());
        self
    }

    /// With a page for developers.
    #[must_use]
    pub fn documented(mut self, url: &str) -> Self {
        self.resource_documentation = Some(url.to_owned());
        self
    }
}

/// Where the document of `resource` is found: the well-known part goes between host and path (RFC 9728
/// §3.1). `None` when `resource` is no absolute http URL.
///
/// `https://a.example/mcp` gives `https://a.example/.well-known/oauth-protected-resource/mcp`.
pub fn metadata_url(resource: &str) -> Option<String> {
    let url = Url::parse(resource).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let path = url.path().trim_end_matches('/');
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some(format!("{}{WELL_KNOWN}{path}{query}", url.origin().ascii_serialization()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_no_nulls_and_no_offline_access() {
        let doc = ResourceMetadata::new(
            "https://a.example/mcp",
            "https://a.example",
            ["search:read", "offline_access", "search:read"],
        );
        assert_eq!(
            serde_json::to_value(&doc).unwrap(),
            serde_json::json!({
                "resource": "https://a.example/mcp",
                "authorization_servers": ["https://a.example"],
                "scopes_supported": ["search:read"],
                "bearer_methods_supported": ["header"],
            })
        );
        let doc = doc.named("Search").documented("https://a.example/docs").taking_proofs(vec!["ES256"]);
        assert_eq!(
            serde_json::to_value(doc.clone().bound_only(true)).unwrap()["dpop_bound_access_tokens_required"],
            true
        );
        let json = serde_json::to_value(&doc).unwrap();
        assert_eq!(json["dpop_signing_alg_values_supported"], serde_json::json!(["ES256"]));
        assert_eq!(json["resource_name"], "Search");
        assert_eq!(json["resource_documentation"], "https://a.example/docs");
    }

    #[test]
    fn the_well_known_part_goes_between_host_and_path() {
        let at = |resource| metadata_url(resource).unwrap();
        assert_eq!(at("https://a.example/mcp"), "https://a.example/.well-known/oauth-protected-resource/mcp");
        assert_eq!(
            at("https://a.example/mcp/"),
            "https://a.example/.well-known/oauth-protected-resource/mcp"
        );
        assert_eq!(
            at("http://localhost:10000"),
            "http://localhost:10000/.well-known/oauth-protected-resource"
        );
        assert_eq!(
            at("https://a.example:8443/x/mcp"),
            "https://a.example:8443/.well-known/oauth-protected-resource/x/mcp"
        );
        assert_eq!(metadata_url("mailto:a@b"), None);
    }
}
