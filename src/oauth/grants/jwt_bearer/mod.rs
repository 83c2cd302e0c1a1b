//! The JWT bearer grant: an issuer elsewhere vouches for a workload, or for a person who uses a client.
//! Law: RFC 7521 · RFC 7523 §2.1, §3 · draft-ietf-oauth-identity-assertion-authz-grant (ID-JAG) · MCP extensions
//! Enterprise-Managed Authorization and Workload Identity Federation
//!
//! | assertion                                                        | wire                 | effect                   | test                                        |
//! |------------------------------------------------------------------|----------------------|--------------------------|---------------------------------------------|
//! | `typ` `oauth-id-jag+jwt`                                         | see `enterprise`     |                          | `a_person_is_vouched_for`                   |
//! | no `typ`, or `JWT`                                               | see `workload`       |                          | `a_workload_becomes_its_machine`            |
//! | another `typ`, an access token of ours among them                | 400 `invalid_grant`  | nothing                  | `what_is_wrong_with_a_workload`             |
//! | of an issuer that is not known for this, or is off               | 400 `invalid_grant`  | nothing                  | `what_is_wrong_with_a_workload`, `what_is_wrong_with_an_id_jag` |
//! | another algorithm, key, signature, audience, times               | 400 `invalid_grant`  | nothing                  | `what_is_wrong_with_a_workload`, `what_is_wrong_with_an_id_jag` |
//! | its issuer's keys cannot be had                                  | 503 `temporarily_unavailable` | nothing         | `keys_that_cannot_be_had_are_a_pause`       |
//! | one that is taken once, for the second time, on any process      | 400 `invalid_grant`  | nothing                  | `an_assertion_is_taken_once_by_all_processes` |
//! | any, while no issuer is on                                       | 400 `unsupported_grant_type` | nothing          | `the_grant_is_there_while_an_issuer_is`     |
//!
//! No refresh token is given: whoever wants another access token brings another assertion, so that the issuer goes on
//! deciding. What is presented is compared with everything before its `jti` is spent, so that a mistake burns nothing.

mod enterprise;
mod workload;

use std::sync::Arc;

use crate::oauth::OAuth;
use crate::oauth::call::Call;
use crate::oauth::client::Client;
use crate::oauth::error::{Code, Reason, Refusal};
use crate::oauth::issuers::{TrustedIssuer, assertion};
use crate::oauth::jose;
use crate::oauth::params::Params;
use crate::oauth::token::{Granted, Refused, TokenRequest};
use crate::store::replays::Once;
use crate::store::trusted_issuers::IssuerKind;
use crate::types::{ScopeSet, Timestamp};

pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The profile of assertions for people, as metadata names it.
pub const ID_JAG_PROFILE: &str = "urn:ietf:params:oauth:grant-profile:id-jag";
/// `typ` of an assertion for a person.
pub const ID_JAG_TYP: &str = "oauth-id-jag+jwt";

/// An assertion that was verified, and what it stands for.
pub enum Proven {
    Workload(workload::Proven),
    Person(enterprise::Proven),
}

/// Whether an issuer is on.
pub fn is_on(ctx: &OAuth) -> bool {
    let set = ctx.trusted.current();
    IssuerKind::ALL.into_iter().any(|kind| set.has(kind))
}

/// The client of a request: of a workload the machine that it becomes, of a person the one that authenticates.
pub async fn identify(
    ctx: &OAuth,
    call: &Call<'_>,
    params: &Params,
) -> Result<(Arc<Client>, Proven), Refused> {
    let text = params.require("assertion")?;
    match jose::claimed_type(text).as_deref() {
        Some(ID_JAG_TYP) => enterprise::identify(ctx, call, params, text).await,
        None | Some("jwt") => workload::identify(ctx, call, params, text).await,
        Some(_) => {
            Err(assertion::refuse(Reason::BadAssertion, "assertion has a typ that is not taken here").into())
        }
    }
}

/// Gives an access token for what was proven.
pub async fn run(
    ctx: &OAuth,
    call: &Call<'_>,
    request: &TokenRequest<'_>,
    proven: Proven,
) -> Result<Granted, Refused> {
    match proven {
        Proven::Workload(proven) => workload::run(ctx, call, request, &proven).await,
        Proven::Person(proven) => enterprise::run(ctx, call, request, &proven).await,
    }
}

/// The issuer of an assertion that is not believed yet.
fn issuer_of(ctx: &OAuth, text: &str, kind: IssuerKind) -> Result<Arc<TrustedIssuer>, Refusal> {
    let claims = assertion::read(text)?;
    let set = ctx.trusted.current();
    let found = assertion::text(&claims, "iss").and_then(|issuer| set.named(issuer, kind));
    let Some(issuer) = found.filter(|issuer| issuer.is_on()) else {
        return Err(assertion::refuse(
            Reason::UntrustedIssuer,
            "the issuer of assertion is not trusted for this: an administrator adds it",
        ));
    };
    assertion::check_algorithm(text, &issuer.row)?;
    Ok(Arc::clone(issuer))
}

/// Spends what is taken once.
async fn spend(ctx: &OAuth, issuer: &TrustedIssuer, jti: &str, until: Timestamp) -> Result<(), Refusal> {
    let (until, now) = (until.saturating_add(assertion::LEEWAY), ctx.clock.now());
    if ctx.store.spend_once(Once::Grant, &issuer.row.issuer, jti, until, now).await? {
        return Ok(());
    }
    Err(assertion::refuse(Reason::ReplayedAssertion, "assertion was used before: ask its issuer for another"))
}

/// What `scope` asks for; nothing where it is absent or empty.
fn asked_scopes(params: &Params) -> Result<ScopeSet, Refusal> {
    let asked = params.get("scope")?.map_or_else(|| Ok(ScopeSet::default()), ScopeSet::parse);
    asked.map_err(|e| Refusal::new(Code::InvalidScope, Reason::MalformedRequest, format!("scope {e}")))
}

fn no_scope_left() -> Refusal {
    Refusal::new(
        Code::InvalidScope,
        Reason::NoScopeLeft,
        "none of the requested scopes can be had with this assertion, on this resource, by this client",
    )
}
