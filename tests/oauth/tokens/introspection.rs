//! `/oauth/introspect`: which client learns what of which token.

use gatepost::oauth::client::AuthMethod;
use reqwest::StatusCode;
use serde_json::json;

use super::{basic, confidential, introspected, post_as, revoke};
use crate::oauth::{REDIRECT_URI, header, part_of, status_and_json};
use crate::on_both;
use crate::support::{OAuthClient, TestApp, json_of};

async fn an_administrator_s_client_introspects_every_token(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let server = app.made_client(AuthMethod::Basic, REDIRECT_URI).await;
    let ask = async |token: &str| introspected(&app, &server.id, &server.secret, token).await;
    let tokens = client.log_in(&browser, "search:read").await;
    let claims = part_of(&tokens.access, 1);
    let mut expected = json!({ "active": true, "token_type": "Bearer" });
    for name in ["scope", "client_id", "sub", "aud", "iss", "exp", "iat", "jti"] {
        expected[name] = claims[name].clone();
    }
    assert_eq!(ask(&tokens.access).await, expected);
    let now = app.clock.now();
    let refresh = json!({ "active": true, "scope": "search:read", "client_id": client.id,
                          "sub": app.user.id,
                          "iss": app.url, "iat": now, "exp": now + 30 * 86_400 });
    assert_eq!(ask(&tokens.refresh).await, refresh);
    let dead = json!({ "active": false });
    let next = client.tokens(&client.refreshing(&tokens.refresh)).await;
    assert_eq!(ask(&tokens.refresh).await, dead, "spent");
    assert_eq!(ask(&next.refresh).await["active"], true);
    for unknown in ["x", "a.b.c", "rft_00000000000000000000000000_x", &"x".repeat(9000)] {
        assert_eq!(ask(unknown).await, dead);
    }
    assert_eq!(revoke(&app, &client, &next.refresh).await, 200);
    for token in [&tokens.access, &next.access, &next.refresh] {
        assert_eq!(ask(token).await, dead, "revoked");
    }
    let tokens = client.log_in(&browser, "search:read").await;
    app.advance(3600).await;
    assert_eq!(ask(&tokens.access).await, dead, "expired");
    app.advance(30 * 86_400).await;
    assert_eq!(ask(&tokens.refresh).await, dead, "expired");
}

async fn other_clients_introspect_their_own_tokens_or_none(app: TestApp) {
    let (browser, public) = (app.signed_in().await, app.client().await);
    let one = confidential(&app, "One", "client_secret_basic").await;
    let two = confidential(&app, "Two", "client_secret_post").await;
    let tokens = one.log_in(&browser, "search:read").await;
    let publics = public.log_in(&browser, "search:read").await;
    let secret = |c: &OAuthClient| c.secret.clone().unwrap();
    for token in [&tokens.access, &tokens.refresh] {
        assert_eq!(introspected(&app, &one.id, &secret(&one), token).await["active"], true);
        let foreign = introspected(&app, &two.id, &secret(&two), token).await;
        assert_eq!(foreign, json!({ "active": false }));
    }
    assert_eq!(introspected(&app, &one.id, &secret(&one), &publics.access).await, json!({ "active": false }));
    let own = [("client_id", public.id.as_str()), ("token", publics.access.as_str())];
    let answer = post_as(&app, "/oauth/introspect", None, &own).await;
    assert_eq!(header(&answer, "www-authenticate"), "");
    let (status, body) = status_and_json(answer).await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
    let auth = basic(&one.id, &secret(&one));
    let answer =
        post_as(&app, "/oauth/introspect", Some(&auth), &[("token_type_hint", "access_token")]).await;
    assert_eq!(json_of(answer).await["error"], "invalid_request", "no token");
    let posted = [("client_id", two.id.as_str()), ("client_secret", &secret(&two)), ("token", "x")];
    assert_eq!(post_as(&app, "/oauth/introspect", None, &posted).await.status(), StatusCode::OK);
}

on_both! {
    an_administrator_s_client_introspects_every_token,
    other_clients_introspect_their_own_tokens_or_none,
}
