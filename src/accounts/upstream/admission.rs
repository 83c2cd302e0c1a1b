//! Whether somebody whom a provider vouches for comes in, and as whom. Identity is issuer and subject; an address
//! only ever finds an account where the provider is trusted for its domain.
//!
//! | who comes                                              | started by         | decision           | reason               | test |
//! |--------------------------------------------------------|--------------------|--------------------|----------------------|------|
//! | known identity, person enabled                         | a login            | sign in            |                      | `a_known_identity_signs_in` |
//! | known identity, person disabled                        | anything           | refuse             | `disabled_person`    | `a_known_identity_signs_in` |
//! | known, of the person who links or was invited          | link, invitation   | already linked, sign in |                 | `linking_never_moves_an_identity` |
//! | known, of another person                               | link, invitation   | refuse             | `identity_taken`     | `linking_never_moves_an_identity` |
//! | unknown                                                | a good invitation  | link and sign in   |                      | `an_invitation_links_whatever_the_address` |
//! | unknown                                                | a signed-in person | ask, then link     |                      | `an_invitation_links_whatever_the_address` |
//! | unknown, no address told                               | a login            | refuse             | `address_missing`    | `without_an_address_nobody_comes_in` |
//! | unknown, address not verified                          | a login            | refuse             | `address_not_verified` | `an_address_alone_never_opens_an_account` |
//! | unknown, trusted address of a person who never had an identity here | a login        | link and sign in   |                      | `a_trusted_address_links_once` |
//! | unknown, trusted address of a person who has or had one          | a login            | refuse             | `address_recycled`   | `a_trusted_address_links_once` |
//! | unknown, the address is somebody's otherwise           | a login            | refuse             | `address_taken`      | `an_address_alone_never_opens_an_account` |
//! | unknown, nobody's address, nobody is admitted          | a login            | refuse             | `not_invited`        | `who_is_admitted_is_the_policy` |
//! | unknown, nobody's address, of another domain           | a login            | refuse             | `domain_not_admitted`| `who_is_admitted_is_the_policy` |
//! | unknown, nobody's address, admitted                    | a login            | create and sign in |                      | `who_is_admitted_is_the_policy` |

use super::provider::{Admit, Authority, Policy};
use crate::store::users::UserRow;
use crate::types::Timestamp;

/// What a provider said about somebody, verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub issuer: String,
    pub subject: String,
    /// In lower case, and plausible.
    pub email: Option<String>,
    pub email_verified: bool,
    /// `hd` of Google: the Workspace the account belongs to, in lower case.
    pub hosted_domain: Option<String>,
    pub name: Option<String>,
    /// When the person last proved there who they are, where the provider tells.
    pub auth_time: Option<Timestamp>,
}

/// How the visit to the provider began.
#[derive(Clone, Copy, Debug)]
pub enum Started<'a> {
    Login,
    /// From a link for this person that is still good.
    Invitation(&'a UserRow),
    /// By this signed-in person, to add the identity.
    Link(&'a UserRow),
}

/// The person who has the address that the provider told.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'a> {
    pub user: &'a UserRow,
    /// Whether they have an identity at this issuer, which is then another one, or removed one.
    pub has_identity_here: bool,
}

/// Everything that a decision looks at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub told: &'a Told,
    pub started: Started<'a>,
    /// The person who has this identity.
    pub owner: Option<&'a UserRow>,
    pub holder: Option<Holder<'a>>,
    pub policy: &'a Policy,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// As the identity's owner.
    SignIn,
    /// The signed-in person has it already.
    AlreadyLinked,
    /// Link to the invited person, spend the invitation, sign in.
    LinkInvited,
    /// Put it before the signed-in person.
    Ask,
    /// Link to the holder of the address, sign in.
    LinkByAddress,
    /// Make an account, sign in.
    Create,
    Refuse(Refusal),
}

/// Why somebody does not come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    DisabledPerson,
    IdentityTaken,
    AddressRecycled,
    AddressTaken,
    AddressMissing,
    AddressNotVerified,
    NotInvited,
    DomainNotAdmitted,
}

impl Refusal {
    /// For the audit trail.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::DisabledPerson => "disabled_person",
            Self::IdentityTaken => "identity_taken",
            Self::AddressRecycled => "address_recycled",
            Self::AddressTaken => "address_taken",
            Self::AddressMissing => "address_missing",
            Self::AddressNotVerified => "address_not_verified",
            Self::NotInvited => "not_invited",
            Self::DomainNotAdmitted => "domain_not_admitted",
        }
    }
}

/// Decides by the table above.
pub fn decide(facts: &Facts<'_>) -> Decision {
    let Some(owner) = facts.owner else {
        return match facts.started {
            Started::Invitation(user) | Started::Link(user) if user.disabled_at.is_some() => {
                Decision::Refuse(Refusal::DisabledPerson)
            }
            Started::Invitation(_) => Decision::LinkInvited,
            Started::Link(_) => Decision::Ask,
            Started::Login => decide_unknown(facts),
        };
    };
    match facts.started {
        Started::Invitation(user) | Started::Link(user) if user.id != owner.id => {
            Decision::Refuse(Refusal::IdentityTaken)
        }
        _ if owner.disabled_at.is_some() => Decision::Refuse(Refusal::DisabledPerson),
        Started::Link(_) => Decision::AlreadyLinked,
        Started::Login | Started::Invitation(_) => Decision::SignIn,
    }
}

/// A login with an identity that nobody has.
fn decide_unknown(facts: &Facts<'_>) -> Decision {
    let (told, policy) = (facts.told, facts.policy);
    let Some(email) = told.email.as_deref() else { return Decision::Refuse(Refusal::AddressMissing) };
    // Before anything else: who has which address here is not told to whoever merely claims one.
    if !told.email_verified {
        return Decision::Refuse(Refusal::AddressNotVerified);
    }
    if let Some(holder) = facts.holder {
        return match () {
            () if !is_trusted(told, email, policy) => Decision::Refuse(Refusal::AddressTaken),
            () if holder.user.disabled_at.is_some() => Decision::Refuse(Refusal::DisabledPerson),
            () if holder.has_identity_here => Decision::Refuse(Refusal::AddressRecycled),
            () => Decision::LinkByAddress,
        };
    }
    match &policy.admit {
        Admit::Invited => return Decision::Refuse(Refusal::NotInvited),
        Admit::Domains(domains) if !is_of(told, email, domains, policy.authority) => {
            return Decision::Refuse(Refusal::DomainNotAdmitted);
        }
        Admit::Domains(_) | Admit::Anyone => {}
    }
    Decision::Create
}

/// Whether the provider's word is enough to hand over the account with this address.
fn is_trusted(told: &Told, email: &str, policy: &Policy) -> bool {
    let own = match policy.authority {
        Authority::Verified => true,
        Authority::Google => domain_of(email) == "gmail.com" || told.hosted_domain.is_some(),
    };
    told.email_verified && own && policy.trusted_domains.iter().any(|domain| domain == domain_of(email))
}

/// Whether somebody belongs to one of these domains.
fn is_of(told: &Told, email: &str, domains: &[String], authority: Authority) -> bool {
    let domain = match authority {
        Authority::Verified => Some(domain_of(email)),
        Authority::Google => told.hosted_domain.as_deref(),
    };
    domain.is_some_and(|domain| domains.iter().any(|admitted| admitted == domain))
}

fn domain_of(email: &str) -> &str {
    email.rsplit_once('@').map_or("", |(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> UserRow {
        UserRow {
            id: id.into(),
            email: "ann@example.com".into(),
            name: None,
            password_hash: None,
            is_admin: false,
            created_at: 0,
            last_login_at: None,
            disabled_at: None,
            version: 1,
            second_factor_required: false,
        }
    }

    fn disabled(id: &str) -> UserRow {
        UserRow { disabled_at: Some(1), ..user(id) }
    }

    fn told(email: &str) -> Told {
        Told {
            issuer: "https://id.example".into(),
            subject: "1".into(),
            email: Some(email.into()),
            email_verified: true,
            hosted_domain: None,
            name: None,
            auth_time: None,
        }
    }

    fn policy(admit: Admit, trusted: &[&str], authority: Authority) -> Policy {
        let trusted_domains = trusted.iter().map(|d| (*d).to_owned()).collect();
        Policy { admit, trusted_domains, authority }
    }

    fn open() -> Policy {
        policy(Admit::Anyone, &["example.com"], Authority::Verified)
    }

    fn login<'a>(told: &'a Told, policy: &'a Policy) -> Facts<'a> {
        Facts { told, started: Started::Login, owner: None, holder: None, policy }
    }

    #[test]
    fn a_known_identity_signs_in() {
        let (ann, off, told, policy) = (
            user("ann"),
            disabled("off"),
            told("x@y.example"),
            policy(Admit::Invited, &[], Authority::Google),
        );
        let facts = login(&told, &policy);
        assert_eq!(decide(&Facts { owner: Some(&ann), ..facts }), Decision::SignIn);
        let refused = Decision::Refuse(Refusal::DisabledPerson);
        for started in [Started::Login, Started::Invitation(&off), Started::Link(&off)] {
            assert_eq!(decide(&Facts { owner: Some(&off), started, ..facts }), refused);
        }
        // Whoever has the address is of no interest.
        let holder = Some(Holder { user: &off, has_identity_here: true });
        assert_eq!(decide(&Facts { owner: Some(&ann), holder, ..facts }), Decision::SignIn);
    }

    #[test]
    fn linking_never_moves_an_identity() {
        let (ann, bob, told, policy) = (user("ann"), user("bob"), told("ann@example.com"), open());
        let facts = Facts { owner: Some(&bob), ..login(&told, &policy) };
        for started in [Started::Link(&ann), Started::Invitation(&ann)] {
            assert_eq!(decide(&Facts { started, ..facts }), Decision::Refuse(Refusal::IdentityTaken));
        }
        assert_eq!(decide(&Facts { started: Started::Link(&bob), ..facts }), Decision::AlreadyLinked);
        assert_eq!(decide(&Facts { started: Started::Invitation(&bob), ..facts }), Decision::SignIn);
    }

    #[test]
    fn an_invitation_links_whatever_the_address() {
        let (ann, off, policy) =
            (user("ann"), disabled("off"), policy(Admit::Invited, &[], Authority::Verified));
        let told = Told { email: None, email_verified: false, ..told("x@y.example") };
        let facts = login(&told, &policy);
        assert_eq!(decide(&Facts { started: Started::Invitation(&ann), ..facts }), Decision::LinkInvited);
        assert_eq!(decide(&Facts { started: Started::Link(&ann), ..facts }), Decision::Ask);
        for started in [Started::Link(&off), Started::Invitation(&off)] {
            assert_eq!(decide(&Facts { started, ..facts }), Decision::Refuse(Refusal::DisabledPerson));
        }
    }

    #[test]
    fn without_an_address_nobody_comes_in() {
        let (told, policy) = (Told { email: None, ..told("x@y.example") }, open());
        assert_eq!(decide(&login(&told, &policy)), Decision::Refuse(Refusal::AddressMissing));
    }

    #[test]
    fn a_trusted_address_links_once() {
        let (ann, off, told, policy) = (user("ann"), disabled("off"), told("ann@example.com"), open());
        let with = |user, has_identity_here| {
            let holder = Some(Holder { user, has_identity_here });
            decide(&Facts { holder, ..login(&told, &policy) })
        };
        assert_eq!(with(&ann, false), Decision::LinkByAddress);
        assert_eq!(with(&ann, true), Decision::Refuse(Refusal::AddressRecycled));
        assert_eq!(with(&off, false), Decision::Refuse(Refusal::DisabledPerson));
    }

    #[test]
    fn an_address_alone_never_opens_an_account() {
        let ann = user("ann");
        let with = |told: &Told, policy: &Policy| {
            let holder = Some(Holder { user: &ann, has_identity_here: false });
            decide(&Facts { holder, ..login(told, policy) })
        };
        let taken = Decision::Refuse(Refusal::AddressTaken);
        let (verified, google) =
            (open(), policy(Admit::Anyone, &["example.com", "gmail.com"], Authority::Google));
        let unverified = Decision::Refuse(Refusal::AddressNotVerified);
        assert_eq!(with(&Told { email_verified: false, ..told("ann@example.com") }, &verified), unverified);
        assert_eq!(with(&told("ann@sub.example.com"), &verified), taken);
        assert_eq!(with(&told("ann@other.example"), &verified), taken);
        assert_eq!(with(&told("ann@example.com"), &policy(Admit::Anyone, &[], Authority::Verified)), taken);
        // Google speaks for its own addresses only, however verified another is.
        assert_eq!(with(&told("ann@example.com"), &google), taken);
        let workspace = Told { hosted_domain: Some("example.com".into()), ..told("ann@example.com") };
        assert_eq!(with(&workspace, &google), Decision::LinkByAddress);
        assert_eq!(with(&told("ann@gmail.com"), &google), Decision::LinkByAddress);
        assert_eq!(with(&Told { email_verified: false, ..workspace }, &google), unverified);
    }

    #[test]
    fn who_is_admitted_is_the_policy() {
        let domains = Admit::Domains(vec!["example.com".into()]);
        let told_of = |policy: &Policy, told: &Told| match decide(&login(told, policy)) {
            Decision::Refuse(refusal) => refusal.reason(),
            Decision::Create => "created",
            _ => "something else",
        };
        let own =
            |admit: &Admit, told: &Told| told_of(&policy(admit.clone(), &[], Authority::Verified), told);
        let google = |told: &Told| told_of(&policy(domains.clone(), &[], Authority::Google), told);
        let inside = told("ann@example.com");
        assert_eq!(own(&Admit::Invited, &inside), "not_invited");
        assert_eq!(own(&domains, &inside), "created");
        assert_eq!(own(&domains, &told("ann@example.com.evil.example")), "domain_not_admitted");
        assert_eq!(own(&Admit::Anyone, &told("x@y.example")), "created");
        let unverified = Told { email_verified: false, ..inside.clone() };
        assert_eq!(own(&domains, &unverified), "address_not_verified");
        assert_eq!(own(&Admit::Anyone, &unverified), "address_not_verified");
        assert_eq!(google(&inside), "domain_not_admitted", "Google's domain is hd, not the address");
        assert_eq!(google(&Told { hosted_domain: Some("example.com".into()), ..inside.clone() }), "created");
        assert_eq!(
            google(&Told { hosted_domain: Some("other.example".into()), ..inside }),
            "domain_not_admitted"
        );
    }
}
