//! `src/web/consent.rs`: what a person is shown, and whose decision counts for what.

use reqwest::StatusCode;

use super::{OTHER_EMAIL, REDIRECT_URI, ask, bob, decided, header, part_of, registered_at, text_of};
use crate::on_both;
use crate::support::{EMAIL, Form, OAuthClient, PASSWORD, TestApp, query_of};

fn scopes(form: &Form) -> Vec<&str> {
    form.fields.iter().filter(|(n, _)| n == "scope").map(|(_, v)| v.as_str()).collect()
}

async fn deny_is_told_to_the_client(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let before = app.db_rows().await;
    for decision in ["deny", "", "maybe"] {
        let form = browser.consent_form(&client.authorize_url("search:read")).await;
        let location = decided(&browser, &form.set("decision", decision)).await;
        assert!(location.starts_with(REDIRECT_URI), "{location}");
        let answer = query_of(&location);
        assert_eq!(answer["error"], "access_denied");
        assert_eq!((answer["state"].as_str(), &answer["iss"]), ("st&te=1", &app.url));
    }
    assert_eq!(app.db_rows().await, before);
    assert_eq!(app.audit_reasons("consent.decided").await, ["person_denied"; 3]);
}

async fn a_person_may_untick_a_scope(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let mut form = browser.consent_form(&client.authorize_url("search:read email openid")).await;
    assert_eq!(scopes(&form), ["email", "openid", "search:read"]);
    form.fields.retain(|(_, v)| v != "search:read");
    let answer = query_of(&decided(&browser, &form.set("decision", "allow")).await);
    let tokens = client.tokens(&client.redemption(&answer["code"])).await;
    assert_eq!(tokens.scope, "email openid");
}

async fn scopes_that_were_not_asked_for_are_not_granted(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let mut form = browser.consent_form(&client.authorize_url("search:read")).await;
    for scope in ["openid", "email", "offline_access", "admin", "search:read email"] {
        form.fields.push(("scope".to_owned(), scope.to_owned()));
    }
    let answer = query_of(&decided(&browser, &form.set("decision", "allow")).await);
    let tokens = client.tokens(&client.redemption(&answer["code"])).await;
    assert_eq!(tokens.scope, "search:read");
    assert_eq!(tokens.body.get("id_token"), None);
}

async fn what_the_client_needs_to_work_stays(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let form = browser.consent_form(&client.authorize_url("openid offline_access search:read")).await;
    let form = form.without("scope").set("decision", "allow");
    let answer = query_of(&decided(&browser, &form).await);
    let tokens = client.tokens(&client.redemption(&answer["code"])).await;
    assert_eq!(tokens.scope, "offline_access openid");
}

async fn a_decision_needs_the_form_token_of_this_browser_and_login(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let url = client.authorize_url("search:read");
    let form = browser.consent_form(&url).await.set("decision", "allow");
    let elsewhere = app.signed_in().await.consent_form(&url).await;
    let before = app.db_rows().await;
    for csrf in ["", "x", elsewhere.get("csrf"), &"A".repeat(43)] {
        let response = browser.send(&form.clone().set("csrf", csrf)).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{csrf}");
        assert_eq!(header(&response, "location"), "");
    }
    assert_eq!(browser.send(&form.clone().without("csrf")).await.status(), StatusCode::FORBIDDEN);
    let nobody = app.browser().send(&form).await;
    assert!(header(&nobody, "location").starts_with("/login?"), "nobody is signed in there");
    assert_eq!(app.db_rows().await, before);
    decided(&browser, &form).await;
}

async fn a_decision_is_the_person_s_who_is_signed_in(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let url = client.authorize_url("search:read");
    let anns = browser.consent_form(&url).await.set("decision", "allow");
    let bobs = bob(&app).await;
    assert_eq!(bobs.send(&anns).await.status(), StatusCode::FORBIDDEN);
    let form = Form::read(&browser.page("/login?switch=1").await);
    decided(&browser, &form.set("email", OTHER_EMAIL).set("password", PASSWORD)).await;
    let page = browser.page(&url.replacen("/oauth/authorize", "/consent", 1)).await;
    assert!(text_of(&page).contains(OTHER_EMAIL), "{page}");
    assert_eq!(browser.send(&anns).await.status(), StatusCode::FORBIDDEN, "Ann is not here any more");
    let tokens = client.log_in(&browser, "search:read").await;
    assert_ne!(part_of(&tokens.access, 1)["sub"], app.user.id);
}

async fn a_request_changed_on_the_way_is_judged_again(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let form = browser.consent_form(&client.authorize_url("search:read")).await.set("decision", "allow");
    let request = form.get("request").to_owned();
    let before = app.db_rows().await;
    let moved = request.replace("7777%2Fcallback", "7777%2Fevil");
    assert_ne!(moved, request);
    for changed in [moved.as_str(), "", "client_id=cli_x", "%"] {
        let response = browser.send(&form.clone().set("request", changed)).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{changed}");
    }
    let plain = request.replace("S256", "plain");
    let answer = query_of(&decided(&browser, &form.clone().set("request", &plain)).await);
    assert_eq!(answer["error"], "invalid_request");
    assert_eq!(app.db_rows().await, before);
}

async fn what_was_allowed_before_is_said(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let consent = |scope: &str| client.authorize_url(scope).replacen("/oauth/authorize", "/consent", 1);
    let times = |page: &str| text_of(page).matches("You allowed this before").count();
    assert_eq!(times(&browser.page(&consent("search:read")).await), 0);
    client.log_in(&browser, "search:read").await;
    assert_eq!(times(&browser.page(&consent("search:read email")).await), 1);
    client.log_in(&browser, "email").await;
    assert_eq!(times(&browser.page(&consent("search:read email")).await), 2, "earlier scopes are kept");
    let other = OAuthClient::register(&app, "Another app").await;
    let page = browser.page(&other.authorize_url("email").replacen("/oauth/authorize", "/consent", 1)).await;
    assert_eq!(times(&page), 0, "another client was allowed nothing");
    assert_eq!(times(&bob(&app).await.page(&consent("email")).await), 0, "another person allowed nothing");
}

async fn the_consent_page_says_who_asks_for_what(app: TestApp) {
    let browser = app.signed_in().await;
    let client = registered_at(&app, &[REDIRECT_URI, "https://app.example:8443/cb"]).await;
    let page = |uri: &'static str| {
        ask(&client, &[("redirect_uri", Some(uri))]).replacen("/oauth/authorize", "/consent", 1)
    };
    let text = text_of(&browser.page(&page(REDIRECT_URI)).await);
    for part in [
        "Test app",
        "Name not checked",
        "127.0.0.1",
        "app on this computer",
        &app.at("/mcp"),
        EMAIL,
        "Search the web and read pages",
        "web_search",
        "web_extract",
        &client.id,
    ] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    let text = text_of(&browser.page(&page("https://app.example:8443/cb")).await);
    assert!(text.contains("app.example:8443") && !text.contains("app on this computer"), "{text}");
}

async fn the_consent_page_can_be_neither_framed_nor_kept(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let consent = client.authorize_url("search:read").replacen("/oauth/authorize", "/consent", 1);
    let response = browser.get(&consent).await;
    let policy = header(&response, "content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("form-action"), "Chromium would block the way back to the client");
    assert!(!policy.contains("unsafe"), "{policy}");
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("access-control-allow-origin", ""),
    ] {
        assert_eq!(header(&response, name), value, "{name}");
    }
}

on_both! {
    deny_is_told_to_the_client,
    a_person_may_untick_a_scope,
    scopes_that_were_not_asked_for_are_not_granted,
    what_the_client_needs_to_work_stays,
    a_decision_needs_the_form_token_of_this_browser_and_login,
    a_decision_is_the_person_s_who_is_signed_in,
    a_request_changed_on_the_way_is_judged_again,
    what_was_allowed_before_is_said,
    the_consent_page_says_who_asks_for_what,
    the_consent_page_can_be_neither_framed_nor_kept,
}
