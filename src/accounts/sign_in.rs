//! What follows once a person has proved who they are, whichever way: the one door to a session.
//!
//! | the person                    | answer                                 | reason in the audit trail |
//! |-------------------------------|----------------------------------------|---------------------------|
//! | was disabled meanwhile        | [`SignInError::Disabled`]              | `disabled_person`         |
//! | may come in                   | a new session; the browser's earlier one ends | `ok`, detail: how  |

use super::{Accounts, session};
use crate::audit::{Entry, Event};
use crate::oauth::Origin;
use crate::store::StoreError;
use crate::store::users::UserRow;
use crate::types::{Plain, Proof};

/// The browser somebody signs in on.
#[derive(Clone, Debug, Default)]
pub struct Device {
    pub origin: Origin,
    pub user_agent: Option<String>,
    /// The session cookie it carried: whoever was signed in there is not any more.
    pub earlier_session: Option<String>,
}

/// What a proof leads to.
#[derive(Debug)]
pub enum SignedIn {
    /// The session cookie's value.
    Session(Plain<String>),
}

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    #[error("the account is disabled")]
    Disabled,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Signs a person in who has proved who they are.
pub async fn complete(
    accounts: &Accounts,
    user: &UserRow,
    proof: Proof,
    device: &Device,
) -> Result<SignedIn, SignInError> {
    let address = device.origin.address.clone();
    if user.disabled_at.is_some() {
        let entry = Entry::refused(Event::Login, "disabled_person").user(user.id.clone()).address(address);
        accounts.audit.record(entry).await;
        return Err(SignInError::Disabled);
    }
    let (id, cookie) = session::start(accounts, user, proof, device).await?;
    if let Some(earlier) = &device.earlier_session {
        end_earlier(accounts, earlier).await;
    }
    let entry = Entry::ok(Event::Login)
        .user(user.id.clone())
        .session(id)
        .address(address)
        .detail(format!("with {}", proof.as_str()));
    accounts.audit.record(entry).await;
    Ok(SignedIn::Session(cookie))
}

async fn end_earlier(accounts: &Accounts, cookie: &str) {
    if let Ok(Some(session)) = session::find(accounts, cookie).await
        && let Err(error) = session::end(accounts, &session.id).await
    {
        tracing::warn!(%error, "an earlier session could not be ended");
    }
}
