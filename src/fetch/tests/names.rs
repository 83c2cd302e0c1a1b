//! Hostile names: what a resolver says is judged as a whole, once, and the connection goes where it said.

use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::{LIMIT, Scripted, Server, json, with};
use crate::fetch::resolve::{Barred, Guarded, PLACES};
use crate::fetch::{Fault, Fetcher, Lookup, Options, Patience, Reach, System};
use crate::types::Clock;

#[tokio::test]
async fn one_special_address_bars_the_whole_name() {
    for (reach, host, found, expected) in [
        (Reach::Public, "a.example", &["8.8.8.8"][..], None),
        (Reach::Public, "a.example", &["8.8.8.8", "2606:4700::1111"], None),
        (Reach::Public, "a.example", &["8.8.8.8", "127.0.0.1"], Some(Barred::Special)),
        (Reach::Public, "a.example", &["10.1.2.3", "8.8.8.8"], Some(Barred::Special)),
        (Reach::Public, "a.example", &["8.8.8.8", "::ffff:10.0.0.1"], Some(Barred::Special)),
        (Reach::Public, "a.example", &["64:ff9b::808:808"], Some(Barred::Special)),
        (Reach::Public, "a.example", &[], Some(Barred::Unknown)),
        (Reach::Public, "localhost", &["127.0.0.1"], Some(Barred::Special)),
        // In development only the machine's own names lead to it.
        (Reach::Development, "localhost", &["127.0.0.1", "::1"], None),
        (Reach::Development, "localhost", &["8.8.8.8"], Some(Barred::Special)),
        (Reach::Development, "rebind.example", &["127.0.0.1"], Some(Barred::Special)),
        (Reach::Development, "a.example", &["8.8.8.8"], None),
    ] {
        let lookup: Arc<dyn Lookup> = Scripted::new(&[found]);
        let judged = Guarded::new(lookup, reach).addresses(host).await;
        assert_eq!(judged.err(), expected, "{reach:?} {host} {found:?}");
    }
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_the_connection_goes_there() {
    // The server listens where only the scripted resolver leads.
    let server = Server::start_on("127.0.0.77", vec![json("{}")]).await;
    let port = server.url.rsplit(':').next().unwrap();
    let lookup = Scripted::new(&[&["127.0.0.77"], &["8.8.8.8"]]);
    let (fetcher, clock) = with(Reach::Development, Arc::<Scripted>::clone(&lookup));
    let url = format!("http://localhost:{port}/x");
    assert_eq!(fetcher.document(&url).await.unwrap().bytes, b"{}");
    assert_eq!((lookup.asked.load(Ordering::SeqCst), server.asked()), (1, 1));
    // The name has moved meanwhile: the next fetch looks again, keeps no connection, and is refused.
    clock.advance(301);
    assert_eq!(fetcher.document(&url).await, Err(Fault::SpecialAddress));
    assert_eq!((lookup.asked.load(Ordering::SeqCst), server.asked()), (2, 1));
}

#[tokio::test]
async fn a_name_that_turns_inward_is_refused_at_the_connection() {
    let server = Server::start(vec![json("{}")]).await;
    let port = server.url.rsplit(':').next().unwrap();
    let lookup = Scripted::new(&[&["127.0.0.1"]]);
    for reach in [Reach::Public, Reach::Development] {
        let (fetcher, _) = with(reach, Arc::<Scripted>::clone(&lookup));
        let fault = fetcher.document(&format!("https://rebind.example:{port}/x")).await.unwrap_err();
        assert_eq!((fault.clone(), fault.reason()), (Fault::SpecialAddress, "document_host_not_public"));
    }
    assert_eq!(server.asked(), 0);
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_told_in_the_same_words() {
    let (fetcher, _) = with(Reach::Public, Arc::new(System::default()));
    let fault = fetcher.document("https://nowhere.invalid/x").await.unwrap_err();
    assert_eq!((fault.clone(), fault.to_string()), (Fault::UnknownHost, Fault::SpecialAddress.to_string()));
}

/// Whether the resolver of the test below answers again.
static ANSWERS: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

/// A resolver that says nothing for a long time, as one does whose servers are away.
#[expect(clippy::unnecessary_wraps, reason = "a resolver may fail")]
fn silent(_: &str) -> std::io::Result<Vec<IpAddr>> {
    let (answers, changed) = &ANSWERS;
    let _done = changed.wait_while(answers.lock().unwrap(), |answers| !*answers).unwrap();
    Ok(Vec::new())
}

#[tokio::test]
async fn slow_names_of_strangers_hold_so_many_threads_and_nobody_else_up() {
    let patience = Patience { connect: Duration::from_millis(20), total: Duration::from_millis(50) };
    let strangers = System::asking(silent);
    let options = Options {
        patience,
        lookup: Scripted::new(&[&["10.0.0.1"]]),
        lookup_of_strangers: Arc::new(strangers.clone()),
        ..Options::new(Reach::Public, LIMIT, Clock::manual(1_800_000_000))
    };
    let fetcher = Fetcher::new(options).unwrap();
    let ask = |n: usize| {
        let fetcher = fetcher.clone();
        async move { fetcher.document_of_stranger(&format!("https://slow{n}.example/x")).await.unwrap_err() }
    };
    for n in 0..PLACES {
        assert_eq!(ask(n).await, Fault::Timeout, "{n}");
    }
    // All have given up; the resolver has not.
    let refused = ask(PLACES).await;
    assert_eq!((refused.clone(), refused.reason()), (Fault::LookupsBusy, "document_lookups_busy"));
    assert!(refused.is_passing());
    assert_eq!(
        fetcher.document("https://known.example/x").await,
        Err(Fault::SpecialAddress),
        "it was looked up"
    );
    *ANSWERS.0.lock().unwrap() = true;
    ANSWERS.1.notify_all();
    // The places are free again once the resolver is done.
    while strangers.lookup("again.example").await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
