//! The second factor of a person: wanting one of them, and taking away what they have lost.

use super::super::{Actor, Admin, Failure};
use super::not_yourself;
use crate::accounts::notify;
use crate::audit::Event;
use crate::mail::Notice;
use crate::oauth::Origin;
use crate::store::users::UserRow;

/// Wants a second factor of a person, whatever the general rule says; or no more than the general rule.
pub async fn require(admin: &Admin, actor: &Actor, id: &str, required: bool) -> Result<UserRow, Failure> {
    let user = super::find(admin, id).await?;
    not_yourself(actor, &user)?;
    if admin.accounts.store.require_second_factor(user.id.clone(), required).await? {
        let event = if required { Event::SecondFactorRequired } else { Event::SecondFactorOptional };
        admin.oauth.audit.record(actor.did(event).user(user.id)).await;
    }
    super::find(admin, id).await
}

/// Removes authenticator app, recovery codes and passkeys of somebody who has lost them, and ends their sign-ins.
pub async fn clear(admin: &Admin, actor: &Actor, id: &str) -> Result<UserRow, Failure> {
    let user = super::find(admin, id).await?;
    not_yourself(actor, &user)?;
    admin.accounts.store.clear_second_factor(user.id.clone(), admin.accounts.clock.now()).await?;
    let entry = actor.did(Event::SecondFactorOff).because("administrator").user(user.id.clone());
    admin.oauth.audit.record(entry).await;
    notify::notify(&admin.accounts, &user, Notice::SecondFactorOff, &Origin::default());
    Ok(user)
}
