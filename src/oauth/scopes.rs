//! What a scope includes, and which scopes an approval, a machine or a token may have.
//!
//! | question                              | answer                                                             | test                                        |
//! |---------------------------------------|--------------------------------------------------------------------|---------------------------------------------|
//! | what a scope stands for               | itself and all it includes, over any number of steps               | `a_scope_stands_for_all_it_includes`        |
//! | scopes that include each other        | found, and the circle is named                                     | `a_circle_is_named`                         |
//! | what a client may have                | its ceiling and all that includes; without one, all of the resource | `a_ceiling_drops_what_is_above_it`         |
//! | what a person is asked for            | what was requested, exists, and is within the ceiling              | `a_ceiling_drops_what_is_above_it`          |
//! | nothing was requested                 | the default scopes within the ceiling                              | `nothing_asked_means_the_defaults`          |
//! | nothing is left of it                 | `invalid_scope`                                                    | `nothing_left_is_an_error`                  |
//! | what a machine gets                   | as a person, but all it may have where it requests nothing, and no scope of OpenID Connect | `a_machine_gets_all_it_may_have` |
//! | what a token says                     | what was agreed to and all that includes, within the ceiling       | `a_token_says_what_is_included`             |
//! | what an older token still opens       | the same by today's rules; a name given since counts no more       | `a_name_given_since_counts_no_more`         |
//!
//! The scopes of OpenID Connect and `offline_access` belong to no resource: they include nothing, and no ceiling
//! holds them back. Tokens carry the whole set, so that foreign verifiers need no hierarchy. What is stored of an
//! approval is what the person saw: a scope that stops including another stops giving it with the next refresh.

use std::collections::{BTreeMap, BTreeSet};

use super::client::Client;
use super::error::{Code, Reason, Refusal};
use super::resource::{OFFLINE_ACCESS, OIDC_SCOPES, Resource};
use crate::types::{ScopeSet, Timestamp};

/// How far clocks of different processes may disagree about when a name was given, in seconds.
const SKEW: i64 = 30;

/// Which scope includes which others directly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Includes(BTreeMap<String, Vec<String>>);

impl Includes {
    pub fn new(scopes: impl IntoIterator<Item = (String, Vec<String>)>) -> Self {
        Self(scopes.into_iter().collect())
    }

    /// These scopes and all they include.
    pub fn closure(&self, scopes: &ScopeSet) -> ScopeSet {
        let mut all: BTreeSet<String> = BTreeSet::new();
        let mut open: Vec<&str> = scopes.iter().collect();
        while let Some(name) = open.pop() {
            if all.insert(name.to_owned()) {
                open.extend(self.direct(name).iter().map(String::as_str));
            }
        }
        all.into_iter().collect()
    }

    /// Scopes that include each other, in order, the first once more at the end; nothing when there are none.
    pub fn circle(&self) -> Option<Vec<String>> {
        self.0.keys().find_map(|start| self.way_back(start))
    }

    /// The shortest way from a scope over those it includes to itself.
    fn way_back(&self, start: &str) -> Option<Vec<String>> {
        let mut ways = std::collections::VecDeque::from([vec![start]]);
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop_front() {
            for next in self.direct(way.last().copied().unwrap_or_default()) {
                let longer = || way.iter().copied().chain([next.as_str()]);
                if next == start {
                    return Some(longer().map(str::to_owned).collect());
                }
                if seen.insert(next.as_str()) {
                    ways.push_back(longer().collect());
                }
            }
        }
        None
    }

    fn direct(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }
}

/// Whether a scope belongs to no resource.
pub fn is_everywhere(name: &str) -> bool {
    name == OFFLINE_ACCESS || OIDC_SCOPES.contains(&name)
}

/// The scopes of this resource that a client may have.
fn reach(resource: &Resource, client: &Client) -> ScopeSet {
    let all = resource.scope_names();
    match &client.allowed_scopes {
        Some(ceiling) => resource.includes.closure(&ceiling.intersection(&all)).intersection(&all),
        None => all,
    }
}

/// Chooses what a person is asked for.
///
/// # Errors
/// `invalid_scope` when nothing is left of what was asked for, or the ceiling takes all that is given by default.
pub fn negotiate(resource: &Resource, client: &Client, asked: &ScopeSet) -> Result<ScopeSet, Refusal> {
    let reach = reach(resource, client);
    let wanted: ScopeSet = if asked.is_empty() {
        resource.scopes.iter().filter(|s| s.is_default).map(|s| s.name.clone()).collect()
    } else {
        asked.clone()
    };
    left(&wanted, |name| is_everywhere(name) || reach.contains(name))
}

/// Chooses what a machine gets: it has nobody to ask, and nobody whose name it could tell.
///
/// # Errors
/// As [`negotiate`].
pub fn for_machine(resource: &Resource, client: &Client, asked: &ScopeSet) -> Result<ScopeSet, Refusal> {
    let reach = reach(resource, client);
    let wanted = if asked.is_empty() { resource.scope_names() } else { asked.clone() };
    left(&wanted, |name| reach.contains(name))
}

fn left(wanted: &ScopeSet, may: impl Fn(&str) -> bool) -> Result<ScopeSet, Refusal> {
    let left: ScopeSet = wanted.iter().filter(|name| may(name)).map(str::to_owned).collect();
    if left.is_empty() && !wanted.is_empty() {
        return Err(Refusal::new(
            Code::InvalidScope,
            Reason::NoScopeLeft,
            "none of the requested scopes exists on this resource, or this client may have none of them",
        ));
    }
    Ok(left)
}

/// What a token says for what was agreed to.
pub fn of_token(resource: &Resource, client: &Client, agreed: &ScopeSet) -> ScopeSet {
    let (reach, all) = (reach(resource, client), resource.scope_names());
    let known: ScopeSet =
        agreed.iter().filter(|n| is_everywhere(n) || all.contains(n)).map(str::to_owned).collect();
    let closure = resource.includes.closure(&known);
    closure.iter().filter(|n| is_everywhere(n) || reach.contains(n)).map(str::to_owned).collect()
}

/// What a token of before still opens: a name that another scope got since does not count.
pub fn in_force(resource: &Resource, client: &Client, said: &ScopeSet, issued_at: Timestamp) -> ScopeSet {
    let is_new = |name: &str| resource.scopes.iter().any(|s| s.name == name && s.named_at > issued_at + SKEW);
    let same: ScopeSet = said.iter().filter(|name| !is_new(name)).map(str::to_owned).collect();
    of_token(resource, client, &same)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::oauth::client::tests::client;
    use crate::oauth::resource::tests::resource_with;

    fn set(text: &str) -> ScopeSet {
        ScopeSet::parse(text).unwrap()
    }

    /// `search` includes `search:read`; `admin` includes `search` and `notes`. Default: `search:read`.
    fn resource() -> Resource {
        resource_with(&[
            ("admin", &["search", "notes"], false),
            ("search", &["search:read"], false),
            ("search:read", &[], true),
            ("notes", &[], false),
        ])
    }

    fn with_ceiling(text: &str) -> Client {
        Client { allowed_scopes: Some(set(text)), ..client() }
    }

    fn negotiated(client: &Client, asked: &str) -> Result<String, Code> {
        negotiate(&resource(), client, &set(asked)).map(|s| s.to_string()).map_err(|e| e.code)
    }

    fn machine(client: &Client, asked: &str) -> Result<String, Code> {
        for_machine(&resource(), client, &set(asked)).map(|s| s.to_string()).map_err(|e| e.code)
    }

    #[test]
    fn a_scope_stands_for_all_it_includes() {
        let closure = |text: &str| resource().includes.closure(&set(text)).to_string();
        assert_eq!(closure("admin"), "admin notes search search:read");
        assert_eq!(closure("search openid"), "openid search search:read");
        assert_eq!(closure(""), "");
    }

    #[test]
    fn a_circle_is_named() {
        let includes =
            |pairs: &[(&str, &[&str])]| {
                Includes::new(pairs.iter().map(|(name, others)| {
                    ((*name).to_owned(), others.iter().map(|o| (*o).to_owned()).collect())
                }))
            };
        assert_eq!(resource().includes.circle(), None);
        assert_eq!(includes(&[("a", &["a"])]).circle().unwrap(), ["a", "a"]);
        let long = includes(&[("x", &["a"]), ("a", &["b"]), ("b", &["c", "d"]), ("c", &["a"]), ("d", &[])]);
        assert_eq!(long.circle().unwrap(), ["a", "b", "c", "a"]);
    }

    #[test]
    fn a_ceiling_drops_what_is_above_it() {
        let searcher = with_ceiling("search");
        assert_eq!(negotiated(&searcher, "search:read notes openid").as_deref(), Ok("openid search:read"));
        assert_eq!(negotiated(&searcher, "search admin").as_deref(), Ok("search"));
        assert_eq!(negotiated(&client(), "search nothing").as_deref(), Ok("search"));
        assert_eq!(machine(&searcher, "admin search").as_deref(), Ok("search"));
        assert_eq!(
            of_token(&resource(), &searcher, &set("admin openid")).to_string(),
            "openid search search:read"
        );
    }

    #[test]
    fn nothing_asked_means_the_defaults() {
        assert_eq!(negotiated(&client(), "").as_deref(), Ok("search:read"));
        let none = resource_with(&[("notes", &[], false)]);
        assert_eq!(negotiate(&none, &client(), &set("")).unwrap(), set(""));
    }

    #[test]
    fn nothing_left_is_an_error() {
        for (who, asked) in [
            (client(), "nothing"),
            (with_ceiling("notes"), "search:read"),
            (with_ceiling("notes"), ""),
            (with_ceiling(""), ""),
        ] {
            assert_eq!(negotiated(&who, asked), Err(Code::InvalidScope), "{asked}");
        }
        assert_eq!(machine(&with_ceiling(""), ""), Err(Code::InvalidScope));
        assert_eq!(machine(&client(), "openid offline_access"), Err(Code::InvalidScope));
    }

    #[test]
    fn a_machine_gets_all_it_may_have() {
        assert_eq!(machine(&client(), "").as_deref(), Ok("admin notes search search:read"));
        assert_eq!(machine(&with_ceiling("search"), "").as_deref(), Ok("search search:read"));
        assert_eq!(machine(&client(), "notes openid").as_deref(), Ok("notes"));
    }

    #[test]
    fn a_token_says_what_is_included() {
        let says = |text: &str| of_token(&resource(), &client(), &set(text)).to_string();
        assert_eq!(says("search offline_access"), "offline_access search search:read");
        assert_eq!(says("gone notes"), "notes");
    }

    #[test]
    fn a_name_given_since_counts_no_more() {
        let mut resource = resource();
        let named_at = 1000;
        resource.scopes.iter_mut().filter(|s| s.name == "notes").for_each(|s| s.named_at = named_at);
        let opens = |at| in_force(&resource, &client(), &set("notes search openid gone"), at).to_string();
        assert_eq!(opens(named_at - SKEW - 1), "openid search search:read");
        assert_eq!(opens(named_at - SKEW), "notes openid search search:read");
    }

    prop_compose! {
        fn includes()(edges in prop::collection::vec(("[a-f]", prop::collection::vec("[a-f]", 0..4)), 0..6)) -> Includes {
            Includes::new(edges)
        }
    }

    proptest! {
        #[test]
        fn the_closure_is_idempotent_and_monotone(
            includes in includes(),
            some in prop::collection::btree_set("[a-f]", 0..5),
            more in prop::collection::btree_set("[a-f]", 0..5),
        ) {
            let some: ScopeSet = some.into_iter().collect();
            let both = some.union(&more.into_iter().collect());
            let closure = includes.closure(&some);
            prop_assert!(some.is_subset(&closure));
            prop_assert_eq!(includes.closure(&closure), closure.clone());
            prop_assert!(closure.is_subset(&includes.closure(&both)));
        }

        #[test]
        fn a_circle_leads_back_and_none_is_missed(includes in includes()) {
            let on_a_circle = |name: &String| {
                let direct: ScopeSet = includes.direct(name).iter().cloned().collect();
                includes.closure(&direct).contains(name)
            };
            match includes.circle() {
                Some(circle) => {
                    prop_assert_eq!(circle.first(), circle.last());
                    prop_assert!(circle.windows(2).all(|pair| includes.direct(&pair[0]).contains(&pair[1])));
                }
                None => prop_assert!(!includes.0.keys().any(on_a_circle)),
            }
        }
    }
}
