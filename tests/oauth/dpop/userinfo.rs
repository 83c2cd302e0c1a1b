//! Proofs of possession at the UserInfo endpoint.

use serde_json::json;

use super::{granted, text};
use crate::on_both;
use crate::support::{ProofKey, Requests, TestApp, access_claims, wrong_proofs};

const PATH: &str = "/oauth/userinfo";

async fn a_bound_token_asks_with_a_proof(app: TestApp) {
    let (browser, client, key) = (app.signed_in().await, app.client().await, ProofKey::new());
    let code = client.code(&browser, "openid").await;
    let body = granted(&app, &client.redemption(&code), &key.for_tokens(&app)).await;
    let token = text(&body, "access_token");
    let ask = |method: &str, path: &str, proof: &str| {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = app.http().request(method, app.at(path));
        request.header("authorization", format!("DPoP {token}")).header("dpop", proof).send()
    };
    for (method, path) in [("GET", PATH), ("POST", PATH), ("GET", "/oidc/userinfo")] {
        let proof = key.proof(&access_claims(&app, method, path, token));
        assert_eq!(ask(method, path, &proof).await.unwrap().status(), 200, "{method} {path}");
        assert_eq!(ask(method, path, &proof).await.unwrap().status(), 401, "{method} {path}, once more");
    }

    let good = access_claims(&app, "GET", PATH, token);
    let mut requests = Requests::new(&app, &client, PATH);
    let request = || app.http().get(app.at(PATH));
    let bound = || request().header("authorization", format!("DPoP {token}"));
    for (what, proof) in wrong_proofs(&key, &good) {
        requests.add(what, bound().header("dpop", proof));
    }
    let mut elsewhere = good.clone();
    elsewhere["ath"] = json!("x");
    requests.add("ath of another token", bound().header("dpop", key.proof(&elsewhere)));
    elsewhere.as_object_mut().unwrap().remove("ath");
    requests.add("no ath", bound().header("dpop", key.proof(&elsewhere)));
    requests.add("no proof", bound());
    requests.add("of another key", bound().header("dpop", ProofKey::new().proof(&good)));
    requests.add("as a bearer token", request().bearer_auth(token).header("dpop", key.proof(&good)));
    let plain = client.log_in(&browser, "openid").await.access;
    let claims = access_claims(&app, "GET", PATH, &plain);
    let unbound = request().header("authorization", format!("DPoP {plain}"));
    requests.add("a bearer token with a proof", unbound.header("dpop", key.proof(&claims)));
    requests
        .add("no token at all", request().header("authorization", "DPoP x").header("dpop", key.proof(&good)));
    requests.compare("dpop_userinfo").await;
}

on_both!(a_bound_token_asks_with_a_proof);
