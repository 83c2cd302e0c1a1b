//! Carrying out what [`admission`] decides, each time with statements that hold only as long as what
//! was decided upon is still true. When somebody was first, it is decided once more.

use super::admission::{self, Decision, Facts, Holder, Refusal, Started, Told};
use super::id_token::LEEWAY;
use super::provider::Provider;
use super::{Attempt, Failure, Purpose, identities, link_failure};
use crate::accounts::links::{self, LinkError};
use crate::accounts::session::Session;
use crate::accounts::sign_in::Shown;
use crate::accounts::{Accounts, ceremony, notify};
use crate::audit::{Entry, Event};
use crate::mail::Notice;
use crate::store::StoreError;
use crate::store::ceremonies::{CeremonyKind, CeremonyRow};
use crate::store::identities::IdentityRow;
use crate::store::links::{LinkPurpose, LinkRow};
use crate::store::users::UserRow;
use crate::types::ids::{Kind, new_id};
use crate::types::{FirstFactor, Plain};

/// What a visit to a provider led to.
#[derive(Debug)]
pub enum Outcome {
    /// Somebody proved who they are; the door to a session follows. Then on to this path, or the usual one.
    SignIn { user: UserRow, shown: Shown, return_to: Option<String> },
    /// The signed-in person is asked whether to add it; the secret continues.
    Ask { secret: Plain<String>, proposal: identities::Proposal },
    /// They have it already.
    AlreadyLinked,
}

/// Everything a decision needed, as found.
struct Found {
    owner: Option<(UserRow, IdentityRow)>,
    invited: Option<(UserRow, LinkRow)>,
    linking: Option<UserRow>,
    holder: Option<(UserRow, bool)>,
}

/// Lets in whom the provider vouches for, or not.
pub(super) async fn enter(
    accounts: &Accounts,
    provider: &Provider,
    ceremony: &CeremonyRow,
    purpose: &Purpose,
    session: Option<&Session>,
    told: &Told,
    attempt: &Attempt,
) -> Result<Outcome, Failure> {
    for _ in 0..3 {
        let found = find(accounts, ceremony, purpose, session, told).await?;
        let started = match (&found.invited, &found.linking) {
            (Some((user, _)), _) => Started::Invitation(user),
            (None, Some(user)) => Started::Link(user),
            (None, None) => Started::Login,
        };
        let holder = found.holder.as_ref().map(|(user, has)| Holder { user, has_identity_here: *has });
        let owner = found.owner.as_ref().map(|(user, _)| user);
        let facts = Facts { told, started, owner, holder, policy: &provider.policy };
        let decision = admission::decide(&facts);
        let done = carry_out(accounts, provider, ceremony, decision, &found, told, attempt).await;
        match done {
            // Somebody was first with the identity, the address or the link.
            Ok(None) | Err(Failure::Store(StoreError::Conflict)) => {}
            Ok(Some(Outcome::SignIn { user, shown, .. })) => {
                let return_to = match purpose {
                    Purpose::Login { return_to } => Some(return_to.clone()),
                    Purpose::Invitation { .. } | Purpose::Link => None,
                };
                return Ok(Outcome::SignIn { user, shown, return_to });
            }
            Ok(Some(outcome)) => return Ok(outcome),
            Err(failure) => return Err(failure),
        }
    }
    Err(Failure::Refused(Refusal::IdentityTaken, told.email.clone()))
}

async fn find(
    accounts: &Accounts,
    ceremony: &CeremonyRow,
    purpose: &Purpose,
    session: Option<&Session>,
    told: &Told,
) -> Result<Found, Failure> {
    let store = &accounts.store;
    // The address before the identity: an account that appears in between is then seen with its identity.
    let holder = match (purpose, &told.email) {
        (Purpose::Login { .. }, Some(email)) => store.find_user_by_email(email).await?,
        _ => None,
    };
    let holder = match holder {
        Some(user) => {
            let has = store.has_known_issuer(&user.id, &told.issuer).await?;
            Some((user, has))
        }
        None => None,
    };
    let owner = match store.find_identity(&told.issuer, &told.subject).await? {
        Some(identity) => store.find_user(&identity.user_id).await?.map(|user| (user, identity)),
        None => None,
    };
    let mut found = Found { owner, invited: None, linking: None, holder };
    match purpose {
        Purpose::Login { .. } => {}
        Purpose::Invitation { link_id } => {
            match store.find_link(link_id, LinkPurpose::Invite, accounts.clock.now()).await? {
                Some(link) => {
                    let user = links::person_of(accounts, &link).await.map_err(link_failure)?;
                    found.invited = Some((user, link));
                }
                // Accepted with this very identity a moment ago, in another tab.
                None if found
                    .owner
                    .as_ref()
                    .is_some_and(|(u, _)| Some(&u.id) == ceremony.user_id.as_ref()) => {}
                None => return Err(link_failure(LinkError::Dead)),
            }
        }
        Purpose::Link => {
            let same = session.filter(|s| Some(&s.user.id) == ceremony.user_id.as_ref());
            found.linking = Some(same.ok_or(Failure::NotSignedIn)?.user.clone());
        }
    }
    Ok(found)
}

/// Does what was decided; `None` when that is not possible any more.
async fn carry_out(
    accounts: &Accounts,
    provider: &Provider,
    ceremony: &CeremonyRow,
    decision: Decision,
    found: &Found,
    told: &Told,
    attempt: &Attempt,
) -> Result<Option<Outcome>, Failure> {
    let (store, now) = (&accounts.store, accounts.clock.now());
    let identity = |user: &UserRow| new_identity(accounts, provider, user, told);
    let (user, linked) = match (decision, found) {
        (Decision::Refuse(refusal), _) => return Err(Failure::Refused(refusal, told.email.clone())),
        (Decision::AlreadyLinked, _) => return Ok(Some(Outcome::AlreadyLinked)),
        (Decision::Ask, _) => return ask(accounts, provider, ceremony, told).await.map(Some),
        (Decision::SignIn, Found { owner: Some((user, row)), invited, .. }) => {
            store.identity_used(row.id.clone(), told.email.clone(), now).await?;
            if let Some((_, link)) = invited {
                store.spend_link(link.id.clone(), link.hash.clone(), now).await?;
            }
            (user.clone(), None)
        }
        (Decision::LinkInvited, Found { invited: Some((user, link)), .. }) => {
            if !store.accept_with_identity(link.clone(), identity(user), now).await? {
                return Ok(None);
            }
            let entry = Entry::ok(Event::InvitationAccepted).user(user.id.clone());
            accounts.audit.record(entry.address(attempt.origin.address.clone())).await;
            (user.clone(), Some("invitation"))
        }
        (Decision::LinkByAddress, Found { holder: Some((user, _)), .. }) => {
            if !store.add_first_identity(identity(user), user.email.clone()).await? {
                return Ok(None);
            }
            (user.clone(), Some("trusted_domain"))
        }
        (Decision::Create, _) => {
            let email = told.email.clone().unwrap_or_default();
            let user = links::new_user(accounts, email, told.name.clone(), None, false);
            store.add_user_with_identity(user.clone(), identity(&user)).await?;
            let entry = Entry::ok(Event::UserCreated).because("admitted").user(user.id.clone());
            let entry = entry.address(attempt.origin.address.clone());
            accounts.audit.record(entry.detail(format!("provider {}", provider.name))).await;
            (user, Some("admitted"))
        }
        (Decision::SignIn | Decision::LinkInvited | Decision::LinkByAddress, _) => return Ok(None),
    };
    if let Some(how) = linked {
        let entry = identities::linked(&user.id, &provider.name, told.email.as_deref());
        accounts.audit.record(entry.because(how).address(attempt.origin.address.clone())).await;
        if decision == Decision::LinkByAddress {
            // Nobody was asked.
            notify::notify(accounts, &user, Notice::ProviderLinked, &attempt.origin);
        }
    }
    let first = if provider.second_factor { FirstFactor::MultiFactorProvider } else { FirstFactor::Provider };
    // A clock that is off a little makes no login old.
    let at = told.auth_time.filter(|at| now.saturating_sub(*at) > LEEWAY);
    Ok(Some(Outcome::SignIn { user, shown: Shown { proof: first.into(), at }, return_to: None }))
}

/// Puts the identity before the signed-in person.
async fn ask(
    accounts: &Accounts,
    provider: &Provider,
    ceremony: &CeremonyRow,
    told: &Told,
) -> Result<Outcome, Failure> {
    let proposal = identities::Proposal {
        provider: provider.name.clone(),
        issuer: told.issuer.clone(),
        subject: told.subject.clone(),
        email: told.email.clone(),
    };
    // The same browser: the ceremony that led here was found by its cookie.
    let secret = ceremony::begin_for(
        accounts,
        CeremonyKind::LinkIdentity,
        ceremony.browser.clone(),
        ceremony.user_id.clone(),
        &proposal,
    )
    .await?;
    Ok(Outcome::Ask { secret, proposal })
}

fn new_identity(accounts: &Accounts, provider: &Provider, user: &UserRow, told: &Told) -> IdentityRow {
    let now = accounts.clock.now();
    IdentityRow {
        id: new_id(Kind::Identity, &accounts.clock, &accounts.rng),
        user_id: user.id.clone(),
        issuer: told.issuer.clone(),
        subject: told.subject.clone(),
        provider: provider.name.clone(),
        email: told.email.clone(),
        created_at: now,
        last_used_at: Some(now),
    }
}
