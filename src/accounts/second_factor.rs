//! Who must show a second factor, and what follows when they have not.
//!
//! | required of the person | proved in this session     | has                    | answer                    | test |
//! |------------------------|----------------------------|------------------------|---------------------------|------|
//! | no                     | any                        | any                    | [`Standing::Enough`]      | `whoever_must_show_a_second_factor_is_led_there` |
//! | yes                    | two factors                | any                    | [`Standing::Enough`]      | `whoever_must_show_a_second_factor_is_led_there` |
//! | yes                    | one                        | an app, a passkey, or a login at a provider that asks for two | [`Standing::SignInAgain`] | `whoever_must_show_a_second_factor_is_led_there` |
//! | yes                    | one                        | none of these          | [`Standing::SetUp`]       | `whoever_must_show_a_second_factor_is_led_there` |
//!
//! Two factors are: anything and a code, a passkey, or a login at a provider that is trusted to ask for two.
//! Somebody who has any of these is never led to set up another with one factor only: whoever has
//! stolen a password could add their own.
//!
//! | wish                     | refused when                                                | test |
//! |--------------------------|-------------------------------------------------------------|------|
//! | turn the app off         | required, no passkey, and no login at a provider that asks for two factors | `nobody_drops_the_last_factor_they_must_have` |
//! | remove a passkey, such a login | the same with what would be left                      | `nobody_drops_the_last_factor_they_must_have` |

use super::Accounts;
use super::session::Session;
use crate::store::StoreError;
use crate::store::users::UserRow;
use crate::store::ways_in::WaysInRow;
use crate::types::Proof;
pub use crate::types::Requirement;

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
///
/// `asks_for_two` says so of the provider with an issuer.
pub fn decide(
    required: bool,
    proof: Proof,
    ways: &WaysInRow,
    asks_for_two: impl Fn(&str) -> bool,
) -> Standing {
    if !required || proof.is_multi_factor() {
        Standing::Enough
    } else if ways.code || ways.passkeys > 0 || ways.identities.iter().any(|i| asks_for_two(&i.issuer)) {
        Standing::SignInAgain
    } else {
        Standing::SetUp
    }
}

/// Whether this person must show one: by the general rule, or because an administrator wants it of them.
pub fn is_required(accounts: &Accounts, user: &UserRow) -> bool {
    user.second_factor_required || accounts.second_factor().covers(user.is_admin)
}

/// Whether a session may go on.
pub async fn standing(accounts: &Accounts, session: &Session) -> Result<Standing, StoreError> {
    let required = is_required(accounts, &session.user);
    if !required || session.proof.is_multi_factor() {
        return Ok(Standing::Enough);
    }
    let ways = accounts.store.ways_in(&session.user.id).await?;
    let providers = &accounts.upstream;
    Ok(decide(required, session.proof, &ways, |issuer| providers.asks_for_two(issuer)))
}

/// What somebody wants to be rid of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dropped {
    App,
    Passkey,
    /// The identity with this id.
    Identity(String),
}

/// Whether a second factor is left without it, or none is required: the second table above.
pub fn may_drop(
    required: bool,
    ways: &WaysInRow,
    dropped: &Dropped,
    asks_for_two: impl Fn(&str) -> bool,
) -> bool {
    let app = ways.code && *dropped != Dropped::App;
    let passkeys = ways.passkeys - i64::from(*dropped == Dropped::Passkey);
    let stays = |id: &str| !matches!(dropped, Dropped::Identity(gone) if gone == id);
    let identity = ways.identities.iter().any(|i| stays(&i.id) && asks_for_two(&i.issuer));
    !required || app || passkeys > 0 || identity
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ways_in::IdentityWay;
    use crate::types::FirstFactor;

    fn ways(passkeys: i64, code: bool) -> WaysInRow {
        WaysInRow { password: true, passkeys, identities: Vec::new(), code }
    }

    const ISSUER: &str = "https://two.example";

    /// With a login at a provider that asks for two factors.
    fn with_provider(ways: &WaysInRow) -> WaysInRow {
        WaysInRow {
            identities: vec![IdentityWay { id: "idn_1".into(), issuer: ISSUER.into() }],
            ..ways.clone()
        }
    }

    fn asks(issuer: &str) -> bool {
        issuer == ISSUER
    }

    #[test]
    fn whoever_must_show_a_second_factor_is_led_there() {
        let password = Proof::from(FirstFactor::Password);
        assert_eq!(decide(false, password, &ways(0, false), asks), Standing::Enough);
        assert_eq!(decide(true, password, &ways(0, false), asks), Standing::SetUp);
        assert_eq!(decide(true, FirstFactor::Provider.into(), &ways(0, false), asks), Standing::SetUp);
        assert_eq!(decide(true, password, &ways(1, false), asks), Standing::SignInAgain);
        assert_eq!(decide(true, password, &ways(0, true), asks), Standing::SignInAgain);
        assert_eq!(decide(true, password.with_code(), &ways(0, true), asks), Standing::Enough);
        assert_eq!(decide(true, FirstFactor::Passkey.into(), &ways(1, false), asks), Standing::Enough);
        assert_eq!(
            decide(true, FirstFactor::MultiFactorProvider.into(), &ways(0, false), asks),
            Standing::Enough
        );
        let elsewhere = with_provider(&ways(0, false));
        assert_eq!(decide(true, password, &elsewhere, asks), Standing::SignInAgain);
        assert_eq!(decide(true, password, &elsewhere, |_| false), Standing::SetUp);
        let covers = |r: Requirement| (r.covers(false), r.covers(true));
        assert_eq!(covers(Requirement::Nobody), (false, false));
        assert_eq!(covers(Requirement::Admins), (false, true));
        assert_eq!(covers(Requirement::Everyone), (true, true));
    }

    #[test]
    fn nobody_drops_the_last_factor_they_must_have() {
        let may = |required, ways: &WaysInRow, dropped| may_drop(required, ways, &dropped, asks);
        let identity = || Dropped::Identity("idn_1".into());
        assert!(may(false, &ways(0, true), Dropped::App));
        assert!(!may(true, &ways(0, true), Dropped::App));
        assert!(may(true, &ways(1, true), Dropped::App));
        assert!(may(true, &with_provider(&ways(0, true)), Dropped::App));
        assert!(!may(true, &ways(1, false), Dropped::Passkey));
        assert!(may(true, &ways(1, true), Dropped::Passkey));
        assert!(may(true, &ways(2, false), Dropped::Passkey));
        assert!(may(false, &ways(1, false), Dropped::Passkey));
        assert!(!may(true, &with_provider(&ways(0, false)), identity()));
        assert!(may(true, &with_provider(&ways(0, true)), identity()));
        assert!(may(false, &with_provider(&ways(0, false)), identity()));
    }
}
