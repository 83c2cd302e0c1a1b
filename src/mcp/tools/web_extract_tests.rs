//! Arguments and answers of `web_extract`.

use std::time::Duration;

use serde_json::json;
use wiremock::matchers::{body_json, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::types::Plain;

fn object(value: &Value) -> JsonObject {
    value.as_object().unwrap().clone()
}

fn urls(value: &Value) -> Result<Vec<String>, String> {
    read_arguments(object(value)).and_then(check).map(|args| args.urls).map_err(|problem| problem.0)
}

#[test]
fn a_list_one_url_and_a_list_as_text_are_understood() {
    let expected = Ok(vec!["https://a.example/".to_owned()]);
    assert_eq!(urls(&json!({"urls": ["https://a.example"]})), expected);
    assert_eq!(urls(&json!({"urls": " https://a.example "})), expected);
    assert_eq!(urls(&json!({"urls": "[\"https://a.example\"]"})), expected);
}

#[test]
fn what_is_out_of_bounds_is_refused_with_the_bound() {
    let long = format!("https://a.example/{}", "x".repeat(2_048));
    for (args, reason) in [
        (json!({}), "missing field `urls`"),
        (json!({"urls": []}), "missing field `urls`"),
        (json!({"urls": vec!["https://a.example"; 21]}), "1 to 20 entries"),
        (json!({"urls": ["ftp://a.example"]}), "not an absolute http or https URL"),
        (json!({"urls": ["file:///etc/passwd"]}), "not an absolute http or https URL"),
        (json!({"urls": ["a.example"]}), "not an absolute http or https URL"),
        (json!({"urls": [long]}), "at most 2048 characters"),
        (json!({"urls": ["https://u:p@a.example"]}), "user name or password"),
        (json!({"urls": ["https://a.example"], "max_chars": 1}), "from 500 to 200000"),
        (json!({"urls": ["https://a.example"], "format": "pdf"}), "unknown variant `pdf`"),
        (json!({"urls": [1]}), "a list of URLs"),
    ] {
        let problem = urls(&args).unwrap_err();
        assert!(problem.contains(reason), "{args}: {problem}");
    }
}

async fn service(answer: Value) -> (MockServer, Tavily) {
    let service = MockServer::start().await;
    Mock::given(path("/extract"))
        .and(body_json(json!({"urls": ["https://a.example/", "https://b.example/"],
            "extract_depth": "advanced", "format": "text"})))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .mount(&service)
        .await;
    let key = Some(Plain::new("tvly-x".to_owned()));
    let tavily = Tavily::new(&service.uri(), key, Duration::from_secs(2)).unwrap();
    (service, tavily)
}

fn arguments() -> JsonObject {
    object(&json!({"urls": ["https://a.example", "https://b.example"], "extract_depth": "advanced",
        "format": "text", "max_chars": 500}))
}

#[tokio::test]
async fn read_pages_and_failed_pages_are_both_told() {
    let (_service, tavily) = service(json!({
        "results": [{"url": "https://a.example/", "raw_content": "x".repeat(600), "images": []}],
        "failed_results": [{"url": "https://b.example/", "error": "timed out"}],
        "response_time": "0.02",
    }))
    .await;
    let out = run(&tavily, arguments()).await.unwrap();
    assert_eq!(out.structured["results"][0]["truncated"], true);
    assert_eq!(out.structured["results"][0]["content"].as_str().unwrap().len(), 500);
    assert_eq!(out.structured["failed"], json!([{"url": "https://b.example/", "error": "timed out"}]));
    assert!(out.text.starts_with("# https://a.example/\n\nxxx"), "{}", out.text);
    assert!(out.text.ends_with("Could not read https://b.example/: timed out"), "{}", out.text);
}

#[tokio::test]
async fn no_page_read_is_a_failure() {
    let (_service, tavily) = service(json!({
        "results": [],
        "failed_results": [{"url": "https://a.example/"}, "https://b.example/"],
    }))
    .await;
    let problem = run(&tavily, arguments()).await.unwrap_err();
    assert_eq!(
        problem.0,
        "None of the pages could be read.\nCould not read https://a.example/: no reason given\n\
         Could not read https://b.example/: no reason given"
    );
}

#[tokio::test]
async fn an_answer_without_lists_is_malformed() {
    let (_service, tavily) = service(json!({"detail": "?"})).await;
    assert!(run(&tavily, arguments()).await.unwrap_err().0.contains("cannot be read"));
}
