//! What the authorization server says it can do: [RFC 8414](https://www.rfc-editor.org/rfc/rfc8414) and
//! OpenID Connect Discovery §3, in one document. Every value has a test that the feature behind it works.

use serde::Serialize;

use super::OAuth;
use super::client::AuthMethod;
use super::dpop::ProofAlg;
use super::grants::{GrantType, jwt_bearer};
use super::jose::ALL_NAMES;
use super::keys::Alg;
use super::resource::{OFFLINE_ACCESS, OIDC_SCOPES};
use crate::store::trusted_issuers::IssuerKind;
use crate::types::proof::{MULTI_FACTOR, PHISHING_RESISTANT, SINGLE_FACTOR};

/// The document served at every well-known URL.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the members are those of RFC 8414 and its extensions")]
pub struct Metadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_authorization_endpoint: Option<String>,
    pub pushed_authorization_request_endpoint: String,
    pub require_pushed_authorization_requests: bool,
    pub revocation_endpoint: String,
    pub introspection_endpoint: String,
    pub userinfo_endpoint: String,
    pub jwks_uri: String,
    pub scopes_supported: Vec<String>,
    pub response_types_supported: Vec<&'static str>,
    pub response_modes_supported: Vec<&'static str>,
    pub grant_types_supported: Vec<&'static str>,
    /// Profiles of assertions that are taken (ID-JAG).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_grant_profiles_supported: Vec<&'static str>,
    pub token_endpoint_auth_methods_supported: Vec<&'static str>,
    pub token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id_metadata_document_supported: Option<bool>,
    pub code_challenge_methods_supported: Vec<&'static str>,
    pub dpop_signing_alg_values_supported: Vec<&'static str>,
    pub authorization_response_iss_parameter_supported: bool,
    pub subject_types_supported: Vec<&'static str>,
    pub id_token_signing_alg_values_supported: Vec<&'static str>,
    pub acr_values_supported: Vec<&'static str>,
    pub claims_supported: Vec<&'static str>,
    pub prompt_values_supported: Vec<&'static str>,
    pub request_parameter_supported: bool,
    pub request_uri_parameter_supported: bool,
}

/// Builds the document from what is on.
pub fn build(ctx: &OAuth) -> Metadata {
    let at = |path: &str| ctx.issuer.at(path);
    let (resources, now) = (ctx.resources.current(), ctx.clock.now());
    let own = || resources.all().iter().filter(|r| r.believes.takes_own(now));
    let mut scopes: Vec<String> = own().flat_map(|r| r.scopes.iter().map(|s| s.name.clone())).collect();
    scopes.sort();
    scopes.dedup();
    scopes.extend(OIDC_SCOPES.iter().chain([&OFFLINE_ACCESS]).map(|s| (*s).to_owned()));
    let mut algs: Vec<&'static str> = Vec::new();
    for alg in Alg::ALL {
        if own().any(|r| r.alg == alg) {
            algs.push(alg.as_str());
        }
    }
    let vouches = ctx.trusted.current().has(IssuerKind::Enterprise);
    let profiles = if vouches { vec![jwt_bearer::ID_JAG_PROFILE] } else { Vec::new() };
    let registration = ctx.is_registration_open();
    let methods: Vec<&'static str> = AuthMethod::ALL.iter().map(|m| m.as_str()).collect();
    Metadata {
        issuer: ctx.issuer.as_str().to_owned(),
        authorization_endpoint: at("/oauth/authorize"),
        token_endpoint: at("/oauth/token"),
        registration_endpoint: registration.then(|| at("/oauth/register")),
        device_authorization_endpoint: GrantType::DeviceCode
            .is_on(ctx)
            .then(|| at("/oauth/device_authorization")),
        pushed_authorization_request_endpoint: at("/oauth/par"),
        require_pushed_authorization_requests: ctx.pushing.required,
        revocation_endpoint: at("/oauth/revoke"),
        introspection_endpoint: at("/oauth/introspect"),
        userinfo_endpoint: at("/oauth/userinfo"),
        jwks_uri: at("/keys"),
        scopes_supported: scopes,
        response_types_supported: vec!["code"],
        response_modes_supported: vec!["query"],
        authorization_grant_profiles_supported: profiles,
        grant_types_supported: GrantType::ALL.iter().filter(|g| g.is_on(ctx)).map(|g| g.as_str()).collect(),
        token_endpoint_auth_signing_alg_values_supported: ALL_NAMES.to_vec(),
        revocation_endpoint_auth_signing_alg_values_supported: ALL_NAMES.to_vec(),
        introspection_endpoint_auth_signing_alg_values_supported: ALL_NAMES.to_vec(),
        revocation_endpoint_auth_methods_supported: methods.clone(),
        introspection_endpoint_auth_methods_supported: methods
            .iter()
            .copied()
            .filter(|m| *m != "none")
            .collect(),
        token_endpoint_auth_methods_supported: methods,
        client_id_metadata_document_supported: ctx.takes_documents().then_some(true),
        code_challenge_methods_supported: vec!["S256"],
        dpop_signing_alg_values_supported: ProofAlg::ALL.map(ProofAlg::as_str).to_vec(),
        authorization_response_iss_parameter_supported: true,
        subject_types_supported: vec!["public"],
        id_token_signing_alg_values_supported: algs,
        acr_values_supported: vec![SINGLE_FACTOR, MULTI_FACTOR, PHISHING_RESISTANT],
        claims_supported: vec![
            "iss",
            "sub",
            "aud",
            "iat",
            "exp",
            "auth_time",
            "acr",
            "amr",
            "nonce",
            "sid",
            "email",
            "name",
        ],
        prompt_values_supported: vec!["none", "login", "consent", "select_account"],
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
    }
}
