//! Signing in with e-mail and password.
//!
//! | attempt                                      | answer                              | reason in the audit trail |
//! |----------------------------------------------|-------------------------------------|---------------------------|
//! | too many from this place                     | "too many attempts", with a time    | `rate_limited`            |
//! | unknown address, no password, wrong password | one and the same sentence, one time | `unknown_email`, `no_password`, `wrong_password` |
//! | right password, account disabled             | the same sentence                   | `disabled_person`         |
//! | right                                        | a new session                       | `ok`                      |

use super::throttle::Throttled;
use super::{Accounts, normal_email, session};
use crate::audit::{Entry, Event};
use crate::oauth::Origin;
use crate::store::StoreError;
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

/// Tries to sign in. Returns the new session's cookie value.
pub async fn attempt(
    accounts: &Accounts,
    email: &str,
    password: Plain<String>,
    user_agent: Option<String>,
    origin: &Origin,
) -> Result<Plain<String>, LoginError> {
    let address = origin.address.clone().unwrap_or_default();
    let entry = |reason: &str| Entry::refused(Event::Login, reason).address(origin.address.clone());
    let typed = normal_email(email).unwrap_or_default();
    if let Err(throttled) = accounts.throttle.login(&typed, &address) {
        accounts.audit.record(entry("rate_limited")).await;
        return Err(LoginError::Throttled(throttled));
    }
    let user = accounts.store.find_user_by_email(&typed).await?;
    let hash = user.as_ref().and_then(|u| u.password_hash.clone());
    let has_hash = hash.is_some();
    let matches = accounts.passwords.verify(password, hash).await?;
    let reason = match &user {
        None => "unknown_email",
        Some(_) if !has_hash => "no_password",
        Some(_) if !matches => "wrong_password",
        Some(user) if user.disabled_at.is_some() => "disabled_person",
        Some(user) => {
            let cookie = session::start(accounts, user, user_agent, origin).await?;
            let ok = Entry::ok(Event::Login).user(user.id.clone()).address(origin.address.clone());
            accounts.audit.record(ok).await;
            return Ok(cookie);
        }
    };
    accounts.audit.record(entry(reason).user(user.map(|u| u.id))).await;
    Err(LoginError::WrongCredentials)
}
