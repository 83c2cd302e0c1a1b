//! Who must show a second factor, and what follows when they have not.
//!
//! | required of the person | proved in this session     | has                    | answer                    | test |
//! |------------------------|----------------------------|------------------------|---------------------------|------|
//! | no                     | any                        | any                    | [`Standing::Enough`]      | `whoever_must_show_a_second_factor_is_led_there` |
//! | yes                    | two factors                | any                    | [`Standing::Enough`]      | `whoever_must_show_a_second_factor_is_led_there` |
//! | yes                    | one                        | an app or a passkey    | [`Standing::SignInAgain`] | `whoever_must_show_a_second_factor_is_led_there` |
//! | yes                    | one                        | neither                | [`Standing::SetUp`]       | `whoever_must_show_a_second_factor_is_led_there` |
//!
//! Two factors are: anything and a code, a passkey, or a login at a provider that is trusted to ask for two.
//! Somebody who has an app or a passkey is never led to set up another with one factor only: whoever has
//! stolen a password could add their own.
//!
//! | wish                     | refused when                                                | test |
//! |--------------------------|-------------------------------------------------------------|------|
//! | turn the app off         | required, no passkey, and this login came from no provider that asks for two factors | `nobody_drops_the_last_factor_they_must_have` |
//! | remove a passkey         | the same with the app, and the other passkeys               | `nobody_drops_the_last_factor_they_must_have` |

use super::Accounts;
use super::session::Session;
use crate::store::StoreError;
use crate::store::ways_in::WaysInRow;
use crate::types::{FirstFactor, Proof};

/// Of whom a second factor is required.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Requirement {
    #[default]
    Nobody,
    Admins,
    Everyone,
}

impl Requirement {
    /// Whether it holds for this person.
    pub const fn covers(self, is_admin: bool) -> bool {
        match self {
            Self::Nobody => false,
            Self::Admins => is_admin,
            Self::Everyone => true,
        }
    }
}

/// Whether a session may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Enough,
    /// With the second factor this time.
    SignInAgain,
    /// Before anything else.
    SetUp,
}

/// The first table above.
pub const fn decide(required: bool, proof: Proof, ways: &WaysInRow) -> Standing {
    if !required || proof.is_multi_factor() {
        Standing::Enough
    } else if ways.code || ways.passkeys > 0 {
        Standing::SignInAgain
    } else {
        Standing::SetUp
    }
}

/// Whether a session may go on.
pub async fn standing(accounts: &Accounts, session: &Session) -> Result<Standing, StoreError> {
    let required = accounts.second_factor.covers(session.user.is_admin);
    if !required || session.proof.is_multi_factor() {
        return Ok(Standing::Enough);
    }
    let ways = accounts.store.ways_in(&session.user.id).await?;
    Ok(decide(required, session.proof, &ways))
}

/// What somebody wants to be rid of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    App,
    Passkey,
}

/// Whether a second factor is left without it, or none is required: the second table above.
pub const fn may_drop(required: bool, proof: Proof, ways: &WaysInRow, dropped: Dropped) -> bool {
    let (app, passkeys) = match dropped {
        Dropped::App => (false, ways.passkeys),
        Dropped::Passkey => (ways.code, ways.passkeys - 1),
    };
    !required || app || passkeys > 0 || matches!(proof.first, FirstFactor::MultiFactorProvider)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ways(passkeys: i64, code: bool) -> WaysInRow {
        WaysInRow { password: true, passkeys, identities: Vec::new(), code }
    }

    #[test]
    fn whoever_must_show_a_second_factor_is_led_there() {
        let password = Proof::from(FirstFactor::Password);
        assert_eq!(decide(false, password, &ways(0, false)), Standing::Enough);
        assert_eq!(decide(true, password, &ways(0, false)), Standing::SetUp);
        assert_eq!(decide(true, FirstFactor::Provider.into(), &ways(0, false)), Standing::SetUp);
        assert_eq!(decide(true, password, &ways(1, false)), Standing::SignInAgain);
        assert_eq!(decide(true, password, &ways(0, true)), Standing::SignInAgain);
        assert_eq!(decide(true, password.with_code(), &ways(0, true)), Standing::Enough);
        assert_eq!(decide(true, FirstFactor::Passkey.into(), &ways(1, false)), Standing::Enough);
        assert_eq!(decide(true, FirstFactor::MultiFactorProvider.into(), &ways(0, false)), Standing::Enough);
        let covers = |r: Requirement| (r.covers(false), r.covers(true));
        assert_eq!(covers(Requirement::Nobody), (false, false));
        assert_eq!(covers(Requirement::Admins), (false, true));
        assert_eq!(covers(Requirement::Everyone), (true, true));
    }

    #[test]
    fn nobody_drops_the_last_factor_they_must_have() {
        let password = Proof::from(FirstFactor::Password).with_code();
        assert!(may_drop(false, password, &ways(0, true), Dropped::App));
        assert!(!may_drop(true, password, &ways(0, true), Dropped::App));
        assert!(may_drop(true, password, &ways(1, true), Dropped::App));
        assert!(may_drop(true, FirstFactor::MultiFactorProvider.into(), &ways(0, true), Dropped::App));
        assert!(!may_drop(true, FirstFactor::Passkey.into(), &ways(1, false), Dropped::Passkey));
        assert!(may_drop(true, FirstFactor::Passkey.into(), &ways(1, true), Dropped::Passkey));
        assert!(may_drop(true, FirstFactor::Passkey.into(), &ways(2, false), Dropped::Passkey));
        assert!(may_drop(false, FirstFactor::Passkey.into(), &ways(1, false), Dropped::Passkey));
    }
}
