//! Redirect URIs: one validator for registration, one comparison for authorization.
//!
//! | registered                        | presented                          | matches                          |
//! |-----------------------------------|------------------------------------|----------------------------------|
//! | any                               | the same bytes                     | yes                              |
//! | `http://127.0.0.1[:p]/x`          | `http://127.0.0.1:q/x`             | yes, the port is free (RFC 8252 §7.3) |
//! | `http://localhost[:p]/x`, `[::1]` | same host, any port, same path     | yes (Claude Code, VS Code, Codex)|
//! | `https://…`, private-use scheme   | anything but the same bytes        | no                               |

use url::Url;

/// The longest redirect URI, in bytes.
pub const MAX_LEN: usize = 2048;

/// Schemes that a browser or system would run, open or look into rather than hand to one app.
const FORBIDDEN_SCHEMES: &[&str] = &[
    "about",
    "blob",
    "chrome",
    "chrome-extension",
    "data",
    "edge",
    "feed",
    "file",
    "filesystem",
    "ftp",
    "gopher",
    "intent",
    "jar",
    "javascript",
    "ldap",
    "mailto",
    "moz-extension",
    "nfs",
    "res",
    "resource",
    "search",
    "search-ms",
    "shell",
    "smb",
    "sms",
    "ssh",
    "tel",
    "telnet",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];

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
    #[error("must spell its scheme in lower case, followed by ://")]
    Spelling,
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
            "https" if text.starts_with("https://") => {}
            "http" if loopback_parts(text).is_some() => {}
            "http" => return Err(BadRedirectUri::PlainHttp),
            scheme if FORBIDDEN_SCHEMES.contains(&scheme) || scheme.starts_with("ms-") => {
                return Err(BadRedirectUri::ForbiddenScheme);
            }
            // RFC 8252 §7.1 asks for a reversed domain name; Cursor and others have a plain word and `://`.
            scheme if text.starts_with(scheme) && (scheme.contains('.') || is_hierarchical(text, scheme)) => {
            }
            _ => return Err(BadRedirectUri::Spelling),
        }
        Ok(Self { text: text.to_owned(), url })
    }

    /// The URI as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a request that presents `presented` may be answered there: the same bytes, the port of a
    /// loopback host aside.
    pub fn matches(&self, presented: &Self) -> bool {
        self.text == presented.text
            || loopback_parts(&self.text).is_some_and(|own| Some(own) == loopback_parts(&presented.text))
    }

    /// The URI without the port of a loopback host: what identical registrations have in common.
    pub fn without_loopback_port(&self) -> String {
        loopback_parts(&self.text).map_or_else(|| self.text.clone(), |(host, rest)| format!("{host}{rest}"))
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

/// A loopback URI without its port: scheme and host, and what follows the port. Exactly as written: other
/// spellings of the same address are other URIs.
fn loopback_parts(text: &str) -> Option<(&str, &str)> {
    ["http://localhost", "http://127.0.0.1", "http://[::1]"].iter().find_map(|host| {
        let rest = text.strip_prefix(host)?;
        let digits =
            rest.strip_prefix(':').map_or(0, |r| 1 + r.bytes().take_while(u8::is_ascii_digit).count());
        let rest = &rest[digits..];
        (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((*host, rest))
    })
}

fn is_hierarchical(text: &str, scheme: &str) -> bool {
    text[scheme.len()..].starts_with("://")
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
        assert!(!matches("http://127.0.0.1/cb", "http://127.0.0.1:1/x/../cb"));
        assert!(matches("com.example.app:/cb", "com.example.app:/cb"));
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
            ("http://127.1/cb", B::PlainHttp),
            ("http://0x7f000001/cb", B::PlainHttp),
            ("HTTP://LOCALHOST:1/cb", B::PlainHttp),
            ("http://@localhost/cb", B::PlainHttp),
            ("http:localhost/cb", B::PlainHttp),
            ("https:evil.example/cb", B::Spelling),
            ("HTTPS://a.example/cb", B::Spelling),
            ("Cursor://x/cb", B::Spelling),
            ("foo:bar", B::Spelling),
            ("ms-msdt:/x", B::ForbiddenScheme),
            ("search-ms:query", B::ForbiddenScheme),
            ("intent://x#y", B::Fragment),
            ("intent://x", B::ForbiddenScheme),
            ("feed:javascript:alert(1)", B::ForbiddenScheme),
            ("mailto:a@b.example", B::ForbiddenScheme),
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
