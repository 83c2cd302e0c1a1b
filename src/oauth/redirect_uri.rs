//! Redirect URIs: one validator for registration, one comparison for authorization.
//!
//! | registered                        | presented                          | matches                          |
//! |-----------------------------------|------------------------------------|----------------------------------|
//! | any                               | the same bytes                     | yes                              |
//! | `http://127.0.0.1[:p]/x`          | `http://127.0.0.1:q/x`             | yes, the port is free (RFC 8252 §7.3) |
//! | `http://localhost[:p]/x`, `[::1]` | same host, any port, same path     | yes (Claude Code, VS Code, Codex)|
//! | `https://…`, private-use scheme   | anything but the same bytes        | no                               |

use url::{Host, Url};

/// The longest redirect URI, in bytes.
pub const MAX_LEN: usize = 2048;

const FORBIDDEN_SCHEMES: &[&str] =
    &["javascript", "data", "file", "vbscript", "blob", "about", "view-source", "ws", "wss", "ftp"];

/// A redirect URI that may be registered, exactly as the client wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    url: Url,
}

/// Where a redirect leads, as the consent page says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A web site.
    Web(String),
    /// A program on this computer.
    Loopback(String),
    /// A program that has claimed a private-use scheme.
    App(String),
}

/// Why a redirect URI cannot be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRedirectUri {
    #[error("is longer than {MAX_LEN} bytes")]
    TooLong,
    #[error("is not an absolute URI")]
    NotAbsolute,
    #[error("has a fragment")]
    Fragment,
    #[error("has a user name or password")]
    UserInfo,
    #[error("has a scheme that a browser would run rather than visit")]
    ForbiddenScheme,
    #[error("uses http for a host other than localhost, 127.0.0.1 or [::1]")]
    PlainHttp,
    #[error("has characters that must be percent-encoded")]
    BadCharacter,
    #[error("has a wildcard")]
    Wildcard,
}

impl RedirectUri {
    /// Parses a redirect URI (OAuth 2.1 §2.3, RFC 8252 §7).
    pub fn parse(text: &str) -> Result<Self, BadRedirectUri> {
        if text.len() > MAX_LEN {
            return Err(BadRedirectUri::TooLong);
        }
        // The URL parser drops tabs and newlines and trims spaces: what it drops must not be there.
        if !text.bytes().all(|b| (0x21..=0x7e).contains(&b) && !br#"<>"\^`{|}"#.contains(&b)) {
            return Err(BadRedirectUri::BadCharacter);
        }
        let url = Url::parse(text).map_err(|_| BadRedirectUri::NotAbsolute)?;
        if text.contains('#') {
            return Err(BadRedirectUri::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadRedirectUri::UserInfo);
        }
        match url.scheme() {
            "https" if url.host_str().is_some_and(|h| h.contains('*')) => {
                return Err(BadRedirectUri::Wildcard);
            }
            "https" => {}
            "http" if loopback_host(&url) => {}
            "http" => return Err(BadRedirectUri::PlainHttp),
            scheme if FORBIDDEN_SCHEMES.contains(&scheme) => return Err(BadRedirectUri::ForbiddenScheme),
            _ => {}
        }
        Ok(Self { text: text.to_owned(), url })
    }

    /// The URI as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a request that presents `text` may be answered there.
    pub fn matches(&self, presented: &Self) -> bool {
        self.text == presented.text
            || (self.url.scheme() == "http"
                && loopback_host(&self.url)
                && presented.url.scheme() == "http"
                && self.url.host() == presented.url.host()
                && self.url.path() == presented.url.path()
                && self.url.query() == presented.url.query())
    }

    /// The URI without the port of a loopback host: what identical registrations have in common.
    pub fn without_loopback_port(&self) -> String {
        let mut url = self.url.clone();
        if url.scheme() == "http" && loopback_host(&url) && url.set_port(None).is_ok() {
            return url.into();
        }
        self.text.clone()
    }

    /// Where it leads.
    pub fn destination(&self) -> Destination {
        match self.url.scheme() {
            "http" => Destination::Loopback(self.url.host_str().unwrap_or_default().to_owned()),
            "https" => {
                let host = self.url.host_str().unwrap_or_default();
                Destination::Web(self.url.port().map_or_else(|| host.to_owned(), |p| format!("{host}:{p}")))
            }
            scheme => Destination::App(scheme.to_owned()),
        }
    }

    /// The URI with response parameters appended to its query (RFC 6749 §4.1.2).
    pub fn with_params(&self, params: &[(&str, &str)]) -> String {
        let query = serde_urlencoded::to_string(params).unwrap_or_default();
        let separator = if !self.text.contains('?') {
            "?"
        } else if self.text.ends_with(['?', '&']) {
            ""
        } else {
            "&"
        };
        format!("{}{separator}{query}", self.text)
    }
}

fn loopback_host(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.octets() == [127, 0, 0, 1],
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(registered: &str, presented: &str) -> bool {
        RedirectUri::parse(registered).unwrap().matches(&RedirectUri::parse(presented).unwrap())
    }

    #[test]
    fn only_the_port_of_a_loopback_host_is_free() {
        assert!(matches("http://127.0.0.1/cb", "http://127.0.0.1:5555/cb"));
        assert!(matches("http://127.0.0.1:33418/", "http://127.0.0.1:40000/"));
        assert!(matches("http://localhost/callback", "http://localhost:3118/callback"));
        assert!(matches("http://[::1]/cb", "http://[::1]:9/cb"));
        assert!(!matches("http://127.0.0.1/cb", "http://localhost/cb"));
        assert!(!matches("http://127.0.0.1/cb", "http://127.0.0.1:1/cb/x"));
        assert!(!matches("http://127.0.0.1/cb", "http://127.0.0.1:1/cb?x=1"));
        assert!(!matches("https://a.example/cb", "https://a.example:444/cb"));
        assert!(!matches("https://a.example/cb", "https://a.example/cb/"));
        assert!(!matches("https://a.example/cb", "https://A.example/cb"));
        assert!(matches(
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "cursor://anysphere.cursor-mcp/oauth/callback"
        ));
    }

    #[test]
    fn what_may_not_be_registered() {
        use BadRedirectUri as B;
        for (text, why) in [
            ("javascript:alert(1)", B::ForbiddenScheme),
            ("JavaScript:alert(1)", B::ForbiddenScheme),
            ("data:text/html,x", B::ForbiddenScheme),
            ("file:///etc/passwd", B::ForbiddenScheme),
            ("vbscript:x", B::ForbiddenScheme),
            ("blob:https://a.example/1", B::ForbiddenScheme),
            ("https://a.example/#x", B::Fragment),
            ("https://a.example/#", B::Fragment),
            ("https://u:p@a.example/", B::UserInfo),
            ("http://a.example/", B::PlainHttp),
            ("http://127.0.0.1.evil.example/", B::PlainHttp),
            ("http://localhost.evil.example/", B::PlainHttp),
            ("http://10.0.0.1/", B::PlainHttp),
            ("/relative", B::NotAbsolute),
            ("", B::NotAbsolute),
            ("https://a.example/\ncb", B::BadCharacter),
            ("https://a.example/ cb", B::BadCharacter),
            ("https://*.example/cb", B::Wildcard),
        ] {
            assert_eq!(RedirectUri::parse(text).unwrap_err(), why, "{text}");
        }
    }

    #[test]
    fn response_parameters_join_an_existing_query() {
        let with = |t: &str| RedirectUri::parse(t).unwrap().with_params(&[("code", "a b")]);
        assert_eq!(with("https://a.example/cb"), "https://a.example/cb?code=a+b");
        assert_eq!(with("https://a.example/cb?x=1"), "https://a.example/cb?x=1&code=a+b");
    }

    proptest! {
        #[test]
        fn a_match_never_changes_scheme_host_or_path(
            host in "(localhost|127\\.0\\.0\\.1|a\\.example)", p in 1_u16..65535, q in 1_u16..65535,
            path in "/[a-z]{0,5}", other in "/[a-z]{0,5}",
        ) {
            let scheme = if host == "a.example" { "https" } else { "http" };
            let (a, b) = (format!("{scheme}://{host}:{p}{path}"), format!("{scheme}://{host}:{q}{other}"));
            let expected = a == b || (host != "a.example" && path == other);
            prop_assert_eq!(matches(&a, &b), expected);
        }
    }
}
