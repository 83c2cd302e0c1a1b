//! In how many ways a person can sign in: nobody may remove their last one.
//!
//! | way       | counts when                                                              |
//! |-----------|--------------------------------------------------------------------------|
//! | password  | there is one                                                             |
//! | passkeys  | each                                                                     |
//! | identities| each, as long as a provider with its issuer is set up: no other lets anybody in |
//!
//! Codes of an authenticator app come after one of these and are none by themselves; a mail is on its way only where
//! somebody set mail up.

use super::{Accounts, UserRow};
use crate::store::StoreError;
use crate::store::identities::IdentityRow;

/// A way that is about to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    Password,
    /// Any one of them.
    Passkey,
    /// The identity with this id.
    Identity(String),
}

/// What a person can sign in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaysIn {
    pub password: bool,
    pub passkeys: i64,
    /// Those that a provider of today's settings can vouch for.
    pub identities: Vec<IdentityRow>,
}

impl WaysIn {
    /// Whether anything is left without this way.
    pub fn without(&self, way: &Way) -> bool {
        let password = self.password && *way != Way::Password;
        let passkeys = self.passkeys - i64::from(*way == Way::Passkey);
        let identity =
            self.identities.iter().any(|identity| !matches!(way, Way::Identity(id) if *id == identity.id));
        password || passkeys > 0 || identity
    }
}

/// What this person can sign in with.
pub async fn of(accounts: &Accounts, user: &UserRow) -> Result<WaysIn, StoreError> {
    let (password, passkeys) = accounts.store.password_and_passkeys(&user.id).await?;
    let mut identities = accounts.store.identities_of(&user.id).await?;
    identities.retain(|identity| accounts.upstream.knows_issuer(&identity.issuer));
    Ok(WaysIn { password, passkeys, identities })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(id: &str) -> IdentityRow {
        IdentityRow {
            id: id.into(),
            user_id: "usr_1".into(),
            issuer: "https://id.example".into(),
            subject: id.into(),
            provider: "id".into(),
            email: None,
            created_at: 0,
            last_used_at: None,
        }
    }

    #[test]
    fn the_last_way_in_counts_whatever_it_is() {
        let ways = |password, passkeys, ids: &[&str]| WaysIn {
            password,
            passkeys,
            identities: ids.iter().map(|id| identity(id)).collect(),
        };
        let one = || Way::Identity("a".into());
        assert!(!ways(true, 0, &[]).without(&Way::Password));
        assert!(!ways(false, 1, &[]).without(&Way::Passkey));
        assert!(!ways(false, 0, &["a"]).without(&one()));
        assert!(ways(true, 1, &[]).without(&Way::Password));
        assert!(ways(false, 2, &[]).without(&Way::Passkey));
        assert!(ways(false, 0, &["a", "b"]).without(&one()));
        assert!(ways(true, 0, &["a"]).without(&one()) && ways(true, 0, &["a"]).without(&Way::Password));
        // One whose provider is gone is not among them, and lets nobody in.
        assert!(!ways(false, 0, &[]).without(&one()));
    }
}
