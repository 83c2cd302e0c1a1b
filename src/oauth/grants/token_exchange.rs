//! The token exchange grant: a protected server that got a person's access token asks for one of another resource, to
//! call it for that person.
//! Law: [RFC 8693](https://www.rfc-editor.org/rfc/rfc8693) · RFC 8707 §2.2
//!
//! | request                                                             | wire                       | test                                      |
//! |---------------------------------------------------------------------|----------------------------|-------------------------------------------|
//! | a person's live token of ours, and a rule for client, resource and target | 200, `issued_token_type`, no refresh token | `a_token_is_exchanged_by_the_rule` |
//! | the target named by `resource`, `audience`, or both alike           | 200                        | `a_target_is_named_by_resource_or_audience` |
//! | the target named by neither, or by two that differ                  | 400 `invalid_request`, `invalid_target` | `a_target_is_named_by_resource_or_audience` |
//! | no rule for this client, from there, to there                       | 400 `invalid_target`       | `without_a_rule_nothing_is_exchanged`     |
//! | public client                                                       | 400 `unauthorized_client`  | `without_a_rule_nothing_is_exchanged`     |
//! | `subject_token` expired, revoked, of another issuer, not an access token | 400 `invalid_request` | `what_is_wrong_with_a_subject_token`      |
//! | `subject_token` of a machine, or bound to a key (DPoP)              | 400 `invalid_request`      | `what_is_wrong_with_a_subject_token`      |
//! | its person, or the client it was made for, is disabled              | 400 `invalid_request`      | `what_is_wrong_with_a_subject_token`      |
//! | `subject_token_type` neither `access_token` nor `jwt`, another `requested_token_type`, an `actor_token` | 400 `invalid_request` | `what_else_token_exchange_could_be_is_refused` |
//! | `scope` within the rule                                             | 200, those                 | `scopes_of_an_exchange_are_the_rules`     |
//! | `scope` outside                                                     | 400 `invalid_scope`        | `scopes_of_an_exchange_are_the_rules`     |
//! | any, while there is no rule                                         | 400 `unsupported_grant_type` | `the_grant_is_there_while_a_rule_is`    |
//!
//! Nothing is stored. The new token hangs on the grant of the old one: revoking that ends both at once. It lives no
//! longer than the old one. `sub` stays the person; `act` names the client that acts, and inside it whoever acted before,
//! at most [`MOST_ACTORS`] in all.
//!
//! A rule says in advance what this client may have for anybody who uses it; the person is not asked, and has no say in
//! the scopes beyond the grant they gave: administrators write rules for servers of one house.

use std::sync::Arc;

use super::client_credentials::may_act_alone;
use crate::oauth::access_token::{self, AccessClaims, Actor, Exchanged, Minting};
use crate::oauth::client::Client;
use crate::oauth::error::{Code, Reason, Refusal};
use crate::oauth::params::Params;
use crate::oauth::resource::Resource;
use crate::oauth::scalekit::door;
use crate::oauth::token::{Granted, Refused, TokenRequest, TokenResponse};
use crate::oauth::{OAuth, scopes};
use crate::store::exchange_rules::ExchangeRow;
use crate::store::grants::GrantRow;
use crate::trust;
use crate::types::ScopeSet;

pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// What is taken, and what is given (RFC 8693 §3).
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
/// The most clients that act one for another.
pub const MOST_ACTORS: usize = 4;

/// Whether there is any rule.
pub fn is_on(ctx: &OAuth) -> bool {
    !ctx.trusted.current().exchanges().is_empty()
}

/// A subject token that is believed.
struct Subject {
    claims: AccessClaims,
    grant: GrantRow,
    from: Arc<Resource>,
}

fn bad(reason: Reason, text: &'static str) -> Refusal {
    Refusal::new(Code::InvalidRequest, reason, text)
}

/// Gives an access token of another resource.
pub async fn run(ctx: &OAuth, request: &TokenRequest<'_>) -> Result<Granted, Refused> {
    let (params, client) = (request.params, &request.client);
    check_kinds(params)?;
    if !may_act_alone(client) {
        return Err(Refusal::new(
            Code::UnauthorizedClient,
            Reason::GrantTypeNotAllowed,
            "token exchange is for clients with a secret or a key that an administrator made",
        )
        .into());
    }
    let to = target(ctx, request)?;
    let subject = subject(ctx, params.require("subject_token")?).await?;
    let of_grant = |refusal| Refused::of_grant(refusal, &subject.grant.id);
    let set = ctx.trusted.current();
    let rule = set.exchange(&client.id, &subject.from.id, &to.id).ok_or_else(|| {
        of_grant(Refusal::new(
            Code::InvalidTarget,
            Reason::NoRuleFits,
            "no rule lets this client exchange a token of that resource for one of this",
        ))
    })?;
    let chosen = choose(&to, client, rule, params).map_err(of_grant)?;
    let actor = actor(client, &subject.claims).map_err(of_grant)?;
    request.settle(ctx).await.map_err(of_grant)?;
    let response = issue(ctx, request, &subject, &to, &chosen, actor).map_err(of_grant)?;
    ctx.clients.touch(&client.id, ctx.clock.now());
    Ok(Granted {
        response,
        grant_id: subject.grant.id,
        user_id: subject.grant.user_id,
        resource_id: to.id.clone(),
    })
}

/// Which tokens the request is about.
fn check_kinds(params: &Params) -> Result<(), Refusal> {
    let kind = params.require("subject_token_type")?;
    if ![ACCESS_TOKEN, JWT].contains(&kind) {
        return Err(bad(
            Reason::MalformedRequest,
            "subject_token_type must be urn:ietf:params:oauth:token-type:access_token",
        ));
    }
    if params.get("requested_token_type")?.is_some_and(|kind| kind != ACCESS_TOKEN) {
        return Err(bad(
            Reason::MalformedRequest,
            "requested_token_type can only be urn:ietf:params:oauth:token-type:access_token",
        ));
    }
    if params.first("actor_token").is_some() || params.first("actor_token_type").is_some() {
        return Err(bad(
            Reason::MalformedRequest,
            "actor_token is not taken: the client that asks is the one that acts",
        ));
    }
    Ok(())
}

/// The resource that a token is wanted for.
fn target(ctx: &OAuth, request: &TokenRequest<'_>) -> Result<Arc<Resource>, Refusal> {
    let unknown = |text: &'static str| Refusal::new(Code::InvalidTarget, Reason::UnknownResource, text);
    let audience = match request.params.get("audience")? {
        Some(name) => {
            let set = ctx.resources.current();
            let found = set.named(name).or_else(|| set.by_id(name)).cloned();
            Some(found.ok_or_else(|| unknown("audience is none of the resources here"))?)
        }
        None => None,
    };
    let target = match (&request.resource, audience) {
        (Some(named), Some(other)) if named.id != other.id => {
            return Err(unknown("resource and audience name different resources"));
        }
        (Some(named), _) => Arc::clone(named),
        (None, Some(named)) => named,
        (None, None) => return Err(Refusal::missing("resource")),
    };
    target.check_own(ctx.clock.now())?;
    Ok(target)
}

/// A token of ours, for one resource, of a person who is still there.
async fn subject(ctx: &OAuth, token: &str) -> Result<Subject, Refusal> {
    let refuse = |text| bad(Reason::BadSubjectToken, text);
    let dead = || refuse("subject_token is no access token of this server that is valid now");
    let claims = trust::read_unexpired(ctx, token).ok_or_else(dead)?;
    if ctx.revocations.has_ended(&claims.gid, &claims.jti) {
        return Err(dead());
    }
    if claims.cnf.is_some() {
        return Err(refuse(
            "subject_token is bound to a key (DPoP): whoever else holds it cannot exchange it",
        ));
    }
    if claims.sub == claims.client_id {
        return Err(refuse("subject_token is a machine's: there is no person to act for"));
    }
    let (set, now) = (ctx.resources.current(), ctx.clock.now());
    let from = set.all().iter().find(|r| claims.aud.is_for(r) && r.believes.takes_own(now)).cloned();
    // One that is bound to a key was refused above: where no other is taken, none can be exchanged.
    let from = from.filter(|from| !from.dpop_required).ok_or_else(dead)?;
    let grant = ctx.store.find_grant(&claims.gid).await?.filter(|grant| grant.revoked_at.is_none());
    let grant = grant.ok_or_else(dead)?;
    let user = ctx.store.find_user(&claims.sub).await?;
    if user.is_none_or(|user| user.disabled_at.is_some())
        || ctx.clients.find(&claims.client_id).await?.is_none()
    {
        return Err(dead());
    }
    Ok(Subject { claims, grant, from })
}

/// What is asked for, within the rule and what the client may have at all.
fn choose(to: &Resource, client: &Client, rule: &ExchangeRow, params: &Params) -> Result<ScopeSet, Refusal> {
    let asked = params.get("scope")?.map_or_else(|| Ok(ScopeSet::default()), ScopeSet::parse);
    let asked = asked
        .map_err(|e| Refusal::new(Code::InvalidScope, Reason::MalformedRequest, format!("scope {e}")))?;
    let within = to.includes.closure(&rule.scopes);
    let wanted = if asked.is_empty() { rule.scopes.clone() } else { asked.intersection(&within) };
    match (wanted.is_empty(), rule.scopes.is_empty() && asked.is_empty()) {
        (false, _) => scopes::for_machine(to, client, &wanted),
        // A rule without scopes gives a token that opens what needs none.
        (true, true) => Ok(ScopeSet::default()),
        (true, false) => Err(Refusal::new(
            Code::InvalidScope,
            Reason::NoScopeLeft,
            "the rule of this exchange gives none of the requested scopes",
        )),
    }
}

/// Who acts: this client, for whoever acted before.
fn actor(client: &Client, subject: &AccessClaims) -> Result<Actor, Refusal> {
    let actor = Actor { sub: client.id.clone(), act: subject.act.clone().map(Box::new) };
    if actor.depth() > MOST_ACTORS {
        return Err(bad(Reason::BadSubjectToken, "subject_token was exchanged too often already"));
    }
    Ok(actor)
}

fn issue(
    ctx: &OAuth,
    request: &TokenRequest<'_>,
    subject: &Subject,
    to: &Resource,
    chosen: &ScopeSet,
    actor: Actor,
) -> Result<TokenResponse, Refusal> {
    let client = &request.client;
    let scopes = scopes::of_token(to, client, chosen);
    // The grant of the person's app, in the hands of another client.
    let grant = GrantRow { client_id: client.id.clone(), ..subject.grant.clone() };
    let minting = Minting {
        client,
        grant: &grant,
        resource: to,
        scopes: &scopes,
        asked_as: door::asked_as(to, request.params),
        binding: request.binding.as_deref(),
    };
    let exchanged = Exchanged { act: actor, until: subject.claims.exp };
    let access = access_token::mint_exchanged(ctx, &minting, exchanged)?;
    Ok(TokenResponse { issued_token_type: Some(ACCESS_TOKEN), ..TokenResponse::of(&access, &scopes) })
}
