//! Verifying the access tokens of a ScaleKit environment.
//!
//! | token                                                        | result                                              |
//! |--------------------------------------------------------------|-----------------------------------------------------|
//! | verified before for this resource, unexpired, its key still published | its principal, from memory                 |
//! | says what it must (`claims`), signed with RS256 by the published key it names | its principal; scopes with what they include here |
//! | the like, bound to a key (`cnf.jkt`)                          | the same; whoever asked demands a proof of the key  |
//! | anything else                                                | [`BadToken`], each kind with a reason of its own    |
//! | the keys cannot be had, and none are kept                    | come back later                                     |
//!
//! | question                                        | file              |
//! |-------------------------------------------------|-------------------|
//! | what must a token say?                          | `claims`          |
//! | which keys count, what happens when one goes?   | `keys`            |
//! | when are documents fetched, how long are they kept? | `kept`        |
//! | what goes out?                                  | `fetch`           |
//! | what is handed on to clients?                   | `server_metadata` |
//!
//! No secret is needed: keys are public. Nothing is fetched at the start, nothing while nobody calls.

mod claims;
mod keys;
mod server_metadata;

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Algorithm, Validation};
use moka::sync::Cache;
use serde::de::IgnoredAny;
use sha2::{Digest as _, Sha256};

pub use self::claims::claimed_issuer;
use self::claims::{Understood, understand};
use self::keys::{Key, KeySet};
pub use self::server_metadata::ServerMetadata;
use super::fetch::{Http, NoClient};
use super::kept::{Kept, Lack, Shelf, kept};
use super::refusal::{BadToken, VerifyError};
use super::whom::Foreign;
use super::{Usage, Verifier};
use crate::mcp::Principal;
use crate::oauth::error::{Code, Reason, Refusal};
use crate::oauth::resource::{Resource, Resources};
use crate::types::{Clock, ScopeSet};

/// How many verified tokens are remembered.
const CACHE: u64 = 50_000;

/// The verifier, with the tokens it has verified and the documents it keeps.
#[derive(Clone)]
pub struct ScaleKit {
    clock: Clock,
    resources: Resources,
    usage: Usage,
    http: Http,
    verified: Cache<[u8; 32], Arc<Verified>>,
    keys: Shelf<KeySet>,
    servers: Shelf<ServerMetadata>,
}

/// A token that was verified, and all that must still hold.
struct Verified {
    principal: Arc<Principal>,
    /// For which resource, as it was then: a change of the resource makes it another.
    foreign: Arc<Foreign>,
    key: Arc<Key>,
    keys: Arc<Kept<KeySet>>,
}

impl ScaleKit {
    pub fn new(clock: Clock, resources: Resources, usage: Usage) -> Result<Self, NoClient> {
        Ok(Self {
            clock,
            resources,
            usage,
            http: Http::new()?,
            verified: Cache::builder().max_capacity(CACHE).time_to_live(Duration::from_hours(24)).build(),
            keys: Shelf::default(),
            servers: Shelf::default(),
        })
    }

    /// The metadata of the authorization server elsewhere, to be handed on.
    pub async fn server_metadata(&self, foreign: &Foreign) -> Result<Arc<ServerMetadata>, Refusal> {
        let issuer = foreign.authorization_server();
        let unavailable = || unavailable("the metadata of the authorization server cannot be had now");
        let url = foreign.server_metadata_url().ok_or_else(unavailable)?;
        let kept = kept(&self.servers, url, |url| {
            Kept::new(url, self.http.clone(), move |bytes, _| ServerMetadata::read(bytes, &issuer))
        });
        kept.get(self.clock.now()).await.map_err(|_| unavailable())
    }

    /// The hot path: everything that may have changed since the token was verified.
    fn remembered(
        &self,
        digest: &[u8; 32],
        foreign: &Arc<Foreign>,
    ) -> Option<Result<Arc<Principal>, BadToken>> {
        let verified = self.verified.get(digest)?;
        let now = self.clock.now();
        if !Arc::ptr_eq(&verified.foreign, foreign) {
            return None;
        }
        if verified.principal.expires_at <= now {
            self.verified.invalidate(digest);
            return Some(Err(BadToken::Expired));
        }
        (verified.keys.serves(now) && verified.key.is_current()).then(|| Ok(Arc::clone(&verified.principal)))
    }

    async fn check(
        &self,
        token: &str,
        digest: [u8; 32],
        resource: &Resource,
        foreign: &Arc<Foreign>,
    ) -> Result<Arc<Principal>, VerifyError> {
        let now = self.clock.now();
        let is_here = |url: &str| self.resources.current().named(url).is_some_and(|r| r.id == resource.id);
        let understood = understand(token, foreign, now, is_here)?;
        let keys =
            kept(&self.keys, foreign.keys_url(), |url| Kept::new(url, self.http.clone(), KeySet::read));
        let has_key = |set: &KeySet| set.get(&understood.kid).is_some();
        let set = keys.get_with(now, &understood.kid, has_key).await.map_err(|lack| match lack {
            Lack::Missing => VerifyError::Bad(BadToken::UnknownKey),
            Lack::Unavailable => VerifyError::Unavailable(unavailable(
                "the keys of the token's issuer cannot be had now; try again shortly",
            )),
        })?;
        let key = set.get(&understood.kid).cloned().ok_or(BadToken::UnknownKey)?;
        check_signature(token, &key)?;
        let principal = Arc::new(principal(understood, resource));
        let verified =
            Verified { principal: Arc::clone(&principal), foreign: Arc::clone(foreign), key, keys };
        self.verified.insert(digest, Arc::new(verified));
        Ok(principal)
    }
}

impl Verifier for ScaleKit {
    async fn verify(&self, token: &str, resource: &Resource) -> Result<Arc<Principal>, VerifyError> {
        let Some(foreign) = resource.believes.scalekit(self.clock.now()) else {
            return Err(BadToken::ForeignIssuer.into());
        };
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let principal = match self.remembered(&digest, foreign) {
            Some(remembered) => remembered?,
            None => self.check(token, digest, resource, foreign).await?,
        };
        self.usage.count();
        Ok(principal)
    }

    fn forget_all(&self) {
        self.verified.invalidate_all();
    }
}

/// RS256 over the very bytes that were understood.
fn check_signature(token: &str, key: &Key) -> Result<(), BadToken> {
    let mut validation = Validation::new(Algorithm::RS256);
    // All of it was checked by our clock and our rules.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    jsonwebtoken::decode::<IgnoredAny>(token, &key.verify, &validation)
        .map(|_| ())
        .map_err(|_| BadToken::BadSignature)
}

fn principal(understood: Understood, resource: &Resource) -> Principal {
    let said: ScopeSet = understood.scopes.into_iter().collect();
    Principal {
        issuer: understood.issuer,
        is_own: false,
        is_machine: understood.is_machine,
        subject: understood.subject,
        email: understood.email,
        name: understood.name,
        client_id: understood.client_id,
        client_name: None,
        scopes: resource.includes.closure(&said).into_inner(),
        resource: resource.uri.clone(),
        grant_id: None,
        token_id: understood.token_id,
        expires_at: understood.expires_at,
        jkt: understood.jkt,
    }
}

fn unavailable(description: &'static str) -> Refusal {
    Refusal::new(Code::TemporarilyUnavailable, Reason::IssuerUnavailable, description)
}
