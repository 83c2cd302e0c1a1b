//! Login at other providers, with a stand-in that can be told to do everything wrong.

mod addresses;
mod faults;
mod linking;
mod login;
mod providers;
mod states;
mod tokens;

use reqwest::Response;
use serde_json::{Value, json};

use crate::support::provider::{CLIENT_ID, CLIENT_SECRET, Provider};
use crate::support::{Browser, Database, START, TestApp, location};

/// A Gatepost whose Google is the stand-in, and that stand-in.
pub async fn stage(database: Database, more: &[(&str, &str)]) -> (TestApp, Provider) {
    let provider = Provider::start(START);
    let mut settings = vec![
        ("GATEPOST_GOOGLE__CLIENT_ID", CLIENT_ID),
        ("GATEPOST_GOOGLE__CLIENT_SECRET", CLIENT_SECRET),
        ("GATEPOST_GOOGLE__ISSUER", provider.issuer.as_str()),
    ];
    settings.extend(more);
    let app = TestApp::start_with(database, &settings).await;
    (app, provider)
}

/// Everybody whom Google knows gets an account.
pub const OPEN: (&str, &str) = ("GATEPOST_GOOGLE__ADMIT", "anyone");

/// Presses the provider's button on a page; returns where the browser is sent.
pub async fn leave(browser: &Browser, page: &str) -> String {
    let form = browser.form_to(page, "/login/google").await;
    let response = browser.send(&form).await;
    let status = response.status();
    assert_eq!(status, 303, "{}", response.text().await.unwrap());
    location(&response)
}

/// The callback with these parameters.
pub fn callback(params: &[(String, String)]) -> String {
    format!("/login/google/callback?{}", serde_urlencoded::to_string(params).unwrap())
}

/// A whole visit: the button, the person's yes, and the way back.
pub async fn visit(browser: &Browser, provider: &Provider, page: &str) -> Response {
    let away = leave(browser, page).await;
    browser.get(&callback(&provider.agree(&away))).await
}

/// A visit from the plain login page.
pub async fn log_in(browser: &Browser, provider: &Provider) -> Response {
    visit(browser, provider, "/login?switch=1").await
}

/// Who is at the provider.
pub fn person(provider: &Provider, sub: &str, email: &str) {
    let domain = email.split_once('@').unwrap().1.to_owned();
    let hd = if domain == "gmail.com" { Value::Null } else { json!(domain) };
    provider.set(|c| c.person = json!({ "sub": sub, "email": email, "email_verified": true, "hd": hd }));
}

/// A refusal: its status, and the page.
pub async fn refused(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    (status, response.text().await.unwrap())
}

/// The reasons of refused logins so far, without those that worked.
pub async fn refusals(app: &TestApp) -> Vec<String> {
    app.audit_reasons("session.login").await.into_iter().filter(|reason| reason != "ok").collect()
}

/// How many people there are.
pub async fn people(app: &TestApp) -> usize {
    app.core.accounts.store.list_users("", 100).await.unwrap().len()
}
