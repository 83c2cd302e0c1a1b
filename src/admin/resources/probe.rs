//! "Test it": walks from the resource's public URL to the keys, as a client that discovers it would.
//!
//! | step                  | asked for                                                         | fine when                                   |
//! |-----------------------|-------------------------------------------------------------------|---------------------------------------------|
//! | the challenge         | a POST without a token to the resource's URL                      | 401 with `resource_metadata`                |
//! | resource metadata     | where the challenge says, if that has the resource's origin; else the well-known places | `resource` is the URL, `authorization_servers` has its issuer |
//! | server metadata       | the well-known documents of its issuer: this server, or ScaleKit  | `issuer` is that, `S256` is listed          |
//! | keys                  | the `jwks_uri` in it                                              | a key of the resource's algorithm           |
//!
//! Only an administrator starts it, and it asks nobody but the registered URL, its origin, this server itself and the
//! ScaleKit environment that an administrator chose.
//! No redirect is followed, no proxy used; 5 s and 64 KiB an answer. Answers are judged, not shown.

use std::time::Duration;

use futures::future;
use reqwest::header::{ACCEPT, CONTENT_TYPE, WWW_AUTHENTICATE};
use reqwest::{Client, RequestBuilder, StatusCode, redirect};
use serde_json::{Value, json};
use url::Url;

use super::find;
use crate::admin::{Actor, Admin, Failure};
use crate::audit::Event;
use crate::trust::whom::Whom;

/// How long one answer may take, from connecting to its last byte.
const TIME: Duration = Duration::from_secs(5);
/// The largest answer read, in bytes.
const MAX_ANSWER: usize = 64 * 1024;
/// The longest text of strangers in a report, in characters.
const MAX_SHOWN: usize = 200;
/// The first message of a client, in the revision all servers know.
const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"gatepost-test","version":"1"}}}"#;

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Fine,
    /// Most clients put up with it.
    Doubtful,
    Failed,
}

/// One step: what was asked, what was seen, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub name: &'static str,
    pub url: String,
    pub verdict: Verdict,
    pub seen: String,
    /// Nothing when it is fine.
    pub advice: Option<String>,
}

/// Every step, in the order a client takes them.
pub async fn run(admin: &Admin, actor: &Actor, id: &str) -> Result<Vec<Step>, Failure> {
    let row = find(admin, id).await?;
    let ctx = &admin.oauth;
    let uri = row.uri.unwrap_or_else(|| ctx.issuer.at(&row.path));
    let http = client().map_err(|error| {
        Failure::refused("no_client", format!("The test cannot be made: {}.", error.without_url()))
    })?;
    let own = Issuer {
        name: ctx.issuer.as_str().to_owned(),
        documents: ["oauth-authorization-server", "openid-configuration"]
            .map(|name| ctx.issuer.at(&format!("/.well-known/{name}")))
            .to_vec(),
        alg: row.signing_alg,
    };
    let resource = ctx.resources.current().by_id(id).cloned();
    let foreign = resource.as_ref().and_then(|r| match r.believes.main() {
        Whom::ScaleKit(foreign) => Some(foreign),
        Whom::Embedded | Whom::Nobody => None,
    });
    let issuer = foreign.map_or(own, |foreign| Issuer {
        name: foreign.authorization_server(),
        documents: foreign.server_metadata_url().into_iter().collect(),
        alg: "RS256".to_owned(),
    });
    let probe = Probe { http, uri, issuer };
    let (resource, server) = future::join(probe.resource(), probe.server()).await;
    let steps = [resource, server].concat();
    let failed = steps.iter().find(|step| step.verdict == Verdict::Failed);
    let entry = match failed {
        None => actor.did(Event::ResourceTested),
        Some(step) => actor.did(Event::ResourceTested).because("found_faults").detail(step.name),
    };
    ctx.audit.record(entry.resource(id.to_owned())).await;
    Ok(steps)
}

fn client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .timeout(TIME)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("gatepost-test/", env!("CARGO_PKG_VERSION")))
        .build()
}

struct Probe {
    http: Client,
    /// The resource's canonical URL.
    uri: String,
    issuer: Issuer,
}

/// Who makes the resource's tokens.
struct Issuer {
    name: String,
    /// Where its metadata is.
    documents: Vec<String>,
    alg: String,
}

/// What came back: status, challenges, and the body when it is JSON.
struct Answer {
    status: StatusCode,
    challenges: Vec<String>,
    body: Result<Value, &'static str>,
}

impl Probe {
    async fn resource(&self) -> Vec<Step> {
        let (challenge, named) = self.challenge().await;
        let metadata = self.resource_metadata(named).await;
        vec![challenge, metadata]
    }

    /// The first request of a client, and where its refusal says that the metadata is.
    async fn challenge(&self) -> (Step, Option<String>) {
        let step = step_at("The server asks for a token", &self.uri);
        let request = self
            .http
            .post(&self.uri)
            .header(ACCEPT, "application/json, text/event-stream")
            .header(CONTENT_TYPE, "application/json")
            .body(INITIALIZE);
        let answer = match ask(request).await {
            Ok(answer) => answer,
            Err(why) => {
                return (
                    step(
                        Verdict::Failed,
                        why,
                        "Check that the server runs and that this machine reaches it.",
                    ),
                    None,
                );
            }
        };
        let status = answer.status;
        if status != StatusCode::UNAUTHORIZED {
            let advice = match status {
                _ if status.is_redirection() => {
                    "Register the URL that it leads to: clients do not follow redirects here."
                }
                _ if status.is_success() => {
                    "It answers without a token: refuse requests without one with 401."
                }
                _ => "Answer a request without a token with 401, before anything else of it is looked at.",
            };
            return (
                step(Verdict::Failed, &format!("It answered {status} to a request without a token."), advice),
                None,
            );
        }
        let named = answer.challenges.iter().find_map(|text| parameter(text, "resource_metadata"));
        let Some(named) = named else {
            let seen = "It answered 401 without saying where its metadata is.";
            let advice = "Send the WWW-Authenticate header of the Quickstart with the 401.";
            return (step(Verdict::Failed, seen, advice), None);
        };
        let seen = format!("It answered 401 and names {}.", shown(&named));
        if same_origin(&named, &self.uri) {
            (step(Verdict::Fine, &seen, ""), Some(named))
        } else {
            let advice = "Serve the metadata from the same origin as the server: many clients refuse another one. It was not fetched.";
            (step(Verdict::Failed, &seen, advice), None)
        }
    }

    /// The document at the named place, else at the well-known ones.
    async fn resource_metadata(&self, named: Option<String>) -> Step {
        let places = named.map_or_else(|| well_known(&self.uri), |named| vec![named]);
        let name = "The metadata of the resource";
        let mut last = step_at(name, places.first().unwrap_or(&self.uri))(
            Verdict::Failed,
            "There is no place to look.",
            "Check the URL of the resource.",
        );
        for place in places {
            let step = step_at(name, &place);
            last = match document(self.http.get(&place)).await {
                Ok(document) => return self.judge_resource(&document, step),
                Err(why) => step(
                    Verdict::Failed,
                    why,
                    "Serve the JSON of the Metadata page there, as application/json with status 200.",
                ),
            };
        }
        last
    }

    fn judge_resource(&self, document: &Value, step: impl Fn(Verdict, &str, &str) -> Step) -> Step {
        let resource = document["resource"].as_str().unwrap_or_default();
        if resource != self.uri {
            let seen = format!("It says that resource is {}.", quoted(resource));
            let advice = format!(
                "Let it say {}, byte for byte: clients compare it with the URL they were given, and tokens are made for it.",
                self.uri
            );
            return step(Verdict::Failed, &seen, &advice);
        }
        let servers: Vec<&str> = document["authorization_servers"]
            .as_array()
            .map_or_else(Vec::new, |all| all.iter().filter_map(Value::as_str).take(20).collect());
        let issuer = self.issuer.name.as_str();
        let advice = format!("Let authorization_servers say {issuer}, without a slash at the end.");
        if servers.first() == Some(&issuer) {
            return step(Verdict::Fine, "resource and authorization_servers are as they should be.", "");
        }
        let with_slash = format!("{issuer}/");
        if servers.contains(&issuer) {
            let seen = format!(
                "authorization_servers begins with {}, and names the right server later.",
                quoted(servers[0])
            );
            return step(
                Verdict::Doubtful,
                &seen,
                "Put the right server first: most clients look at the first one only.",
            );
        }
        if servers.contains(&with_slash.as_str()) {
            return step(
                Verdict::Doubtful,
                "authorization_servers names the right server with a slash at the end.",
                &advice,
            );
        }
        let seen = servers.first().map_or_else(
            || "It names no authorization server.".to_owned(),
            |first| format!("authorization_servers says {}.", quoted(first)),
        );
        step(Verdict::Failed, &seen, &advice)
    }

    /// What clients ask of the authorization server, at the address it calls its own.
    async fn server(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut jwks = None;
        for place in &self.issuer.documents {
            let step = step_at("The metadata of the authorization server", place);
            let reach = "Check that its public URL leads there, from this machine too, and that a proxy in front lets /.well-known through.";
            steps.push(match document(self.http.get(place)).await {
                Ok(document) => {
                    jwks = jwks.or_else(|| document["jwks_uri"].as_str().map(str::to_owned));
                    self.judge_server(&document, step)
                }
                Err(why) => step(Verdict::Failed, why, reach),
            });
        }
        let jwks = jwks.filter(|url| same_origin(url, &self.issuer.name));
        steps.push(self.keys(&jwks.unwrap_or_else(|| format!("{}/keys", self.issuer.name))).await);
        steps
    }

    fn judge_server(&self, document: &Value, step: impl Fn(Verdict, &str, &str) -> Step) -> Step {
        let issuer = document["issuer"].as_str().unwrap_or_default();
        if issuer != self.issuer.name {
            let advice = "Something else answers at the public URL of that server: check its proxy.";
            return step(Verdict::Failed, &format!("It says that issuer is {}.", quoted(issuer)), advice);
        }
        let methods = document["code_challenge_methods_supported"].as_array();
        if !methods.is_some_and(|all| all.contains(&json!("S256"))) {
            let advice = "Something between changes the document: check the proxy.";
            return step(Verdict::Failed, "It does not list S256.", advice);
        }
        step(Verdict::Fine, "issuer and endpoints are as they should be.", "")
    }

    async fn keys(&self, place: &str) -> Step {
        let step = step_at("The keys that sign", place);
        let document = match document(self.http.get(place)).await {
            Ok(document) => document,
            Err(why) => return step(Verdict::Failed, why, "Check that a proxy in front lets /keys through."),
        };
        let keys = document["keys"].as_array().map_or(&[][..], Vec::as_slice);
        let alg = self.issuer.alg.as_str();
        let fitting = keys.iter().filter(|key| key["alg"] == alg).count();
        if fitting > 0 {
            return step(Verdict::Fine, &format!("{fitting} of {} keys are for {alg}.", keys.len()), "");
        }
        step(Verdict::Failed, &format!("There is no key for {alg}."), "See the Keys page.")
    }
}

/// Makes a step at a place; empty advice is none.
fn step_at(name: &'static str, url: &str) -> impl Fn(Verdict, &str, &str) -> Step + use<> {
    let url = shown(url);
    move |verdict, seen, advice| Step {
        name,
        url: url.clone(),
        verdict,
        seen: seen.to_owned(),
        advice: (!advice.is_empty()).then(|| advice.to_owned()),
    }
}

/// Asks once. The error is a sentence.
async fn ask(request: RequestBuilder) -> Result<Answer, &'static str> {
    let mut response = request.send().await.map_err(|error| reason(&error))?;
    let status = response.status();
    let challenges = response.headers().get_all(WWW_AUTHENTICATE).iter();
    let challenges = challenges.filter_map(|value| value.to_str().ok()).map(str::to_owned).collect();
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > MAX_ANSWER => {
                return Ok(Answer { status, challenges, body: Err("Its answer is larger than 64 KiB.") });
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => return Ok(Answer { status, challenges, body: Err(reason(&error)) }),
        }
    }
    let body = serde_json::from_slice(&body).map_err(|_| "Its answer is not JSON.");
    Ok(Answer { status, challenges, body })
}

/// Asks for a JSON object. The error is a sentence.
async fn document(request: RequestBuilder) -> Result<Value, &'static str> {
    let answer = ask(request.header(ACCEPT, "application/json")).await?;
    match answer.status {
        StatusCode::OK => {}
        status if status.is_redirection() => {
            return Err("It answered with a redirect, which clients do not follow here.");
        }
        StatusCode::NOT_FOUND => return Err("It answered 404: there is nothing."),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            return Err("It asks for a token here too: metadata must be public.");
        }
        status if status.is_server_error() => return Err("It answered with an error of its own (5xx)."),
        _ => return Err("It did not answer with status 200."),
    }
    let body = answer.body?;
    if body.is_object() { Ok(body) } else { Err("Its answer is JSON, but no object.") }
}

fn reason(error: &reqwest::Error) -> &'static str {
    match () {
        () if error.is_timeout() => "It did not answer within 5 seconds.",
        () if error.is_connect() => {
            "It cannot be reached: the name is not known, nobody listens there, or its certificate is not good."
        }
        () => "Its answer broke off or is no HTTP.",
    }
}

/// The places of RFC 9728 §3.1 for a resource: with its path, then without.
fn well_known(resource: &str) -> Vec<String> {
    let Ok(url) = Url::parse(resource) else { return Vec::new() };
    let (origin, path) = (url.origin().ascii_serialization(), url.path().trim_end_matches('/'));
    let at = |path: &str| format!("{origin}/.well-known/oauth-protected-resource{path}");
    if path.is_empty() { vec![at("")] } else { vec![at(path), at("")] }
}

fn same_origin(a: &str, b: &str) -> bool {
    match (Url::parse(a), Url::parse(b)) {
        (Ok(a), Ok(b)) => a.origin().is_tuple() && a.origin() == b.origin(),
        _ => false,
    }
}

/// The value of a parameter of a `Bearer` or `DPoP` challenge (RFC 9110 §11.6.1, RFC 9449 §7.1): a token or a quoted
/// string.
fn parameter(challenge: &str, name: &str) -> Option<String> {
    let (scheme, mut rest) = challenge.trim_start().split_once([' ', '\t'])?;
    if !["bearer", "dpop"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return None;
    }
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (key, after) = rest.split_once('=')?;
        let (value, after) = value(after.trim_start());
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = after;
    }
}

/// Reads one value; returns it with what follows.
fn value(text: &str) -> (String, &str) {
    let Some(inside) = text.strip_prefix('"') else {
        let end = text.find([',', ' ']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let (mut out, mut escaped) = (String::new(), false);
    for (at, character) in inside.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => {
                escaped = true;
                continue;
            }
            '"' => return (out, &inside[at + 1..]),
            _ => {}
        }
        out.push(character);
    }
    (out, "")
}

/// Text of strangers, cut.
fn shown(text: &str) -> String {
    text.chars().take(MAX_SHOWN).collect()
}

fn quoted(text: &str) -> String {
    if text.is_empty() { "missing".to_owned() } else { format!("\"{}\"", shown(text)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameter_of_a_challenge_is_found_wherever_it_stands() {
        let found = |challenge| parameter(challenge, "resource_metadata");
        let url = Some("https://a.example/x".to_owned());
        assert_eq!(found("Bearer resource_metadata=\"https://a.example/x\""), url);
        assert_eq!(
            found(
                "bearer realm=\"a, \\\"b\\\"\", Resource_Metadata = \"https://a.example/x\", scope=\"a b\""
            ),
            url
        );
        assert_eq!(found("Bearer error=invalid_token,resource_metadata=https://a.example/x"), url);
        assert_eq!(found("DPoP algs=\"ES256 EdDSA\", resource_metadata=\"https://a.example/x\""), url);
        for challenge in [
            "",
            "Bearer",
            "DPoPresource_metadata=\"x\"",
            "DPoPs resource_metadata=\"x\"",
            "Basic resource_metadata=\"x\"",
            "Bearer scope=\"resource_metadata=x\"",
            "Bearer realm=\"unclosed",
            "é",
        ] {
            assert_eq!(found(challenge), None, "{challenge}");
        }
    }

    #[test]
    fn metadata_is_looked_for_with_and_without_the_path() {
        assert_eq!(
            well_known("https://a.example/mcp/"),
            [
                "https://a.example/.well-known/oauth-protected-resource/mcp",
                "https://a.example/.well-known/oauth-protected-resource"
            ]
        );
        assert_eq!(
            well_known("https://a.example"),
            ["https://a.example/.well-known/oauth-protected-resource"]
        );
    }

    #[test]
    fn only_the_same_scheme_host_and_port_are_one_origin() {
        assert!(same_origin("https://a.example/x", "https://A.example:443/y"));
        for other in ["http://a.example/x", "https://a.example:444/", "https://b.example/", "data:,x", "x"] {
            assert!(!same_origin(other, "https://a.example/x"), "{other}");
        }
    }
}
