//! `src/oauth/authorize.rs`, row by row, with the login in between.

use std::collections::HashMap;

use reqwest::StatusCode;

use super::{REDIRECT_URI, ask, authorize_url, decided, header, leads_to, part_of, registered_at, text_of};
use crate::on_both;
use crate::support::{Browser, EMAIL, Form, PASSWORD, TestApp, query_of};

/// The refusal the client is told of: never without `iss`, never with a code.
async fn told(app: &TestApp, browser: &Browser, url: &str) -> HashMap<String, String> {
    let before = app.db_rows().await;
    let response = browser.get(url).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER, "{url}");
    assert_eq!(header(&response, "cache-control"), "no-store");
    let location = header(&response, "location").to_owned();
    assert!(location.starts_with(&format!("{REDIRECT_URI}?error=")), "{url} leads to {location}");
    let answer = query_of(&location);
    assert_eq!(answer["iss"], app.url);
    assert!(!answer.contains_key("code"), "{location}");
    assert_eq!(app.db_rows().await, before, "{url}");
    answer
}

/// The page the person is shown because it is not known whom to tell.
async fn shown(app: &TestApp, browser: &Browser, url: &str) -> String {
    let before = app.db_rows().await;
    let response = browser.get(url).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{url}");
    assert_eq!(header(&response, "location"), "", "{url}");
    assert_eq!(header(&response, "content-type"), "text/html; charset=utf-8");
    assert_eq!(app.db_rows().await, before, "{url}");
    text_of(&response.text().await.unwrap())
}

async fn an_unknown_client_is_answered_on_a_page(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let long = "c".repeat(65);
    for id in [None, Some(""), Some("cli_0000000000000000000000000x"), Some("../x"), Some(long.as_str())] {
        let text = shown(&app, &browser, &ask(&client, &[("client_id", id)])).await;
        assert!(text.contains("What to do next"), "{text}");
    }
    let mut twice = client.params("search:read");
    twice.push(("client_id".to_owned(), client.id.clone()));
    let text = shown(&app, &browser, &authorize_url(&twice)).await;
    assert!(text.contains("client_id is given more than once"), "{text}");
    app.core.oauth.store.disable_client(client.id.clone(), app.clock.now()).await.unwrap();
    app.sync().await;
    let text = shown(&app, &browser, &ask(&client, &[])).await;
    assert!(text.contains("This app is not known here"), "{text}");
}

async fn a_foreign_redirect_uri_is_answered_on_a_page(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    for uri in [
        "https://evil.example/callback",
        "http://localhost:7777/callback",
        "http://[::1]:7777/callback",
        "https://127.0.0.1:7777/callback",
        "http://127.0.0.1:7777/callback/",
        "http://127.0.0.1:7777/Callback",
        "http://127.0.0.1:7777/callback?x=1",
        "http://127.0.0.1:7777/callback#x",
        "http://a@127.0.0.1:7777/callback",
        "http://127.0.0.1.evil.example:7777/callback",
        "http://127.0.0.1:7777/callback\n",
        "http://127.0.0.1:7777/x/../callback",
        "http://127.1:7777/callback",
        "http://2130706433:7777/callback",
        "HTTP://127.0.0.1:7777/callback",
        "http:127.0.0.1:7777/callback",
        "http:////127.0.0.1:7777/callback",
        "javascript:alert(1)",
        "not a uri",
    ] {
        shown(&app, &browser, &ask(&client, &[("redirect_uri", Some(uri))])).await;
    }
    let mut twice = client.params("search:read");
    twice.push(("redirect_uri".to_owned(), REDIRECT_URI.to_owned()));
    shown(&app, &browser, &authorize_url(&twice)).await;
}

async fn several_redirect_uris_leave_nothing_to_guess(app: TestApp) {
    let browser = app.signed_in().await;
    let client = registered_at(&app, &[REDIRECT_URI, "https://app.example/callback"]).await;
    for uri in [None, Some("")] {
        shown(&app, &browser, &ask(&client, &[("redirect_uri", uri)])).await;
    }
}

async fn the_only_redirect_uri_may_be_left_out(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let location = browser.allow(&ask(&client, &[("redirect_uri", None)])).await;
    assert!(location.starts_with(&format!("{REDIRECT_URI}?code=")), "{location}");
    client.tokens(&client.redemption(&query_of(&location)["code"])).await;
}

async fn a_refused_request_is_told_to_the_client(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let (challenge, long) = (client.challenge(), "x".repeat(4097));
    let longer = format!("{challenge}A");
    for (name, value, error) in [
        ("response_type", Some("token"), "unsupported_response_type"),
        ("response_type", Some("code id_token"), "unsupported_response_type"),
        ("code_challenge", None, "invalid_request"),
        ("code_challenge", Some(""), "invalid_request"),
        ("code_challenge", Some("a"), "invalid_request"),
        ("code_challenge", Some(&longer), "invalid_request"),
        ("code_challenge", Some(&challenge[..42]), "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("code_challenge_method", Some("s256"), "invalid_request"),
        ("code_challenge_method", None, "invalid_request"),
        ("request", Some("eyJhbGciOiJub25lIn0.e30."), "request_not_supported"),
        ("request_uri", Some("https://app.example/request"), "request_uri_not_supported"),
        ("response_mode", Some("fragment"), "invalid_request"),
        ("response_mode", Some("form_post"), "invalid_request"),
        ("resource", Some("https://elsewhere.example/mcp"), "invalid_target"),
        ("resource", Some("nonsense"), "invalid_target"),
        ("scope", Some("unknown:scope another"), "invalid_scope"),
        ("scope", Some("search:read b\u{e4}d"), "invalid_scope"),
        ("prompt", Some("none login"), "invalid_request"),
        ("max_age", Some("-1"), "invalid_request"),
        ("max_age", Some("soon"), "invalid_request"),
        ("nonce", Some(&long), "invalid_request"),
    ] {
        let answer = told(&app, &browser, &ask(&client, &[(name, value)])).await;
        assert_eq!(answer["error"], error, "{name}={value:?}: {answer:?}");
        assert_eq!(answer["state"], "st&te=1", "{name}={value:?}");
    }
}

async fn a_missing_response_type_is_told_to_the_client(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let answer = told(&app, &browser, &ask(&client, &[("response_type", None)])).await;
    assert!(["invalid_request", "unsupported_response_type"].contains(&answer["error"].as_str()));
}

async fn a_repeated_parameter_is_refused(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    for (name, value) in [
        ("response_type", "code"),
        ("state", "st&te=1"),
        ("state", "other"),
        ("code_challenge", &client.challenge()),
        ("code_challenge_method", "S256"),
        ("scope", "search:read"),
        ("nonce", "n"),
        ("prompt", "login"),
        ("max_age", "10"),
        ("login_hint", EMAIL),
        ("response_mode", "query"),
    ] {
        let mut params = client.params("search:read");
        if !params.iter().any(|(n, _)| n == name) {
            params.push((name.to_owned(), value.to_owned()));
        }
        params.push((name.to_owned(), value.to_owned()));
        let answer = told(&app, &browser, &authorize_url(&params)).await;
        assert_eq!(answer["error"], "invalid_request", "{name}");
        assert_eq!(answer["error_description"], format!("{name} is given more than once"));
    }
}

async fn a_resource_may_be_named_twice_but_not_two(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let mut params = client.params("search:read");
    params.push(("resource".to_owned(), app.at("/mcp/")));
    browser.allow(&authorize_url(&params)).await;
    params.push(("resource".to_owned(), "https://elsewhere.example/mcp".to_owned()));
    let answer = told(&app, &browser, &authorize_url(&params)).await;
    assert_eq!(answer["error"], "invalid_target");
}

async fn every_spelling_of_the_resource_gives_one_audience(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let (slash, numeric) = (app.at("/mcp/"), format!("http://{}/mcp", app.address));
    for resource in [None, Some(""), Some(slash.as_str()), Some(&numeric), Some(&app.url)] {
        let location = browser.allow(&ask(&client, &[("resource", resource)])).await;
        let tokens = client.tokens(&client.redemption(&query_of(&location)["code"])).await;
        let claims = part_of(&tokens.access, 1);
        assert_eq!(claims["aud"], app.at("/mcp"), "{resource:?}");
    }
}

async fn unknown_scopes_are_dropped_and_none_means_the_defaults(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    for (asked, granted) in [
        (Some("search:read unknown:scope"), "search:read"),
        (Some("offline_access unknown:scope"), "offline_access"),
        (Some("profile openid  email"), "email openid profile"),
        (Some(""), "search:read"),
        (None, "search:read"),
    ] {
        let location = browser.allow(&ask(&client, &[("scope", asked)])).await;
        let tokens = client.tokens(&client.redemption(&query_of(&location)["code"])).await;
        assert_eq!(tokens.scope, granted, "{asked:?}");
    }
}

async fn prompt_none_asks_nobody_anything(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let url = ask(&client, &[("prompt", Some("none"))]);
    assert_eq!(told(&app, &app.browser(), &url).await["error"], "login_required");
    assert_eq!(told(&app, &browser, &url).await["error"], "consent_required");
    client.log_in(&browser, "search:read").await;
    assert_eq!(told(&app, &browser, &url).await["error"], "consent_required");
    app.advance(41).await;
    let url = ask(&client, &[("prompt", Some("none")), ("max_age", Some("10"))]);
    assert_eq!(told(&app, &browser, &url).await["error"], "login_required");
}

async fn prompt_login_asks_for_a_new_login_once(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    for prompt in ["login", "select_account", "login consent"] {
        let login = leads_to(&browser, &ask(&client, &[("prompt", Some(prompt))])).await;
        assert!(login.starts_with("/login?return_to="), "{prompt} leads to {login}");
        let form = Form::read(&browser.page(&login).await).set("email", EMAIL).set("password", PASSWORD);
        let back = decided(&browser, &form).await;
        assert!(leads_to(&browser, &back).await.starts_with("/consent?"), "{prompt}");
    }
    for prompt in ["consent", "unheard_of"] {
        let consent = leads_to(&browser, &ask(&client, &[("prompt", Some(prompt))])).await;
        assert!(consent.starts_with("/consent?"), "{prompt} leads to {consent}");
    }
}

async fn acr_values_are_a_wish_that_changes_nothing(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    for wish in ["phr", "urn:gatepost:acr:multi-factor phr", "unheard_of", ""] {
        let url = ask(&client, &[("scope", Some("openid")), ("acr_values", Some(wish))]);
        let code = query_of(&browser.allow(&url).await)["code"].clone();
        let tokens = client.tokens(&client.redemption(&code)).await;
        let claims = part_of(tokens.body["id_token"].as_str().unwrap(), 1);
        assert_eq!(
            claims["acr"], "urn:gatepost:acr:single-factor",
            "{wish:?}: what was, not what was wished"
        );
    }
}

async fn max_age_asks_for_a_new_login_when_the_last_is_older(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let url = ask(&client, &[("max_age", Some("60"))]);
    app.advance(60).await;
    assert!(leads_to(&browser, &url).await.starts_with("/consent?"), "still fresh enough");
    app.advance(1).await;
    let login = leads_to(&browser, &url).await;
    assert!(login.starts_with("/login?"), "{login}");
    app.advance(600).await;
    let consent = url.replacen("/oauth/authorize", "/consent", 1);
    assert_eq!(leads_to(&browser, &consent).await, login, "the consent page is no way round it");
    let form = Form::read(&browser.page(&login).await).set("email", EMAIL).set("password", PASSWORD);
    let back = decided(&browser, &form).await;
    let location = browser.allow(&back).await;
    assert!(location.starts_with(&format!("{REDIRECT_URI}?code=")), "{location}");
}

async fn reading_takes_its_time_whatever_max_age_says(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    app.advance(31).await;
    let login = leads_to(&browser, &ask(&client, &[("max_age", Some("0"))])).await;
    let form = Form::read(&browser.page(&login).await).set("email", EMAIL).set("password", PASSWORD);
    let back = decided(&browser, &form).await;
    app.advance(1).await;
    let form = browser.consent_form(&back).await.set("decision", "allow");
    app.advance(120).await;
    let location = decided(&browser, &form).await;
    assert!(location.starts_with(&format!("{REDIRECT_URI}?code=")), "{location}");
}

async fn the_port_of_a_loopback_redirect_uri_is_free(app: TestApp) {
    let browser = app.signed_in().await;
    for (registered, presented) in [
        ("http://127.0.0.1:7777/callback", "http://127.0.0.1:51000/callback"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:51000/callback"),
        ("http://localhost/callback", "http://localhost:3118/callback"),
        ("http://[::1]:1/callback", "http://[::1]:2/callback"),
    ] {
        let client = registered_at(&app, &[registered]).await;
        let location = browser.allow(&ask(&client, &[("redirect_uri", Some(presented))])).await;
        assert!(location.starts_with(&format!("{presented}?code=")), "{location}");
        let code = query_of(&location)["code"].clone();
        let redeem = |uri: &str| {
            let mut params = client.redemption(&code);
            params.retain(|(n, _)| *n != "redirect_uri");
            params.push(("redirect_uri", uri.to_owned()));
            params
        };
        assert_eq!(client.refused(&redeem(registered)).await, "invalid_grant", "the code went elsewhere");
        client.tokens(&redeem(presented)).await;
    }
}

async fn the_port_of_any_other_redirect_uri_is_not(app: TestApp) {
    let browser = app.signed_in().await;
    let client = registered_at(&app, &["https://app.example/callback"]).await;
    let uri = Some("https://app.example:8443/callback");
    shown(&app, &browser, &ask(&client, &[("redirect_uri", uri)])).await;
}

async fn an_app_is_answered_at_its_own_scheme(app: TestApp) {
    let browser = app.signed_in().await;
    let uri = "cursor://anysphere.cursor-mcp/oauth/callback";
    let client = registered_at(&app, &[uri, "http://localhost:8787/callback"]).await;
    let location = browser.allow(&ask(&client, &[("redirect_uri", Some(uri))])).await;
    assert!(location.starts_with(&format!("{uri}?code=")), "{location}");
    let other = Some("cursor://anysphere.cursor-mcp/oauth/callback2");
    shown(&app, &browser, &ask(&client, &[("redirect_uri", other)])).await;
}

async fn the_answer_joins_an_existing_query(app: TestApp) {
    let browser = app.signed_in().await;
    let uri = "https://app.example/cb?tenant=1&empty=";
    let client = registered_at(&app, &[uri]).await;
    let location = browser.allow(&ask(&client, &[("redirect_uri", Some(uri))])).await;
    assert!(location.starts_with(&format!("{uri}&code=")), "{location}");
    let refused =
        leads_to(&browser, &ask(&client, &[("redirect_uri", Some(uri)), ("scope", Some("unknown"))])).await;
    assert!(refused.starts_with(&format!("{uri}&error=invalid_scope&")), "{refused}");
    let without = registered_at(&app, &["https://app.example/cb"]).await;
    shown(&app, &browser, &ask(&without, &[("redirect_uri", Some(uri))])).await;
}

async fn asking_changes_nothing(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let before = app.db_rows().await;
    let url = client.authorize_url("search:read");
    browser.consent_form(&url).await;
    app.browser().get(&url).await;
    let head = app.http().head(app.at(&url)).send().await.unwrap();
    assert!(!head.status().is_server_error());
    let form = app.http().post(app.at("/oauth/authorize")).form(&client.params("search:read"));
    let post = form.send().await.unwrap();
    assert!(header(&post, "location").starts_with("/login?return_to="), "as with GET");
    assert_eq!(app.db_rows().await, before);
}

async fn state_comes_back_byte_for_byte(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let longest = "s".repeat(2048);
    for state in [
        "plain",
        "a b+c%20d&e=f#g?h/i",
        "\"<script>\\';--",
        "\u{e9}\u{4e16}\u{1f511}\u{202e}",
        "\r\n\t\u{7f}",
        "{\"a\":[1]}",
        " ",
        "%00",
        &longest,
    ] {
        let refused = ask(&client, &[("state", Some(state)), ("prompt", Some("none"))]);
        assert_eq!(told(&app, &browser, &refused).await["state"], state);
        let form = browser.consent_form(&ask(&client, &[("state", Some(state))])).await;
        let answer = query_of(&decided(&browser, &form.clone().set("decision", "allow")).await);
        assert_eq!(answer["state"], state);
        assert_eq!(answer["iss"], app.url);
        assert_eq!(answer.len(), 3, "code, state, iss: {answer:?}");
        let answer = query_of(&decided(&browser, &form.set("decision", "deny")).await);
        assert_eq!(answer["state"], state);
    }
    let answer = query_of(&browser.allow(&ask(&client, &[("state", None)])).await);
    assert!(!answer.contains_key("state"), "{answer:?}");
}

async fn a_login_leads_back_to_the_request(app: TestApp) {
    let (browser, client) = (app.browser(), app.client().await);
    let url = ask(&client, &[("login_hint", Some(EMAIL))]);
    let login = leads_to(&browser, &url).await;
    assert_eq!(query_of(&app.at(&login))["return_to"], url);
    let page = browser.page(&login).await;
    assert!(text_of(&page).contains("Test app"), "{page}");
    let form = Form::read(&page);
    assert_eq!(form.get("email"), EMAIL, "the hint is filled in");
    let wrong = browser.send(&form.clone().set("password", "wrong")).await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let form = Form::read(&wrong.text().await.unwrap());
    let back = decided(&browser, &form.set("email", EMAIL).set("password", PASSWORD)).await;
    assert_eq!(back, url);
    let location = browser.allow(&back).await;
    client.tokens(&client.redemption(&query_of(&location)["code"])).await;
}

async fn too_long_a_query_is_refused(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let long = "x".repeat(16 * 1024);
    let text = shown(&app, &browser, &ask(&client, &[("ui_locales", Some(&long))])).await;
    assert!(text.contains("too many bytes of parameters"), "{text}");
    let long = "s".repeat(2049);
    let answer = told(&app, &browser, &ask(&client, &[("state", Some(&long))])).await;
    assert_eq!(answer["error"], "invalid_request");
}

async fn the_reference_on_a_page_finds_the_event(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let text = shown(&app, &browser, &ask(&client, &[("redirect_uri", Some("https://evil.example/"))])).await;
    let reference = text.split("Reference ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    app.core.oauth.audit.flush().await;
    let events = app.core.oauth.store.list_events("", 1000).await.unwrap();
    let event = events.iter().find(|e| e.reference.as_ref() == Some(&reference)).unwrap();
    assert_eq!((event.reason.as_str(), event.outcome.as_str()), ("foreign_redirect_uri", "refused"));
    assert_eq!(event.client_id.as_ref(), Some(&client.id));
}

on_both! {
    an_unknown_client_is_answered_on_a_page,
    a_foreign_redirect_uri_is_answered_on_a_page,
    several_redirect_uris_leave_nothing_to_guess,
    the_only_redirect_uri_may_be_left_out,
    a_refused_request_is_told_to_the_client,
    a_missing_response_type_is_told_to_the_client,
    a_repeated_parameter_is_refused,
    a_resource_may_be_named_twice_but_not_two,
    every_spelling_of_the_resource_gives_one_audience,
    unknown_scopes_are_dropped_and_none_means_the_defaults,
    prompt_none_asks_nobody_anything,
    acr_values_are_a_wish_that_changes_nothing,
    prompt_login_asks_for_a_new_login_once,
    max_age_asks_for_a_new_login_when_the_last_is_older,
    reading_takes_its_time_whatever_max_age_says,
    the_port_of_a_loopback_redirect_uri_is_free,
    the_port_of_any_other_redirect_uri_is_not,
    an_app_is_answered_at_its_own_scheme,
    the_answer_joins_an_existing_query,
    asking_changes_nothing,
    state_comes_back_byte_for_byte,
    a_login_leads_back_to_the_request,
    too_long_a_query_is_refused,
    the_reference_on_a_page_finds_the_event,
}
