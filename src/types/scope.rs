//! A set of scope tokens, in the order that makes it comparable: sorted, without duplicates.

use std::collections::BTreeSet;
use std::fmt;

/// The most scope tokens one request may name.
pub const MAX_SCOPES: usize = 64;
/// The longest scope token, in bytes.
pub const MAX_SCOPE_LEN: usize = 128;

/// Scope tokens ([RFC 6749 §3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)).
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct ScopeSet(BTreeSet<String>);

/// Why a scope parameter cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ScopeError {
    #[error("has more than {MAX_SCOPES} scopes")]
    TooMany,
    #[error(
        "has a scope with a character outside the printable ASCII range, or one longer than {MAX_SCOPE_LEN} bytes"
    )]
    BadToken,
}

impl ScopeSet {
    /// Reads a space-separated list. The empty text is the empty set: clients send `scope=` to mean none.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let mut set = BTreeSet::new();
        for token in text.split(' ').filter(|t| !t.is_empty()) {
            if !is_scope_token(token) {
                return Err(ScopeError::BadToken);
            }
            set.insert(token.to_owned());
            if set.len() > MAX_SCOPES {
                return Err(ScopeError::TooMany);
            }
        }
        Ok(Self(set))
    }

    /// What a row holds; a row is only ever written from a parsed set.
    pub fn from_stored(text: &str) -> Self {
        text.split(' ').filter(|t| !t.is_empty()).map(str::to_owned).collect()
    }

    pub fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn insert(&mut self, name: &str) {
        self.0.insert(name.to_owned());
    }

    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether every scope of `self` is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// The scopes in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// The scopes in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// The set itself, for types that keep their own.
    pub fn into_inner(self) -> BTreeSet<String> {
        self.0
    }
}

impl FromIterator<String> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = String>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, scope) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope)?;
        }
        Ok(())
    }
}

/// `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`, bounded in length.
pub fn is_scope_token(token: &str) -> bool {
    !token.is_empty()
        && token.len() <= MAX_SCOPE_LEN
        && token.bytes().all(|b| (0x21..=0x7e).contains(&b) && b != b'"' && b != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_grammar_is_enforced() {
        assert_eq!(ScopeSet::parse("b a  a").unwrap().to_string(), "a b");
        assert!(ScopeSet::parse("").unwrap().is_empty());
        assert_eq!(ScopeSet::parse("a\"b"), Err(ScopeError::BadToken));
        assert_eq!(ScopeSet::parse("ä"), Err(ScopeError::BadToken));
        let many: Vec<String> = (0..65).map(|i| format!("s{i}")).collect();
        assert_eq!(ScopeSet::parse(&many.join(" ")), Err(ScopeError::TooMany));
    }

    proptest! {
        #[test]
        fn printing_and_parsing_agree(names in prop::collection::btree_set("[!#-\\[\\]-~]{1,20}", 0..20)) {
            let set: ScopeSet = names.into_iter().collect();
            prop_assert_eq!(ScopeSet::parse(&set.to_string()), Ok(set));
        }
    }
}
