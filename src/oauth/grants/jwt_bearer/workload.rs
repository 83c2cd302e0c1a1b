//! A workload shows the token that its platform gave it, and becomes the machine that an administrator's rule names.
//!
//! | assertion, signed by a trusted issuer, in time            | wire                  | effect                        | test                                     |
//! |-----------------------------------------------------------|-----------------------|-------------------------------|------------------------------------------|
//! | claims fit a rule                                         | 200, no refresh token | the machine's standing grant  | `a_workload_becomes_its_machine`         |
//! | of GitHub Actions, GitLab CI, Kubernetes                  | 200                   | as above                      | `tokens_of_known_platforms_are_taken`    |
//! | claims fit no rule                                        | 400 `invalid_grant`   | nothing                       | `what_is_wrong_with_a_workload`          |
//! | claims fit a rule for another `resource`                  | 400 `invalid_target`  | nothing                       | `a_rule_is_for_one_resource`             |
//! | the machine is disabled or deleted                        | 400 `invalid_grant`   | nothing                       | `a_disabled_machine_gets_nothing_for_its_workload` |
//! | `client_id` of another client beside it, or wrong credentials | 400 `invalid_grant`, 401 | nothing                 | `a_client_beside_a_workload_must_be_its_machine` |
//! | `scope` within rule and machine                           | 200, those            | as above                      | `a_workload_gets_what_rule_and_machine_allow` |
//! | `scope` outside                                           | 400 `invalid_scope`   | nothing                       | `a_workload_gets_what_rule_and_machine_allow` |
//! | taken once, without `jti`                                 | 400 `invalid_grant`   | nothing                       | `what_is_wrong_with_a_workload`          |
//! | not taken once, for the second time                       | 200                   | as above                      | `a_token_may_be_good_until_it_expires`   |
//!
//! `aud` must hold our issuer or the token endpoint. It may hold others: a cluster gives one token to several. A token
//! is good for a day at most, and is taken once where the administrator left it so. Kubernetes hands the same token to a
//! program for an hour: there it is turned off, and the token is as good as a secret until it expires.

use std::sync::Arc;

use super::super::client_credentials;
use super::{asked_scopes, issuer_of, no_scope_left, spend};
use crate::audit::{Entry, Event};
use crate::oauth::access_token::{self, Minting};
use crate::oauth::call::Call;
use crate::oauth::client::Client;
use crate::oauth::error::{Code, Reason, Refusal};
use crate::oauth::issuers::matching::{self, Claims, Found};
use crate::oauth::issuers::{TrustedIssuer, assertion};
use crate::oauth::params::Params;
use crate::oauth::resource::Resource;
use crate::oauth::scalekit::door;
use crate::oauth::token::{Granted, Refused, TokenRequest, TokenResponse};
use crate::oauth::{OAuth, client_auth, scopes};
use crate::store::trusted_issuers::{IssuerKind, IssuerRuleRow};
use crate::types::{ScopeSet, Timestamp};

/// How far ahead `exp` may lie, in seconds.
const LONGEST: i64 = 86_400;
/// What `typ` may be.
const TYPES: [&str; 2] = ["", "jwt"];

/// What was verified.
pub struct Proven {
    issuer: Arc<TrustedIssuer>,
    rule: IssuerRuleRow,
    subject: String,
    /// Where it is taken once.
    jti: Option<String>,
    until: Timestamp,
}

pub(super) async fn identify(
    ctx: &OAuth,
    call: &Call<'_>,
    params: &Params,
    text: &str,
) -> Result<(Arc<Client>, super::Proven), Refused> {
    let issuer = issuer_of(ctx, text, IssuerKind::Workload)?;
    let (token_endpoint, now) = (ctx.issuer.at("/oauth/token"), ctx.clock.now());
    let claims = assertion::read(text)?;
    let door = door::issuer(ctx, params);
    let us = [ctx.issuer.as_str(), token_endpoint.as_str(), door.as_str()];
    let (until, jti) = check(&claims, &us, issuer.row.single_use, now)?;
    let claims = ctx.trusted.verify(&issuer, text, &TYPES, now).await?;
    let resource = door::named(ctx, params)?;
    let rule = rule_of(&issuer, &claims, resource.as_deref())?.clone();
    let client = machine(ctx, call, params, &rule).await?;
    let subject = assertion::subject(&claims)?.to_owned();
    Ok((client, super::Proven::Workload(Proven { issuer, rule, subject, jti, until })))
}

/// All that can be said of the claims by themselves.
fn check(
    claims: &Claims,
    us: &[&str],
    single_use: bool,
    now: Timestamp,
) -> Result<(Timestamp, Option<String>), Refusal> {
    if !assertion::names_among_others(claims, us) {
        return Err(assertion::refuse(
            Reason::WrongAudience,
            "assertion is for somebody else: its aud must hold the issuer of this server or its token endpoint",
        ));
    }
    let until = assertion::check_times(claims, LONGEST, now)?;
    assertion::subject(claims)?;
    let jti = if single_use { Some(assertion::single_use_id(claims)?.to_owned()) } else { None };
    Ok((until, jti))
}

fn rule_of<'i>(
    issuer: &'i TrustedIssuer,
    claims: &Claims,
    resource: Option<&Resource>,
) -> Result<&'i IssuerRuleRow, Refusal> {
    match matching::find(&issuer.rules, claims, resource.map(|r| r.id.as_str())) {
        Found::Rule(rule) => Ok(rule),
        Found::OtherResource => Err(Refusal::new(
            Code::InvalidTarget,
            Reason::ResourceMismatch,
            "no rule gives this workload a token for this resource",
        )),
        Found::Nothing => Err(assertion::refuse(
            Reason::NoRuleFits,
            "no rule says what this workload is: an administrator adds one for its claims",
        )),
    }
}

/// The machine of a rule. A client that is named beside the assertion must be the same, and prove it where it tries to.
async fn machine(
    ctx: &OAuth,
    call: &Call<'_>,
    params: &Params,
    rule: &IssuerRuleRow,
) -> Result<Arc<Client>, Refused> {
    let shows_more = ["client_secret", "client_assertion"].iter().any(|name| params.first(name).is_some());
    let is_basic = |header: &str| header.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic "));
    let named = if shows_more || call.authorization.is_some_and(is_basic) {
        Some(client_auth::authenticate(ctx, call, params).await?.id.clone())
    } else {
        params.get("client_id")?.map(str::to_owned)
    };
    if named.is_some_and(|id| id != rule.client_id) {
        return Err(assertion::refuse(
            Reason::AssertionOfOther,
            "client_id is not the machine that this workload is: leave it out",
        )
        .into());
    }
    let client = ctx.clients.find(&rule.client_id).await?;
    let Some(client) = client.filter(|client| client_credentials::may_act_alone(client)) else {
        let gone =
            assertion::refuse(Reason::DisabledClient, "the machine that this workload is gets no tokens now");
        return Err(Refused { refusal: gone, client_id: Some(rule.client_id.clone()), grant_id: None });
    };
    Ok(client)
}

/// What the workload gets of what it asks for.
fn choose(
    resource: &Resource,
    client: &Client,
    rule: &IssuerRuleRow,
    asked: &ScopeSet,
) -> Result<ScopeSet, Refusal> {
    let reach = scopes::for_machine(resource, client, &ScopeSet::default())?;
    let reach = match &rule.scopes {
        Some(ceiling) => reach.intersection(&resource.includes.closure(ceiling)),
        None => reach,
    };
    let chosen = if asked.is_empty() { reach } else { asked.intersection(&reach) };
    if chosen.is_empty() && !asked.is_empty() { Err(no_scope_left()) } else { Ok(chosen) }
}

pub(super) async fn run(
    ctx: &OAuth,
    call: &Call<'_>,
    request: &TokenRequest<'_>,
    proven: &Proven,
) -> Result<Granted, Refused> {
    let (client, rule) = (&request.client, &proven.rule);
    let gone = || {
        Refusal::new(
            Code::InvalidTarget,
            Reason::UnknownResource,
            "the resource of the rule does not exist any more",
        )
    };
    let resource = ctx.resources.current().by_id(&rule.resource_id).cloned().ok_or_else(gone)?;
    resource.check_own(ctx.clock.now())?;
    let chosen = choose(&resource, client, rule, &asked_scopes(request.params)?)?;
    access_token::check_binding(&resource, request.binding.as_deref())?;
    request.settle(ctx).await?;
    if let Some(jti) = &proven.jti {
        spend(ctx, &proven.issuer, jti, proven.until).await?;
    }
    let grant = client_credentials::standing_grant(ctx, client, &resource).await?;
    let scopes = scopes::of_token(&resource, client, &chosen);
    let minting = Minting {
        client,
        grant: &grant,
        resource: &resource,
        scopes: &scopes,
        asked_as: door::asked_as(&resource, request.params),
        binding: request.binding.as_deref(),
    };
    let access = access_token::mint(ctx, &minting)?;
    ctx.clients.touch(&client.id, ctx.clock.now());
    let entry = Entry::ok(Event::AssertionTaken)
        .client(client.id.clone())
        .resource(resource.id.clone())
        .grant(grant.id.clone())
        .address(call.origin.address.clone())
        .detail(format!("{}: {}; rule {}", proven.issuer.row.name, proven.subject, rule.id));
    ctx.audit.record(entry).await;
    let response = TokenResponse::of(&access, &scopes);
    Ok(Granted { response, grant_id: grant.id, user_id: None, resource_id: grant.resource_id })
}
