//! Choosing the default: the resource that requests without `resource` mean.

use super::{find, take_effect};
use crate::admin::{Actor, Admin, Failure};
use crate::audit::Event;

/// Makes it the default, and no other. Nothing happens when it is already.
pub async fn make(admin: &Admin, actor: &Actor, id: &str) -> Result<(), Failure> {
    if find(admin, id).await?.is_default {
        return Ok(());
    }
    let ctx = &admin.oauth;
    if !ctx.store.set_default_resource(id.to_owned(), ctx.clock.now()).await? {
        return Err(Failure::NotFound);
    }
    take_effect(admin).await;
    let entry = actor.did(Event::ResourceChanged).resource(id.to_owned()).detail("made the default");
    ctx.audit.record(entry).await;
    Ok(())
}
