//! A new password for whoever has lost theirs, by a link that goes to their mailbox.
//!
//! The answer is the same, and as fast, whoever asks: everything below happens after it was given.
//!
//! | asked for                                       | effect                       | reason in the audit trail |
//! |-------------------------------------------------|------------------------------|---------------------------|
//! | no such person, or a disabled one               | nothing                      | `unknown_email`, `disabled_person` |
//! | one whose mailbox got three links within the hour | nothing                    | `rate_limited`            |
//! | anybody else                                    | a link that works for an hour| `ok`                      |
//! | too many requests at once                       | nothing, logged              | nothing                   |

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{Accounts, links, normal_email};
use crate::audit::{Entry, Event};
use crate::mail::Letter;
use crate::oauth::Origin;
use crate::store::StoreError;
use crate::types::Plain;

/// How many requests are looked into at once.
const AT_ONCE: usize = 32;

/// Looks into requests after they were answered; clones share the bound.
#[derive(Clone)]
pub struct Forgot(Arc<Semaphore>);

impl Default for Forgot {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

/// Takes a request. Returns at once, and tells nothing.
pub fn ask(accounts: &Accounts, typed: &str, origin: &Origin) {
    let Ok(place) = Arc::clone(&accounts.forgot.0).try_acquire_owned() else {
        tracing::warn!("a request for a new password was dropped: too many at once");
        return;
    };
    let (accounts, origin) = (accounts.clone(), origin.clone());
    let typed = normal_email(typed).unwrap_or_default();
    tokio::spawn(async move {
        if let Err(error) = answer(&accounts, &typed, &origin).await {
            tracing::error!(%error, "a request for a new password came to nothing");
        }
        drop(place);
    });
}

async fn answer(accounts: &Accounts, email: &str, origin: &Origin) -> Result<(), StoreError> {
    let refuse = |reason: &str, user: Option<String>| {
        Entry::refused(Event::ResetLinkCreated, reason).user(user).address(origin.address.clone())
    };
    let Some(user) = accounts.store.find_user_by_email(email).await? else {
        accounts.audit.record(refuse("unknown_email", None)).await;
        return Ok(());
    };
    if user.disabled_at.is_some() {
        accounts.audit.record(refuse("disabled_person", Some(user.id))).await;
        return Ok(());
    }
    if accounts.throttle.mail(&user.id).is_err() {
        accounts.audit.record(refuse("rate_limited", Some(user.id))).await;
        return Ok(());
    }
    let link = links::create_by_mail(accounts, &user.id).await?;
    let path = Plain::new(format!("/reset?token={}", link.expose()));
    accounts.mail.send(&user.email, &Letter::Reset { link: path, life: "an hour" });
    let entry = Entry::ok(Event::ResetLinkCreated)
        .user(user.id)
        .address(origin.address.clone())
        .detail("asked for on the login page");
    accounts.audit.record(entry).await;
    Ok(())
}
