//! The token endpoint: the phases every grant shares, so that no grant can forget one.
//!
//! 1. parameters, each at most once · 2. client authentication · 3. the client may use this grant type ·
//! 4. `resource` is known, before anything is spent · 5. a proof of possession, where one is sent or needed ·
//! 6. the grant, which spends the proof before anything else · 7. audit
//!
//! Law: OAuth 2.1 §3.2, [RFC 8707 §2.2](https://www.rfc-editor.org/rfc/rfc8707#section-2.2).

use std::sync::Arc;

use serde::Serialize;

use super::access_token::AccessToken;
use super::call::Call;
use super::client::Client;
use super::dpop::{self, Proof, binding};
use super::error::{Code, Reason, Refusal};
use super::grants::{
    GrantType, authorization_code, client_credentials, device_code, jwt_bearer, refresh_token, token_exchange,
};
use super::params::Params;
use super::resource::Resource;
use super::scalekit::door;
use super::{OAuth, client_auth};
use crate::audit::{Entry, Event};
use crate::types::ScopeSet;

/// A successful answer ([RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)). `scope` is
/// always there: a client that finds none takes it for empty.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct TokenResponse {
    pub access_token: String,
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: i64,
    pub scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// What kind of token it is, where one was exchanged for it (RFC 8693 §2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<&'static str>,
}

impl TokenResponse {
    /// With an access token for these scopes, and nothing else.
    pub fn of(access: &AccessToken, scopes: &ScopeSet) -> Self {
        Self {
            access_token: access.token.expose().clone(),
            token_type: access.token_type,
            expires_in: access.expires_in,
            scope: scopes.to_string(),
            refresh_token: None,
            id_token: None,
            issued_token_type: None,
        }
    }
}

/// A token request past the shared phases.
pub struct TokenRequest<'a> {
    pub params: &'a Params,
    pub client: Arc<Client>,
    /// The resource the request names, if it names one.
    pub resource: Option<Arc<Resource>>,
    /// Thumbprint of the key that the request proved to hold (RFC 9449 §5): what is issued is bound to it.
    pub binding: Option<String>,
    /// The proof itself.
    pub proof: Option<Proof>,
}

impl TokenRequest<'_> {
    /// Spends the proof, once however often this is called. A grant calls it when it knows that it will give
    /// something, and before it changes anything.
    ///
    /// # Errors
    /// `invalid_dpop_proof` when it was used before.
    pub async fn settle(&self, ctx: &OAuth) -> Result<(), Refusal> {
        match &self.proof {
            Some(proof) => dpop::spend(ctx, proof).await,
            None => Ok(()),
        }
    }
}

/// What a grant gives, and which grant it was, for the audit trail.
pub struct Granted {
    pub response: TokenResponse,
    pub grant_id: String,
    pub user_id: Option<String>,
    pub resource_id: String,
}

/// A refusal with what is known of whom it concerns.
pub struct Refused {
    pub refusal: Refusal,
    pub client_id: Option<String>,
    pub grant_id: Option<String>,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, client_id: None, grant_id: None }
    }
}

impl From<crate::store::StoreError> for Refused {
    fn from(error: crate::store::StoreError) -> Self {
        Refusal::from(error).into()
    }
}

impl Refused {
    /// Names the grant that was found before the refusal.
    pub fn of_grant(refusal: Refusal, grant_id: &str) -> Self {
        Self { refusal, client_id: None, grant_id: Some(grant_id.to_owned()) }
    }
}

/// Answers a token request.
pub async fn respond(ctx: &OAuth, call: &Call<'_>, params: &Params) -> Result<TokenResponse, Refusal> {
    let event = match params.first("grant_type") {
        Some(refresh_token::GRANT_TYPE) => Event::TokenRefreshed,
        Some(token_exchange::GRANT_TYPE) => Event::TokenExchanged,
        _ => Event::TokenIssued,
    };
    match answer(ctx, call, params).await {
        Ok((granted, client)) => {
            ctx.usage.note(&granted.grant_id, ctx.clock.now());
            let entry = Entry::ok(event)
                .client(client.id.clone())
                .user(granted.user_id)
                .grant(granted.grant_id)
                .resource(granted.resource_id)
                .address(call.origin.address.clone());
            ctx.audit.record(entry).await;
            Ok(granted.response)
        }
        Err(refused) if refused.refusal.code.is_wait() => Err(refused.refusal),
        Err(refused) => {
            let client = refused.client_id.or_else(|| client_auth::named(call, params));
            let entry = Entry::refused(event, refused.refusal.reason.as_str())
                .client(client)
                .grant(refused.grant_id)
                .address(call.origin.address.clone());
            ctx.audit.record(entry).await;
            Err(refused.refusal)
        }
    }
}

async fn answer(ctx: &OAuth, call: &Call<'_>, params: &Params) -> Result<(Granted, Arc<Client>), Refused> {
    let grant_type = params.require("grant_type")?;
    let (client, proven) = match GrantType::parse(grant_type) {
        // The assertion may itself say which client it is.
        Some(known @ GrantType::JwtBearer) if known.is_on(ctx) => {
            let (client, proven) = jwt_bearer::identify(ctx, call, params).await?;
            (client, Some(proven))
        }
        Some(known) if !known.is_on(ctx) => return Err(unsupported().into()),
        _ => (client_auth::authenticate(ctx, call, params).await?, None),
    };
    let granted = grant(ctx, call, (grant_type, params), &client, proven).await;
    match granted {
        Ok(granted) => Ok((granted, client)),
        Err(refused) => Err(Refused { client_id: Some(client.id.clone()), ..refused }),
    }
}

fn unsupported() -> Refusal {
    Refusal::new(
        Code::UnsupportedGrantType,
        Reason::UnsupportedGrantType,
        "grant_type is none that this server knows: its metadata lists them",
    )
}

async fn grant(
    ctx: &OAuth,
    call: &Call<'_>,
    (grant_type, params): (&str, &Params),
    client: &Arc<Client>,
    proven: Option<jwt_bearer::Proven>,
) -> Result<Granted, Refused> {
    let found = GrantType::parse(grant_type).filter(|grant| grant.is_on(ctx));
    let grant_type = found.ok_or_else(unsupported)?;
    if !grant_type.is_by_rule() && !client.allows(grant_type.as_str()) {
        return Err(Refusal::new(
            Code::UnauthorizedClient,
            Reason::GrantTypeNotAllowed,
            "this client is not registered for this grant_type",
        )
        .into());
    }
    let resource = door::named(ctx, params)?;
    let proof = binding::of_request(ctx, call, client)?;
    let binding = proof.as_ref().map(|proof| proof.jkt.clone());
    let request = TokenRequest { params, client: Arc::clone(client), resource, binding, proof };
    let granted = match grant_type {
        GrantType::AuthorizationCode => authorization_code::run(ctx, &request).await,
        GrantType::RefreshToken => refresh_token::run(ctx, &request).await,
        GrantType::ClientCredentials => client_credentials::run(ctx, &request).await,
        GrantType::DeviceCode => device_code::run(ctx, &request).await,
        GrantType::JwtBearer => {
            jwt_bearer::run(ctx, call, &request, proven.ok_or_else(Refusal::internal)?).await
        }
        GrantType::TokenExchange => token_exchange::run(ctx, &request).await,
    }?;
    // For a grant that has not: what it gives leaves only for a proof that was not used before.
    request.settle(ctx).await?;
    Ok(granted)
}

/// The resource of a grant, which a request may name again but not change.
///
/// # Errors
/// `invalid_target` when the request names another one, the resource is gone, or it takes tokens of ours no more.
pub fn same_resource(
    ctx: &OAuth,
    request: &TokenRequest<'_>,
    resource_id: &str,
) -> Result<Arc<Resource>, Refusal> {
    let mismatch = |text: &'static str| Refusal::new(Code::InvalidTarget, Reason::ResourceMismatch, text);
    if request.resource.as_ref().is_some_and(|r| r.id != resource_id) {
        return Err(mismatch("resource is not the one that was authorized"));
    }
    let resources = ctx.resources.current();
    let resource = resources
        .by_id(resource_id)
        .ok_or_else(|| mismatch("the resource that was authorized does not exist any more"))?;
    resource.check_own(ctx.clock.now())?;
    Ok(Arc::clone(resource))
}

/// The scopes a refresh asks for, if it asks; scopes of OpenID Connect and `offline_access` never widen. A scope
/// that was agreed to and cannot be had any more is left out: clients name what they once got.
pub fn requested_scope(
    params: &Params,
    resource: &Resource,
    agreed: &ScopeSet,
    granted: &ScopeSet,
) -> Result<Option<ScopeSet>, Refusal> {
    let Some(text) = params.get("scope")? else { return Ok(None) };
    let asked = ScopeSet::parse(text)
        .map_err(|e| Refusal::new(Code::InvalidScope, Reason::MalformedRequest, format!("scope {e}")))?;
    let of_resource = resource.scope_names();
    let set: ScopeSet = asked
        .iter()
        .filter(|name| granted.contains(name) || of_resource.contains(name) && !agreed.contains(name))
        .map(str::to_owned)
        .collect();
    Ok((!set.is_empty()).then_some(set))
}
