//! Whole answers, as they are sent, compared with a file.

use std::fmt::Write as _;

use regex_lite::Regex;
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use super::{PREFIX, Program};
use crate::on_both;
use crate::support::{JSON, TestApp};

/// The headers that matter, in the order they are written down.
const HEADERS: [&str; 8] = [
    "allow",
    "cache-control",
    "content-type",
    "location",
    "retry-after",
    "set-cookie",
    "www-authenticate",
    "x-content-type-options",
];

async fn written(title: &str, request: RequestBuilder) -> String {
    let response = request.send().await.unwrap();
    let mut text = format!("== {title}\n{}\n", response.status());
    for name in HEADERS {
        for value in response.headers().get_all(name) {
            writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
        }
    }
    let body = response.text().await.unwrap();
    let body = serde_json::from_str::<serde_json::Value>(&body)
        .map_or(body, |value| serde_json::to_string_pretty(&value).unwrap());
    format!("{text}\n{body}\n\n")
}

async fn answers_are_as_they_were(app: TestApp) {
    let program = Program::mighty(&app).await;
    let weak = Program::new(&app, &["keys:read"]).await;
    let raw = |method: Method, path: &str| app.http().request(method, app.at(&format!("{PREFIX}{path}")));
    let text = |body: &'static str| {
        program.request(Method::POST, "/resources").header("content-type", JSON).body(body)
    };
    let wrong = json!({ "name": "", "url": "http://notes.example.com/mcp" });
    let requests = [
        ("no token", raw(Method::GET, "/keys")),
        ("a wrong token", raw(Method::GET, "/keys").bearer_auth("apt_x")),
        ("a missing scope", weak.request(Method::GET, "/people")),
        ("no such operation", program.request(Method::GET, "/nothing")),
        ("another method", program.request(Method::PUT, "/keys")),
        ("which methods there are", raw(Method::OPTIONS, "/resources")),
        ("another host name", program.request(Method::GET, "/keys").header("host", "evil.example")),
        ("no such thing", program.request(Method::GET, "/people/usr_none")),
        ("a path with NUL", program.request(Method::GET, "/people/%00")),
        (
            "another media type",
            program.request(Method::POST, "/resources").header("content-type", "text/plain").body("{}"),
        ),
        ("broken JSON", text("{")),
        ("a field of another kind", text("{\"name\":1,\"url\":\"x\"}")),
        ("an unknown field", text("{\"name\":\"a\",\"url\":\"x\",\"colour\":1}")),
        ("a NUL", text("{\"name\":\"a\\u0000\",\"url\":\"x\"}")),
        (
            "too large",
            program.request(Method::POST, "/resources").header("content-type", JSON).body("x".repeat(65_537)),
        ),
        ("fields that cannot be taken", program.request(Method::POST, "/resources").json(&wrong)),
        (
            "a rule that forbids it",
            program.request(Method::POST, "/keys/rotate").json(&json!({ "alg": "ES256" })),
        ),
        (
            "another version",
            program
                .request(Method::PUT, "/settings/registration")
                .json(&json!({ "enabled": true, "version": 7 })),
        ),
        ("a parameter that cannot be taken", program.request(Method::GET, "/people?limit=500")),
        ("a number that is none", program.request(Method::GET, "/people?limit=-1")),
        ("an unknown parameter", program.request(Method::GET, "/people?colour=1")),
        ("the token", program.request(Method::GET, "/token")),
        ("a list", program.request(Method::GET, "/people")),
        ("something new", text("{\"name\":\"Notes\",\"url\":\"https://notes.example.com/mcp\"}")),
        ("nothing to say", program.request(Method::DELETE, &format!("/people/{}/apps", app.user.id))),
    ];
    let mut all = String::new();
    for (title, request) in requests {
        all += &written(title, request).await;
    }
    let all = all.replace(&app.url, "{issuer}");
    let all = Regex::new("\"reference\": \"[0-9a-z]{10}\"")
        .unwrap()
        .replace_all(&all, "\"reference\": \"{reference}\"");
    let all = Regex::new("(usr|apt|res|key)_[0-9a-v]{26}").unwrap().replace_all(&all, "{${1}}");
    insta::with_settings!({
        snapshot_path => "../../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!("admin_api", all) });
}

on_both! { answers_are_as_they_were }
