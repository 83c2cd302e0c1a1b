//! Providers with a section of their own, beside Google.

use serde_json::json;

use super::refused;
use crate::on_each;
use crate::support::provider::{CLIENT_SECRET, Provider};
use crate::support::{Browser, Database, START, TestApp, location, query_of};

async fn log_in(browser: &Browser, provider: &Provider, name: &str) -> reqwest::Response {
    let form = browser.form_to("/login?switch=1", &format!("/login/{name}")).await;
    let away = location(&browser.send(&form).await);
    let answer = serde_urlencoded::to_string(provider.agree(&away)).unwrap();
    browser.get(&format!("/login/{name}/callback?{answer}")).await
}

async fn a_provider_without_a_secret_is_used_as_a_public_client(database: Database) {
    let provider = Provider::start(START);
    let settings = [
        ("GATEPOST_PROVIDERS__MY_IDP__ISSUER", provider.issuer.as_str()),
        ("GATEPOST_PROVIDERS__MY_IDP__CLIENT_ID", crate::support::provider::CLIENT_ID),
        ("GATEPOST_PROVIDERS__MY_IDP__LABEL", "Example & Sons"),
        ("GATEPOST_PROVIDERS__MY_IDP__SCOPES", "openid email groups"),
        ("GATEPOST_PROVIDERS__MY_IDP__ADMIT", "domain"),
        ("GATEPOST_PROVIDERS__MY_IDP__DOMAINS", "example.com"),
    ];
    let app = TestApp::start_with(database, &settings).await;
    let browser = app.browser();
    let page = browser.page("/login").await;
    assert!(page.contains("Continue with <bdi>Example &#38; Sons</bdi>"), "{page}");
    assert!(!page.contains("Google"), "what is not set up is not offered");
    let form = browser.form_to("/login", "/login/my-idp").await;
    let asked = query_of(&location(&browser.send(&form).await));
    assert_eq!(asked["scope"], "openid email groups");
    assert_eq!(asked["redirect_uri"], app.at("/login/my-idp/callback"));
    provider.set(|c| {
        c.person["hd"] = json!(null);
        c.names_issuer = true;
    });
    assert_eq!(log_in(&browser, &provider, "my-idp").await.status(), 303);
    let (authorization, form) = provider.set(|c| c.last_token_request.clone());
    assert_eq!(authorization, "");
    assert_eq!(form["client_id"], crate::support::provider::CLIENT_ID);
    assert!(!form.contains_key("client_secret"));
    provider.set(|c| c.person = json!({ "sub": "2", "email": "x@sub.example.com", "email_verified": true }));
    let (status, page) = refused(log_in(&browser, &provider, "my-idp").await).await;
    assert_eq!(status, 403);
    assert!(page.contains("Your address is not admitted here"), "{page}");
}

async fn the_secret_goes_the_way_the_provider_offers(database: Database) {
    let provider = Provider::start(START);
    let settings = [
        ("GATEPOST_PROVIDERS__CORP__ISSUER", provider.issuer.as_str()),
        ("GATEPOST_PROVIDERS__CORP__CLIENT_ID", "a b:c"),
        ("GATEPOST_PROVIDERS__CORP__CLIENT_SECRET", CLIENT_SECRET),
        ("GATEPOST_PROVIDERS__CORP__ADMIT", "anyone"),
    ];
    let app = TestApp::start_with(database, &settings).await;
    provider.set(|c| {
        c.claims = Some(Box::new(|claims| {
            claims["aud"] = json!("a b:c");
            claims["azp"] = json!(null);
        }));
    });
    let now = app.clock.now();
    for (methods, basic) in [
        (json!(["client_secret_post", "client_secret_basic"]), true),
        (json!(null), true),
        (json!(["client_secret_post", "private_key_jwt"]), false),
    ] {
        provider.set(|c| c.metadata = json!({ "token_endpoint_auth_methods_supported": methods }));
        assert_eq!(log_in(&app.browser(), &provider, "corp").await.status(), 303, "{methods}");
        let (authorization, form) = provider.set(|c| c.last_token_request.clone());
        assert_eq!(authorization.starts_with("Basic "), basic, "{methods}");
        assert_eq!(form.get("client_secret").map(String::as_str), (!basic).then_some(CLIENT_SECRET));
        app.clock.advance(3_600);
        provider.set(|c| c.now += 3_600);
    }
    assert!(app.clock.now() > now);
}

async fn the_same_person_at_two_providers_is_two_identities(database: Database) {
    let (one, two) = (Provider::start(START), Provider::start(START));
    let settings = [
        ("GATEPOST_PROVIDERS__ONE__ISSUER", one.issuer.as_str()),
        ("GATEPOST_PROVIDERS__ONE__CLIENT_ID", crate::support::provider::CLIENT_ID),
        ("GATEPOST_PROVIDERS__ONE__ADMIT", "anyone"),
        ("GATEPOST_PROVIDERS__TWO__ISSUER", two.issuer.as_str()),
        ("GATEPOST_PROVIDERS__TWO__CLIENT_ID", crate::support::provider::CLIENT_ID),
        ("GATEPOST_PROVIDERS__TWO__ADMIT", "anyone"),
    ];
    let app = TestApp::start_with(database, &settings).await;
    assert_eq!(log_in(&app.browser(), &one, "one").await.status(), 303);
    // The same subject and the same address at another issuer prove nothing.
    let (status, page) = refused(log_in(&app.browser(), &two, "two").await).await;
    assert_eq!(status, 403);
    assert!(page.contains("You have an account here already"), "{page}");
    two.set(|c| c.person["email"] = json!("other@example.com"));
    assert_eq!(log_in(&app.browser(), &two, "two").await.status(), 303);
    assert_eq!(app.core.accounts.store.list_users("", 10).await.unwrap().len(), 3);
}

on_each! {
    a_provider_without_a_secret_is_used_as_a_public_client,
    the_secret_goes_the_way_the_provider_offers,
    the_same_person_at_two_providers_is_two_identities,
}
