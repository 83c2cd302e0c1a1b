//! Who may come in and who administers: disabling, enabling, the administration, deleting.

use super::super::{Actor, Admin, Failure};
use super::{last_admin, not_yourself};
use crate::accounts::{deletion, normal_email};
use crate::audit::Event;
use crate::oauth::connected::take_effect;
use crate::store::users::UserRow;

/// Keeps a person out: sign-ins end and what their apps hold is revoked, at once. Somebody who is kept out already
/// stays so.
pub async fn disable(admin: &Admin, actor: &Actor, id: &str) -> Result<UserRow, Failure> {
    let user = super::find(admin, id).await?;
    not_yourself(actor, &user)?;
    if admin.accounts.store.disable_user(user.id.clone(), admin.accounts.clock.now()).await? {
        admin.api_tokens.forget_all();
        take_effect(&admin.oauth).await;
        admin.oauth.audit.record(actor.did(Event::UserDisabled).user(user.id)).await;
        return super::find(admin, id).await;
    }
    let now = super::find(admin, id).await?;
    if now.disabled_at.is_some() {
        return Ok(now);
    }
    let entry = actor.was_refused(Event::UserDisabled, "last_admin").user(now.id);
    admin.oauth.audit.record(entry).await;
    Err(last_admin())
}

/// Lets a disabled person in again; what was revoked stays revoked.
pub async fn enable(admin: &Admin, actor: &Actor, id: &str) -> Result<UserRow, Failure> {
    let user = super::find(admin, id).await?;
    if admin.accounts.store.enable_user(user.id.clone()).await? {
        admin.oauth.audit.record(actor.did(Event::UserEnabled).user(user.id)).await;
    }
    super::find(admin, id).await
}

/// Makes a person an administrator, or an ordinary person again.
pub async fn set_admin(admin: &Admin, actor: &Actor, id: &str, is_admin: bool) -> Result<UserRow, Failure> {
    let user = super::find(admin, id).await?;
    not_yourself(actor, &user)?;
    let event = if is_admin { Event::AdminGranted } else { Event::AdminRemoved };
    if admin.accounts.store.set_admin(user.id.clone(), is_admin, admin.accounts.clock.now()).await? {
        admin.api_tokens.forget_all();
        admin.oauth.audit.record(actor.did(event).user(user.id)).await;
        return super::find(admin, id).await;
    }
    let now = super::find(admin, id).await?;
    if now.is_admin == is_admin {
        return Ok(now);
    }
    admin.oauth.audit.record(actor.was_refused(event, "last_admin").user(now.id)).await;
    Err(last_admin())
}

/// Deletes a person by the rules of their own deletion; `typed` is the address once more, to confirm.
pub async fn delete(admin: &Admin, actor: &Actor, id: &str, typed: &str) -> Result<UserRow, Failure> {
    let user = super::find(admin, id).await?;
    not_yourself(actor, &user)?;
    if normal_email(typed).as_deref() != Some(user.email.as_str()) {
        return Err(Failure::invalid("email", "Type the e-mail address of the account to confirm."));
    }
    if !deletion::remove(&admin.accounts, &user).await? {
        // Whoever is gone already is not the last administrator.
        super::find(admin, id).await?;
        let entry = actor.was_refused(Event::UserDeleted, "last_admin").user(user.id);
        admin.oauth.audit.record(entry).await;
        return Err(last_admin());
    }
    admin.api_tokens.forget_all();
    take_effect(&admin.oauth).await;
    admin.oauth.audit.record(actor.did(Event::UserDeleted).user(user.id.clone())).await;
    Ok(user)
}
