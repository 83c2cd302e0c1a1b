//! Token revocation: [RFC 7009](https://www.rfc-editor.org/rfc/rfc7009), for public clients too.
//!
//! | token                                   | answer | effect                                          |
//! |-----------------------------------------|--------|-------------------------------------------------|
//! | refresh token of this client            | 200    | the grant is revoked: its access tokens end too |
//! | access token of this client             | 200    | the same: the token carries its grant           |
//! | another client's, unknown, malformed    | 200    | nothing (RFC 7009 §2.2)                         |
//! | one that was exchanged (RFC 8693)       | 200    | nothing: it rests on the grant of the person's app, which is not this client's to end; it lives no longer than the token it was exchanged for |
//! | none                                    | 400 `invalid_request` | nothing                          |

use super::call::Call;
use super::error::Refusal;
use super::grants::refresh_token;
use super::params::Params;
use super::{OAuth, client_auth};
use crate::audit::{Entry, Event};
use crate::trust;

/// Answers a revocation request.
pub async fn respond(ctx: &OAuth, call: &Call<'_>, params: &Params) -> Result<(), Refusal> {
    let answer = answer(ctx, call, params).await;
    if let Err(refusal) = &answer {
        let entry = Entry::refused(Event::TokenRevoked, refusal.reason.as_str())
            .client(client_auth::named(call, params))
            .address(call.origin.address.clone());
        ctx.audit.record(entry).await;
    }
    answer
}

async fn answer(ctx: &OAuth, call: &Call<'_>, params: &Params) -> Result<(), Refusal> {
    let client = client_auth::authenticate(ctx, call, params).await?;
    let token = params.require("token")?;
    params.get("token_type_hint")?;
    let grant = match refresh_token::find(ctx, token).await? {
        Some((_, _, grant)) => Some(grant),
        None => match trust::read_unexpired(ctx, token) {
            Some(claims) => ctx.store.find_grant(&claims.gid).await?,
            None => None,
        },
    };
    let Some(grant) = grant.filter(|g| g.client_id == client.id) else {
        let entry = Entry::refused(Event::TokenRevoked, "unknown_token")
            .client(client.id.clone())
            .address(call.origin.address.clone());
        ctx.audit.record(entry).await;
        return Ok(());
    };
    ctx.store.revoke_grant(grant.id.clone(), ctx.clock.now(), "revoked_by_client").await?;
    ctx.revocations.revoke(&grant.id);
    let entry = Entry::ok(Event::TokenRevoked)
        .client(client.id.clone())
        .grant(grant.id)
        .user(grant.user_id)
        .address(call.origin.address.clone());
    ctx.audit.record(entry).await;
    Ok(())
}
