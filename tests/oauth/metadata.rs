//! The discovery documents: where they are, what they say, and that every value in them is true.

use gatepost::store::resources::{ResourceRow, ScopeRow};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::{REDIRECT_URI, ask, header, part_of, status_and_json};
use crate::on_both;
use crate::support::{OAuthClient, TestApp, json_of, query_of};

const CANONICAL: &str = "/.well-known/oauth-authorization-server";

/// With what proofs may be signed: `tests/clients/dpop.mjs` and a unit test use each of them.
const PROOF_ALGS: [&str; 6] = ["ES256", "ES384", "EdDSA", "Ed25519", "RS256", "PS256"];

async fn get(app: &TestApp, path: &str) -> Response {
    app.http().get(app.at(path)).send().await.unwrap()
}

async fn document(app: &TestApp) -> Value {
    json_of(get(app, CANONICAL).await).await
}

fn strings<'a>(document: &'a Value, name: &str) -> Vec<&'a str> {
    let values = document[name].as_array().unwrap_or_else(|| panic!("no list {name} in {document}"));
    values.iter().map(|v| v.as_str().unwrap()).collect()
}

/// A second resource, with scopes of its own, that is not the default.
async fn add_notes(app: &TestApp) {
    let resource = ResourceRow {
        id: "res_notes".to_owned(),
        name: "Notes".to_owned(),
        kind: "http".to_owned(),
        path: "/notes/mcp".to_owned(),
        uri: None,
        aliases: Vec::new(),
        is_default: false,
        registration_open: true,
        dpop_required: false,
        access_token_seconds: None,
        refresh_token_seconds: None,
        signing_alg: "EdDSA".to_owned(),
        dialect: "standard".into(),
        token_issuer: "environment".into(),
        trust: gatepost::store::resources::TrustColumns::default(),
        documents: gatepost::store::resources::DocumentColumns::default(),
        version: 1,
        created_at: app.clock.now(),
    };
    let scope = ScopeRow {
        resource_id: resource.id.clone(),
        name: "notes:read".to_owned(),
        description: "Read your notes".to_owned(),
        tools: Vec::new(),
        is_default: true,
        ..ScopeRow::default()
    };
    app.core.oauth.store.add_resource(resource, vec![scope]).await.unwrap();
    app.sync().await;
}

async fn the_document_says_exactly_this(app: TestApp) {
    let at = |path: &str| app.at(path);
    let algs = ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"];
    let expected = json!({
        "issuer": app.url,
        "authorization_endpoint": at("/oauth/authorize"),
        "token_endpoint": at("/oauth/token"),
        "registration_endpoint": at("/oauth/register"),
        "device_authorization_endpoint": at("/oauth/device_authorization"),
        "pushed_authorization_request_endpoint": at("/oauth/par"),
        "require_pushed_authorization_requests": false,
        "revocation_endpoint": at("/oauth/revoke"),
        "introspection_endpoint": at("/oauth/introspect"),
        "userinfo_endpoint": at("/oauth/userinfo"),
        "jwks_uri": at("/keys"),
        "scopes_supported": ["search:read", "openid", "profile", "email", "offline_access"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code"],
        "token_endpoint_auth_methods_supported":
            ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": algs,
        "revocation_endpoint_auth_methods_supported":
            ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"],
        "revocation_endpoint_auth_signing_alg_values_supported": algs,
        "introspection_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "introspection_endpoint_auth_signing_alg_values_supported": algs,
        "client_id_metadata_document_supported": true,
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": PROOF_ALGS,
        "authorization_response_iss_parameter_supported": true,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "acr_values_supported": ["urn:gatepost:acr:single-factor", "urn:gatepost:acr:multi-factor", "phr"],
        "claims_supported":
            ["iss", "sub", "aud", "iat", "exp", "auth_time", "acr", "amr", "nonce", "sid", "email", "name"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    });
    assert_eq!(document(&app).await, expected);
}

async fn every_url_that_clients_try_has_the_same_document(app: TestApp) {
    let expected = get(&app, CANONICAL).await.text().await.unwrap();
    for path in [
        CANONICAL,
        "/.well-known/oauth-authorization-server/mcp",
        "/.well-known/openid-configuration",
        "/.well-known/openid-configuration/mcp",
        "/mcp/.well-known/openid-configuration",
        "/mcp/.well-known/oauth-authorization-server",
    ] {
        let answer = get(&app, path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(header(&answer, "content-type"), "application/json", "{path}");
        assert_eq!(header(&answer, "cache-control"), "public, max-age=60", "{path}");
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.text().await.unwrap(), expected, "{path}");
    }
}

async fn documents_of_what_is_not_here_do_not_exist(app: TestApp) {
    for path in [
        "/.well-known/oauth-authorization-server/other",
        "/.well-known/oauth-authorization-server/mcp/other",
        "/.well-known/oauth-authorization-server/",
        "/.well-known/openid-configuration/oauth",
        "/other/.well-known/openid-configuration",
        "/other/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource/other",
        "/.well-known/oauth-protected-resource/MCP",
        "/.well-known/oauth-protected-resource/%6dcp/..",
        "/mcp/.well-known/oauth-protected-resource",
        "/.well-known/webfinger",
        "/.well-known/",
    ] {
        let answer = get(&app, path).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(header(&answer, "location"), "", "{path}");
    }
}

async fn every_advertised_endpoint_answers(app: TestApp) {
    let document = document(&app).await;
    for (name, status) in [
        ("authorization_endpoint", 400),
        ("token_endpoint", 405),
        ("registration_endpoint", 405),
        ("revocation_endpoint", 405),
        ("introspection_endpoint", 405),
        ("userinfo_endpoint", 401),
        ("jwks_uri", 200),
    ] {
        let answer = app.http().get(document[name].as_str().unwrap()).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{name}");
    }
}

async fn every_advertised_scope_is_granted(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let document = document(&app).await;
    for scope in strings(&document, "scopes_supported") {
        assert_eq!(client.log_in(&browser, scope).await.scope, scope);
    }
    let all = strings(&document, "scopes_supported").join(" ");
    let mut sorted = strings(&document, "scopes_supported");
    sorted.sort_unstable();
    assert_eq!(client.log_in(&browser, &all).await.scope, sorted.join(" "));
}

async fn every_advertised_auth_method_works(app: TestApp) {
    let browser = app.signed_in().await;
    let document = document(&app).await;
    for (endpoint, list) in [
        ("/oauth/token", "token_endpoint_auth_methods_supported"),
        ("/oauth/introspect", "introspection_endpoint_auth_methods_supported"),
        ("/oauth/revoke", "revocation_endpoint_auth_methods_supported"),
    ] {
        // Clients with keys: key_clients.rs.
        for method in strings(&document, list).into_iter().filter(|m| *m != "private_key_jwt") {
            let metadata = json!({ "client_name": "App", "redirect_uris": [REDIRECT_URI],
                                   "token_endpoint_auth_method": method });
            let client = OAuthClient::register_with(&app, metadata).await;
            let tokens = client.log_in(&browser, "search:read").await;
            let mut params = vec![
                ("token", tokens.refresh.as_str()),
                ("grant_type", "refresh_token"),
                ("refresh_token", tokens.refresh.as_str()),
            ];
            let mut request = app.http().post(app.at(endpoint));
            let secret = client.secret.as_deref();
            match method {
                "client_secret_basic" => request = request.basic_auth(&client.id, secret),
                "client_secret_post" => {
                    params.extend([("client_id", client.id.as_str()), ("client_secret", secret.unwrap())]);
                }
                "none" => params.push(("client_id", client.id.as_str())),
                other => panic!("{other} is advertised and not tested"),
            }
            let answer = request.form(&params).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{method} at {endpoint}");
        }
    }
}

async fn every_advertised_claim_and_algorithm_is_in_an_id_token(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let document = document(&app).await;
    let scope = Some("openid email profile");
    let url = ask(&client, &[("scope", scope), ("nonce", Some("n")), ("response_mode", Some("query"))]);
    let code = query_of(&browser.allow(&url).await)["code"].clone();
    let tokens = client.tokens(&client.redemption(&code)).await;
    let id_token = tokens.body["id_token"].as_str().unwrap();
    let claims = part_of(id_token, 1);
    for claim in strings(&document, "claims_supported") {
        assert!(claims.get(claim).is_some(), "{claim} is not in {claims}");
    }
    let alg = part_of(id_token, 0)["alg"].clone();
    assert_eq!(document["id_token_signing_alg_values_supported"], json!([alg]));
}

async fn every_advertised_prompt_does_what_it_says(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let document = document(&app).await;
    for prompt in strings(&document, "prompt_values_supported") {
        let answer = browser.get(&ask(&client, &[("prompt", Some(prompt))])).await;
        let expected = match prompt {
            "none" => "http://127.0.0.1:7777/callback?error=consent_required&",
            "login" | "select_account" => "/login?return_to=",
            "consent" => "/consent?",
            other => panic!("{other} is advertised and not tested"),
        };
        assert!(header(&answer, "location").starts_with(expected), "{prompt}");
    }
}

async fn what_is_not_advertised_is_not_supported(app: TestApp) {
    let client = app.client().await;
    for grant_type in [
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "Authorization_Code",
    ] {
        let params = [("grant_type", grant_type.to_owned()), ("client_id", client.id.clone())];
        assert_eq!(client.refused(&params).await, "unsupported_grant_type", "{grant_type}");
    }
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "id_token", "unsupported_response_type"),
        ("response_type", "code token", "unsupported_response_type"),
        ("response_type", "none", "unsupported_response_type"),
        ("response_mode", "fragment", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("request", "x", "request_not_supported"),
        ("request_uri", "https://app.example/r", "request_uri_not_supported"),
    ] {
        let answer = app.browser().get(&ask(&client, &[(name, Some(value))])).await;
        assert_eq!(query_of(header(&answer, "location"))["error"], error, "{name}={value}");
    }
}

async fn a_resource_describes_itself(app: TestApp) {
    let expected = json!({
        "resource": app.at("/mcp"),
        "authorization_servers": [app.url],
        "scopes_supported": ["search:read"],
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": PROOF_ALGS,
        "resource_name": "Gatepost tools",
    });
    for path in ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"] {
        let answer = get(&app, path).await;
        assert_eq!(header(&answer, "content-type"), "application/json");
        assert_eq!(header(&answer, "cache-control"), "public, max-age=60");
        assert_eq!(json_of(answer).await, expected, "{path}");
    }
}

async fn each_resource_has_documents_of_its_own(app: TestApp) {
    add_notes(&app).await;
    let prm = json_of(get(&app, "/.well-known/oauth-protected-resource/notes/mcp").await).await;
    assert_eq!(
        (&prm["resource"], &prm["scopes_supported"]),
        (&json!(app.at("/notes/mcp")), &json!(["notes:read"]))
    );
    let default = json_of(get(&app, "/.well-known/oauth-protected-resource").await).await;
    assert_eq!(default["resource"], app.at("/mcp"), "the root speaks of the default");
    let document = document(&app).await;
    for path in [
        "/.well-known/oauth-authorization-server/notes/mcp",
        "/.well-known/openid-configuration/notes/mcp",
        "/notes/mcp/.well-known/openid-configuration",
    ] {
        assert_eq!(json_of(get(&app, path).await).await, document, "{path}");
    }
    assert!(strings(&document, "scopes_supported").contains(&"notes:read"));
    assert_eq!(document["id_token_signing_alg_values_supported"], json!(["ES256", "EdDSA"]));
    let (browser, client) = (app.signed_in().await, app.client().await);
    let notes = app.at("/notes/mcp");
    let changes = [("resource", Some(notes.as_str())), ("scope", Some("notes:read openid search:read"))];
    let code = query_of(&browser.allow(&ask(&client, &changes)).await)["code"].clone();
    let tokens = client.tokens(&client.redemption(&code)).await;
    assert_eq!(tokens.scope, "notes:read openid", "the scope of another resource is unknown to this one");
    assert_eq!(part_of(&tokens.access, 1)["aud"], notes);
    for jwt in [&tokens.access, tokens.body["id_token"].as_str().unwrap()] {
        assert_eq!(part_of(jwt, 0)["alg"], "EdDSA");
    }
}

async fn the_issuer_is_the_same_bytes_everywhere(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let numeric = format!("http://127.0.0.1:{}", app.address.port());
    for (name, value) in [
        ("host", format!("127.0.0.1:{}", app.address.port())),
        ("x-forwarded-host", "evil.example".to_owned()),
        ("x-forwarded-proto", "https".to_owned()),
        ("forwarded", "host=evil.example;proto=https".to_owned()),
    ] {
        for path in [CANONICAL, "/.well-known/oauth-protected-resource/mcp"] {
            let request = app.http().get(format!("{numeric}{path}")).header(name, value.as_str());
            let text = request.send().await.unwrap().text().await.unwrap();
            assert!(
                !text.contains("evil") && !text.contains("127.0.0.1") && text.contains(&app.url),
                "{text}"
            );
        }
    }
    let refused = browser.get(&ask(&client, &[("prompt", Some("none"))])).await;
    assert_eq!(query_of(header(&refused, "location"))["iss"], app.url);
    let answer = query_of(&browser.allow(&client.authorize_url("openid")).await);
    assert_eq!(answer["iss"], app.url);
    let tokens = client.tokens(&client.redemption(&answer["code"])).await;
    for jwt in [&tokens.access, tokens.body["id_token"].as_str().unwrap()] {
        assert_eq!(part_of(jwt, 1)["iss"], app.url);
    }
    let challenge = app.http().post(app.at("/mcp")).send().await.unwrap();
    let expected = format!("resource_metadata=\"{}\"", app.at("/.well-known/oauth-protected-resource/mcp"));
    assert!(header(&challenge, "www-authenticate").contains(&expected));
}

async fn another_host_name_is_not_answered(app: TestApp) {
    for host in ["evil.example", "localhost", "localhost:1", "localhost.evil.example:80"] {
        let answer = app.http().get(app.at(CANONICAL)).header("host", host).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{host}");
    }
}

async fn pages_of_other_sites_may_call_the_protocol(app: TestApp) {
    let wanted = [
        "authorization",
        "content-type",
        "accept",
        "mcp-protocol-version",
        "mcp-method",
        "mcp-name",
        "mcp-session-id",
        "last-event-id",
        "dpop",
    ];
    for (method, path) in [
        ("GET", CANONICAL),
        ("GET", "/.well-known/openid-configuration/mcp"),
        ("GET", "/mcp/.well-known/openid-configuration"),
        ("GET", "/.well-known/oauth-protected-resource/mcp"),
        ("GET", "/keys"),
        ("POST", "/oauth/token"),
        ("POST", "/oauth/register"),
        ("DELETE", "/oauth/register/cli_x"),
        ("POST", "/oauth/revoke"),
        ("POST", "/oauth/introspect"),
        ("GET", "/oauth/userinfo"),
        ("POST", "/mcp"),
    ] {
        let preflight = app
            .http()
            .request(Method::OPTIONS, app.at(path))
            .header("origin", "https://inspector.example")
            .header("access-control-request-method", method)
            .header("access-control-request-headers", wanted.join(","));
        let answer = preflight.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(header(&answer, "access-control-allow-origin"), "*", "{path}");
        assert_eq!(header(&answer, "access-control-allow-credentials"), "", "{path}");
        assert!(header(&answer, "access-control-allow-methods").contains(method), "{path}");
        let allowed = header(&answer, "access-control-allow-headers").to_lowercase();
        for name in wanted {
            assert!(allowed.split(',').any(|a| a.trim() == name), "{path}: {name} is not in {allowed}");
        }
    }
}

async fn pages_of_other_sites_may_read_refusals(app: TestApp) {
    for (method, path, status) in [
        (Method::GET, CANONICAL, 200),
        (Method::GET, "/.well-known/oauth-protected-resource/mcp", 200),
        (Method::GET, "/keys", 200),
        (Method::POST, "/oauth/token", 400),
        (Method::POST, "/oauth/register", 400),
        (Method::GET, "/oauth/userinfo", 401),
    ] {
        let request = app.http().request(method, app.at(path)).header("origin", "https://inspector.example");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{path}");
        assert_eq!(header(&answer, "access-control-allow-origin"), "*", "{path}");
        let exposed = header(&answer, "access-control-expose-headers").to_lowercase();
        for name in ["www-authenticate", "mcp-session-id", "mcp-protocol-version", "dpop-nonce"] {
            assert!(exposed.contains(name), "{path}: {name} is not in {exposed}");
        }
    }
    for path in ["/oauth/authorize", "/login", "/consent", "/account"] {
        let request = app.http().get(app.at(path)).header("origin", "https://inspector.example");
        let answer = request.send().await.unwrap();
        assert_eq!(header(&answer, "access-control-allow-origin"), "", "{path} is for people");
    }
}

async fn only_public_keys_are_published(app: TestApp) {
    let answer = get(&app, "/keys").await;
    assert_eq!(header(&answer, "content-type"), "application/json");
    assert_eq!(header(&answer, "cache-control"), "public, max-age=300");
    let keys = json_of(answer).await;
    assert_eq!(json_of(get(&app, "/.well-known/jwks.json").await).await, keys);
    let keys = keys["keys"].as_array().unwrap().clone();
    assert_eq!(keys.len(), 6, "an active and a waiting key for each algorithm");
    for key in &keys {
        let mut members: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        let expected: &[&str] = match key["alg"].as_str().unwrap() {
            "ES256" => &["alg", "crv", "kid", "kty", "use", "x", "y"],
            "RS256" => &["alg", "e", "kid", "kty", "n", "use"],
            "EdDSA" => &["alg", "crv", "kid", "kty", "use", "x"],
            other => panic!("{other}"),
        };
        assert_eq!(members, expected);
        assert_eq!(key["use"], "sig");
        assert!(key["kid"].as_str().unwrap().starts_with("key_"));
    }
    let mut kids: Vec<&str> = keys.iter().map(|k| k["kid"].as_str().unwrap()).collect();
    kids.dedup();
    assert_eq!(kids.len(), 6);
}

async fn the_documents_change_nothing_and_take_no_other_method(app: TestApp) {
    let before = app.db_rows().await;
    for path in [CANONICAL, "/.well-known/oauth-protected-resource", "/keys"] {
        let (status, _) = status_and_json(get(&app, path).await).await;
        assert_eq!(status, 200);
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            let status = app.http().request(method.clone(), app.at(path)).send().await.unwrap().status();
            assert!(status.is_client_error(), "{method} {path} gives {status}");
        }
    }
    assert_eq!(app.db_rows().await, before);
}

on_both! {
    the_document_says_exactly_this,
    every_url_that_clients_try_has_the_same_document,
    documents_of_what_is_not_here_do_not_exist,
    every_advertised_endpoint_answers,
    every_advertised_scope_is_granted,
    every_advertised_auth_method_works,
    every_advertised_claim_and_algorithm_is_in_an_id_token,
    every_advertised_prompt_does_what_it_says,
    what_is_not_advertised_is_not_supported,
    a_resource_describes_itself,
    each_resource_has_documents_of_its_own,
    the_issuer_is_the_same_bytes_everywhere,
    another_host_name_is_not_answered,
    pages_of_other_sites_may_call_the_protocol,
    pages_of_other_sites_may_read_refusals,
    only_public_keys_are_published,
    the_documents_change_nothing_and_take_no_other_method,
}
