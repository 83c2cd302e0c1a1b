//! `src/oauth/grants/authorization_code.rs`, row by row.

use reqwest::StatusCode;

use crate::on_both;
use crate::support::{OAuthClient, TestApp, json_of};

fn with(params: &[(&'static str, String)], name: &str, value: &str) -> Vec<(&'static str, String)> {
    params.iter().map(|(n, v)| (*n, if *n == name { value.to_owned() } else { v.clone() })).collect()
}

async fn redeems_a_code_once(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let code = client.code(&browser, "search:read offline_access").await;
    let tokens = client.tokens(&client.redemption(&code)).await;
    assert_eq!(tokens.scope, "offline_access search:read");
    assert_eq!(tokens.body["token_type"], "Bearer");
    assert_eq!(tokens.body["expires_in"], 3600);
    assert!(tokens.refresh.starts_with("rft_"));
    assert!(app.audit_reasons("token.issued").await.contains(&"ok".to_owned()));
}

async fn replayed_code_revokes_the_grant(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let code = client.code(&browser, "search:read").await;
    let tokens = client.tokens(&client.redemption(&code)).await;
    assert_eq!(client.refused(&client.redemption(&code)).await, "invalid_grant");
    assert_eq!(client.refused(&client.refreshing(&tokens.refresh)).await, "invalid_grant");
    assert_eq!(app.audit_reasons("grant.revoked").await, ["replayed_code"]);
}

async fn foreign_code_changes_nothing(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let other = OAuthClient::register(&app, "Another app").await;
    assert_ne!(other.id, client.id);
    let code = client.code(&browser, "search:read").await;
    let before = app.db_rows().await;
    assert_eq!(other.refused(&other.redemption(&code)).await, "invalid_grant");
    assert_eq!(app.db_rows().await, before);
    client.tokens(&client.redemption(&code)).await;
    let used = app.db_rows().await;
    assert_eq!(other.refused(&other.redemption(&code)).await, "invalid_grant");
    assert_eq!(app.db_rows().await, used, "a foreign replay revokes nothing");
}

async fn wrong_redirect_uri_changes_nothing(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let code = client.code(&browser, "search:read").await;
    let before = app.db_rows().await;
    let wrong = with(&client.redemption(&code), "redirect_uri", "http://127.0.0.1:7778/callback");
    assert_eq!(client.refused(&wrong).await, "invalid_grant");
    assert_eq!(app.db_rows().await, before);
    let without: Vec<_> =
        client.redemption(&code).into_iter().filter(|(n, _)| *n != "redirect_uri").collect();
    client.tokens(&without).await;
}

async fn wrong_verifier_changes_nothing(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let code = client.code(&browser, "search:read").await;
    let before = app.db_rows().await;
    let wrong = with(&client.redemption(&code), "code_verifier", &"w".repeat(43));
    assert_eq!(client.refused(&wrong).await, "invalid_grant");
    let short = with(&client.redemption(&code), "code_verifier", "short");
    assert_eq!(client.refused(&short).await, "invalid_request");
    assert_eq!(app.db_rows().await, before);
    client.tokens(&client.redemption(&code)).await;
    let used = app.db_rows().await;
    assert_eq!(client.refused(&wrong).await, "invalid_grant");
    assert_eq!(app.db_rows().await, used, "a replay with a wrong verifier revokes nothing");
}

async fn dead_code_is_refused(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let code = client.code(&browser, "search:read").await;
    app.advance(60).await;
    assert_eq!(client.refused(&client.redemption(&code)).await, "invalid_grant");
    let invented = format!("{}x", &code[..code.len() - 1]);
    assert_eq!(client.refused(&client.redemption(&invented)).await, "invalid_grant");
    assert_eq!(client.refused(&client.redemption("nonsense")).await, "invalid_grant");
    let reasons = app.audit_reasons("token.issued").await;
    assert_eq!(reasons, ["expired_code", "unknown_code", "unknown_code"]);
}

async fn parallel_redemptions_have_one_winner(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let code = client.code(&browser, "search:read").await;
    let params = client.redemption(&code);
    let requests = (0..40).map(|_| client.post("/oauth/token", &params));
    let answers = futures::future::join_all(requests).await;
    let winners = answers.iter().filter(|a| a.status() == StatusCode::OK).count();
    assert_eq!(winners, 1);
    for answer in answers.into_iter().filter(|a| a.status() != StatusCode::OK) {
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert_eq!(json_of(answer).await["error"], "invalid_grant");
    }
}

async fn resource_mismatch_changes_nothing(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let code = client.code(&browser, "search:read").await;
    let before = app.db_rows().await;
    let mut params = client.redemption(&code);
    params.push(("resource", "https://elsewhere.example/mcp".to_owned()));
    assert_eq!(client.refused(&params).await, "invalid_target");
    assert_eq!(app.db_rows().await, before);
    let mut params = client.redemption(&code);
    params.push(("resource", app.at("/mcp/")));
    client.tokens(&params).await;
}

on_both! {
    redeems_a_code_once,
    replayed_code_revokes_the_grant,
    foreign_code_changes_nothing,
    wrong_redirect_uri_changes_nothing,
    wrong_verifier_changes_nothing,
    dead_code_is_refused,
    parallel_redemptions_have_one_winner,
    resource_mismatch_changes_nothing,
}
