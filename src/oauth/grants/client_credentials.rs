//! The `client_credentials` grant: a machine gets a token for itself, without any person.
//! Law: OAuth 2.1 §4.2 · RFC 8707 §2.2 · MCP extension `io.modelcontextprotocol/oauth-client-credentials`
//!
//! | request                                        | wire                      | effect                        | test                                          |
//! |------------------------------------------------|---------------------------|-------------------------------|-----------------------------------------------|
//! | a machine's, or a static client's with a secret that lists the grant type | 200, no refresh token | its one standing grant is kept | `a_machine_gets_a_token_and_calls` |
//! | the same once more                             | 200                       | nothing: the grant stands     | `a_machine_has_one_grant_however_often_it_asks` |
//! | public, or registered itself                   | 400 `unauthorized_client` | nothing                       | `only_clients_an_administrator_made_get_tokens_of_their_own` |
//! | secret missing or wrong, client disabled       | 401 `invalid_client`      | nothing                       | `a_wrong_secret_changes_nothing`              |
//! | no `scope`                                     | 200, all it may have      | as above                      | `a_machine_gets_what_it_may_have`             |
//! | some scopes it may not have, or that are not there | 200 without them      | as above                      | `a_machine_gets_what_it_may_have`             |
//! | only such                                      | 400 `invalid_scope`       | nothing                       | `a_machine_gets_what_it_may_have`             |
//! | no `resource`, and it may have nothing on the default one | 200, for the first where it may | as above | `a_machine_without_a_resource_gets_the_one_it_may_use` |
//! | unknown `resource`                             | 400 `invalid_target`      | nothing                       | `a_machine_names_its_resource`                |
//! | a proof of possession that was used before     | 400 `invalid_dpop_proof`  | nothing                       | `a_machines_token_is_bound_as_well`           |
//! | disabled while the request is under way        | 401 `invalid_client`      | nothing                       | `no_grant_is_kept_for_a_disabled_machine`     |
//!
//! The grant has no person. It stands for a week after its last token and is renewed by use, so there is one row for
//! each machine and resource, however many tokens it gets; revoking it ends every one of them at once.
//!
//! oxide-auth's flow of this name is not used: it insists on a redirect URI, which a machine has none of, and all it
//! would compare (client, scope) is compared before it could be asked.

use std::sync::Arc;

use super::super::scopes;
use crate::oauth::OAuth;
use crate::oauth::access_token::{self, LONGEST, Minting};
use crate::oauth::client::Client;
use crate::oauth::error::{Code, Reason, Refusal};
use crate::oauth::resource::Resource;
use crate::oauth::scalekit::door;
use crate::oauth::token::{Granted, Refused, TokenRequest, TokenResponse};
use crate::store::clients::ClientKind;
use crate::store::grants::GrantRow;
use crate::types::ScopeSet;
use crate::types::ids::{Kind, new_id};

pub const GRANT_TYPE: &str = "client_credentials";

/// How long a machine's grant stands after it was made or renewed, in seconds.
const STANDS: i64 = 8 * 86_400;

/// Whether a client may have tokens of its own, whatever it lists.
pub(super) fn may_act_alone(client: &Client) -> bool {
    matches!(client.kind, ClientKind::Static | ClientKind::Machine) && !client.is_public()
}

/// Gives a machine an access token.
pub async fn run(ctx: &OAuth, request: &TokenRequest<'_>) -> Result<Granted, Refused> {
    let client = &request.client;
    if !may_act_alone(client) {
        return Err(Refusal::new(
            Code::UnauthorizedClient,
            Reason::GrantTypeNotAllowed,
            "client_credentials is for clients with a secret or a key that an administrator made",
        )
        .into());
    }
    let resource = match &request.resource {
        Some(resource) => resource.clone(),
        None => home(ctx, client)?,
    };
    let asked = request.params.get("scope")?.map_or_else(|| Ok(ScopeSet::default()), ScopeSet::parse);
    let asked = asked
        .map_err(|e| Refusal::new(Code::InvalidScope, Reason::MalformedRequest, format!("scope {e}")))?;
    let chosen = scopes::for_machine(&resource, client, &asked)?;
    access_token::check_binding(&resource, request.binding.as_deref())?;
    request.settle(ctx).await?;
    let grant = standing_grant(ctx, client, &resource).await?;
    let scopes = scopes::of_token(&resource, client, &chosen);
    let access = access_token::mint(
        ctx,
        &Minting {
            client,
            grant: &grant,
            resource: &resource,
            scopes: &scopes,
            asked_as: door::asked_as(&resource, request.params),
            binding: request.binding.as_deref(),
        },
    )?;
    ctx.clients.touch(&client.id, ctx.clock.now());
    let response = TokenResponse::of(&access, &scopes);
    Ok(Granted { response, grant_id: grant.id, user_id: None, resource_id: grant.resource_id })
}

/// The resource of a machine that names none: the default one, or the first where it may have anything at all.
fn home(ctx: &OAuth, client: &Client) -> Result<Arc<Resource>, Refusal> {
    let default = ctx.resolve(std::iter::empty());
    let of = |resource: &Resource| scopes::for_machine(resource, client, &ScopeSet::default());
    if default.as_ref().is_ok_and(|resource| of(resource).is_ok()) {
        return default;
    }
    let now = ctx.clock.now();
    let has_something = |resource: &&Arc<Resource>| {
        resource.believes.takes_own(now) && of(resource).is_ok_and(|scopes| !scopes.is_empty())
    };
    ctx.resources.current().all().iter().find(has_something).cloned().map_or(default, Ok)
}

/// The machine's grant on this resource. Its scopes are all it may have there; it is written when they changed,
/// or when it would end before a token that is made now.
pub(super) async fn standing_grant(
    ctx: &OAuth,
    client: &Client,
    resource: &Resource,
) -> Result<GrantRow, Refusal> {
    let now = ctx.clock.now();
    let scopes = scopes::for_machine(resource, client, &ScopeSet::default())?;
    let found = ctx.store.find_machine_grant(&client.id, &resource.id).await?;
    if let Some(grant) = found.filter(|g| g.scopes == scopes && g.ends_at > now + LONGEST) {
        return Ok(grant);
    }
    let wanted = GrantRow {
        id: new_id(Kind::Grant, &ctx.clock, &ctx.rng),
        user_id: None,
        client_id: client.id.clone(),
        resource_id: resource.id.clone(),
        session_id: None,
        scopes,
        created_at: now,
        ends_at: now + STANDS,
        revoked_at: None,
        jkt: None,
    };
    ctx.store.keep_machine_grant(wanted).await?.ok_or_else(|| {
        Refusal::new(
            Code::InvalidClient,
            Reason::DisabledClient,
            "the administrator has disabled this client",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::client::AuthMethod;
    use crate::oauth::client::tests::client;

    #[test]
    fn the_kinds_that_may_act_alone() {
        let of = |kind, auth_method| may_act_alone(&Client { kind, auth_method, ..client() });
        assert!(of(ClientKind::Machine, AuthMethod::Basic));
        assert!(of(ClientKind::Static, AuthMethod::Post));
        assert!(!of(ClientKind::Machine, AuthMethod::None));
        assert!(!of(ClientKind::Static, AuthMethod::None));
        assert!(!of(ClientKind::Dynamic, AuthMethod::Basic));
    }
}
