//! The client against a stand-in for the service: every row of the failure table, retries, bounds.

use serde_json::json;
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

const KEY: &str = "tvly-secret-0123456789";

fn tavily_at(base: &str, timeout_ms: u64) -> Tavily {
    let key = Some(Plain::new(KEY.to_owned()));
    Tavily::new(base, key, Duration::from_millis(timeout_ms)).unwrap()
}

/// The outcome when the service always answers `answer`, and how often it was asked.
async fn ask(answer: ResponseTemplate) -> (Result<Value, TavilyError>, usize) {
    let service = MockServer::start().await;
    Mock::given(method("POST")).respond_with(answer).mount(&service).await;
    let outcome = tavily_at(&service.uri(), 2_000).post("/search", &json!({"query": "x"})).await;
    if let Err(error) = &outcome {
        assert!(!error.to_string().contains(KEY) && !format!("{error:?}").contains(KEY), "{error:?}");
    }
    (outcome, service.received_requests().await.unwrap().len())
}

fn refusal(status: u16, text: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({"detail": {"error": text}}))
}

#[tokio::test]
async fn a_request_carries_the_key_and_the_body() {
    let service = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/search"))
        .and(header("authorization", format!("Bearer {KEY}")))
        .and(body_json(json!({"query": "x"})))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"results": []})))
        .mount(&service)
        .await;
    let tavily = tavily_at(&format!("{}/", service.uri()), 2_000);
    assert_eq!(tavily.post("/search", &json!({"query": "x"})).await, Ok(json!({"results": []})));
}

#[tokio::test]
async fn what_trying_again_cannot_help_is_asked_once() {
    for (status, body, expected) in [
        (400, "Query is too long.", TavilyError::BadRequest("Query is too long".to_owned())),
        (422, "bad", TavilyError::BadRequest("bad".to_owned())),
        (401, "Unauthorized: missing or invalid API key.", TavilyError::BadKey),
        (403, "[403] URL is not supported", TavilyError::Forbidden("[403] URL is not supported".to_owned())),
        (432, "This request exceeds your plan's set usage limit.", TavilyError::PlanLimit),
        (433, "This request exceeds the pay-as-you-go limit.", TavilyError::PaygoLimit),
        (404, "", TavilyError::Unexpected(404)),
        (204, "", TavilyError::Unexpected(204)),
    ] {
        assert_eq!(ask(refusal(status, body)).await, (Err(expected), 1), "{status}");
    }
}

#[tokio::test]
async fn overload_and_server_errors_are_tried_twice_more() {
    assert_eq!(ask(refusal(500, "Internal Server Error")).await, (Err(TavilyError::Server(500)), 3));
    assert_eq!(ask(refusal(503, "")).await, (Err(TavilyError::Server(503)), 3));
    assert_eq!(ask(refusal(429, "slow down")).await, (Err(TavilyError::RateLimited(None)), 3));
    let soon = refusal(429, "").insert_header("retry-after", "0");
    assert_eq!(ask(soon).await, (Err(TavilyError::RateLimited(Some(0))), 3));
}

#[tokio::test]
async fn a_wait_longer_than_five_seconds_is_told_not_waited() {
    let started = Instant::now();
    let (outcome, asked) = ask(refusal(429, "").insert_header("retry-after", "60")).await;
    assert_eq!((&outcome, asked), (&Err(TavilyError::RateLimited(Some(60))), 1));
    assert!(outcome.unwrap_err().to_string().contains("Try again in 60 seconds"));
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_service_that_recovers_is_used() {
    let service = MockServer::start().await;
    let broken = Mock::given(method("POST")).respond_with(refusal(502, "")).up_to_n_times(2);
    broken.mount(&service).await;
    let works = ResponseTemplate::new(200).set_body_json(json!({"results": []}));
    Mock::given(method("POST")).respond_with(works).mount(&service).await;
    assert!(tavily_at(&service.uri(), 2_000).post("/search", &json!({})).await.is_ok());
}

#[tokio::test]
async fn a_silent_service_ends_within_twice_the_timeout() {
    let service = MockServer::start().await;
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(30));
    Mock::given(method("POST")).respond_with(slow).mount(&service).await;
    let started = Instant::now();
    let outcome = tavily_at(&service.uri(), 300).post("/search", &json!({})).await;
    assert_eq!(outcome, Err(TavilyError::Timeout));
    assert!(started.elapsed() < Duration::from_millis(900), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_closed_port_is_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let outcome = tavily_at(&format!("http://{address}"), 2_000).post("/search", &json!({})).await;
    assert_eq!(outcome, Err(TavilyError::Unreachable));
}

#[tokio::test]
async fn answers_that_cannot_be_read_are_told_apart() {
    let (outcome, asked) = ask(ResponseTemplate::new(200).set_body_string("<html>")).await;
    assert_eq!((outcome, asked), (Err(TavilyError::Malformed("it is not JSON")), 1));
    let (outcome, _) = ask(ResponseTemplate::new(200).set_body_string("[]")).await;
    assert_eq!(outcome, Err(TavilyError::Malformed("it is not an object")));
    let (outcome, _) = ask(ResponseTemplate::new(200).set_body_bytes(vec![b' '; MAX_ANSWER + 1])).await;
    assert_eq!(outcome, Err(TavilyError::TooLarge));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = MockServer::start().await;
    let (outcome, asked) =
        ask(ResponseTemplate::new(307).insert_header("location", elsewhere.uri().as_str())).await;
    assert_eq!((outcome, asked), (Err(TavilyError::Unexpected(307)), 1));
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_services_words_are_cleaned_before_they_are_passed_on() {
    let (outcome, _) = ask(refusal(400, &format!("bad\nkey {KEY} {}", "x".repeat(1_000)))).await;
    let TavilyError::BadRequest(text) = outcome.unwrap_err() else { panic!("another error") };
    assert!(text.starts_with("bad key [key] xx"), "{text}");
    assert_eq!(text.chars().count(), 300);
    let fastapi = ResponseTemplate::new(422).set_body_json(json!({"detail": [{"msg": "field required"}]}));
    assert_eq!(ask(fastapi).await.0, Err(TavilyError::BadRequest("field required".to_owned())));
    let huge = ResponseTemplate::new(400).set_body_bytes(vec![b'x'; MAX_ERROR + 1]);
    assert_eq!(ask(huge).await.0, Err(TavilyError::BadRequest("no reason given".to_owned())));
}

#[tokio::test]
async fn without_a_key_nothing_is_sent() {
    for key in [None, Some(Plain::new(" ".to_owned()))] {
        let tavily = Tavily::new(DEFAULT_BASE_URL, key, Duration::from_secs(1)).unwrap();
        assert!(!tavily.is_configured());
        let error = tavily.post("/search", &json!({})).await.unwrap_err();
        assert_eq!(error, TavilyError::NoKey);
        assert!(error.to_string().contains("GATEPOST_TAVILY__API_KEY"));
    }
}

#[test]
fn bad_settings_are_refused_and_the_key_does_not_print() {
    let make =
        |base: &str, key: &str| Tavily::new(base, Some(Plain::new(key.to_owned())), Duration::from_secs(1));
    for base in ["", "api.tavily.com", "ftp://a.example", "https://u:p@a.example", "https://a.example?x=1"] {
        assert!(matches!(make(base, KEY), Err(TavilySetupError::BaseUrl)), "{base}");
    }
    assert!(matches!(make(DEFAULT_BASE_URL, "a\nb"), Err(TavilySetupError::ApiKey)));
    assert!(!format!("{:?}", make(DEFAULT_BASE_URL, KEY).unwrap()).contains(KEY));
}
