//! One file per grant type. Each opens with its law and its decision table.

pub mod authorization_code;
pub mod client_credentials;
pub mod refresh_token;

use super::OAuth;
use super::error::{Reason, Refusal};
use crate::audit::{Entry, Event};
use crate::store::grants::GrantRow;

/// Revokes a grant whose code or refresh token was replayed, on this process at once, and records it once.
async fn revoke_replayed(ctx: &OAuth, grant: &GrantRow, reason: Reason) -> Result<(), Refusal> {
    if ctx.store.revoke_grant(grant.id.clone(), ctx.clock.now(), reason.as_str()).await? {
        ctx.revocations.revoke(&grant.id);
        let entry = Entry::ok(Event::GrantRevoked)
            .because(reason.as_str())
            .grant(grant.id.clone())
            .client(grant.client_id.clone())
            .user(grant.user_id.clone());
        ctx.audit.record(entry).await;
    }
    Ok(())
}
