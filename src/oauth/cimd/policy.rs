//! Which clients by document a resource takes.
//!
//! | policy  | the id of the client                                  | taken | test                        |
//! |---------|-------------------------------------------------------|-------|-----------------------------|
//! | `open`  | any                                                   | yes   | `the_table_of_policies`     |
//! | `allow` | on the list: the same URL                             | yes   | `the_table_of_policies`     |
//! | `allow` | on the list: a pattern `https://host/path/*` of its host, port and the start of its path | yes | `the_table_of_policies` |
//! | `allow` | any other                                             | no    | `the_table_of_policies`     |
//! | `off`   | any                                                   | no    | `the_table_of_policies`     |
//!
//! A pattern ends with `/*`: what stands before it is compared byte for byte, so that it ends at a segment of the path
//! and never inside a host. An id has no `.` or `..` segments, so nothing leads out of it.

use crate::fetch::Reach;

use super::id;

/// The most entries of a list.
pub const MAX_ENTRIES: usize = 50;

/// The choices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    #[default]
    Open,
    Allow,
    Off,
}

impl Choice {
    pub const ALL: [Self; 3] = [Self::Open, Self::Allow, Self::Off];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Allow => "allow",
            Self::Off => "off",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.as_str() == text)
    }
}

/// What is in force for a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    pub choice: Choice,
    /// URLs and patterns, which count with [`Choice::Allow`].
    pub allowed: Vec<String>,
}

impl Policy {
    /// As stored. A choice that no code knows takes nobody.
    pub fn of_row(choice: &str, allowed: &[String]) -> Self {
        Self { choice: Choice::parse(choice).unwrap_or(Choice::Off), allowed: allowed.to_vec() }
    }

    /// Whether it takes anybody at all.
    pub fn is_on(&self) -> bool {
        match self.choice {
            Choice::Open => true,
            Choice::Allow => !self.allowed.is_empty(),
            Choice::Off => false,
        }
    }

    /// By the table above. `id` is in its normal form.
    pub fn admits(&self, id: &str) -> bool {
        match self.choice {
            Choice::Open => true,
            Choice::Allow => self.allowed.iter().any(|entry| fits(entry, id)),
            Choice::Off => false,
        }
    }
}

fn fits(entry: &str, id: &str) -> bool {
    match entry.strip_suffix('*') {
        Some(start) => start.ends_with('/') && id.len() > start.len() && id.starts_with(start),
        None => entry == id,
    }
}

/// Checks an entry of a list.
///
/// # Errors
/// A sentence for whoever typed it.
pub fn check_entry(text: &str, reach: Reach) -> Result<(), String> {
    let url = text.strip_suffix("/*").map_or_else(|| text.to_owned(), |start| format!("{start}/"));
    if url.contains('*') {
        return Err(format!("{text}: a * stands at the end only, after a /, e.g. https://vscode.dev/*."));
    }
    if text.ends_with("/*") && url.contains('?') {
        return Err(format!("{text}: a pattern has no ?."));
    }
    id::check(&url, reach).map(|_| ()).map_err(|why| format!("{text} {why}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(choice: &str, allowed: &[&str]) -> Policy {
        Policy::of_row(choice, &allowed.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_table_of_policies() {
        let vscode = "https://vscode.dev/oauth/client-metadata.json";
        for (choice, allowed, id, expected) in [
            ("open", &[][..], vscode, true),
            ("off", &["https://vscode.dev/*"], vscode, false),
            ("new-word", &["https://vscode.dev/*"], vscode, false),
            ("allow", &[], vscode, false),
            ("allow", &[vscode], vscode, true),
            ("allow", &[vscode], "https://vscode.dev/oauth/client-metadata.json?x", false),
            ("allow", &["https://vscode.dev/*"], vscode, true),
            ("allow", &["https://vscode.dev/oauth/*"], vscode, true),
            ("allow", &["https://vscode.dev/oauth/*"], "https://vscode.dev/oauth/", false),
            ("allow", &["https://vscode.dev/oauth/*"], "https://vscode.dev/oauthx/y", false),
            ("allow", &["https://vscode.dev/*"], "https://vscode.dev.evil.example/x", false),
            ("allow", &["https://vscode.dev/*"], "https://vscode.dev:8443/x", false),
            ("allow", &["https://vscode.dev/*"], "http://vscode.dev/x", false),
            ("allow", &["https://claude.ai/*", "https://vscode.dev/*"], vscode, true),
            // Never written by the checks below, and harmless if it were.
            ("allow", &["https://vscode.dev*"], "https://vscode.dev.evil.example/x", false),
            ("allow", &["*"], vscode, false),
        ] {
            assert_eq!(policy(choice, allowed).admits(id), expected, "{choice} {allowed:?} {id}");
        }
    }

    #[test]
    fn it_is_on_while_it_takes_somebody() {
        assert!(policy("open", &[]).is_on());
        assert!(policy("allow", &["https://vscode.dev/*"]).is_on());
        assert!(!policy("allow", &[]).is_on());
        assert!(!policy("off", &["https://vscode.dev/*"]).is_on());
    }

    #[test]
    fn entries_are_urls_or_the_start_of_urls() {
        let judge = |text: &str| check_entry(text, Reach::Public);
        for good in
            ["https://vscode.dev/*", "https://vscode.dev/oauth/*", "https://chatgpt.com/oauth/x/client.json"]
        {
            assert_eq!(judge(good), Ok(()), "{good}");
        }
        for (bad, part) in [
            ("https://*.vscode.dev/x", "a * stands at the end only"),
            ("https://vscode.dev/*/x", "a * stands at the end only"),
            ("https://vscode.dev*", "a * stands at the end only"),
            ("*", "a * stands at the end only"),
            ("https://vscode.dev/x?y=/*", "a pattern has no ?"),
            ("vscode.dev", "is not a URL"),
            ("http://vscode.dev/*", "must begin with https://"),
            ("https://VSCODE.dev/*", "normal form"),
            ("https://vscode.dev/../*", "has a . or .."),
        ] {
            let sentence = judge(bad).unwrap_err();
            assert!(sentence.contains(part), "{bad}: {sentence}");
        }
    }
}
