//! What a person decides about a device that waits.
//! Law: RFC 8628 §3.3, §5.1, §5.4
//!
//! | the person                                        | answer                              | effect                     | test |
//! |---------------------------------------------------|-------------------------------------|----------------------------|------|
//! | enters the code of a device that waits            | what it asks for, and the warning   | nothing                    | `a_person_sees_what_a_device_asks_for` |
//! | enters any other code: wrong, expired, decided    | the same sentence for all           | nothing; it is recorded    | `a_code_that_nobody_waits_with_says_no_more` |
//! | enters codes too often, or their network does     | a pause                             | nothing                    | `guessing_codes_is_paused` |
//! | follows the link with the code in it              | the code is filled in               | nothing                    | `a_link_fills_the_code_in_and_does_nothing` |
//! | allows                                            | back to the device                  | consent, grant; the device may fetch | `a_device_gets_tokens_once_it_is_allowed` |
//! | denies                                            | so it is said                       | the device is told         | `a_device_that_is_denied_is_told` |
//! | decides a second time                             | as any other code                   | nothing                    | `a_decision_is_made_once` |
//! | is disabled meanwhile, or the client is           | error page                          | nothing                    | `somebody_disabled_meanwhile_allows_nothing` |

use std::sync::Arc;

use super::{UserCode, flow_of, may_use, still};
use crate::audit::{Entry, Event};
use crate::oauth::approval::{self, Asked, Decider};
use crate::oauth::authorize::may_ask;
use crate::oauth::cimd;
use crate::oauth::client::Client;
use crate::oauth::error::Refusal;
use crate::oauth::resource::Resource;
use crate::oauth::{OAuth, Origin};
use crate::store::device_codes::{Allowed, DeviceRow, Login};
use crate::types::ScopeSet;

/// A device that waits, and all that a person needs to decide.
#[derive(Debug)]
pub struct Waiting {
    pub row: DeviceRow,
    pub client: Arc<Client>,
    pub resource: Arc<Resource>,
    pub scopes: ScopeSet,
    flow: String,
}

impl Waiting {
    fn asked(&self, ctx: &OAuth) -> Asked<'_> {
        Asked {
            client: &self.client,
            resource: &self.resource,
            scopes: &self.scopes,
            fetch_within: (self.row.expires_at - ctx.clock.now()).max(0),
            flow: &self.flow,
        }
    }
}

/// Finds the device that waits with this code, and records what came of the attempt.
pub async fn find(
    ctx: &OAuth,
    typed: &str,
    user_id: &str,
    session_id: &str,
    origin: &Origin,
) -> Result<Option<Waiting>, Refusal> {
    let found = match UserCode::parse(typed) {
        Some(code) => waiting(ctx, &code).await?,
        None => None,
    };
    let entry = match &found {
        Some(waiting) => Entry::ok(Event::DeviceCode)
            .client(waiting.client.id.clone())
            .resource(waiting.resource.id.clone())
            .flow(waiting.flow.clone()),
        None => Entry::refused(Event::DeviceCode, "wrong_user_code"),
    };
    let entry = entry.user(user_id.to_owned()).session(session_id.to_owned());
    ctx.audit.record(entry.address(origin.address.clone())).await;
    Ok(found)
}

async fn waiting(ctx: &OAuth, code: &UserCode) -> Result<Option<Waiting>, Refusal> {
    let now = ctx.clock.now();
    let Some(row) = ctx.store.find_waiting_device_code(&code.mac(&ctx.master), now).await? else {
        return Ok(None);
    };
    let Some(client) = ctx.clients.find(&row.client_id).await? else { return Ok(None) };
    let resource = ctx.resources.current().by_id(&row.resource_id).cloned();
    let Some(resource) = resource.filter(|resource| resource.believes.takes_own(now)) else {
        return Ok(None);
    };
    // Both may have changed since the device asked.
    let is_kept_out = client.held_at.is_some() || cimd::check_policy(ctx, &client, &resource).is_err();
    if !may_use(&client) || may_ask(&client, &resource).is_err() || is_kept_out {
        return Ok(None);
    }
    let (scopes, flow) = (still(&resource, &row), flow_of(ctx, &row));
    Ok(Some(Waiting { row, client, resource, scopes, flow }))
}

/// Allows what the person left ticked.
///
/// # Errors
/// `access_denied` when it is too late.
pub async fn allow(
    ctx: &OAuth,
    waiting: &Waiting,
    decider: &Decider,
    ticked: &ScopeSet,
    origin: &Origin,
) -> Result<(), Refusal> {
    let approval = approval::prepare(ctx, waiting.asked(ctx), decider, ticked, origin).await?;
    let allowed = Allowed {
        device_id: waiting.row.id.clone(),
        login: Login { auth_time: decider.auth_time, proof: decider.proof },
        consent_id: approval.consent_id,
        consented: approval.consented,
        grant: approval.grant,
    };
    if !ctx.store.allow_device_code(allowed).await? {
        return Err(approval::too_late());
    }
    ctx.audit.record(approval.entry).await;
    Ok(())
}

/// Denies it.
///
/// # Errors
/// `access_denied` when it is too late.
pub async fn deny(ctx: &OAuth, waiting: &Waiting, decider: &Decider, origin: &Origin) -> Result<(), Refusal> {
    if !ctx.store.deny_device_code(waiting.row.id.clone(), ctx.clock.now()).await? {
        return Err(approval::too_late());
    }
    ctx.audit.record(approval::denied(waiting.asked(ctx), decider, origin)).await;
    Ok(())
}
