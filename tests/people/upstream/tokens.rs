//! ID tokens: what is believed, and what is not.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{OPEN, leave, log_in, people, refusals, refused, stage};
use crate::on_each;
use crate::support::Database;
use crate::support::START;
use crate::support::provider::{CLIENT_ID, Conduct, SigningKey, unsigned};

type Change = fn(&mut Value);
type Make = fn(&SigningKey, &Value) -> String;

fn header(alg: &str, kid: &str) -> Value {
    json!({ "alg": alg, "kid": kid, "typ": "JWT" })
}

/// Signed with the public key as if it were a shared secret.
fn confused(key: &SigningKey, claims: &Value) -> String {
    let body = unsigned(&header("HS256", &key.kid), claims);
    let secret = hmac::Key::new(hmac::HMAC_SHA256, key.public_pem().as_bytes());
    format!("{body}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&secret, body.as_bytes())))
}

/// Signed with the client secret, which is a MAC both sides can make.
fn with_client_secret(key: &SigningKey, claims: &Value) -> String {
    let body = unsigned(&header("HS256", &key.kid), claims);
    let secret = hmac::Key::new(hmac::HMAC_SHA256, crate::support::provider::CLIENT_SECRET.as_bytes());
    format!("{body}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&secret, body.as_bytes())))
}

/// A good signature under other claims.
fn tampered(key: &SigningKey, claims: &Value) -> String {
    let good = key.sign(&header("RS256", &key.kid), claims);
    let mut other = claims.clone();
    other["sub"] = json!("somebody else");
    let signature = good.rsplit_once('.').unwrap().1;
    format!("{}.{signature}", unsigned(&header("RS256", &key.kid), &other))
}

const WRONG_CLAIMS: &[(&str, Change, &str)] = &[
    ("another issuer", |c| c["iss"] = json!("https://evil.example"), "id_token_issuer"),
    ("no scheme", |c| c["iss"] = json!("accounts.google.com"), "provider_answer"),
    ("a slash more", |c| c["iss"] = json!(format!("{}/", c["iss"].as_str().unwrap())), "id_token_issuer"),
    ("another audience", |c| c["aud"] = json!("somebody"), "id_token_audience"),
    ("no audience", |c| c["aud"] = Value::Null, "id_token_audience"),
    (
        "several audiences and no azp",
        |c| {
            c["aud"] = json!([CLIENT_ID, "x"]);
            c["azp"] = Value::Null;
        },
        "id_token_authorized_party",
    ),
    ("another azp", |c| c["azp"] = json!("x"), "id_token_authorized_party"),
    ("another nonce", |c| c["nonce"] = json!("x"), "id_token_nonce"),
    ("no nonce", |c| c["nonce"] = Value::Null, "id_token_nonce"),
    ("expired", |c| c["exp"] = json!(START - 60), "id_token_time"),
    ("no expiry", |c| c["exp"] = Value::Null, "provider_answer"),
    ("of the future", |c| c["iat"] = json!(START + 61), "id_token_time"),
    ("another access token", |c| c["at_hash"] = json!("AAAAAAAAAAAAAAAAAAAAAA"), "id_token_access_token"),
    ("no subject", |c| c["sub"] = Value::Null, "provider_answer"),
    ("an empty subject", |c| c["sub"] = json!(""), "id_token_subject"),
    ("a subject too long", |c| c["sub"] = json!("x".repeat(256)), "id_token_subject"),
    ("a number as subject", |c| c["sub"] = json!(7), "provider_answer"),
];

const WRONG_SIGNATURES: &[(&str, Make, &str)] = &[
    (
        "no signature",
        |_, claims| format!("{}.", unsigned(&json!({ "alg": "none" }), claims)),
        "id_token_algorithm",
    ),
    (
        "none with a key id",
        |key, claims| format!("{}.", unsigned(&header("none", &key.kid), claims)),
        "id_token_algorithm",
    ),
    ("the public key as secret", confused, "id_token_algorithm"),
    ("the client secret", with_client_secret, "id_token_algorithm"),
    (
        "an unknown key",
        |_, claims| SigningKey::new("key-9").sign(&header("RS256", "key-9"), claims),
        "id_token_unknown_key",
    ),
    (
        "another's key under our key's id",
        |key, claims| SigningKey::new(&key.kid).sign(&header("RS256", &key.kid), claims),
        "id_token_signature",
    ),
    ("changed claims", tampered, "id_token_signature"),
    (
        "a header that demands more",
        |key, claims| key.sign(&json!({ "alg": "RS256", "kid": key.kid, "crit": ["x"], "x": 1 }), claims),
        "id_token_invalid",
    ),
    (
        "an access token's type",
        |key, claims| key.sign(&json!({ "alg": "RS256", "kid": key.kid, "typ": "at+jwt" }), claims),
        "id_token_invalid",
    ),
    ("no token at all", |_, _| "x".to_owned(), "provider_answer"),
    ("an empty token", |_, _| String::new(), "provider_answer"),
];

const GOOD: &[(&str, Change)] = &[
    ("as Google writes it", |_| {}),
    ("a list of one audience", |c| c["aud"] = json!([CLIENT_ID])),
    ("several audiences and our azp", |c| c["aud"] = json!([CLIENT_ID, "x"])),
    ("no azp and no at_hash", |c| {
        c["azp"] = Value::Null;
        c["at_hash"] = Value::Null;
    }),
    ("a clock a little behind", |c| c["exp"] = json!(START - 59)),
    ("a clock a little ahead", |c| c["iat"] = json!(START + 60)),
    ("more than is asked for", |c| {
        c["picture"] = json!("https://x.example/y");
        c["locale"] = json!("de");
    }),
];

async fn an_id_token_that_is_wrong_in_any_way_is_refused(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    let browser = app.browser();
    let mut expected = Vec::new();
    let cases = WRONG_CLAIMS.iter().map(|(name, change, reason)| (name, Some(change), None, reason));
    let signatures = WRONG_SIGNATURES.iter().map(|(name, make, reason)| (name, None, Some(make), reason));
    for (name, change, make, reason) in cases.chain(signatures) {
        provider.set(|c: &mut Conduct| {
            c.claims = change.map(|change| Box::new(*change) as _);
            c.token = make.map(|make| Box::new(*make) as _);
        });
        let (status, page) = refused(log_in(&browser, &provider).await).await;
        assert_eq!(status, 502, "{name}");
        let title =
            if *reason == "provider_answer" { "does not answer as it should" } else { "cannot be believed" };
        assert!(page.contains(title), "{name}: {page}");
        assert!(!page.contains("eyJ") && page.contains("id=\"reference\""), "{name}: {page}");
        expected.push((*reason).to_owned());
        let mut sorted = expected.clone();
        sorted.sort();
        assert_eq!(refusals(&app).await, sorted, "{name}");
    }
    assert_eq!((people(&app).await, browser.get("/account").await.status().as_u16()), (1, 303));
}

async fn an_id_token_that_is_right_is_believed(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    for (name, change) in GOOD {
        provider.set(|c| c.claims = Some(Box::new(*change)));
        let response = log_in(&app.browser(), &provider).await;
        assert_eq!(response.status(), 303, "{name}: {}", response.text().await.unwrap());
    }
    assert_eq!(people(&app).await, 2);
}

async fn a_new_key_is_found_once_a_token_names_it(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    let browser = app.browser();
    assert_eq!(log_in(&browser, &provider).await.status(), 303);
    assert_eq!(provider.count("jwks"), 1);
    for (kid, wait, status, fetches) in
        [("key-2", 0, 303, 2), ("key-3", 29, 502, 2), ("key-3", 1, 303, 3), ("key-3", 0, 303, 3)]
    {
        app.clock.advance(wait);
        provider.set(|c| {
            c.now += wait;
            if c.keys[0].kid != kid {
                c.keys = vec![SigningKey::new(kid)];
            }
        });
        assert_eq!(log_in(&browser, &provider).await.status(), status, "{kid}");
        assert_eq!(provider.count("jwks"), fetches, "{kid}");
    }
    assert_eq!(provider.count("discovery"), 1);
}

async fn tokens_of_another_login_are_worth_nothing(database: Database) {
    // The code of one visit with the state of another: the nonce and the verifier are not its own.
    let (app, provider) = stage(database, &[OPEN]).await;
    let browser = app.browser();
    let victim = provider.agree(&leave(&app.browser(), "/login").await);
    let own = provider.agree(&leave(&browser, "/login").await);
    let mixed = [victim[0].clone(), own[1].clone()];
    assert_eq!(browser.get(&super::callback(&mixed)).await.status(), 502);
    assert_eq!(refusals(&app).await, ["provider_refused_code"]);
}

on_each! {
    an_id_token_that_is_wrong_in_any_way_is_refused,
    an_id_token_that_is_right_is_believed,
    a_new_key_is_found_once_a_token_names_it,
    tokens_of_another_login_are_worth_nothing,
}
