//! Token introspection: [RFC 7662](https://www.rfc-editor.org/rfc/rfc7662), for confidential clients only.
//!
//! | caller                                     | token                         | answer                    |
//! |--------------------------------------------|-------------------------------|---------------------------|
//! | public client                              | any                           | 401 `invalid_client`      |
//! | confidential client made by an admin       | live access or refresh token  | `active: true` and claims |
//! | confidential client that registered itself | its own live token            | `active: true` and claims |
//! | confidential client that registered itself | another client's              | `active: false`           |
//! | either                                     | dead, unknown, malformed      | `active: false`           |

use serde::Serialize;

use super::access_token::{Actor, Audience, Confirmation};
use super::call::Call;
use super::error::{Code, Reason, Refusal};
use super::grants::refresh_token;
use super::params::Params;
use super::resource::Resource;
use super::{OAuth, client_auth};
use crate::audit::{Entry, Event};
use crate::trust;
use crate::types::{Scheme, Timestamp};

/// The answer; all but `active` are absent when it is false (RFC 7662 §2.2).
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Introspection {
    pub active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<Audience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    /// The key it is bound to (RFC 9449 §6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Who acts for the person (RFC 8693 §4.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<Actor>,
}

/// Answers an introspection request. Refusals are recorded; answers are not, there are too many.
pub async fn respond(ctx: &OAuth, call: &Call<'_>, params: &Params) -> Result<Introspection, Refusal> {
    let answer = answer(ctx, call, params).await;
    if let Err(refusal) = &answer {
        let entry = Entry::refused(Event::Introspection, refusal.reason.as_str())
            .client(client_auth::named(call, params))
            .address(call.origin.address.clone());
        ctx.audit.record(entry).await;
    }
    answer
}

async fn answer(ctx: &OAuth, call: &Call<'_>, params: &Params) -> Result<Introspection, Refusal> {
    let caller = client_auth::authenticate(ctx, call, params).await?;
    if caller.is_public() {
        return Err(Refusal::new(
            Code::InvalidClient,
            Reason::NotAllowed,
            "introspection is for clients that authenticate with a secret",
        ));
    }
    let token = params.require("token")?;
    params.get("token_type_hint")?;
    let found = find(ctx, token).await?;
    let allowed = |i: &Introspection| {
        !caller.kind.describes_itself() || i.client_id.as_deref() == Some(caller.id.as_str())
    };
    Ok(found.filter(allowed).unwrap_or_default())
}

async fn find(ctx: &OAuth, token: &str) -> Result<Option<Introspection>, Refusal> {
    if let Some(claims) = trust::read_unexpired(ctx, token) {
        let (set, now) = (ctx.resources.current(), ctx.clock.now());
        let is_bound = claims.cnf.is_some();
        let is_taken = |r: &Resource| {
            claims.aud.is_for(r) && r.believes.takes_own(now) && (is_bound || !r.dpop_required)
        };
        if ctx.revocations.has_ended(&claims.gid, &claims.jti) || !set.all().iter().any(|r| is_taken(r)) {
            return Ok(None);
        }
        return Ok(Some(Introspection {
            active: true,
            scope: Some(claims.scope),
            client_id: Some(claims.client_id),
            sub: Some(claims.sub),
            aud: Some(claims.aud),
            iss: Some(claims.iss),
            exp: Some(claims.exp),
            iat: Some(claims.iat),
            jti: Some(claims.jti),
            token_type: Some(Scheme::of(claims.cnf.is_some()).as_str()),
            cnf: claims.cnf,
            act: claims.act,
        }));
    }
    let Some((bearer, row, grant)) = refresh_token::find(ctx, token).await? else { return Ok(None) };
    let now = ctx.clock.now();
    let must_show_more = row.holder.is_some_and(|h| refresh_token::lacks_factor(h, ctx.second_factor()));
    let live = !must_show_more
        && row.hash.matches(bearer.secret.expose())
        && grant.revoked_at.is_none()
        && row.expires_at > now
        && row.idle_expires_at > now;
    Ok(live.then(|| Introspection {
        active: true,
        scope: Some(grant.scopes.to_string()),
        client_id: Some(grant.client_id),
        sub: grant.user_id,
        iss: Some(ctx.issuer.as_str().to_owned()),
        exp: Some(row.idle_expires_at.min(row.expires_at)),
        iat: Some(row.created_at),
        cnf: grant.jkt.map(|jkt| Confirmation { jkt }),
        ..Introspection::default()
    }))
}
