//! A client that speaks OAuth by hand, so that a test can get every part of it wrong.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Browser, TestApp};

pub const REDIRECT_URI: &str = "http://127.0.0.1:7777/callback";

pub struct OAuthClient {
    pub id: String,
    pub secret: Option<String>,
    pub verifier: String,
    http: reqwest::Client,
    base: String,
}

/// What a token request gave.
#[derive(Clone, Debug)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
    pub scope: String,
    pub body: Value,
}

impl OAuthClient {
    pub async fn register(app: &TestApp, name: &str) -> Self {
        Self::register_with(app, json!({ "client_name": name, "redirect_uris": [REDIRECT_URI] })).await
    }

    pub async fn register_with(app: &TestApp, metadata: Value) -> Self {
        let http = app.http();
        let response = http.post(app.at("/oauth/register")).json(&metadata).send().await.unwrap();
        let status = response.status();
        let body = json_of(response).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        Self {
            id: body["client_id"].as_str().unwrap().to_owned(),
            secret: body["client_secret"].as_str().map(str::to_owned),
            verifier: "v".repeat(43),
            http,
            base: app.url.clone(),
        }
    }

    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()))
    }

    /// The parameters of a good authorization request.
    pub fn params(&self, scope: &str) -> Vec<(String, String)> {
        let challenge = self.challenge();
        let resource = format!("{}/mcp", self.base);
        [
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", REDIRECT_URI),
            ("state", "st&te=1"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("resource", &resource),
            ("scope", scope),
        ]
        .into_iter()
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .collect()
    }

    pub fn authorize_url(&self, scope: &str) -> String {
        format!("/oauth/authorize?{}", serde_urlencoded::to_string(self.params(scope)).unwrap())
    }

    /// Lets the person allow it; returns the code.
    pub async fn code(&self, browser: &Browser, scope: &str) -> String {
        let location = browser.allow(&self.authorize_url(scope)).await;
        query_of(&location)["code"].clone()
    }

    /// The parameters of a good code redemption.
    pub fn redemption(&self, code: &str) -> Vec<(&'static str, String)> {
        let mut params = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", REDIRECT_URI.to_owned()),
            ("code_verifier", self.verifier.clone()),
            ("client_id", self.id.clone()),
        ];
        params.extend(self.secret.iter().map(|s| ("client_secret", s.clone())));
        params
    }

    pub fn refreshing(&self, token: &str) -> Vec<(&'static str, String)> {
        let mut params = vec![
            ("grant_type", "refresh_token".to_owned()),
            ("refresh_token", token.to_owned()),
            ("client_id", self.id.clone()),
        ];
        params.extend(self.secret.iter().map(|s| ("client_secret", s.clone())));
        params
    }

    pub async fn post(&self, path: &str, params: &[(&str, String)]) -> Response {
        self.http.post(format!("{}{path}", self.base)).form(params).send().await.unwrap()
    }

    /// A token request that must work.
    pub async fn tokens(&self, params: &[(&str, String)]) -> Tokens {
        let response = self.post("/oauth/token", params).await;
        let status = response.status();
        let body = json_of(response).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        Tokens { access: text("access_token"), refresh: text("refresh_token"), scope: text("scope"), body }
    }

    /// A token request that must be refused; returns the error code.
    pub async fn refused(&self, params: &[(&str, String)]) -> String {
        let response = self.post("/oauth/token", params).await;
        let status = response.status();
        let body = json_of(response).await;
        assert!(status.is_client_error(), "{status} {body}");
        body["error"].as_str().unwrap().to_owned()
    }

    /// Everything at once: tokens for a scope.
    pub async fn log_in(&self, browser: &Browser, scope: &str) -> Tokens {
        let code = self.code(browser, scope).await;
        self.tokens(&self.redemption(&code)).await
    }
}

pub async fn json_of(response: Response) -> Value {
    let text = response.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e} in {text}"))
}

/// The query parameters of a URL.
pub fn query_of(url: &str) -> HashMap<String, String> {
    url::Url::parse(url).unwrap().query_pairs().into_owned().collect()
}
