//! Verifying the access tokens that this authorization server signs.
//!
//! | token                                                          | result                    |
//! |----------------------------------------------------------------|---------------------------|
//! | verified before, unexpired, its key known, grant alive         | its principal, from memory|
//! | signed by a key of ours with that key's algorithm, `typ` `at+jwt`, our `iss`, `aud` this resource, unexpired, grant alive | its principal, with the scopes that are in force now |
//! | `alg` `none`, or not the key's; unknown `kid`; no `exp`; anything else | [`BadToken`]      |

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jsonwebtoken::Validation;
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::mcp::Principal;
use crate::oauth::OAuth;
use crate::oauth::access_token::{ACCESS_TOKEN_TYP, AccessClaims, BACKDATE};
use crate::oauth::resource::Resource;
use crate::oauth::scopes;
use crate::trust::{BadToken, LastNoted, Verifier, VerifyError};
use crate::types::ScopeSet;

/// The longest access token that is looked at, in bytes.
const MAX_TOKEN: usize = 8192;
/// How far in the future `nbf` and `iat` may lie, in seconds.
const LEEWAY: i64 = 30;
/// How many verified tokens are remembered.
const CACHE: u64 = 50_000;

/// The verifier, with the tokens it has verified.
#[derive(Clone)]
pub struct Embedded {
    ctx: OAuth,
    verified: Cache<[u8; 32], Arc<Verified>>,
    /// Raised whenever what is held may be stale.
    generation: Arc<AtomicU64>,
}

/// A token that was verified, and when it last noted that its grant is used.
struct Verified {
    principal: Arc<Principal>,
    noted: LastNoted,
}

impl Embedded {
    pub fn new(ctx: OAuth) -> Self {
        let verified = Cache::builder().max_capacity(CACHE).time_to_live(Duration::from_hours(24)).build();
        Self { ctx, verified, generation: Arc::default() }
    }
}

impl Verifier for Embedded {
    fn forget_all(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.verified.invalidate_all();
    }

    async fn verify(&self, token: &str, resource: &Resource) -> Result<Arc<Principal>, VerifyError> {
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let verified = match self.verified.get(&digest) {
            Some(verified) => verified,
            None => self.check(token, digest, &resource.id).await?,
        };
        let (principal, now) = (&verified.principal, self.ctx.clock.now());
        if principal.expires_at <= now {
            self.verified.invalidate(&digest);
            return Err(VerifyError::Bad(BadToken::Expired));
        }
        if principal.resource != resource.uri {
            return Err(VerifyError::Bad(BadToken::WrongAudience));
        }
        let has_ended = |grant_id: &str| self.ctx.revocations.has_ended(grant_id, &principal.token_id);
        match principal.grant_id.as_deref().filter(|id| !has_ended(id)) {
            Some(grant_id) => self.ctx.usage.call(&verified.noted, grant_id, now),
            None => return Err(VerifyError::Bad(BadToken::Revoked)),
        }
        Ok(Arc::clone(principal))
    }
}

impl Embedded {
    async fn check(
        &self,
        token: &str,
        digest: [u8; 32],
        resource_id: &str,
    ) -> Result<Arc<Verified>, VerifyError> {
        let generation = self.generation.load(Ordering::SeqCst);
        let claims = read(&self.ctx, token).map_err(VerifyError::Bad)?;
        if claims.exp <= self.ctx.clock.now() {
            return Err(VerifyError::Bad(BadToken::Expired));
        }
        // Read after the generation: what is remembered must not rest on scopes of before.
        let resource = self.ctx.resources.current().by_id(resource_id).cloned();
        let Some(resource) = resource.filter(|r| claims.aud.is_for(r)) else {
            return Err(VerifyError::Bad(BadToken::WrongAudience));
        };
        let unavailable = |e: crate::store::StoreError| VerifyError::Unavailable(e.into());
        let is_machine = claims.sub == claims.client_id;
        let user = if is_machine {
            None
        } else {
            self.ctx.store.find_user(&claims.sub).await.map_err(unavailable)?
        };
        // Nobody of that name: the person was deleted.
        if !is_machine && user.as_ref().is_none_or(|u| u.disabled_at.is_some()) {
            return Err(VerifyError::Bad(BadToken::Revoked));
        }
        let client = self.ctx.clients.find(&claims.client_id).await.map_err(VerifyError::Unavailable)?;
        let Some(client) = client else { return Err(VerifyError::Bad(BadToken::Revoked)) };
        let said: ScopeSet = claims.scopes.into_iter().collect();
        let scopes = scopes::in_force(&resource, &client, &said, claims.iat + BACKDATE);
        let (email, name) = user.map_or((None, None), |u| (Some(u.email), u.name));
        let principal = Arc::new(Principal {
            issuer: claims.iss,
            is_own: true,
            is_machine,
            subject: claims.sub,
            email,
            name,
            client_id: claims.client_id,
            client_name: Some(client.name.clone()).filter(|n| !n.is_empty()),
            scopes: scopes.into_inner(),
            resource: resource.uri.clone(),
            grant_id: Some(claims.gid),
            token_id: claims.jti,
            expires_at: claims.exp,
            jkt: claims.cnf.map(|cnf| cnf.jkt),
        });
        let verified = Arc::new(Verified { principal, noted: LastNoted::default() });
        self.verified.insert(digest, Arc::clone(&verified));
        if self.generation.load(Ordering::SeqCst) != generation {
            // Something changed while the person was read: it may be how they were before.
            self.verified.invalidate(&digest);
        }
        Ok(verified)
    }
}

/// The claims of a token that we signed and that has not expired, for whatever resource.
pub fn read_unexpired(ctx: &OAuth, token: &str) -> Option<AccessClaims> {
    read(ctx, token).ok().filter(|claims| claims.exp > ctx.clock.now())
}

/// Signature, algorithm, type and issuer; times except `exp`.
fn read(ctx: &OAuth, token: &str) -> Result<AccessClaims, BadToken> {
    if token.len() > MAX_TOKEN {
        return Err(BadToken::NotOurs);
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| BadToken::NotOurs)?;
    if !header.typ.as_deref().is_some_and(|typ| typ.eq_ignore_ascii_case(ACCESS_TOKEN_TYP)) {
        return Err(BadToken::NotOurs);
    }
    let kid = header.kid.ok_or(BadToken::NotOurs)?;
    let key = ctx.keys.current().verify_key(&kid).ok_or(BadToken::NotOurs)?;
    let mut validation = Validation::new(key.alg.jose());
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // Audience: the caller compares it with its resource. Issuer and times: below, the latter by our clock.
    validation.validate_aud = false;
    validation.validate_exp = false;
    let data =
        jsonwebtoken::decode::<AccessClaims>(token, &key.key, &validation).map_err(|_| BadToken::NotOurs)?;
    let claims = data.claims;
    let now = ctx.clock.now();
    if !is_our_issuer(ctx, &claims) {
        return Err(BadToken::NotOurs);
    }
    if claims.nbf > now + LEEWAY || claims.iat > now + LEEWAY {
        return Err(BadToken::NotOurs);
    }
    Ok(claims)
}

/// Our issuer, or that of the one resource the token is for.
fn is_our_issuer(ctx: &OAuth, claims: &AccessClaims) -> bool {
    let own = ctx.issuer.as_str();
    let of_resource = claims.iss.strip_prefix(own).and_then(|rest| rest.strip_prefix("/resources/"));
    claims.iss == own || of_resource.is_some_and(|id| claims.aud.contains(id))
}
