//! A provider's metadata and keys, found by discovery and kept.
//! Law: OpenID Connect Discovery 1.0 §4 · RFC 9207 §3
//!
//! | what is kept                              | what happens                                                  |
//! |-------------------------------------------|---------------------------------------------------------------|
//! | nothing                                   | fetched; whoever comes meanwhile waits for the same answer    |
//! | younger than [`FRESH`]                    | used                                                          |
//! | older, and it can be fetched              | replaced                                                      |
//! | older, and it cannot                      | used for [`STALE`] altogether, tried again every [`PAUSE`]    |
//! | nothing, and it cannot be fetched         | the failure, for [`SHORT_PAUSE`], then tried again            |
//! | no key that is there made a signature     | keys fetched once more, at most every [`KEYS_PAUSE`]          |

use std::sync::Arc;

use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJsonWebKeyType, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode,
    CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{
    AdditionalProviderMetadata, AuthType, IssuerUrl, JsonWebKey as _, JsonWebKeySet, ProviderMetadata,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::fault::Fault;
use super::http;
use crate::types::Timestamp;

/// How long metadata is used without asking again, in seconds.
pub const FRESH: i64 = 3_600;
/// How long it is used at most when the provider cannot be asked, in seconds.
pub const STALE: i64 = 86_400;
/// The time between two attempts while what is kept still serves, in seconds.
pub const PAUSE: i64 = 60;
/// The time between two attempts while nothing is kept, in seconds.
pub const SHORT_PAUSE: i64 = 3;
/// The time between two looks for new keys, in seconds.
pub const KEYS_PAUSE: i64 = 30;

/// What RFC 9207 adds.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct MoreMetadata {
    /// Whether authorization responses always name their issuer.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for MoreMetadata {}

pub type Metadata = ProviderMetadata<
    MoreMetadata,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

struct Kept {
    metadata: Arc<Metadata>,
    since: Timestamp,
    keys_sought_at: Option<Timestamp>,
}

#[derive(Default)]
struct State {
    kept: Option<Kept>,
    failed: Option<(Timestamp, Fault)>,
}

/// The metadata of one provider. The lock is held while it is fetched, so that one request is under way.
pub struct Discovery {
    issuer: String,
    /// Whether we have a secret, which the provider must then take.
    has_secret: bool,
    client: reqwest::Client,
    state: Mutex<State>,
}

impl Discovery {
    pub fn new(issuer: String, has_secret: bool, client: reqwest::Client) -> Self {
        Self { issuer, has_secret, client, state: Mutex::default() }
    }

    /// The metadata as the provider tells it now. What is kept stays as it is.
    pub async fn ask(&self) -> Result<Metadata, Fault> {
        self.fetch().await
    }

    /// The metadata, by the table above.
    pub async fn metadata(&self, now: Timestamp) -> Result<Arc<Metadata>, Fault> {
        let mut state = self.state.lock().await;
        let kept = state.kept.as_ref().filter(|kept| now - kept.since < STALE);
        let usable = kept.map(|kept| (Arc::clone(&kept.metadata), kept.since));
        if let Some((metadata, since)) = &usable
            && now - since < FRESH
        {
            return Ok(Arc::clone(metadata));
        }
        let pause = if usable.is_some() { PAUSE } else { SHORT_PAUSE };
        let recent = state.failed.as_ref().filter(|(at, _)| now - at < pause).map(|(_, fault)| fault.clone());
        let fetched = match recent {
            Some(fault) => Err(fault),
            None => self.fetch().await.inspect_err(|fault| state.failed = Some((now, fault.clone()))),
        };
        match (fetched, usable) {
            (Ok(metadata), _) => {
                let metadata = Arc::new(metadata);
                let kept = Kept { metadata: Arc::clone(&metadata), since: now, keys_sought_at: None };
                *state = State { kept: Some(kept), failed: None };
                Ok(metadata)
            }
            (Err(fault), Some((metadata, _))) => {
                tracing::warn!(issuer = self.issuer, %fault, "a provider's metadata could not be renewed");
                Ok(metadata)
            }
            (Err(fault), None) => Err(fault),
        }
    }

    /// The metadata with keys newer than those of `known`; `None` when they were asked for a moment ago.
    pub async fn with_new_keys(
        &self,
        known: &Arc<Metadata>,
        now: Timestamp,
    ) -> Result<Option<Arc<Metadata>>, Fault> {
        let mut state = self.state.lock().await;
        let Some(kept) = &mut state.kept else { return Ok(None) };
        if !Arc::ptr_eq(&kept.metadata, known) {
            return Ok(Some(Arc::clone(&kept.metadata)));
        }
        if kept.keys_sought_at.is_some_and(|at| now - at < KEYS_PAUSE) {
            return Ok(None);
        }
        kept.keys_sought_at = Some(now);
        let send = |request| http::send(self.client.clone(), &self.issuer, request);
        let keys = JsonWebKeySet::fetch_async(known.jwks_uri(), &send).await?;
        kept.metadata = Arc::new(Metadata::clone(known).set_jwks(keys));
        Ok(Some(Arc::clone(&kept.metadata)))
    }

    async fn fetch(&self) -> Result<Metadata, Fault> {
        let issuer = IssuerUrl::new(self.issuer.clone()).map_err(|e| Fault::Metadata(e.to_string()))?;
        let send = |request| http::send(self.client.clone(), &self.issuer, request);
        let metadata = Metadata::discover_async(issuer, &send).await?;
        self.check(&metadata)?;
        Ok(metadata)
    }

    /// What a login needs, and that none of it goes over plain http.
    fn check(&self, metadata: &Metadata) -> Result<(), Fault> {
        let token = metadata.token_endpoint().map(openidconnect::TokenUrl::url);
        let token = token.ok_or_else(|| Fault::Metadata("it names no token endpoint".to_owned()))?;
        for url in [metadata.authorization_endpoint().url(), token] {
            if !http::is_secure(url, &self.issuer) {
                return Err(Fault::Metadata(format!("it names {url}, which is not https")));
            }
        }
        if metadata.jwks().keys().iter().all(|key| *key.key_type() == CoreJsonWebKeyType::Symmetric) {
            return Err(Fault::Metadata("it publishes no usable key".to_owned()));
        }
        auth_type(metadata, self.has_secret).map(|_| ())
    }
}

/// How to authenticate at the token endpoint: Basic where the provider offers it, which is also what silence means.
pub fn auth_type(metadata: &Metadata, has_secret: bool) -> Result<AuthType, Fault> {
    let offered = metadata.token_endpoint_auth_methods_supported();
    let offers = |method| offered.is_none_or(|methods| methods.contains(&method));
    if !has_secret {
        return Ok(AuthType::RequestBody);
    }
    if offers(CoreClientAuthMethod::ClientSecretBasic) {
        Ok(AuthType::BasicAuth)
    } else if offers(CoreClientAuthMethod::ClientSecretPost) {
        Ok(AuthType::RequestBody)
    } else {
        Err(Fault::Metadata("its token endpoint takes no client secret".to_owned()))
    }
}
