//! The door: through which resource's endpoints a request came in.
//!
//! A path such as `/resources/{res}/oauth/authorize` fixes the resource. It travels on as a parameter of the request,
//! through login and consent and several tabs, so that every rule behind it sees one request. A client that sends the
//! parameter itself gains nothing: it names what it could have asked for by path. A request that was pushed has the door
//! it was pushed at; the one its browser comes by says nothing ([`super::super::par`]).
//!
//! | door    | `resource`                                              | result                                  |
//! |---------|---------------------------------------------------------|-----------------------------------------|
//! | none    | any                                                     | as [`super::super::resource`] says      |
//! | its own | absent                                                  | that resource                           |
//! | its own | that resource in any spelling                           | that resource                           |
//! | its own | a longer path below its URL, same scheme, host and port | that resource; the token names it too   |
//! | its own | the like, but below another resource                    | `invalid_target`                        |
//! | its own | anything else                                           | `invalid_target`                        |
//! | of none that is there, or has the dialect | any                   | `invalid_target`                        |
//!
//! The longer path: FastMCP has people register the base URL of a server, and its clients ask for `…/mcp`.

use std::sync::Arc;

use url::Url;

use super::issuer_of;
use crate::oauth::OAuth;
use crate::oauth::error::{Code, Reason, Refusal};
use crate::oauth::params::Params;
use crate::oauth::resource::{Resource, ResourceSet};

/// The parameter that says it.
const DOOR: &str = "gatepost_door";
/// The longest URL that is named in a token, in bytes.
const MAX_URL: usize = 2000;

/// The request as it is behind the door of a resource.
pub fn behind(params: &Params, resource: &Resource) -> Params {
    params.with(DOOR, &resource.id)
}

/// The resource with the dialect that has this id, while it takes tokens of this server.
pub fn find(ctx: &OAuth, id: &str) -> Option<Arc<Resource>> {
    let now = ctx.clock.now();
    let has_door = |r: &&Arc<Resource>| r.dialect.is_scalekit() && r.believes.takes_own(now);
    ctx.resources.current().by_id(id).filter(has_door).cloned()
}

/// What the answer to an authorization request names as `iss` (RFC 9207): what the client found in the metadata.
pub fn issuer(ctx: &OAuth, params: &Params) -> String {
    match params.first(DOOR).and_then(|id| find(ctx, id)) {
        Some(resource) => issuer_of(&ctx.issuer, &resource.id),
        None => ctx.issuer.as_str().to_owned(),
    }
}

/// The resource that a request names, by its door or by `resource`; nothing where it names none.
///
/// # Errors
/// `invalid_target`, before anything is spent.
pub fn named(ctx: &OAuth, params: &Params) -> Result<Option<Arc<Resource>>, Refusal> {
    let unknown = |text: &'static str| Refusal::new(Code::InvalidTarget, Reason::UnknownResource, text);
    let Some(id) = params.first(DOOR) else {
        let names_one = params.all("resource").any(|value| !value.is_empty());
        return if names_one { ctx.resolve(params.all("resource")).map(Some) } else { Ok(None) };
    };
    let set = ctx.resources.current();
    let own = find(ctx, id).ok_or_else(|| unknown("there is no such resource here"))?;
    for value in params.all("resource").filter(|value| !value.is_empty()) {
        let is_own = match set.named(value) {
            Some(other) => other.id == own.id,
            None => extends(&own.uri, value) && !is_of_another(&set, &own, value),
        };
        if !is_own {
            return Err(unknown("resource is not the server that these endpoints are for"));
        }
    }
    Ok(Some(own))
}

/// The same, and the default resource where the request names none.
///
/// # Errors
/// `invalid_target`.
pub fn named_or_default(ctx: &OAuth, params: &Params) -> Result<Arc<Resource>, Refusal> {
    match named(ctx, params)? {
        Some(resource) => Ok(resource),
        None => ctx.resolve(std::iter::empty()),
    }
}

/// The URL by which a request asked for its resource, where its token shall name it as well.
pub fn asked_as<'a>(resource: &Resource, params: &'a Params) -> Option<&'a str> {
    params.first(DOOR)?;
    params.all("resource").find(|value| extends(&resource.uri, value))
}

/// Whether a longer path lies below another resource, which then is meant.
fn is_of_another(set: &ResourceSet, own: &Resource, url: &str) -> bool {
    let is_nearer = |other: &Resource| other.id != own.id && other.uri.len() > own.uri.len();
    set.all().iter().any(|other| is_nearer(other) && extends(&other.uri, url))
}

/// Whether `url` is a longer path of the same site as `base`.
fn extends(base: &str, url: &str) -> bool {
    let (Ok(base), Ok(parsed)) = (Url::parse(base), Url::parse(url)) else { return false };
    let below = parsed.path().strip_prefix(base.path().trim_end_matches('/'));
    url.len() <= MAX_URL
        // Written as it is meant, so that who reads the token finds what was asked for.
        && parsed.as_str() == url
        && parsed.query().is_none()
        && parsed.fragment().is_none()
        && parsed.origin().is_tuple()
        && parsed.origin() == base.origin()
        && parsed.username().is_empty()
        && parsed.password().is_none()
        && below.is_some_and(|rest| rest.starts_with('/') && rest != "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_path_of_the_same_site_extends() {
        for (base, url, expected) in [
            ("http://localhost:3002/", "http://localhost:3002/mcp", true),
            ("http://localhost:3002", "http://localhost:3002/mcp", true),
            ("https://a.example/x", "https://a.example/x/mcp", true),
            ("https://a.example/x/", "https://a.example/x/mcp/", true),
            ("https://a.example/x", "https://a.example/xmcp", false),
            ("https://a.example/x", "https://a.example/y/mcp", false),
            ("https://a.example/x", "https://a.example/x", false),
            ("https://a.example/x", "https://a.example/x/", false),
            ("https://a.example/x", "https://a.example/x/../y", false),
            ("https://a.example/x", "https://a.example:444/x/mcp", false),
            ("https://a.example/x", "http://a.example/x/mcp", false),
            ("https://a.example/x", "https://b.example/x/mcp", false),
            ("https://a.example/x", "https://ann@a.example/x/mcp", false),
            ("https://a.example/x", "https://a.example/x/mcp?q", false),
            ("https://a.example/x", "https://a.example/x/mcp#f", false),
            ("https://a.example/x", "HTTPS://A.example/x/mcp", false),
            ("https://a.example/x", "/x/mcp", false),
        ] {
            assert_eq!(extends(base, url), expected, "{base} {url}");
        }
        assert!(!extends("https://a.example/", &format!("https://a.example/{}", "x".repeat(2000))));
    }
}
