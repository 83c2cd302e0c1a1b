//! What every page has in common: headers, escaping, error pages with a reference.

use reqwest::{Method, Response};
use serde_json::json;

use gatepost::store::links::LinkPurpose;

use super::link;
use crate::on_both;
use crate::support::{EMAIL, Form, OAuthClient, PASSWORD, TestApp, location};

const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}";

fn check_headers(path: &str, response: &Response) {
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .unwrap_or_else(|| panic!("{path}: no {name}"))
            .to_str()
            .unwrap()
            .to_owned()
    };
    let policy = header("content-security-policy");
    for directive in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "script-src 'self'"]
    {
        assert!(policy.contains(directive), "{path}: {policy}");
    }
    for forbidden in ["unsafe", "form-action", "*", "http:", "data:"] {
        assert!(!policy.contains(forbidden), "{path}: {policy}");
    }
    assert_eq!(header("x-frame-options"), "DENY", "{path}");
    assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(header("referrer-policy"), "same-origin", "{path}");
    assert_eq!(header("cache-control"), "no-store", "{path}");
    assert_eq!(header("content-type"), "text/html; charset=utf-8", "{path}");
    assert!(!response.headers().contains_key("access-control-allow-origin"), "{path}");
}

/// Nothing in a page works that the policy would have to allow.
fn check_markup(path: &str, html: &str) {
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let tag = &rest[..rest.find('>').unwrap_or(rest.len())];
        assert!(!tag.starts_with("script") || tag.contains("src=\"/static/"), "{path}: <{tag}>");
        assert!(!tag.contains(" style=") && !tag.starts_with("style"), "{path}: <{tag}>");
        assert!(!tag.contains("javascript:"), "{path}: <{tag}>");
        let handler = regex_lite::Regex::new(r#"^[^"]*(?:"[^"]*"[^"]*)*\son\w+="#).unwrap();
        assert!(!handler.is_match(tag), "{path}: <{tag}>");
    }
}

/// An authorization request of a client, after the person has signed in: its consent page.
async fn consent_page(app: &TestApp, client: &OAuthClient) -> String {
    let browser = app.signed_in().await;
    let consent = location(&browser.get(&client.authorize_url("search:read")).await);
    browser.page(&consent).await
}

async fn every_page_carries_the_security_headers(app: TestApp) {
    let (browser, client, stranger) = (app.signed_in().await, app.client().await, app.browser());
    let consent = location(&browser.get(&client.authorize_url("search:read offline_access")).await);
    let login = location(&stranger.get(&client.authorize_url("search:read")).await);
    let reset = link(&app, LinkPurpose::Reset, Some(&app.user.id)).await;
    let setup = link(&app, LinkPurpose::Setup, None).await;
    for (path, status) in [
        ("/", 200),
        ("/account", 200),
        ("/logout", 200),
        (consent.as_str(), 200),
        ("/login?switch=1", 200),
        (reset.as_str(), 200),
        ("/reset?token=x", 410),
        ("/setup?token=x", 410),
        ("/no/such/page", 404),
        ("/static/../Cargo.toml", 404),
        ("/oauth/authorize", 400),
        ("/oauth/authorize?client_id=nobody", 400),
        ("/consent", 400),
    ] {
        let response = browser.get(path).await;
        assert_eq!(response.status(), status, "{path}");
        check_headers(path, &response);
        check_markup(path, &response.text().await.unwrap());
    }
    for path in [login.as_str(), "/", "/logout"] {
        let response = stranger.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        check_headers(path, &response);
        check_markup(path, &response.text().await.unwrap());
    }
    let response = stranger.get(&setup).await;
    check_headers("/setup", &response);
    check_markup("/setup", &response.text().await.unwrap());
}

async fn redirects_and_refusals_are_not_kept_by_any_cache(app: TestApp) {
    let browser = app.browser();
    let form = Form::read(&browser.page("/login").await).set("email", EMAIL);
    let refused = browser.send(&form.clone().set("password", "wrong")).await;
    check_headers("/login", &refused);
    let stale = browser.send(&form.clone().without("csrf")).await;
    check_headers("/login", &stale);
    let response = browser.send(&form.set("password", PASSWORD)).await;
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    let stale = browser.send(&Form { action: "/logout".to_owned(), fields: Vec::new() }).await;
    assert_eq!(stale.status(), 403);
    check_headers("/logout", &stale);
}

async fn a_hostile_client_is_shown_as_text(app: TestApp) {
    let metadata = json!({ "client_name": HOSTILE, "client_uri": "https://evil.example/?x=<script>\"'",
        "redirect_uris": [crate::support::REDIRECT_URI] });
    let client = OAuthClient::register_with(&app, metadata).await;
    let login = location(&app.browser().get(&client.authorize_url("search:read")).await);
    let login_page = app.browser().page(&login).await;
    let consent_page = consent_page(&app, &client).await;
    for page in [&login_page, &consent_page] {
        check_markup("hostile", page);
        assert!(!page.contains("<script>") && !page.contains("<img src=x"), "{page}");
        assert!(page.contains("alert(1)"), "the name is shown all the same");
        assert!(page.contains("{{7*7}}") && !page.contains("49}"), "and not computed");
    }
}

async fn a_name_cannot_pass_for_more_than_it_is(app: TestApp) {
    for name in ["Good\u{202e}elcitra", "Good\u{2066}x\u{2069}", "a\u{200b}b", "Zero\u{feff}width", "x\ny"] {
        let metadata = json!({ "client_name": name, "redirect_uris": [crate::support::REDIRECT_URI] });
        let answer = app.http().post(app.at("/oauth/register")).json(&metadata).send().await.unwrap();
        if answer.status() != 201 {
            assert_eq!(answer.status(), 400, "{name:?}");
            continue;
        }
        let client = OAuthClient::register_with(&app, metadata).await;
        let page = consent_page(&app, &client).await;
        for invisible in ['\u{202e}', '\u{2066}', '\u{2069}', '\u{200b}', '\u{feff}'] {
            assert!(!page.contains(invisible), "{name:?}");
        }
    }
    let client = OAuthClient::register(&app, "Claude").await;
    let page = consent_page(&app, &client).await;
    assert!(page.contains("127.0.0.1"), "where access goes is always named: {page}");
    assert!(page.contains(EMAIL), "and who gives it");
}

async fn what_was_typed_comes_back_as_text(app: TestApp) {
    let browser = app.browser();
    let form = Form::read(&browser.page("/login").await).set("email", HOSTILE).set("password", "x");
    let page = browser.send(&form).await.text().await.unwrap();
    check_markup("typed", &page);
    assert!(!page.contains("<script>alert"));
    let hint = serde_urlencoded::to_string([("login_hint", HOSTILE)]).unwrap();
    let client = app.client().await;
    let url = format!("{}&{hint}", client.authorize_url("search:read"));
    let page = browser.page(&location(&browser.get(&url).await)).await;
    check_markup("hint", &page);
    let query = serde_urlencoded::to_string([("client_id", HOSTILE), ("redirect_uri", HOSTILE)]).unwrap();
    let response = browser.get(&format!("/oauth/authorize?{query}")).await;
    assert_eq!(response.status(), 400);
    check_markup("error", &response.text().await.unwrap());
    let response = browser.get("/%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert_eq!(response.status(), 404);
    assert!(!response.text().await.unwrap().contains("alert(1)"));
}

async fn an_error_page_has_a_reference_that_finds_the_event(app: TestApp) {
    let browser = app.browser();
    let response = browser.get("/oauth/authorize?client_id=cli_nobody&response_type=code").await;
    assert_eq!(response.status(), 400);
    let page = response.text().await.unwrap();
    assert!(page.contains("This app is not known here"), "{page}");
    let start = page.find("<code id=\"reference\">").unwrap() + "<code id=\"reference\">".len();
    let reference = &page[start..start + page[start..].find('<').unwrap()];
    assert_eq!(reference.len(), 10);
    app.core.oauth.audit.flush().await;
    let events = app.core.oauth.store.list_events("", 1_000).await.unwrap();
    let event = events.iter().find(|e| e.reference.as_deref() == Some(reference)).unwrap();
    assert_eq!((event.kind.as_str(), event.reason.as_str()), ("authorization.requested", "unknown_client"));
    assert_eq!(event.client_id.as_deref(), Some("cli_nobody"));
    assert_eq!(event.address.as_deref(), Some("127.0.0.1"));
}

async fn a_nul_character_breaks_nothing(app: TestApp) {
    // Postgres stores no text that holds one.
    let (browser, client) = (app.signed_in().await, app.client().await);
    for name in ["state", "nonce", "login_hint", "scope", "claims", "x"] {
        let url = format!("{}&{name}=a%00b", client.authorize_url("search:read"));
        let response = browser.get(&url).await;
        assert!(!response.status().is_server_error(), "{name}: {}", response.status());
        let next = response.headers().get("location").map(|l| l.to_str().unwrap().to_owned());
        if let Some(consent) = next.filter(|l| l.starts_with("/consent?")) {
            let form = Form::read(&browser.page(&consent).await).set("decision", "allow");
            let status = browser.send(&form).await.status();
            assert!(!status.is_server_error(), "{name}: {status}");
        }
    }
    for path in
        ["/oauth/authorize?client_id=a%00b", "/setup?token=lnk_%00_%00", "/a%00b", "/login?return_to=/%00"]
    {
        let status = browser.get(path).await.status();
        assert!(!status.is_server_error(), "{path}: {status}");
    }
    for name in ["client_name", "client_uri", "software_id", "software_version", "scope", "contacts"] {
        let mut metadata = json!({ "redirect_uris": [crate::support::REDIRECT_URI] });
        metadata[name] = if name == "contacts" { json!(["a\u{0}b"]) } else { json!("a\u{0}b") };
        let answer = app.http().post(app.at("/oauth/register")).json(&metadata).send().await.unwrap();
        assert!(!answer.status().is_server_error(), "{name}: {}", answer.status());
    }
    for (email, password) in [("a\u{0}@example.com", "x"), (EMAIL, "a\u{0}b")] {
        let form = Form::read(&browser.page("/login?switch=1").await);
        let response = browser.send(&form.set("email", email).set("password", password)).await;
        assert!(response.status().is_client_error(), "{}", response.status());
    }
    let token = [("grant_type", "a\u{0}b"), ("client_id", "a\u{0}b"), ("code", "cod_\u{0}_x")];
    let answer = app.http().post(app.at("/oauth/token")).form(&token).send().await.unwrap();
    assert!(answer.status().is_client_error(), "{}", answer.status());
    app.core.oauth.audit.flush().await;
    assert!(!app.core.oauth.store.list_events("", 1_000).await.unwrap().is_empty());
}

async fn no_page_knows_another_method(app: TestApp) {
    for path in ["/", "/login", "/logout", "/consent", "/setup", "/reset", "/account"] {
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::TRACE] {
            let response = app.http().request(method.clone(), app.at(path)).send().await.unwrap();
            assert!(response.status().is_client_error(), "{method} {path}: {}", response.status());
        }
    }
    for path in ["/", "/account"] {
        let response = app.http().post(app.at(path)).body("x").send().await.unwrap();
        assert!(response.status().is_client_error(), "POST {path}: {}", response.status());
    }
}

async fn a_page_asked_for_under_another_name_is_not_served(app: TestApp) {
    for path in ["/", "/login", "/account", "/oauth/authorize", "/no/such/page"] {
        let request = app.http().get(app.at(path)).header("host", "evil.example");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 403, "{path}");
        assert!(response.headers().get_all("set-cookie").iter().next().is_none());
    }
    for path in ["/healthz", "/readyz"] {
        let request = app.http().get(app.at(path)).header("host", "10.0.0.7:10000");
        assert_eq!(request.send().await.unwrap().status(), 200, "{path}: probes use any name");
    }
}

async fn static_files_are_served_and_nothing_beside_them(app: TestApp) {
    let browser = app.browser();
    for path in
        ["/static/app.css", "/static/app.js", "/static/logo.svg", "/static/favicon.svg", "/favicon.ico"]
    {
        let response = browser.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }
    for path in [
        "/static/",
        "/static/x",
        "/static/..%2f..%2fCargo.toml",
        "/static/%2e%2e%2fCargo.toml",
        "/static/....//Cargo.toml",
        "/static/app.css%00",
        "/.env",
        "/gatepost.db",
    ] {
        assert_eq!(browser.get(path).await.status(), 404, "{path}");
    }
}

on_both! {
    every_page_carries_the_security_headers,
    redirects_and_refusals_are_not_kept_by_any_cache,
    a_hostile_client_is_shown_as_text,
    a_name_cannot_pass_for_more_than_it_is,
    what_was_typed_comes_back_as_text,
    an_error_page_has_a_reference_that_finds_the_event,
    a_nul_character_breaks_nothing,
    no_page_knows_another_method,
    a_page_asked_for_under_another_name_is_not_served,
    static_files_are_served_and_nothing_beside_them,
}
