//! The only file that imports oxide-auth.
//!
//! oxide-auth's `code_grant` layer carries the order of checks of each grant, the rule that nothing is
//! redirected before client and redirect URI are bound, scope comparison, and PKCE. Everything it gets wrong
//! for OAuth 2.1 is done before it is asked (`docs/decisions/0002-oxide-auth.md` lists part by part what it
//! decides here and what it does not): each function below hands it facts that are already checked, and a
//! refusal of ours always wins over the coarser error it would choose.

use std::borrow::Cow;
use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use oxide_auth::code_grant::accesstoken as at;
use oxide_auth::code_grant::authorization as az;
use oxide_auth::code_grant::error::AuthorizationErrorType;
use oxide_auth::code_grant::extensions::Pkce;
use oxide_auth::code_grant::refresh as rf;
use oxide_auth::endpoint::{PreGrant, Scope};
use oxide_auth::primitives::grant::{Extensions, Grant};
use oxide_auth::primitives::issuer::{IssuedToken, RefreshedToken, TokenType};
use oxide_auth::primitives::registrar::{BoundClient, ClientUrl, ExactUrl, RegisteredUrl, RegistrarError};
use oxide_auth_async::code_grant::{access_token, authorization, refresh};
use oxide_auth_async::primitives::{Authorizer, Issuer, Registrar};
use url::Url;

use super::error::{Code, Reason, Refusal};
use super::params::Params;
use crate::types::{ScopeSet, Timestamp};

/// How an authorization request was refused.
#[derive(Debug, PartialEq, Eq)]
pub enum AuthorizeError {
    /// Client or redirect URI are not bound: a page, never a redirect.
    Page(Refusal),
    /// Both are bound: the client is told at its redirect URI.
    Redirect(Refusal),
}

/// Our part of an authorization request, in the order oxide-auth asks for it.
pub trait AuthorizeRules: Send + Sync {
    /// Binds client and redirect URI, or refuses with a page. Returns the redirect URI in force.
    fn bind(&self) -> Result<String, Refusal>;
    /// Checks the parameters that are not part of plain RFC 6749: `resource`, PKCE syntax, `prompt`, ….
    fn extend(&self) -> Result<(), Refusal>;
    /// Chooses the scopes that are put before the person.
    fn negotiate(&self) -> Result<ScopeSet, Refusal>;
}

struct AuthorizeFlow<'a> {
    rules: &'a dyn AuthorizeRules,
    pkce: Pkce,
    refusal: Mutex<Option<Refusal>>,
}

/// Keeps the first refusal of ours for the caller; oxide-auth only learns that there is one.
fn note(slot: &Mutex<Option<Refusal>>, refusal: Refusal) {
    if let Ok(mut slot) = slot.lock() {
        slot.get_or_insert(refusal);
    }
}

fn noted(slot: &Mutex<Option<Refusal>>) -> Option<Refusal> {
    slot.lock().ok().and_then(|mut slot| slot.take())
}

fn scope_of(set: &ScopeSet) -> Result<Scope, ()> {
    set.to_string().parse().map_err(|_| ())
}

fn set_of(scope: &Scope) -> ScopeSet {
    scope.iter().map(str::to_owned).collect()
}

fn time(seconds: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

struct AuthorizeRequest<'a>(&'a Params);

impl az::Request for AuthorizeRequest<'_> {
    fn valid(&self) -> bool {
        true
    }
    fn client_id(&self) -> Option<Cow<'_, str>> {
        self.0.first("client_id").map(Cow::Borrowed)
    }
    fn scope(&self) -> Option<Cow<'_, str>> {
        None // read, bounded and compared by `negotiate`
    }
    fn redirect_uri(&self) -> Option<Cow<'_, str>> {
        self.0.first("redirect_uri").map(Cow::Borrowed)
    }
    fn state(&self) -> Option<Cow<'_, str>> {
        self.0.first("state").map(Cow::Borrowed)
    }
    fn response_type(&self) -> Option<Cow<'_, str>> {
        self.0.first("response_type").map(Cow::Borrowed)
    }
    fn extension(&self, key: &str) -> Option<Cow<'_, str>> {
        self.0.first(key).map(Cow::Borrowed)
    }
}

#[async_trait]
impl Registrar for AuthorizeFlow<'_> {
    async fn bound_redirect<'a>(&self, bound: ClientUrl<'a>) -> Result<BoundClient<'a>, RegistrarError> {
        let uri = self.rules.bind().map_err(|refusal| {
            note(&self.refusal, refusal);
            RegistrarError::Unspecified
        })?;
        let exact = ExactUrl::new(uri).map_err(|_| RegistrarError::Unspecified)?;
        Ok(BoundClient { client_id: bound.client_id, redirect_uri: Cow::Owned(RegisteredUrl::Exact(exact)) })
    }

    async fn negotiate<'a>(
        &self,
        client: BoundClient<'a>,
        _: Option<Scope>,
    ) -> Result<PreGrant, RegistrarError> {
        let scopes = self.rules.negotiate().map_err(|refusal| {
            note(&self.refusal, refusal);
            RegistrarError::Unspecified
        })?;
        Ok(PreGrant {
            client_id: client.client_id.into_owned(),
            redirect_uri: client.redirect_uri.into_owned(),
            scope: scope_of(&scopes).map_err(|()| RegistrarError::Unspecified)?,
        })
    }

    async fn check(&self, _: &str, _: Option<&[u8]>) -> Result<(), RegistrarError> {
        Err(RegistrarError::Unspecified)
    }
}

#[async_trait]
impl Authorizer for AuthorizeFlow<'_> {
    async fn authorize(&mut self, _: Grant) -> Result<String, ()> {
        Err(()) // codes are made by `authorize::approve`, in one transaction with the consent
    }
    async fn extract(&mut self, _: &str) -> Result<Option<Grant>, ()> {
        Err(())
    }
}

#[async_trait]
impl authorization::Extension for AuthorizeFlow<'_> {
    async fn extend(&mut self, request: &(dyn az::Request + Sync)) -> Result<Extensions, ()> {
        self.rules.extend().map_err(|refusal| note(&self.refusal, refusal))?;
        let mut extensions = Extensions::new();
        let method = request.extension("code_challenge_method");
        if let Some(value) = self.pkce.challenge(method, request.extension("code_challenge"))? {
            extensions.set(&self.pkce, value);
        }
        Ok(extensions)
    }
}

impl authorization::Endpoint for AuthorizeFlow<'_> {
    fn registrar(&self) -> &(dyn Registrar + Sync) {
        self
    }
    fn authorizer(&mut self) -> &mut (dyn Authorizer + Send) {
        self
    }
    fn extension(&mut self) -> &mut (dyn authorization::Extension + Send) {
        self
    }
}

/// Walks an authorization request through oxide-auth's order: bind, response type, extensions, scope.
/// Returns the scopes to put before the person.
pub async fn authorize(params: &Params, rules: &dyn AuthorizeRules) -> Result<ScopeSet, AuthorizeError> {
    let mut flow = AuthorizeFlow { rules, pkce: Pkce::required(), refusal: Mutex::default() };
    match authorization::authorization_code(&mut flow, &AuthorizeRequest(params)).await {
        Ok(pending) => Ok(set_of(&pending.pre_grant().scope)),
        Err(az::Error::Redirect(mut error)) => Err(AuthorizeError::Redirect(
            noted(&flow.refusal).unwrap_or_else(|| from_url(params, &mut error)),
        )),
        Err(az::Error::Ignore) => Err(AuthorizeError::Page(noted(&flow.refusal).unwrap_or_else(|| {
            Refusal::new(
                Code::InvalidRequest,
                Reason::MalformedRequest,
                "client_id or redirect_uri is missing or malformed",
            )
        }))),
        Err(az::Error::PrimitiveError) => {
            Err(AuthorizeError::Page(noted(&flow.refusal).unwrap_or_else(Refusal::internal)))
        }
    }
}

fn from_url(params: &Params, error: &mut az::ErrorUrl) -> Refusal {
    if params.first("response_type").is_none() {
        return Refusal::missing("response_type");
    }
    match error.description().kind() {
        AuthorizationErrorType::UnsupportedResponseType => Refusal::new(
            Code::UnsupportedResponseType,
            Reason::UnsupportedResponseType,
            "response_type must be code",
        ),
        AuthorizationErrorType::InvalidScope => {
            Refusal::new(Code::InvalidScope, Reason::NoScopeLeft, "scope cannot be granted")
        }
        _ => Refusal::malformed("the request is malformed"),
    }
}

/// Whether `verifier` belongs to the S256 `challenge`, in constant time (RFC 7636 §4.6).
pub fn verify_s256(challenge: &str, verifier: &str) -> bool {
    let pkce = Pkce::required();
    pkce.challenge(Some(Cow::Borrowed("S256")), Some(Cow::Borrowed(challenge)))
        .and_then(|value| pkce.verify(value, Some(Cow::Borrowed(verifier))))
        .is_ok()
}

/// What a code or a refresh token stands for, as oxide-auth needs to see it.
#[derive(Clone, Debug)]
pub struct Recovered {
    pub owner: String,
    pub client_id: String,
    pub redirect_uri: String,
    pub scopes: ScopeSet,
    pub expires_at: Timestamp,
    /// The stored S256 challenge; codes only.
    pub code_challenge: Option<String>,
}

impl Recovered {
    fn to_grant(&self, pkce: &Pkce) -> Result<Grant, ()> {
        let mut extensions = Extensions::new();
        if let Some(challenge) = &self.code_challenge {
            let value = pkce.challenge(Some(Cow::Borrowed("S256")), Some(Cow::Borrowed(challenge)))?;
            if let Some(value) = value {
                extensions.set(pkce, value);
            }
        }
        Ok(Grant {
            owner_id: self.owner.clone(),
            client_id: self.client_id.clone(),
            scope: scope_of(&self.scopes)?,
            redirect_uri: Url::parse(&self.redirect_uri).map_err(|_| ())?,
            until: time(self.expires_at),
            extensions,
        })
    }
}

/// The last step of a token request: spends what was presented and makes what is given for it.
#[async_trait]
pub trait TokenRules: Send + Sync {
    /// Called once, after every check, with the scopes that survived them.
    async fn issue(&mut self, scopes: ScopeSet) -> Result<(), Refusal>;
}

struct TokenFlow<'a> {
    rules: &'a mut dyn TokenRules,
    /// The client that was authenticated before oxide-auth was asked.
    client_id: &'a str,
    recovered: &'a Recovered,
    pkce: Pkce,
    refusal: Mutex<Option<Refusal>>,
}

#[async_trait]
impl Registrar for TokenFlow<'_> {
    async fn bound_redirect<'a>(&self, _: ClientUrl<'a>) -> Result<BoundClient<'a>, RegistrarError> {
        Err(RegistrarError::Unspecified)
    }
    async fn negotiate<'a>(&self, _: BoundClient<'a>, _: Option<Scope>) -> Result<PreGrant, RegistrarError> {
        Err(RegistrarError::Unspecified)
    }
    async fn check(&self, client_id: &str, _: Option<&[u8]>) -> Result<(), RegistrarError> {
        if client_id == self.client_id { Ok(()) } else { Err(RegistrarError::Unspecified) }
    }
}

#[async_trait]
impl Authorizer for TokenFlow<'_> {
    async fn authorize(&mut self, _: Grant) -> Result<String, ()> {
        Err(())
    }
    async fn extract(&mut self, _: &str) -> Result<Option<Grant>, ()> {
        self.recovered.to_grant(&self.pkce).map(Some) // looked up, not spent: `issue` spends
    }
}

#[async_trait]
impl access_token::Extension for TokenFlow<'_> {
    async fn extend(
        &mut self,
        request: &(dyn at::Request + Sync),
        mut data: Extensions,
    ) -> Result<Extensions, ()> {
        let challenge = data.remove(&self.pkce);
        self.pkce.verify(challenge, request.extension("code_verifier"))?;
        Ok(data)
    }
}

impl TokenFlow<'_> {
    async fn finish(&mut self, grant: Grant) -> Result<(), ()> {
        let issued = self.rules.issue(set_of(&grant.scope)).await;
        issued.map_err(|refusal| note(&self.refusal, refusal))
    }
}

/// oxide-auth hands the token through; ours is built by the rules, so nothing of it is in here.
fn placeholder_until() -> DateTime<Utc> {
    DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(1)
}

#[async_trait]
impl Issuer for TokenFlow<'_> {
    async fn issue(&mut self, grant: Grant) -> Result<IssuedToken, ()> {
        self.finish(grant).await?;
        Ok(IssuedToken {
            token: String::new(),
            refresh: None,
            until: placeholder_until(),
            token_type: TokenType::Bearer,
        })
    }
    async fn refresh(&mut self, _: &str, grant: Grant) -> Result<RefreshedToken, ()> {
        self.finish(grant).await?;
        Ok(RefreshedToken {
            token: String::new(),
            refresh: None,
            until: placeholder_until(),
            token_type: TokenType::Bearer,
        })
    }
    async fn recover_token(&mut self, _: &str) -> Result<Option<Grant>, ()> {
        Ok(None)
    }
    async fn recover_refresh(&mut self, _: &str) -> Result<Option<Grant>, ()> {
        self.recovered.to_grant(&self.pkce).map(Some)
    }
}

impl access_token::Endpoint for TokenFlow<'_> {
    fn registrar(&self) -> &(dyn Registrar + Sync) {
        self
    }
    fn authorizer(&mut self) -> &mut (dyn Authorizer + Send) {
        self
    }
    fn issuer(&mut self) -> &mut (dyn Issuer + Send) {
        self
    }
    fn extension(&mut self) -> &mut (dyn access_token::Extension + Send) {
        self
    }
}

impl refresh::Endpoint for TokenFlow<'_> {
    fn registrar(&self) -> &(dyn Registrar + Sync) {
        self
    }
    fn issuer(&mut self) -> &mut (dyn Issuer + Send) {
        self
    }
}

/// A token request whose client has been authenticated.
struct TokenRequest<'a> {
    params: &'a Params,
    client_id: &'a str,
    /// In force when the request names none: OAuth 2.1 no longer asks for it here.
    redirect_uri: &'a str,
    scope: Option<String>,
}

impl at::Request for TokenRequest<'_> {
    fn valid(&self) -> bool {
        true
    }
    fn code(&self) -> Option<Cow<'_, str>> {
        self.params.first("code").map(Cow::Borrowed)
    }
    fn authorization(&self) -> at::Authorization<'_> {
        at::Authorization::Username(Cow::Borrowed(self.client_id))
    }
    fn client_id(&self) -> Option<Cow<'_, str>> {
        None // the authenticated id above; a second one would count as double credentials
    }
    fn redirect_uri(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.params.first("redirect_uri").unwrap_or(self.redirect_uri)))
    }
    fn grant_type(&self) -> Option<Cow<'_, str>> {
        self.params.first("grant_type").map(Cow::Borrowed)
    }
    fn extension(&self, key: &str) -> Option<Cow<'_, str>> {
        self.params.first(key).map(Cow::Borrowed)
    }
}

impl rf::Request for TokenRequest<'_> {
    fn valid(&self) -> bool {
        true
    }
    fn refresh_token(&self) -> Option<Cow<'_, str>> {
        self.params.first("refresh_token").map(Cow::Borrowed)
    }
    fn scope(&self) -> Option<Cow<'_, str>> {
        self.scope.as_deref().map(Cow::Borrowed)
    }
    fn grant_type(&self) -> Option<Cow<'_, str>> {
        self.params.first("grant_type").map(Cow::Borrowed)
    }
    fn authorization(&self) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
        // Always the authenticated client: without it, oxide-auth would let one public client refresh
        // another's token.
        Some((Cow::Borrowed(self.client_id), Cow::Borrowed(b"")))
    }
    fn extension(&self, key: &str) -> Option<Cow<'_, str>> {
        self.params.first(key).map(Cow::Borrowed)
    }
}

/// Walks the redemption of a code through oxide-auth's order: client, code, redirect URI, expiry, PKCE, issue.
pub async fn redeem(
    params: &Params,
    client_id: &str,
    recovered: &Recovered,
    rules: &mut dyn TokenRules,
) -> Result<(), Refusal> {
    let request = TokenRequest { params, client_id, redirect_uri: &recovered.redirect_uri, scope: None };
    let mut flow =
        TokenFlow { rules, client_id, recovered, pkce: Pkce::required(), refusal: Mutex::default() };
    match access_token::access_token(&mut flow, &request).await {
        Ok(_) => Ok(()),
        Err(_) => Err(noted(&flow.refusal).unwrap_or_else(|| {
            Refusal::new(Code::InvalidGrant, Reason::UnknownCode, "the code cannot be redeemed")
        })),
    }
}

/// Walks a refresh through oxide-auth's order: client, token, expiry, scope narrowing, rotation.
pub async fn refresh_grant(
    params: &Params,
    client_id: &str,
    recovered: &Recovered,
    scope: Option<ScopeSet>,
    rules: &mut dyn TokenRules,
) -> Result<(), Refusal> {
    let scope = scope.map(|s| s.to_string());
    let request = TokenRequest { params, client_id, redirect_uri: "", scope };
    let mut flow =
        TokenFlow { rules, client_id, recovered, pkce: Pkce::required(), refusal: Mutex::default() };
    match refresh::refresh(&mut flow, &request).await {
        Ok(_) => Ok(()),
        Err(mut error) => Err(noted(&flow.refusal).unwrap_or_else(|| refresh_refusal(&mut error))),
    }
}

fn refresh_refusal(error: &mut rf::Error) -> Refusal {
    use oxide_auth::code_grant::error::AccessTokenErrorType as Kind;
    match error.description().map(oxide_auth::code_grant::error::AccessTokenError::kind) {
        Some(Kind::InvalidScope) => Refusal::new(
            Code::InvalidScope,
            Reason::ScopeWidened,
            "scope asks for more than was granted: start a new authorization",
        ),
        Some(_) => {
            Refusal::new(Code::InvalidGrant, Reason::UnknownRefreshToken, "the refresh token cannot be used")
        }
        None => Refusal::internal(),
    }
}
