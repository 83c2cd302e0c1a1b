//! Who somebody is of whom an enterprise speaks. Identity is issuer and subject; an address only ever finds an account
//! where the administrator trusts the issuer for its domain. The same rules as for a login at a provider
//! (`accounts::upstream::admission`), but nobody is there to be asked.
//!
//! | who it is                                                              | decision | reason                 | test |
//! |------------------------------------------------------------------------|----------|------------------------|------|
//! | known identity, person enabled                                         | they are |                        | `a_known_identity_is_that_person` |
//! | known identity, person disabled                                        | refuse   | `disabled_person`      | `a_known_identity_is_that_person` |
//! | unknown, and the issuer is trusted for no domain, or not for this one  | refuse   | `unknown_person`       | `an_address_counts_where_its_domain_is_trusted` |
//! | unknown, address missing or not verified                               | refuse   | `address_not_verified` | `an_address_counts_where_its_domain_is_trusted` |
//! | the same, the assertion does not say whether it is verified, and the issuer vouches for its domains | as verified | | `who_vouches_for_its_domains_need_not_say_verified` |
//! | unknown, trusted address of an enabled person who never had an identity here | link |                        | `a_trusted_address_leads_in_once` |
//! | unknown, trusted address of a person who has or had one                | refuse   | `address_recycled`     | `a_trusted_address_leads_in_once` |
//! | unknown, trusted address of a disabled person                          | refuse   | `disabled_person`      | `a_trusted_address_leads_in_once` |
//! | unknown, nobody's trusted address, the issuer admits                   | create   |                        | `who_has_no_account_gets_one_where_that_is_set` |
//! | unknown, nobody's trusted address, it does not                         | refuse   | `unknown_person`       | `who_has_no_account_gets_one_where_that_is_set` |

use serde_json::Value;

use super::matching::Claims;
use super::{TrustedIssuer, assertion};
use crate::audit::{Entry, Event};
use crate::oauth::error::{Reason, Refusal};
use crate::oauth::{OAuth, Origin};
use crate::store::StoreError;
use crate::store::identities::IdentityRow;
use crate::store::trusted_issuers::IssuerRow;
use crate::store::users::UserRow;
use crate::types::email::normal_email;
use crate::types::ids::{Kind, new_id};

/// What an assertion says of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub subject: String,
    /// In lower case and plausible.
    pub email: Option<String>,
    /// Nothing where the assertion leaves it out: the draft has no such claim.
    pub email_verified: Option<bool>,
    pub name: Option<String>,
}

impl Told {
    pub fn of(claims: &Claims) -> Result<Self, Refusal> {
        let verified = match claims.get("email_verified") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(verified)) => Some(*verified),
            Some(Value::String(text)) => Some(text == "true"),
            Some(_) => Some(false),
        };
        let email = assertion::text(claims, "email").filter(|email| email.is_ascii()).and_then(normal_email);
        let name = assertion::text(claims, "name").filter(|name| name.len() <= 200).map(str::to_owned);
        Ok(Self { subject: assertion::subject(claims)?.to_owned(), email, email_verified: verified, name })
    }
}

/// The person who has the address that was told.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'a> {
    pub user: &'a UserRow,
    /// Whether they have an identity at this issuer, which is then another one, or removed one.
    pub has_identity_here: bool,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Owner,
    Link,
    Create,
    Refuse(Reason),
}

/// The table above.
pub fn decide(
    issuer: &IssuerRow,
    told: &Told,
    owner: Option<&UserRow>,
    holder: Option<Holder<'_>>,
) -> Decision {
    if let Some(owner) = owner {
        return if owner.disabled_at.is_some() {
            Decision::Refuse(Reason::DisabledPerson)
        } else {
            Decision::Owner
        };
    }
    if issuer.trusted_domains.is_empty() {
        return Decision::Refuse(Reason::UnknownPerson);
    }
    let Some(email) = told.email.as_deref().filter(|_| told.email_verified.unwrap_or(issuer.vouches)) else {
        return Decision::Refuse(Reason::AddressNotVerified);
    };
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
    if !issuer.trusted_domains.iter().any(|trusted| trusted == domain) {
        return Decision::Refuse(Reason::UnknownPerson);
    }
    match holder {
        Some(holder) if holder.user.disabled_at.is_some() => Decision::Refuse(Reason::DisabledPerson),
        Some(holder) if holder.has_identity_here => Decision::Refuse(Reason::AddressRecycled),
        Some(_) => Decision::Link,
        None if issuer.admits => Decision::Create,
        None => Decision::Refuse(Reason::UnknownPerson),
    }
}

fn refused(reason: Reason) -> Refusal {
    let text = match reason {
        Reason::DisabledPerson => "the person of assertion may not sign in here",
        Reason::AddressNotVerified => "assertion says no verified email, and its sub is not known here",
        _ => "the person of assertion is not known here: they sign in once, or an administrator links them",
    };
    assertion::refuse(reason, text)
}

/// Everything a decision needed, as found.
struct Found {
    owner: Option<UserRow>,
    holder: Option<(UserRow, bool)>,
}

impl Found {
    fn decide(&self, issuer: &IssuerRow, told: &Told) -> Decision {
        let holder = self.holder.as_ref().map(|(user, has)| Holder { user, has_identity_here: *has });
        decide(issuer, told, self.owner.as_ref(), holder)
    }
}

async fn find(ctx: &OAuth, issuer: &IssuerRow, told: &Told) -> Result<Found, Refusal> {
    let store = &ctx.store;
    // The address before the identity: an account that appears in between is then seen with its identity.
    let holder = match told.email.as_deref() {
        Some(email) if !issuer.trusted_domains.is_empty() => store.find_user_by_email(email).await?,
        _ => None,
    };
    let holder = match holder {
        Some(user) => {
            let has = store.has_known_issuer(&user.id, &issuer.issuer).await?;
            Some((user, has))
        }
        None => None,
    };
    let owner = match store.find_identity(&issuer.issuer, &told.subject).await? {
        Some(identity) => store.find_user(&identity.user_id).await?,
        None => None,
    };
    Ok(Found { owner, holder })
}

/// Refuses whom [`enter`] would refuse; changes nothing.
pub async fn check(ctx: &OAuth, issuer: &TrustedIssuer, told: &Told) -> Result<(), Refusal> {
    match find(ctx, &issuer.row, told).await?.decide(&issuer.row, told) {
        Decision::Refuse(reason) => Err(refused(reason)),
        Decision::Owner | Decision::Link | Decision::Create => Ok(()),
    }
}

/// The person, linked or made where that was decided.
pub async fn enter(
    ctx: &OAuth,
    issuer: &TrustedIssuer,
    told: &Told,
    origin: &Origin,
) -> Result<UserRow, Refusal> {
    for _ in 0..3 {
        let found = find(ctx, &issuer.row, told).await?;
        if let Some(user) = carry_out(ctx, &issuer.row, told, found, origin).await? {
            return Ok(user);
        }
        tracing::debug!("somebody was first with an identity or an address; decided once more");
    }
    Err(refused(Reason::UnknownPerson))
}

/// Does what was decided; nothing when that is not possible any more.
async fn carry_out(
    ctx: &OAuth,
    issuer: &IssuerRow,
    told: &Told,
    found: Found,
    origin: &Origin,
) -> Result<Option<UserRow>, Refusal> {
    let (user, how) = match (found.decide(issuer, told), found) {
        (Decision::Owner, Found { owner, .. }) => return Ok(owner),
        (Decision::Refuse(reason), _) => return Err(refused(reason)),
        (Decision::Link, Found { holder: Some((user, _)), .. }) => {
            let identity = new_identity(ctx, issuer, &user, told);
            match ctx.store.add_first_identity(identity, user.email.clone()).await {
                Ok(true) => (user, "trusted_domain"),
                Ok(false) | Err(StoreError::Conflict) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        (Decision::Create, _) => {
            let user = new_user(ctx, told);
            let identity = new_identity(ctx, issuer, &user, told);
            match ctx.store.add_user_with_identity(user.clone(), identity).await {
                Ok(()) => {}
                Err(StoreError::Conflict) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
            let entry = Entry::ok(Event::UserCreated).because("admitted").user(user.id.clone());
            let entry = entry.address(origin.address.clone()).detail(format!("issuer {}", issuer.name));
            ctx.audit.record(entry).await;
            (user, "admitted")
        }
        (Decision::Link, _) => return Ok(None),
    };
    let entry = Entry::ok(Event::IdentityLinked).because(how).user(user.id.clone());
    let entry = entry.address(origin.address.clone()).detail(format!("issuer {}", issuer.name));
    ctx.audit.record(entry).await;
    Ok(Some(user))
}

fn new_identity(ctx: &OAuth, issuer: &IssuerRow, user: &UserRow, told: &Told) -> IdentityRow {
    IdentityRow {
        id: new_id(Kind::Identity, &ctx.clock, &ctx.rng),
        user_id: user.id.clone(),
        issuer: issuer.issuer.clone(),
        subject: told.subject.clone(),
        provider: issuer.name.clone(),
        email: told.email.clone(),
        created_at: ctx.clock.now(),
        last_used_at: Some(ctx.clock.now()),
    }
}

fn new_user(ctx: &OAuth, told: &Told) -> UserRow {
    UserRow {
        id: new_id(Kind::User, &ctx.clock, &ctx.rng),
        email: told.email.clone().unwrap_or_default(),
        name: told.name.clone(),
        password_hash: None,
        is_admin: false,
        created_at: ctx.clock.now(),
        last_login_at: None,
        disabled_at: None,
        version: 1,
        second_factor_required: false,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::trusted_issuers::{IssuerKind, KeysFrom};

    pub fn issuer(domains: &[&str], admits: bool) -> IssuerRow {
        IssuerRow {
            id: "iss_1".into(),
            name: "Acme".into(),
            issuer: "https://id.example".into(),
            kind: IssuerKind::Enterprise,
            keys: KeysFrom::Discovery,
            algorithms: vec!["ES256".into()],
            single_use: true,
            trusted_domains: domains.iter().map(|d| (*d).to_owned()).collect(),
            admits,
            vouches: false,
            client_ids: None,
            scopes: None,
            version: 1,
            created_at: 0,
            updated_at: 0,
            disabled_at: None,
        }
    }

    fn user(disabled_at: Option<i64>) -> UserRow {
        UserRow {
            id: "usr_1".into(),
            email: "ann@example.com".into(),
            name: None,
            password_hash: None,
            is_admin: false,
            created_at: 0,
            last_login_at: None,
            disabled_at,
            version: 1,
            second_factor_required: false,
        }
    }

    fn told(email: &str, verified: bool) -> Told {
        Told { subject: "1".into(), email: Some(email.into()), email_verified: Some(verified), name: None }
    }

    fn holder(user: &UserRow, has_identity_here: bool) -> Holder<'_> {
        Holder { user, has_identity_here }
    }

    #[test]
    fn a_known_identity_is_that_person() {
        let (ann, off, eve) = (user(None), user(Some(1)), told("eve@other.example", false));
        assert_eq!(decide(&issuer(&[], false), &eve, Some(&ann), None), Decision::Owner);
        let refused = Decision::Refuse(Reason::DisabledPerson);
        assert_eq!(decide(&issuer(&[], false), &eve, Some(&off), None), refused);
        // Whoever has the address is of no interest.
        assert_eq!(
            decide(&issuer(&["example.com"], true), &eve, Some(&ann), Some(holder(&off, true))),
            Decision::Owner
        );
    }

    #[test]
    fn an_address_counts_where_its_domain_is_trusted() {
        let ann = user(None);
        let with = |domains: &[&str], told: &Told| {
            decide(&issuer(domains, true), told, None, Some(holder(&ann, false)))
        };
        let unknown = Decision::Refuse(Reason::UnknownPerson);
        let good = told("ann@example.com", true);
        assert_eq!(with(&[], &good), unknown);
        assert_eq!(with(&["other.example"], &good), unknown);
        assert_eq!(with(&["com"], &good), unknown);
        assert_eq!(with(&["example.com"], &told("ann@sub.example.com", true)), unknown);
        let unverified = Decision::Refuse(Reason::AddressNotVerified);
        assert_eq!(with(&["example.com"], &told("ann@example.com", false)), unverified);
        assert_eq!(with(&["example.com"], &Told { email: None, ..good.clone() }), unverified);
        assert_eq!(with(&["example.com"], &good), Decision::Link);
    }

    #[test]
    fn who_vouches_for_its_domains_need_not_say_verified() {
        let ann = user(None);
        let unsaid = |email: &str| Told { email_verified: None, ..told(email, true) };
        let decided = |vouches, told: &Told| {
            let issuer = IssuerRow { vouches, ..issuer(&["example.com"], true) };
            decide(&issuer, told, None, Some(holder(&ann, false)))
        };
        let unverified = Decision::Refuse(Reason::AddressNotVerified);
        assert_eq!(decided(false, &unsaid("ann@example.com")), unverified);
        assert_eq!(decided(true, &unsaid("ann@example.com")), Decision::Link);
        assert_eq!(decided(true, &told("ann@example.com", false)), unverified, "it says that it is not");
        assert_eq!(decided(true, &unsaid("ann@other.example")), Decision::Refuse(Reason::UnknownPerson));
    }

    #[test]
    fn a_trusted_address_leads_in_once() {
        let (ann, off, good) = (user(None), user(Some(1)), told("ann@example.com", true));
        let with = |holder| decide(&issuer(&["example.com"], true), &good, None, holder);
        assert_eq!(with(Some(holder(&ann, false))), Decision::Link);
        assert_eq!(with(Some(holder(&ann, true))), Decision::Refuse(Reason::AddressRecycled));
        assert_eq!(with(Some(holder(&off, false))), Decision::Refuse(Reason::DisabledPerson));
    }

    #[test]
    fn who_has_no_account_gets_one_where_that_is_set() {
        let new = told("new@example.com", true);
        assert_eq!(decide(&issuer(&["example.com"], true), &new, None, None), Decision::Create);
        let unknown = Decision::Refuse(Reason::UnknownPerson);
        assert_eq!(decide(&issuer(&["example.com"], false), &new, None, None), unknown);
        assert_eq!(decide(&issuer(&[], true), &new, None, None), unknown);
    }

    #[test]
    fn what_is_told_is_tamed() {
        let of = |value: Value| Told::of(value.as_object().unwrap()).unwrap();
        let told =
            of(json!({ "sub": "1", "email": "Ann@Example.com", "email_verified": "true", "name": "Ann" }));
        assert_eq!((told.email.as_deref(), told.email_verified), (Some("ann@example.com"), Some(true)));
        let odd = of(json!({ "sub": "1", "email": "änn@example.com", "email_verified": 1, "name": 7 }));
        assert_eq!(odd, Told { subject: "1".into(), email: None, email_verified: Some(false), name: None });
        let silent = of(json!({ "sub": "1", "email": "ann@example.com" }));
        assert_eq!(silent.email_verified, None);
        assert!(Told::of(json!({ "sub": 7 }).as_object().unwrap()).is_err());
    }
}
