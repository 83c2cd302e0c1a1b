//! UserInfo: OpenID Connect Core §5.3. For access tokens whose grant includes `openid`, and with the proof that a bound
//! one needs, see [`super::dpop::access`].

use serde::Serialize;

use super::OAuth;
use super::call::Call;
use super::dpop::Expected;
use super::dpop::access::{Sent, check, check_unbound};
use super::error::{Code, Reason, Refusal};
use super::resource::OPENID;
use crate::audit::{Entry, Event};
use crate::trust;
use crate::types::ScopeSet;

/// Claims about the person, by scope.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct UserInfo {
    pub sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Answers a UserInfo request. A refusal is recorded.
///
/// # Errors
/// `invalid_token`, what a proof is refused with, or `insufficient_scope` without `openid`.
pub async fn respond(ctx: &OAuth, sent: Sent<'_>, call: &Call<'_>) -> Result<UserInfo, Refusal> {
    let answer = look(ctx, sent, call).await;
    if let Err(refusal) = &answer {
        let entry = Entry::refused(Event::AccessRefused, refusal.reason.as_str())
            .address(call.origin.address.clone())
            .detail("at userinfo");
        ctx.audit.record(entry).await;
    }
    answer
}

async fn look(ctx: &OAuth, sent: Sent<'_>, call: &Call<'_>) -> Result<UserInfo, Refusal> {
    let invalid = || Refusal::new(Code::InvalidToken, Reason::UnknownToken, "the access token is not valid");
    let claims = trust::read_unexpired(ctx, sent.token).ok_or_else(invalid)?;
    if ctx.revocations.has_ended(&claims.gid, &claims.jti) {
        return Err(invalid());
    }
    let url = ctx.issuer.at(call.path);
    let expected = Expected { method: call.method, urls: &[&url], token: Some(sent.token), nonces: None };
    check(ctx, sent, claims.cnf.as_ref().map(|cnf| cnf.jkt.as_str()), &call.dpop, expected).await?;
    let resources = ctx.resources.current();
    let resource = resources.all().iter().find(|resource| claims.aud.is_for(resource));
    check_unbound(claims.cnf.is_some(), resource.is_some_and(|resource| resource.dpop_required))?;
    let scopes = ScopeSet::from_stored(&claims.scope);
    if !scopes.contains(OPENID) {
        return Err(Refusal::new(Code::InsufficientScope, Reason::NotAllowed, "the openid scope is needed"));
    }
    let user = ctx.store.find_user(&claims.sub).await?.filter(|u| u.disabled_at.is_none());
    let user = user.ok_or_else(invalid)?;
    Ok(UserInfo {
        sub: user.id,
        email: scopes.contains("email").then_some(user.email),
        name: if scopes.contains("profile") { user.name } else { None },
    })
}
