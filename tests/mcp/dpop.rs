//! Tokens that are bound to a key, at `/mcp`: `src/oauth/dpop/access.rs`, row by row.

use gatepost::admin::Actor;
use gatepost::admin::resources::list;
use gatepost::admin::resources::settings::{Settings, change};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use sqlx::Row as _;

use super::caller::{Caller, challenge_of, initialize, log_in, message_of, missing_token};
use crate::oauth::dpop::granted;
use crate::support::{
    Database, OAuthClient, ProofKey, Requests, TestApp, access_claims, json_of, mcp_claims, wrong_proofs,
};
use crate::{on_both, on_each};

/// A client with a token that is bound to its key.
struct Bound {
    client: OAuthClient,
    key: ProofKey,
    token: String,
}

impl Bound {
    async fn new(app: &TestApp, scope: &str) -> Self {
        let (browser, client, key) = (app.signed_in().await, app.client().await, ProofKey::new());
        let code = client.code(&browser, scope).await;
        let body = granted(app, &client.redemption(&code), &key.for_tokens(app)).await;
        Self { client, key, token: body["access_token"].as_str().unwrap().to_owned() }
    }

    /// A call of `whoami` with whatever proof.
    fn call(&self, app: &TestApp, proof: &str) -> RequestBuilder {
        self.tool(app, "whoami", proof)
    }

    fn tool(&self, app: &TestApp, tool: &str, proof: &str) -> RequestBuilder {
        let params = json!({ "name": tool, "arguments": {} });
        self.as_dpop(Caller::new(app, "").modern("tools/call", params), proof)
    }

    /// The request with this token as DPoP, and not as Bearer.
    fn as_dpop(&self, request: RequestBuilder, proof: &str) -> RequestBuilder {
        as_dpop(request, &self.token, proof)
    }

    async fn fresh(&self, app: &TestApp) -> Response {
        self.call(app, &self.key.for_mcp(app, &self.token)).send().await.unwrap()
    }
}

/// The request with this token as DPoP, and not as Bearer.
pub fn as_dpop(request: RequestBuilder, token: &str, proof: &str) -> RequestBuilder {
    let (client, request) = request.build_split();
    let mut request = request.unwrap();
    let headers = request.headers_mut();
    headers.insert("authorization", format!("DPoP {token}").parse().unwrap());
    headers.insert("dpop", proof.parse().unwrap());
    RequestBuilder::from_parts(client, request)
}

fn values<'a>(answer: &'a Response, name: &str) -> Vec<&'a str> {
    answer.headers().get_all(name).iter().map(|v| v.to_str().unwrap()).collect()
}

async fn a_bound_token_works_with_a_proof(app: TestApp) {
    let bound = Bound::new(&app, "search:read").await;
    let answer = bound.fresh(&app).await;
    assert_eq!((answer.status().as_u16(), values(&answer, "dpop-nonce")), (200, vec![]));
    let who = json_of(answer).await["result"]["structuredContent"].clone();
    assert_eq!((&who["client"]["id"], &who["bound_to_key"]), (&json!(bound.client.id), &json!(true)));
    for (scheme, path) in [("dpop", "/mcp"), ("DPOP", "/mcp/")] {
        let claims = access_claims(&app, "POST", path, &bound.token);
        let request = bound.call(&app, &bound.key.proof(&claims));
        let (client, request) = request.build_split();
        let mut request = request.unwrap();
        let authorization = format!("{scheme}  {}", bound.token);
        request.headers_mut().insert("authorization", authorization.parse().unwrap());
        assert_eq!(client.execute(request).await.unwrap().status(), 200, "{scheme} {path}");
    }
}

async fn a_session_takes_a_proof_for_each_request(app: TestApp) {
    let bound = Bound::new(&app, "search:read").await;
    let plain = Caller::new(&app, "");
    let proof = || bound.key.for_mcp(&app, &bound.token);
    let answer = bound.as_dpop(plain.legacy(None, &initialize()), &proof()).send().await.unwrap();
    let session = answer.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    assert_eq!(message_of(&answer.text().await.unwrap())["result"]["protocolVersion"], "2025-11-25");
    let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
    let used = proof();
    let listed = bound.as_dpop(plain.legacy(Some(&session), &list), &used).send().await.unwrap();
    assert_eq!(listed.status(), 200);
    let again = bound.as_dpop(plain.legacy(Some(&session), &list), &used).send().await.unwrap();
    assert_eq!(again.status(), 401);
    // One for a POST does not open the stream, nor end the session.
    let end = |proof: &str| {
        let request = app.http().delete(app.at("/mcp")).header("mcp-session-id", &session);
        bound.as_dpop(request, proof).send()
    };
    assert_eq!(end(&proof()).await.unwrap().status(), 401);
    let claims = access_claims(&app, "DELETE", "/mcp", &bound.token);
    assert_eq!(end(&bound.key.proof(&claims)).await.unwrap().status(), 204);
}

async fn a_bearer_token_works_as_ever(app: TestApp) {
    let (_, tokens, caller) = log_in(&app, "search:read").await;
    assert_eq!(caller.who().await["bound_to_key"], json!(false));
    let odd =
        caller.raw(json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" }).to_string()).header("dpop", "x");
    assert_ne!(odd.send().await.unwrap().status(), 401, "a proof that nothing needs is not read");
    let key = ProofKey::new();
    let proof = key.for_mcp(&app, &tokens.access);
    let answer =
        as_dpop(caller.modern("tools/list", json!({})), &tokens.access, &proof).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let said = challenge_of(&answer);
    assert!(said.starts_with("DPoP error=\"invalid_token\", "), "{said}");
    assert_eq!(app.audit_reasons("access.refused").await, ["unbound_token"]);
}

async fn a_bound_token_is_no_bearer_token(app: TestApp) {
    let bound = Bound::new(&app, "search:read").await;
    let caller = Caller::new(&app, &bound.token);
    for _ in 0..2 {
        let proof = bound.key.for_mcp(&app, &bound.token);
        let params = json!({ "name": "whoami", "arguments": {} });
        let answer = caller.modern("tools/call", params).header("dpop", proof).send().await.unwrap();
        assert_eq!(answer.status(), 401);
        let said = values(&answer, "www-authenticate");
        assert!(said[0].starts_with("Bearer error=\"invalid_token\", scope=\"search:read\", "), "{said:?}");
        assert_eq!(said[1..], ["DPoP algs=\"ES256 ES384 EdDSA Ed25519 RS256 PS256\""]);
        assert_eq!(bound.fresh(&app).await.status(), 200);
    }
    assert_eq!(app.audit_reasons("access.refused").await, ["bound_token_as_bearer"; 2]);
}

async fn a_bound_token_needs_a_good_proof(app: TestApp) {
    let bound = Bound::new(&app, "search:read").await;
    let good = mcp_claims(&app, &bound.token);
    let mut requests = Requests::new(&app, &bound.client, "/mcp");
    for (what, proof) in wrong_proofs(&bound.key, &good) {
        requests.add(what, bound.call(&app, &proof));
    }
    let mut claims = good.clone();
    claims["ath"] = json!("x");
    requests.add("ath of another token", bound.call(&app, &bound.key.proof(&claims)));
    claims.as_object_mut().unwrap().remove("ath");
    requests.add("no ath", bound.call(&app, &bound.key.proof(&claims)));
    let authorization = format!("DPoP {}", bound.token);
    let bare = || app.http().post(app.at("/mcp")).header("authorization", &authorization);
    requests.add("no proof", bare());
    let two = bare().header("dpop", bound.key.proof(&good)).header("dpop", bound.key.proof(&good));
    requests.add("two headers", two);
    requests.add("a token that is none", as_dpop(bare(), "x", &bound.key.proof(&good)));
    let without = bare().header("authorization", format!("Bearer {}", bound.token));
    requests.add("two tokens", without.header("dpop", bound.key.proof(&good)));
    requests.add("a scope too few", {
        let narrow = Bound::new(&app, "openid").await;
        let proof = narrow.key.for_mcp(&app, &narrow.token);
        narrow.tool(&app, "web_search", &proof)
    });
    requests.compare("dpop_mcp").await;
    assert_eq!(
        bound.call(&app, &bound.key.proof(&good)).send().await.unwrap().status(),
        200,
        "was not spent"
    );
}

async fn a_proof_of_another_key_opens_nothing(app: TestApp) {
    let bound = Bound::new(&app, "search:read").await;
    let thief = ProofKey::new().for_mcp(&app, &bound.token);
    let answer = bound.call(&app, &thief).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert!(challenge_of(&answer).starts_with("DPoP error=\"invalid_token\", "));
    let other = Bound::new(&app, "search:read").await;
    let proof = other.key.for_mcp(&app, &bound.token);
    assert_eq!(bound.call(&app, &proof).send().await.unwrap().status(), 401);
    assert_eq!(app.audit_reasons("access.refused").await, ["foreign_proof_key"; 2]);
}

async fn a_proof_is_good_once_on_every_process(database: Database) {
    let app = TestApp::start(database).await;
    let replica = app.replica().await;
    let bound = Bound::new(&app, "search:read").await;
    for _ in 0..8 {
        let proof = bound.key.for_mcp(&app, &bound.token);
        let calls = [&app, &replica, &app, &replica].map(|at| bound.call(at, &proof).send());
        let answers = futures::future::join_all(calls).await;
        let mut statuses: Vec<u16> = answers.into_iter().map(|a| a.unwrap().status().as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401, 401, 401]);
    }
    let reasons: Vec<String> =
        [app.audit_reasons("access.refused").await, replica.audit_reasons("access.refused").await].concat();
    assert!(reasons.len() >= 24 && reasons.iter().all(|reason| reason == "replayed_proof"), "{reasons:?}");
}

async fn only_bound_tokens_leave_a_trace(app: TestApp) {
    let shown = async || {
        let count = sqlx::query("SELECT COUNT(*) FROM replays").fetch_one(app.core.oauth.store.pool()).await;
        count.unwrap().get::<i64, _>(0)
    };
    let (_, tokens, caller) = log_in(&app, "search:read").await;
    caller.who().await;
    let unsolicited =
        caller.modern("tools/list", json!({})).header("dpop", ProofKey::new().for_mcp(&app, &tokens.access));
    assert_eq!(unsolicited.send().await.unwrap().status(), 200);
    let stranger = Caller::new(&app, "").modern("tools/list", json!({}));
    let proof = ProofKey::new().for_mcp(&app, "x");
    assert_eq!(as_dpop(stranger, "x", &proof).send().await.unwrap().status(), 401);
    assert_eq!(shown().await, 0);
}

async fn a_resource_asks_for_its_nonce(database: Database) {
    let app = TestApp::start_with(database, &[("GATEPOST_DPOP__NONCE", "required")]).await;
    let (browser, client, key) = (app.signed_in().await, app.client().await, ProofKey::new());
    let first = client.code(&browser, "search:read").await;
    let answer = crate::oauth::dpop::send(&app, &client.redemption(&first), &[&key.for_tokens(&app)]).await;
    let nonce = values(&answer, "dpop-nonce")[0].to_owned();
    let mut claims = crate::support::token_claims(&app);
    claims["nonce"] = json!(nonce);
    let body = granted(&app, &client.redemption(&first), &key.proof(&claims)).await;
    let bound = Bound { client, key, token: body["access_token"].as_str().unwrap().to_owned() };

    let answer = bound.fresh(&app).await;
    assert_eq!((answer.status().as_u16(), values(&answer, "dpop-nonce")), (401, vec![nonce.as_str()]));
    let said = challenge_of(&answer);
    assert!(said.starts_with("DPoP error=\"use_dpop_nonce\", "), "{said}");
    let with = |nonce: &str| {
        let mut claims = mcp_claims(&app, &bound.token);
        claims["nonce"] = Value::from(nonce);
        bound.call(&app, &bound.key.proof(&claims)).send()
    };
    let answer = with(&nonce).await.unwrap();
    assert_eq!((answer.status().as_u16(), values(&answer, "dpop-nonce")), (200, vec![nonce.as_str()]));
    app.advance(600).await;
    let answer = with(&nonce).await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_ne!(values(&answer, "dpop-nonce"), [nonce.as_str()]);
    let (_, _, caller) = log_in(&app, "search:read").await;
    assert_eq!(caller.status().await, 200, "bearer tokens need none");
}

async fn a_resource_that_takes_bound_tokens_only_gives_and_takes_no_other(app: TestApp) {
    let (_, _, bearer) = log_in(&app, "search:read").await;
    let browser = app.signed_in().await;
    let bound = Bound::new(&app, "search:read").await;
    assert_eq!(bearer.status().await, 200);
    let set = async |dpop_required| {
        let admin = app.core.admin();
        let row = list(&admin).await.unwrap().remove(0);
        let wanted = Settings { dpop_required, ..Settings::of(&row) };
        change(&admin, &Actor::command_line(), &row.id, row.version, &wanted).await.unwrap();
        app.sync().await;
    };
    set(true).await;
    let url = app.at("/.well-known/oauth-protected-resource/mcp");
    let metadata = json_of(app.http().get(url).send().await.unwrap()).await;
    assert_eq!(metadata["dpop_bound_access_tokens_required"], true);
    for page in ["/", "/admin"] {
        assert!(browser.page(page).await.contains("most apps cannot do that yet"), "{page}");
    }
    // Without a token, and with one that is bound to nothing.
    let answer = app.http().post(app.at("/mcp")).send().await.unwrap();
    let challenge = challenge_of(&answer);
    assert!(challenge.starts_with("DPoP resource_metadata=\""), "{challenge}");
    assert!(challenge.contains(", algs=\"ES256 "), "{challenge}");
    let answer = bearer.call("whoami", json!({})).await;
    assert_eq!(answer.status(), 401);
    let challenge = challenge_of(&answer);
    assert!(challenge.starts_with("DPoP error=\"invalid_token\""), "{challenge}");
    let told = app.http().get(app.at("/oauth/userinfo")).bearer_auth(&bearer.token).send().await.unwrap();
    assert_eq!(told.status(), 401, "nor does it tell who somebody is");
    assert!(challenge_of(&told).contains("invalid_token"), "{}", challenge_of(&told));
    assert!(challenge.contains("takes only access tokens that are bound to a key"), "{challenge}");
    assert_eq!(bound.fresh(&app).await.status(), 200, "one that is bound works");
    // None is given without a proof, and nothing is spent by asking.
    let client = &bound.client;
    let code = client.code(&browser, "search:read").await;
    assert_eq!(client.refused(&client.redemption(&code)).await, "invalid_dpop_proof");
    let given = granted(&app, &client.redemption(&code), &ProofKey::new().for_tokens(&app)).await;
    assert_eq!(given["token_type"], "DPoP");
    set(false).await;
    assert_eq!(bearer.status().await, 200);
    assert!(!browser.page("/").await.contains("most apps cannot do that yet"));
    app.core.oauth.audit.flush().await;
    let events = app.core.oauth.store.list_events("", 1000).await.unwrap();
    for detail in ["changed: dpop_required on", "changed: dpop_required off"] {
        assert_eq!(events.iter().filter(|e| e.detail.as_deref() == Some(detail)).count(), 1, "{detail}");
    }
}

async fn a_bound_token_ends_as_any_other(app: TestApp) {
    let bound = Bound::new(&app, "search:read").await;
    assert_eq!(bound.fresh(&app).await.status(), 200);
    app.advance(3600).await;
    let answer = bound.fresh(&app).await;
    assert_eq!(answer.status(), 401);
    let said = challenge_of(&answer);
    assert!(
        said.starts_with("DPoP error=\"invalid_token\", scope=\"search:read\", resource_metadata=\""),
        "{said}"
    );
    let nothing = app.http().post(app.at("/mcp")).header("authorization", "DPoP").send().await.unwrap();
    assert_eq!(challenge_of(&nothing), missing_token(&app));
}

on_both!(
    a_resource_that_takes_bound_tokens_only_gives_and_takes_no_other,
    a_bound_token_works_with_a_proof,
    a_session_takes_a_proof_for_each_request,
    a_bearer_token_works_as_ever,
    a_bound_token_is_no_bearer_token,
    a_bound_token_needs_a_good_proof,
    a_proof_of_another_key_opens_nothing,
    only_bound_tokens_leave_a_trace,
    a_bound_token_ends_as_any_other,
);
on_each!(a_proof_is_good_once_on_every_process, a_resource_asks_for_its_nonce);
