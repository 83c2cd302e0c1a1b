//! A client whose document has changed: what it says now, and accepting that.
//!
//! | the client                                  | accept                                                     |
//! |---------------------------------------------|------------------------------------------------------------|
//! | on hold, the document still is what was shown | what was given before the change works again, for everybody |
//! | on hold, the document has changed once more | refused: look again                                        |
//! | on hold, the document cannot be had         | refused, with the reason                                   |
//! | not on hold                                 | refused: there is nothing to accept                        |

use std::sync::Arc;

use super::super::{Actor, Admin, Failure};
use super::{ManagedClient, find};
use crate::audit::Event;
use crate::oauth::cimd;
use crate::store::clients::{ClientKind, ClientRow};

/// What the document of a client says now; nothing of a client that publishes none.
///
/// # Errors
/// A sentence on why it cannot be had.
pub async fn now(admin: &Admin, found: &ManagedClient) -> Option<Result<Arc<ClientRow>, String>> {
    if found.client.kind != ClientKind::Cimd {
        return None;
    }
    Some(cimd::current(&admin.oauth, &found.client.id).await)
}

/// Accepts what the document says now. `version` is that of the client as it was shown, with the change.
pub async fn accept(admin: &Admin, actor: &Actor, id: &str, version: i64) -> Result<ManagedClient, Failure> {
    find(admin, id).await?;
    // Whatever has changed since the page was shown is noted first, and raises the version.
    cimd::at_token(&admin.oauth, id).await.ok();
    let found = find(admin, id).await?;
    if found.version != version {
        return Err(Failure::Changed);
    }
    if found.client.held_at.is_none() {
        return Err(Failure::refused(
            "not_on_hold",
            "The client is not on hold: there is nothing to accept.",
        ));
    }
    let row = match now(admin, &found).await {
        Some(Ok(row)) => row,
        Some(Err(sentence)) => return Err(Failure::refused("document_unavailable", sentence_of(&sentence))),
        None => return Err(Failure::NotFound),
    };
    let ctx = &admin.oauth;
    if !ctx.store.accept_document((*row).clone(), version, ctx.clock.now()).await? {
        return Err(Failure::Changed);
    }
    ctx.clients.forget_all();
    ctx.audit.record(actor.did(Event::ClientAccepted).client(id.to_owned())).await;
    find(admin, id).await
}

fn sentence_of(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}
