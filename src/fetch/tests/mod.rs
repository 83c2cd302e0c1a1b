//! Hostile URLs, hostile names, hostile servers, and the order of many at once.

mod names;
mod servers;
mod together;
mod urls;

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{Fetcher, Lookup, Options, Patience, Reach};
use crate::types::Clock;

/// The largest document in these tests.
const LIMIT: usize = 5120;

/// A fetcher in development, impatient, on a clock that stands still.
fn fetcher() -> (Fetcher, Clock) {
    with(Reach::Development, Arc::new(super::System::default()))
}

fn with(reach: Reach, lookup: Arc<dyn Lookup>) -> (Fetcher, Clock) {
    let clock = Clock::manual(1_800_000_000);
    let patience = Patience { connect: Duration::from_millis(400), total: Duration::from_millis(800) };
    let lookup_of_strangers = Arc::clone(&lookup);
    let options =
        Options { patience, lookup, lookup_of_strangers, ..Options::new(reach, LIMIT, clock.clone()) };
    (Fetcher::new(options).unwrap(), clock)
}

/// A server that answers each connection with the next of its answers, the last one again and again.
struct Server {
    url: String,
    asked: Arc<AtomicUsize>,
    /// The head of each request.
    requests: Arc<Mutex<Vec<String>>>,
}

/// A piece of an answer: bytes to send, or silence.
#[derive(Clone)]
enum Piece {
    Bytes(Vec<u8>),
    Silence(Duration),
}

fn bytes(text: &str) -> Piece {
    Piece::Bytes(text.as_bytes().to_vec())
}

/// A whole answer with these header lines.
fn answer(status: &str, headers: &[&str], body: &[u8]) -> Vec<Piece> {
    let mut head = format!("HTTP/1.1 {status}\r\n");
    for line in headers {
        head.push_str(line);
        head.push_str("\r\n");
    }
    let length = format!("content-length: {}\r\n\r\n", body.len());
    vec![bytes(&head), bytes(&length), Piece::Bytes(body.to_vec())]
}

fn json(body: &str) -> Vec<Piece> {
    answer("200 OK", &["content-type: application/json"], body.as_bytes())
}

impl Server {
    async fn start(answers: Vec<Vec<Piece>>) -> Self {
        Self::start_on("127.0.0.1", answers).await
    }

    async fn start_on(address: &str, answers: Vec<Vec<Piece>>) -> Self {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let asked = Arc::new(AtomicUsize::new(0));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let server = Self { url, asked: Arc::clone(&asked), requests: Arc::clone(&requests) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let turn = asked.fetch_add(1, Ordering::SeqCst);
                let pieces = answers.get(turn).or(answers.last()).unwrap().clone();
                tokio::spawn(reply(stream, pieces, Arc::clone(&requests)));
            }
        });
        server
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn reply(mut stream: TcpStream, pieces: Vec<Piece>, requests: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while !head.windows(4).any(|w| w == b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(n) if n > 0 => head.extend_from_slice(&buffer[..n]),
            _ => return,
        }
    }
    requests.lock().unwrap().push(String::from_utf8_lossy(&head).into_owned());
    for piece in pieces {
        match piece {
            Piece::Bytes(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Piece::Silence(time) => tokio::time::sleep(time).await,
        }
    }
    let _ = stream.shutdown().await;
}

/// A resolver that gives its answers in turn, the last one again and again.
struct Scripted {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Scripted {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let answers = answers.iter().map(|a| a.iter().map(|ip| ip.parse().unwrap()).collect()).collect();
        Arc::new(Self { answers, asked: AtomicUsize::new(0) })
    }
}

impl Lookup for Scripted {
    fn lookup<'a>(&'a self, _host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        let found = self.answers.get(turn).or(self.answers.last()).unwrap().clone();
        async move { Ok(found) }.boxed()
    }
}
