//! Gatepost as a client of one provider: the authorization request, and the code redeemed for what the provider says.
//! Law: OpenID Connect Core §3.1 · RFC 7636 · RFC 9207

use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType, CoreGenderClaim,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessToken, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EmptyAdditionalClaims,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, StandardErrorResponse,
    StandardTokenResponse, SubjectIdentifier, TokenResponse as _, UserInfoClaims,
};

use super::admission::Told;
use super::fault::Fault;
use super::http;
use super::id_token::{self, MoreClaims, Received, Verdict};
use super::metadata::{Discovery, Metadata, auth_type};
use super::provider::{Authority, Provider};
use crate::accounts::normal_email;
use crate::types::{Plain, Timestamp};

type Tokens = StandardTokenResponse<
    IdTokenFields<
        MoreClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

type OidcClient = Client<
    MoreClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What belongs to one login and never travels in clear to our database: all three follow from the state.
pub struct Secrets {
    pub state: Plain<String>,
    pub nonce: Plain<String>,
    pub verifier: Plain<String>,
}

/// What the person is to be asked for at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Whatever the provider thinks right.
    Nothing,
    /// Which account, where the provider can ask that.
    Account,
    /// To prove it once more.
    Again,
}

/// One provider, with what is known of it.
pub struct RelyingParty {
    pub provider: Provider,
    redirect_uri: String,
    http: reqwest::Client,
    discovery: Discovery,
}

impl RelyingParty {
    /// A client of `provider` that is answered at `redirect_uri`.
    pub fn new(provider: Provider, redirect_uri: String, http: reqwest::Client) -> Self {
        let discovery =
            Discovery::new(provider.issuer.clone(), provider.client_secret.is_some(), http.clone());
        Self { provider, redirect_uri, http, discovery }
    }

    /// Whether its metadata can be fetched and used right now.
    pub async fn ask(&self) -> Result<(), Fault> {
        let metadata = self.discovery.ask().await?;
        self.client(&metadata).map(drop)
    }

    fn client(&self, metadata: &Metadata) -> Result<OidcClient, Fault> {
        let secret = self.provider.client_secret.as_ref().map(|s| ClientSecret::new(s.expose().clone()));
        let auth_type = auth_type(metadata, secret.is_some())?;
        let id = ClientId::new(self.provider.client_id.clone());
        let redirect_uri =
            RedirectUrl::new(self.redirect_uri.clone()).map_err(|e| Fault::Metadata(e.to_string()))?;
        let client = OidcClient::from_provider_metadata(metadata.clone(), id, secret);
        Ok(client.set_redirect_uri(redirect_uri).set_auth_type(auth_type).disable_openid_scope())
    }

    /// Where the browser is sent to.
    pub async fn authorization_url(
        &self,
        secrets: &Secrets,
        ask: Ask,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let metadata = self.discovery.metadata(now).await?;
        let client = self.client(&metadata)?;
        let (state, nonce) = (secrets.state.expose().clone(), secrets.nonce.expose().clone());
        let verifier = PkceCodeVerifier::new(secrets.verifier.expose().clone());
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .add_scopes(self.provider.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        // Google knows no `login`, and others need not know `select_account`.
        request = match (ask, self.provider.policy.authority) {
            (Ask::Account | Ask::Again, Authority::Google) => {
                request.add_prompt(CoreAuthPrompt::SelectAccount)
            }
            (Ask::Again, Authority::Verified) => request.add_prompt(CoreAuthPrompt::Login),
            (Ask::Nothing, _) | (Ask::Account, Authority::Verified) => request,
        };
        if ask == Ask::Again {
            // Makes the provider say when that was (OpenID Connect Core §3.1.2.1). Google takes no notice.
            request = request.set_max_age(Duration::ZERO);
        }
        Ok(request.url().0.into())
    }

    /// Whether an authorization response may come from this provider, by its `iss` (RFC 9207 §2.4).
    pub async fn is_from_here(&self, iss: Option<&str>, now: Timestamp) -> Result<bool, Fault> {
        if let Some(iss) = iss {
            return Ok(iss == self.provider.issuer);
        }
        let metadata = self.discovery.metadata(now).await?;
        Ok(!metadata.additional_metadata().authorization_response_iss_parameter_supported)
    }

    /// Redeems a code, and says whom the provider vouches for.
    pub async fn redeem(&self, code: String, secrets: &Secrets, now: Timestamp) -> Result<Told, Fault> {
        let metadata = self.discovery.metadata(now).await?;
        let client = self.client(&metadata)?;
        let send = |request| http::send(self.http.clone(), &self.provider.issuer, request);
        let tokens = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| Fault::Metadata(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(secrets.verifier.expose().clone()))
            .request_async(&send)
            .await?;
        let nonce = Nonce::new(secrets.nonce.expose().clone());
        let received = Received {
            token: tokens.id_token().ok_or_else(|| Fault::Answer("there is no ID token in it".to_owned()))?,
            access_token: tokens.access_token(),
            nonce: &nonce,
            client_id: &self.provider.client_id,
            now,
        };
        let told = id_token::told(self.verified(&received, &metadata).await?);
        if told.email.is_some() || client.user_info_url().is_none() {
            return Ok(told);
        }
        self.with_userinfo(&client, tokens.access_token(), told).await
    }

    /// The claims, with the keys fetched once more where none of those known made the signature.
    async fn verified<'t>(
        &self,
        received: &Received<'t>,
        metadata: &Arc<Metadata>,
    ) -> Result<&'t id_token::Claims, Fault> {
        let unknown = match id_token::verify(received, metadata) {
            Ok(claims) => return Ok(claims),
            Err(Verdict::Refused(fault)) => return Err(fault),
            Err(Verdict::PerhapsNewKey(fault)) => fault,
        };
        match self.discovery.with_new_keys(metadata, received.now).await? {
            None => Err(unknown),
            Some(metadata) => id_token::verify(received, &metadata).map_err(|verdict| match verdict {
                Verdict::Refused(fault) | Verdict::PerhapsNewKey(fault) => fault,
            }),
        }
    }

    /// Asks for the address where the ID token names none. The subject must be the same (§5.3.2).
    async fn with_userinfo(
        &self,
        client: &OidcClient,
        token: &AccessToken,
        told: Told,
    ) -> Result<Told, Fault> {
        if !token.secret().bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Fault::Answer("the access token holds characters no header may have".to_owned()));
        }
        let send = |request| http::send(self.http.clone(), &self.provider.issuer, request);
        let subject = SubjectIdentifier::new(told.subject.clone());
        let claims: UserInfoClaims<EmptyAdditionalClaims, CoreGenderClaim> = client
            .user_info(token.clone(), Some(subject))
            .map_err(|error| Fault::Metadata(error.to_string()))?
            .request_async(&send)
            .await?;
        let name = claims.name().and_then(|name| name.get(None)).and_then(|n| id_token::short_name(n));
        Ok(Told {
            email: claims.email().and_then(|email| normal_email(email)),
            email_verified: id_token::is_sure(
                claims.email().map(|email| email.as_str()),
                claims.email_verified(),
            ),
            name: told.name.or(name),
            ..told
        })
    }
}
