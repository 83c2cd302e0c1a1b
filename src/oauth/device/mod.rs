//! The device authorization endpoint: a device without a browser asks, a person decides on another one.
//! Law: [RFC 8628](https://www.rfc-editor.org/rfc/rfc8628) §3.1, §3.2 · RFC 8707 §2
//!
//! | request                                             | answer                                   | test |
//! |-----------------------------------------------------|------------------------------------------|------|
//! | a client that lists the grant type                  | 200, both codes and where to go          | `a_device_gets_its_codes` |
//! | one that does not; a machine                        | 400 `unauthorized_client`                | `only_clients_that_list_it_may_ask` |
//! | unknown client, wrong secret                        | 401 `invalid_client`                     | `only_clients_that_list_it_may_ask` |
//! | unknown `resource`, no scope left, a parameter twice | as at [`super::authorize`], in JSON     | `a_device_asks_by_the_rules_of_everybody` |
//! | one too many from one address                       | 429 `temporarily_unavailable`            | `one_place_asks_only_so_often` |
//! | a client by document that is new here, and too many such came from its network | 503 `temporarily_unavailable` | `strangers_leave_few_rows_and_for_a_short_time` |
//! | one too many of one client, or in all               | 503 `temporarily_unavailable`            | `as_many_wait_as_may_and_no_more` |
//! | the setting `device.enabled` is off                 | 400 `unsupported_grant_type`             | `what_is_off_is_neither_named_nor_answered` |
//!
//! Static clients may use it where an administrator says so, and clients that say of themselves that they want to. A
//! machine has nobody to ask. [`decision`] is what the person does, [`super::grants::device_code`] how the device
//! gets its tokens.

pub mod decision;
mod user_code;

use serde::Serialize;

use super::authorize::{asked_scopes, may_ask};
use super::call::Call;
use super::client::Client;
use super::error::{Code, Reason, Refusal};
use super::grants::device_code::GRANT_TYPE;
use super::params::Params;
use super::resource::Resource;
use super::scalekit::door;
use super::{OAuth, cimd, client_auth, flow};
use crate::audit::{Entry, Event};
use crate::store::clients::ClientKind;
use crate::store::device_codes::{Bounds, DeviceRow};
use crate::types::ids::Kind;
use crate::types::secret::Bearer;
pub use user_code::UserCode;

/// Where a person enters the code.
pub const PATH: &str = "/device";
/// Seconds between two polls, to begin with (RFC 8628 §3.2).
const INTERVAL: i64 = 5;
/// How many requests may wait for a person. Guessing is the easier the more there are.
const BOUNDS: Bounds = Bounds { of_client: 1_000, in_all: 10_000 };
/// User codes that are tried: two at once that are the same happen once in millions.
const TRIES: usize = 3;
/// Whether devices may ask, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Devices {
    pub enabled: bool,
    /// Life of the codes, in seconds.
    pub life: i64,
}

/// What a device is told (RFC 8628 §3.2).
#[derive(Serialize)]
pub struct Codes {
    pub device_code: String,
    pub user_code: String,
    pub verification_uri: String,
    pub verification_uri_complete: String,
    /// Seconds.
    pub expires_in: i64,
    pub interval: i64,
}

/// What counts a request, and says whether there were not too many.
#[derive(Clone, Copy, Debug)]
pub struct InTime<C, N> {
    /// For its client, by id.
    pub of_client: C,
    /// For its network, where its client is new here.
    pub newcomer: N,
}

/// Answers a device's request.
pub async fn ask(
    ctx: &OAuth,
    call: &Call<'_>,
    params: &Params,
    in_time: InTime<impl Fn(&str) -> bool, impl Fn() -> bool>,
) -> Result<Codes, Refusal> {
    let asked = try_ask(ctx, call, params, in_time).await;
    let entry = match &asked {
        Ok((_, row)) => Entry::ok(Event::DeviceAuthorization)
            .client(row.client_id.clone())
            .resource(row.resource_id.clone())
            .flow(flow_of(ctx, row))
            .detail(format!("scopes: {}", row.scopes)),
        Err(refusal) => Entry::refused(Event::DeviceAuthorization, refusal.reason.as_str())
            .client(client_auth::named(call, params)),
    };
    ctx.audit.record(entry.address(call.origin.address.clone())).await;
    asked.map(|(codes, _)| codes)
}

async fn try_ask(
    ctx: &OAuth,
    call: &Call<'_>,
    params: &Params,
    in_time: InTime<impl Fn(&str) -> bool, impl Fn() -> bool>,
) -> Result<(Codes, DeviceRow), Refusal> {
    if !ctx.devices.enabled {
        return Err(Refusal::new(
            Code::UnsupportedGrantType,
            Reason::UnsupportedGrantType,
            "this server has no way in for devices without a browser",
        ));
    }
    let client = client_auth::authenticate(ctx, call, params).await?;
    if !may_use(&client) {
        return Err(Refusal::new(
            Code::UnauthorizedClient,
            Reason::GrantTypeNotAllowed,
            "this client is not registered for urn:ietf:params:oauth:grant-type:device_code",
        ));
    }
    if !(in_time.of_client)(&client.id) {
        return Err(busy(Reason::RateLimited));
    }
    let resource = door::named_or_default(ctx, params)?;
    may_ask(&client, &resource)?;
    let scopes = asked_scopes(params, &client, &resource)?;
    let document = cimd::may_begin_unchanged(ctx, &client, &resource, in_time.newcomer).await?;
    let (now, life) = (ctx.clock.now(), ctx.devices.life);
    for _ in 0..TRIES {
        let (bearer, user_code) =
            (Bearer::generate(Kind::DeviceCode, &ctx.clock, &ctx.rng), UserCode::generate(&ctx.rng));
        let row = DeviceRow {
            id: bearer.id.clone(),
            hash: bearer.hash(),
            user_code: user_code.mac(&ctx.master),
            client_id: client.id.clone(),
            resource_id: resource.id.clone(),
            scopes: scopes.clone(),
            asked_from: call.origin.address.clone(),
            created_at: now,
            expires_at: now + life,
            interval: INTERVAL,
            decided_at: None,
            grant_id: None,
            login: None,
            spent_at: None,
        };
        let added = match document.clone() {
            Some(client) => ctx.store.add_device_code_by_document(client, row.clone(), BOUNDS).await?,
            None => ctx.store.add_device_code(row.clone(), BOUNDS).await?,
        };
        if added {
            if document.is_none() {
                // Or it might be removed as unused while the device waits.
                ctx.clients.touch(&client.id, now);
            }
            return Ok((codes(ctx, &bearer, &user_code), row));
        }
    }
    Err(busy(Reason::TooManyWaiting))
}

fn codes(ctx: &OAuth, bearer: &Bearer, user_code: &UserCode) -> Codes {
    let shown = user_code.shown();
    Codes {
        device_code: bearer.to_text().expose().clone(),
        verification_uri: ctx.issuer.at(PATH),
        verification_uri_complete: ctx.issuer.at(&format!("{PATH}?user_code={shown}")),
        user_code: shown,
        expires_in: ctx.devices.life,
        interval: INTERVAL,
    }
}

fn busy(reason: Reason) -> Refusal {
    Refusal::new(
        Code::TemporarilyUnavailable,
        reason,
        "too many devices are waiting for somebody to decide; try again in a minute",
    )
}

/// Whether a client may ask for devices.
pub fn may_use(client: &Client) -> bool {
    client.kind != ClientKind::Machine && client.allows(GRANT_TYPE)
}

/// What ties the steps of a device's request together in the audit trail.
pub fn flow_of(ctx: &OAuth, row: &DeviceRow) -> String {
    flow::of(&ctx.master, &row.client_id, &row.id)
}

/// What the person is asked for, as far as the resource still has it.
fn still(resource: &Resource, row: &DeviceRow) -> crate::types::ScopeSet {
    let names = resource.scope_names();
    let is_there = |name: &&str| super::scopes::is_everywhere(name) || names.contains(name);
    row.scopes.iter().filter(is_there).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::client::tests::client;

    #[test]
    fn a_machine_has_nobody_to_ask() {
        let of = |kind, grant: &str| may_use(&Client { kind, grant_types: vec![grant.into()], ..client() });
        for kind in [ClientKind::Cimd, ClientKind::Dynamic, ClientKind::Static] {
            assert!(of(kind, GRANT_TYPE));
            assert!(!of(kind, "authorization_code"));
        }
        assert!(!of(ClientKind::Machine, GRANT_TYPE));
    }
}
