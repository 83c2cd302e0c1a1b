//! How soon a "no" takes effect: at once here, within one look at the database elsewhere.

use serde_json::json;

use gatepost::oauth::keys::Alg;

use super::caller::{Caller, challenge_of, log_in};
use crate::support::Database;
use crate::support::TestApp;
use crate::{on_both, on_each};

async fn revoking_a_refresh_token_ends_its_access_tokens_at_once(app: TestApp) {
    let (client, tokens, caller) = log_in(&app, "search:read").await;
    assert_eq!(caller.status().await, 200);
    let mut params = vec![("token", tokens.refresh.clone()), ("client_id", client.id.clone())];
    assert_eq!(client.post("/oauth/revoke", &params).await.status(), 200);
    let response = caller.call("whoami", json!({})).await;
    assert_eq!(response.status(), 401);
    assert!(challenge_of(&response).starts_with("Bearer error=\"invalid_token\""));
    params[0].1.clone_from(&tokens.access);
    assert_eq!(client.post("/oauth/revoke", &params).await.status(), 200, "again is fine");
}

async fn revoking_an_access_token_ends_the_grant(app: TestApp) {
    let (client, tokens, caller) = log_in(&app, "search:read").await;
    let params = [("token", tokens.access.clone()), ("client_id", client.id.clone())];
    assert_eq!(client.post("/oauth/revoke", &params).await.status(), 200);
    assert_eq!(caller.status().await, 401);
    assert_eq!(client.refused(&client.refreshing(&tokens.refresh)).await, "invalid_grant");
}

async fn a_replay_ends_the_access_tokens_at_once(app: TestApp) {
    let (client, tokens, first) = log_in(&app, "search:read").await;
    let second = client.tokens(&client.refreshing(&tokens.refresh)).await;
    let caller = Caller::new(&app, &second.access);
    assert_eq!((first.status().await, caller.status().await), (200, 200));
    app.advance(61).await;
    assert_eq!(client.refused(&client.refreshing(&tokens.refresh)).await, "invalid_grant");
    assert_eq!((first.status().await, caller.status().await), (401, 401));
}

async fn a_disabled_person_is_out_everywhere(app: TestApp) {
    let (_, _, seen) = log_in(&app, "search:read").await;
    let (_, tokens, _) = log_in(&app, "search:read").await;
    assert_eq!(seen.status().await, 200);
    let store = &app.core.accounts.store;
    app.disable_ann().await;
    let unseen = Caller::new(&app, &tokens.access);
    assert_eq!(unseen.status().await, 401, "a token that was not verified before asks the database");
    app.sync().await;
    assert_eq!((seen.status().await, unseen.status().await), (401, 401));
    // Letting the person in again does not revive what was revoked.
    assert!(store.enable_user(app.user.id.clone()).await.unwrap());
    app.sync().await;
    assert_eq!((seen.status().await, unseen.status().await), (401, 401));
    let (_, _, again) = log_in(&app, "search:read").await;
    assert_eq!(again.status().await, 200);
}

async fn a_disabled_client_is_out(app: TestApp) {
    let (client, tokens, caller) = log_in(&app, "search:read").await;
    assert_eq!(caller.status().await, 200);
    let store = &app.core.oauth.store;
    assert!(store.disable_client(client.id.clone(), app.clock.now()).await.unwrap());
    app.sync().await;
    assert_eq!(caller.status().await, 401);
    assert_eq!(client.refused(&client.refreshing(&tokens.refresh)).await, "invalid_client");
}

async fn a_forgotten_consent_ends_what_rests_on_it_and_nothing_else(app: TestApp) {
    let (client, _, caller) = log_in(&app, "search:read").await;
    let browser = app.signed_in().await;
    let other = crate::support::OAuthClient::register(&app, "Another app").await;
    let kept = Caller::new(&app, &other.log_in(&browser, "search:read").await.access);
    let resource = app.core.oauth.store.list_resources().await.unwrap().0[0].id.clone();
    let ended = app
        .core
        .oauth
        .store
        .forget_consent(app.user.id.clone(), client.id.clone(), resource, app.clock.now())
        .await
        .unwrap();
    assert_eq!(ended, 1);
    app.sync().await;
    assert_eq!((caller.status().await, kept.status().await), (401, 200));
}

async fn another_clients_revocation_changes_nothing(app: TestApp) {
    let (_, tokens, caller) = log_in(&app, "search:read").await;
    let other = crate::support::OAuthClient::register(&app, "Another app").await;
    for token in [&tokens.refresh, &tokens.access] {
        let params = [("token", token.clone()), ("client_id", other.id.clone())];
        assert_eq!(other.post("/oauth/revoke", &params).await.status(), 200);
    }
    assert_eq!(caller.status().await, 200);
}

async fn a_second_process_hears_of_it_with_its_next_look(app: TestApp) {
    let (client, tokens, here) = log_in(&app, "search:read").await;
    let replica = app.replica().await;
    let there = Caller::new(&replica, &tokens.access);
    assert_eq!((here.status().await, there.status().await), (200, 200));
    let params = [("token", tokens.refresh.clone()), ("client_id", client.id.clone())];
    assert_eq!(client.post("/oauth/revoke", &params).await.status(), 200);
    assert_eq!(here.status().await, 401);
    replica.sync().await;
    assert_eq!(there.status().await, 401);
    // A third that starts now knows it from the start.
    let late = app.replica().await;
    assert_eq!(Caller::new(&late, &tokens.access).status().await, 401);
}

async fn a_second_process_hears_of_clients_and_keys(app: TestApp) {
    let (client, tokens, _) = log_in(&app, "search:read").await;
    let replica = app.replica().await;
    let oauth = &app.core.oauth;
    oauth.keys.rotate(&oauth.store, Alg::Es256, &oauth.clock, &oauth.rng).await.unwrap();
    let newer = client.tokens(&client.refreshing(&tokens.refresh)).await;
    let there = Caller::new(&replica, &newer.access);
    assert_eq!(there.status().await, 200, "the next key was published before it signed");
    oauth.store.disable_client(client.id.clone(), app.clock.now()).await.unwrap();
    replica.sync().await;
    assert_eq!(there.status().await, 401);
    let refresh = client.refreshing(&newer.refresh);
    let response = app.http().post(replica.direct("/oauth/token")).form(&refresh).send().await.unwrap();
    assert_eq!(response.status(), 401);
}

async fn a_retired_key_verifies_until_it_is_removed(app: TestApp) {
    let (client, tokens, old) = log_in(&app, "search:read").await;
    assert_eq!(old.status().await, 200);
    let oauth = &app.core.oauth;
    let kid = oauth
        .store
        .list_keys()
        .await
        .unwrap()
        .into_iter()
        .find(|k| k.alg == "ES256" && k.state == gatepost::store::signing_keys::KeyState::Active)
        .unwrap()
        .id;
    oauth.keys.rotate(&oauth.store, Alg::Es256, &oauth.clock, &oauth.rng).await.unwrap();
    app.sync().await;
    let new = Caller::new(&app, &client.tokens(&client.refreshing(&tokens.refresh)).await.access);
    assert_eq!((old.status().await, new.status().await), (200, 200), "no request fails at a rotation");
    oauth.keys.retire(&oauth.store, &kid, &oauth.clock).await.unwrap();
    app.sync().await;
    assert_eq!(old.status().await, 401, "what was verified with it is forgotten too");
    assert_eq!(new.status().await, 200);
}

on_both! {
    revoking_a_refresh_token_ends_its_access_tokens_at_once,
    revoking_an_access_token_ends_the_grant,
    a_replay_ends_the_access_tokens_at_once,
    a_disabled_person_is_out_everywhere,
    a_disabled_client_is_out,
    a_forgotten_consent_ends_what_rests_on_it_and_nothing_else,
    another_clients_revocation_changes_nothing,
    a_second_process_hears_of_it_with_its_next_look,
    a_second_process_hears_of_clients_and_keys,
    a_retired_key_verifies_until_it_is_removed,
}

async fn without_the_database_nothing_is_half_done_and_nothing_panics(database: Database) {
    let app = TestApp::start(database).await;
    let (client, tokens, caller) = log_in(&app, "search:read").await;
    assert_eq!(caller.status().await, 200);
    let unseen = Caller::new(&app, &client.tokens(&client.refreshing(&tokens.refresh)).await.access);
    let browser = app.signed_in().await;
    app.core.oauth.store.pool().close().await;

    let response = client.post("/oauth/token", &client.refreshing(&tokens.refresh)).await;
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    let body = crate::support::json_of(response).await;
    assert_eq!(body["error"], "temporarily_unavailable");
    assert!(!body.to_string().to_lowercase().contains("pool"), "no internals: {body}");

    for path in ["/account", "/login", "/", "/logout", &client.authorize_url("search:read")] {
        let response = browser.get(path).await;
        assert_eq!(response.status(), 503, "{path}");
        assert!(response.headers().contains_key("retry-after"), "{path}");
        assert!(response.text().await.unwrap().contains("Please try again in a moment"), "{path}");
    }
    let registration = app
        .http()
        .post(app.at("/oauth/register"))
        .json(&json!({ "client_name": "x", "redirect_uris": ["http://127.0.0.1/x"] }));
    let status = registration.send().await.unwrap().status();
    assert!(status == 503 || status == 201, "{status}");
    assert_eq!(app.http().get(app.at("/healthz")).send().await.unwrap().status(), 200);
    assert_eq!(app.http().get(app.at("/readyz")).send().await.unwrap().status(), 503);
    assert_eq!(app.http().get(app.at("/keys")).send().await.unwrap().status(), 200);

    assert_eq!(caller.status().await, 200, "a token verified before costs no query");
    let response = unseen.call("whoami", json!({})).await;
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    app.clock.advance(30);
    assert_eq!(caller.status().await, 200);
    app.clock.advance(1);
    let response = caller.call("whoami", json!({})).await;
    assert_eq!(response.status(), 503, "a revocation may have gone unheard");
    assert!(response.headers().contains_key("retry-after"));
    assert!(!response.headers().contains_key("www-authenticate"));
}

async fn the_watcher_makes_a_process_believe_again(database: Database) {
    let app = TestApp::start(database).await;
    let (_, _, caller) = log_in(&app, "search:read").await;
    app.clock.advance(31);
    assert_eq!(caller.status().await, 503);
    let watcher =
        gatepost::jobs::watch(app.core.oauth.clone(), app.core.trust.clone(), app.core.api_tokens.clone());
    for _ in 0..100 {
        if caller.status().await == 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(caller.status().await, 200);
    watcher.abort();
}

async fn a_running_watcher_passes_a_revocation_on_within_a_second(database: Database) {
    let app = TestApp::start(database).await;
    let (client, tokens, _) = log_in(&app, "search:read").await;
    let replica = app.replica().await;
    let watcher = gatepost::jobs::watch(
        replica.core.oauth.clone(),
        replica.core.trust.clone(),
        replica.core.api_tokens.clone(),
    );
    let there = Caller::new(&replica, &tokens.access);
    assert_eq!(there.status().await, 200);
    let params = [("token", tokens.refresh.clone()), ("client_id", client.id.clone())];
    assert_eq!(client.post("/oauth/revoke", &params).await.status(), 200);
    let asked = std::time::Instant::now();
    while there.status().await != 401 {
        assert!(asked.elapsed().as_secs() < 5, "the revocation did not arrive");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    watcher.abort();
}

on_each! {
    without_the_database_nothing_is_half_done_and_nothing_panics,
    the_watcher_makes_a_process_believe_again,
    a_running_watcher_passes_a_revocation_on_within_a_second,
}
