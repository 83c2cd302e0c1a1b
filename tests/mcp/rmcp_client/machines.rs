//! Machines: the SDK's client credentials, with a secret and with a key (`auth-client-credentials-jwt`).
//!
//! The SDK sends the secret in the body, although the machine was made for Basic. It signs with RSA and ECDSA, not with
//! Ed25519; its assertion names no key, is of type `client-authentication+jwt`, and has the issuer as its audience
//! unless the caller names another.

use rmcp::model::CallToolRequestParams;
use rmcp::transport::auth::{ClientCredentialsConfig, JwtSigningAlgorithm};
use serde_json::json;

use super::{app_in_real_time, app_with, connect, search, tavily, unauthorized, who};
use crate::on_each;
use crate::support::{Database, MadeClient, Signer, TestApp};

fn secret(app: &TestApp, machine: &MadeClient, scopes: &[&str]) -> ClientCredentialsConfig {
    ClientCredentialsConfig::ClientSecret {
        client_id: machine.id.clone(),
        client_secret: machine.secret.clone(),
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        resource: Some(app.at("/mcp")),
    }
}

/// With this key, for the audience that is named here or for the issuer.
fn key(app: &TestApp, client_id: &str, key: &Signer, audience: Option<String>) -> ClientCredentialsConfig {
    let signing_algorithm = match key.alg() {
        "RS256" => JwtSigningAlgorithm::RS256,
        "ES256" => JwtSigningAlgorithm::ES256,
        other => panic!("the SDK does not sign with {other}"),
    };
    ClientCredentialsConfig::PrivateKeyJwt {
        client_id: client_id.to_owned(),
        signing_key: key.pem(),
        signing_algorithm,
        token_endpoint_audience: audience,
        scopes: vec!["search:read".to_owned()],
        resource: Some(app.at("/mcp")),
    }
}

/// From the URL to the tools.
async fn works(app: &TestApp, config: ClientCredentialsConfig, client_id: &str) {
    let mut state = unauthorized(app).await;
    state.authenticate_client_credentials(config).await.unwrap();
    let service = connect(app, state).await;
    let me = who(&service).await;
    assert_eq!((&me["kind"], &me["client"]["id"]), (&json!("machine"), &json!(client_id)), "{me}");
    search(&service).await;
    service.cancel().await.unwrap();
}

/// What the SDK says when it gets no token.
async fn refused(app: &TestApp, config: ClientCredentialsConfig) -> String {
    format!("{:?}", unauthorized(app).await.authenticate_client_credentials(config).await.unwrap_err())
}

async fn the_sdk_shows_a_machines_secret(database: Database) {
    let tavily = tavily().await;
    let app = app_with(database, &tavily).await;
    let machine = app.made_machine(None).await;
    works(&app, secret(&app, &machine, &["search:read"]), &machine.id).await;
    // It names no scope: those of the resource.
    works(&app, secret(&app, &machine, &[]), &machine.id).await;
    let wrong = MadeClient { id: machine.id.clone(), secret: format!("{}x", machine.secret) };
    let said = refused(&app, secret(&app, &wrong, &["search:read"])).await;
    assert!(said.contains("ClientCredentialsError"), "{said}");
    let elsewhere = ClientCredentialsConfig::ClientSecret {
        client_id: machine.id.clone(),
        client_secret: machine.secret.clone(),
        scopes: Vec::new(),
        resource: Some("https://other.example/mcp".to_owned()),
    };
    refused(&app, elsewhere).await;
    let issued = app.audit_reasons("token.issued").await;
    assert_eq!(issued, ["ok", "ok", "unknown_resource", "wrong_client_secret"]);
}

async fn the_sdk_signs_for_a_machine(database: Database) {
    let tavily = tavily().await;
    let app = app_in_real_time(database, &tavily).await;
    for signer in [Signer::rs256("a"), Signer::es256("b")] {
        let machine = app.made_key_machine(&signer).await;
        works(&app, key(&app, &machine.id, &signer, None), &machine.id).await;
        let said = refused(&app, key(&app, &machine.id, &Signer::es256("b"), None)).await;
        assert!(said.contains("invalid_client"), "{said}");
        // As the SDKs named the audience once (RFC 10070 ends it).
        let said = refused(&app, key(&app, &machine.id, &signer, Some(app.at("/oauth/token")))).await;
        assert!(said.contains("as its only aud"), "{said}");
    }
    let mut issued = app.audit_reasons("token.issued").await;
    issued.dedup();
    assert_eq!(issued, ["bad_assertion_signature", "ok", "wrong_audience"]);
}

async fn the_sdk_is_told_which_scope_a_machine_lacks(database: Database) {
    let tavily = tavily().await;
    let app = app_with(database, &tavily).await;
    crate::admin::scopes::add(&app, "reports:read", &[]).await;
    let machine = app.made_machine(None).await;
    let mut state = unauthorized(&app).await;
    state.authenticate_client_credentials(secret(&app, &machine, &["reports:read"])).await.unwrap();
    let service = connect(&app, state).await;
    let params = CallToolRequestParams::new("web_search")
        .with_arguments(json!({ "query": "gateposts" }).as_object().unwrap().clone());
    let said = format!("{:?}", service.call_tool(params).await.unwrap_err());
    assert!(said.contains("reports:read search:read"), "{said}");
    works(&app, secret(&app, &machine, &["reports:read", "search:read"]), &machine.id).await;
    service.cancel().await.unwrap();
}

on_each! {
    the_sdk_shows_a_machines_secret,
    the_sdk_signs_for_a_machine,
    the_sdk_is_told_which_scope_a_machine_lacks,
}
