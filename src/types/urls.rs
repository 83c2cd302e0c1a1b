//! The issuer's URL and the URLs built from it.
//!
//! Every absolute URL that leaves the process is built here from configuration, never from a request header.

use url::Url;

/// The public URL without a trailing slash: issuer, origin of every endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(String);

/// Why a public URL cannot serve as issuer.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum IssuerError {
    #[error("is not an absolute URL")]
    NotAUrl,
    #[error("must start with https:// (http:// is accepted for localhost, 127.0.0.1 and [::1] only)")]
    NotSecure,
    #[error("must have no query, fragment, user name or password")]
    Extra,
    #[error("must be an origin without a path")]
    Path,
}

impl Issuer {
    /// Parses a public URL. Plain http is for loopback only (OAuth 2.1 §1.5).
    pub fn parse(text: &str) -> Result<Self, IssuerError> {
        let url = Url::parse(text).map_err(|_| IssuerError::NotAUrl)?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(IssuerError::NotSecure),
            _ => return Err(IssuerError::NotAUrl),
        }
        if url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
            || url.password().is_some()
        {
            return Err(IssuerError::Extra);
        }
        if url.path() != "/" {
            return Err(IssuerError::Path);
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// The issuer identifier, byte for byte the same wherever it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An absolute URL for a path that starts with a slash.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Whether cookies may carry `Secure` and the `__Host-` prefix.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Whether only this machine can reach it.
    pub fn is_loopback(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| is_loopback(&url))
    }

    /// The host, when it is a name and no IP address: only a name can have passkeys.
    pub fn domain(&self) -> Option<String> {
        Url::parse(&self.0).ok().and_then(|url| url.domain().map(str::to_owned))
    }

    /// Host and port as a `Host` header names them, e.g. `localhost:10000`.
    pub fn authority(&self) -> &str {
        self.0.split_once("://").map_or(self.0.as_str(), |(_, rest)| rest)
    }
}

/// Whether the URL's host is `localhost`, `127.0.0.0/8` or `[::1]`.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_one_canonical_string() {
        assert_eq!(Issuer::parse("http://localhost:10000/").unwrap().as_str(), "http://localhost:10000");
        assert_eq!(Issuer::parse("https://Auth.Example").unwrap().as_str(), "https://auth.example");
        assert_eq!(Issuer::parse("https://auth.example:8443/").unwrap().authority(), "auth.example:8443");
        assert_eq!(Issuer::parse("http://auth.example"), Err(IssuerError::NotSecure));
        assert_eq!(Issuer::parse("https://auth.example/x"), Err(IssuerError::Path));
        assert_eq!(Issuer::parse("https://u@auth.example"), Err(IssuerError::Extra));
        assert_eq!(Issuer::parse("auth.example"), Err(IssuerError::NotAUrl));
    }
}
