//! The authorization server over HTTP, on both databases.

mod authorize;
mod bad_input;
pub mod cimd;
mod code_grant;
mod consent;
mod devices;
pub mod dpop;
mod error_redirects;
mod key_clients;
mod machines;
mod metadata;
mod odd_input;
mod pushed;
mod refresh_grant;
mod refusals;
mod registration;
mod scalekit;
mod slow_bodies;
mod tokens;
mod truthful;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatepost::accounts::links::new_user;
use gatepost::types::Plain;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{Browser, Form, OAuthClient, PASSWORD, TestApp, json_of, text_of};

/// Where the clients of these tests are answered.
const REDIRECT_URI: &str = "http://127.0.0.1:7777/callback";
/// A second person.
const OTHER_EMAIL: &str = "bob@example.com";

/// Gives Bob an account, and signs him in.
async fn bob(app: &TestApp) -> Browser {
    let accounts = &app.core.accounts;
    let hash = accounts.passwords.hash(Plain::new(PASSWORD.to_owned())).await.unwrap();
    let user = new_user(accounts, OTHER_EMAIL.to_owned(), None, Some(hash), false);
    accounts.store.add_user(user).await.unwrap();
    let browser = app.browser();
    browser.sign_in(OTHER_EMAIL, PASSWORD).await;
    browser
}

/// A client with these redirect URIs.
async fn registered_at(app: &TestApp, uris: &[&str]) -> OAuthClient {
    OAuthClient::register_with(app, json!({ "client_name": "Test app", "redirect_uris": uris })).await
}

/// A good authorization request for `search:read`, with these parameters set or (with `None`) left out.
fn ask(client: &OAuthClient, changes: &[(&str, Option<&str>)]) -> String {
    let mut params = client.params("search:read");
    for (name, value) in changes {
        let place = params.iter().position(|(n, _)| n == name);
        params.retain(|(n, _)| n != name);
        if let Some(value) = value {
            let place = place.unwrap_or(params.len());
            params.insert(place, ((*name).to_owned(), (*value).to_owned()));
        }
    }
    authorize_url(&params)
}

fn authorize_url(params: &[(String, String)]) -> String {
    format!("/oauth/authorize?{}", serde_urlencoded::to_string(params).unwrap())
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |v| v.to_str().unwrap())
}

/// The status and the body of an answer in JSON.
pub async fn status_and_json(response: Response) -> (u16, Value) {
    (response.status().as_u16(), json_of(response).await)
}

/// One part of a JWT, unverified: 0 is the header, 1 the claims.
pub fn part_of(jwt: &str, part: usize) -> Value {
    let text = jwt.split('.').nth(part).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

/// Where a request leads whose answer is not yet due.
async fn leads_to(browser: &Browser, url: &str) -> String {
    let response = browser.get(url).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER, "{url}");
    header(&response, "location").to_owned()
}

/// Sends a filled-in consent form; returns where the client is answered.
async fn decided(browser: &Browser, form: &Form) -> String {
    let response = browser.send(form).await;
    let status = response.status();
    let location = header(&response, "location").to_owned();
    assert_eq!(status, StatusCode::SEE_OTHER, "{}", response.text().await.unwrap());
    location
}
