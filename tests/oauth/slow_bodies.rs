//! A body that does not come: the request ends with 408, whoever sends it, and changes nothing.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::on_each;
use crate::support::{Database, FORM, JSON, TestApp};

/// How long the server of these tests waits for a body.
const PATIENCE: Duration = Duration::from_millis(400);

/// Sends the head of a request and half of its body, a byte at a time; returns the whole answer.
async fn half_a_request(app: &TestApp, path: &str, kind: &str, more: &str) -> String {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let host = app.url.strip_prefix("http://").unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: {kind}\r\ncontent-length: 100\r\n{more}\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let dripping = tokio::spawn(async move {
        for _ in 0..50 {
            // The server stops to listen once it has answered.
            if writer.write_all(b"x").await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut answer = Vec::new();
    let reading = reader.read_to_end(&mut answer);
    // A connection that is cut while bytes of ours are under way may end with an error: the answer counts.
    let _ = tokio::time::timeout(Duration::from_secs(5), reading).await.expect("an answer, and then the end");
    dripping.abort();
    String::from_utf8(answer).unwrap()
}

async fn a_body_that_does_not_come_is_not_waited_for(database: Database) {
    let app = TestApp::start_impatient(database, PATIENCE).await;
    let client = app.client().await;
    let token = client.log_in(&app.signed_in().await, "search:read").await.access;
    let before = app.db_rows().await;
    let authorization = format!("authorization: Bearer {token}\r\n");
    for (path, kind, more, said) in [
        ("/oauth/token", FORM, "", "\"error\":\"invalid_request\""),
        ("/oauth/revoke", FORM, "", "the body did not arrive in time"),
        ("/oauth/register", JSON, "", "the body did not arrive in time"),
        ("/login", FORM, "", "This form took too long"),
        ("/consent", FORM, "", "This form took too long"),
        ("/oauth/authorize", FORM, "", "Go back to the app"),
        ("/mcp", JSON, authorization.as_str(), "the body did not arrive in time"),
    ] {
        let started = Instant::now();
        let answer = half_a_request(&app, path, kind, more).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{path}: {answer}");
        assert!(answer.to_lowercase().contains("\r\nconnection: close\r\n"), "{path}: {answer}");
        assert!(answer.contains(said), "{path}: {answer}");
        let took = started.elapsed();
        assert!(took >= PATIENCE && took < 8 * PATIENCE, "{path}: {took:?}");
    }
    assert_eq!(app.db_rows().await, before);
    assert_eq!(app.audit_reasons("session.login").await, ["body_too_slow", "ok"]);
}

on_each! {
    a_body_that_does_not_come_is_not_waited_for,
}
