//! Wrong proofs, proofs that were used, and nonces.

use serde_json::{Value, json};
use sqlx::Row as _;

use super::{granted, refused, send, text};
use crate::oauth::status_and_json;
use crate::support::{Database, OAuthClient, ProofKey, Requests, TestApp, token_claims, wrong_proofs};
use crate::{on_both, on_each};

/// A public client and what it needs to refresh a token that is bound to its key.
async fn bound(app: &TestApp, key: &ProofKey) -> (OAuthClient, Vec<(&'static str, String)>) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let code = client.code(&browser, "search:read").await;
    let body = granted(app, &client.redemption(&code), &key.for_tokens(app)).await;
    let refreshing = client.refreshing(text(&body, "refresh_token"));
    (client, refreshing)
}

/// How many things that may be shown once were shown.
async fn shown(app: &TestApp) -> i64 {
    let count = sqlx::query("SELECT COUNT(*) FROM replays").fetch_one(app.core.oauth.store.pool()).await;
    count.unwrap().get(0)
}

async fn wrong_proofs_are_refused_in_words(app: TestApp) {
    let key = ProofKey::new();
    let (client, refreshing) = bound(&app, &key).await;
    let before = shown(&app).await;
    let mut requests = Requests::new(&app, &client, "/oauth/token");
    let request = || app.http().post(app.at("/oauth/token")).form(&refreshing);
    for (what, proof) in wrong_proofs(&key, &token_claims(&app)) {
        requests.add(what, request().header("dpop", proof));
    }
    let good = key.for_tokens(&app);
    requests.add("two headers", request().header("dpop", &good).header("dpop", key.for_tokens(&app)));
    requests.add("two proofs in one header", request().header("dpop", format!("{good}, {good}")));
    requests.add("none", request());
    requests.add("of another key", request().header("dpop", ProofKey::new().for_tokens(&app)));
    requests.compare("dpop_token").await;
    assert_eq!(shown(&app).await, before, "no wrong proof is remembered");
    granted(&app, &refreshing, &good).await;
}

async fn a_proof_is_good_once(app: TestApp) {
    let key = ProofKey::new();
    let (_, refreshing) = bound(&app, &key).await;
    let proof = key.for_tokens(&app);
    granted(&app, &refreshing, &proof).await;
    assert_eq!(refused(&app, &refreshing, &[&proof]).await, "invalid_dpop_proof");
    let mut claims = token_claims(&app);
    claims["jti"] = json!("the same");
    granted(&app, &refreshing, &key.proof(&claims)).await;
    claims["content"] = json!("else");
    assert_eq!(refused(&app, &refreshing, &[&key.proof(&claims)]).await, "invalid_dpop_proof");
    assert!(app.audit_reasons("token.refreshed").await.contains(&"replayed_proof".to_owned()));
    let others = shown(&app).await;
    app.advance(62).await;
    assert_eq!(refused(&app, &refreshing, &[&proof]).await, "invalid_dpop_proof", "too old by now");
    let store = &app.core.oauth.store;
    assert_eq!(store.reap_replays(app.clock.now(), 1000).await.unwrap(), u64::try_from(others).unwrap());
}

async fn a_proof_that_was_used_costs_no_code(app: TestApp) {
    let key = ProofKey::new();
    let (client, refreshing) = bound(&app, &key).await;
    let proof = key.for_tokens(&app);
    granted(&app, &refreshing, &proof).await;
    let code = client.code(&app.signed_in().await, "search:read").await;
    assert_eq!(refused(&app, &client.redemption(&code), &[&proof]).await, "invalid_dpop_proof");
    granted(&app, &client.redemption(&code), &key.for_tokens(&app)).await;
}

async fn a_proof_is_good_once_on_every_process(database: Database) {
    let app = TestApp::start(database).await;
    let replica = app.replica().await;
    let key = ProofKey::new();
    let (_, refreshing) = bound(&app, &key).await;
    let proofs: Vec<String> = (0..8).map(|_| key.for_tokens(&app)).collect();
    for proof in &proofs {
        let shown = [proof.as_str()];
        let (one, two) = futures::join!(send(&app, &refreshing, &shown), send(&replica, &refreshing, &shown));
        let (one, two) = (status_and_json(one).await, status_and_json(two).await);
        let mut statuses = [one.0, two.0];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400], "{one:?} {two:?}");
        let lost = if one.0 == 400 { one.1 } else { two.1 };
        assert_eq!(lost["error"], "invalid_dpop_proof");
    }
}

async fn anyone_may_ask_without_leaving_a_trace(app: TestApp) {
    let (client, key) = (app.client().await, ProofKey::new());
    let params = client.refreshing("rft_00000000000000000000000000_x");
    assert_eq!(refused(&app, &params, &[&key.for_tokens(&app)]).await, "invalid_grant");
    assert_eq!(shown(&app).await, 0, "a proof is spent for what it gives");
}

fn nonce_of(answer: &reqwest::Response) -> Option<String> {
    let mut values = answer.headers().get_all("dpop-nonce").iter();
    let value = values.next().map(|v| v.to_str().unwrap().to_owned());
    assert!(values.next().is_none());
    value
}

fn with_nonce(app: &TestApp, nonce: &str) -> Value {
    let mut claims = token_claims(app);
    claims["nonce"] = json!(nonce);
    claims
}

async fn the_token_endpoint_asks_for_its_nonce(database: Database) {
    let app = TestApp::start_with(database, &[("GATEPOST_DPOP__NONCE", "required")]).await;
    let (browser, client, key) = (app.signed_in().await, app.client().await, ProofKey::new());
    let code = client.code(&browser, "search:read").await;
    let redemption = client.redemption(&code);
    let before = app.db_rows().await;
    let answer = send(&app, &redemption, &[&key.for_tokens(&app)]).await;
    let nonce = nonce_of(&answer).unwrap();
    let (status, body) = status_and_json(answer).await;
    assert_eq!((status, &body["error"]), (400, &json!("use_dpop_nonce")));
    for wrong in ["", "x", &nonce[1..]] {
        let proof = key.proof(&with_nonce(&app, wrong));
        assert_eq!(refused(&app, &redemption, &[&proof]).await, "use_dpop_nonce", "{wrong}");
    }
    assert_eq!(app.db_rows().await, before);
    let answer = send(&app, &redemption, &[&key.proof(&with_nonce(&app, &nonce))]).await;
    assert_eq!(nonce_of(&answer).as_ref(), Some(&nonce), "any answer tells the nonce of now");
    let (status, body) = status_and_json(answer).await;
    assert_eq!((status, &body["token_type"]), (200, &json!("DPoP")), "{body}");

    let replica = app.replica_with(&[("GATEPOST_DPOP__NONCE", "required")]).await;
    let refreshing = client.refreshing(text(&body, "refresh_token"));
    app.advance(300).await;
    let answer = send(&replica, &refreshing, &[&key.proof(&with_nonce(&app, &nonce))]).await;
    let next = nonce_of(&answer).unwrap();
    assert_eq!(answer.status(), 200, "the nonce of before, on another process");
    assert_ne!(next, nonce);
    app.advance(300).await;
    let proof = key.proof(&with_nonce(&app, &nonce));
    assert_eq!(refused(&app, &refreshing, &[&proof]).await, "use_dpop_nonce");
    assert_eq!(app.audit_reasons("token.refreshed").await, ["ok", "proof_nonce_needed"]);
    let plain = client.log_in(&browser, "search:read").await;
    assert_eq!(plain.body["token_type"], "Bearer", "who brings no proof needs no nonce");
}

async fn without_the_setting_there_is_no_nonce(app: TestApp) {
    let key = ProofKey::new();
    let (_, refreshing) = bound(&app, &key).await;
    let answer = send(&app, &refreshing, &[&key.proof(&with_nonce(&app, "whatever"))]).await;
    assert_eq!((answer.status().as_u16(), nonce_of(&answer)), (200, None));
}

on_both!(
    wrong_proofs_are_refused_in_words,
    a_proof_is_good_once,
    a_proof_that_was_used_costs_no_code,
    anyone_may_ask_without_leaving_a_trace,
    without_the_setting_there_is_no_nonce,
);
on_each!(a_proof_is_good_once_on_every_process, the_token_endpoint_asks_for_its_nonce);
