//! "Test it": a good server, and everything that can be wrong with one.

use std::time::Duration;

use gatepost::admin::Actor;
use gatepost::admin::resources::probe::{Step, Verdict, run};
use serde_json::{Value, json};
use wiremock::matchers::{any, body_partial_json, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::resources::{add, form};
use crate::on_both;
use crate::support::{TestApp, text_of};

const PRM: &str = "/.well-known/oauth-protected-resource/mcp";

/// A server elsewhere; its resource here.
struct Elsewhere {
    server: MockServer,
    url: String,
    id: String,
}

impl Elsewhere {
    async fn new(app: &TestApp) -> Self {
        let server = MockServer::start().await;
        let url = format!("{}/mcp", server.uri());
        let id = add(app, "Notes", &url).await.id;
        Self { server, url, id }
    }

    async fn answers(&self, at: &str, answer: ResponseTemplate) {
        Mock::given(path(at)).respond_with(answer).mount(&self.server).await;
    }

    fn prm_url(&self) -> String {
        format!("{}{PRM}", self.server.uri())
    }

    fn metadata(&self, app: &TestApp) -> Value {
        json!({ "resource": self.url, "authorization_servers": [app.url] })
    }

    async fn test(&self, app: &TestApp) -> Vec<Step> {
        run(&app.core.admin(), &Actor::command_line(), &self.id).await.unwrap()
    }
}

fn challenge(metadata: &str) -> ResponseTemplate {
    let value = format!("Bearer scope=\"a b\", resource_metadata=\"{metadata}\"");
    ResponseTemplate::new(401).insert_header("www-authenticate", value.as_str())
}

fn verdicts(steps: &[Step]) -> Vec<Verdict> {
    steps.iter().map(|step| step.verdict).collect()
}

const FINE: Verdict = Verdict::Fine;

async fn a_good_chain_is_fine_at_every_step(app: TestApp) {
    let notes = Elsewhere::new(&app).await;
    Mock::given(method("POST"))
        .and(path("/mcp"))
        .and(body_partial_json(json!({ "method": "initialize" })))
        .respond_with(challenge(&notes.prm_url()))
        .expect(1)
        .mount(&notes.server)
        .await;
    notes.answers(PRM, ResponseTemplate::new(200).set_body_json(notes.metadata(&app))).await;
    let ann = app.signed_in().await;
    let page = format!("/admin/resources/{}/test", notes.id);
    let sent = form(&ann, &page).await;
    let answer = ann.send(&sent).await;
    assert_eq!(answer.status(), 200);
    let text = text_of(&answer.text().await.unwrap());
    assert!(text.contains("Apps find everything they need."), "{text}");
    assert_eq!(text.matches(" fine ").count(), 5, "{text}");
    assert_eq!(app.audit_reasons("resource.tested").await, ["ok"]);
    let requests = notes.server.received_requests().await.unwrap();
    assert!(requests.iter().all(|r| !r.headers.contains_key("authorization")), "no token goes there");
}

async fn the_built_in_resource_passes(app: TestApp) {
    let id = app.core.oauth.resources.current().here().unwrap().id.clone();
    let steps = run(&app.core.admin(), &Actor::command_line(), &id).await.unwrap();
    assert_eq!(verdicts(&steps), [FINE; 5], "{steps:?}");
}

async fn what_is_wrong_with_the_challenge_is_named(app: TestApp) {
    let notes = Elsewhere::new(&app).await;
    for (answer, part) in [
        (ResponseTemplate::new(200).set_body_json(json!({})), "answered 200"),
        (ResponseTemplate::new(500), "answered 500"),
        (ResponseTemplate::new(307).insert_header("location", "/.well-known/else"), "answered 307"),
        (ResponseTemplate::new(401), "without saying where its metadata is"),
        (ResponseTemplate::new(401).insert_header("www-authenticate", "Basic realm=\"x\""), "without saying"),
    ] {
        notes.server.reset().await;
        notes.answers("/mcp", answer).await;
        notes.answers(PRM, ResponseTemplate::new(200).set_body_json(notes.metadata(&app))).await;
        let steps = notes.test(&app).await;
        assert_eq!(verdicts(&steps), [Verdict::Failed, FINE, FINE, FINE, FINE], "{steps:?}");
        assert!(steps[0].seen.contains(part), "{part} in {:?}", steps[0]);
        assert!(steps[0].advice.is_some());
        let asked = notes.server.received_requests().await.unwrap();
        assert!(!asked.iter().any(|r| r.url.path() == "/.well-known/else"), "no redirect is followed");
    }
}

async fn metadata_of_another_origin_is_not_fetched(app: TestApp) {
    let (notes, stranger) = (Elsewhere::new(&app).await, MockServer::start().await);
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).expect(0).mount(&stranger).await;
    notes.answers("/mcp", challenge(&format!("{}/x", stranger.uri()))).await;
    let steps = notes.test(&app).await;
    assert_eq!(steps[0].verdict, Verdict::Failed);
    assert!(steps[0].advice.as_ref().unwrap().contains("was not fetched"), "{:?}", steps[0]);
    assert!(steps[1].seen.contains("404"), "{:?}", steps[1]);
    stranger.verify().await;
}

async fn what_is_wrong_with_the_metadata_is_named(app: TestApp) {
    let notes = Elsewhere::new(&app).await;
    let status = ResponseTemplate::new;
    let text = |body: &str| status(200).set_body_string(body);
    let of = |resource: &str, servers: Value| {
        status(200).set_body_json(json!({ "resource": resource, "authorization_servers": servers }))
    };
    let (url, with_slash) = (notes.url.as_str(), format!("{}/", app.url));
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    for (answer, verdict, part) in [
        (of("https://evil.example/<b>", json!([app.url])), Verdict::Failed, "evil.example"),
        (of(&format!("{url}/"), json!([app.url])), Verdict::Failed, "resource is"),
        (of(url, Value::Null), Verdict::Failed, "names no authorization server"),
        (of(url, json!(["https://x.example"])), Verdict::Failed, "x.example"),
        (of(url, json!(["https://x.example", app.url])), Verdict::Doubtful, "later"),
        (of(url, json!([with_slash])), Verdict::Doubtful, "with a slash"),
        (text("[1]"), Verdict::Failed, "no object"),
        (text("<html>"), Verdict::Failed, "not JSON"),
        (text(&"x".repeat(65 * 1024)), Verdict::Failed, "64 KiB"),
        (text(&deep), Verdict::Failed, "not JSON"),
        (status(302).insert_header("location", "/x"), Verdict::Failed, "redirect"),
        (status(401), Verdict::Failed, "must be public"),
        (status(503), Verdict::Failed, "5xx"),
        (text("{}").set_delay(Duration::from_millis(5500)), Verdict::Failed, "within 5 seconds"),
    ] {
        notes.server.reset().await;
        notes.answers("/mcp", challenge(&notes.prm_url())).await;
        notes.answers(PRM, answer).await;
        let steps = notes.test(&app).await;
        assert_eq!((steps[0].verdict, steps[1].verdict), (FINE, verdict), "{part}: {steps:?}");
        assert!(steps[1].seen.contains(part), "{part} in {:?}", steps[1]);
        let asked = notes.server.received_requests().await.unwrap();
        assert!(!asked.iter().any(|r| r.url.path() == "/x"), "no redirect is followed");
    }
}

async fn a_server_that_is_away_is_told_of(app: TestApp) {
    let away = add(&app, "Away", "http://127.0.0.1:9/mcp").await;
    let steps = run(&app.core.admin(), &Actor::command_line(), &away.id).await.unwrap();
    assert_eq!(verdicts(&steps)[..2], [Verdict::Failed; 2]);
    assert!(steps[0].seen.contains("cannot be reached"), "{:?}", steps[0]);
    assert!(steps[0].advice.as_ref().unwrap().contains("runs"), "{:?}", steps[0]);
    assert_eq!(app.audit_reasons("resource.tested").await, ["found_faults"]);
    assert!(run(&app.core.admin(), &Actor::command_line(), "res_none").await.is_err());
}

on_both! {
    a_good_chain_is_fine_at_every_step,
    the_built_in_resource_passes,
    what_is_wrong_with_the_challenge_is_named,
    metadata_of_another_origin_is_not_fetched,
    what_is_wrong_with_the_metadata_is_named,
    a_server_that_is_away_is_told_of,
}
