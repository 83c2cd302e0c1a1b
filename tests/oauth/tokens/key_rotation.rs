//! Tokens while signing keys change.

use std::collections::HashSet;

use super::{is_alive, kid, rotate, verified};
use crate::on_both;
use crate::support::{TestApp, json_of};

async fn tokens_outlive_a_rotation_and_die_with_their_key(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let before = client.log_in(&browser, "openid").await;
    let new = rotate(&app).await;
    assert_ne!(kid(&before.access), new);
    assert!(is_alive(&app, &before.access).await);
    let after = client.tokens(&client.refreshing(&before.refresh)).await;
    assert_eq!(kid(&after.access), new);
    verified(&app, &before.access, &app.at("/mcp")).await;
    verified(&app, &after.access, &app.at("/mcp")).await;
    let ctx = &app.core.oauth;
    assert!(ctx.keys.retire(&ctx.store, &new, &ctx.clock).await.is_err(), "it signs");
    ctx.keys.retire(&ctx.store, &kid(&before.access), &ctx.clock).await.unwrap();
    app.sync().await;
    assert!(!is_alive(&app, &before.access).await);
    assert!(is_alive(&app, &after.access).await);
    let keys = json_of(app.http().get(app.at("/keys")).send().await.unwrap()).await;
    assert!(!keys.to_string().contains(&kid(&before.access)));
    client.tokens(&client.refreshing(&after.refresh)).await;
}

async fn a_key_is_published_before_it_signs(app: TestApp) {
    let keys = json_of(app.http().get(app.at("/keys")).send().await.unwrap()).await;
    let published: HashSet<&str> =
        keys["keys"].as_array().unwrap().iter().map(|k| k["kid"].as_str().unwrap()).collect();
    assert!(published.contains(rotate(&app).await.as_str()));
}

async fn no_request_fails_while_keys_rotate(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let tokens = client.log_in(&browser, "openid").await;
    let params = client.refreshing(&tokens.refresh);
    let requests = futures::future::join_all((0..50).map(|_| client.tokens(&params)));
    let rotations = async {
        for _ in 0..5 {
            rotate(&app).await;
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let (answers, ()) = futures::future::join(requests, rotations).await;
    for answer in &answers {
        assert!(is_alive(&app, &answer.access).await);
    }
    let last = client.tokens(&client.refreshing(&answers[0].refresh)).await;
    verified(&app, &last.access, &app.at("/mcp")).await;
}

on_both! {
    tokens_outlive_a_rotation_and_die_with_their_key,
    a_key_is_published_before_it_signs,
    no_request_fails_while_keys_rotate,
}
