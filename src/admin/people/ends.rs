//! Ending what a person has: sign-ins, logins at other providers, apps. Allowed to oneself too.

use super::super::{Actor, Admin, Failure};
use crate::accounts::notify;
use crate::audit::Event;
use crate::mail::Notice;
use crate::oauth::Origin;
use crate::oauth::connected::take_effect;
use crate::store::ways_in::Removed;

/// One thing by its id, or all of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which<'a> {
    One(&'a str),
    All,
}

impl<'a> Which<'a> {
    /// `all`, or an id.
    pub fn parse(text: &'a str) -> Self {
        if text == "all" { Self::All } else { Self::One(text) }
    }
}

/// Ends one sign-in of a person, or every one. Returns how many.
///
/// # Errors
/// [`Failure::NotFound`] for a sign-in that is not theirs or has ended.
pub async fn end_sessions(admin: &Admin, actor: &Actor, id: &str, which: Which<'_>) -> Result<u64, Failure> {
    let user = super::find(admin, id).await?;
    let (store, now) = (&admin.accounts.store, admin.accounts.clock.now());
    let ended = match which {
        Which::One(session) => {
            u64::from(store.end_session_of_user(session.to_owned(), user.id.clone(), now).await?)
        }
        Which::All => store.end_other_sessions(user.id.clone(), String::new(), now).await?,
    };
    if ended == 0 {
        return if which == Which::All { Ok(0) } else { Err(Failure::NotFound) };
    }
    let reason = if which == Which::All { "all" } else { "one" };
    let entry = actor.did(Event::SessionEnded).because(reason).user(user.id);
    admin.oauth.audit.record(entry.detail(format!("ended: {ended}"))).await;
    Ok(ended)
}

/// Removes a login at another provider, also the last way in: the person can be given a link to choose a password.
/// Nobody from that provider is linked by address alone any more.
pub async fn remove_identity(admin: &Admin, actor: &Actor, id: &str, identity: &str) -> Result<(), Failure> {
    let user = super::find(admin, id).await?;
    let now = admin.accounts.clock.now();
    let removed =
        admin.accounts.store.remove_identity(identity.to_owned(), user.id.clone(), now, |_| true).await?;
    if removed != Removed::Done {
        return Err(Failure::NotFound);
    }
    admin.oauth.audit.record(actor.did(Event::IdentityUnlinked).user(user.id.clone())).await;
    notify::notify(&admin.accounts, &user, Notice::ProviderUnlinked, &Origin::default());
    Ok(())
}

/// Disconnects one app of a person, by the id of its consent, or every one.
///
/// # Errors
/// [`Failure::NotFound`] for an app that is not connected.
pub async fn end_apps(admin: &Admin, actor: &Actor, id: &str, which: Which<'_>) -> Result<(), Failure> {
    let user = super::find(admin, id).await?;
    let (store, now) = (&admin.oauth.store, admin.oauth.clock.now());
    let entry = actor.did(Event::ConsentWithdrawn).user(user.id.clone());
    let entry = match which {
        Which::One(consent) => {
            let found = store.withdraw_consent(consent.to_owned(), user.id, now).await?;
            let (client, resource) = found.ok_or(Failure::NotFound)?;
            entry.client(client).resource(resource)
        }
        Which::All => {
            let count = store.withdraw_all_consents(user.id, now).await?;
            entry.because("all").detail(format!("apps: {count}"))
        }
    };
    take_effect(&admin.oauth).await;
    admin.oauth.audit.record(entry).await;
    Ok(())
}
