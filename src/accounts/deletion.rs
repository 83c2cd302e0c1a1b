//! Deleting an account.
//! Law: decision 0011.
//!
//! | the person                                   | answer                                  | reason in the audit trail |
//! |----------------------------------------------|-----------------------------------------|---------------------------|
//! | typed another address than their own         | refused, nothing changed                | `not_confirmed`           |
//! | is the last administrator who can sign in    | refused, nothing changed                | `last_admin`              |
//! | anybody else                                 | gone: grants revoked, sessions ended, everything else deleted | `ok` |

use super::{Accounts, normal_email, notify};
use crate::audit::{Entry, Event};
use crate::mail::Notice;
use crate::oauth::Origin;
use crate::store::StoreError;
use crate::store::users::UserRow;

/// Why an account was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeletionError {
    #[error("Type the e-mail address of this account to confirm.")]
    NotConfirmed,
    #[error(
        "This is the only administrator who can sign in. Make somebody else an administrator first, under Administration."
    )]
    LastAdmin,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Deletes an account whose owner typed its address. What was revoked takes effect once the caller has made the
/// authorization server look.
pub async fn delete(
    accounts: &Accounts,
    user: &UserRow,
    typed: &str,
    origin: &Origin,
) -> Result<(), DeletionError> {
    let record =
        |entry: Entry| accounts.audit.record(entry.user(user.id.clone()).address(origin.address.clone()));
    if normal_email(typed).as_deref() != Some(user.email.as_str()) {
        record(Entry::refused(Event::UserDeleted, "not_confirmed")).await;
        return Err(DeletionError::NotConfirmed);
    }
    if !remove(accounts, user).await? {
        record(Entry::refused(Event::UserDeleted, "last_admin")).await;
        return Err(DeletionError::LastAdmin);
    }
    record(Entry::ok(Event::UserDeleted)).await;
    Ok(())
}

/// Deletes an account, whoever wants it, and tells the person by mail. `false`, with nothing changed, for the last
/// administrator who can sign in, and for somebody who is gone.
pub async fn remove(accounts: &Accounts, user: &UserRow) -> Result<bool, StoreError> {
    let done = accounts.store.delete_user(user.id.clone(), accounts.clock.now()).await?;
    if done {
        notify::notify(accounts, user, Notice::AccountDeleted, &Origin::default());
    }
    Ok(done)
}
