//! Arguments and answers of `web_search`.

use std::time::Duration;

use serde_json::json;
use wiremock::matchers::{body_json, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::types::Plain;

fn object(value: &Value) -> JsonObject {
    value.as_object().unwrap().clone()
}

fn checked(value: &Value) -> Result<Value, String> {
    let args = read_arguments(object(value)).and_then(check).map_err(|problem| problem.0)?;
    Ok(serde_json::to_value(args).unwrap())
}

#[test]
fn defaults_are_filled_in_and_empty_values_count_as_absent() {
    let plain = json!({"query": "rust", "max_results": 5, "topic": "general", "search_depth": "basic",
        "include_answer": false});
    assert_eq!(checked(&json!({"query": " rust "})), Ok(plain.clone()));
    let padded =
        json!({"query": "rust", "country": "", "time_range": null, "include_domains": [], "topic": ""});
    assert_eq!(checked(&padded), Ok(plain));
    let full = json!({"query": "rust", "max_results": 20, "topic": "general", "search_depth": "ultra-fast",
        "start_date": "2026-01-01", "end_date": "2026-02-01", "include_answer": true,
        "include_domains": ["rust-lang.org"], "exclude_domains": ["a.example"], "country": "germany"});
    assert_eq!(checked(&full), Ok(full));
}

#[test]
fn what_is_out_of_bounds_is_refused_with_the_bound() {
    for (args, reason) in [
        (json!({}), "missing field `query`"),
        (json!({"query": "  "}), "missing field `query`"),
        (json!({"query": "é".repeat(401)}), "1 to 400 characters"),
        (json!({"query": "x", "max_results": 0}), "from 1 to 20"),
        (json!({"query": "x", "max_results": 21}), "from 1 to 20"),
        (json!({"query": "x", "max_results": -1}), "invalid value"),
        (json!({"query": "x", "topic": "sports"}), "unknown variant `sports`"),
        (json!({"query": "x", "colour": 1}), "unknown field `colour`"),
        (json!({"query": "x", "time_range": "day", "start_date": "2026-01-01"}), "not both"),
        (json!({"query": "x", "start_date": "2026-1-1"}), "YYYY-MM-DD"),
        (json!({"query": "x", "start_date": "2026-02-30"}), "YYYY-MM-DD"),
        (json!({"query": "x", "start_date": "2026-02-02", "end_date": "2026-02-01"}), "after"),
        (json!({"query": "x", "include_domains": vec!["a.example"; 301]}), "at most 300"),
        (json!({"query": "x", "exclude_domains": vec!["a.example"; 151]}), "at most 150"),
        (json!({"query": "x", "exclude_domains": ["a b"]}), "site names"),
        (json!({"query": "x", "country": "germany", "topic": "news"}), "topic general only"),
    ] {
        let problem = checked(&args).unwrap_err();
        assert!(problem.contains(reason), "{args}: {problem}");
    }
}

#[test]
fn four_hundred_characters_are_counted_not_bytes() {
    assert!(checked(&json!({"query": "é".repeat(400)})).is_ok());
}

#[test]
fn odd_answers_are_read_as_far_as_they_make_sense() {
    let answer = json!({
        "query": "x", "answer": null, "images": [{"url": "u"}], "response_time": "1.67",
        "results": [
            {"title": " A ", "url": "https://a.example", "content": "text", "score": 0.8, "raw_content": null},
            {"url": "https://b.example", "content": null, "score": "high", "published_date": "2026-01-01"},
            {"title": "no url"}, 7, null,
        ],
    });
    let found = read_answer("x", &answer).unwrap();
    assert_eq!(
        serde_json::to_value(&found).unwrap(),
        json!({"query": "x", "results": [
            {"title": "A", "url": "https://a.example", "content": "text", "score": 0.8},
            {"title": "https://b.example", "url": "https://b.example", "content": "",
             "published_date": "2026-01-01"},
        ]})
    );
    assert_eq!(read_answer("x", &json!({})).unwrap_err(), TavilyError::Malformed("it has no results"));
    let many =
        json!({"results": vec![json!({"url": "https://a.example", "content": "y".repeat(9_000)}); 40]});
    let found = read_answer("x", &many).unwrap();
    assert_eq!((found.results.len(), found.results[0].content.len()), (20, 8_000));
}

#[tokio::test]
async fn a_search_gives_the_same_to_programs_and_readers() {
    let service = MockServer::start().await;
    Mock::given(path("/search"))
        .and(body_json(json!({"query": "rust", "max_results": 2, "topic": "news", "search_depth": "basic",
            "include_answer": true})))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "answer": "A language.",
            "results": [{"title": "Rust", "url": "https://rust-lang.org", "content": "Fast.", "score": 0.9,
                         "published_date": "2026-01-01"}],
        })))
        .mount(&service)
        .await;
    let key = Some(Plain::new("tvly-x".to_owned()));
    let tavily = Tavily::new(&service.uri(), key, Duration::from_secs(2)).unwrap();
    let args = object(&json!({"query": "rust", "max_results": 2, "topic": "news", "include_answer": true}));
    let out = run(&tavily, args).await.unwrap();
    assert_eq!(out.structured["results"][0]["url"], "https://rust-lang.org");
    assert_eq!(
        out.text,
        "Answer: A language.\n\n1. Rust\n   https://rust-lang.org\n   Published: 2026-01-01\nFast."
    );
    let none = Tavily::new(&service.uri(), None, Duration::from_secs(2)).unwrap();
    let problem = run(&none, object(&json!({"query": "rust"}))).await.unwrap_err();
    assert!(problem.0.contains("GATEPOST_TAVILY__API_KEY"));
}

#[test]
fn nothing_found_says_so() {
    let found = read_answer("x", &json!({"results": []})).unwrap();
    assert!(describe(&found).starts_with("No pages found"));
}
