//! Providers that are away, slow, or wrong.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{OPEN, callback, leave, log_in, people, refusals, refused, stage};
use crate::on_each;
use crate::support::provider::{Conduct, Mood, Provider};
use crate::support::{Browser, Database, TestApp};

const JSON: &str = "application/json";

fn says(status: u16, kind: &'static str, body: impl Into<String>) -> Mood {
    Mood::Says(status, kind, body.into())
}

/// Presses the button, whatever comes of it.
async fn press(browser: &Browser) -> (u16, String) {
    let form = browser.form_to("/login?switch=1", "/login/google").await;
    refused(browser.send(&form).await).await
}

async fn last_reason(app: &TestApp) -> String {
    app.core.oauth.audit.flush().await;
    let events = app.core.oauth.store.list_events("", 10_000).await.unwrap();
    let refused = events.iter().filter(|e| e.outcome == "refused");
    refused.max_by_key(|e| (e.at, e.id.clone())).unwrap().reason.clone()
}

/// A second passes, so that the last event is the last.
fn tick(app: &TestApp, provider: &Provider) {
    app.clock.advance(1);
    provider.set(|c| c.now += 1);
}

type Spoil = fn(&mut Conduct);

const BAD_METADATA: &[(&str, Spoil, u16, &str)] = &[
    ("500", |c| c.discovery = says(500, "text/html", "<h1>"), 503, "provider_unreachable"),
    ("404", |c| c.discovery = says(404, "text/html", "<h1>"), 502, "provider_metadata"),
    ("not JSON", |c| c.discovery = says(200, JSON, "{"), 502, "provider_metadata"),
    ("HTML", |c| c.discovery = says(200, "text/html", "{}"), 502, "provider_metadata"),
    ("nothing", |c| c.discovery = says(200, JSON, "{}"), 502, "provider_metadata"),
    ("a redirect", |c| c.discovery = Mood::Redirects("http://127.0.0.1:9/".into()), 502, "provider_metadata"),
    ("too much", |c| c.discovery = says(200, JSON, " ".repeat(300_000)), 503, "provider_unreachable"),
    (
        "another issuer",
        |c| c.metadata = json!({ "issuer": "https://evil.example" }),
        502,
        "provider_metadata",
    ),
    (
        "no token endpoint",
        |c| c.metadata = json!({ "token_endpoint": Value::Null }),
        502,
        "provider_metadata",
    ),
    (
        "plain http",
        |c| c.metadata = json!({ "token_endpoint": "http://id.example/t" }),
        502,
        "provider_metadata",
    ),
    (
        "keys over plain http",
        |c| c.metadata = json!({ "jwks_uri": "http://id.example/k" }),
        502,
        "provider_metadata",
    ),
    (
        "a page to nowhere",
        |c| c.metadata = json!({ "authorization_endpoint": "javascript:alert(1)" }),
        502,
        "provider_metadata",
    ),
    ("no keys", |c| c.jwks = says(200, JSON, "{\"keys\":[]}"), 502, "provider_metadata"),
    (
        "keys that are none",
        |c| c.jwks = says(200, JSON, "{\"keys\":[{\"kty\":\"oct\",\"k\":7},{}]}"),
        502,
        "provider_metadata",
    ),
    ("keys away", |c| c.jwks = says(503, JSON, "{}"), 503, "provider_unreachable"),
    (
        "no secret is taken",
        |c| c.metadata = json!({ "token_endpoint_auth_methods_supported": ["private_key_jwt"] }),
        502,
        "provider_metadata",
    ),
];

const BAD_ANSWERS: &[(&str, Spoil, u16, &str)] = &[
    (
        "a refusal",
        |c| c.token_endpoint = says(400, JSON, "{\"error\":\"invalid_client\"}"),
        502,
        "provider_refused_code",
    ),
    ("500", |c| c.token_endpoint = says(500, "text/html", "<h1>"), 502, "provider_answer"),
    ("nothing", |c| c.token_endpoint = says(500, JSON, ""), 502, "provider_answer"),
    ("HTML", |c| c.token_endpoint = says(200, "text/html", "{}"), 502, "provider_answer"),
    (
        "no ID token",
        |c| c.token_endpoint = says(200, JSON, "{\"access_token\":\"x\",\"token_type\":\"bearer\"}"),
        502,
        "provider_answer",
    ),
    ("too much", |c| c.token_endpoint = says(200, JSON, " ".repeat(300_000)), 503, "provider_unreachable"),
    (
        "a redirect",
        |c| c.token_endpoint = Mood::Redirects("http://127.0.0.1:9/".into()),
        502,
        "provider_answer",
    ),
];

fn well(conduct: &mut Conduct) {
    conduct.metadata = json!({});
    (conduct.discovery, conduct.jwks, conduct.token_endpoint) = (Mood::Well, Mood::Well, Mood::Well);
}

async fn what_a_provider_does_wrong_is_told_apart(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    let browser = app.browser();
    for (name, spoil, status, reason) in BAD_METADATA {
        provider.set(|c| {
            well(c);
            spoil(c);
            c.now += 5;
        });
        app.clock.advance(5);
        let (answered, page) = press(&browser).await;
        assert_eq!(answered, *status, "{name}: {page}");
        assert!(page.contains("id=\"reference\"") && page.contains("Back to sign-in"), "{name}: {page}");
        assert!(!page.contains("127.0.0.1:9") && !page.contains("evil"), "{name}: {page}");
        assert_eq!(last_reason(&app).await, *reason, "{name}");
    }
    provider.set(|c| {
        well(c);
        c.now += 5;
    });
    app.clock.advance(5);
    for (name, spoil, status, reason) in BAD_ANSWERS {
        provider.set(spoil);
        tick(&app, &provider);
        let (answered, page) = refused(log_in(&browser, &provider).await).await;
        assert_eq!(answered, *status, "{name}: {page}");
        assert_eq!(last_reason(&app).await, *reason, "{name}");
    }
    for error in ["server_error", "login_required", "<script>"] {
        tick(&app, &provider);
        let state = crate::support::query_of(&leave(&browser, "/login?switch=1").await)["state"].clone();
        let answer = [("error".to_owned(), error.to_owned()), ("state".to_owned(), state.clone())];
        let (answered, page) = refused(browser.get(&callback(&answer)).await).await;
        assert_eq!(answered, 502);
        assert!(page.contains("Google did not sign you in") && !page.contains("<script>"), "{page}");
        assert_eq!(last_reason(&app).await, "provider_error");
    }
    provider.set(well);
    assert_eq!((people(&app).await, log_in(&browser, &provider).await.status().as_u16()), (1, 303));
}

async fn a_provider_that_is_away_is_not_our_error(database: Database) {
    let settings = [
        ("GATEPOST_PROVIDERS__GONE__ISSUER", "http://127.0.0.1:9"),
        ("GATEPOST_PROVIDERS__GONE__CLIENT_ID", "x"),
    ];
    let app = TestApp::start_with(database, &settings).await;
    let browser = app.browser();
    let form = browser.form_to("/login", "/login/gone").await;
    let response = browser.send(&form).await;
    assert_eq!((response.status().as_u16(), response.headers().contains_key("retry-after")), (503, true));
    assert!(response.text().await.unwrap().contains("Gone cannot be reached right now"));
    assert_eq!(refusals(&app).await, ["provider_unreachable"]);
}

async fn a_slow_provider_holds_nobody_for_long(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    provider.set(|c| c.discovery = Mood::Sleeps(Duration::from_secs(40)));
    let browsers: Vec<Browser> = (0..4).map(|_| app.browser()).collect();
    let start = Instant::now();
    let answers = futures::future::join_all(browsers.iter().map(press)).await;
    assert!(start.elapsed() < Duration::from_secs(14), "{:?}", start.elapsed());
    assert!(answers.iter().all(|(status, _)| *status == 503));
    assert_eq!(provider.count("discovery"), 1, "who waited got the same answer");
    assert_eq!(refusals(&app).await, vec!["provider_timeout"; 4]);
}

async fn metadata_is_asked_for_once_an_hour_and_survives_an_outage(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    let browsers: Vec<Browser> = (0..6).map(|_| app.browser()).collect();
    let leaving = browsers.iter().map(|browser| leave(browser, "/login"));
    futures::future::join_all(leaving).await;
    assert_eq!(provider.count("discovery"), 1);
    let step = |seconds: i64| {
        app.clock.advance(seconds);
        provider.set(|c| c.now += seconds);
    };
    let browser = app.browser();
    step(3_599);
    assert_eq!((log_in(&browser, &provider).await.status().as_u16(), provider.count("discovery")), (303, 1));
    step(1);
    assert_eq!((log_in(&browser, &provider).await.status().as_u16(), provider.count("discovery")), (303, 2));
    provider.set(|c| c.discovery = says(503, JSON, "{}"));
    step(3_600);
    for _ in 0..3 {
        assert_eq!(log_in(&browser, &provider).await.status(), 303);
    }
    assert_eq!(provider.count("discovery"), 3, "asked again after a minute only");
    step(60);
    assert_eq!((log_in(&browser, &provider).await.status().as_u16(), provider.count("discovery")), (303, 4));
    step(86_400);
    assert_eq!(press(&browser).await.0, 503, "a day is too long");
    provider.set(well);
    step(5);
    assert_eq!(log_in(&browser, &provider).await.status(), 303);
}

async fn an_address_that_only_userinfo_tells_is_asked_for(database: Database) {
    let (app, provider) = stage(database, &[OPEN]).await;
    assert_eq!(log_in(&app.browser(), &provider).await.status(), 303);
    assert_eq!(provider.count("userinfo"), 0, "the ID token says enough");
    provider.set(|c| {
        c.shy = true;
        c.person["sub"] = json!("8");
        c.person["email"] = json!("shy@example.com");
    });
    let browser = app.browser();
    assert_eq!(log_in(&browser, &provider).await.status(), 303);
    assert!(browser.page("/account").await.contains("shy@example.com"));
    let bad: [(Mood, &str); 4] = [
        (
            says(200, JSON, "{\"sub\":\"9\",\"email\":\"ann@example.com\",\"email_verified\":true}"),
            "provider_userinfo",
        ),
        (says(200, JSON, "{"), "provider_userinfo"),
        (says(401, JSON, "{}"), "provider_userinfo"),
        (says(500, JSON, "{}"), "provider_unreachable"),
    ];
    for (mood, reason) in bad {
        provider.set(|c| c.userinfo = mood);
        tick(&app, &provider);
        assert!(log_in(&app.browser(), &provider).await.status().is_server_error());
        assert_eq!(last_reason(&app).await, reason);
    }
    provider.set(|c| {
        c.userinfo = Mood::Well;
        c.access_token = "a\nb".into();
    });
    assert_eq!(log_in(&app.browser(), &provider).await.status(), 502);
    provider.set(|c| c.metadata = json!({ "userinfo_endpoint": Value::Null }));
}

on_each! {
    what_a_provider_does_wrong_is_told_apart,
    a_provider_that_is_away_is_not_our_error,
    a_slow_provider_holds_nobody_for_long,
    metadata_is_asked_for_once_an_hour_and_survives_an_outage,
    an_address_that_only_userinfo_tells_is_asked_for,
}
