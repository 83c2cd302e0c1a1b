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

    fn challenge(&self, metadata: &str) -> ResponseTemplate {
        let value = format!("Bearer scope=\"a b\", resource_metadata=\"{metadata}\"");
        ResponseTemplate::new(401).insert_header("www-authenticate", value.as_str())
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

fn verdicts(steps: &[Step]) -> Vec<Verdict> {
    steps.iter().map(|step| step.verdict).collect()
}

const FINE: Verdict = Verdict::Fine;

async fn a_good_chain_is_fine_at_every_step(app: TestApp) {
    let notes = Elsewhere::new(&app).await;
    let challenge = notes.challenge(&notes.prm_url());
    Mock::given(method("POST"))
        .and(path("/mcp"))
        .and(body_partial_json(json!({ "method": "initialize" })))
        .respond_with(challenge)
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
    notes.answers("/mcp", notes.challenge(&format!("{}/x", stranger.uri()))).await;
    let steps = notes.test(&app).await;
    assert_eq!(steps[0].verdict, Verdict::Failed);
    assert!(steps[0].advice.as_ref().unwrap().contains("was not fetched"), "{:?}", steps[0]);
    assert!(steps[1].seen.contains("404"), "{:?}", steps[1]);
    stranger.verify().await;
}

async fn what_is_wrong_with_the_metadata_is_named(app: TestApp) {
    let json = |body: Value| ResponseTemplate::new(200).set_body_json(body);
    let huge = "x".repeat(65 * 1024);
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let issuer = app.url.clone();
    let slow = json(json!({})).set_delay(Duration::from_millis(5500));
    let cases: Vec<(Box<dyn Fn(&str) -> ResponseTemplate>, Verdict, &str)> = vec![
        (
            Box::new(move |_| json(json!({ "resource": "https://evil.example/<b>" }))),
            Verdict::Failed,
            "evil.example",
        ),
        (Box::new(move |url| json(json!({ "resource": format!("{url}/") }))), Verdict::Failed, "resource is"),
        (
            Box::new(move |url| json(json!({ "resource": url }))),
            Verdict::Failed,
            "names no authorization server",
        ),
        (
            Box::new(move |url| {
                json(json!({ "resource": url, "authorization_servers": ["https://x.example"] }))
            }),
            Verdict::Failed,
            "x.example",
        ),
        (
            Box::new(move |url| {
                json(json!({ "resource": url, "authorization_servers": [format!("{issuer}/")] }))
            }),
            Verdict::Doubtful,
            "with a slash",
        ),
        (Box::new(move |_| json(json!([1]))), Verdict::Failed, "no object"),
        (Box::new(|_| ResponseTemplate::new(200).set_body_string("<html>")), Verdict::Failed, "not JSON"),
        (
            Box::new(move |_| ResponseTemplate::new(200).set_body_string(huge.clone())),
            Verdict::Failed,
            "64 KiB",
        ),
        (
            Box::new(move |_| ResponseTemplate::new(200).set_body_string(deep.clone())),
            Verdict::Failed,
            "not JSON",
        ),
        (
            Box::new(|_| ResponseTemplate::new(302).insert_header("location", "/x")),
            Verdict::Failed,
            "redirect",
        ),
        (Box::new(|_| ResponseTemplate::new(401)), Verdict::Failed, "must be public"),
        (Box::new(|_| ResponseTemplate::new(503)), Verdict::Failed, "5xx"),
        (Box::new(move |_| slow.clone()), Verdict::Failed, "within 5 seconds"),
    ];
    let notes = Elsewhere::new(&app).await;
    for (answer, verdict, part) in cases {
        notes.server.reset().await;
        notes.answers("/mcp", notes.challenge(&notes.prm_url())).await;
        notes.answers(PRM, answer(&notes.url)).await;
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
