//! Deleting a resource: first its grants are revoked, so that every process drops the tokens, then it is gone.

use super::{find, take_effect};
use crate::admin::{Actor, Admin, Failure};
use crate::audit::Event;
use crate::oauth::connected;
use crate::oauth::resource::ResourceKind;
use crate::store::resources::ResourceRow;

/// Grants revoked by one statement.
const BATCH: i64 = 2000;

/// The resource, if it may be deleted.
///
/// # Errors
/// [`Failure::Refused`] `built_in` or `is_default`.
pub async fn deletable(admin: &Admin, id: &str) -> Result<ResourceRow, Failure> {
    let row = find(admin, id).await?;
    if row.kind != ResourceKind::External.as_str() {
        return Err(Failure::refused(
            "built_in",
            "The built-in resource is part of this server and cannot be deleted.",
        ));
    }
    if row.is_default {
        return Err(Failure::refused(
            "is_default",
            "This is the default resource. Make another one the default first.",
        ));
    }
    Ok(row)
}

/// Deletes it. Tokens for it are told to be inactive at once; refresh tokens stop working.
pub async fn delete(admin: &Admin, actor: &Actor, id: &str) -> Result<(), Failure> {
    let row = deletable(admin, id).await?;
    let ctx = &admin.oauth;
    let full = u64::try_from(BATCH).unwrap_or(u64::MAX);
    while ctx.store.clear_resource(row.id.clone(), ctx.clock.now(), BATCH).await? >= full {}
    if !ctx.store.delete_resource(row.id.clone(), ctx.clock.now()).await? {
        return Err(Failure::Changed);
    }
    connected::take_effect(ctx).await;
    take_effect(admin).await;
    let entry = actor.did(Event::ResourceDeleted).resource(row.id).detail(format!("name: {}", row.name));
    ctx.audit.record(entry).await;
    Ok(())
}
