//! Many at once, one after the other, and while a host is away.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;

use super::{Piece, Server, answer, bytes, fetcher, json};
use crate::fetch::fresh::{BACK_OFF, CEILING, FLOOR, PAUSE, USUAL};
use crate::fetch::{Fault, IN_FLIGHT_PER_HOST, PER_HOST, Wanted};

fn slow(body: &str) -> Vec<Piece> {
    let mut pieces = vec![Piece::Silence(Duration::from_millis(200))];
    pieces.extend(json(body));
    pieces
}

#[tokio::test]
async fn one_fetch_serves_everybody_who_waits() {
    let server = Server::start(vec![slow("{}")]).await;
    let (fetcher, _) = fetcher();
    let url = server.at("/x");
    let answers = join_all((0..200).map(|_| fetcher.document(&url))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn whoever_hangs_up_does_not_stop_the_fetch() {
    let server = Server::start(vec![slow("{}")]).await;
    let (fetcher, _) = fetcher();
    let url = server.at("/x");
    let gave_up = tokio::time::timeout(Duration::from_millis(50), fetcher.document(&url)).await;
    assert!(gave_up.is_err());
    assert!(fetcher.document(&url).await.is_ok());
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_host_has_few_fetches_at_a_time_and_a_minute() {
    let server = Server::start(vec![slow("{}")]).await;
    let (fetcher, clock) = fetcher();
    let urls: Vec<String> = (0..10).map(|n| server.at(&format!("/{n}"))).collect();
    let answers = join_all(urls.iter().map(|url| fetcher.document(url))).await;
    let busy = answers.iter().filter(|a| **a == Err(Fault::Busy)).count();
    assert_eq!((busy, server.asked()), (10 - IN_FLIGHT_PER_HOST, IN_FLIGHT_PER_HOST));

    let quick = Server::start(vec![json("{}")]).await;
    let (mut taken, mut refused) = (0, 0);
    for n in 0..40 {
        match fetcher.document(&quick.at(&format!("/{n}"))).await {
            Ok(_) => taken += 1,
            Err(fault) => {
                assert_eq!(fault, Fault::HostBudget);
                refused += 1;
            }
        }
    }
    // Both servers are the same host.
    let left = PER_HOST as usize - IN_FLIGHT_PER_HOST;
    assert_eq!((taken, refused, quick.asked()), (left, 40 - left, left));
    // What is held costs nothing.
    assert!(fetcher.document(&quick.at("/0")).await.is_ok());
    clock.advance(60);
    assert!(fetcher.document(&quick.at("/100")).await.is_ok());
}

#[tokio::test]
async fn strangers_leave_room_for_those_who_are_known() {
    let server = Server::start(vec![slow("{}")]).await;
    let (fetcher, _) = fetcher();
    let url = |n: usize| server.at(&format!("/{n}"));
    let strangers = join_all((0..10).map(|n| {
        let (fetcher, url) = (fetcher.clone(), url(n));
        async move { fetcher.document_of_stranger(&url).await }
    }));
    let known = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        fetcher.document(&url(100)).await
    };
    let (strangers, known) = futures::join!(strangers, known);
    assert_eq!(strangers.iter().filter(|a| a.is_ok()).count(), IN_FLIGHT_PER_HOST / 2);
    assert!(known.is_ok(), "{known:?}");
    // Nor do they use up what a minute holds for others.
    let quick = Server::start(vec![json("{}")]).await;
    for n in 0..PER_HOST {
        let _ = fetcher.document_of_stranger(&quick.at(&format!("/{n}"))).await;
    }
    let refused = fetcher.document_of_stranger(&quick.at("/x")).await;
    assert_eq!(refused, Err(Fault::HostBudget));
    assert!(fetcher.document(&quick.at("/x")).await.is_ok());
}

#[tokio::test]
async fn an_answer_is_used_until_its_freshness_ends() {
    let long = answer("200 OK", &["content-type: application/json", "cache-control: max-age=1000"], b"1");
    let server = Server::start(vec![long, json("2")]).await;
    let (fetcher, clock) = fetcher();
    let url = server.at("/x");
    for (wait, expected) in [(0, "1"), (999, "1"), (1, "2"), (USUAL - 1, "2")] {
        clock.advance(wait);
        assert_eq!(fetcher.document(&url).await.unwrap().bytes, expected.as_bytes(), "after {wait}");
    }
    assert_eq!(server.asked(), 2);
}

#[tokio::test]
async fn a_failure_stands_for_a_moment_only() {
    let server = Server::start(vec![answer("404 Not Found", &[], b""), json("{}")]).await;
    let (fetcher, clock) = fetcher();
    let url = server.at("/x");
    assert_eq!(fetcher.document(&url).await, Err(Fault::Status(404)));
    clock.advance(BACK_OFF - 1);
    assert_eq!(fetcher.document(&url).await, Err(Fault::Status(404)));
    assert_eq!(server.asked(), 1);
    clock.advance(1);
    assert!(fetcher.document(&url).await.is_ok());
}

#[tokio::test]
async fn what_was_good_serves_for_a_day_while_its_host_is_away() {
    let server = Server::start(vec![json("{}"), answer("503 Away", &[], b"")]).await;
    let (fetcher, clock) = fetcher();
    let url = server.at("/x");
    let first = fetcher.document(&url).await.unwrap();
    clock.advance(USUAL);
    assert_eq!(fetcher.document(&url).await.unwrap(), first);
    assert_eq!(server.asked(), 2);
    clock.advance(CEILING - USUAL - 1);
    assert_eq!(fetcher.document(&url).await.unwrap(), first);
    clock.advance(BACK_OFF);
    assert_eq!(fetcher.document(&url).await, Err(Fault::Status(503)));
}

#[tokio::test]
async fn what_was_withdrawn_or_may_not_be_kept_does_not() {
    let gone = Server::start(vec![json("{}"), answer("404 Not Found", &[], b"")]).await;
    let no_store = answer("200 OK", &["content-type: application/json", "cache-control: no-store"], b"{}");
    let forgetful = Server::start(vec![no_store, answer("503 Away", &[], b"")]).await;
    let (fetcher, clock) = fetcher();
    for (server, wait, expected) in [(&gone, USUAL, 404), (&forgetful, FLOOR, 503)] {
        let url = server.at("/x");
        assert!(fetcher.document(&url).await.is_ok());
        clock.advance(wait);
        assert_eq!(fetcher.document(&url).await, Err(Fault::Status(expected)));
    }
}

#[tokio::test]
async fn what_is_useless_is_asked_for_again_soon() {
    let server = Server::start(vec![json("nonsense"), answer("503 Away", &[], b""), json("{}")]).await;
    let (fetcher, clock) = fetcher();
    let url = server.at("/x");
    assert!(fetcher.document(&url).await.is_ok());
    let told = fetcher.is_useless(Wanted::Document, &url).unwrap();
    let held = fetcher.document(&url).await.unwrap();
    assert!(Arc::ptr_eq(&told, &held), "who knows that it is useless need not read it again");
    assert!(Arc::ptr_eq(&held, &fetcher.is_useless(Wanted::Document, &url).unwrap()));
    clock.advance(BACK_OFF - 1);
    assert!(fetcher.document(&url).await.is_ok());
    assert_eq!(server.asked(), 1);
    clock.advance(1);
    assert_eq!(fetcher.document(&url).await, Err(Fault::Status(503)));
    clock.advance(BACK_OFF);
    assert_eq!(fetcher.document(&url).await.unwrap().bytes, b"{}");
}

#[tokio::test]
async fn keys_are_asked_for_anew_at_most_every_half_minute() {
    let server = Server::start(vec![json("1"), json("2"), json("3")]).await;
    let (fetcher, clock) = fetcher();
    let url = server.at("/jwks");
    for (wait, anew, expected) in [
        (0, false, "1"),
        (0, true, "1"),
        (PAUSE - 1, true, "1"),
        (1, false, "1"),
        (0, true, "2"),
        (0, true, "2"),
        (PAUSE, true, "3"),
    ] {
        clock.advance(wait);
        assert_eq!(
            fetcher.keys(&url, anew).await.unwrap().bytes,
            expected.as_bytes(),
            "after {wait}, {anew}"
        );
    }
    assert_eq!(server.asked(), 3);
}

#[tokio::test]
async fn a_document_is_no_key_set() {
    let server = Server::start(vec![json("{}")]).await;
    let (fetcher, _) = fetcher();
    let url = server.at("/x");
    assert!(fetcher.document(&url).await.is_ok());
    assert!(fetcher.keys(&url, false).await.is_ok());
    assert_eq!(server.asked(), 2);
    // A broken head, to see that a fetch that fails ends like any other.
    let broken = Server::start(vec![vec![bytes("nonsense")]]).await;
    assert!(fetcher.document(&broken.at("/x")).await.is_err());
    assert!(fetcher.0.flights.lock().unwrap().is_empty());
}
