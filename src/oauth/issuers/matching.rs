//! Which rule a workload falls under: the first, in the order they were added, whose conditions all hold.
//!
//! | condition              | holds for                                                    | not for                        |
//! |------------------------|--------------------------------------------------------------|--------------------------------|
//! | `sub = a:b`            | the text `a:b`                                               | anything else, `A:b` too       |
//! | `sub = repo:o/*:ref`   | one segment between `:` and `/` in place of the star         | `repo:o/:ref`, `repo:o/x/y:ref` |
//! | `sub = ns:dev-*`       | a segment that begins so and goes on                         | `ns:dev-`                      |
//! | `run = 7`, `ok = true` | text, number or truth value that reads so                    | an object                      |
//! | `groups = a`           | a list with such an entry                                    | a list without, an empty one   |
//! | any                    | –                                                            | a claim that is not there      |
//!
//! A star never stands for nothing, and never crosses `:` or `/`: `repo:me/*` is not `repo:me/x:environment:prod`.

use serde_json::{Map, Value};

use crate::store::trusted_issuers::{Condition, IssuerRuleRow};

/// Claims of an assertion.
pub type Claims = Map<String, Value>;

/// The longest value that is compared, in bytes.
const MAX_VALUE: usize = 2_000;
/// The most entries of a list that are looked at.
const MAX_ENTRIES: usize = 200;

/// What the rules say of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    Rule(&'a IssuerRuleRow),
    /// It falls under one, but not for this resource.
    OtherResource,
    Nothing,
}

/// The rule for these claims, and for this resource where one is asked for.
pub fn find<'a>(rules: &'a [IssuerRuleRow], claims: &Claims, resource_id: Option<&str>) -> Found<'a> {
    let mut fitting = rules.iter().filter(|rule| holds(&rule.claims, claims)).peekable();
    if fitting.peek().is_none() {
        return Found::Nothing;
    }
    let named = |rule: &&IssuerRuleRow| resource_id.is_none_or(|id| rule.resource_id == id);
    fitting.find(named).map_or(Found::OtherResource, Found::Rule)
}

/// Whether every condition holds; no condition at all holds for nobody.
fn holds(conditions: &[Condition], claims: &Claims) -> bool {
    let one = |condition: &Condition| {
        claims.get(&condition.claim).is_some_and(|value| value_fits(&condition.value, value))
    };
    !conditions.is_empty() && conditions.iter().all(one)
}

fn value_fits(pattern: &str, value: &Value) -> bool {
    match value {
        Value::String(text) => fits(pattern, text),
        Value::Number(number) => fits(pattern, &number.to_string()),
        Value::Bool(truth) => fits(pattern, if *truth { "true" } else { "false" }),
        Value::Array(list) => {
            let plain = |entry: &&Value| !entry.is_array();
            list.iter().take(MAX_ENTRIES).filter(plain).any(|entry| value_fits(pattern, entry))
        }
        Value::Null | Value::Object(_) => false,
    }
}

fn is_separator(c: char) -> bool {
    c == ':' || c == '/'
}

/// Whether a text fits a pattern.
pub fn fits(pattern: &str, text: &str) -> bool {
    if text.len() > MAX_VALUE {
        return false;
    }
    let mut wanted = pattern.split_inclusive(is_separator);
    let mut there = text.split_inclusive(is_separator);
    loop {
        match (wanted.next(), there.next()) {
            (None, None) => return true,
            (Some(wanted), Some(there)) if segment_fits(wanted, there) => {}
            _ => return false,
        }
    }
}

/// One segment with the separator behind it. Looks at each pair of bytes at most once.
fn segment_fits(pattern: &str, text: &str) -> bool {
    let (wanted_end, there_end) = (pattern.ends_with(is_separator), text.ends_with(is_separator));
    if wanted_end != there_end || wanted_end && pattern.as_bytes().last() != text.as_bytes().last() {
        return false;
    }
    let (pattern, text) = (pattern.trim_end_matches(is_separator), text.trim_end_matches(is_separator));
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        // At least one character for the star before it.
        let Some(skip) = rest.chars().next().map(char::len_utf8) else { return false };
        let Some(at) = rest[skip..].find(part) else { return false };
        rest = &rest[skip + at + part.len()..];
    }
    rest.ends_with(last) && rest.len() > last.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::types::ScopeSet;

    #[test]
    fn a_star_stands_for_one_segment_or_a_part_of_one() {
        for (pattern, text, expected) in [
            ("a:b", "a:b", true),
            ("a:b", "A:b", false),
            ("a:b", "a:b:", false),
            ("", "", true),
            ("", "x", false),
            ("*", "", false),
            ("*", "x", true),
            ("*", "x:y", false),
            ("*:*", "x:y", true),
            ("*:*", "x/y", false),
            ("repo:o/*:ref:refs/heads/main", "repo:o/app:ref:refs/heads/main", true),
            ("repo:o/*:ref:refs/heads/main", "repo:o/:ref:refs/heads/main", false),
            ("repo:o/*:ref:refs/heads/main", "repo:o/a/b:ref:refs/heads/main", false),
            ("repo:o/*:ref:refs/heads/main", "repo:evil/app:ref:refs/heads/main", false),
            ("repo:o/*", "repo:o/app:environment:prod", false),
            ("ns:dev-*", "ns:dev-1", true),
            ("ns:dev-*", "ns:dev-", false),
            ("ns:*-dev", "ns:x-dev", true),
            ("ns:*-dev", "ns:-dev", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "abc", false),
            ("a*b*c", "aXbbc", true),
            ("a**c", "aXYc", true),
            ("a**c", "aXc", false),
            ("*é*", "xéy", true),
            ("a*", "é", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} and {text}");
        }
        assert!(!fits("*", &"x".repeat(MAX_VALUE + 1)));
    }

    fn rule(id: &str, resource: &str, claims: &[(&str, &str)]) -> IssuerRuleRow {
        let condition =
            |(claim, value): &(&str, &str)| Condition { claim: (*claim).into(), value: (*value).into() };
        IssuerRuleRow {
            id: id.into(),
            issuer_id: "iss_1".into(),
            claims: claims.iter().map(condition).collect(),
            client_id: "cli_1".into(),
            resource_id: resource.into(),
            scopes: Some(ScopeSet::default()),
            version: 1,
            created_at: 0,
            updated_at: 0,
        }
    }

    #[test]
    fn the_first_rule_that_holds_counts() {
        let rules = [
            rule("none", "res_1", &[]),
            rule("main", "res_1", &[("sub", "o:main"), ("n", "7")]),
            rule("any", "res_1", &[("sub", "o:*")]),
            rule("there", "res_2", &[("sub", "o:*")]),
        ];
        let found =
            |claims: Value, resource: Option<&str>| match find(&rules, claims.as_object().unwrap(), resource)
            {
                Found::Rule(rule) => rule.id.clone(),
                Found::OtherResource => "other resource".into(),
                Found::Nothing => "nothing".into(),
            };
        assert_eq!(found(json!({ "sub": "o:main", "n": 7 }), None), "main");
        assert_eq!(found(json!({ "sub": "o:main", "n": "7" }), None), "main");
        assert_eq!(found(json!({ "sub": "o:main", "n": [1, 7] }), None), "main");
        for n in [json!(8), json!(null), json!({ "7": 7 }), json!([[7]]), json!([])] {
            assert_eq!(found(json!({ "sub": "o:main", "n": n }), None), "any");
        }
        assert_eq!(found(json!({ "sub": "o:x" }), Some("res_2")), "there");
        assert_eq!(found(json!({ "sub": "o:x" }), Some("res_3")), "other resource");
        assert_eq!(found(json!({ "sub": "p:x" }), Some("res_1")), "nothing");
        assert_eq!(found(json!({}), None), "nothing");
    }
}
