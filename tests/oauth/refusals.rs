//! Refusals before any rule is asked leave a trace in the audit trail, and only so many of them.

use reqwest::Method;
use serde_json::json;

use super::{REDIRECT_URI, status_and_json};
use crate::on_both;
use crate::support::{OAuthClient, TestApp};

/// Reason, client and detail of each refused access, in the order they came.
async fn refused(app: &TestApp) -> Vec<(String, Option<String>, String)> {
    app.core.oauth.audit.flush().await;
    let events = app.core.oauth.store.list_events("", 10_000).await.unwrap();
    let refused = events.into_iter().filter(|e| e.kind == "access.refused");
    refused
        .inspect(|e| assert_eq!((e.outcome.as_str(), e.address.as_deref()), ("refused", Some("127.0.0.1"))))
        .map(|e| (e.reason, e.client_id, e.detail.unwrap_or_default()))
        .collect()
}

async fn a_foreign_host_is_recorded(app: TestApp) {
    let request = app.http().get(app.at("/oauth/authorize")).header("host", "evil.example");
    assert_eq!(request.send().await.unwrap().status(), 403);
    assert_eq!(refused(&app).await, [("foreign_host".to_owned(), None, "host: evil.example".to_owned())]);
}

async fn a_foreign_origin_is_recorded(app: TestApp) {
    let request = app.http().post(app.at("/mcp")).header("origin", "https://evil.example");
    assert_eq!(request.send().await.unwrap().status(), 403);
    let detail = "origin: https://evil.example".to_owned();
    assert_eq!(refused(&app).await, [("foreign_origin".to_owned(), None, detail)]);
}

async fn a_bad_registration_token_is_recorded(app: TestApp) {
    let metadata = json!({ "client_name": "Server", "redirect_uris": [REDIRECT_URI],
                           "token_endpoint_auth_method": "client_secret_post" });
    let client = OAuthClient::register_with(&app, metadata).await;
    let at = app.at(&format!("/oauth/register/{}", client.id));
    for method in [Method::GET, Method::DELETE] {
        let answer = app.http().request(method, &at).bearer_auth("rat_x_y").send().await.unwrap();
        assert_eq!(status_and_json(answer).await.0, 401);
    }
    let event = ("bad_registration_token".to_owned(), Some(client.id.clone()), String::new());
    assert_eq!(refused(&app).await, [event.clone(), event]);
}

async fn a_bad_token_at_userinfo_is_recorded(app: TestApp) {
    let userinfo = app.http().get(app.at("/oauth/userinfo"));
    assert_eq!(userinfo.try_clone().unwrap().send().await.unwrap().status(), 401);
    assert_eq!(refused(&app).await, [], "no token is the ordinary first question");
    assert_eq!(userinfo.bearer_auth("x").send().await.unwrap().status(), 401);
    let event = ("unknown_token".to_owned(), None, "at userinfo".to_owned());
    assert_eq!(refused(&app).await, [event]);
}

async fn one_place_cannot_fill_the_audit_trail_with_refusals(app: TestApp) {
    let http = app.http();
    for _ in 0..350 {
        let request = http.get(app.at("/")).header("host", "x".repeat(4_000));
        assert_eq!(request.send().await.unwrap().status(), 403);
    }
    let events = refused(&app).await;
    // 300 a minute, and what the budget regains while this test runs.
    assert!((300..350).contains(&events.len()), "{}", events.len());
    assert!(events.iter().all(|(_, _, detail)| detail.len() < 1_100));
}

on_both! {
    a_foreign_host_is_recorded,
    a_foreign_origin_is_recorded,
    a_bad_registration_token_is_recorded,
    a_bad_token_at_userinfo_is_recorded,
    one_place_cannot_fill_the_audit_trail_with_refusals,
}
