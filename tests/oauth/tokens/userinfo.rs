//! `/oauth/userinfo`: who is told what.

use reqwest::StatusCode;
use serde_json::json;

use super::{is_alive, userinfo};
use crate::oauth::{header, status_and_json};
use crate::on_both;
use crate::support::{EMAIL, TestApp, json_of};

async fn userinfo_says_what_the_scopes_allow(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let sub = app.user.id.as_str();
    for (scope, expected) in [
        ("openid", json!({ "sub": sub })),
        ("openid email", json!({ "sub": sub, "email": EMAIL })),
        ("openid profile", json!({ "sub": sub, "name": "Ann" })),
        ("openid email profile search:read", json!({ "sub": sub, "email": EMAIL, "name": "Ann" })),
    ] {
        let tokens = client.log_in(&browser, scope).await;
        let answer = userinfo(&app, &tokens.access).await;
        assert_eq!(header(&answer, "cache-control"), "no-store");
        assert_eq!(json_of(answer).await, expected, "{scope}");
        let posted = app.http().post(app.at("/oauth/userinfo")).bearer_auth(&tokens.access);
        assert_eq!(json_of(posted.send().await.unwrap()).await, expected);
    }
}

async fn userinfo_refuses_everything_else(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let tokens = client.log_in(&browser, "search:read email").await;
    let answer = userinfo(&app, &tokens.access).await;
    assert!(header(&answer, "www-authenticate").starts_with("Bearer error=\"insufficient_scope\""));
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let tokens = client.log_in(&browser, "openid").await;
    let (head, rest) = tokens.access.split_once('.').unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{rest}");
    let cut = tokens.access[..=tokens.access.rfind('.').unwrap()].to_owned();
    for bad in
        [unsigned, cut, format!("{head}.{rest}x"), tokens.refresh.clone(), "x".to_owned(), "a.b.c".to_owned()]
    {
        let answer = userinfo(&app, &bad).await;
        assert!(header(&answer, "www-authenticate").starts_with("Bearer error=\"invalid_token\""), "{bad}");
        let (status, body) = status_and_json(answer).await;
        assert_eq!((status, &body["error"]), (401, &json!("invalid_token")), "{bad}");
    }
    let query = app.http().get(app.at(&format!("/oauth/userinfo?access_token={}", tokens.access)));
    let body = app.http().post(app.at("/oauth/userinfo")).form(&[("access_token", &tokens.access)]);
    for elsewhere in [query, body] {
        let answer = elsewhere.send().await.unwrap();
        assert_eq!(header(&answer, "www-authenticate"), "Bearer scope=\"openid\"", "no error: none was sent");
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
    app.advance(3599).await;
    assert!(is_alive(&app, &tokens.access).await);
    app.advance(1).await;
    assert!(!is_alive(&app, &tokens.access).await, "expired");
}

on_both! {
    userinfo_says_what_the_scopes_allow,
    userinfo_refuses_everything_else,
}
