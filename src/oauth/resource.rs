//! Resources and the `resource` parameter ([RFC 8707](https://www.rfc-editor.org/rfc/rfc8707)).
//!
//! | parameter                                            | result                                          |
//! |------------------------------------------------------|-------------------------------------------------|
//! | absent                                               | the default resource (clients that predate RFC 8707) |
//! | canonical URL, with or without a trailing slash      | that resource                                   |
//! | a registered alias                                   | that resource                                   |
//! | same URL under another loopback name                 | that resource, when the issuer is on loopback   |
//! | the origin alone                                     | the resource served here, the default one if it is (Claude Code sends it) |
//! | several values naming different resources            | `invalid_target`: a token is for one resource   |
//! | anything else, a fragment                            | `invalid_target`                                |

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use super::cimd::policy::Policy;
use super::error::{Code, Reason, Refusal};
use super::keys::Alg;
use super::scalekit::Dialect;
use super::scopes::Includes;
use crate::mcp::policy::Unlocks;
use crate::store::resources::{ResourceRow, ScopeRow};
use crate::store::{Store, StoreError};
use crate::trust::Believes;
use crate::trust::whom::{Chosen, Side, Standard};
use crate::types::urls::Issuer;
use crate::types::{ScopeSet, Timestamp};

/// Always accepted in a request and never shown by the resource: asks for a refresh token.
pub const OFFLINE_ACCESS: &str = "offline_access";
/// Asks for an ID token.
pub const OPENID: &str = "openid";
/// Scopes of OpenID Connect, which belong to the person rather than to a resource.
pub const OIDC_SCOPES: [&str; 3] = [OPENID, "profile", "email"];

/// One scope of a resource, as people and models see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeInfo {
    pub name: String,
    pub description: String,
    pub tools: Vec<String>,
    pub is_default: bool,
    /// The scopes that it includes directly.
    pub implies: Vec<String>,
    /// When it got its name.
    pub named_at: Timestamp,
}

impl ScopeInfo {
    fn of(row: &ScopeRow) -> Self {
        Self {
            name: row.name.clone(),
            description: row.description.clone(),
            tools: row.tools.clone(),
            is_default: row.is_default,
            implies: row.implies.clone(),
            named_at: row.named_at,
        }
    }
}

/// Which scope opens which tool: default scopes are asked for first.
fn unlocks(scopes: &[ScopeInfo]) -> Unlocks {
    let (defaults, others): (Vec<_>, Vec<_>) = scopes.iter().partition(|s| s.is_default);
    Unlocks::new(defaults.into_iter().chain(others).map(|s| (s.name.as_str(), s.tools.as_slice())))
}

/// Where a resource is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    /// By this server.
    Builtin,
    /// Elsewhere, by a server that checks its tokens itself.
    External,
}

impl ResourceKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Builtin => "builtin",
            Self::External => "external",
        }
    }
}

/// One protected MCP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    pub id: String,
    pub name: String,
    pub kind: ResourceKind,
    /// Where it is served on this host; of one elsewhere, where its metadata is found here.
    pub path: String,
    /// Canonical URL: the audience of its tokens.
    pub uri: String,
    pub is_default: bool,
    pub registration_open: bool,
    /// Whether it takes only access tokens that are bound to a key (RFC 9728 §2).
    pub dpop_required: bool,
    /// Which clients by document it takes.
    pub documents: Policy,
    pub access_token_seconds: Option<i64>,
    pub refresh_token_seconds: Option<i64>,
    pub alg: Alg,
    /// How its tokens and endpoints look.
    pub dialect: Dialect,
    pub scopes: Vec<ScopeInfo>,
    /// Which of its scopes includes which.
    pub includes: Includes,
    /// Which of its scopes opens which tool.
    pub unlocks: Arc<Unlocks>,
    pub aliases: Vec<String>,
    /// Whose tokens it takes.
    pub believes: Believes,
}

impl Resource {
    /// Whether this server serves it.
    pub fn is_here(&self) -> bool {
        self.kind == ResourceKind::Builtin
    }

    /// The names of its scopes.
    pub fn scope_names(&self) -> ScopeSet {
        self.scopes.iter().map(|s| s.name.clone()).collect()
    }

    /// The URLs that requests to it are sent to.
    pub fn request_urls(&self) -> Vec<&str> {
        std::iter::once(&self.uri).chain(&self.aliases).map(String::as_str).collect()
    }

    /// Whether tokens for it are made here.
    ///
    /// # Errors
    /// `invalid_target` when they come from elsewhere.
    pub fn check_own(&self, now: Timestamp) -> Result<(), Refusal> {
        if self.believes.takes_own(now) {
            return Ok(());
        }
        Err(Refusal::new(
            Code::InvalidTarget,
            Reason::ForeignIssuer,
            "tokens for this resource come from another authorization server: its metadata names it",
        ))
    }

    /// Where its metadata document is (RFC 9728 §3.1).
    pub fn metadata_path(&self) -> String {
        format!("/.well-known/oauth-protected-resource{}", self.path)
    }
}

/// All resources at one moment.
#[derive(Debug, Default)]
pub struct ResourceSet {
    all: Vec<Arc<Resource>>,
    by_uri: HashMap<String, usize>,
    default: Option<usize>,
    /// What the origin of this server stands for.
    here: Option<usize>,
}

impl ResourceSet {
    /// Builds the set, with every spelling under which each resource is known.
    pub fn build(issuer: &Issuer, rows: Vec<ResourceRow>, scopes: &[ScopeRow]) -> Self {
        Self::build_with(issuer, &Standard::default(), rows, scopes)
    }

    /// The same, where the settings say whose tokens are taken.
    pub fn build_with(
        issuer: &Issuer,
        standard: &Standard,
        rows: Vec<ResourceRow>,
        scopes: &[ScopeRow],
    ) -> Self {
        let mut set = Self::default();
        for row in rows {
            let uri = row.uri.clone().unwrap_or_else(|| issuer.at(&row.path));
            let own: Vec<ScopeInfo> =
                scopes.iter().filter(|s| s.resource_id == row.id).map(ScopeInfo::of).collect();
            let resource = Resource {
                believes: Believes::of(&chosen(&row), row.kind == "builtin", standard),
                alg: Alg::parse(&row.signing_alg).unwrap_or(Alg::Es256),
                dialect: Dialect::of_row(&row.dialect, &row.token_issuer),
                includes: Includes::new(own.iter().map(|s| (s.name.clone(), s.implies.clone()))),
                unlocks: Arc::new(unlocks(&own)),
                scopes: own,
                id: row.id,
                name: row.name,
                kind: if row.kind == "external" { ResourceKind::External } else { ResourceKind::Builtin },
                path: row.path,
                uri,
                is_default: row.is_default,
                registration_open: row.registration_open,
                dpop_required: row.dpop_required,
                documents: Policy::of_row(&row.documents.policy, &row.documents.allow),
                access_token_seconds: row.access_token_seconds,
                refresh_token_seconds: row.refresh_token_seconds,
                aliases: row.aliases,
            };
            let index = set.all.len();
            for spelling in spellings(issuer, &resource) {
                set.by_uri.entry(spelling).or_insert(index);
            }
            if resource.is_default {
                set.default = Some(index);
            }
            set.all.push(Arc::new(resource));
        }
        if set.default.is_none() && set.all.len() == 1 {
            set.default = Some(0);
        }
        let is_here = |index: &usize| set.all[*index].is_here();
        set.here = set.default.filter(is_here).or_else(|| (0..set.all.len()).find(is_here));
        if let Some(here) = set.here {
            for origin in loopback_variants(issuer, issuer.as_str()) {
                set.by_uri.entry(origin).or_insert(here);
            }
        }
        set
    }

    pub fn all(&self) -> &[Arc<Resource>] {
        &self.all
    }

    pub fn default_resource(&self) -> Option<&Arc<Resource>> {
        self.default.map(|i| &self.all[i])
    }

    /// The resource that the origin of this server stands for: the default one, unless that is elsewhere.
    pub fn here(&self) -> Option<&Arc<Resource>> {
        self.here.map(|i| &self.all[i])
    }

    /// The resource that a client means by this URL, in whatever spelling.
    pub fn named(&self, url: &str) -> Option<&Arc<Resource>> {
        self.by_uri.get(&normal(url)).map(|&i| &self.all[i])
    }

    pub fn by_id(&self, id: &str) -> Option<&Arc<Resource>> {
        self.all.iter().find(|r| r.id == id)
    }

    pub fn by_path(&self, path: &str) -> Option<&Arc<Resource>> {
        self.all.iter().find(|r| r.path == path)
    }

    /// Decides which resource a request is for.
    ///
    /// # Errors
    /// `invalid_target`, before anything is spent.
    pub fn resolve<'a>(&self, values: impl Iterator<Item = &'a str>) -> Result<Arc<Resource>, Refusal> {
        let mut chosen: Option<&Arc<Resource>> = None;
        for value in values.filter(|v| !v.is_empty()) {
            let found = self.named(value).ok_or_else(|| {
                Refusal::new(
                    Code::InvalidTarget,
                    Reason::UnknownResource,
                    "resource is not a server this authorization server protects",
                )
            })?;
            if chosen.is_some_and(|c| c.id != found.id) {
                return Err(Refusal::new(
                    Code::InvalidTarget,
                    Reason::UnknownResource,
                    "a token is for one resource: ask for each in a request of its own",
                ));
            }
            chosen = Some(found);
        }
        chosen.or_else(|| self.default_resource()).cloned().ok_or_else(|| {
            Refusal::new(
                Code::InvalidTarget,
                Reason::UnknownResource,
                "resource is missing and there is no default",
            )
        })
    }
}

/// What administrators chose of whose tokens it takes. An issuer that no code knows is as if nothing was chosen.
pub fn chosen(row: &ResourceRow) -> Chosen {
    Chosen {
        side: row.trust.issuer.as_deref().and_then(Side::parse),
        environment: row.trust.environment.clone(),
        resource_id: row.trust.resource_id.clone(),
        both_until: row.trust.both_until,
    }
}

/// Lower-case scheme and host, no trailing slash; everything else byte for byte.
fn normal(value: &str) -> String {
    let trimmed = value.strip_suffix('/').unwrap_or(value);
    match trimmed.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
            format!("{}://{}{path}", scheme.to_ascii_lowercase(), host.to_ascii_lowercase())
        }
        None => trimmed.to_owned(),
    }
}

fn spellings(issuer: &Issuer, resource: &Resource) -> Vec<String> {
    let mut out = loopback_variants(issuer, &resource.uri);
    for alias in &resource.aliases {
        out.push(normal(alias));
    }
    out
}

/// The URL under each loopback name when the issuer is on loopback; otherwise the URL alone.
fn loopback_variants(issuer: &Issuer, url: &str) -> Vec<String> {
    let own = normal(url);
    let mut out = vec![own.clone()];
    if issuer.is_loopback() && own.starts_with(issuer.as_str()) {
        let port = issuer.authority().rsplit_once(':').map_or("", |(_, p)| p);
        let port = if port.is_empty() || port.ends_with(']') { String::new() } else { format!(":{port}") };
        let path = &own[issuer.as_str().len()..];
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            out.push(format!("http://{host}{port}{path}"));
        }
    }
    out
}

/// The resources in force, replaced as a whole when the store says they changed.
#[derive(Clone, Default)]
pub struct Resources {
    current: Arc<RwLock<Arc<ResourceSet>>>,
    /// Whose tokens are taken where nothing was chosen.
    standard: Arc<Standard>,
}

impl Resources {
    pub fn new(standard: Standard) -> Self {
        Self { current: Arc::default(), standard: Arc::new(standard) }
    }

    /// What the settings say of whose tokens are taken.
    pub fn standard(&self) -> &Standard {
        &self.standard
    }

    /// The resources at this moment.
    pub fn current(&self) -> Arc<ResourceSet> {
        self.current.read().map(|set| Arc::clone(&set)).unwrap_or_default()
    }

    /// Reads the resources from the store.
    pub async fn reload(&self, store: &Store, issuer: &Issuer) -> Result<(), StoreError> {
        let (rows, scopes) = store.list_resources().await?;
        let set = Arc::new(ResourceSet::build_with(issuer, &self.standard, rows, &scopes));
        if let Ok(mut current) = self.current.write() {
            *current = set;
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::store::resources::{DocumentColumns, TrustColumns};
    use proptest::prelude::*;

    /// A resource with scopes: name, what each includes, whether it is given by default.
    pub fn resource_with(scopes: &[(&str, &[&str], bool)]) -> Resource {
        let scope = |(name, implies, is_default): &(&str, &[&str], bool)| ScopeRow {
            resource_id: "res_a".into(),
            name: (*name).into(),
            implies: implies.iter().map(|i| (*i).into()).collect(),
            is_default: *is_default,
            ..ScopeRow::default()
        };
        let scopes: Vec<ScopeRow> = scopes.iter().map(scope).collect();
        let issuer = Issuer::parse("http://localhost:10000").unwrap();
        let set = ResourceSet::build(&issuer, vec![row("res_a", "/mcp", true)], &scopes);
        (*set.all[0]).clone()
    }

    fn row(id: &str, path: &str, is_default: bool) -> ResourceRow {
        ResourceRow {
            id: id.into(),
            name: id.into(),
            kind: "builtin".into(),
            path: path.into(),
            uri: None,
            aliases: vec!["https://old.example/mcp".into()],
            is_default,
            registration_open: true,
            dpop_required: false,
            access_token_seconds: None,
            refresh_token_seconds: None,
            signing_alg: "ES256".into(),
            dialect: "standard".into(),
            token_issuer: "environment".into(),
            trust: TrustColumns::default(),
            documents: DocumentColumns::default(),
            version: 1,
            created_at: 0,
        }
    }

    fn set(issuer: &str) -> ResourceSet {
        let rows = vec![row("res_a", "/mcp", true), row("res_b", "/b/mcp", false)];
        ResourceSet::build(&Issuer::parse(issuer).unwrap(), rows, &[])
    }

    fn resolve(issuer: &str, values: &[&str]) -> Result<String, Code> {
        set(issuer).resolve(values.iter().copied()).map(|r| r.id.clone()).map_err(|e| e.code)
    }

    #[test]
    fn every_spelling_a_client_uses_leads_to_the_resource() {
        let local = "http://localhost:10000";
        for (values, expected) in [
            (vec![], "res_a"),
            (vec![""], "res_a"),
            (vec!["http://localhost:10000/mcp"], "res_a"),
            (vec!["http://localhost:10000/mcp/"], "res_a"),
            (vec!["HTTP://LOCALHOST:10000/mcp"], "res_a"),
            (vec!["http://127.0.0.1:10000/mcp"], "res_a"),
            (vec!["http://[::1]:10000/mcp"], "res_a"),
            (vec!["http://localhost:10000"], "res_a"),
            (vec!["http://localhost:10000/"], "res_a"),
            (vec!["https://old.example/mcp"], "res_a"),
            (vec!["http://localhost:10000/b/mcp"], "res_b"),
            (vec!["http://localhost:10000/mcp", "http://localhost:10000/mcp/"], "res_a"),
        ] {
            assert_eq!(resolve(local, &values).as_deref(), Ok(expected), "{values:?}");
        }
    }

    #[test]
    fn anything_else_is_an_invalid_target() {
        for values in [
            vec!["http://localhost:10000/MCP"],
            vec!["http://localhost:10001/mcp"],
            vec!["https://evil.example/mcp"],
            vec!["http://localhost:10000/mcp#x"],
            vec!["http://localhost:10000/mcp", "http://localhost:10000/b/mcp"],
        ] {
            assert_eq!(resolve("http://localhost:10000", &values), Err(Code::InvalidTarget), "{values:?}");
        }
        assert_eq!(resolve("https://gate.example", &["http://127.0.0.1/mcp"]), Err(Code::InvalidTarget));
    }

    proptest! {
        #[test]
        fn only_known_urls_resolve(text in "[a-z:/.#?]{1,30}") {
            prop_assert!(resolve("https://gate.example", &[&text]).is_err());
        }
    }
}
