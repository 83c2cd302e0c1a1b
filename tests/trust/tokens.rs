//! `src/trust/scalekit`: which tokens of ScaleKit's are believed.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{answer, caller, good, trusting, trusting_with};
use crate::mcp::caller::{Caller, challenge_of};
use crate::mcp::dpop::as_dpop;
use crate::on_each;
use crate::support::provider::unsigned;
use crate::support::scalekit::{RESOURCE, key, sign};
use crate::support::{Database, ProofKey, TestApp, json_of};

async fn a_good_token_is_believed_and_whoami_says_what_was_understood(database: Database) {
    let (app, env) = trusting(database).await;
    let mut who = caller(&app, &env).who().await;
    assert_eq!(who["issuer"], env.url.as_str());
    who["issuer"] = json!("ENV");
    who["resource"] = json!(who["resource"].as_str().unwrap().replace(&app.url, "OWN"));
    insta::allow_duplicates! { insta::assert_json_snapshot!(who, @r#"
    {
      "issuer": "ENV",
      "kind": "person",
      "subject": "usr_1",
      "client": {
        "id": "m2m_4597709440480"
      },
      "scopes": [
        "openid",
        "search:read"
      ],
      "resource": "OWN/mcp",
      "expires_at": 1800003600,
      "expires_at_rfc3339": "2027-01-15T09:00:00Z",
      "bound_to_key": false
    }
    "#); }
    let mut machine = good(&app, &env);
    machine["sub"] = machine["client_id"].clone();
    machine["iss"] = json!(env.of_resource());
    let who = Caller::new(&app, &sign(1, &machine)).who().await;
    assert_eq!((&who["kind"], &who["issuer"]), (&json!("machine"), &json!(env.of_resource())));
    assert_eq!(env.count("/keys"), 1, "one request for all of it");
}

async fn every_kind_of_bad_token_is_refused_with_a_reason_of_its_own(database: Database) {
    let (app, env) = trusting(database).await;
    let now = app.clock.now();
    let url = app.at("/mcp");
    let mut reasons = Vec::new();
    for (name, value, reason) in [
        ("aud", json!([url]), "token_wrong_audience"),
        ("aud", json!("res_999"), "token_wrong_audience"),
        ("aud", Value::Null, "token_wrong_audience"),
        ("iss", json!("https://other.scalekit.cloud"), "token_foreign_issuer"),
        ("iss", json!(format!("{}/", env.url)), "token_foreign_issuer"),
        ("iss", json!(format!("{}/resources/res_999", env.url)), "token_foreign_issuer"),
        ("iss", json!(app.url), "token_foreign_issuer"),
        ("exp", Value::Null, "token_without_expiry"),
        ("exp", json!(now), "token_expired"),
        ("nbf", json!(now + 31), "token_not_yet_valid"),
        ("iat", json!(now + 31), "token_not_yet_valid"),
        ("resource", json!("http://localhost:3002/mcp"), "token_other_resource"),
    ] {
        let mut claims = good(&app, &env);
        claims[name] = value.clone();
        let (status, sentence) = answer(&app, &sign(1, &claims)).await;
        assert_eq!(status, 401, "{name} {value}: {sentence}");
        reasons.push(reason.to_owned());
    }
    for (name, value) in [("nbf", json!(now + 29)), ("iat", json!(now + 29)), ("aud", json!(RESOURCE))] {
        let mut claims = good(&app, &env);
        claims[name] = value.clone();
        assert_eq!(answer(&app, &sign(1, &claims)).await.0, 200, "{name} {value}");
    }
    reasons.sort();
    assert_eq!(app.audit_reasons("access.refused").await, reasons);
}

async fn a_bound_token_needs_a_proof_of_its_key(database: Database) {
    let (app, env) = trusting(database).await;
    let (key, other) = (ProofKey::new(), ProofKey::new());
    let bound = |cnf: Value| {
        let mut claims = good(&app, &env);
        claims["cnf"] = cnf;
        sign(1, &claims)
    };
    let token = bound(json!({ "jkt": key.jkt() }));
    let params = json!({ "name": "whoami", "arguments": {} });
    let call = async |token: &str, proof: &str| {
        let request = Caller::new(&app, "").modern("tools/call", params.clone());
        as_dpop(request, token, proof).send().await.unwrap()
    };
    for _ in 0..2 {
        // The second time from memory.
        let answer = Caller::new(&app, &token).call("whoami", json!({})).await;
        let values = answer.headers().get_all("www-authenticate").iter().map(|v| v.to_str().unwrap());
        let values: Vec<_> = values.map(str::to_owned).collect();
        assert_eq!(answer.status(), 401, "a bound token is no bearer token");
        assert!(values[0].starts_with("Bearer error=\"invalid_token\""), "{values:?}");
        assert!(values[1].starts_with("DPoP algs="), "{values:?}");
    }
    let proof = key.for_mcp(&app, &token);
    let answer = call(&token, &proof).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(json_of(answer).await["result"]["structuredContent"]["bound_to_key"], true);
    assert_eq!(call(&token, &proof).await.status(), 401, "a proof is good once");
    assert_eq!(call(&token, &other.for_mcp(&app, &token)).await.status(), 401, "of another key");
    for cnf in [json!({ "x5t#S256": key.jkt() }), json!({ "jkt": key.jkt(), "kid": "1" }), json!("x")] {
        let token = bound(cnf.clone());
        for status in [
            Caller::new(&app, &token).call("whoami", json!({})).await.status(),
            call(&token, &key.for_mcp(&app, &token)).await.status(),
        ] {
            assert_eq!(status, 401, "{cnf}");
        }
    }
    let reasons = app.audit_reasons("access.refused").await;
    assert_eq!(reasons.iter().filter(|reason| *reason == "token_unknown_confirmation").count(), 6);
}

/// The public key in the shapes in which verifiers have been talked into using it as a secret.
fn public_keys() -> Vec<Vec<u8>> {
    let jwk = key(1).jwk();
    let modulus = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap();
    vec![key(1).public_pem().into_bytes(), jwk.to_string().into_bytes(), modulus]
}

async fn no_other_algorithm_stands_in_for_rs256(database: Database) {
    let (app, env) = trusting(database).await;
    let claims = good(&app, &env);
    let header = |alg: &str| json!({ "alg": alg, "typ": "JWT", "kid": key(1).kid });
    for secret in public_keys() {
        let message = unsigned(&header("HS256"), &claims);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message.as_bytes());
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
        assert_eq!(answer(&app, &token).await.0, 401, "HS256");
        // The same under the right name: a tag is no signature.
        let message = unsigned(&header("RS256"), &claims);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message.as_bytes());
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
        assert_eq!(answer(&app, &token).await.0, 401, "a tag as RS256");
    }
    for alg in ["none", "RS512", "PS256", "ES256", "rs256"] {
        assert_eq!(answer(&app, &key(1).sign(&header(alg), &claims)).await.0, 401, "{alg}");
        assert_eq!(answer(&app, &format!("{}.", unsigned(&header(alg), &claims))).await.0, 401, "{alg}");
    }
    assert_eq!(answer(&app, &format!("{}.", unsigned(&header("RS256"), &claims))).await.0, 401);
    let nameless = key(1).sign(&json!({ "alg": "RS256", "typ": "JWT" }), &claims);
    assert_eq!(answer(&app, &nameless).await.0, 401);
    // Another key under the published name, brought along in the header.
    let mut brought = header("RS256");
    brought["jwk"] = key(2).jwk();
    brought["jku"] = json!(format!("{}/keys", env.url));
    assert_eq!(answer(&app, &key(2).sign(&brought, &claims)).await.0, 401);
    let reasons = app.audit_reasons("access.refused").await;
    let count = |reason: &str| reasons.iter().filter(|r| *r == reason).count();
    assert_eq!(count("token_wrong_algorithm"), 3 + 10, "{reasons:?}");
    assert_eq!(count("token_bad_signature"), 3 + 1 + 1, "{reasons:?}");
    assert_eq!(count("token_without_key_id"), 1, "{reasons:?}");
    assert_eq!(caller(&app, &env).status().await, 200);
}

async fn scopes_open_tools_in_every_shape_and_with_what_they_include(database: Database) {
    let (app, env) = trusting(database).await;
    for (change, opens) in [
        (json!({ "scope": "search:read" }), true),
        (json!({ "scope": ["search:read"] }), true),
        (json!({ "scopes": ["search:read"] }), true),
        (json!({ "scopes": "openid search:read" }), true),
        (json!({ "scp": ["search:read"] }), true),
        (json!({ "scp": "search:read" }), true),
        (json!({ "scope": "openid", "scopes": [], "scp": ["search:read"] }), true),
        (json!({ "scope": "openid" }), false),
        (json!({ "scope": null }), false),
        (json!({}), false),
    ] {
        let mut claims = good(&app, &env);
        let object = claims.as_object_mut().unwrap();
        object.remove("scope");
        object.remove("scopes");
        for (name, value) in change.as_object().unwrap() {
            object.insert(name.clone(), value.clone());
        }
        let caller = Caller::new(&app, &sign(1, &claims));
        let response = caller.call("web_search", json!({ "query": "x" })).await;
        assert_eq!(response.status().as_u16(), if opens { 200 } else { 403 }, "{change}");
        if !opens {
            let challenge = challenge_of(&response);
            assert!(challenge.starts_with("Bearer error=\"insufficient_scope\", scope=\""), "{challenge}");
        }
    }
    let events = app.core.oauth.store.list_events("", 100).await.unwrap();
    for event in events.iter().filter(|event| event.kind == "access.refused") {
        assert_eq!((&event.user_id, &event.client_id), (&None, &None), "nobody here is meant");
        let detail = event.detail.as_deref().unwrap_or_default();
        assert!(detail.contains("; by usr_1 through m2m_4597709440480, at http://127.0.0.1:"), "{detail}");
    }
}

async fn tokens_of_this_server_are_not_taken(database: Database) {
    let before = TestApp::start(database).await;
    let (_, tokens, caller) = crate::mcp::caller::log_in(&before, "search:read").await;
    assert_eq!(caller.status().await, 200);
    let after = before
        .replica_with(&[
            ("GATEPOST_ISSUER", "scalekit"),
            ("SCALEKIT_ENVIRONMENT_URL", "http://127.0.0.1:9"),
            ("SCALEKIT_RESOURCE_ID", RESOURCE),
        ])
        .await;
    assert_eq!(answer(&after, &tokens.access).await.0, 401);
    let reasons = after.audit_reasons("access.refused").await;
    assert_eq!(reasons, ["token_wrong_algorithm"], "refused before any key was asked for");
}

async fn a_session_of_a_stranger_is_not_that_of_a_namesake(database: Database) {
    let (app, env) = trusting(database).await;
    let mut claims = good(&app, &env);
    let caller = Caller::new(&app, &sign(1, &claims));
    let session = caller.open_session().await;
    assert_eq!(caller.status_on(&session).await, 200);
    claims["iss"] = json!(env.of_resource());
    let namesake = Caller::new(&app, &sign(1, &claims));
    assert_eq!(namesake.status_on(&session).await, 404);
    assert_eq!(app.audit_reasons("access.refused").await, ["foreign_mcp_session"]);
}

async fn the_name_of_the_audience_counts_where_no_id_is_known(database: Database) {
    let name = "http://localhost:10000/mcp";
    let environment = crate::support::scalekit::Environment::start();
    let app = TestApp::start_with(
        database,
        &[
            ("GATEPOST_ISSUER", "scalekit"),
            ("SCALEKIT_ENVIRONMENT_URL", environment.url.as_str()),
            ("SCALEKIT_AUDIENCE_NAME", name),
        ],
    )
    .await;
    let mut claims = good(&app, &environment);
    for (aud, status) in [(json!([RESOURCE, name]), 200), (json!(name), 200), (json!(RESOURCE), 401)] {
        claims["aud"] = aud.clone();
        assert_eq!(answer(&app, &sign(1, &claims)).await.0, status, "{aud}");
    }
}

/// How often it is measured.
const TIMES: u32 = 200_000;

/// What a token that was verified before costs: run by hand, with `--release` and `--nocapture`.
#[actix_web::test]
#[ignore = "a measurement"]
async fn cost_of_a_token_verified_before() {
    let (theirs, env) = trusting_with(Database::sqlite(), &[]).await;
    let ours = TestApp::start(Database::sqlite()).await;
    let (_, tokens, _) = crate::mcp::caller::log_in(&ours, "search:read").await;
    let token = sign(1, &good(&theirs, &env));
    let mut costs = Vec::new();
    for (app, token) in [(&ours, tokens.access.as_str()), (&theirs, token.as_str())] {
        let resources = app.core.oauth.resources.current();
        let resource = resources.by_path("/mcp").unwrap();
        app.core.trust.verify(token, resource).await.unwrap();
        let start = std::time::Instant::now();
        for _ in 0..TIMES {
            app.core.trust.verify(token, resource).await.unwrap();
        }
        let cost = start.elapsed() / TIMES;
        println!("{} bytes: {cost:?}", token.len());
        costs.push(cost.as_secs_f64());
    }
    println!("ratio: {:.2}", costs[1] / costs[0]);
}

on_each! {
    a_good_token_is_believed_and_whoami_says_what_was_understood,
    every_kind_of_bad_token_is_refused_with_a_reason_of_its_own,
    no_other_algorithm_stands_in_for_rs256,
    scopes_open_tools_in_every_shape_and_with_what_they_include,
    tokens_of_this_server_are_not_taken,
    a_bound_token_needs_a_proof_of_its_key,
    a_session_of_a_stranger_is_not_that_of_a_namesake,
    the_name_of_the_audience_counts_where_no_id_is_known,
}
