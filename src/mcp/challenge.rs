//! The values of `WWW-Authenticate` a protected MCP server answers with.
//!
//! Owns their text: RFC 6750 §3, RFC 9728 §5.1, MCP authorization (2025-11-25, 2026-07-28). Pure: which of
//! them is due, with which status, is decided in `web/`.
//!
//! | Answer | Value |
//! |---|---|
//! | 401, no token | `Bearer resource_metadata="…", scope="…"`: no `error` when nothing was sent |
//! | 401, bad token | `Bearer error="invalid_token", scope="…", resource_metadata="…", error_description="…"` |
//! | 403, scope missing | `Bearer error="insufficient_scope", …` with every scope needed, granted ones included |
//! | either, token presented as DPoP | the same with `DPoP` for `Bearer`, and `algs="…"` (RFC 9449 §7.1) |
//! | any, where only bound tokens are taken | the same with `DPoP` and `algs`, whatever was presented |
//! | 401, bound token presented as Bearer | as for a bad token, and in a second header `DPoP algs="…"` |
//!
//! A client that did not say DPoP reads nothing of it in its first challenge: many know only `Bearer`.
//!
//! `scope` precedes free text, because the TypeScript SDK v1 finds it with a plain pattern.
//! `offline_access` is never named: it is no permission of a resource.

use std::collections::BTreeSet;

use crate::types::Scheme;

/// The longest description sent; the rest is cut.
const MAX_DESCRIPTION: usize = 200;

/// How the token came that a challenge answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presented<'a> {
    pub scheme: Scheme,
    /// The algorithms that proofs may be signed with, separated by spaces.
    pub algs: &'a str,
}

/// For a request without a token: status 401 (RFC 6750 §3.1: no error code).
pub fn missing_token<'a>(
    expected: Presented<'_>,
    resource_metadata_url: &str,
    scopes: impl IntoIterator<Item = &'a str>,
) -> String {
    let scheme = expected.scheme.as_str();
    let mut value = format!("{scheme} resource_metadata=\"{}\"", quoted(resource_metadata_url));
    push_scope(&mut value, scopes);
    push_algs(&mut value, expected);
    value
}

/// The algorithms of proofs, where one is needed.
fn push_algs(value: &mut String, presented: Presented<'_>) {
    if presented.scheme == Scheme::Dpop {
        value.push_str(", algs=\"");
        value.push_str(&quoted(presented.algs));
        value.push('"');
    }
}

/// For a token that is malformed, expired, revoked or meant for another resource, or a proof that is wrong: status
/// 401.
///
/// Some clients refresh only when they read `error="invalid_token"`, so it is sent for every bad token.
pub fn bad<'a>(
    presented: Presented<'_>,
    error: &str,
    resource_metadata_url: &str,
    scopes: impl IntoIterator<Item = &'a str>,
    description: &str,
) -> String {
    with_error(presented, error, resource_metadata_url, scopes, description)
}

/// That bound tokens are taken, for one that was presented as if it were none; beside [`bad`].
pub fn also_bound(algs: &str) -> String {
    format!("DPoP algs=\"{}\"", quoted(algs))
}

/// For a good token that lacks a scope: status 403.
///
/// `scopes` is what is needed together with what is granted already ([`step_up`]): clients that ask for
/// exactly the challenged scopes would otherwise lose the old ones.
pub fn insufficient_scope<'a>(
    presented: Presented<'_>,
    resource_metadata_url: &str,
    scopes: impl IntoIterator<Item = &'a str>,
    description: &str,
) -> String {
    with_error(presented, "insufficient_scope", resource_metadata_url, scopes, description)
}

/// The scopes of a step-up challenge: needed and granted together, sorted.
pub fn step_up<'a>(
    needed: impl IntoIterator<Item = &'a str>,
    granted: &'a BTreeSet<String>,
) -> BTreeSet<&'a str> {
    needed.into_iter().chain(granted.iter().map(String::as_str)).collect()
}

fn with_error<'a>(
    presented: Presented<'_>,
    error: &str,
    url: &str,
    scopes: impl IntoIterator<Item = &'a str>,
    description: &str,
) -> String {
    let mut value = format!("{} error=\"{error}\"", presented.scheme.as_str());
    push_scope(&mut value, scopes);
    value.push_str(", resource_metadata=\"");
    value.push_str(&quoted(url));
    value.push('"');
    push_algs(&mut value, presented);
    let description = quoted(description);
    if !description.is_empty() {
        value.push_str(", error_description=\"");
        value.extend(description.chars().take(MAX_DESCRIPTION));
        value.push('"');
    }
    value
}

/// Appends `scope`, sorted and without repetition; nothing when no valid scope is left (RFC 6749 §3.3).
fn push_scope<'a>(value: &mut String, scopes: impl IntoIterator<Item = &'a str>) {
    let scopes: BTreeSet<&str> =
        scopes.into_iter().filter(|s| is_scope_token(s) && *s != "offline_access").collect();
    if !scopes.is_empty() {
        value.push_str(", scope=\"");
        value.push_str(&Vec::from_iter(scopes).join(" "));
        value.push('"');
    }
}

/// `scope-token` of RFC 6749 §3.3: printable ASCII but space, quotation mark and backslash.
fn is_scope_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// What may stand between the quotation marks unescaped (RFC 6750 §3); many clients do not unescape, so
/// quotation marks become apostrophes, and anything else not allowed a space.
fn quoted(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|c| match c {
            '"' => '\'',
            '\u{20}'..='\u{7e}' if c != '\\' => c,
            _ => ' ',
        })
        .collect();
    clean.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://a.example/.well-known/oauth-protected-resource/mcp";
    const BEARER: Presented<'_> = Presented { scheme: Scheme::Bearer, algs: "ES256 EdDSA" };
    const DPOP: Presented<'_> = Presented { scheme: Scheme::Dpop, ..BEARER };

    #[test]
    fn a_request_without_a_token_is_told_where_to_look_and_no_error() {
        assert_eq!(
            missing_token(BEARER, URL, ["search:read", "profile", "search:read", "offline_access"]),
            format!("Bearer resource_metadata=\"{URL}\", scope=\"profile search:read\"")
        );
        assert_eq!(missing_token(BEARER, URL, []), format!("Bearer resource_metadata=\"{URL}\""));
        assert_eq!(
            missing_token(DPOP, URL, ["a"]),
            format!("DPoP resource_metadata=\"{URL}\", scope=\"a\", algs=\"ES256 EdDSA\"")
        );
    }

    #[test]
    fn a_bad_token_names_the_error_first_and_free_text_last() {
        assert_eq!(
            bad(BEARER, "invalid_token", URL, ["search:read"], "The token has expired"),
            format!(
                "Bearer error=\"invalid_token\", scope=\"search:read\", resource_metadata=\"{URL}\", \
                 error_description=\"The token has expired\""
            )
        );
    }

    #[test]
    fn a_token_that_came_as_dpop_is_answered_so() {
        assert_eq!(
            bad(DPOP, "invalid_dpop_proof", URL, ["search:read"], "Too old"),
            format!(
                "DPoP error=\"invalid_dpop_proof\", scope=\"search:read\", resource_metadata=\"{URL}\", \
                 algs=\"ES256 EdDSA\", error_description=\"Too old\""
            )
        );
        assert!(
            insufficient_scope(DPOP, URL, ["a"], "")
                .starts_with("DPoP error=\"insufficient_scope\", scope=\"a\"")
        );
        assert_eq!(also_bound("ES256 EdDSA"), "DPoP algs=\"ES256 EdDSA\"");
    }

    #[test]
    fn a_step_up_asks_for_needed_and_granted_together() {
        let granted = BTreeSet::from(["profile".to_owned(), "offline_access".to_owned()]);
        assert_eq!(
            insufficient_scope(BEARER, URL, step_up(["search:read"], &granted), ""),
            format!(
                "Bearer error=\"insufficient_scope\", scope=\"profile search:read\", \
                 resource_metadata=\"{URL}\""
            )
        );
    }

    #[test]
    fn nothing_can_break_out_of_the_quotation_marks_or_the_header() {
        let value =
            bad(BEARER, "invalid_token", URL, ["a b", "ok", "q\"", "é"], "x\", evil=\"1\\\r\nSet-Cookie: é");
        assert!(value.contains("scope=\"ok\""), "{value}");
        assert!(value.ends_with("error_description=\"x', evil='1   Set-Cookie:\""), "{value}");
        assert!(value.bytes().all(|b| (0x20..0x7f).contains(&b)), "{value}");
        let long = bad(BEARER, "invalid_token", URL, [], &"x".repeat(10_000));
        assert!(long.len() < 500);
    }
}
