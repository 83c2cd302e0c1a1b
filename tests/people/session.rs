//! Browser sessions: their cookie, how they end, and the form tokens bound to them.

use super::{account_with, person, try_login};
use crate::support::{Browser, Database, EMAIL, Form, PASSWORD, TestApp, cookie_of, location};
use crate::{on_both, on_each};

const DAY: i64 = 86_400;

/// Signs in; returns the cookie's value.
async fn session(browser: &Browser) -> String {
    let form = Form::read(&browser.page("/login?switch=1").await);
    let response = browser.send(&form.set("email", EMAIL).set("password", PASSWORD)).await;
    assert_eq!(response.status(), 303);
    cookie_of(&response, "gatepost-session").unwrap().0
}

async fn a_login_gives_a_new_session_and_ends_the_one_before(app: TestApp) {
    let browser = app.browser();
    let first = session(&browser).await;
    assert_eq!(account_with(&app, &format!("gatepost-session={first}")).await, 200);
    let second = session(&browser).await;
    assert_ne!(first, second);
    assert_eq!(account_with(&app, &format!("gatepost-session={first}")).await, 303);
    assert_eq!(account_with(&app, &format!("gatepost-session={second}")).await, 200);
}

async fn a_session_that_was_planted_is_not_taken_over(app: TestApp) {
    // The attacker's own session, set on the victim's browser before the victim signs in.
    person(&app, "eve@example.com", Some(PASSWORD)).await;
    let response = try_login(&app.browser(), "eve@example.com", PASSWORD).await;
    let planted = cookie_of(&response, "gatepost-session").unwrap().0;
    for cookie in [planted.as_str(), "ses_invented", "x"] {
        let http = app.http();
        let page = http.get(app.at("/login?switch=1")).send().await.unwrap();
        let browser_cookie = cookie_of(&page, "gatepost-browser").unwrap().0;
        let form = Form::read(&page.text().await.unwrap()).set("email", EMAIL).set("password", PASSWORD);
        let cookies = format!("gatepost-session={cookie}; gatepost-browser={browser_cookie}");
        let post = http.post(app.at("/login")).header("cookie", cookies).form(&form.fields);
        let response = post.send().await.unwrap();
        assert_eq!(response.status(), 303);
        let own = cookie_of(&response, "gatepost-session").unwrap().0;
        assert_ne!(own, cookie);
        assert_eq!(account_with(&app, &format!("gatepost-session={cookie}")).await, 303);
    }
}

async fn cookies_that_are_no_session_are_nobody(app: TestApp) {
    let browser = app.browser();
    let good = session(&browser).await;
    let (client, signed_in) = (app.client().await, app.signed_in().await);
    let tokens = client.log_in(&signed_in, "search:read offline_access").await;
    let code = client.code(&signed_in, "search:read").await;
    let changed = format!("{}{}", &good[..good.len() - 1], if good.ends_with('A') { 'B' } else { 'A' });
    let id = good.rsplit_once('_').unwrap().0;
    let as_session = |text: &str| format!("ses_{}", text.split_once('_').unwrap().1);
    for value in [
        "",
        "x",
        "ses_",
        id,
        &changed,
        &format!("{good}A"),
        &good.replace("ses_", "cod_"),
        &as_session(&tokens.refresh),
        &as_session(&code),
        &tokens.access,
        &tokens.refresh,
        "%00",
        "\"\"",
        &"s".repeat(4_000),
    ] {
        assert_eq!(account_with(&app, &format!("gatepost-session={value}")).await, 303, "{value}");
    }
    assert_eq!(account_with(&app, &format!("__Host-gatepost-session={good}")).await, 303);
    assert_eq!(account_with(&app, &format!("gatepost-session={good}")).await, 200);
}

async fn an_idle_session_ends(app: TestApp) {
    let (used, idle) = (app.signed_in().await, app.signed_in().await);
    app.advance(14 * DAY - 1).await;
    used.page("/account").await;
    app.advance(1).await;
    assert_eq!(location(&idle.get("/account").await), "/login?return_to=%2Faccount");
    used.page("/account").await;
}

async fn a_busy_session_ends_too(app: TestApp) {
    let browser = app.signed_in().await;
    for _ in 0..8 {
        app.advance(11 * DAY).await;
        browser.page("/account").await;
    }
    app.advance(2 * DAY - 1).await;
    browser.page("/account").await;
    app.advance(1).await;
    assert_eq!(location(&browser.get("/account").await), "/login?return_to=%2Faccount");
}

async fn signing_out_takes_a_form_of_this_browser(app: TestApp) {
    let (browser, other) = (app.signed_in().await, app.signed_in().await);
    let form = Form::read(&browser.page("/logout").await);
    assert_eq!(form.action, "/logout");
    let foreign = Form::read(&other.page("/logout").await);
    for bad in [form.clone().without("csrf"), form.clone().set("csrf", "x"), foreign] {
        assert_eq!(browser.send(&bad).await.status(), 403);
    }
    browser.page("/account").await;
    let response = browser.send(&form).await;
    assert_eq!(response.status(), 200);
    let (value, attributes) = cookie_of(&response, "gatepost-session").unwrap();
    assert!(value.is_empty() && attributes.contains("Max-Age=0"), "{attributes}");
    assert!(response.text().await.unwrap().contains("You are signed out"));
    assert_eq!(browser.get("/account").await.status(), 303);
    other.page("/account").await;
    assert_eq!(app.audit_reasons("session.logout").await, ["ok", "stale_form", "stale_form", "stale_form"]);
    assert!(browser.page("/logout").await.contains("You are signed out"), "again is fine");
}

async fn a_signed_out_cookie_is_worth_nothing(app: TestApp) {
    let browser = app.browser();
    let cookie = session(&browser).await;
    let form = Form::read(&browser.page("/account").await);
    assert_eq!(browser.send(&form).await.status(), 200, "the account page's button does it too");
    assert_eq!(account_with(&app, &format!("gatepost-session={cookie}")).await, 303);
}

async fn a_form_token_from_before_the_login_is_worth_nothing_after_it(app: TestApp) {
    let browser = app.browser();
    let before = Form::read(&browser.page("/login").await);
    browser.sign_in(EMAIL, PASSWORD).await;
    let logout = Form::read(&browser.page("/logout").await);
    assert_eq!(browser.send(&logout.clone().set("csrf", before.get("csrf"))).await.status(), 403);
    // And one of the last session nothing in the next.
    assert_eq!(browser.send(&logout).await.status(), 200);
    browser.sign_in(EMAIL, PASSWORD).await;
    assert_eq!(browser.send(&logout).await.status(), 403);
}

async fn a_decision_takes_a_form_of_this_browser_and_session(app: TestApp) {
    let (browser, other, client) = (app.signed_in().await, app.signed_in().await, app.client().await);
    let url = client.authorize_url("search:read");
    let form = browser.consent_form(&url).await.set("decision", "allow");
    let foreign = form.clone().set("csrf", other.consent_form(&url).await.get("csrf"));
    let before = app.db_rows().await;
    for bad in [form.clone().without("csrf"), form.clone().set("csrf", ""), foreign] {
        assert_eq!(browser.send(&bad).await.status(), 403);
        assert_eq!(browser.send(&bad.set("decision", "deny")).await.status(), 403);
    }
    assert_eq!(app.db_rows().await, before);
    // Somebody else who signs in on this browser did not see the question.
    person(&app, "bob@example.com", Some(PASSWORD)).await;
    let login = Form::read(&browser.page("/login?switch=1").await);
    let login = login.set("email", "bob@example.com").set("password", PASSWORD);
    assert_eq!(browser.send(&login).await.status(), 303);
    assert_eq!(browser.send(&form).await.status(), 403);
    let answer = other.allow(&url).await;
    assert!(answer.contains("code="), "{answer}");
}

async fn a_disabled_person_is_signed_out_at_once(app: TestApp) {
    let browser = app.signed_in().await;
    let client = app.client().await;
    let form = browser.consent_form(&client.authorize_url("search:read")).await.set("decision", "allow");
    app.disable_ann().await;
    assert_eq!(browser.get("/account").await.status(), 303);
    let response = browser.send(&form).await;
    assert!(location(&response).starts_with("/login?"), "{}", location(&response));
    assert_eq!(try_login(&browser, EMAIL, PASSWORD).await.status(), 401);
    app.core.accounts.store.enable_user(app.user.id.clone()).await.unwrap();
    assert_eq!(browser.get("/account").await.status(), 303, "the old session stays ended");
    assert_eq!(try_login(&browser, EMAIL, PASSWORD).await.status(), 303);
}

async fn signing_out_keeps_apps_connected(app: TestApp) {
    let (browser, client) = (app.signed_in().await, app.client().await);
    let tokens = client.log_in(&browser, "search:read").await;
    let form = Form::read(&browser.page("/logout").await);
    assert_eq!(browser.send(&form).await.status(), 200);
    client.tokens(&client.refreshing(&tokens.refresh)).await;
}

on_both! {
    a_login_gives_a_new_session_and_ends_the_one_before,
    a_session_that_was_planted_is_not_taken_over,
    cookies_that_are_no_session_are_nobody,
    an_idle_session_ends,
    a_busy_session_ends_too,
    signing_out_takes_a_form_of_this_browser,
    a_signed_out_cookie_is_worth_nothing,
    a_form_token_from_before_the_login_is_worth_nothing_after_it,
    a_decision_takes_a_form_of_this_browser_and_session,
    a_disabled_person_is_signed_out_at_once,
    signing_out_keeps_apps_connected,
}

async fn on_https_no_other_host_can_set_or_read_the_cookies(database: Database) {
    let app = TestApp::start_with(database, &[("GATEPOST_PUBLIC_URL", "https://gate.example")]).await;
    let http = app.http();
    assert_eq!(http.get(app.at("/login")).send().await.unwrap().status(), 403, "its own name only");
    let get = |path: &str| http.get(app.at(path)).header("host", "gate.example");
    let page = get("/login").send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.headers()["strict-transport-security"].to_str().unwrap().contains("max-age=31536000"));
    let (browser, attributes) = cookie_of(&page, "__Host-gatepost-browser").unwrap();
    for expected in ["HttpOnly", "SameSite=Lax", "Path=/", "Secure"] {
        assert!(attributes.contains(expected), "{attributes}");
    }
    assert!(!attributes.contains("Domain"));
    let form = Form::read(&page.text().await.unwrap()).set("email", EMAIL).set("password", PASSWORD);
    let plain = http
        .post(app.at("/login"))
        .header("host", "gate.example")
        .header("cookie", format!("gatepost-browser={browser}"))
        .form(&form.fields);
    assert_eq!(plain.send().await.unwrap().status(), 403, "a cookie without the prefix is not read");
    let post = http
        .post(app.at("/login"))
        .header("host", "gate.example")
        .header("cookie", format!("__Host-gatepost-browser={browser}"))
        .form(&form.fields);
    let response = post.send().await.unwrap();
    assert_eq!(response.status(), 303);
    let (session, attributes) = cookie_of(&response, "__Host-gatepost-session").unwrap();
    assert!(attributes.contains("Secure") && attributes.contains("HttpOnly"), "{attributes}");
    assert!(attributes.contains("SameSite=Lax") && attributes.contains("Path=/"), "{attributes}");
    assert!(cookie_of(&response, "gatepost-session").is_none());
    for (name, status) in [("__Host-gatepost-session", 200), ("gatepost-session", 303)] {
        let account = get("/account").header("cookie", format!("{name}={session}"));
        assert_eq!(account.send().await.unwrap().status(), status, "{name}");
    }
}

on_each! {
    on_https_no_other_host_can_set_or_read_the_cookies,
}
