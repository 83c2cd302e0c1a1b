//! The device code grant: a device without a browser fetches what a person allowed on another one.
//! Law: RFC 8628 §3.4, §3.5 · RFC 8707 §2.2 · OAuth 2.1 §7.5.3, by analogy
//!
//! | presented device code                         | decision | wire                          | effect                          | test |
//! |-----------------------------------------------|----------|-------------------------------|---------------------------------|------|
//! | nobody has decided; in time                   | Wait     | 400 `authorization_pending`   | the poll is noted               | `a_device_waits_until_somebody_decides` |
//! | the same, sooner than the interval            | Wait     | 400 `slow_down`               | the interval grows by 5 seconds | `a_device_that_asks_too_often_is_slowed_down` |
//! | allowed, this client                          | Redeem   | 200                           | spend, one refresh token        | `a_device_gets_tokens_once_it_is_allowed` |
//! | denied                                        | Refuse   | 400 `access_denied`           | nothing                         | `a_device_that_is_denied_is_told` |
//! | expired, decided or not                       | Refuse   | 400 `expired_token`           | nothing                         | `an_expired_device_code_is_refused` |
//! | spent; everything else right                  | Replay   | 400 `invalid_grant`           | revoke the grant                | `a_replayed_device_code_revokes_the_grant` |
//! | another client's                              | Refuse   | 400 `invalid_grant`           | nothing                         | `a_foreign_device_code_changes_nothing` |
//! | allowed, and its client is on hold since ([`crate::oauth::cimd::hold`]) | Refuse | 400 `invalid_grant` | nothing: it works again with the client | `a_hold_reaches_what_was_allowed_on_a_device` |
//! | revoked, unknown                              | Refuse   | 400 `invalid_grant`           | nothing                         | `a_dead_device_code_is_refused` |
//! | allowed, but another request spends it first  | Refuse   | 400 `invalid_grant`           | nothing: both may be one device | `parallel_fetches_have_one_winner` |
//! | any, with a `resource` other than the one asked for | Refuse | 400 `invalid_target`      | nothing                         | `a_device_keeps_its_resource` |
//!
//! A device that waits is not recorded: it asks every few seconds, and nothing follows from it.
//!
//! oxide-auth has no such grant; what it would compare (client, scope) is compared here.

use super::{refresh_token, revoke_replayed};
use crate::oauth::access_token::{Minting, SignedIn};
use crate::oauth::dpop::binding;
use crate::oauth::error::{Code, Reason, Refusal};
use crate::oauth::resource::{OPENID, Resource};
use crate::oauth::scalekit::door;
use crate::oauth::token::{Granted, Refused, TokenRequest, TokenResponse, same_resource};
use crate::oauth::{OAuth, access_token, cimd, scopes};
use crate::store::device_codes::{DeviceRow, Login, Polled};
use crate::store::grants::GrantRow;
use crate::types::Timestamp;
use crate::types::ids::Kind;
use crate::types::secret::Bearer;

pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What to do with a presented device code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Wait,
    Redeem,
    Replay,
    Refuse(Reason),
}

/// The table above. `grant`: what was allowed.
pub fn decide(device: &DeviceRow, grant: Option<&GrantRow>, client_id: &str, now: Timestamp) -> Decision {
    if device.client_id != client_id {
        return Decision::Refuse(Reason::ForeignDeviceCode);
    }
    if grant.is_some_and(|grant| grant.revoked_at.is_some()) {
        return Decision::Refuse(Reason::RevokedGrant);
    }
    if device.spent_at.is_some() {
        return Decision::Replay;
    }
    if device.expires_at <= now {
        return Decision::Refuse(Reason::ExpiredDeviceCode);
    }
    match (device.decided_at, grant) {
        (None, _) => Decision::Wait,
        (Some(_), None) => Decision::Refuse(Reason::PersonDenied),
        (Some(_), Some(_)) => Decision::Redeem,
    }
}

fn refuse(reason: Reason) -> Refusal {
    let (code, text) = match reason {
        Reason::AwaitedPerson => (Code::AuthorizationPending, "nobody has decided yet: ask again"),
        Reason::PolledTooSoon => (Code::SlowDown, "asked again too soon: wait 5 seconds longer from now on"),
        Reason::PersonDenied => (Code::PersonDenied, "the person did not agree"),
        Reason::ExpiredDeviceCode => {
            (Code::ExpiredToken, "the device code has expired: start a new authorization")
        }
        Reason::ForeignDeviceCode => (Code::InvalidGrant, "the device code was issued to another client"),
        Reason::ReplayedDeviceCode | Reason::RacedRequest => {
            (Code::InvalidGrant, "the device code was used before: start a new authorization")
        }
        Reason::ClientOnHold => (Code::InvalidGrant, refresh_token::ON_HOLD),
        _ => (Code::InvalidGrant, "the device code is not valid: start a new authorization"),
    };
    Refusal::new(code, reason, text)
}

/// Gives a device its tokens, or tells it to wait.
pub async fn run(ctx: &OAuth, request: &TokenRequest<'_>) -> Result<Granted, Refused> {
    let text = request.params.require("device_code")?;
    let bearer = Bearer::parse(Kind::DeviceCode, text).ok_or_else(|| refuse(Reason::UnknownDeviceCode))?;
    let device = ctx
        .store
        .find_device_code(&bearer.id)
        .await?
        .filter(|device| device.hash.matches(bearer.secret.expose()))
        .ok_or_else(|| refuse(Reason::UnknownDeviceCode))?;
    let grant = match &device.grant_id {
        Some(id) => ctx.store.find_grant(id).await?,
        None => None,
    };
    let of_grant = |refusal| Refused { grant_id: device.grant_id.clone(), ..Refused::from(refusal) };

    let decision = decide(&device, grant.as_ref(), &request.client.id, ctx.clock.now());
    if let Decision::Refuse(reason) = decision {
        return Err(of_grant(refuse(reason)));
    }
    // Before anything follows from the code: a request for another resource is a mistake, not a replay.
    let resource = same_resource(ctx, request, &device.resource_id).map_err(of_grant)?;
    request.settle(ctx).await.map_err(of_grant)?;
    let Some(grant) = grant else { return Err(wait(ctx, &device).await?.into()) };
    if decision == Decision::Replay {
        revoke_replayed(ctx, &grant, Reason::ReplayedDeviceCode).await.map_err(of_grant)?;
        return Err(of_grant(refuse(Reason::ReplayedDeviceCode)));
    }
    if !cimd::may_renew(ctx, &request.client, &grant).await.map_err(of_grant)? {
        return Err(of_grant(refuse(Reason::ClientOnHold)));
    }
    let response = redeem(ctx, request, &device, &grant, &resource).await.map_err(of_grant)?;
    Ok(Granted { response, grant_id: grant.id, user_id: grant.user_id, resource_id: grant.resource_id })
}

async fn wait(ctx: &OAuth, device: &DeviceRow) -> Result<Refusal, Refusal> {
    Ok(match ctx.store.poll_device_code(device.id.clone(), ctx.clock.now()).await? {
        Polled::TooSoon => refuse(Reason::PolledTooSoon),
        // One that somebody decided about just now learns of it the next time.
        Polled::Waiting | Polled::Gone => refuse(Reason::AwaitedPerson),
    })
}

async fn redeem(
    ctx: &OAuth,
    request: &TokenRequest<'_>,
    device: &DeviceRow,
    grant: &GrantRow,
    resource: &Resource,
) -> Result<TokenResponse, Refusal> {
    // Signed before the code is spent: a signature that fails must not burn the code.
    let scopes = scopes::of_token(resource, &request.client, &grant.scopes);
    let minting = Minting {
        client: &request.client,
        grant,
        resource,
        scopes: &scopes,
        asked_as: door::asked_as(resource, request.params),
        binding: request.binding.as_deref(),
    };
    let access = access_token::mint(ctx, &minting)?;
    let id_token = match device.login {
        Some(Login { auth_time, proof }) if scopes.contains(OPENID) => {
            let login = SignedIn { auth_time, proof, nonce: None };
            access_token::mint_id_token(ctx, grant, resource, login).await?
        }
        _ => None,
    };
    let (text, row) = refresh_token::first(ctx, grant, resource);
    let jkt = binding::of_refresh_tokens(&request.client, request.binding.as_deref());
    if !ctx.store.spend_device_code(device.id.clone(), ctx.clock.now(), row, jkt).await? {
        return Err(refuse(Reason::RacedRequest));
    }
    ctx.clients.touch(&grant.client_id, ctx.clock.now());
    Ok(TokenResponse {
        refresh_token: Some(text.expose().clone()),
        id_token,
        ..TokenResponse::of(&access, &scopes)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Hashed, ScopeSet};

    fn device(
        decided_at: Option<Timestamp>,
        grant_id: Option<&str>,
        spent_at: Option<Timestamp>,
    ) -> DeviceRow {
        DeviceRow {
            id: "dvc_1".into(),
            hash: Hashed::of("x"),
            user_code: Hashed::of("y"),
            client_id: "cli_1".into(),
            resource_id: "res_1".into(),
            scopes: ScopeSet::default(),
            asked_from: None,
            created_at: 100,
            expires_at: 700,
            interval: 5,
            decided_at,
            grant_id: grant_id.map(str::to_owned),
            login: None,
            spent_at,
        }
    }

    fn grant(revoked_at: Option<Timestamp>) -> GrantRow {
        GrantRow {
            id: "grt_1".into(),
            user_id: Some("usr_1".into()),
            client_id: "cli_1".into(),
            resource_id: "res_1".into(),
            session_id: None,
            scopes: ScopeSet::default(),
            created_at: 100,
            ends_at: 1000,
            revoked_at,
            jkt: None,
        }
    }

    #[test]
    fn the_table() {
        use Decision::{Redeem, Refuse, Replay, Wait};
        let waiting = || device(None, None, None);
        let allowed = || device(Some(200), Some("grt_1"), None);
        let spent = || device(Some(200), Some("grt_1"), Some(210));
        for (device, grant, client, now, expected) in [
            (waiting(), None, "cli_1", 699, Wait),
            (waiting(), None, "cli_1", 700, Refuse(Reason::ExpiredDeviceCode)),
            (waiting(), None, "cli_2", 100, Refuse(Reason::ForeignDeviceCode)),
            (device(Some(200), None, None), None, "cli_1", 201, Refuse(Reason::PersonDenied)),
            (device(Some(200), None, None), None, "cli_1", 700, Refuse(Reason::ExpiredDeviceCode)),
            (allowed(), Some(grant(None)), "cli_1", 699, Redeem),
            (allowed(), Some(grant(None)), "cli_1", 700, Refuse(Reason::ExpiredDeviceCode)),
            (allowed(), Some(grant(Some(205))), "cli_1", 210, Refuse(Reason::RevokedGrant)),
            (allowed(), Some(grant(None)), "cli_2", 210, Refuse(Reason::ForeignDeviceCode)),
            (spent(), Some(grant(None)), "cli_1", 220, Replay),
            (spent(), Some(grant(None)), "cli_1", 9999, Replay),
            (spent(), Some(grant(None)), "cli_2", 220, Refuse(Reason::ForeignDeviceCode)),
            (spent(), Some(grant(Some(215))), "cli_1", 220, Refuse(Reason::RevokedGrant)),
        ] {
            assert_eq!(decide(&device, grant.as_ref(), client, now), expected, "{device:?} at {now}");
        }
    }
}
