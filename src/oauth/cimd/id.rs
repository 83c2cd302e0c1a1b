//! Which `client_id` is the URL of a document.
//! Law: draft-ietf-oauth-client-id-metadata-document §3
//!
//! | `client_id`                                           | public server | development | test               |
//! |-------------------------------------------------------|---------------|-------------|--------------------|
//! | https, a host, a path, written in its normal form     | yes           | yes         | `the_table_of_ids` |
//! | http to this machine                                  | no            | yes         | `the_table_of_ids` |
//! | fragment, user name, password, `.` or `..` as a segment, no path | no | no          | `the_table_of_ids` |
//! | another spelling of the same URL: upper-case host, `:443`, decimal address, … | no | no | `the_table_of_ids` |
//! | more than [`MAX_ID`] bytes                            | no            | no          | `the_table_of_ids` |
//!
//! One spelling: ids are compared as simple strings, in rows, tokens and lists alike.

use url::Url;

use crate::fetch::Reach;
use crate::types::urls::is_loopback;

/// The longest id, in bytes.
pub const MAX_ID: usize = 512;

/// Why a URL cannot be a `client_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadId {
    #[error("is longer than {MAX_ID} bytes")]
    TooLong,
    #[error("is not a URL")]
    NotAUrl,
    #[error("must begin with https://")]
    NotHttps,
    #[error("has a user name or a password")]
    UserInfo,
    #[error("has a fragment")]
    Fragment,
    #[error("has a . or .. as a part of its path")]
    Dots,
    #[error("must be written in its normal form, with a path")]
    Spelling,
}

/// Whether somebody means a URL by this text, be it good or bad. Ids made here have no colon.
pub fn is_meant(text: &str) -> bool {
    text.contains("://")
}

/// By the table above.
pub fn check(text: &str, reach: Reach) -> Result<Url, BadId> {
    if text.len() > MAX_ID {
        return Err(BadId::TooLong);
    }
    let url = Url::parse(text).map_err(|_| BadId::NotAUrl)?;
    let here = reach == Reach::Development && url.scheme() == "http" && is_loopback(&url);
    if url.scheme() != "https" && !here {
        return Err(BadId::NotHttps);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BadId::UserInfo);
    }
    if text.contains('#') {
        return Err(BadId::Fragment);
    }
    if has_dots(text) {
        return Err(BadId::Dots);
    }
    if url.as_str() != text || url.host_str().is_none_or(|host| host.ends_with('.')) {
        return Err(BadId::Spelling);
    }
    Ok(url)
}

/// Whether a segment of the path is `.` or `..`, also percent-encoded: the parser takes them out.
fn has_dots(text: &str) -> bool {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let after = path.split_once("://").map_or(path, |(_, rest)| rest);
    after.split(['/', '\\']).skip(1).any(|segment| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        plain == "." || plain == ".."
    })
}

/// The host that vouches for the id, with its port where it has one.
pub fn host(id: &str) -> String {
    let Ok(url) = Url::parse(id) else { return String::new() };
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_ids() {
        let judge = |text: &str, reach| check(text, reach).map(|_| ());
        for (id, public, development) in [
            ("https://vscode.dev/oauth/client-metadata.json", Ok(()), Ok(())),
            ("https://claude.ai/oauth/mcp-oauth-client-metadata", Ok(()), Ok(())),
            ("https://app.example:8443/client.json?v=1", Ok(()), Ok(())),
            ("https://app.example/", Ok(()), Ok(())),
            ("https://app.example/a%20b", Ok(()), Ok(())),
            ("https://app.example/a..b/.c", Ok(()), Ok(())),
            ("http://127.0.0.1:9000/vscode.dev/x.json", Err(BadId::NotHttps), Ok(())),
            ("http://localhost:9000/x", Err(BadId::NotHttps), Ok(())),
            ("http://[::1]:9000/x", Err(BadId::NotHttps), Ok(())),
            ("http://app.example/x", Err(BadId::NotHttps), Err(BadId::NotHttps)),
            ("ftp://app.example/x", Err(BadId::NotHttps), Err(BadId::NotHttps)),
            ("javascript://app.example/%0aalert(1)", Err(BadId::NotHttps), Err(BadId::NotHttps)),
            ("https://", Err(BadId::NotAUrl), Err(BadId::NotAUrl)),
            ("https://app.example", Err(BadId::Spelling), Err(BadId::Spelling)),
            ("https://App.example/x", Err(BadId::Spelling), Err(BadId::Spelling)),
            ("HTTPS://app.example/x", Err(BadId::Spelling), Err(BadId::Spelling)),
            ("https://app.example:443/x", Err(BadId::Spelling), Err(BadId::Spelling)),
            ("https://app.example./x", Err(BadId::Spelling), Err(BadId::Spelling)),
            ("https://2130706433/x", Err(BadId::Spelling), Err(BadId::Spelling)),
            ("https://äpp.example/x", Err(BadId::Spelling), Err(BadId::Spelling)),
            ("https://app.example/ä", Err(BadId::Spelling), Err(BadId::Spelling)),
            ("https://app.example/x\n", Err(BadId::Spelling), Err(BadId::Spelling)),
            (" https://app.example/x", Err(BadId::Spelling), Err(BadId::Spelling)),
            ("https:\\\\app.example\\x", Err(BadId::Spelling), Err(BadId::Spelling)),
            ("https://u@app.example/x", Err(BadId::UserInfo), Err(BadId::UserInfo)),
            ("https://u:p@app.example/x", Err(BadId::UserInfo), Err(BadId::UserInfo)),
            ("https://app.example/x#", Err(BadId::Fragment), Err(BadId::Fragment)),
            ("https://app.example/x#y", Err(BadId::Fragment), Err(BadId::Fragment)),
            ("https://app.example/a/../x", Err(BadId::Dots), Err(BadId::Dots)),
            ("https://app.example/./x", Err(BadId::Dots), Err(BadId::Dots)),
            ("https://app.example/a/%2E%2e/x", Err(BadId::Dots), Err(BadId::Dots)),
            ("https://app.example/a/.%2e", Err(BadId::Dots), Err(BadId::Dots)),
            ("https://app.example/a\\..\\x", Err(BadId::Dots), Err(BadId::Dots)),
        ] {
            assert_eq!(judge(id, Reach::Public), public, "public: {id}");
            assert_eq!(judge(id, Reach::Development), development, "development: {id}");
        }
        let of_length = |length: usize| format!("https://app.example/{}", "x".repeat(length - 20));
        assert_eq!(judge(&of_length(MAX_ID), Reach::Public), Ok(()));
        assert_eq!(judge(&of_length(MAX_ID + 1), Reach::Public), Err(BadId::TooLong));
    }

    #[test]
    fn the_host_has_its_port_where_it_has_one() {
        assert_eq!(host("https://vscode.dev/x"), "vscode.dev");
        assert_eq!(host("http://127.0.0.1:9000/x"), "127.0.0.1:9000");
        assert_eq!(host("cli_1"), "");
    }
}
