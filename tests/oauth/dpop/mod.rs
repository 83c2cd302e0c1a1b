//! Proofs of possession at the token endpoint: `src/oauth/dpop/binding.rs` and `src/oauth/dpop/mod.rs`, row by row.

mod proofs;
mod userinfo;

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::{REDIRECT_URI, part_of, status_and_json};
use crate::on_both;
use crate::support::{Browser, OAuthClient, ProofKey, TestApp, json_of, query_of, token_claims};

/// A token request with these proofs, at this very process.
pub async fn send(app: &TestApp, params: &[(&str, String)], proofs: &[&str]) -> Response {
    let request = app.http().post(app.direct("/oauth/token")).form(params);
    proofs.iter().fold(request, |request, proof| request.header("dpop", *proof)).send().await.unwrap()
}

/// The same, which must work.
pub async fn granted(app: &TestApp, params: &[(&str, String)], proof: &str) -> Value {
    let (status, body) = status_and_json(send(app, params, &[proof]).await).await;
    assert_eq!(status, 200, "{body}");
    body
}

/// The same, which must be refused and change nothing; the error code.
async fn refused(app: &TestApp, params: &[(&str, String)], proofs: &[&str]) -> String {
    let before = app.db_rows().await;
    let (status, body) = status_and_json(send(app, params, proofs).await).await;
    assert_eq!(status, 400, "{body}");
    assert_eq!(app.db_rows().await, before, "{body}");
    body["error"].as_str().unwrap().to_owned()
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_default()
}

/// The thumbprint that an access token names.
fn bound_to(body: &Value) -> Value {
    part_of(text(body, "access_token"), 1)["cnf"].clone()
}

/// A code that was asked for with `dpop_jkt`.
async fn code_for(client: &OAuthClient, browser: &Browser, jkt: &str) -> String {
    let url = format!("{}&dpop_jkt={jkt}", client.authorize_url("search:read"));
    query_of(&browser.allow(&url).await)["code"].clone()
}

/// A client with a secret that registered itself.
async fn confidential(app: &TestApp) -> OAuthClient {
    let metadata = json!({ "client_name": "Server", "redirect_uris": [REDIRECT_URI],
                           "token_endpoint_auth_method": "client_secret_post" });
    OAuthClient::register_with(app, metadata).await
}

async fn without_a_proof_nothing_changes(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let tokens = client.log_in(&browser, "search:read").await;
    assert_eq!(tokens.body["token_type"], "Bearer");
    assert!(part_of(&tokens.access, 1).get("cnf").is_none());
    let again = client.tokens(&client.refreshing(&tokens.refresh)).await;
    assert_eq!(again.body["token_type"], "Bearer");
}

async fn a_proof_binds_the_access_token(app: TestApp) {
    let (browser, client, key) = (app.signed_in().await, app.client().await, ProofKey::new());
    let code = client.code(&browser, "search:read").await;
    let body = granted(&app, &client.redemption(&code), &key.for_tokens(&app)).await;
    assert_eq!(body["token_type"], "DPoP");
    assert_eq!(bound_to(&body), json!({ "jkt": key.jkt() }));

    let asker = app.made_machine(None).await;
    let auth = |request: reqwest::RequestBuilder| request.basic_auth(&asker.id, Some(&asker.secret));
    let ask = |token: &str| {
        auth(app.http().post(app.at("/oauth/introspect"))).form(&[("token", token.to_owned())]).send()
    };
    let said = json_of(ask(text(&body, "access_token")).await.unwrap()).await;
    assert_eq!((&said["active"], &said["token_type"]), (&json!(true), &json!("DPoP")));
    assert_eq!(said["cnf"], json!({ "jkt": key.jkt() }));
    let said = json_of(ask(text(&body, "refresh_token")).await.unwrap()).await;
    assert_eq!((&said["active"], &said["cnf"]), (&json!(true), &json!({ "jkt": key.jkt() })));
    let plain = client.log_in(&browser, "search:read").await;
    let said = json_of(ask(&plain.access).await.unwrap()).await;
    assert_eq!((&said["token_type"], said.get("cnf")), (&json!("Bearer"), None));
}

async fn a_client_that_takes_bound_tokens_only_needs_a_proof(app: TestApp) {
    let metadata = json!({ "client_name": "Careful", "redirect_uris": [REDIRECT_URI],
                           "dpop_bound_access_tokens": true });
    let answer = app.http().post(app.at("/oauth/register")).json(&metadata).send().await.unwrap();
    assert_eq!(json_of(answer).await["dpop_bound_access_tokens"], true);
    let client = OAuthClient::register_with(&app, metadata).await;
    assert_ne!(client.id, OAuthClient::register(&app, "Careful").await.id, "another without that wish");
    let (browser, key) = (app.signed_in().await, ProofKey::new());
    let code = client.code(&browser, "search:read").await;
    assert_eq!(refused(&app, &client.redemption(&code), &[]).await, "invalid_dpop_proof");
    let first = granted(&app, &client.redemption(&code), &key.for_tokens(&app)).await;
    let refreshing = client.refreshing(text(&first, "refresh_token"));
    assert_eq!(refused(&app, &refreshing, &[]).await, "invalid_dpop_proof");
    assert_eq!(granted(&app, &refreshing, &key.for_tokens(&app)).await["token_type"], "DPoP");
    assert_eq!(app.audit_reasons("token.refreshed").await, ["ok", "proof_missing"]);
}

async fn a_code_is_bound_to_the_key_that_was_named(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let (key, other) = (ProofKey::new(), ProofKey::new());
    let code = code_for(&client, &browser, &key.jkt()).await;
    let redemption = client.redemption(&code);
    assert_eq!(refused(&app, &redemption, &[]).await, "invalid_dpop_proof");
    assert_eq!(refused(&app, &redemption, &[&other.for_tokens(&app)]).await, "invalid_grant");
    let body = granted(&app, &redemption, &key.for_tokens(&app)).await;
    assert_eq!(bound_to(&body), json!({ "jkt": key.jkt() }));
    // Without the key, a code that was used is not even worth a replay.
    assert_eq!(refused(&app, &redemption, &[]).await, "invalid_dpop_proof");
    assert_eq!(refused(&app, &redemption, &[&other.for_tokens(&app)]).await, "invalid_grant");
    let refreshing = client.refreshing(text(&body, "refresh_token"));
    granted(&app, &refreshing, &key.for_tokens(&app)).await;
    // With it, it is.
    let answer = send(&app, &redemption, &[&key.for_tokens(&app)]).await;
    assert_eq!(status_and_json(answer).await.1["error"], "invalid_grant");
    assert_eq!(app.audit_reasons("grant.revoked").await, ["replayed_code"]);
}

async fn a_key_is_named_by_a_thumbprint(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let good = client.authorize_url("search:read");
    for jkt in ["x", "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9X%21", &"a".repeat(100)] {
        let answer = browser.get(&format!("{good}&dpop_jkt={jkt}")).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{jkt}");
        let said = query_of(answer.headers()["location"].to_str().unwrap());
        assert_eq!(said["error"], "invalid_request", "{jkt}");
    }
    let twice = format!("{good}&dpop_jkt={0}&dpop_jkt={0}", ProofKey::new().jkt());
    let answer = browser.get(&twice).await;
    assert_eq!(query_of(answer.headers()["location"].to_str().unwrap())["error"], "invalid_request");
}

async fn a_public_clients_refresh_token_is_bound(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let (key, other) = (ProofKey::new(), ProofKey::new());
    let code = client.code(&browser, "search:read").await;
    let first = granted(&app, &client.redemption(&code), &key.for_tokens(&app)).await;
    let first = client.refreshing(text(&first, "refresh_token"));
    assert_eq!(refused(&app, &first, &[]).await, "invalid_dpop_proof");
    assert_eq!(refused(&app, &first, &[&other.for_tokens(&app)]).await, "invalid_grant");
    let second = granted(&app, &first, &key.for_tokens(&app)).await;
    assert_eq!(bound_to(&second), json!({ "jkt": key.jkt() }));
    let again = granted(&app, &first, &key.for_tokens(&app)).await;
    assert_eq!(again["refresh_token"], second["refresh_token"], "a retry has a proof of its own");
    app.advance(61).await;
    // Who has an old token and not the key ends nothing with it.
    assert_eq!(refused(&app, &first, &[]).await, "invalid_dpop_proof");
    assert_eq!(refused(&app, &first, &[&other.for_tokens(&app)]).await, "invalid_grant");
    let second = client.refreshing(text(&second, "refresh_token"));
    granted(&app, &second, &key.for_tokens(&app)).await;
    assert_eq!(
        app.audit_reasons("token.refreshed").await,
        ["foreign_proof_key", "foreign_proof_key", "ok", "ok", "ok", "proof_missing", "proof_missing"]
    );
}

async fn a_token_that_was_given_without_a_key_stays_so(app: TestApp) {
    let (browser, client, key) = (app.signed_in().await, app.client().await, ProofKey::new());
    let first = client.log_in(&browser, "search:read").await;
    let second = granted(&app, &client.refreshing(&first.refresh), &key.for_tokens(&app)).await;
    assert_eq!(bound_to(&second), json!({ "jkt": key.jkt() }), "the access token follows the proof");
    let third = client.tokens(&client.refreshing(text(&second, "refresh_token"))).await;
    assert_eq!(third.body["token_type"], "Bearer");
}

async fn a_confidential_client_may_change_its_key(app: TestApp) {
    let (browser, client) = (app.signed_in().await, confidential(&app).await);
    let (key, other) = (ProofKey::new(), ProofKey::new());
    let code = client.code(&browser, "search:read").await;
    let first = granted(&app, &client.redemption(&code), &key.for_tokens(&app)).await;
    assert_eq!(bound_to(&first), json!({ "jkt": key.jkt() }));
    let refreshing = client.refreshing(text(&first, "refresh_token"));
    let second = granted(&app, &refreshing, &other.for_tokens(&app)).await;
    assert_eq!(bound_to(&second), json!({ "jkt": other.jkt() }));
    let third = client.tokens(&client.refreshing(text(&second, "refresh_token"))).await;
    assert_eq!(third.body["token_type"], "Bearer");
}

async fn a_machines_token_is_bound_as_well(app: TestApp) {
    let (machine, key) = (app.made_machine(None).await, ProofKey::new());
    let params = [
        ("grant_type", "client_credentials".to_owned()),
        ("client_id", machine.id.clone()),
        ("client_secret", machine.secret.clone()),
    ];
    let proof = key.for_tokens(&app);
    let body = granted(&app, &params, &proof).await;
    assert_eq!((text(&body, "token_type"), bound_to(&body)), ("DPoP", json!({ "jkt": key.jkt() })));
    assert_eq!(refused(&app, &params, &[&proof]).await, "invalid_dpop_proof");
    let (status, body) = status_and_json(send(&app, &params, &[]).await).await;
    assert_eq!((status, &body["token_type"]), (200, &json!("Bearer")));
}

async fn a_client_is_known_before_its_proof_is_read(app: TestApp) {
    let (client, key) = (confidential(&app).await, ProofKey::new());
    let mut params = client.refreshing("rft_x_y");
    params.retain(|(name, _)| *name != "client_secret");
    params.push(("client_secret", "wrong".to_owned()));
    let answer =
        send(&app, &params, &[&key.proof(&json!({ "jti": "1", "iat": token_claims(&app)["iat"] }))]).await;
    assert_eq!(status_and_json(answer).await.1["error"], "invalid_client");
}

on_both!(
    without_a_proof_nothing_changes,
    a_proof_binds_the_access_token,
    a_client_that_takes_bound_tokens_only_needs_a_proof,
    a_code_is_bound_to_the_key_that_was_named,
    a_key_is_named_by_a_thumbprint,
    a_public_clients_refresh_token_is_bound,
    a_token_that_was_given_without_a_key_stays_so,
    a_confidential_client_may_change_its_key,
    a_machines_token_is_bound_as_well,
    a_client_is_known_before_its_proof_is_read,
);
