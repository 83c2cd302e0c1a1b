//! Signing in with e-mail and password.
//!
//! | attempt                                      | answer                              | reason in the audit trail |
//! |----------------------------------------------|-------------------------------------|---------------------------|
//! | too many from this place                     | "too many attempts", with a time    | `rate_limited`            |
//! | unknown address, no password, wrong password | one and the same sentence, one time | `unknown_email`, `no_password`, `wrong_password` |
//! | right password, account disabled             | the same sentence                   | `disabled_person`         |
//! | right                                        | the person; `sign_in` goes on       | see there                 |

use super::throttle::Throttled;
use super::{Accounts, normal_email};
use crate::audit::{Entry, Event};
use crate::oauth::{Origin, flow};
use crate::store::StoreError;
use crate::store::users::UserRow;
use crate::types::Plain;

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error("That e-mail address and password do not belong together.")]
    WrongCredentials,
    #[error("Too many attempts from here. Try again in {} seconds.", .0.retry_after)]
    Throttled(Throttled),
    #[error("Signing in is not possible right now.")]
    Store(#[from] StoreError),
    #[error("Signing in is not possible right now.")]
    Hash(#[from] super::password::HashFailed),
}

/// Checks a password. Returns the person it belongs to. `return_to` is where the login leads: a refusal belongs to the
/// story of the authorization that waits there.
pub async fn attempt(
    accounts: &Accounts,
    email: &str,
    password: Plain<String>,
    return_to: &str,
    origin: &Origin,
) -> Result<UserRow, LoginError> {
    let address = origin.address.clone().unwrap_or_default();
    let entry = |reason: &str| {
        Entry::refused(Event::Login, reason)
            .flow(flow::of_return(&accounts.master, return_to))
            .address(origin.address.clone())
    };
    let typed = normal_email(email).unwrap_or_default();
    if let Err(throttled) = accounts.throttle.login(&typed, &address) {
        accounts.audit.record(entry("rate_limited")).await;
        return Err(LoginError::Throttled(throttled));
    }
    let user = accounts.store.find_user_by_email(&typed).await?;
    let hash = user.as_ref().and_then(|u| u.password_hash.clone());
    let (id, has_hash) = (user.as_ref().map(|u| u.id.clone()), hash.is_some());
    let matches = accounts.passwords.verify(password, hash).await?;
    let reason = match user {
        None => "unknown_email",
        Some(_) if !has_hash => "no_password",
        Some(_) if !matches => "wrong_password",
        Some(ref user) if user.disabled_at.is_some() => "disabled_person",
        Some(user) => return Ok(user),
    };
    accounts.audit.record(entry(reason).user(id)).await;
    Err(LoginError::WrongCredentials)
}
