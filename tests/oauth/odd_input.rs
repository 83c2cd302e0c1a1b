//! Input that a lenient parser would take for something else.

use serde_json::json;

use super::{ask, header, status_and_json};
use crate::on_both;
use crate::support::TestApp;
use crate::support::json_of;

async fn a_list_is_no_client_metadata(app: TestApp) {
    let before = app.db_rows().await;
    let metadata = json!([["https://app.example/callback"], "Test app"]);
    let answer = app.http().post(app.at("/oauth/register")).json(&metadata).send().await.unwrap();
    let (status, body) = status_and_json(answer).await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_client_metadata")));
    assert_eq!(app.db_rows().await, before);
}

async fn parameters_that_are_not_utf_8_are_refused(app: TestApp) {
    let client = app.client().await;
    let url = ask(&client, &[("prompt", Some("none")), ("state", Some("XX"))]).replace("XX", "%FF");
    let answer = app.http().get(app.at(&url)).send().await.unwrap();
    assert!(!header(&answer, "location").contains("%EF%BF%BD"), "state is not what was sent");
    for body in [&b"grant_type=%FF&client_id=x"[..], b"grant_type=\xff&client_id=x"] {
        let request = app.http().post(app.at("/oauth/token")).body(body.to_vec());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(json_of(request.send().await.unwrap()).await["error"], "invalid_request");
    }
}

on_both! {
    a_list_is_no_client_metadata,
    parameters_that_are_not_utf_8_are_refused,
}
