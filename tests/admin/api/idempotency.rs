//! `Idempotency-Key`: of a request sent twice, one is done.

use gatepost::types::Hashed;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{Program, good, problem};
use crate::on_both;
use crate::support::TestApp;

async fn send(program: &Program<'_>, key: &str, path: &str, body: &Value) -> Response {
    program.request(Method::POST, path).header("Idempotency-Key", key).json(body).send().await.unwrap()
}

fn notes(n: usize) -> Value {
    json!({ "name": format!("Notes {n}"), "url": format!("https://notes{n}.example.com/mcp") })
}

async fn count(program: &Program<'_>) -> usize {
    program.read("/resources").await["items"].as_array().unwrap().len()
}

async fn a_repetition_is_answered_the_same(app: TestApp) {
    let program = Program::mighty(&app).await;
    let first = send(&program, "one", "/resources", &notes(1)).await;
    let location = first.headers()["location"].clone();
    let first = good(first, 201).await;
    let again = send(&program, "one", "/resources", &notes(1)).await;
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    assert_eq!(again.headers()["location"], location);
    assert_eq!(good(again, 201).await, first);
    assert_eq!(count(&program).await, 2);

    let person = json!({ "email": "new@example.com" });
    let invited = good(send(&program, "two", "/people", &person).await, 201).await;
    assert!(invited["invitation"]["link"].as_str().unwrap().contains("/invite?token="), "{invited}");
    let again = good(send(&program, "two", "/people", &person).await, 201).await;
    assert_eq!((&again["id"], again.get("invitation")), (&invited["id"], None));
    let rows = sqlx::query_scalar::<_, String>("SELECT body FROM api_answers WHERE body IS NOT NULL");
    let kept = rows.fetch_all(app.core.oauth.store.pool()).await.unwrap().join("");
    assert!(!kept.contains("token="), "{kept}");

    app.advance(86_401).await;
    let retention = gatepost::jobs::Retention { unused_clients: 1 << 40, audit_events: 1 << 40 };
    gatepost::jobs::reap_once(&app.core.accounts, retention, app.clock.now()).await.unwrap();
    assert_eq!(problem(send(&program, "one", "/resources", &notes(1)).await, 422).await, "invalid");
}

async fn a_key_is_for_one_request(app: TestApp) {
    let program = Program::mighty(&app).await;
    good(send(&program, "one", "/resources", &notes(1)).await, 201).await;
    assert_eq!(problem(send(&program, "one", "/resources", &notes(2)).await, 422).await, "key_reused");
    let other = send(&program, "one", "/people", &json!({ "email": "new@example.com" })).await;
    assert_eq!(problem(other, 422).await, "key_reused");
    assert_eq!(count(&program).await, 2);
    // Another token has keys of its own.
    let second = Program::mighty(&app).await;
    good(send(&second, "one", "/resources", &notes(2)).await, 201).await;
    for bad in ["", " ", &"x".repeat(201), "caf\u{e9}"] {
        let response = send(&program, bad, "/resources", &notes(3)).await;
        let status = response.status().as_u16();
        assert!(status == 400 || bad == " ", "{bad}: {status}");
    }
}

async fn of_two_at_the_same_moment_one_is_done(app: TestApp) {
    let program = Program::mighty(&app).await;
    let body = notes(1);
    let all = futures::future::join_all((0..8).map(|_| send(&program, "one", "/resources", &body))).await;
    let mut statuses: Vec<u16> = all.iter().map(|r| r.status().as_u16()).collect();
    statuses.sort_unstable();
    assert!(statuses.iter().all(|s| [201, 409].contains(s)), "{statuses:?}");
    assert!(statuses.contains(&201));
    assert_eq!(count(&program).await, 2);
}

async fn a_request_that_was_broken_off_is_not_done_again(app: TestApp) {
    let program = Program::mighty(&app).await;
    let (store, body) = (&app.core.oauth.store, notes(1).to_string());
    let digest = Hashed::of(&body);
    let request = Hashed::of(&format!("POST {}/resources {}", super::PREFIX, digest.as_str()));
    store.begin_answer(program.id.clone(), "one".into(), request, app.clock.now()).await.unwrap();
    let response = send(&program, "one", "/resources", &notes(1)).await;
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(problem(response, 409).await, "in_progress");
    app.advance(61).await;
    assert_eq!(problem(send(&program, "one", "/resources", &notes(1)).await, 409).await, "outcome_unknown");
    assert_eq!(count(&program).await, 1);
}

async fn a_refused_request_may_be_sent_again(app: TestApp) {
    let program = Program::mighty(&app).await;
    let bad = json!({ "name": "", "url": "https://notes1.example.com/mcp" });
    for _ in 0..2 {
        assert_eq!(problem(send(&program, "one", "/resources", &bad).await, 422).await, "invalid");
    }
    good(send(&program, "one", "/resources", &notes(1)).await, 201).await;
}

async fn a_rotation_sent_twice_rotates_once(app: TestApp) {
    let program = Program::mighty(&app).await;
    let (path, body) = ("/keys/rotate", json!({ "alg": "ES256", "now": true }));
    let first = good(send(&program, "one", path, &body).await, 200).await;
    let again = send(&program, "one", path, &body).await;
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    assert!(!again.headers().contains_key("location"));
    assert_eq!(good(again, 200).await, first);
    assert_eq!(app.audit_reasons("key.rotated").await.len(), 1);
    assert_ne!(good(send(&program, "two", path, &body).await, 200).await, first);
}

async fn a_link_asked_for_twice_is_made_once(app: TestApp) {
    let program = Program::mighty(&app).await;
    let person = json!({ "email": "new@example.com" });
    let id = good(send(&program, "who", "/people", &person).await, 201).await["id"].clone();
    for operation in ["invitation", "password-link"] {
        let path = format!("/people/{}/{operation}", id.as_str().unwrap());
        let ask = || program.request(Method::POST, &path).header("Idempotency-Key", operation).send();
        let first = good(ask().await.unwrap(), 201).await;
        assert!(first["link"].as_str().unwrap().contains("token="), "{first}");
        let again = ask().await.unwrap();
        assert_eq!(again.headers()["idempotency-replayed"], "true");
        let again = good(again, 201).await;
        assert_eq!((again.get("link"), &again["life"]), (None, &first["life"]));
    }
}

on_both! {
    a_repetition_is_answered_the_same,
    a_key_is_for_one_request,
    of_two_at_the_same_moment_one_is_done,
    a_request_that_was_broken_off_is_not_done_again,
    a_refused_request_may_be_sent_again,
    a_rotation_sent_twice_rotates_once,
    a_link_asked_for_twice_is_made_once,
}
