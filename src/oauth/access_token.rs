//! Access tokens and ID tokens: their claims, and how they are made.
//!
//! Access tokens are JWTs with `typ: at+jwt` ([RFC 9068](https://www.rfc-editor.org/rfc/rfc9068)); ID tokens
//! have `typ: JWT`, so neither can pass for the other.

use serde::{Deserialize, Serialize};

use super::OAuth;
use super::client::Client;
use super::error::{Code, Reason, Refusal};
use super::resource::Resource;
use super::scalekit;
use crate::store::grants::GrantRow;
use crate::types::ids::{Kind, new_id};
use crate::types::{Plain, Proof, ScopeSet, Timestamp};

/// `typ` of an access token.
pub const ACCESS_TOKEN_TYP: &str = "at+jwt";
/// `typ` of an ID token.
pub const ID_TOKEN_TYP: &str = "JWT";
/// `iat` and `nbf` lie this many seconds back: verifiers whose clock is a little slow have no leeway.
pub const BACKDATE: i64 = 5;
/// No access token lives longer, in seconds: grants and revocations are remembered for this long after it.
pub const LONGEST: i64 = 86_400;

/// Whom a token is for: one name, or a list of them (RFC 7519 §4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Many(many) => many.iter().any(|one| one == name),
        }
    }

    /// Whether a token is for this resource: by its URL, or in the ScaleKit dialect by its id. A URL in the list is no
    /// reason: it may be a longer path that a client asked for, and that another resource got since.
    pub fn is_for(&self, resource: &Resource) -> bool {
        match self {
            Self::One(url) => *url == resource.uri,
            Self::Many(_) => self.contains(&resource.id),
        }
    }
}

/// Claims of an access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    pub iss: String,
    pub sub: String,
    pub aud: Audience,
    pub client_id: String,
    pub iat: Timestamp,
    pub nbf: Timestamp,
    pub exp: Timestamp,
    pub jti: String,
    /// Space-separated.
    pub scope: String,
    /// The same as a list: some SDKs read only this one.
    pub scopes: Vec<String>,
    /// The browser login.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sid: Option<String>,
    /// The grant; revoking it ends the token.
    pub gid: String,
    /// The organization, in the ScaleKit dialect.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub oid: Option<String>,
    /// The key it is bound to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cnf: Option<Confirmation>,
    /// Who acts for the person (RFC 8693 §4.1).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub act: Option<Actor>,
}

/// A client that acts for a person, and whoever acted before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    pub sub: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub act: Option<Box<Self>>,
}

impl Actor {
    /// How many act, one for another.
    pub fn depth(&self) -> usize {
        1 + self.act.as_ref().map_or(0, |inner| inner.depth())
    }
}

/// What its bearer has to prove (RFC 7800 §3.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Thumbprint of a key (RFC 9449 §6.1).
    pub jkt: String,
}

/// Claims of an ID token (OpenID Connect Core §2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IdClaims {
    pub iss: String,
    pub sub: String,
    pub aud: String,
    pub iat: Timestamp,
    pub exp: Timestamp,
    pub auth_time: Timestamp,
    /// How strongly the person proved who they are.
    pub acr: &'static str,
    /// With what (RFC 8176).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The organization, in the ScaleKit dialect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oid: Option<String>,
}

/// What an access token is made from.
#[derive(Clone, Copy, Debug)]
pub struct Minting<'a> {
    pub client: &'a Client,
    pub grant: &'a GrantRow,
    pub resource: &'a Resource,
    pub scopes: &'a ScopeSet,
    /// See [`scalekit::audience`].
    pub asked_as: Option<&'a str>,
    /// Thumbprint of the key it is bound to (RFC 9449 §6.1).
    pub binding: Option<&'a str>,
}

/// A signed access token and its life in seconds.
#[derive(Debug)]
pub struct AccessToken {
    pub token: Plain<String>,
    pub expires_in: i64,
    /// `Bearer`, or `DPoP` for one that is bound to a key.
    pub token_type: &'static str,
}

/// What a token was exchanged for.
#[derive(Clone, Debug)]
pub struct Exchanged {
    pub act: Actor,
    /// When that one expires.
    pub until: Timestamp,
}

/// Whether a token for this resource can be made with this binding. [`mint`] asks too; grants that spend or write
/// something before they mint ask first.
///
/// # Errors
/// `invalid_dpop_proof` where only tokens that are bound to a key are taken, and no proof came.
pub fn check_binding(resource: &Resource, binding: Option<&str>) -> Result<(), Refusal> {
    if binding.is_some() || !resource.dpop_required {
        return Ok(());
    }
    Err(Refusal::new(
        Code::InvalidDpopProof,
        Reason::ProofMissing,
        "a DPoP proof is needed: this resource takes only access tokens that are bound to a key",
    ))
}

/// Makes an access token for `scopes` of a grant. It lives as long as the resource says, or less where the client may.
pub fn mint(ctx: &OAuth, minting: &Minting<'_>) -> Result<AccessToken, Refusal> {
    sign(ctx, minting, None)
}

/// The same, in exchange for another token: it lives no longer.
pub fn mint_exchanged(
    ctx: &OAuth,
    minting: &Minting<'_>,
    exchanged: Exchanged,
) -> Result<AccessToken, Refusal> {
    sign(ctx, minting, Some(exchanged))
}

fn sign(ctx: &OAuth, minting: &Minting<'_>, exchanged: Option<Exchanged>) -> Result<AccessToken, Refusal> {
    let Minting { client, grant, resource, scopes, asked_as, binding } = *minting;
    check_binding(resource, binding)?;
    let now = ctx.clock.now();
    let of_resource = resource.access_token_seconds.unwrap_or(ctx.lifetimes.access_token);
    let left = exchanged.as_ref().map_or(LONGEST, |exchanged| exchanged.until - now);
    let expires_in = of_resource.min(client.access_token_seconds.unwrap_or(LONGEST)).min(LONGEST).min(left);
    let claims = AccessClaims {
        iss: scalekit::token_issuer(&ctx.issuer, resource),
        sub: grant.user_id.clone().unwrap_or_else(|| grant.client_id.clone()),
        aud: scalekit::audience(resource, asked_as),
        client_id: grant.client_id.clone(),
        iat: now - BACKDATE,
        nbf: now - BACKDATE,
        exp: now + expires_in,
        jti: new_id(Kind::AccessToken, &ctx.clock, &ctx.rng),
        scope: scopes.to_string(),
        scopes: scopes.iter().map(str::to_owned).collect(),
        sid: grant.session_id.clone(),
        gid: grant.id.clone(),
        oid: organization(ctx, resource),
        cnf: binding.map(|jkt| Confirmation { jkt: jkt.to_owned() }),
        act: exchanged.map(|exchanged| exchanged.act),
    };
    let token =
        ctx.keys.current().sign(resource.alg, ACCESS_TOKEN_TYP, &claims).map_err(|_| Refusal::internal())?;
    let token_type = if binding.is_some() { "DPoP" } else { "Bearer" };
    Ok(AccessToken { token: Plain::new(token), expires_in, token_type })
}

fn organization(ctx: &OAuth, resource: &Resource) -> Option<String> {
    resource.dialect.is_scalekit().then(|| scalekit::organization(&ctx.master))
}

/// The login in which a grant was given.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn<'a> {
    pub auth_time: Timestamp,
    pub proof: Proof,
    /// As the client named it.
    pub nonce: Option<&'a str>,
}

/// Makes an ID token for a grant: it tells of the login in which that was given.
pub async fn mint_id_token(
    ctx: &OAuth,
    grant: &GrantRow,
    resource: &Resource,
    login: SignedIn<'_>,
) -> Result<Option<String>, Refusal> {
    let Some(user_id) = &grant.user_id else { return Ok(None) };
    let Some(user) = ctx.store.find_user(user_id).await? else { return Ok(None) };
    let now = ctx.clock.now();
    let claims = IdClaims {
        iss: scalekit::token_issuer(&ctx.issuer, resource),
        sub: user.id,
        aud: grant.client_id.clone(),
        iat: now - BACKDATE,
        exp: now + ctx.lifetimes.access_token,
        auth_time: login.auth_time,
        acr: login.proof.acr(),
        amr: login.proof.amr(),
        nonce: login.nonce.map(str::to_owned),
        sid: grant.session_id.clone(),
        email: grant.scopes.contains("email").then_some(user.email),
        name: if grant.scopes.contains("profile") { user.name } else { None },
        oid: organization(ctx, resource),
    };
    let token =
        ctx.keys.current().sign(resource.alg, ID_TOKEN_TYP, &claims).map_err(|_| Refusal::internal())?;
    Ok(Some(token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::resource::tests::resource_with;

    #[test]
    fn a_list_is_for_the_resource_whose_id_it_holds() {
        let resource = Resource { uri: "https://a.example/b/mcp".into(), ..resource_with(&[]) };
        let list = |names: &[&str]| Audience::Many(names.iter().map(|n| (*n).to_owned()).collect());
        assert!(Audience::One(resource.uri.clone()).is_for(&resource));
        assert!(!Audience::One(resource.id.clone()).is_for(&resource));
        assert!(list(&[&resource.id, "https://a.example/"]).is_for(&resource));
        assert!(!list(&["res_other", "https://a.example/", &resource.uri]).is_for(&resource));
    }
}
