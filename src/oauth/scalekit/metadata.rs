//! What the authorization server says of itself at a resource's own issuer (RFC 8414).
//!
//! The document of the server, with the endpoints of this resource's door: what else it can do stays true there.

use super::issuer_of;
use crate::oauth::OAuth;
use crate::oauth::metadata::{self, Metadata};
use crate::oauth::resource::{OFFLINE_ACCESS, OIDC_SCOPES, Resource};

/// Builds the document of one resource's issuer.
pub fn build(ctx: &OAuth, resource: &Resource) -> Metadata {
    let at = |path: &str| ctx.issuer.at(&format!("/resources/{}{path}", resource.id));
    let is_open = ctx.is_registration_open() && resource.registration_open;
    let own = resource.scopes.iter().map(|scope| scope.name.as_str());
    let scopes = own.chain(OIDC_SCOPES).chain([OFFLINE_ACCESS]);
    let of_server = metadata::build(ctx);
    Metadata {
        claims_supported: [of_server.claims_supported.as_slice(), &["oid"]].concat(),
        issuer: issuer_of(&ctx.issuer, &resource.id),
        authorization_endpoint: at("/oauth/authorize"),
        token_endpoint: at("/oauth/token"),
        pushed_authorization_request_endpoint: at("/oauth/par"),
        registration_endpoint: is_open
            .then(|| ctx.issuer.at(&format!("/api/v1/resources/{}/clients:register", resource.id))),
        scopes_supported: scopes.map(str::to_owned).collect(),
        id_token_signing_alg_values_supported: vec![resource.alg.as_str()],
        ..of_server
    }
}
