//! Hostile servers: one test for each row of the table in `src/fetch/http.rs`.

use std::time::{Duration, Instant};

use super::{LIMIT, Piece, Server, answer, bytes, fetcher, json};
use crate::fetch::{Fault, MAX_KEYS};

const JSON: &str = "content-type: application/json";

async fn fault(pieces: Vec<Piece>) -> Fault {
    let server = Server::start(vec![pieces]).await;
    let (fetcher, _) = fetcher();
    fetcher.document(&server.at("/x")).await.unwrap_err()
}

#[tokio::test]
async fn a_document_is_read() {
    let server = Server::start(vec![json("{\"a\":1}")]).await;
    let (fetcher, clock) = fetcher();
    let answer = fetcher.document(&server.at("/x?y=z")).await.unwrap();
    assert_eq!(answer.bytes, b"{\"a\":1}");
    assert_eq!((answer.fetched_at, answer.fresh_until), (clock.now(), clock.now() + 300));
    let requests = server.requests.lock().unwrap().clone();
    let head = requests[0].to_ascii_lowercase();
    assert!(head.starts_with("get /x?y=z http/1.1\r\n"), "{head}");
    assert!(head.contains("accept-encoding: identity\r\n"), "{head}");
    for absent in ["cookie:", "authorization:", "referer:"] {
        assert!(!head.contains(absent), "{head}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let inside = Server::start(vec![json("{}")]).await;
    for status in
        ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent", "304 Not Modified"]
    {
        let location = format!("location: {}", inside.url);
        let number = status[..3].parse().unwrap();
        assert_eq!(fault(answer(status, &[&location, JSON], b"{}")).await, Fault::Redirect(number));
    }
    assert_eq!(inside.asked(), 0);
}

#[tokio::test]
async fn only_status_200_is_an_answer() {
    for (status, number, passes) in [
        ("201 Created", 201, false),
        ("206 Partial Content", 206, false),
        ("401 Unauthorized", 401, false),
        ("404 Not Found", 404, false),
        ("429 Too Many Requests", 429, true),
        ("500 Internal Server Error", 500, true),
        ("503 Service Unavailable", 503, true),
    ] {
        let fault = fault(answer(status, &[JSON], b"{}")).await;
        assert_eq!((fault.is_passing(), fault), (passes, Fault::Status(number)));
    }
    let fault = fault(answer("204 No Content", &[JSON], b"")).await;
    assert_eq!(fault, Fault::Status(204));
}

#[tokio::test]
async fn the_content_type_must_be_json() {
    for lines in [
        &["content-type: text/html"][..],
        &["content-type: text/plain; charset=application/json"],
        &["x-content-type: application/json"],
        &[JSON, "content-type: text/html"],
    ] {
        assert_eq!(fault(answer("200 OK", lines, b"{}")).await, Fault::ContentType, "{lines:?}");
    }
}

#[tokio::test]
async fn compressed_answers_are_refused() {
    // 1 MiB of spaces in about 1 KiB: never unpacked, whatever it says.
    for encoding in ["gzip", "br", "deflate", "zstd", "identity, gzip", "made-up"] {
        let line = format!("content-encoding: {encoding}");
        assert_eq!(fault(answer("200 OK", &[JSON, &line], &[0x1f, 0x8b, 8, 0])).await, Fault::Encoded);
    }
    let server = Server::start(vec![answer("200 OK", &[JSON, "content-encoding: identity"], b"{}")]).await;
    assert!(fetcher().0.document(&server.at("/x")).await.is_ok());
}

#[tokio::test]
async fn large_answers_are_cut_off() {
    let announced = answer("200 OK", &[JSON], &vec![b' '; LIMIT + 1]);
    assert_eq!(fault(announced).await, Fault::TooLarge(LIMIT));
    // In pieces, without an end, and without saying how many.
    let mut endless =
        vec![bytes(&format!("HTTP/1.1 200 OK\r\n{JSON}\r\ntransfer-encoding: chunked\r\n\r\n"))];
    for _ in 0..1000 {
        endless.push(bytes(&format!("400\r\n{}\r\n", " ".repeat(1024))));
    }
    assert_eq!(fault(endless).await, Fault::TooLarge(LIMIT));
    let until_closed = vec![bytes(&format!("HTTP/1.1 200 OK\r\n{JSON}\r\n\r\n{}", " ".repeat(LIMIT + 1)))];
    assert_eq!(fault(until_closed).await, Fault::TooLarge(LIMIT));
    // As large as it may be.
    let server = Server::start(vec![json(&" ".repeat(LIMIT))]).await;
    assert!(fetcher().0.document(&server.at("/x")).await.is_ok());
    // Key sets may be larger.
    let server = Server::start(vec![json(&" ".repeat(MAX_KEYS)), json(&" ".repeat(MAX_KEYS + 1))]).await;
    let (fetcher, _) = fetcher();
    assert!(fetcher.keys(&server.at("/a"), false).await.is_ok());
    assert_eq!(fetcher.keys(&server.at("/b"), false).await, Err(Fault::TooLarge(MAX_KEYS)));
}

#[tokio::test]
async fn a_flood_of_headers_is_refused() {
    let lines: Vec<String> = (0..200).map(|n| format!("x-{n}: {n}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).chain([JSON]).collect();
    assert!(matches!(fault(answer("200 OK", &lines, b"{}")).await, Fault::Unreachable(_)));
}

#[tokio::test]
async fn truncated_answers_are_refused() {
    let short = vec![bytes(&format!("HTTP/1.1 200 OK\r\n{JSON}\r\ncontent-length: 100\r\n\r\n{{}}"))];
    assert!(matches!(fault(short).await, Fault::Truncated(_)));
    let chunk =
        vec![bytes(&format!("HTTP/1.1 200 OK\r\n{JSON}\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n"))];
    assert!(matches!(fault(chunk).await, Fault::Truncated(_)));
    assert!(matches!(fault(vec![bytes("HTTP/1.1 200 OK\r\ncontent-ty")]).await, Fault::Unreachable(_)));
    assert!(matches!(fault(vec![bytes("SSH-2.0-OpenSSH_9.9\r\n")]).await, Fault::Unreachable(_)));
    assert!(matches!(fault(Vec::new()).await, Fault::Unreachable(_)));
}

#[tokio::test]
async fn slow_servers_are_given_up() {
    let silence = || Piece::Silence(Duration::from_millis(100));
    let mut slow_head = vec![bytes("HTTP/1.1 200 OK\r\n")];
    let mut slow_body = vec![bytes(&format!("HTTP/1.1 200 OK\r\n{JSON}\r\ncontent-length: 100\r\n\r\n"))];
    for n in 0..100 {
        slow_head.extend([bytes(&format!("x-{n}: y\r\n")), silence()]);
        slow_body.extend([bytes(" "), silence()]);
    }
    let mute = vec![Piece::Silence(Duration::from_secs(10))];
    for pieces in [slow_head, slow_body, mute] {
        let start = Instant::now();
        assert_eq!(fault(pieces).await, Fault::Timeout);
        assert!(start.elapsed() < Duration::from_secs(4));
    }
}

#[tokio::test]
async fn nobody_there_is_a_passing_fault() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    drop(listener);
    let fault = fetcher().0.document(&url).await.unwrap_err();
    assert!(matches!(fault, Fault::Unreachable(_)) && fault.is_passing());
    // Not how it failed, nor where: that is for the log.
    assert_eq!(fault.to_string(), "cannot be had: its host cannot be reached over a secure connection");
}
