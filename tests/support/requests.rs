//! Broken requests to one endpoint, and their answers compared with a file in `tests/snapshots`.

use std::fmt::Write as _;

use regex_lite::Regex;
use reqwest::{Method, RequestBuilder, Response};

use super::{OAuthClient, TestApp, text_of};

pub const FORM: &str = "application/x-www-form-urlencoded";
pub const JSON: &str = "application/json";
/// The headers that matter here, in the order they are written down.
const HEADERS: [&str; 14] = [
    "allow",
    "cache-control",
    "content-security-policy",
    "content-type",
    "dpop-nonce",
    "location",
    "pragma",
    "referrer-policy",
    "retry-after",
    "set-cookie",
    "strict-transport-security",
    "www-authenticate",
    "x-content-type-options",
    "x-frame-options",
];

/// The requests of one endpoint, and what is put for values that change from run to run.
pub struct Requests<'a> {
    app: &'a TestApp,
    client_id: &'a str,
    path: &'static str,
    list: Vec<(String, RequestBuilder)>,
}

impl<'a> Requests<'a> {
    pub fn new(app: &'a TestApp, client: &'a OAuthClient, path: &'static str) -> Self {
        Self { app, client_id: &client.id, path, list: Vec::new() }
    }

    /// As [`Requests::new`], where no client takes part.
    pub fn of_person(app: &'a TestApp, path: &'static str) -> Self {
        Self { app, client_id: "cli_nobody", path, list: Vec::new() }
    }

    pub fn add(&mut self, title: &str, request: RequestBuilder) {
        self.list.push((title.to_owned(), request));
    }

    pub fn empty(&mut self, method: Method) {
        let title = format!("{method}");
        self.add(&title, self.app.http().request(method, self.app.at(self.path)));
    }

    pub fn get(&mut self, title: &str, path: &str) {
        self.add(title, self.app.http().get(self.app.at(path)));
    }

    /// A POST of these bytes.
    pub fn post(&mut self, title: &str, kind: &str, body: impl Into<Vec<u8>>) {
        let request = self.app.http().post(self.app.at(self.path)).header("content-type", kind);
        self.add(title, request.body(body.into()));
    }

    /// What can be wrong with every form. `good` is a form that would do, but for what it asks for.
    pub fn broken_forms(&mut self, good: &str) {
        let twice = format!("{good}&{}", good.split('&').next().unwrap());
        let many = (0..1000).fold(good.to_owned(), |form, i| form + &format!("&p{i}=x"));
        let long = format!("{good}&x={}", "x".repeat(16 * 1024));
        self.post("an empty body", FORM, "");
        self.add("no content type", self.app.http().post(self.app.at(self.path)).body(good.to_owned()));
        self.post("another content type", JSON, good);
        self.post("too long a body", FORM, long);
        self.post("1000 parameters", FORM, many);
        self.post("a parameter twice", FORM, twice);
        self.post("a broken percent-encoding", FORM, "client_id=%&grant_type=%zz&token=%0&request=%5");
        self.post("no pairs", FORM, "&&=&;;");
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
            self.empty(method);
        }
    }

    /// Sends them, and compares the answers with the file of this name.
    pub async fn compare(self, name: &str) {
        let before = self.app.db_rows().await;
        let mut text = String::new();
        for (title, request) in self.list {
            let response = request.send().await.unwrap();
            assert!(!response.status().is_server_error(), "{title} gives {}", response.status());
            writeln!(text, "== {title}").unwrap();
            text += &written(response).await;
            assert_eq!(self.app.db_rows().await, before, "{title} changes something");
        }
        let encoded = serde_urlencoded::to_string([("", &self.app.url)]).unwrap();
        let text = text.replace(&self.app.url, "{issuer}").replace(&encoded[1..], "{issuer}");
        let text = text.replace(self.client_id, "{client}");
        let text = Regex::new("Reference [0-9a-z]{10}").unwrap().replace_all(&text, "Reference {reference}");
        let text =
            Regex::new("gatepost-browser=[^;]+").unwrap().replace_all(&text, "gatepost-browser={browser}");
        let text = Regex::new("Expires=[^;\n]+").unwrap().replace_all(&text, "Expires={date}");
        insta::with_settings!({
            snapshot_path => "../snapshots",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, { insta::assert_snapshot!(name, text) });
    }
}

/// An answer as text: of a page, what a person reads.
pub async fn written(response: Response) -> String {
    let mut text = format!("{}\n", response.status());
    for name in HEADERS {
        for value in response.headers().get_all(name) {
            writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
        }
    }
    let is_page =
        response.headers().get("content-type").is_some_and(|v| v.as_bytes().starts_with(b"text/html"));
    let body = response.text().await.unwrap();
    let body = if is_page { text_of(&body) } else { body };
    if body.is_empty() { text + "\n" } else { format!("{text}\n{body}\n\n") }
}
