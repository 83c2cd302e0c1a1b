//! A person's own identities: the last step of adding one, and removing one.
//!
//! | step                                     | answer                       | reason in the audit trail | test |
//! |------------------------------------------|------------------------------|---------------------------|------|
//! | confirm, asked on this browser, in time  | linked                       | `confirmed`               | `a_signed_in_person_adds_an_identity_after_a_look_at_it` |
//! | confirm, asked of somebody else or elsewhere, twice, too late | refuse  | `ceremony_…`              | `the_question_is_answered_once_by_whom_it_was_put_to` |
//! | confirm, somebody has it meanwhile       | refuse                       | `identity_taken`          | `the_question_is_answered_once_by_whom_it_was_put_to` |
//! | remove, another way to sign in is left   | removed                      | `ok`                      | `the_last_way_in_cannot_be_removed` |
//! | remove the last way in                   | refuse                       | `last_way_in`             | `the_last_way_in_cannot_be_removed` |
//! | remove what is not theirs                | refuse                       | `unknown_identity`        | `the_last_way_in_cannot_be_removed` |

use serde::{Deserialize, Serialize};

use super::admission::Refusal;
use super::{Attempt, Failure};
use crate::accounts::ceremony::{self, CeremonyError};
use crate::accounts::second_factor::{Dropped, is_required, may_drop};
use crate::accounts::session::Session;
use crate::accounts::ways_in::{Way, is_left_without};
use crate::accounts::{Accounts, UserRow, notify};
use crate::audit::{Entry, Event};
use crate::mail::Notice;
use crate::store::StoreError;
use crate::store::ceremonies::CeremonyKind;
use crate::store::identities::IdentityRow;
use crate::store::ways_in::Removed;
use crate::types::ids::{Kind, new_id};

/// An identity that waits for the person's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    pub provider: String,
    pub issuer: String,
    pub subject: String,
    pub email: Option<String>,
}

/// Why an identity stays.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    #[error("it is the only way left to sign in")]
    LastWayIn,
    #[error("there is no such identity")]
    Unknown,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The audit entry of an identity that was linked.
pub(super) fn linked(user_id: &str, provider: &str, email: Option<&str>) -> Entry {
    let told = email.unwrap_or("no address");
    Entry::ok(Event::IdentityLinked).user(user_id.to_owned()).detail(format!("provider {provider}, {told}"))
}

/// Adds what the person was asked about.
pub async fn confirm(
    accounts: &Accounts,
    session: &Session,
    secret: &str,
    browser: Option<&str>,
    attempt: &Attempt,
) -> Result<(), Failure> {
    let done = try_confirm(accounts, session, secret, browser).await;
    let entry = match &done {
        Ok(proposal) => {
            linked(&session.user.id, &proposal.provider, proposal.email.as_deref()).because("confirmed")
        }
        Err(failure) => Entry::refused(Event::IdentityLinked, failure.reason())
            .user(session.user.id.clone())
            .reference(attempt.reference.clone()),
    };
    accounts.audit.record(entry.session(session.id.clone()).address(attempt.origin.address.clone())).await;
    if done.is_ok() {
        notify::notify(accounts, &session.user, Notice::ProviderLinked, &attempt.origin);
    }
    done.map(|_| ())
}

async fn try_confirm(
    accounts: &Accounts,
    session: &Session,
    secret: &str,
    browser: Option<&str>,
) -> Result<Proposal, Failure> {
    let row = ceremony::find(accounts, CeremonyKind::LinkIdentity, secret, browser).await;
    let row = row.map_err(Failure::Ceremony)?;
    if row.user_id.as_ref() != Some(&session.user.id) {
        return Err(Failure::NotSignedIn);
    }
    let proposal: Proposal = ceremony::data(&row)?;
    let now = accounts.clock.now();
    let identity = IdentityRow {
        id: new_id(Kind::Identity, &accounts.clock, &accounts.rng),
        user_id: session.user.id.clone(),
        issuer: proposal.issuer.clone(),
        subject: proposal.subject.clone(),
        provider: proposal.provider.clone(),
        email: proposal.email.clone(),
        created_at: now,
        last_used_at: None,
    };
    match accounts.store.link_identity(identity, row.id, now).await {
        Ok(true) => Ok(proposal),
        Ok(false) => Err(Failure::Ceremony(CeremonyError::Spent)),
        Err(StoreError::Conflict) => Err(Failure::Refused(Refusal::IdentityTaken, proposal.email)),
        Err(error) => Err(error.into()),
    }
}

/// Removes one of the person's identities, unless nothing else would let them in.
pub async fn remove(
    accounts: &Accounts,
    user: &UserRow,
    id: &str,
    attempt: &Attempt,
) -> Result<(), RemoveError> {
    let done = try_remove(accounts, user, id).await;
    let entry = match &done {
        Ok(()) => Entry::ok(Event::IdentityUnlinked),
        Err(RemoveError::LastWayIn) => Entry::refused(Event::IdentityUnlinked, "last_way_in"),
        Err(RemoveError::Unknown) => Entry::refused(Event::IdentityUnlinked, "unknown_identity"),
        Err(RemoveError::Store(_)) => Entry::refused(Event::IdentityUnlinked, "store_unavailable"),
    };
    let entry = entry.user(user.id.clone()).reference(attempt.reference.clone());
    accounts.audit.record(entry.address(attempt.origin.address.clone())).await;
    if done.is_ok() {
        notify::notify(accounts, user, Notice::ProviderUnlinked, &attempt.origin);
    }
    done
}

async fn try_remove(accounts: &Accounts, user: &UserRow, id: &str) -> Result<(), RemoveError> {
    let providers = accounts.upstream.clone();
    let way = Way::Identity(id.to_owned());
    let (required, dropped) = (is_required(accounts, user), Dropped::Identity(id.to_owned()));
    let may = move |ways: &_| {
        is_left_without(ways, &way, |issuer| providers.knows_issuer(issuer))
            && may_drop(required, ways, &dropped, |issuer| providers.asks_for_two(issuer))
    };
    match accounts.store.remove_identity(id.to_owned(), user.id.clone(), accounts.clock.now(), may).await? {
        Removed::Done => Ok(()),
        Removed::Kept => Err(RemoveError::LastWayIn),
        Removed::Unknown => Err(RemoveError::Unknown),
    }
}
