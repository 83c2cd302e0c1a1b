//! What ends tokens.

use reqwest::StatusCode;
use serde_json::json;

use super::{basic, confidential, is_alive, post_as, revoke};
use crate::oauth::{header, status_and_json};
use crate::on_both;
use crate::support::{EMAIL, Form, OAuthClient, PASSWORD, TestApp, Tokens, json_of};

async fn revoking_either_token_ends_the_grant(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let choose: [fn(&Tokens) -> &String; 2] = [|t| &t.refresh, |t| &t.access];
    for token in choose {
        let first = client.log_in(&browser, "openid").await;
        let other = client.log_in(&browser, "openid").await;
        let next = client.tokens(&client.refreshing(&first.refresh)).await;
        assert_eq!(revoke(&app, &client, token(&next)).await, 200);
        for access in [&first.access, &next.access] {
            assert!(!is_alive(&app, access).await, "at once");
        }
        assert_eq!(client.refused(&client.refreshing(&next.refresh)).await, "invalid_grant");
        assert!(is_alive(&app, &other.access).await, "another grant lives on");
        client.tokens(&client.refreshing(&other.refresh)).await;
        assert_eq!(revoke(&app, &client, token(&next)).await, 200, "once more makes no difference");
    }
}

/// RFC 7009 §2.1, RFC 7662 §2.1: the hint only says where to look first.
async fn a_wrong_hint_hides_no_token(app: TestApp) {
    let browser = app.signed_in().await;
    let client = confidential(&app, "One", "client_secret_basic").await;
    let auth = basic(&client.id, client.secret.as_deref().unwrap());
    for hint in ["access_token", "refresh_token", "id_token", "nonsense"] {
        let tokens = client.log_in(&browser, "openid").await;
        for token in [&tokens.refresh, &tokens.access] {
            let form = [("token", token.as_str()), ("token_type_hint", hint)];
            let told = json_of(post_as(&app, "/oauth/introspect", Some(&auth), &form).await).await;
            assert_eq!(told["active"], true, "{hint}");
        }
        let other = client.log_in(&browser, "openid").await;
        for (token, access) in [(&tokens.refresh, &tokens.access), (&other.access, &other.access)] {
            let form = [("token", token.as_str()), ("token_type_hint", hint)];
            assert_eq!(post_as(&app, "/oauth/revoke", Some(&auth), &form).await.status(), StatusCode::OK);
            assert!(!is_alive(&app, access).await, "{hint}");
        }
    }
}

async fn revoking_what_is_not_one_s_own_changes_nothing(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let other = OAuthClient::register(&app, "Another app").await;
    let tokens = client.log_in(&browser, "openid").await;
    let before = app.db_rows().await;
    for token in [&tokens.refresh, &tokens.access, "x", "rft_00000000000000000000000000_x"] {
        assert_eq!(revoke(&app, &other, token).await, 200, "{token}");
    }
    assert_eq!(revoke(&app, &client, &format!("{}x", tokens.refresh)).await, 200);
    let none = [("client_id", client.id.clone())];
    let (status, body) = status_and_json(client.post("/oauth/revoke", &none).await).await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_request")));
    let stranger = [("client_id", "cli_unknown".to_owned()), ("token", tokens.refresh.clone())];
    let (status, body) = status_and_json(client.post("/oauth/revoke", &stranger).await).await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
    assert_eq!(app.db_rows().await, before);
    assert!(is_alive(&app, &tokens.access).await);
    client.tokens(&client.refreshing(&tokens.refresh)).await;
}

async fn a_disabled_person_s_tokens_are_dead(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let tokens = client.log_in(&browser, "openid").await;
    let code = client.code(&browser, "openid").await;
    let store = &app.core.oauth.store;
    app.disable_ann().await;
    app.sync().await;
    assert!(!is_alive(&app, &tokens.access).await);
    assert_eq!(client.refused(&client.refreshing(&tokens.refresh)).await, "invalid_grant");
    assert_eq!(client.refused(&client.redemption(&code)).await, "invalid_grant");
    let answer = browser.get(&client.authorize_url("openid")).await;
    assert!(header(&answer, "location").starts_with("/login?"), "the session has ended too");
    let form = Form::read(&browser.page("/login").await).set("email", EMAIL).set("password", PASSWORD);
    assert_eq!(browser.send(&form).await.status(), StatusCode::UNAUTHORIZED);
    store.enable_user(app.user.id.clone()).await.unwrap();
    app.sync().await;
    assert!(!is_alive(&app, &tokens.access).await, "what was revoked stays revoked");
    assert_eq!(client.refused(&client.refreshing(&tokens.refresh)).await, "invalid_grant");
    browser.sign_in(EMAIL, PASSWORD).await;
    assert!(is_alive(&app, &client.log_in(&browser, "openid").await.access).await);
}

on_both! {
    revoking_either_token_ends_the_grant,
    a_wrong_hint_hides_no_token,
    revoking_what_is_not_one_s_own_changes_nothing,
    a_disabled_person_s_tokens_are_dead,
}
