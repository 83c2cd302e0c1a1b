//! What a proof is for: comparing `htu` with the URLs an endpoint is known under.
//!
//! | `htu`                                                   | the same as `https://a.example/mcp`           |
//! |---------------------------------------------------------|-----------------------------------------------|
//! | `https://a.example/mcp?x=1#y`                           | yes: query and fragment do not count (§4.3)   |
//! | `HTTPS://A.example:443/./%6Dcp`                         | yes: RFC 3986 §6.2.2, §6.2.3                  |
//! | `https://a.example/mcp/`                                | yes: the same is answered under both          |
//! | `http://a.example/mcp`, another host, port or path      | no                                            |
//! | `https://b@a.example/mcp`, what is no absolute URL      | no                                            |
//! | `http://127.0.0.1:1/mcp` for `http://localhost:1/mcp`   | yes: this machine has three names             |
//!
//! The URLs come from the configuration, never from the request.

use url::{Host, Url};

use crate::types::urls::is_loopback;

/// Whether `htu` names one of these URLs.
pub fn is_one_of<'a>(htu: &str, urls: impl IntoIterator<Item = &'a str>) -> bool {
    let Some(htu) = normal(htu) else { return false };
    urls.into_iter().any(|url| normal(url).is_some_and(|url| url == htu))
}

/// Scheme, host, port and path, in one way of writing.
fn normal(text: &str) -> Option<(String, Host<String>, u16, String)> {
    // The parser would forgive space around a URL and line breaks in it.
    if text.bytes().any(|b| b <= b' ' || b == 0x7f) {
        return None;
    }
    let url = Url::parse(text).ok()?;
    if !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    let host = if is_loopback(&url) { Host::Domain("localhost".to_owned()) } else { url.host()?.to_owned() };
    Some((url.scheme().to_owned(), host, url.port_or_known_default()?, path(url.path())))
}

/// The path without slashes at its end, with unreserved characters written plainly and escapes in capitals (RFC 3986 §6.2.2.1, §6.2.2.2).
fn path(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.trim_end_matches('/');
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let byte = after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte {
            Some(b) if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => out.push(char::from(b)),
            Some(b) => out.extend(['%', hex(b >> 4), hex(b & 15)]),
            None => out.push('%'),
        }
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    out + rest
}

fn hex(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_compared_after_normalisation_without_query_and_fragment() {
        let mcp = |htu| is_one_of(htu, ["https://a.example/mcp"]);
        for same in [
            "https://a.example/mcp",
            "https://a.example/mcp?x=1#y",
            "HTTPS://A.example:443/./%6Dcp",
            "https://a.example/x/../mcp",
            "https://a.example/mcp/",
        ] {
            assert!(mcp(same), "{same}");
        }
        for other in [
            "https://a.example",
            "https://a.example/mcp/x",
            "https://a.example/MCP",
            "https://a.example:8443/mcp",
            "http://a.example/mcp",
            "https://b.example/mcp",
            "https://a.example.b.example/mcp",
            "https://b@a.example/mcp",
            "https://:b@a.example/mcp",
            " https://a.example/mcp",
            "https://a.example/m\ncp",
            "//a.example/mcp",
            "/mcp",
            "mailto:a@a.example",
            "",
        ] {
            assert!(!mcp(other), "{other}");
        }
    }

    #[test]
    fn this_machine_has_three_names() {
        let mcp = |htu| is_one_of(htu, ["http://localhost:1/mcp"]);
        assert!(mcp("http://127.0.0.1:1/mcp") && mcp("http://[::1]:1/mcp") && mcp("http://LOCALHOST:1/mcp"));
        assert!(!mcp("http://127.0.0.1:2/mcp") && !mcp("http://localhost.example:1/mcp"));
        assert!(!is_one_of("http://127.0.0.1:1/mcp", ["http://a.example:1/mcp"]));
    }

    #[test]
    fn escapes_are_compared_as_what_they_stand_for() {
        let same = |a, b| is_one_of(a, [b]);
        assert!(same("https://a.example/%7Eb", "https://a.example/~b"));
        assert!(same("https://a.example/a%2fb", "https://a.example/a%2Fb"));
        assert!(!same("https://a.example/a%2Fb", "https://a.example/a/b"));
        assert!(same("https://a.example/100%", "https://a.example/100%"));
        assert!(!same("https://a.example/%zz", "https://a.example/zz"));
        assert!(same("https://a.example/%é", "https://a.example/%é"));
    }
}
