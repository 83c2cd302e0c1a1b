//! What follows once a person has proved who they are, whichever way: the one door to a session.
//!
//! | the person                    | proved          | answer                                 | reason in the audit trail |
//! |-------------------------------|-----------------|----------------------------------------|---------------------------|
//! | was disabled meanwhile        | any             | [`SignInError::Disabled`]              | `disabled_person`         |
//! | has an authenticator app      | one factor      | [`SignedIn::SecondFactor`]: no session yet | none; `second_step` goes on |
//! | was changed meanwhile: disabled, a new password, an app set up | any | [`SignInError::Changed`] | `account_changed` |
//! | may come in                   | enough          | a new session; the browser's earlier one ends | `ok`, detail: how  |
//!
//! | the browser                   | also                                    | audit trail               |
//! |-------------------------------|-----------------------------------------|---------------------------|
//! | is known, or the first ever   | nothing                                 | nothing                   |
//! | is new, and others were known | a letter to the person                  | `session.new_browser`     |

use super::{Accounts, notify, second_step, session, words};
use crate::audit::{Entry, Event};
use crate::mail::Letter;
use crate::oauth::{Origin, flow};
use crate::store::StoreError;
use crate::store::known_browsers::Acquaintance;
use crate::store::users::UserRow;
use crate::types::{FirstFactor, Hashed, Plain, Proof, Timestamp};

/// The browser somebody signs in on.
#[derive(Clone, Debug, Default)]
pub struct Device {
    pub origin: Origin,
    pub user_agent: Option<String>,
    /// The browser cookie it carried: what takes more than one step is bound to it, and it tells a new browser.
    pub browser: Option<String>,
    /// The session cookie it carried: whoever was signed in there is not any more.
    pub earlier_session: Option<String>,
}

/// What somebody has shown, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    pub proof: Proof,
    /// When, where that was earlier than now: at another provider.
    pub at: Option<Timestamp>,
}

impl From<Proof> for Shown {
    fn from(proof: Proof) -> Self {
        Self { proof, at: None }
    }
}

impl From<FirstFactor> for Shown {
    fn from(first: FirstFactor) -> Self {
        Proof::from(first).into()
    }
}

/// What a proof leads to.
#[derive(Debug)]
pub enum SignedIn {
    /// The session cookie's value.
    Session(Plain<String>),
    /// A code is still to come: the secret with which the login goes on.
    SecondFactor(Plain<String>),
}

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    #[error("the account is disabled")]
    Disabled,
    /// Since they were looked at: sign in again.
    #[error("the account was changed meanwhile")]
    Changed,
    /// A second step is needed, and nothing tells this browser from another.
    #[error("the browser sent no cookie")]
    NoBrowser,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Signs a person in who has proved who they are. `return_to` is where a second step leads afterwards.
pub async fn complete(
    accounts: &Accounts,
    user: &UserRow,
    shown: Shown,
    device: &Device,
    return_to: &str,
) -> Result<SignedIn, SignInError> {
    let address = device.origin.address.clone();
    let refused =
        |reason: &str| Entry::refused(Event::Login, reason).user(user.id.clone()).address(address.clone());
    if user.disabled_at.is_some() {
        accounts.audit.record(refused("disabled_person")).await;
        return Err(SignInError::Disabled);
    }
    let proof = shown.proof;
    if !proof.is_multi_factor() && accounts.store.find_totp(&user.id).await?.is_some() {
        let browser = device.browser.as_deref().ok_or(SignInError::NoBrowser)?;
        let secret = second_step::begin(accounts, user, shown, browser, return_to).await?;
        return Ok(SignedIn::SecondFactor(secret));
    }
    let Some((id, cookie)) = session::start(accounts, user, shown, device).await? else {
        accounts.audit.record(refused("account_changed")).await;
        return Err(SignInError::Changed);
    };
    if let Some(earlier) = &device.earlier_session {
        end_earlier(accounts, earlier).await;
    }
    let entry = Entry::ok(Event::Login)
        .user(user.id.clone())
        .session(id.clone())
        .address(address)
        .flow(flow::of_return(&accounts.master, return_to))
        .detail(format!("with {}", proof.as_str()));
    accounts.audit.record(entry).await;
    if let Err(error) = note_browser(accounts, user, device, id).await {
        tracing::warn!(%error, "whether a browser is new could not be told");
    }
    Ok(SignedIn::Session(cookie))
}

/// Tells the person when somebody signed in on a browser that never did before.
async fn note_browser(
    accounts: &Accounts,
    user: &UserRow,
    device: &Device,
    session: String,
) -> Result<(), StoreError> {
    let Some(browser) = device.browser.as_deref().map(Hashed::of) else { return Ok(()) };
    let now = accounts.clock.now();
    if accounts.store.see_browser(user.id.clone(), browser, now).await? != Acquaintance::New {
        return Ok(());
    }
    let user_agent = device.user_agent.as_deref();
    let entry = Entry::ok(Event::NewBrowser)
        .user(user.id.clone())
        .session(session)
        .address(device.origin.address.clone())
        .detail(words::device(user_agent));
    accounts.audit.record(entry).await;
    let mut occasion = notify::occasion(accounts, &device.origin, user_agent);
    occasion.device.get_or_insert_with(|| words::device(None));
    accounts.mail.send(&user.email, &Letter::NewBrowser(occasion));
    Ok(())
}

async fn end_earlier(accounts: &Accounts, cookie: &str) {
    if let Ok(Some(session)) = session::find(accounts, cookie).await
        && let Err(error) = session::end(accounts, &session.id).await
    {
        tracing::warn!(%error, "an earlier session could not be ended");
    }
}
