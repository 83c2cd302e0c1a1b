//! Clients that publish a document of themselves, over HTTP and on both databases.

mod documents;
mod hold;
mod policy;
mod products;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatepost::oauth::client_assertion::TYPE;
use reqwest::Response;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::status_and_json;
use crate::support::{Browser, Documents, Signer, TestApp, query_of};

/// How long a document is used that says nothing of it, in seconds.
pub const FRESH: i64 = 300;
/// Where the clients of these tests are answered.
const HERE: &str = "http://127.0.0.1:49152/callback";

/// A client by document, as it speaks.
pub struct Peer {
    pub id: String,
    pub redirect_uri: String,
    pub key: Option<Signer>,
}

/// A small public document.
pub fn plain(redirect_uris: &[&str]) -> Value {
    json!({ "client_name": "Notes app", "redirect_uris": redirect_uris, "token_endpoint_auth_method": "none" })
}

impl Peer {
    /// One that is answered on this computer.
    fn here(documents: &Documents) -> Self {
        let id = documents.put("/notes/client.json", plain(&["http://127.0.0.1/callback"]));
        Self { id, redirect_uri: HERE.to_owned(), key: None }
    }

    fn verifier() -> String {
        "v".repeat(43)
    }

    /// An authorization request, with these parameters changed.
    fn authorize_url(&self, resource: &str, changes: &[(&str, &str)]) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(Self::verifier()));
        let mut params = vec![
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", &self.redirect_uri),
            ("state", "st&te=1"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("resource", resource),
            ("scope", "search:read offline_access"),
        ];
        params.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        params.extend(changes);
        format!("/oauth/authorize?{}", serde_urlencoded::to_string(params).unwrap())
    }

    fn ask(&self, app: &TestApp) -> String {
        self.authorize_url(&app.at("/mcp"), &[])
    }

    /// What a token request says of the client: its id, and an assertion where it has a key.
    fn credentials(&self, app: &TestApp, jti: &str) -> Vec<(&'static str, String)> {
        let mut form = vec![("client_id", self.id.clone())];
        if let Some(key) = &self.key {
            let now = app.clock.now();
            let claims = json!({ "iss": self.id, "sub": self.id, "aud": app.url, "iat": now, "exp": now + 300,
                                 "jti": jti });
            form.push(("client_assertion_type", TYPE.to_owned()));
            form.push(("client_assertion", key.sign(&claims)));
        }
        form
    }

    async fn redeem(&self, app: &TestApp, place: &str, jti: &str) -> (u16, Value) {
        let mut form = self.credentials(app, jti);
        form.extend([
            ("grant_type", "authorization_code".to_owned()),
            ("code", query_of(place)["code"].clone()),
            ("redirect_uri", self.redirect_uri.clone()),
            ("code_verifier", Self::verifier()),
        ]);
        status_and_json(post(app, &form).await).await
    }

    async fn refresh(&self, app: &TestApp, token: &str, jti: &str) -> (u16, Value) {
        let mut form = self.credentials(app, jti);
        form.extend([("grant_type", "refresh_token".to_owned()), ("refresh_token", token.to_owned())]);
        status_and_json(post(app, &form).await).await
    }

    /// Lets a person allow it; its first refresh token.
    pub async fn log_in(&self, app: &TestApp, browser: &Browser) -> String {
        let place = browser.allow(&self.ask(app)).await;
        let (status, body) = self.redeem(app, &place, &format!("in-{}", app.clock.now())).await;
        assert_eq!(status, 200, "{body}");
        refresh_of(&body)
    }

    /// Refreshes, which must work; the next refresh token.
    pub async fn goes_on(&self, app: &TestApp, token: &str) -> String {
        let (status, body) = self.refresh(app, token, &format!("on-{}", app.clock.now())).await;
        assert_eq!(status, 200, "{body}");
        refresh_of(&body)
    }

    /// Refreshes, which must be refused because the client is on hold.
    pub async fn is_held(&self, app: &TestApp, token: &str) {
        let (status, body) = self.refresh(app, token, &format!("held-{}", app.clock.now())).await;
        assert_eq!((status, &body["error"]), (400, &json!("invalid_grant")), "{body}");
        let text = body["error_description"].as_str().unwrap();
        assert!(text.contains("has changed where it sends access"), "{text}");
    }
}

fn refresh_of(body: &Value) -> String {
    body["refresh_token"].as_str().unwrap().to_owned()
}

async fn post(app: &TestApp, form: &[(&str, String)]) -> Response {
    app.http().post(app.direct("/oauth/token")).form(form).send().await.unwrap()
}
