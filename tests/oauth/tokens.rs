//! What the token endpoint gives out, and what becomes of it.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatepost::oauth::client::AuthMethod;
use gatepost::oauth::keys::Alg;
use gatepost::oauth::registration::create_static;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::{REDIRECT_URI, ask, header, part_of, status_and_json};
use crate::on_both;
use crate::support::{EMAIL, Form, OAuthClient, PASSWORD, TestApp, Tokens, json_of, query_of};

/// Checks a signature as a stranger would: with the keys published over HTTP.
async fn verified(app: &TestApp, jwt: &str, audience: &str) -> Value {
    let keys = app.http().get(app.at("/keys")).send().await.unwrap();
    let keys: JwkSet = serde_json::from_value(json_of(keys).await).unwrap();
    let kid = part_of(jwt, 0)["kid"].as_str().unwrap().to_owned();
    let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_issuer(&[&app.url]);
    validation.set_audience(&[audience]);
    jsonwebtoken::decode(jwt, &key, &validation).unwrap().claims
}

async fn userinfo(app: &TestApp, token: &str) -> Response {
    app.http().get(app.at("/oauth/userinfo")).bearer_auth(token).send().await.unwrap()
}

async fn is_alive(app: &TestApp, token: &str) -> bool {
    userinfo(app, token).await.status() == StatusCode::OK
}

/// A client with a secret that registered itself.
async fn confidential(app: &TestApp, name: &str, method: &str) -> OAuthClient {
    let metadata = json!({ "client_name": name, "redirect_uris": [REDIRECT_URI],
                           "token_endpoint_auth_method": method });
    OAuthClient::register_with(app, metadata).await
}

/// Posts with this `Authorization` header.
async fn post_as(app: &TestApp, path: &str, auth: Option<&str>, params: &[(&str, &str)]) -> Response {
    let mut request = app.http().post(app.at(path)).form(params);
    if let Some(auth) = auth {
        request = request.header("authorization", auth);
    }
    request.send().await.unwrap()
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// What introspection says to a client with this id and secret.
async fn introspected(app: &TestApp, id: &str, secret: &str, token: &str) -> Value {
    let auth = basic(id, secret);
    let answer = post_as(app, "/oauth/introspect", Some(&auth), &[("token", token)]).await;
    assert_eq!(header(&answer, "cache-control"), "no-store");
    let (status, body) = status_and_json(answer).await;
    assert_eq!(status, 200, "{body}");
    body
}

async fn revoke(app: &TestApp, client: &OAuthClient, token: &str) -> u16 {
    let mut params = vec![("client_id", client.id.clone()), ("token", token.to_owned())];
    params.extend(client.secret.clone().map(|s| ("client_secret", s)));
    let answer = client.post("/oauth/revoke", &params).await;
    assert_eq!(header(&answer, "cache-control"), "no-store");
    let status = answer.status().as_u16();
    assert_eq!(answer.text().await.unwrap(), "");
    assert!(app.core.oauth.store.ping().await.is_ok());
    status
}

async fn rotate(app: &TestApp) -> String {
    let ctx = &app.core.oauth;
    ctx.keys.rotate(&ctx.store, Alg::Es256, &ctx.clock, &ctx.rng).await.unwrap()
}

fn kid(jwt: &str) -> String {
    part_of(jwt, 0)["kid"].as_str().unwrap().to_owned()
}

async fn an_access_token_says_exactly_this(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    app.advance(7).await;
    let tokens = client.log_in(&browser, "search:read openid offline_access").await;
    let now = app.clock.now();
    let claims = verified(&app, &tokens.access, &app.at("/mcp")).await;
    for (name, prefix) in [("jti", "tkn_"), ("sid", "ses_"), ("gid", "grt_")] {
        assert!(claims[name].as_str().unwrap().starts_with(prefix), "{claims}");
    }
    let expected = json!({
        "iss": app.url,
        "sub": app.user.id,
        "aud": app.at("/mcp"),
        "client_id": client.id,
        "iat": now - 5,
        "nbf": now - 5,
        "exp": now + 3600,
        "jti": claims["jti"],
        "scope": "offline_access openid search:read",
        "scopes": ["offline_access", "openid", "search:read"],
        "sid": claims["sid"],
        "gid": claims["gid"],
    });
    assert_eq!(claims, expected);
    let head = part_of(&tokens.access, 0);
    assert_eq!(head, json!({ "alg": "ES256", "typ": "at+jwt", "kid": head["kid"] }));
    let refreshed = client.tokens(&client.refreshing(&tokens.refresh)).await;
    let again = verified(&app, &refreshed.access, &app.at("/mcp")).await;
    assert_eq!(
        (&again["gid"], &again["sid"], &again["sub"]),
        (&claims["gid"], &claims["sid"], &claims["sub"])
    );
    assert_ne!(again["jti"], claims["jti"]);
}

async fn a_token_answer_is_not_kept(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let code = client.code(&browser, "search:read").await;
    let answer = client.post("/oauth/token", &client.redemption(&code)).await;
    assert_eq!((header(&answer, "cache-control"), header(&answer, "pragma")), ("no-store", "no-cache"));
    assert_eq!(header(&answer, "content-type"), "application/json");
    let mut members: Vec<String> = json_of(answer).await.as_object().unwrap().keys().cloned().collect();
    members.sort_unstable();
    assert_eq!(members, ["access_token", "expires_in", "refresh_token", "scope", "token_type"]);
}

async fn an_id_token_says_exactly_this(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let signed_in_at = app.clock.now();
    app.advance(100).await;
    let scope = Some("openid email profile");
    let url = ask(&client, &[("scope", scope), ("nonce", Some("n-0S6_WzA2Mj"))]);
    let code = query_of(&browser.allow(&url).await)["code"].clone();
    app.advance(7).await;
    let tokens = client.tokens(&client.redemption(&code)).await;
    let id_token = tokens.body["id_token"].as_str().unwrap();
    let head = part_of(id_token, 0);
    assert_eq!(head, json!({ "alg": "ES256", "typ": "JWT", "kid": kid(&tokens.access) }));
    let claims = verified(&app, id_token, &client.id).await;
    let now = app.clock.now();
    assert_eq!(
        claims,
        json!({
            "iss": app.url,
            "sub": app.user.id,
            "aud": client.id,
            "iat": now - 5,
            "exp": now + 3600,
            "auth_time": signed_in_at,
            "acr": "urn:gatepost:acr:single-factor",
            "amr": ["pwd"],
            "nonce": "n-0S6_WzA2Mj",
            "sid": part_of(&tokens.access, 1)["sid"],
            "email": EMAIL,
            "name": "Ann",
        })
    );
}

async fn an_id_token_says_no_more_than_was_asked_for(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let tokens = client.log_in(&browser, "openid").await;
    let claims = part_of(tokens.body["id_token"].as_str().unwrap(), 1);
    for absent in ["nonce", "email", "name"] {
        assert_eq!(claims.get(absent), None);
    }
    let tokens = client.log_in(&browser, "email profile search:read").await;
    assert_eq!(tokens.body.get("id_token"), None, "only with openid");
}

async fn an_id_token_is_no_access_token(app: TestApp) {
    let browser = app.signed_in().await;
    let client = confidential(&app, "Server", "client_secret_basic").await;
    let tokens = client.log_in(&browser, "openid search:read").await;
    let id_token = tokens.body["id_token"].as_str().unwrap();
    assert!(!is_alive(&app, id_token).await);
    let secret = client.secret.as_deref().unwrap();
    assert_eq!(introspected(&app, &client.id, secret, id_token).await, json!({ "active": false }));
    assert_eq!(revoke(&app, &client, id_token).await, 200);
    assert!(is_alive(&app, &tokens.access).await, "revoking it revoked nothing");
}

async fn userinfo_says_what_the_scopes_allow(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let sub = app.user.id.as_str();
    for (scope, expected) in [
        ("openid", json!({ "sub": sub })),
        ("openid email", json!({ "sub": sub, "email": EMAIL })),
        ("openid profile", json!({ "sub": sub, "name": "Ann" })),
        ("openid email profile search:read", json!({ "sub": sub, "email": EMAIL, "name": "Ann" })),
    ] {
        let tokens = client.log_in(&browser, scope).await;
        let answer = userinfo(&app, &tokens.access).await;
        assert_eq!(header(&answer, "cache-control"), "no-store");
        assert_eq!(json_of(answer).await, expected, "{scope}");
        let posted = app.http().post(app.at("/oauth/userinfo")).bearer_auth(&tokens.access);
        assert_eq!(json_of(posted.send().await.unwrap()).await, expected);
    }
}

async fn userinfo_refuses_everything_else(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let tokens = client.log_in(&browser, "search:read email").await;
    let answer = userinfo(&app, &tokens.access).await;
    assert!(header(&answer, "www-authenticate").starts_with("Bearer error=\"insufficient_scope\""));
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let tokens = client.log_in(&browser, "openid").await;
    let (head, rest) = tokens.access.split_once('.').unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{rest}");
    let cut = tokens.access[..=tokens.access.rfind('.').unwrap()].to_owned();
    for bad in
        [unsigned, cut, format!("{head}.{rest}x"), tokens.refresh.clone(), "x".to_owned(), "a.b.c".to_owned()]
    {
        let answer = userinfo(&app, &bad).await;
        assert!(header(&answer, "www-authenticate").starts_with("Bearer error=\"invalid_token\""), "{bad}");
        let (status, body) = status_and_json(answer).await;
        assert_eq!((status, &body["error"]), (401, &json!("invalid_token")), "{bad}");
    }
    let query = app.http().get(app.at(&format!("/oauth/userinfo?access_token={}", tokens.access)));
    let body = app.http().post(app.at("/oauth/userinfo")).form(&[("access_token", &tokens.access)]);
    for elsewhere in [query, body] {
        let answer = elsewhere.send().await.unwrap();
        assert_eq!(header(&answer, "www-authenticate"), "Bearer scope=\"openid\"", "no error: none was sent");
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
    app.advance(3599).await;
    assert!(is_alive(&app, &tokens.access).await);
    app.advance(1).await;
    assert!(!is_alive(&app, &tokens.access).await, "expired");
}

async fn an_administrator_s_client_introspects_every_token(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let uris = vec![REDIRECT_URI.to_owned()];
    let server = create_static(&app.core.oauth, "Server", uris, AuthMethod::Basic).await.unwrap();
    let secret = server.client_secret.unwrap();
    let ask = async |token: &str| introspected(&app, &server.client_id, &secret, token).await;
    let tokens = client.log_in(&browser, "search:read").await;
    let claims = part_of(&tokens.access, 1);
    let mut expected = json!({ "active": true, "token_type": "Bearer" });
    for name in ["scope", "client_id", "sub", "aud", "iss", "exp", "iat", "jti"] {
        expected[name] = claims[name].clone();
    }
    assert_eq!(ask(&tokens.access).await, expected);
    let now = app.clock.now();
    let refresh = json!({ "active": true, "scope": "search:read", "client_id": client.id,
                          "sub": app.user.id,
                          "iss": app.url, "iat": now, "exp": now + 30 * 86_400 });
    assert_eq!(ask(&tokens.refresh).await, refresh);
    let dead = json!({ "active": false });
    let next = client.tokens(&client.refreshing(&tokens.refresh)).await;
    assert_eq!(ask(&tokens.refresh).await, dead, "spent");
    assert_eq!(ask(&next.refresh).await["active"], true);
    for unknown in ["x", "a.b.c", "rft_00000000000000000000000000_x", &"x".repeat(9000)] {
        assert_eq!(ask(unknown).await, dead);
    }
    assert_eq!(revoke(&app, &client, &next.refresh).await, 200);
    for token in [&tokens.access, &next.access, &next.refresh] {
        assert_eq!(ask(token).await, dead, "revoked");
    }
    let tokens = client.log_in(&browser, "search:read").await;
    app.advance(3600).await;
    assert_eq!(ask(&tokens.access).await, dead, "expired");
    app.advance(30 * 86_400).await;
    assert_eq!(ask(&tokens.refresh).await, dead, "expired");
}

async fn other_clients_introspect_their_own_tokens_or_none(app: TestApp) {
    let (browser, public) = (app.signed_in().await, app.client().await);
    let one = confidential(&app, "One", "client_secret_basic").await;
    let two = confidential(&app, "Two", "client_secret_post").await;
    let tokens = one.log_in(&browser, "search:read").await;
    let publics = public.log_in(&browser, "search:read").await;
    let secret = |c: &OAuthClient| c.secret.clone().unwrap();
    for token in [&tokens.access, &tokens.refresh] {
        assert_eq!(introspected(&app, &one.id, &secret(&one), token).await["active"], true);
        let foreign = introspected(&app, &two.id, &secret(&two), token).await;
        assert_eq!(foreign, json!({ "active": false }));
    }
    assert_eq!(introspected(&app, &one.id, &secret(&one), &publics.access).await, json!({ "active": false }));
    let own = [("client_id", public.id.as_str()), ("token", publics.access.as_str())];
    let answer = post_as(&app, "/oauth/introspect", None, &own).await;
    assert!(header(&answer, "www-authenticate").starts_with("Basic"));
    let (status, body) = status_and_json(answer).await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
    let auth = basic(&one.id, &secret(&one));
    let answer =
        post_as(&app, "/oauth/introspect", Some(&auth), &[("token_type_hint", "access_token")]).await;
    assert_eq!(json_of(answer).await["error"], "invalid_request", "no token");
    let posted = [("client_id", two.id.as_str()), ("client_secret", &secret(&two)), ("token", "x")];
    assert_eq!(post_as(&app, "/oauth/introspect", None, &posted).await.status(), StatusCode::OK);
}

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

async fn a_confidential_client_may_authenticate_either_way(app: TestApp) {
    let browser = app.signed_in().await;
    for method in ["client_secret_basic", "client_secret_post"] {
        let client = confidential(&app, "Server", method).await;
        let (id, secret) = (client.id.as_str(), client.secret.clone().unwrap());
        let refresh = client.log_in(&browser, "search:read").await.refresh;
        let percent = |t: &str| t.bytes().fold(String::new(), |out, b| out + &format!("%{b:02X}"));
        let raw = basic(id, &secret);
        let encoded = basic(&percent(id), &percent(&secret));
        let lower = raw.replacen("Basic", "basic", 1);
        let body = [("client_id", id), ("client_secret", secret.as_str())];
        for (auth, more) in [
            (Some(raw.as_str()), &[][..]),
            (Some(encoded.as_str()), &[]),
            (Some(encoded.as_str()), &body[..1]),
            (Some(lower.as_str()), &body[..1]),
            (None, &body[..]),
            (Some("Bearer of-something-else"), &body[..]),
        ] {
            let mut params = vec![("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
            params.extend(more);
            let (status, answer) = status_and_json(post_as(&app, "/oauth/token", auth, &params).await).await;
            assert_eq!(status, 200, "{method} with {auth:?} and {more:?}: {answer}");
        }
    }
}

async fn a_client_that_cannot_prove_itself_is_refused(app: TestApp) {
    let browser = app.signed_in().await;
    let client = confidential(&app, "Server", "client_secret_basic").await;
    let other = confidential(&app, "Other", "client_secret_basic").await;
    let refresh = client.log_in(&browser, "search:read").await.refresh;
    let (id, secret) = (client.id.as_str(), client.secret.clone().unwrap());
    let (wrong, foreign) = (format!("{}x", &secret[..secret.len() - 1]), other.secret.clone().unwrap());
    let named = ("client_id", id);
    let before = app.db_rows().await;
    for (auth, more, expected) in [
        (None, vec![], "invalid_client"),
        (None, vec![named], "invalid_client"),
        (None, vec![named, ("client_secret", "")], "invalid_client"),
        (None, vec![named, ("client_secret", &wrong)], "invalid_client"),
        (None, vec![named, ("client_secret", &foreign)], "invalid_client"),
        (None, vec![("client_id", "cli_unknown"), ("client_secret", &secret)], "invalid_client"),
        (None, vec![("client_secret", &secret)], "invalid_client"),
        (Some(basic(id, "")), vec![], "invalid_client"),
        (Some(basic(id, &wrong)), vec![], "invalid_client"),
        (Some(basic(&other.id, &secret)), vec![], "invalid_client"),
        (Some(basic("", &secret)), vec![], "invalid_client"),
        (Some(format!("Bearer {secret}")), vec![named], "invalid_client"),
        (Some(basic(id, &secret)), vec![("client_id", &other.id)], "invalid_request"),
        (Some(basic(id, &secret)), vec![named, ("client_secret", &secret)], "invalid_request"),
        (Some("Basic !!".to_owned()), vec![named], "invalid_request"),
        (Some(format!("Basic {}", STANDARD.encode(id))), vec![named], "invalid_request"),
    ] {
        let mut params = vec![("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        params.extend(&more);
        let answer = post_as(&app, "/oauth/token", auth.as_deref(), &params).await;
        let challenged = header(&answer, "www-authenticate").starts_with("Basic ");
        let (status, body) = status_and_json(answer).await;
        let unproven = expected == "invalid_client";
        assert_eq!(
            (status, challenged),
            if unproven { (401, true) } else { (400, false) },
            "{auth:?} {more:?}"
        );
        assert_eq!(body["error"], expected, "{auth:?} {more:?}");
    }
    assert_eq!(app.db_rows().await, before);
}

async fn a_public_client_has_no_secret_to_show(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let refresh = client.log_in(&browser, "search:read").await.refresh;
    let params = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let answer = post_as(&app, "/oauth/token", Some(&basic(&client.id, "")), &params).await;
    assert_eq!(answer.status(), StatusCode::OK, "some libraries send an empty secret");
    let answer = post_as(&app, "/oauth/token", Some(&basic(&client.id, "guess")), &params).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let mut params = client.refreshing(&refresh);
    params.push(("client_secret", "guess".to_owned()));
    assert_eq!(client.refused(&params).await, "invalid_client");
}

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

async fn a_disabled_person_s_tokens_are_dead(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let tokens = client.log_in(&browser, "openid").await;
    let code = client.code(&browser, "openid").await;
    let store = &app.core.oauth.store;
    assert!(store.disable_user(app.user.id.clone(), app.clock.now()).await.unwrap());
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
    an_access_token_says_exactly_this,
    a_token_answer_is_not_kept,
    an_id_token_says_exactly_this,
    an_id_token_says_no_more_than_was_asked_for,
    an_id_token_is_no_access_token,
    userinfo_says_what_the_scopes_allow,
    userinfo_refuses_everything_else,
    an_administrator_s_client_introspects_every_token,
    other_clients_introspect_their_own_tokens_or_none,
    revoking_either_token_ends_the_grant,
    revoking_what_is_not_one_s_own_changes_nothing,
    a_confidential_client_may_authenticate_either_way,
    a_client_that_cannot_prove_itself_is_refused,
    a_public_client_has_no_secret_to_show,
    tokens_outlive_a_rotation_and_die_with_their_key,
    a_key_is_published_before_it_signs,
    no_request_fails_while_keys_rotate,
    a_disabled_person_s_tokens_are_dead,
}
