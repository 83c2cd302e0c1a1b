//! What the token endpoint gives out, and what becomes of it.

mod client_auth;
mod contents;
mod introspection;
mod key_rotation;
mod revocation;
mod userinfo;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatepost::oauth::keys::Alg;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::{REDIRECT_URI, header, part_of, status_and_json};
use crate::support::{OAuthClient, TestApp, json_of};

/// Checks a signature as a stranger would: with the keys published over HTTP.
async fn verified(app: &TestApp, jwt: &str, audience: &str) -> Value {
    let keys = app.http().get(app.at("/keys")).send().await.unwrap();
    let keys: JwkSet = serde_json::from_value(json_of(keys).await).unwrap();
    let kid = part_of(jwt, 0)["kid"].as_str().unwrap().to_owned();
    let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_issuer(&[&app.url]);
    validation.set_audience(&[audience]);
    jsonwebtoken::decode(jwt, &key, &validation).unwrap().claims
}

async fn userinfo(app: &TestApp, token: &str) -> Response {
    app.http().get(app.at("/oauth/userinfo")).bearer_auth(token).send().await.unwrap()
}

async fn is_alive(app: &TestApp, token: &str) -> bool {
    userinfo(app, token).await.status() == StatusCode::OK
}

/// A client with a secret that registered itself.
async fn confidential(app: &TestApp, name: &str, method: &str) -> OAuthClient {
    let metadata = json!({ "client_name": name, "redirect_uris": [REDIRECT_URI],
                           "token_endpoint_auth_method": method });
    OAuthClient::register_with(app, metadata).await
}

/// Posts with this `Authorization` header.
async fn post_as(app: &TestApp, path: &str, auth: Option<&str>, params: &[(&str, &str)]) -> Response {
    let mut request = app.http().post(app.at(path)).form(params);
    if let Some(auth) = auth {
        request = request.header("authorization", auth);
    }
    request.send().await.unwrap()
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// What introspection says to a client with this id and secret.
async fn introspected(app: &TestApp, id: &str, secret: &str, token: &str) -> Value {
    let auth = basic(id, secret);
    let answer = post_as(app, "/oauth/introspect", Some(&auth), &[("token", token)]).await;
    assert_eq!(header(&answer, "cache-control"), "no-store");
    let (status, body) = status_and_json(answer).await;
    assert_eq!(status, 200, "{body}");
    body
}

async fn revoke(app: &TestApp, client: &OAuthClient, token: &str) -> u16 {
    let mut params = vec![("client_id", client.id.clone()), ("token", token.to_owned())];
    params.extend(client.secret.clone().map(|s| ("client_secret", s)));
    let answer = client.post("/oauth/revoke", &params).await;
    assert_eq!(header(&answer, "cache-control"), "no-store");
    let status = answer.status().as_u16();
    assert_eq!(answer.text().await.unwrap(), "");
    assert!(app.core.oauth.store.ping().await.is_ok());
    status
}

async fn rotate(app: &TestApp) -> String {
    let ctx = &app.core.oauth;
    ctx.keys.rotate(&ctx.store, Alg::Es256, &ctx.clock, &ctx.rng).await.unwrap()
}

fn kid(jwt: &str) -> String {
    part_of(jwt, 0)["kid"].as_str().unwrap().to_owned()
}
