//! Rules between settings: what cannot work together, and what works but is probably not meant.

use std::net::SocketAddr;

use url::Url;

use super::choices::{Admit, IssuerMode};
use super::database_url::DatabaseKind;
use super::error::Fault;
use super::scalekit::Audience;
use super::settings::Provider;
use super::sources::Origin;
use super::web_url::WebUrl;
use super::{Config, key};
use crate::types::ScopeSet;
use crate::types::ids::is_scalekit_resource;

/// Names of providers that would collide with pages below `/login`, or with a section of its own.
const RESERVED_NAMES: &[&str] =
    &["google", "passkey", "passkeys", "second-factor", "code", "recovery", "mail"];
const NO_DOMAINS: &str = "is domain, but no domains are named";

/// What cannot work. Each is reported where the setting that asks for the other was set.
pub(super) fn faults(config: &Config) -> Vec<Fault> {
    let mut out = Vec::new();
    let mut fault = |path: &str, problem: String, fix: String| {
        out.push(Fault { place: config.origin(path).place(path), problem, fix });
    };
    let mut pair = |first: (&str, bool), second: (&str, bool)| {
        for ((path, is_set), (other, other_is_set)) in [(first, second), (second, first)] {
            if is_set && !other_is_set {
                let problem = format!("is set, but {} is not", name_in_words(other));
                fault(path, problem, format!("set {} as well, or neither", preferred_variable(other)));
            }
        }
    };
    pair(("admin.email", config.admin.email.is_some()), ("admin.password", config.admin.password.is_some()));
    pair(("mail.url", config.mail.url.is_some()), ("mail.from", config.mail.from.is_some()));
    pair(
        ("google.client_id", config.google.client_id.is_some()),
        ("google.client_secret", config.google.client_secret.is_some()),
    );
    google_faults(config, &mut fault);
    for (name, provider) in &config.providers {
        provider_faults(name, provider, &mut fault);
    }
    let mut ordered = |(small, low): (&str, i64), (large, high): (&str, i64)| {
        if low > high {
            // Blame the one that somebody set.
            let blamed = if *config.origin(small) == Origin::Default { large } else { small };
            let problem = format!("{small} ({low}) is more than {large} ({high})");
            fault(blamed, problem, format!("lower {small} or raise {large}"));
        }
    };
    let (tokens, sessions, limits) = (&config.tokens, &config.sessions, &config.limits);
    ordered(
        ("tokens.refresh_idle_days", tokens.refresh_idle_days),
        ("tokens.refresh_absolute_days", tokens.refresh_absolute_days),
    );
    ordered(("sessions.idle_days", sessions.idle_days), ("sessions.absolute_days", sessions.absolute_days));
    ordered(
        ("limits.max_mcp_sessions_per_grant", count(limits.max_mcp_sessions_per_grant)),
        ("limits.max_mcp_sessions", count(limits.max_mcp_sessions)),
    );
    if config.server.bind.is_empty() {
        fault("bind", "names no address".to_owned(), "write at least one, e.g. 127.0.0.1:10000".to_owned());
    }
    if config.server.issuer == IssuerMode::ScaleKit {
        scalekit_faults(config, &mut fault);
    }
    out
}

fn google_faults(config: &Config, fault: &mut impl FnMut(&str, String, String)) {
    if config.google.admit == Admit::Domain && config.google.domains.is_empty() {
        fault("google.admit", NO_DOMAINS.to_owned(), "set domains in [google]".to_owned());
    }
}

fn provider_faults(name: &str, provider: &Provider, fault: &mut impl FnMut(&str, String, String)) {
    let path = |key: &str| format!("providers.{name}.{key}");
    if RESERVED_NAMES.contains(&name) {
        let fix = if name == "google" { "use the section [google]" } else { "give the section another name" };
        fault(
            &path("issuer"),
            format!("belongs to a section called {name}, a name with a meaning"),
            fix.to_owned(),
        );
    }
    if provider.admit == Admit::Domain && provider.domains.is_empty() {
        fault(&path("admit"), NO_DOMAINS.to_owned(), format!("set domains in [providers.{name}]"));
    }
    let scopes = ScopeSet::parse(&provider.scopes);
    if !scopes.is_ok_and(|scopes| scopes.contains("openid")) {
        let fix = "write scopes with spaces between them, e.g. \"openid email profile\"";
        fault(&path("scopes"), "is not a list of scopes with openid in it".to_owned(), fix.to_owned());
    }
}

/// ScaleKit's settings are looked at only when they matter: an `.env` copied from elsewhere may hold anything.
fn scalekit_faults(config: &Config, fault: &mut impl FnMut(&str, String, String)) {
    let scalekit = &config.scalekit;
    let mut missing = |what: &str, variable: &str| {
        fault("issuer", format!("is scalekit, but {what} is not set"), format!("set {variable}"));
    };
    if scalekit.environment_url.is_none() {
        missing("the environment's URL", "SCALEKIT_ENVIRONMENT_URL");
    }
    let is_copied = scalekit.metadata_json.is_some();
    if scalekit.audience().is_none() && !(is_copied && scalekit.copied().is_none()) {
        missing("the audience of its tokens", "SCALEKIT_RESOURCE_ID or SCALEKIT_AUDIENCE_NAME");
    }
    for (path, url) in [
        ("scalekit.environment_url", &scalekit.environment_url),
        ("scalekit.resource_metadata_url", &scalekit.resource_metadata_url),
    ] {
        if let Some(Err(problem)) = url.as_deref().map(WebUrl::check) {
            fault(path, problem.what, problem.fix);
        }
    }
    let parsed = scalekit.environment_url.as_deref().and_then(|url| Url::parse(url).ok());
    let origin = parsed.map(|url| url.origin().ascii_serialization());
    if let Some((url, origin)) = scalekit.environment_url.as_deref().zip(origin)
        && url.trim_end_matches('/') != origin
    {
        let problem = "is not the URL of an environment alone, as its tokens name it";
        fault("scalekit.environment_url", problem.to_owned(), format!("write {origin}"));
    }
    let copy_id = "copy the id of the MCP server from ScaleKit's dashboard";
    if scalekit.resource_id.as_deref().is_some_and(|id| !is_scalekit_resource(id)) {
        let problem = "is not res_ with letters and digits after it";
        fault("scalekit.resource_id", problem.to_owned(), copy_id.to_owned());
    }
    if is_copied && scalekit.copied().is_none() {
        let problem = "is not a JSON object with resource and authorization_servers";
        let fix = "copy the metadata from ScaleKit's dashboard and put it in single quotes";
        fault("scalekit.metadata_json", problem.to_owned(), fix.to_owned());
    }
    let (named, copied) = (scalekit.resource_id.as_ref(), scalekit.copied_id());
    if let Some((named, copied)) = named.zip(copied).filter(|(named, copied)| *named != copied) {
        let problem = format!("is {named}, but METADATA_JSON_RESPONSE sends clients to {copied}");
        fault(
            "scalekit.resource_id",
            problem,
            "set both to the same MCP server, or one of them only".to_owned(),
        );
    }
}

/// What works but is probably not meant, one sentence each.
pub(super) fn warnings(config: &Config) -> Vec<String> {
    let (server, database) = (&config.server, &config.database);
    let open: Vec<String> =
        server.bind.iter().filter(|a| !a.ip().is_loopback()).map(SocketAddr::to_string).collect();
    let mut out = Vec::new();
    if !open.is_empty() && server.public_url.is_loopback() {
        out.push(format!(
            "Gatepost listens on {} for other machines, but its public URL {} leads them to themselves: set GATEPOST_PUBLIC_URL.",
            open.join(" and "),
            server.public_url.as_str()
        ));
    }
    if server.public_url.is_https() && config.limits.trusted_proxies.is_empty() {
        out.push(
            "The public URL is https, so a proxy stands in front, but none is trusted: every caller seems to come from the proxy and shares its limits. Set GATEPOST_LIMITS__TRUSTED_PROXIES to the proxy's address."
                .to_owned(),
        );
    }
    if let Some(network) = config.limits.trusted_proxies.iter().find(|network| network.is_everything()) {
        out.push(format!(
            "Trusting {network} as proxies lets every caller claim any address: name the proxy's own address."
        ));
    }
    if database.url.kind() == DatabaseKind::Postgres && server.secret_key.is_none() {
        out.push(
            "No secret key is set: with Postgres every process needs the same one, and a lost key file makes sealed keys unreadable. Set GATEPOST_SECRET_KEY."
                .to_owned(),
        );
    }
    if database.url.is_in_memory() {
        out.push("The database is in memory: everything is gone when Gatepost stops.".to_owned());
    }
    let port_is_set = *config.origin("port") != Origin::Default;
    if port_is_set && server.bind.iter().all(|address| address.port() != server.port) {
        out.push(format!("Port {} is without effect, because bind is set.", server.port));
    }
    if server.issuer == IssuerMode::ScaleKit {
        scalekit_warnings(config, &mut out);
    }
    if server.issuer == IssuerMode::Embedded && config.scalekit.environment_url.is_some() {
        out.push(
            "ScaleKit settings are present but Gatepost issues the tokens itself: set GATEPOST_ISSUER=scalekit to trust ScaleKit instead."
                .to_owned(),
        );
    }
    out
}

/// What keeps clients from logging in, although every setting is well formed.
fn scalekit_warnings(config: &Config, out: &mut Vec<String>) {
    let scalekit = &config.scalekit;
    if matches!(scalekit.audience(), Some(Audience::Name(_))) && scalekit.metadata_json.is_none() {
        out.push(
            "The id of the MCP server at ScaleKit is not known, so clients are sent to the environment, where most cannot register: set SCALEKIT_RESOURCE_ID."
                .to_owned(),
        );
    }
    let Some(copied) = scalekit.copied() else { return };
    let own = config.server.public_url.at("/mcp");
    if copied.resource.trim_end_matches('/') != own {
        out.push(format!(
            "METADATA_JSON_RESPONSE is for {}, but clients reach this server at {own}, and compare: set GATEPOST_PUBLIC_URL, or the Server URL at ScaleKit.",
            copied.resource
        ));
    }
    let environment = scalekit.environment_url.as_deref().unwrap_or_default().trim_end_matches('/');
    if let Some(first) = copied.authorization_servers.first().filter(|first| !first.starts_with(environment))
    {
        out.push(format!(
            "METADATA_JSON_RESPONSE sends clients to {first}, but the tokens that are taken are those of {environment}."
        ));
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn name_in_words(path: &str) -> String {
    path.replace(['.', '_'], " ")
}

/// The variable people know best: the shortest.
fn preferred_variable(path: &str) -> &str {
    key::by_path(path).and_then(|key| key.env.iter().min_by_key(|name| name.len())).unwrap_or(&"it")
}
