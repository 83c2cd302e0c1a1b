//! The apps a person has connected, and disconnecting them.
//!
//! | the person                       | effect                                                   | audit trail         |
//! |----------------------------------|----------------------------------------------------------|---------------------|
//! | disconnects one app              | its consent is forgotten, its grants are revoked, on this process at once | `consent.withdrawn` |
//! | disconnects all                  | the same for each                                        | `consent.withdrawn`, reason `all` |
//! | names an app that is not theirs  | nothing                                                  | nothing             |

use super::{OAuth, Origin};
use crate::audit::{Entry, Event};
use crate::store::StoreError;
use crate::store::connected::{ConnectedRow, Cursor};

/// Apps on one page.
pub const PAGE: usize = 20;

/// One page of a person's apps, and where the next begins.
pub struct Page {
    pub apps: Vec<ConnectedRow>,
    pub next: Option<Cursor>,
}

/// The apps of a person, the last active first.
pub async fn list(ctx: &OAuth, user_id: &str, after: &Cursor) -> Result<Page, StoreError> {
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut apps = ctx.store.list_connected(user_id, after, ctx.clock.now(), limit).await?;
    let more = apps.len() > PAGE;
    apps.truncate(PAGE);
    let next =
        apps.last().filter(|_| more).map(|last| Cursor { active_at: last.active_at, id: last.id.clone() });
    Ok(Page { apps, next })
}

/// Disconnects one app. `false` when the person has no such app.
pub async fn disconnect(
    ctx: &OAuth,
    user_id: &str,
    consent_id: &str,
    origin: &Origin,
) -> Result<bool, StoreError> {
    let now = ctx.clock.now();
    let found = ctx.store.withdraw_consent(consent_id.to_owned(), user_id.to_owned(), now).await?;
    let Some((client, resource)) = found else { return Ok(false) };
    take_effect(ctx).await;
    let entry = Entry::ok(Event::ConsentWithdrawn)
        .user(user_id.to_owned())
        .client(client)
        .resource(resource)
        .address(origin.address.clone());
    ctx.audit.record(entry).await;
    Ok(true)
}

/// Disconnects every app of a person.
pub async fn disconnect_all(ctx: &OAuth, user_id: &str, origin: &Origin) -> Result<(), StoreError> {
    let count = ctx.store.withdraw_all_consents(user_id.to_owned(), ctx.clock.now()).await?;
    take_effect(ctx).await;
    let entry = Entry::ok(Event::ConsentWithdrawn)
        .because("all")
        .user(user_id.to_owned())
        .address(origin.address.clone())
        .detail(format!("apps: {count}"));
    ctx.audit.record(entry).await;
    Ok(())
}

/// Makes what was just revoked in the store hold on this process before anybody is answered.
pub async fn take_effect(ctx: &OAuth) {
    if let Err(error) = ctx.revocations.refresh(&ctx.store, ctx.clock.now()).await {
        tracing::warn!(%error, "a revocation takes effect with the next look at the database");
    }
}
