//! `/admin/api/v1/…`: the administration for programs.

mod idempotency;
mod lists;
mod operations;
mod people;
mod problems;
mod sweep;
mod tokens;

use gatepost::admin::Actor;
use gatepost::admin::api_tokens::Scope;
use gatepost::admin::api_tokens::make::{self, NewToken};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

use crate::support::TestApp;

pub const PREFIX: &str = "/admin/api/v1";

/// A program with a token.
pub struct Program<'a> {
    pub app: &'a TestApp,
    pub id: String,
    pub token: String,
}

impl<'a> Program<'a> {
    /// One that may do what these scopes say, on behalf of Ann.
    pub async fn new(app: &'a TestApp, scopes: &[&str]) -> Self {
        Self::of(app, &app.user.id, scopes, 30).await
    }

    /// One that may do everything.
    pub async fn mighty(app: &'a TestApp) -> Self {
        Self::new(app, &Scope::ALL.map(Scope::name)).await
    }

    pub async fn of(app: &'a TestApp, owner: &str, scopes: &[&str], days: i64) -> Self {
        let admin = app.core.admin();
        let new = NewToken {
            name: "Program".to_owned(),
            scopes: scopes.iter().map(|s| (*s).to_owned()).collect(),
            days,
            id: make::fresh_id(&admin),
        };
        let made = make::make(&admin, &Actor::command_line(), owner, &new).await.unwrap();
        Self { app, id: made.id, token: made.text.expose().clone() }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.app.http().request(method, self.app.at(&format!("{PREFIX}{path}"))).bearer_auth(&self.token)
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.request(Method::POST, path).json(body).send().await.unwrap()
    }

    pub async fn put(&self, path: &str, body: &Value) -> Response {
        self.request(Method::PUT, path).json(body).send().await.unwrap()
    }

    pub async fn delete(&self, path: &str) -> Response {
        self.request(Method::DELETE, path).send().await.unwrap()
    }

    /// What is there, which must be.
    pub async fn read(&self, path: &str) -> Value {
        good(self.get(path).await, 200).await
    }
}

/// The JSON of an answer with this status.
pub async fn good(response: Response, status: u16) -> Value {
    let (found, text) = (response.status().as_u16(), response.text().await.unwrap());
    assert_eq!(found, status, "{text}");
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// The code of a problem with this status.
pub async fn problem(response: Response, status: u16) -> String {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body = good(response, status).await;
    assert_eq!(body["status"], status, "{body}");
    assert!(body["reference"].as_str().is_some_and(|r| r.len() == 10), "{body}");
    body["code"].as_str().unwrap().to_owned()
}
