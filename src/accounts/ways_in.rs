//! What a person can sign in with, and that nobody removes the last of it.
//!
//! | way        | counts when                                                                |
//! |------------|----------------------------------------------------------------------------|
//! | password   | there is one                                                               |
//! | passkeys   | each                                                                       |
//! | identities | each whose provider is set up today: no other lets anybody in              |
//!
//! Codes of an authenticator app come after one of these and are none by themselves; a reset link needs an
//! administrator, or mail.
//!
//! Asked inside the transaction that removes, which holds the person's row: two removals at the same moment
//! cannot take each other for what is left.

use crate::store::ways_in::WaysInRow;

/// What is to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Any one of them.
    Passkey,
    /// The identity with this id.
    Identity(String),
}

/// Whether a way to sign in is left when one of these is gone. `works` says whether a provider with an issuer is set
/// up.
pub fn is_left_without(ways: &WaysInRow, one: &Way, works: impl Fn(&str) -> bool) -> bool {
    let passkeys = ways.passkeys - i64::from(*one == Way::Passkey);
    let is_other = |id: &str| !matches!(one, Way::Identity(gone) if gone == id);
    let identity = ways.identities.iter().any(|identity| is_other(&identity.id) && works(&identity.issuer));
    ways.password || passkeys > 0 || identity
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ways_in::IdentityWay;

    fn identity(id: &str, issuer: &str) -> IdentityWay {
        IdentityWay { id: id.into(), issuer: issuer.into() }
    }

    #[test]
    fn the_last_way_in_stays() {
        let left = |password, passkeys, ids: &[&str], one: &Way| {
            let identities = ids.iter().map(|id| identity(id, "https://id.example")).collect();
            let ways = WaysInRow { password, passkeys, identities, code: true };
            is_left_without(&ways, one, |_| true)
        };
        let a = Way::Identity("a".into());
        assert!(left(true, 1, &[], &Way::Passkey));
        assert!(left(false, 2, &[], &Way::Passkey));
        assert!(left(false, 1, &["a"], &Way::Passkey));
        assert!(left(false, 1, &["a"], &a));
        assert!(left(false, 0, &["a", "b"], &a));
        assert!(left(true, 0, &["a"], &a));
        assert!(!left(false, 1, &[], &Way::Passkey));
        assert!(!left(false, 0, &["a"], &a));
    }

    #[test]
    fn an_identity_whose_provider_is_gone_lets_nobody_in() {
        let identities = vec![identity("a", "https://id.example"), identity("b", "https://gone.example")];
        let ways = WaysInRow { identities, ..WaysInRow::default() };
        let works = |issuer: &str| issuer == "https://id.example";
        assert!(is_left_without(&ways, &Way::Identity("b".into()), works));
        assert!(!is_left_without(&ways, &Way::Identity("a".into()), works));
    }
}
