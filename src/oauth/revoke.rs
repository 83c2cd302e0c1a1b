//! Token revocation: [RFC 7009](https://www.rfc-editor.org/rfc/rfc7009), for public clients too.
//!
//! | token                                   | answer | effect                                          |
//! |-----------------------------------------|--------|-------------------------------------------------|
//! | refresh token of this client            | 200    | the grant is revoked: its access tokens end too |
//! | access token of this client             | 200    | the same: the token carries its grant           |
//! | another client's, unknown, malformed    | 200    | nothing (RFC 7009 §2.2)                         |
//! | one that this client exchanged (RFC 8693) | 200  | that token ends alone: it rests on the grant of the person's app, which is not this client's to end |
//! | one exchanged by this client, and too many ended lately | 503 `temporarily_unavailable` | nothing; it ends by itself within the life of the token it was exchanged for |
//! | none                                    | 400 `invalid_request` | nothing                          |
//!
//! What was exchanged once more for such a token goes on: it is another client's.

use super::access_token::AccessClaims;
use super::call::Call;
use super::client::Client;
use super::error::{Code, Reason, Refusal};
use super::grants::refresh_token;
use super::params::Params;
use super::{OAuth, client_auth};
use crate::audit::{Entry, Event};
use crate::store::ended_tokens::{EndedBounds, EndedToken};
use crate::trust;

/// How many tokens that ended alone are remembered until they expire.
const BOUNDS: EndedBounds = EndedBounds { of_client: 10_000, in_all: 50_000 };

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
            Some(claims) if claims.act.is_some() => return end_alone(ctx, call, &client, claims).await,
            Some(claims) => ctx.store.find_grant(&claims.gid).await?,
            None => None,
        },
    };
    let Some(grant) = grant.filter(|g| g.client_id == client.id) else {
        unknown(ctx, call, &client).await;
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

/// Ends a token that was exchanged, if it is this client's.
async fn end_alone(
    ctx: &OAuth,
    call: &Call<'_>,
    client: &Client,
    claims: AccessClaims,
) -> Result<(), Refusal> {
    if claims.client_id != client.id {
        unknown(ctx, call, client).await;
        return Ok(());
    }
    let ended = EndedToken {
        id: claims.jti.clone(),
        client_id: client.id.clone(),
        ended_at: ctx.clock.now(),
        expires_at: claims.exp,
    };
    if !ctx.store.end_token(ended, BOUNDS).await? {
        return Err(Refusal::new(
            Code::TemporarilyUnavailable,
            Reason::TooManyEnded,
            "too many exchanged tokens were revoked lately; this one ends by itself",
        ));
    }
    ctx.revocations.end_token(&claims.jti, claims.exp);
    let entry = Entry::ok(Event::TokenRevoked)
        .client(client.id.clone())
        .grant(claims.gid)
        .user(claims.sub)
        .address(call.origin.address.clone())
        .detail(format!("the exchanged token {} alone", claims.jti));
    ctx.audit.record(entry).await;
    Ok(())
}

async fn unknown(ctx: &OAuth, call: &Call<'_>, client: &Client) {
    let entry = Entry::refused(Event::TokenRevoked, "unknown_token")
        .client(client.id.clone())
        .address(call.origin.address.clone());
    ctx.audit.record(entry).await;
}
