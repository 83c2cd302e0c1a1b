//! Changing name and address.
//!
//! | written                        | result                                                                   |
//! |--------------------------------|--------------------------------------------------------------------------|
//! | the same as before             | nothing changes                                                          |
//! | from an older version          | refused: somebody else was faster                                        |
//! | another name                   | changed, in tokens' answers too                                          |
//! | another address                | changed; links and half-done logins end, sign-ins stay, the old mailbox is told |
//! | somebody else's address        | refused                                                                  |
//!
//! Logins at other providers stay linked: they are known by issuer and subject, never by address.

use super::super::{Actor, Admin, Failure};
use super::make::{read, taken};
use crate::accounts::notify;
use crate::audit::Event;
use crate::mail::Notice;
use crate::oauth::Origin;
use crate::store::StoreError;
use crate::store::people::PersonEdit;
use crate::store::users::UserRow;

/// What is written about somebody who is there.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    pub email: String,
    pub name: String,
    /// The version it was made from.
    pub version: i64,
}

/// Changes name and address.
///
/// # Errors
/// [`Failure::Changed`] when the person was changed since; [`Failure::Invalid`] for a bad name, and a bad or taken
/// address.
pub async fn edit(admin: &Admin, actor: &Actor, id: &str, edit: Edit) -> Result<UserRow, Failure> {
    let user = super::find(admin, id).await?;
    let (email, name) = read(&edit.email, &edit.name)?;
    if user.version != edit.version {
        return Err(Failure::Changed);
    }
    let (new_address, new_name) = (email != user.email, name != user.name);
    if !new_address && !new_name {
        return Ok(user);
    }
    let row = PersonEdit { name, email, version: edit.version };
    let now = admin.accounts.clock.now();
    match admin.accounts.store.edit_person(user.id.clone(), row, new_address, now).await {
        Ok(true) => {}
        Ok(false) => return Err(Failure::Changed),
        Err(StoreError::Conflict) => return Err(taken()),
        Err(error) => return Err(error.into()),
    }
    let audit = &admin.oauth.audit;
    if new_name {
        audit.record(actor.did(Event::UserRenamed).user(user.id.clone())).await;
    }
    if new_address {
        audit.record(actor.did(Event::UserReaddressed).user(user.id.clone())).await;
        notify::notify(&admin.accounts, &user, Notice::AddressChanged, &Origin::default());
    }
    super::find(admin, id).await
}
