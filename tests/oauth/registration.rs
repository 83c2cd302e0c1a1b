//! `src/oauth/registration.rs`, row by row, and what becomes of registered clients.

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::{REDIRECT_URI, ask, header, status_and_json, text_of};
use crate::support::{Database, OAuthClient, TestApp, json_of};
use crate::{on_both, on_each};

async fn post(app: &TestApp, metadata: &Value) -> Response {
    app.http().post(app.at("/oauth/register")).json(metadata).send().await.unwrap()
}

/// Sends these bytes as JSON.
async fn post_text(app: &TestApp, body: impl Into<String>) -> Response {
    let request = app.http().post(app.at("/oauth/register")).header("content-type", "application/json");
    request.body(body.into()).send().await.unwrap()
}

/// A registration that must work; no answer has a null anywhere.
async fn registered(app: &TestApp, metadata: Value) -> Value {
    let (status, body) = status_and_json(post(app, &metadata).await).await;
    assert_eq!(status, 201, "{metadata} gives {body}");
    assert!(!has_null(&body), "{body}");
    body
}

/// A registration that must be refused without a trace; returns the error and what is said about it.
async fn refused(app: &TestApp, metadata: &Value) -> (String, String) {
    let before = app.db_rows().await;
    let (status, body) = status_and_json(post(app, metadata).await).await;
    assert_eq!(status, 400, "{metadata} gives {body}");
    assert_eq!(app.db_rows().await, before);
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    (text("error"), text("error_description"))
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}

/// The least a client can say, and more.
fn with(more: Value) -> Value {
    let mut metadata = json!({ "redirect_uris": [REDIRECT_URI], "client_name": "Test app" });
    let Value::Object(more) = more else { panic!("not an object: {more}") };
    metadata.as_object_mut().unwrap().extend(more);
    metadata
}

async fn managed(app: &TestApp, method: reqwest::Method, body: &Value, token: &str) -> Response {
    let uri = body["registration_client_uri"].as_str().unwrap();
    app.http().request(method, uri).bearer_auth(token).send().await.unwrap()
}

async fn a_public_client_gets_the_effective_values(app: TestApp) {
    let answer = post(&app, &json!({ "redirect_uris": [REDIRECT_URI] })).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(header(&answer, "cache-control"), "no-store");
    assert_eq!(header(&answer, "content-type"), "application/json");
    let body = json_of(answer).await;
    assert!(body["client_id"].as_str().unwrap().starts_with("cli_"));
    assert_eq!(
        body,
        json!({
            "client_id": body["client_id"],
            "client_id_issued_at": app.clock.now(),
            "client_name": "",
            "redirect_uris": [REDIRECT_URI],
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "scope": "",
        })
    );
}

async fn identical_public_registrations_share_an_id(app: TestApp) {
    let first = registered(&app, with(json!({}))).await;
    let before = app.db_rows().await;
    let again = registered(&app, with(json!({}))).await;
    assert_eq!(again["client_id"], first["client_id"]);
    let moved = registered(&app, with(json!({ "redirect_uris": ["http://127.0.0.1:50123/callback"] }))).await;
    assert_eq!(moved["client_id"], first["client_id"], "the loopback port is free");
    assert_eq!(moved["redirect_uris"], json!(["http://127.0.0.1:50123/callback"]), "what it asked for");
    assert_eq!(app.db_rows().await, before, "nothing new is stored");
    let id = first["client_id"].as_str().unwrap();
    let counted = app.core.oauth.store.find_managed_client(id).await.unwrap().unwrap();
    assert_eq!(counted.registrations, 3);
    for different in [
        json!({ "client_name": "Test App" }),
        json!({ "redirect_uris": ["http://localhost:7777/callback"] }),
        json!({ "redirect_uris": ["http://127.0.0.1:7777/other"] }),
        json!({ "redirect_uris": [REDIRECT_URI, "https://app.example/cb"] }),
        json!({ "redirect_uris": ["https://app.example:8443/cb"] }),
        json!({ "redirect_uris": ["https://app.example:8444/cb"] }),
        json!({ "scope": "search:read" }),
        json!({ "client_uri": "https://app.example" }),
        json!({ "software_id": "1" }),
    ] {
        let other = registered(&app, with(different.clone())).await;
        assert_ne!(other["client_id"], first["client_id"], "{different}");
    }
    let uris = ["https://a.example/", "https://b.example/"];
    let one = registered(&app, with(json!({ "redirect_uris": uris }))).await;
    let turned = registered(&app, with(json!({ "redirect_uris": [uris[1], uris[0]] }))).await;
    assert_eq!(one["client_id"], turned["client_id"], "the order says nothing");
}

async fn a_confidential_client_gets_an_id_of_its_own_and_a_secret(app: TestApp) {
    let mut ids = Vec::new();
    for method in ["client_secret_post", "client_secret_basic", "client_secret_post"] {
        let body = registered(&app, with(json!({ "token_endpoint_auth_method": method }))).await;
        assert_eq!(body["token_endpoint_auth_method"], method);
        assert_eq!(body["client_secret_expires_at"], 0);
        let id = body["client_id"].as_str().unwrap().to_owned();
        assert_eq!(body["registration_client_uri"], app.at(&format!("/oauth/register/{id}")));
        let rows = app.db_rows().await;
        for name in ["client_secret", "registration_access_token"] {
            let secret = body[name].as_str().unwrap();
            assert!(secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'), "{secret}");
            assert!(!rows.contains(&secret[31..]), "{name} is stored in clear");
        }
        assert!(!ids.contains(&id));
        ids.push(id);
    }
}

async fn unsupported_auth_methods_count_as_not_asked_for(app: TestApp) {
    for method in ["client_secret_jwt", "tls_client_auth", "", "NONE"] {
        let body = registered(&app, with(json!({ "token_endpoint_auth_method": method }))).await;
        assert_eq!(body["token_endpoint_auth_method"], "none", "{method}");
        assert_eq!(body.get("client_secret"), None);
        assert_eq!(body.get("registration_access_token"), None, "nobody may manage a shared id");
    }
}

async fn unsupported_grant_and_response_types_are_dropped(app: TestApp) {
    let both = json!(["authorization_code", "refresh_token"]);
    for (member, value) in [
        ("grant_types", json!(["authorization_code", "implicit", "client_credentials"])),
        ("grant_types", json!(["authorization_code"])),
        ("grant_types", json!(["refresh_token", "urn:ietf:params:oauth:grant-type:saml2-bearer"])),
        ("grant_types", json!([])),
        ("response_types", json!(["code", "token", "code id_token"])),
        ("response_types", json!([])),
    ] {
        let body = registered(&app, with(json!({ member: value }))).await;
        assert_eq!((&body["grant_types"], &body["response_types"]), (&both, &json!(["code"])), "{value}");
    }
    for (member, value) in [
        ("grant_types", json!(["client_credentials"])),
        ("grant_types", json!(["implicit", "password"])),
        ("response_types", json!(["token"])),
    ] {
        let (error, text) = refused(&app, &with(json!({ member: value }))).await;
        assert_eq!(error, "invalid_client_metadata");
        assert!(text.starts_with(member), "{text}");
    }
}

async fn the_registered_scope_is_no_ceiling(app: TestApp) {
    for (asked, echoed) in
        [("", ""), ("search:read offline_access", "offline_access search:read"), ("x y", "x y")]
    {
        let body = registered(&app, with(json!({ "scope": asked }))).await;
        assert_eq!(body["scope"], echoed);
    }
    for bad in ["b\u{e4}d", "quo\"te", &"s".repeat(129)] {
        assert_eq!(refused(&app, &with(json!({ "scope": bad }))).await.0, "invalid_client_metadata");
    }
    let browser = app.signed_in().await;
    let client = OAuthClient::register_with(&app, with(json!({ "scope": "email" }))).await;
    assert_eq!(client.log_in(&browser, "search:read").await.scope, "search:read");
}

async fn redirect_uris_are_needed_and_bounded(app: TestApp) {
    let many = |n: usize| (0..n).map(|i| format!("https://app.example/{i}")).collect::<Vec<_>>();
    registered(&app, with(json!({ "redirect_uris": many(16) }))).await;
    for (metadata, text) in [
        (with(json!({ "redirect_uris": many(17) })), "redirect_uris has more than 16 entries"),
        (with(json!({ "redirect_uris": [] })), "redirect_uris is missing or empty"),
        (json!({ "client_name": "Test app" }), "redirect_uris is missing or empty"),
        (json!({}), "redirect_uris is missing or empty"),
    ] {
        assert_eq!(refused(&app, &metadata).await, ("invalid_redirect_uri".to_owned(), text.to_owned()));
    }
}

async fn a_bad_redirect_uri_is_named(app: TestApp) {
    let long = format!("https://app.example/{}", "x".repeat(2048));
    for (uri, problem) in [
        ("javascript:alert(1)", "has a scheme that a browser would run rather than visit"),
        ("DATA:text/html,x", "has a scheme that a browser would run rather than visit"),
        ("file:///etc/passwd", "has a scheme that a browser would run rather than visit"),
        ("vbscript:x", "has a scheme that a browser would run rather than visit"),
        ("blob:https://app.example/1", "has a scheme that a browser would run rather than visit"),
        ("https://app.example/#part", "has a fragment"),
        ("https://user:word@app.example/", "has a user name or password"),
        ("http://app.example/", "uses http for a host other than localhost, 127.0.0.1 or [::1]"),
        ("http://192.168.0.1/", "uses http for a host other than localhost, 127.0.0.1 or [::1]"),
        ("http://localhost.evil.example/", "uses http for a host other than localhost, 127.0.0.1 or [::1]"),
        ("https:app.example/", "must spell its scheme in lower case, followed by ://"),
        ("HTTPS://app.example/", "must spell its scheme in lower case, followed by ://"),
        ("app:callback", "must spell its scheme in lower case, followed by ://"),
        ("ms-msdt:/id", "has a scheme that a browser would run rather than visit"),
        ("/callback", "is not an absolute URI"),
        ("", "is not an absolute URI"),
        ("https://app.example/ x", "has characters that must be percent-encoded"),
        ("https://app.example/\r\nx: y", "has characters that must be percent-encoded"),
        ("https://app.example/\u{0}", "has characters that must be percent-encoded"),
        ("https://*.app.example/", "has a wildcard"),
        (long.as_str(), "is longer than 2048 bytes"),
    ] {
        let uris = [REDIRECT_URI, "cursor://anysphere.cursor-mcp/oauth/callback", uri];
        let uris = json!({ "redirect_uris": uris });
        let (error, text) = refused(&app, &with(uris)).await;
        assert_eq!(error, "invalid_redirect_uri");
        assert_eq!(text, format!("redirect_uris[2] {problem}"), "{uri}");
    }
}

async fn a_name_is_shown_as_text_and_nothing_else(app: TestApp) {
    let browser = app.signed_in().await;
    let name = "<script>alert(1)</script>\u{202e}moc.live & \"\u{1f511}\" {{ 7*7 }}";
    let client = OAuthClient::register_with(&app, with(json!({ "client_name": name }))).await;
    let consent = ask(&client, &[]).replacen("/oauth/authorize", "/consent", 1);
    let page = browser.page(&consent).await;
    assert!(!page.contains("<script>alert") && !page.contains('\u{202e}'), "{page}");
    assert!(text_of(&page).contains("\u{fffd}moc.live"), "{page}");
    let client = OAuthClient::register_with(&app, with(json!({ "client_name": " \n " }))).await;
    let page = browser.page(&ask(&client, &[]).replacen("/oauth/authorize", "/consent", 1)).await;
    assert!(text_of(&page).contains("An app without a name"), "{page}");
}

async fn descriptive_values_are_bounded(app: TestApp) {
    for (member, value) in [
        ("client_name", "n".repeat(10_000)),
        ("client_name", "a\u{0}b".to_owned()),
        ("client_name", "\u{1f511}".repeat(201)),
        ("client_uri", "javascript:alert(1)".to_owned()),
        ("client_uri", "app.example".to_owned()),
        ("logo_uri", "data:image/png;base64,AA==".to_owned()),
        ("tos_uri", format!("https://app.example/{}", "x".repeat(2048))),
        ("policy_uri", "file:///etc/passwd".to_owned()),
        ("software_id", "s".repeat(2049)),
        ("software_id", "a\u{0}b".to_owned()),
        ("software_version", "v".repeat(2049)),
    ] {
        let (error, text) = refused(&app, &with(json!({ member: value }))).await;
        assert_eq!(error, "invalid_client_metadata", "{member}");
        assert!(text.starts_with(member), "{text}");
    }
    let longest = "\u{1f511}".repeat(200);
    let body = registered(&app, with(json!({ "client_name": longest, "logo_uri": "", "tos_uri": "" }))).await;
    assert_eq!(body["client_name"], longest);
    assert_eq!((body.get("logo_uri"), body.get("tos_uri")), (None, None));
}

async fn what_is_unknown_or_null_is_ignored(app: TestApp) {
    let plain = registered(&app, with(json!({}))).await;
    let more = json!({
        "software_statement": "eyJhbGciOiJub25lIn0.e30.", "jwks": { "keys": [] }, "x": [1, null],
        "client_name#de": "Testprogramm", "client_uri": null, "logo_uri": null, "scope": null,
        "grant_types": null, "token_endpoint_auth_method": null, "contacts": null,
        "client_id": "cli_mine", "client_secret": "x",
    });
    let body = registered(&app, with(more)).await;
    assert_eq!(body, plain);
}

async fn a_body_that_is_no_metadata_is_refused(app: TestApp) {
    let before = app.db_rows().await;
    let good = json!({ "redirect_uris": [REDIRECT_URI] }).to_string();
    for body in [
        "",
        "{",
        "null",
        "1",
        "\"text\"",
        "[]",
        &good[..good.len() - 1],
        &format!("{good}{good}"),
        "\u{feff}{}",
        r#"{"redirect_uris":"https://app.example/"}"#,
        r#"{"redirect_uris":["https://app.example/",1]}"#,
        r#"{"redirect_uris":["https://app.example/"],"client_name":{"a":1}}"#,
        r#"{"redirect_uris":["https://app.example/"],"redirect_uris":["https://evil.example/"]}"#,
    ] {
        let (status, answer) = status_and_json(post_text(&app, body).await).await;
        assert_eq!(status, 400, "{body}");
        let error = answer["error"].as_str().unwrap();
        assert!(
            ["invalid_client_metadata", "invalid_redirect_uri"].contains(&error),
            "{body} gives {answer}"
        );
    }
    for kind in ["application/x-www-form-urlencoded", "text/plain", "application/jsonp", ""] {
        let request = app.http().post(app.at("/oauth/register")).header("content-type", kind);
        let (status, answer) = status_and_json(request.body(good.clone()).send().await.unwrap()).await;
        assert_eq!((status, &answer["error"]), (400, &json!("invalid_client_metadata")), "{kind}");
    }
    let (status, answer) = status_and_json(post_text(&app, " ".repeat(65_537)).await).await;
    assert_eq!((status, &answer["error"]), (413, &json!("invalid_request")));
    assert_eq!(app.db_rows().await, before);
    let kind = "Application/JSON; charset=utf-8";
    let request = app.http().post(app.at("/oauth/register")).header("content-type", kind);
    assert_eq!(request.body(good).send().await.unwrap().status(), StatusCode::CREATED);
}

async fn what_real_clients_send_is_accepted(app: TestApp) {
    let loopback = "http://localhost:3118/callback";
    for metadata in [
        json!({ "client_name": "Claude", "redirect_uris": ["https://claude.ai/api/mcp/auth_callback"],
                "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
                "token_endpoint_auth_method": "client_secret_post", "scope": "search:read" }),
        json!({ "client_name": "Visual Studio Code", "client_uri": "https://code.visualstudio.com",
                "redirect_uris": ["https://insiders.vscode.dev/redirect", "https://vscode.dev/redirect",
                                  "http://127.0.0.1/", "http://127.0.0.1:33418/"],
                "grant_types": ["authorization_code", "refresh_token",
                                "urn:ietf:params:oauth:grant-type:device_code"],
                "response_types": ["code"], "token_endpoint_auth_method": "none",
                "application_type": "native" }),
        json!({ "client_name": "Cursor", "token_endpoint_auth_method": "none",
                "redirect_uris": ["cursor://anysphere.cursor-mcp/oauth/callback",
                                  "https://www.cursor.com/agents/mcp/oauth/callback",
                                  "http://localhost:8787/callback"] }),
        json!({ "client_name": "MCP Inspector", "redirect_uris": ["http://localhost:6274/oauth/callback"],
                "client_uri": "https://github.com/modelcontextprotocol/inspector", "scope": "",
                "token_endpoint_auth_method": "none", "application_type": "native" }),
        json!({ "client_name": "Python", "redirect_uris": [loopback], "response_types": ["code"],
                "scope": "mcp:read offline_access", "application_type": "native",
                "grant_types": ["authorization_code", "refresh_token"] }),
    ] {
        let body = registered(&app, metadata.clone()).await;
        assert_eq!(body["redirect_uris"], metadata["redirect_uris"]);
        let method = metadata["token_endpoint_auth_method"].as_str().unwrap_or("none");
        assert_eq!(body["token_endpoint_auth_method"], method);
        assert!(body["client_id_issued_at"].is_number());
    }
}

async fn a_confidential_client_reads_its_registration(app: TestApp) {
    let made = registered(&app, with(json!({ "token_endpoint_auth_method": "client_secret_basic" }))).await;
    let token = made["registration_access_token"].as_str().unwrap();
    let answer = managed(&app, reqwest::Method::GET, &made, token).await;
    assert_eq!(header(&answer, "cache-control"), "no-store");
    let (status, body) = status_and_json(answer).await;
    assert_eq!(status, 200, "{body}");
    let mut expected = made.clone();
    for once in ["client_secret", "client_secret_expires_at"] {
        expected.as_object_mut().unwrap().remove(once);
    }
    assert_eq!(body, expected, "all but the secret, which is shown once");
}

async fn only_the_right_token_manages_a_registration(app: TestApp) {
    let secretive = json!({ "token_endpoint_auth_method": "client_secret_post" });
    let (made, other) =
        (registered(&app, with(secretive.clone())).await, registered(&app, with(secretive)).await);
    let public = registered(&app, with(json!({}))).await;
    let text = |body: &Value, name: &str| body[name].as_str().unwrap().to_owned();
    let token = text(&made, "registration_access_token");
    let forged = format!("{}x", &token[..token.len() - 1]);
    let secret = text(&made, "client_secret");
    let foreign = text(&other, "registration_access_token");
    let before = app.db_rows().await;
    for method in [reqwest::Method::GET, reqwest::Method::DELETE] {
        for wrong in [forged.as_str(), &secret, &foreign, "x"] {
            let answer = managed(&app, method.clone(), &made, wrong).await;
            assert!(header(&answer, "www-authenticate").starts_with("Bearer error=\"invalid_token\""));
            let (status, body) = status_and_json(answer).await;
            assert_eq!((status, &body["error"]), (401, &json!("invalid_token")), "{method} {wrong}");
        }
        for id in [text(&public, "client_id"), "cli_unknown".to_owned()] {
            let url = app.at(&format!("/oauth/register/{id}"));
            let answer = app.http().request(method.clone(), url).bearer_auth(&token).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method} {id}");
        }
        let bare = app.http().request(method.clone(), text(&made, "registration_client_uri"));
        assert_eq!(bare.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    let put = managed(&app, reqwest::Method::PUT, &made, &token).await;
    assert_eq!(put.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(app.db_rows().await, before);
}

async fn a_deleted_client_leaves_nothing_alive(app: TestApp) {
    let browser = app.signed_in().await;
    let made = registered(&app, with(json!({ "token_endpoint_auth_method": "client_secret_post" }))).await;
    let token = made["registration_access_token"].as_str().unwrap();
    let mut client = app.client().await;
    client.id = made["client_id"].as_str().unwrap().to_owned();
    client.secret = made["client_secret"].as_str().map(str::to_owned);
    let tokens = client.log_in(&browser, "openid").await;
    let userinfo = || app.http().get(app.at("/oauth/userinfo")).bearer_auth(&tokens.access).send();
    assert_eq!(userinfo().await.unwrap().status(), StatusCode::OK);
    let answer = managed(&app, reqwest::Method::DELETE, &made, token).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(answer.text().await.unwrap(), "");
    assert_eq!(userinfo().await.unwrap().status(), StatusCode::UNAUTHORIZED, "at once");
    assert_eq!(client.refused(&client.refreshing(&tokens.refresh)).await, "invalid_client");
    assert_eq!(browser.get(&ask(&client, &[])).await.status(), StatusCode::BAD_REQUEST);
    for method in [reqwest::Method::GET, reqwest::Method::DELETE] {
        let again = managed(&app, method, &made, token).await;
        assert_eq!(again.status(), StatusCode::UNAUTHORIZED);
    }
    assert_eq!(app.audit_reasons("client.deleted").await, ["ok"]);
}

async fn a_disabled_client_does_not_come_back(app: TestApp) {
    let browser = app.signed_in().await;
    let client = app.client().await;
    let tokens = client.log_in(&browser, "openid").await;
    assert!(app.core.oauth.store.disable_client(client.id.clone(), app.clock.now()).await.unwrap());
    app.sync().await;
    let before = app.db_rows().await;
    for uri in [REDIRECT_URI, "http://127.0.0.1:50123/callback"] {
        let again = json!({ "client_name": "Test app", "redirect_uris": [uri] });
        let (status, body) = status_and_json(post(&app, &again).await).await;
        assert_eq!((status, &body["error"]), (403, &json!("access_denied")), "{body}");
        assert_eq!(body.get("client_id"), None);
    }
    assert_eq!(app.db_rows().await, before);
    assert_eq!(client.refused(&client.refreshing(&tokens.refresh)).await, "invalid_client");
    let userinfo = app.http().get(app.at("/oauth/userinfo")).bearer_auth(&tokens.access);
    assert_eq!(userinfo.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

on_both! {
    a_public_client_gets_the_effective_values,
    identical_public_registrations_share_an_id,
    a_confidential_client_gets_an_id_of_its_own_and_a_secret,
    unsupported_auth_methods_count_as_not_asked_for,
    unsupported_grant_and_response_types_are_dropped,
    the_registered_scope_is_no_ceiling,
    redirect_uris_are_needed_and_bounded,
    a_bad_redirect_uri_is_named,
    a_name_is_shown_as_text_and_nothing_else,
    descriptive_values_are_bounded,
    what_is_unknown_or_null_is_ignored,
    a_body_that_is_no_metadata_is_refused,
    what_real_clients_send_is_accepted,
    a_confidential_client_reads_its_registration,
    only_the_right_token_manages_a_registration,
    a_deleted_client_leaves_nothing_alive,
    a_disabled_client_does_not_come_back,
}

async fn too_many_registrations_wait(database: Database) {
    let settings = [("GATEPOST_REGISTRATION__PER_MINUTE_PER_ADDRESS", "3")];
    let app = TestApp::start_with(database, &settings).await;
    for _ in 0..3 {
        registered(&app, with(json!({}))).await;
    }
    let before = app.db_rows().await;
    let answer = post(&app, &with(json!({}))).await;
    let wait: u64 = header(&answer, "retry-after").parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    assert_eq!(header(&answer, "cache-control"), "no-store");
    let (status, body) = status_and_json(answer).await;
    assert_eq!((status, &body["error"]), (429, &json!("temporarily_unavailable")));
    let forged = app.http().post(app.at("/oauth/register")).header("x-forwarded-for", "192.0.2.9");
    let answer = forged.json(&with(json!({}))).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS, "nobody vouches for that address");
    assert_eq!(app.db_rows().await, before);
}

async fn behind_a_trusted_proxy_each_caller_has_a_budget_of_its_own(database: Database) {
    let settings = [
        ("GATEPOST_REGISTRATION__PER_MINUTE_PER_ADDRESS", "2"),
        ("GATEPOST_LIMITS__TRUSTED_PROXIES", "127.0.0.1,10.0.0.0/8"),
    ];
    let app = TestApp::start_with(database, &settings).await;
    let from = async |forwarded: &str| {
        let request = app.http().post(app.at("/oauth/register")).json(&with(json!({})));
        request.header("x-forwarded-for", forwarded).send().await.unwrap().status().as_u16()
    };
    assert_eq!((from("192.0.2.1").await, from("192.0.2.1").await), (201, 201));
    assert_eq!(from("192.0.2.1").await, 429);
    assert_eq!(from("192.0.2.2").await, 201, "another caller");
    // What a caller writes stands to the left of what the proxies append.
    assert_eq!(from("198.51.100.7, 192.0.2.1").await, 429);
    assert_eq!(from("198.51.100.7, 192.0.2.1, 10.1.2.3").await, 429, "a second trusted proxy");
    assert_eq!(from("10.9.9.9, 192.0.2.1").await, 429, "a trusted address that the caller invents");
    assert_eq!(from("192.0.2.1, 192.0.2.3").await, 201, "the one the proxy saw counts");
    app.core.oauth.audit.flush().await;
    let events = app.core.oauth.store.list_events("", 1_000).await.unwrap();
    let refused: Vec<_> =
        events.iter().filter(|e| e.kind == "client.registered" && e.outcome == "refused").collect();
    assert_eq!(refused.len(), 4);
    assert!(refused.iter().all(|e| e.reason == "rate_limited" && e.address.as_deref() == Some("192.0.2.1")));
}

async fn registration_can_be_closed(database: Database) {
    let app = TestApp::start_with(database, &[("GATEPOST_REGISTRATION__ENABLED", "false")]).await;
    let before = app.db_rows().await;
    let (status, body) = status_and_json(post(&app, &with(json!({}))).await).await;
    assert_eq!((status, &body["error"]), (403, &json!("access_denied")), "{body}");
    assert_eq!(app.db_rows().await, before);
    let document = app.http().get(app.at("/.well-known/oauth-authorization-server")).send().await.unwrap();
    let document = json_of(document).await;
    assert_eq!(document.get("registration_endpoint"), None);
    assert_eq!(document["issuer"], app.url);
}

async fn the_size_of_a_registration_is_a_setting(database: Database) {
    let app = TestApp::start_with(database, &[("GATEPOST_REGISTRATION__BODY_LIMIT_BYTES", "1024")]).await;
    let good = with(json!({})).to_string();
    let fits = format!("{good}{}", " ".repeat(1024 - good.len()));
    assert_eq!(post_text(&app, fits.clone()).await.status(), StatusCode::CREATED);
    assert_eq!(post_text(&app, format!("{fits} ")).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

on_each! {
    too_many_registrations_wait,
    behind_a_trusted_proxy_each_caller_has_a_budget_of_its_own,
    registration_can_be_closed,
    the_size_of_a_registration_is_a_setting,
}
