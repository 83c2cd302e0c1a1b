//! Trusting ScaleKit: whose tokens open what, which endpoints are there, what is told to clients and people.

mod keys;
mod mode;
mod per_resource;
mod tokens;

use serde_json::{Value, json};

use crate::mcp::caller::Caller;
use crate::support::scalekit::{Environment, RESOURCE, sign};
use crate::support::{Database, TestApp};

/// Gatepost as the resource server of a ScaleKit environment.
pub async fn trusting(database: Database) -> (TestApp, Environment) {
    trusting_with(database, &[]).await
}

/// The same with more settings.
pub async fn trusting_with(database: Database, more: &[(&str, &str)]) -> (TestApp, Environment) {
    let environment = Environment::start();
    let mut settings = vec![
        ("GATEPOST_ISSUER", "scalekit"),
        ("SCALEKIT_ENVIRONMENT_URL", environment.url.as_str()),
        ("SCALEKIT_RESOURCE_ID", RESOURCE),
    ];
    settings.extend(more);
    let app = TestApp::start_with(database, &settings).await;
    (app, environment)
}

/// The claims of a good token.
pub fn good(app: &TestApp, environment: &Environment) -> Value {
    environment.claims(&app.at("/mcp"), app.clock.now())
}

/// A caller with a good token by the first key.
pub fn caller(app: &TestApp, environment: &Environment) -> Caller {
    Caller::new(app, &sign(1, &good(app, environment)))
}

/// How a token is answered: the status and the description.
pub async fn answer(app: &TestApp, token: &str) -> (u16, String) {
    let response = Caller::new(app, token).call("whoami", json!({})).await;
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap_or_default();
    (status, body["error_description"].as_str().unwrap_or_default().to_owned())
}
