//! `src/oauth/grants/refresh_token.rs`, row by row.

use reqwest::StatusCode;
use serde_json::json;

use crate::on_both;
use crate::support::{OAuthClient, TestApp, Tokens, json_of};

async fn rotates_a_refresh_token(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let first = client.log_in(&browser, "search:read").await;
    let second = client.tokens(&client.refreshing(&first.refresh)).await;
    assert_ne!(second.refresh, first.refresh);
    assert_eq!(second.scope, "search:read");
    let third = client.tokens(&client.refreshing(&second.refresh)).await;
    assert_ne!(third.refresh, second.refresh);
}

async fn retry_gets_the_same_successor(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let first = client.log_in(&browser, "search:read").await;
    let second = client.tokens(&client.refreshing(&first.refresh)).await;
    app.advance(60).await;
    let again = client.tokens(&client.refreshing(&first.refresh)).await;
    assert_eq!(again.refresh, second.refresh);
    client.tokens(&client.refreshing(&second.refresh)).await;
}

async fn late_retry_revokes_the_grant(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let first = client.log_in(&browser, "search:read").await;
    let second = client.tokens(&client.refreshing(&first.refresh)).await;
    app.advance(61).await;
    assert_eq!(client.refused(&client.refreshing(&first.refresh)).await, "invalid_grant");
    assert_eq!(client.refused(&client.refreshing(&second.refresh)).await, "invalid_grant");
    assert_eq!(app.audit_reasons("grant.revoked").await, ["replayed_refresh_token"]);
}

async fn replayed_refresh_token_revokes_the_grant(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let first = client.log_in(&browser, "search:read").await;
    let second = client.tokens(&client.refreshing(&first.refresh)).await;
    let third = client.tokens(&client.refreshing(&second.refresh)).await;
    assert_eq!(client.refused(&client.refreshing(&first.refresh)).await, "invalid_grant");
    assert_eq!(client.refused(&client.refreshing(&third.refresh)).await, "invalid_grant");
}

async fn foreign_refresh_token_changes_nothing(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let other = OAuthClient::register(&app, "Another app").await;
    let first = client.log_in(&browser, "search:read").await;
    let second = client.tokens(&client.refreshing(&first.refresh)).await;
    app.advance(61).await;
    let before = app.db_rows().await;
    assert_eq!(other.refused(&other.refreshing(&first.refresh)).await, "invalid_grant");
    assert_eq!(other.refused(&other.refreshing(&second.refresh)).await, "invalid_grant");
    assert_eq!(app.db_rows().await, before);
}

async fn invented_refresh_token_changes_nothing(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let first = client.log_in(&browser, "search:read").await;
    let id = &first.refresh[..first.refresh.len() - 65];
    let before = app.db_rows().await;
    for invented in [format!("{id}{}", "x".repeat(65)), id.to_owned(), format!("{}y", first.refresh)] {
        assert_eq!(client.refused(&client.refreshing(&invented)).await, "invalid_grant", "{invented}");
    }
    assert_eq!(app.db_rows().await, before);
}

async fn dead_refresh_token_is_refused(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let first = client.log_in(&browser, "search:read").await;
    app.advance(30 * 86_400).await;
    assert_eq!(client.refused(&client.refreshing(&first.refresh)).await, "invalid_grant");
    assert_eq!(app.audit_reasons("token.refreshed").await, ["expired_refresh_token"]);
}

async fn absolute_life_ends_a_busy_refresh_token(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let mut tokens = client.log_in(&browser, "search:read").await;
    for _ in 0..3 {
        app.advance(29 * 86_400).await;
        tokens = client.tokens(&client.refreshing(&tokens.refresh)).await;
    }
    app.advance(4 * 86_400).await;
    assert_eq!(client.refused(&client.refreshing(&tokens.refresh)).await, "invalid_grant");
}

async fn widening_a_refresh_changes_nothing(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let first = client.log_in(&browser, "offline_access").await;
    assert_eq!(first.scope, "offline_access");
    let before = app.db_rows().await;
    let mut wider = client.refreshing(&first.refresh);
    wider.push(("scope", "search:read offline_access".to_owned()));
    assert_eq!(client.refused(&wider).await, "invalid_scope");
    assert_eq!(app.db_rows().await, before);
}

async fn narrowing_a_refresh_narrows_that_access_token_only(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let first = client.log_in(&browser, "search:read offline_access").await;
    let mut narrower = client.refreshing(&first.refresh);
    narrower.push(("scope", "search:read".to_owned()));
    let second = client.tokens(&narrower).await;
    assert_eq!(second.scope, "search:read");
    let third = client.tokens(&client.refreshing(&second.refresh)).await;
    assert_eq!(third.scope, "offline_access search:read");
}

async fn parallel_refreshes_leave_one_live_token(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let first = client.log_in(&browser, "search:read").await;
    let params = client.refreshing(&first.refresh);
    let answers = futures::future::join_all((0..40).map(|_| client.post("/oauth/token", &params))).await;
    let mut successors = Vec::new();
    for answer in answers {
        assert_eq!(answer.status(), StatusCode::OK);
        successors.push(json_of(answer).await["refresh_token"].as_str().unwrap().to_owned());
    }
    successors.dedup();
    assert_eq!(successors.len(), 1, "every one of them gets the same successor");
    client.tokens(&client.refreshing(&successors[0])).await;
}

async fn confidential_client_must_authenticate_to_refresh(app: TestApp) {
    let browser = app.signed_in().await;
    let metadata = json!({ "client_name": "Server", "redirect_uris": ["http://127.0.0.1:7777/callback"],
                           "token_endpoint_auth_method": "client_secret_post" });
    let client = OAuthClient::register_with(&app, metadata).await;
    let Tokens { refresh, .. } = client.log_in(&browser, "search:read").await;
    let bare: Vec<_> =
        client.refreshing(&refresh).into_iter().filter(|(n, _)| *n != "client_secret").collect();
    let answer = client.post("/oauth/token", &bare).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(json_of(answer).await["error"], "invalid_client");
    client.tokens(&client.refreshing(&refresh)).await;
}

on_both! {
    rotates_a_refresh_token,
    retry_gets_the_same_successor,
    late_retry_revokes_the_grant,
    replayed_refresh_token_revokes_the_grant,
    foreign_refresh_token_changes_nothing,
    invented_refresh_token_changes_nothing,
    dead_refresh_token_is_refused,
    absolute_life_ends_a_busy_refresh_token,
    widening_a_refresh_changes_nothing,
    narrowing_a_refresh_narrows_that_access_token_only,
    parallel_refreshes_leave_one_live_token,
    confidential_client_must_authenticate_to_refresh,
}
