//! What access and ID tokens say.

use serde_json::json;

use super::{confidential, introspected, is_alive, kid, revoke, verified};
use crate::oauth::{ask, header, part_of};
use crate::on_both;
use crate::support::{EMAIL, TestApp, json_of, query_of};

async fn an_access_token_says_exactly_this(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    app.advance(7).await;
    let tokens = client.log_in(&browser, "search:read openid offline_access").await;
    let now = app.clock.now();
    let claims = verified(&app, &tokens.access, &app.at("/mcp")).await;
    for (name, prefix) in [("jti", "tkn_"), ("sid", "ses_"), ("gid", "grt_")] {
        assert!(claims[name].as_str().unwrap().starts_with(prefix), "{claims}");
    }
    let expected = json!({
        "iss": app.url,
        "sub": app.user.id,
        "aud": app.at("/mcp"),
        "client_id": client.id,
        "iat": now - 5,
        "nbf": now - 5,
        "exp": now + 3600,
        "jti": claims["jti"],
        "scope": "offline_access openid search:read",
        "scopes": ["offline_access", "openid", "search:read"],
        "sid": claims["sid"],
        "gid": claims["gid"],
    });
    assert_eq!(claims, expected);
    let head = part_of(&tokens.access, 0);
    assert_eq!(head, json!({ "alg": "ES256", "typ": "at+jwt", "kid": head["kid"] }));
    let refreshed = client.tokens(&client.refreshing(&tokens.refresh)).await;
    let again = verified(&app, &refreshed.access, &app.at("/mcp")).await;
    assert_eq!(
        (&again["gid"], &again["sid"], &again["sub"]),
        (&claims["gid"], &claims["sid"], &claims["sub"])
    );
    assert_ne!(again["jti"], claims["jti"]);
}

async fn a_token_answer_is_not_kept(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let code = client.code(&browser, "search:read").await;
    let answer = client.post("/oauth/token", &client.redemption(&code)).await;
    assert_eq!((header(&answer, "cache-control"), header(&answer, "pragma")), ("no-store", "no-cache"));
    assert_eq!(header(&answer, "content-type"), "application/json");
    let mut members: Vec<String> = json_of(answer).await.as_object().unwrap().keys().cloned().collect();
    members.sort_unstable();
    assert_eq!(members, ["access_token", "expires_in", "refresh_token", "scope", "token_type"]);
}

async fn an_id_token_says_exactly_this(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let signed_in_at = app.clock.now();
    app.advance(100).await;
    let scope = Some("openid email profile");
    let url = ask(&client, &[("scope", scope), ("nonce", Some("n-0S6_WzA2Mj"))]);
    let code = query_of(&browser.allow(&url).await)["code"].clone();
    app.advance(7).await;
    let tokens = client.tokens(&client.redemption(&code)).await;
    let id_token = tokens.body["id_token"].as_str().unwrap();
    let head = part_of(id_token, 0);
    assert_eq!(head, json!({ "alg": "ES256", "typ": "JWT", "kid": kid(&tokens.access) }));
    let claims = verified(&app, id_token, &client.id).await;
    let now = app.clock.now();
    assert_eq!(
        claims,
        json!({
            "iss": app.url,
            "sub": app.user.id,
            "aud": client.id,
            "iat": now - 5,
            "exp": now + 3600,
            "auth_time": signed_in_at,
            "acr": "urn:gatepost:acr:single-factor",
            "amr": ["pwd"],
            "nonce": "n-0S6_WzA2Mj",
            "sid": part_of(&tokens.access, 1)["sid"],
            "email": EMAIL,
            "name": "Ann",
        })
    );
}

async fn an_id_token_says_no_more_than_was_asked_for(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let tokens = client.log_in(&browser, "openid").await;
    let claims = part_of(tokens.body["id_token"].as_str().unwrap(), 1);
    for absent in ["nonce", "email", "name"] {
        assert_eq!(claims.get(absent), None);
    }
    let tokens = client.log_in(&browser, "email profile search:read").await;
    assert_eq!(tokens.body.get("id_token"), None, "only with openid");
}

async fn an_id_token_is_no_access_token(app: TestApp) {
    let browser = app.signed_in().await;
    let client = confidential(&app, "Server", "client_secret_basic").await;
    let tokens = client.log_in(&browser, "openid search:read").await;
    let id_token = tokens.body["id_token"].as_str().unwrap();
    assert!(!is_alive(&app, id_token).await);
    let secret = client.secret.as_deref().unwrap();
    assert_eq!(introspected(&app, &client.id, secret, id_token).await, json!({ "active": false }));
    assert_eq!(revoke(&app, &client, id_token).await, 200);
    assert!(is_alive(&app, &tokens.access).await, "revoking it revoked nothing");
}

on_both! {
    an_access_token_says_exactly_this,
    a_token_answer_is_not_kept,
    an_id_token_says_exactly_this,
    an_id_token_says_no_more_than_was_asked_for,
    an_id_token_is_no_access_token,
}
