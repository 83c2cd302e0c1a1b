//! Clients: the apps that may ask for tokens.
//!
//! | asked for                     | result                                                                    | file       |
//! |-------------------------------|---------------------------------------------------------------------------|------------|
//! | make one by hand              | public, confidential, or a machine                                        | `create`   |
//! | change it                     | in force with the next request, on every process within a second          | `edit`     |
//! | add and end its secrets       | up to five at a time; what is ended is refused by the next request        | `secrets`  |
//! | what happened with it         | from the audit trail, the newest first                                    | `timeline` |
//! | accept a changed document     | what was given before the change works again                              | `document` |
//! | disable                       | gets no token and asks nobody; what it held is revoked, on every process  | here       |
//! | enable                        | works again; people connect it anew                                       | here       |
//! | delete, its id typed          | as disabled, for good: its id never works again; the audit trail names it | here       |
//! | delete, the id not as shown   | refused                                                                   | here       |

pub mod create;
pub mod document;
pub mod edit;
mod fields;
pub mod secrets;
pub mod timeline;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub use fields::{Nameable, nameable_scopes};

use super::{Actor, Admin, Failure, Page};
use crate::audit::Event;
pub use crate::store::managed_clients::{ClientState, ManagedClient, Show, hosts};
use crate::types::terms;

/// A page of clients, the newest first; `after` is where the page before ended.
pub async fn list(
    admin: &Admin,
    show: Show,
    after: Option<&str>,
    size: usize,
) -> Result<Page<ManagedClient>, Failure> {
    let store = &admin.oauth.store;
    // Whoever makes a place up begins anew.
    let place = after.and_then(|place| place.split_once('.'));
    let (made_at, id) = place.and_then(|(at, id)| Some((at.parse().ok()?, id))).unwrap_or((i64::MAX, ""));
    let rows = store.managed_clients(show, (made_at, id), limit(size)).await?;
    Ok(Page::of(rows, size, |row| format!("{}.{}", row.client.created_at, row.client.id)))
}

/// Clients whose id is what was typed, or whose name or host has a word that begins with it.
pub async fn search(
    admin: &Admin,
    typed: &str,
    after: Option<&str>,
    size: usize,
) -> Result<Page<ManagedClient>, Failure> {
    let store = &admin.oauth.store;
    if let Some(found) = store.find_managed_client(typed.trim()).await? {
        return Ok(Page { rows: vec![found], next: None });
    }
    let Some((from, to)) = terms::prefix(typed) else { return Ok(Page { rows: Vec::new(), next: None }) };
    let (term, id) = after.and_then(|place| place.split_once('.')).unwrap_or((&from, ""));
    // A place that somebody made up must not lead out of the range.
    let term = if term < from.as_str() { &from } else { term };
    let rows = store.search_clients((&from, &to), (term, id), limit(size)).await?;
    let page = Page::of(rows, size, |(term, row)| format!("{term}.{}", row.client.id));
    Ok(Page { rows: page.rows.into_iter().map(|(_, row)| row).collect(), next: page.next })
}

fn limit(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX - 1) + 1
}

/// What a form that makes something carries, so that sent twice it makes nothing twice.
pub fn nonce(admin: &Admin) -> String {
    URL_SAFE_NO_PAD.encode(admin.oauth.rng.bytes::<16>())
}

/// A nonce as it may be stored.
fn check_nonce(text: &str) -> Result<String, Failure> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if (16..=64).contains(&text.len()) && text.bytes().all(plain) {
        return Ok(text.to_owned());
    }
    Err(Failure::invalid("nonce", "The form is incomplete. Open its page once more."))
}

/// One client.
pub async fn find(admin: &Admin, id: &str) -> Result<ManagedClient, Failure> {
    admin.oauth.store.find_managed_client(id).await?.ok_or(Failure::NotFound)
}

/// Id and name of the resources that a client holds something on.
pub async fn resources(admin: &Admin, id: &str, size: usize) -> Result<Page<(String, String)>, Failure> {
    let rows = admin.oauth.store.list_resources_of_client(id, limit(size)).await?;
    Ok(Page::of(rows, size, |(id, _)| id.clone()))
}

/// Disables a client and revokes what it held. Nothing happens to one that is disabled.
pub async fn disable(admin: &Admin, actor: &Actor, id: &str) -> Result<(), Failure> {
    find(admin, id).await?;
    let ctx = &admin.oauth;
    if ctx.store.disable_client(id.to_owned(), ctx.clock.now()).await? {
        after(admin, actor, Event::ClientDisabled, id, None).await?;
    }
    Ok(())
}

/// Lets a disabled client work again. Nothing happens to one that works.
pub async fn enable(admin: &Admin, actor: &Actor, id: &str) -> Result<(), Failure> {
    find(admin, id).await?;
    if admin.oauth.store.enable_client(id.to_owned()).await? {
        after(admin, actor, Event::ClientEnabled, id, None).await?;
    }
    Ok(())
}

/// Deletes a client for good. `typed`: its id once more, from who asks.
///
/// # Errors
/// [`Failure::Invalid`] `typed` when that is not its id.
pub async fn delete(admin: &Admin, actor: &Actor, id: &str, typed: &str) -> Result<(), Failure> {
    let found = find(admin, id).await?;
    if typed.trim() != id {
        return Err(Failure::invalid("typed", "That is not its id. Copy it exactly as it is shown."));
    }
    let ctx = &admin.oauth;
    if !ctx.store.remove_client(id.to_owned(), ctx.clock.now()).await? {
        return Err(Failure::NotFound);
    }
    after(admin, actor, Event::ClientDeleted, id, Some(found.client.name)).await
}

async fn after(
    admin: &Admin,
    actor: &Actor,
    event: Event,
    id: &str,
    name: Option<String>,
) -> Result<(), Failure> {
    let ctx = &admin.oauth;
    ctx.clients.forget_all();
    let entry = actor.did(event).client(id.to_owned());
    ctx.audit.record(if let Some(name) = name { entry.detail(name) } else { entry }).await;
    ctx.revocations.refresh(&ctx.store, ctx.clock.now()).await?;
    Ok(())
}
