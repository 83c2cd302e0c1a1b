//! `src/oauth/client_assertion.rs`, row by row: clients that prove themselves with a key.

use std::sync::Mutex;

use actix_web::HttpResponse;
use actix_web::web::{self, Data};
use gatepost::oauth::client_assertion::TYPE;
use serde_json::{Value, json};

use super::{REDIRECT_URI, status_and_json};
use crate::on_both;
use crate::support::{Signer, TestApp, place, serve, unsigned};

/// A client that registered itself with a key.
struct KeyClient<'a> {
    app: &'a TestApp,
    id: String,
    key: Signer,
}

impl<'a> KeyClient<'a> {
    async fn new(app: &'a TestApp, key: Signer) -> Self {
        let body = json!({
            "redirect_uris": [REDIRECT_URI], "client_name": "Has a key",
            "token_endpoint_auth_method": "private_key_jwt", "jwks": key.jwks(),
        });
        let answer = app.http().post(app.at("/oauth/register")).json(&body).send().await.unwrap();
        let (status, body) = status_and_json(answer).await;
        assert_eq!(status, 201, "{body}");
        assert_eq!(body["token_endpoint_auth_method"], "private_key_jwt");
        assert_eq!(body["jwks"], key.jwks());
        assert!(body.get("client_secret").is_none(), "{body}");
        Self { app, id: body["client_id"].as_str().unwrap().to_owned(), key }
    }

    /// The claims of a good assertion.
    fn claims(&self, jti: &str) -> Value {
        let now = self.app.clock.now();
        json!({ "iss": self.id, "sub": self.id, "aud": self.app.url, "iat": now, "exp": now + 300, "jti": jti })
    }

    fn assertion(&self, jti: &str) -> String {
        self.key.sign(&self.claims(jti))
    }

    /// Asks for what a refresh token stands for, with this assertion: only who the client is matters here.
    async fn ask(&self, assertion: &str) -> (u16, Value) {
        self.ask_with(&[("client_assertion_type", TYPE), ("client_assertion", assertion)]).await
    }

    async fn ask_with(&self, credentials: &[(&str, &str)]) -> (u16, Value) {
        let form = [&[("token", "nothing")], credentials].concat();
        let answer = self.app.http().post(self.app.direct("/oauth/introspect")).form(&form).send().await;
        status_and_json(answer.unwrap()).await
    }

    async fn is_known(&self, assertion: &str) {
        assert_eq!(self.ask(assertion).await, (200, json!({ "active": false })));
    }

    async fn refused(&self, assertion: &str) -> String {
        let (status, body) = self.ask(assertion).await;
        assert_eq!((status, &body["error"]), (401, &json!("invalid_client")), "{body}");
        body["error_description"].as_str().unwrap().to_owned()
    }
}

async fn a_client_with_a_key_gets_tokens(app: TestApp) {
    for key in [Signer::rs256("a"), Signer::es256("b"), Signer::eddsa("c")] {
        let client = KeyClient::new(&app, key).await;
        let browser = app.signed_in().await;
        let verifier = "v".repeat(43);
        let challenge = gatepost_challenge(&verifier);
        let query = [
            ("client_id", client.id.as_str()),
            ("redirect_uri", REDIRECT_URI),
            ("response_type", "code"),
            ("scope", "search:read"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let url = format!("/oauth/authorize?{}", serde_urlencoded::to_string(query).unwrap());
        let place = browser.allow(&url).await;
        let code = crate::support::query_of(&place)["code"].clone();
        let mut form = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code),
            ("code_verifier", verifier),
            ("client_assertion_type", TYPE.to_owned()),
        ];
        form.push(("client_assertion", client.assertion("1")));
        let answer = app.http().post(app.direct("/oauth/token")).form(&form).send().await.unwrap();
        let (status, body) = status_and_json(answer).await;
        assert_eq!(status, 200, "{body}");
        let form = [
            ("grant_type", "refresh_token".to_owned()),
            ("refresh_token", body["refresh_token"].as_str().unwrap().to_owned()),
            ("client_assertion_type", TYPE.to_owned()),
            ("client_assertion", client.assertion("2")),
        ];
        let answer = app.http().post(app.direct("/oauth/token")).form(&form).send().await.unwrap();
        let (status, body) = status_and_json(answer).await;
        assert_eq!((status, &body["token_type"]), (200, &json!("Bearer")), "{body}");
    }
}

fn gatepost_challenge(verifier: &str) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(verifier))
}

async fn an_assertion_works_once(app: TestApp) {
    let client = KeyClient::new(&app, Signer::es256("a")).await;
    let other = app.replica().await;
    let assertion = client.assertion("once");
    client.is_known(&assertion).await;
    assert!(client.refused(&assertion).await.contains("was used before"));
    // Another process knows it as well, and another client may use the same name for another assertion.
    let elsewhere = KeyClient { app: &other, id: client.id.clone(), key: Signer::es256("a") };
    let (status, body) = elsewhere.ask(&assertion).await;
    assert_eq!(status, 401, "{body}");
    assert!(body["error_description"].as_str().unwrap().contains("was used before"), "{body}");
    let second = KeyClient::new(&app, Signer::es256("b")).await;
    second.is_known(&second.assertion("once")).await;
    assert!(app.audit_reasons("token.introspected").await.contains(&"replayed_assertion".to_owned()));
    // What is remembered goes once it would be refused for its age.
    app.advance(400).await;
    assert!(client.refused(&assertion).await.contains("has expired"));
    let store = &app.core.oauth.store;
    assert_eq!(store.reap_replays(app.clock.now(), 100).await.unwrap(), 2);
}

async fn what_is_wrong_with_an_assertion(app: TestApp) {
    let client = KeyClient::new(&app, Signer::es256("a")).await;
    let now = app.clock.now();
    let token_endpoint = app.at("/oauth/token");
    let cases = [
        ("aud", json!(token_endpoint), "as its only aud"),
        ("aud", json!([app.url, token_endpoint]), "as its only aud"),
        ("aud", json!(format!("{}/", app.url)), "as its only aud"),
        ("aud", Value::Null, "as its only aud"),
        ("iss", json!("cli_other"), "as iss and as sub"),
        ("iss", Value::Null, "as iss and as sub"),
        ("jti", Value::Null, "needs a jti"),
        ("jti", json!(""), "needs a jti"),
        ("jti", json!("x".repeat(257)), "needs a jti"),
        ("exp", Value::Null, "needs an exp"),
        ("exp", json!(now - 30), "has expired"),
        ("exp", json!(now + 631), "within ten minutes"),
        ("exp", json!(1e300), "within ten minutes"),
        ("nbf", json!(now + 31), "not valid yet"),
        ("iat", json!(now + 31), "not valid yet"),
        ("exp", json!("soon"), "names no client"),
    ];
    for (name, value, text) in cases {
        let mut claims = client.claims("never spent");
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            ref value => claims[name] = value.clone(),
        }
        let said = client.refused(&client.key.sign(&claims)).await;
        assert!(said.contains(text), "{name} {value}: {said}");
    }
    let good = client.claims("never spent");
    let key = &client.key;
    let stranger = Signer::es256("a");
    for (assertion, text) in [
        (stranger.sign(&good), "does not verify"),
        (key.sign_as(&json!({ "alg": "ES256", "kid": "b" }), &good), "not the client's"),
        (key.sign_as(&json!({ "alg": "RS256", "kid": "a" }), &good), "as its key allows"),
        (format!("{}.", unsigned(&json!({ "alg": "none" }), &good)), "as its key allows"),
        (key.sign_as(&json!({ "alg": "HS256", "kid": "a" }), &good), "as its key allows"),
        (key.sign_as(&json!({ "alg": "ES256", "typ": "at+jwt" }), &good), "is not a signed JWT"),
        (key.sign_as(&json!({ "alg": "ES256", "crit": ["x"] }), &good), "is not a signed JWT"),
        ("x".repeat(9000), "names no client"),
    ] {
        let said = client.refused(&assertion).await;
        assert!(said.contains(text), "{said}");
    }
    // Nothing of this was spent.
    client.is_known(&client.key.sign(&good)).await;
    // RFC 9864 has another name for it.
    let ed = KeyClient::new(&app, Signer::eddsa("e")).await;
    let named = json!({ "alg": "Ed25519", "kid": "e" });
    ed.is_known(&ed.key.sign_as(&named, &ed.claims("named"))).await;
    // The list with one name is the same as the name.
    let mut claims = client.claims("list");
    claims["aud"] = json!([app.url]);
    client.is_known(&client.key.sign(&claims)).await;
}

async fn an_assertion_goes_with_nothing_else(app: TestApp) {
    let client = KeyClient::new(&app, Signer::es256("a")).await;
    let assertion = client.assertion("1");
    let kind = ("client_assertion_type", TYPE);
    for (credentials, status, text) in [
        (vec![kind], 400, "client_assertion is missing"),
        (vec![("client_assertion", assertion.as_str())], 400, "client_assertion_type must be"),
        (
            vec![("client_assertion_type", "x"), ("client_assertion", &assertion)],
            400,
            "client_assertion_type",
        ),
        (vec![kind, ("client_assertion", &assertion), ("client_secret", "x")], 400, "no other credential"),
        (vec![kind, ("client_assertion", &assertion), ("client_id", "cli_other")], 401, "not known here"),
        (vec![("client_id", &client.id)], 401, "with a client_assertion"),
        (vec![("client_id", &client.id), ("client_secret", "x")], 401, "with a client_assertion"),
    ] {
        let (found, body) = client.ask_with(&credentials).await;
        assert_eq!(found, status, "{credentials:?} {body}");
        assert!(body["error_description"].as_str().unwrap().contains(text), "{credentials:?} {body}");
    }
    client.is_known(&assertion).await;
}

async fn what_may_be_registered_as_keys(app: TestApp) {
    let key = Signer::es256("a");
    let mut private = key.jwk();
    private["d"] = json!("secret");
    let many: Vec<Value> = (0..33).map(|_| key.jwk()).collect();
    for (more, text) in [
        (json!({}), "needs jwks or jwks_uri"),
        (json!({ "jwks": key.jwks(), "jwks_uri": "https://a.example/keys" }), "one of them"),
        (json!({ "jwks": { "keys": [] } }), "has no key that can verify"),
        (json!({ "jwks": { "keys": [{ "kty": "EC" }] } }), "has no key that can verify"),
        (json!({ "jwks": [] }), "is not a key set"),
        (json!({ "jwks": { "keys": [private] } }), "has a private key in it"),
        (json!({ "jwks": { "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] } }), "has a private key in it"),
        (json!({ "jwks": { "keys": many } }), "at most 32 keys"),
        (json!({ "jwks_uri": "http://a.example/keys" }), "is not an https URL"),
        (json!({ "jwks_uri": "https://ann@a.example/keys" }), "is not an https URL"),
        (json!({ "jwks_uri": "https://a.example/keys#1" }), "is not an https URL"),
    ] {
        let mut body =
            json!({ "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "private_key_jwt" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = app.http().post(app.at("/oauth/register")).json(&body).send().await.unwrap();
        let (status, answer) = status_and_json(answer).await;
        assert_eq!((status, &answer["error"]), (400, &json!("invalid_client_metadata")), "{more}: {answer}");
        assert!(answer["error_description"].as_str().unwrap().contains(text), "{more}: {answer}");
    }
}

async fn keys_that_cannot_be_had(app: TestApp) {
    let key = Signer::es256("a");
    let body = json!({
        "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": "https://keys.invalid/jwks.json",
    });
    let answer = app.http().post(app.at("/oauth/register")).json(&body).send().await.unwrap();
    let (_, body) = status_and_json(answer).await;
    assert_eq!(body["jwks_uri"], "https://keys.invalid/jwks.json");
    let client = KeyClient { app: &app, id: body["client_id"].as_str().unwrap().to_owned(), key };
    let (status, body) = client.ask(&client.assertion("1")).await;
    assert_eq!((status, &body["error"]), (503, &json!("temporarily_unavailable")), "{body}");
    assert!(app.audit_reasons("token.introspected").await.contains(&"client_keys_unavailable".to_owned()));
}

async fn a_new_key_at_jwks_uri_is_found(app: TestApp) {
    let (socket, url) = place();
    let published = Data::new(Mutex::new(json!({ "keys": [] })));
    let data = published.clone();
    serve(socket, move |config| {
        config.app_data(data.clone()).route("/keys", web::get().to(keys));
    });
    let body = json!({
        "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": format!("{url}/keys"),
    });
    let answer = app.http().post(app.at("/oauth/register")).json(&body).send().await.unwrap();
    let (_, body) = status_and_json(answer).await;
    let mut client =
        KeyClient { app: &app, id: body["client_id"].as_str().unwrap().to_owned(), key: Signer::es256("a") };
    // Nothing of use there: that is not kept for long.
    let (status, body) = client.ask(&client.assertion("1")).await;
    assert_eq!(status, 503, "{body}");
    assert!(body["error_description"].as_str().unwrap().contains("has no key that can verify"), "{body}");
    *published.lock().unwrap() = client.key.jwks();
    app.advance(11).await;
    client.is_known(&client.assertion("1")).await;
    // The next key: asked for at once the first time, then at most every half minute.
    client.key = Signer::rs256("b");
    *published.lock().unwrap() = client.key.jwks();
    app.advance(30).await;
    client.is_known(&client.assertion("2")).await;
    client.key = Signer::eddsa("c");
    *published.lock().unwrap() = client.key.jwks();
    assert!(client.refused(&client.assertion("3")).await.contains("not the client's"));
    app.advance(30).await;
    client.is_known(&client.assertion("3")).await;
}

async fn keys(published: Data<Mutex<Value>>) -> HttpResponse {
    HttpResponse::Ok().json(&*published.lock().unwrap())
}

async fn a_machine_with_a_key_gets_tokens(app: TestApp) {
    let key = Signer::eddsa("a");
    let made = app.made_key_machine(&key).await;
    assert_eq!(made.secret, "", "no secret is made");
    let client = KeyClient { app: &app, id: made.id, key };
    let form = [
        ("grant_type", "client_credentials".to_owned()),
        ("client_assertion_type", TYPE.to_owned()),
        ("client_assertion", client.assertion("1")),
    ];
    let answer = app.http().post(app.direct("/oauth/token")).form(&form).send().await.unwrap();
    let (status, body) = status_and_json(answer).await;
    assert_eq!((status, &body["scope"]), (200, &json!("search:read")), "{body}");
}

on_both!(
    a_machine_with_a_key_gets_tokens,
    a_new_key_at_jwks_uri_is_found,
    keys_that_cannot_be_had,
    a_client_with_a_key_gets_tokens,
    an_assertion_works_once,
    what_is_wrong_with_an_assertion,
    an_assertion_goes_with_nothing_else,
    what_may_be_registered_as_keys,
);
