//! `src/trust/embedded.rs`: which access tokens are believed.

use serde_json::{Value, json};

use super::caller::{Caller, challenge_of, log_in};
use super::forge::Forge;
use crate::on_both;
use crate::support::TestApp;

/// A token that is refused as one that no refresh would repair, without a word about why in the status.
async fn refused(app: &TestApp, what: &str, token: &str) {
    let response = Caller::new(app, token).call("whoami", json!({})).await;
    assert_eq!(response.status(), 401, "{what}");
    let challenge = challenge_of(&response);
    let start = format!(
        "Bearer error=\"invalid_token\", scope=\"search:read\", resource_metadata=\"{}\", \
         error_description=\"",
        app.at("/.well-known/oauth-protected-resource/mcp")
    );
    assert!(challenge.starts_with(&start), "{what}: {challenge}");
    assert_eq!(response.headers()["cache-control"], "no-store", "{what}");
    let body = response.text().await.unwrap();
    assert!(!body.contains(token), "{what}: the token comes back");
}

async fn a_good_token_is_believed_and_says_who_it_is_for(app: TestApp) {
    let (client, tokens, caller) = log_in(&app, "search:read offline_access").await;
    let who = caller.who().await;
    assert_eq!(who["subject"], app.user.id.as_str());
    assert_eq!(who["email"], "ann@example.com");
    assert_eq!(who["client"], json!({ "id": client.id, "name": "Test app" }));
    assert_eq!(who["scopes"], json!(["offline_access", "search:read"]));
    assert_eq!(who["resource"], app.at("/mcp"));
    let lower = caller.http.post(&caller.url).header("authorization", format!("bearer {}", tokens.access));
    let status = lower.send().await.unwrap().status();
    assert_ne!(status, 401, "the scheme is compared without regard to case");
    // The forge itself makes good tokens when nothing is changed.
    let forge = Forge::new(&app, &tokens.access);
    assert_eq!(forge.header["typ"], "at+jwt");
    assert_eq!(Caller::new(&app, &forge.sign("at+jwt", &forge.claims)).status().await, 200);
}

async fn an_expired_token_is_refused(app: TestApp) {
    let (client, tokens, caller) = log_in(&app, "search:read").await;
    assert_eq!(caller.status().await, 200);
    let unseen = client.tokens(&client.refreshing(&tokens.refresh)).await;
    app.advance(3599).await;
    assert_eq!(caller.status().await, 200);
    app.advance(1).await;
    refused(&app, "expired, verified before", &tokens.access).await;
    refused(&app, "expired, never verified", &unseen.access).await;
    assert_eq!(app.audit_reasons("access.refused").await, ["token_expired", "token_expired"]);
}

async fn wrong_claims_are_refused_although_the_signature_is_ours(app: TestApp) {
    let (_, tokens, _) = log_in(&app, "search:read").await;
    let forge = Forge::new(&app, &tokens.access);
    let now = app.clock.now();
    let issuer = app.url.as_str();
    for (name, value) in [
        ("aud", json!("https://elsewhere.example/mcp")),
        ("aud", json!(issuer)),
        ("aud", json!(format!("{issuer}/mcp/"))),
        ("aud", json!(["https://elsewhere.example/mcp"])),
        ("aud", Value::Null),
        ("iss", json!("https://elsewhere.example")),
        ("iss", json!(format!("{issuer}/"))),
        ("iss", Value::Null),
        ("sub", Value::Null),
        ("exp", Value::Null),
        ("exp", json!(format!("{}", now + 3600))),
        ("exp", json!(now)),
        ("exp", json!(-1)),
        ("nbf", json!(now + 31)),
        ("nbf", json!("soon")),
        ("iat", json!(now + 31)),
        ("gid", Value::Null),
    ] {
        refused(&app, &format!("{name} = {value}"), &forge.with_claim(name, value)).await;
    }
    let nearly = forge.with_claim("nbf", json!(now + 29));
    assert_eq!(Caller::new(&app, &nearly).status().await, 200, "clocks may differ a little");
}

async fn a_token_of_another_kind_is_refused(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let tokens = client.log_in(&browser, "openid email search:read").await;
    let id_token = tokens.body["id_token"].as_str().unwrap();
    refused(&app, "an ID token", id_token).await;
    refused(&app, "a refresh token", &tokens.refresh).await;
    let forge = Forge::new(&app, &tokens.access);
    for typ in ["JWT", "", "at", "dpop+jwt"] {
        refused(&app, &format!("typ {typ}"), &forge.sign(typ, &forge.claims)).await;
    }
    // An ID token whose type is rewritten has a signature that does not fit.
    let id = Forge::new(&app, id_token);
    refused(&app, "an ID token relabelled", &id.with_header("typ", json!("at+jwt"))).await;
    refused(&app, "an ID token signed as an access token", &id.sign("at+jwt", &id.claims)).await;
}

async fn a_signature_that_is_not_ours_is_refused(app: TestApp) {
    let (_, tokens, _) = log_in(&app, "search:read").await;
    let forge = Forge::new(&app, &tokens.access);
    for alg in ["none", "None", "NONE", "ES256", "HS256", ""] {
        refused(&app, &format!("unsigned, alg {alg}"), &forge.unsigned(alg)).await;
    }
    for token in forge.with_public_key_as_secret() {
        refused(&app, "HS256 with the public key", &token).await;
    }
    for token in forge.with_foreign_key() {
        refused(&app, "another's key under our kid", &token).await;
    }
    for (name, value) in [
        ("alg", json!("RS256")),
        ("alg", json!("EdDSA")),
        ("alg", json!("HS256")),
        ("alg", json!("ES384")),
        ("kid", json!("key_of_nobody")),
        ("kid", json!("")),
        ("kid", json!("../../../../dev/null")),
        ("kid", json!("' OR 1=1 --")),
        ("crit", json!(["exp"])),
    ] {
        refused(&app, &format!("{name} = {value}"), &forge.with_header(name, value)).await;
    }
    for (name, value) in [
        ("scopes", json!(["search:read", "admin"])),
        ("sub", json!("usr_somebody_else")),
        ("exp", json!(app.clock.now() + 864_000)),
    ] {
        refused(&app, &format!("tampered {name}"), &forge.tampered(name, value)).await;
    }
}

async fn text_that_is_no_token_is_refused(app: TestApp) {
    let (_, tokens, caller) = log_in(&app, "search:read").await;
    let parts: Vec<&str> = tokens.access.split('.').collect();
    let two_parts = format!("{}.{}", parts[0], parts[1]);
    let four_parts = format!("{}.x", tokens.access);
    for text in ["x", ".", "..", "...", "a.b.c", "null", "{}", &two_parts, &four_parts] {
        refused(&app, text, text).await;
    }
    refused(&app, "another length", &format!("{}A", tokens.access)).await;
    refused(&app, "padded", &format!("{}=", tokens.access)).await;
    refused(&app, "huge", &format!("{}.{}.{}", parts[0], "A".repeat(9_000), parts[2])).await;
    // Beyond what the server reads as a header it is not even a request.
    let status = Caller::new(&app, &"A".repeat(1_000_000)).modern("tools/list", json!({})).send().await;
    assert!(status.map_or(true, |r| r.status().is_client_error()));
    assert_eq!(caller.status().await, 200, "the server goes on");
}

on_both! {
    a_good_token_is_believed_and_says_who_it_is_for,
    an_expired_token_is_refused,
    wrong_claims_are_refused_although_the_signature_is_ours,
    a_token_of_another_kind_is_refused,
    a_signature_that_is_not_ours_is_refused,
    text_that_is_no_token_is_refused,
}
