//! A mail server that keeps what it is given, and can be told to be difficult.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// One mail as it arrived.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    /// Headers and body, lines ended with `\n`.
    pub text: String,
}

impl Mail {
    pub fn subject(&self) -> &str {
        self.text.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap_or_default()
    }

    /// The path and query of the first link to `page`.
    pub fn link(&self, page: &str) -> String {
        let at = self.text.find(page).unwrap_or_else(|| panic!("no {page} in {}", self.text));
        self.text[at..].split_whitespace().next().unwrap().to_owned()
    }
}

#[derive(Clone, Default)]
struct Inside {
    mails: Arc<Mutex<Vec<Mail>>>,
    /// How many mails are still refused, with this code.
    refusals: Arc<AtomicU16>,
    code: Arc<AtomicU16>,
}

pub struct Mailbox {
    address: SocketAddr,
    inside: Inside,
}

impl Mailbox {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, inside) = (listener.local_addr().unwrap(), Inside::default());
        let keeping = inside.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, keeping.clone()));
            }
        });
        Self { address, inside }
    }

    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Refuses the next mails with this code.
    pub fn refuse(&self, count: u16, code: u16) {
        self.inside.code.store(code, Ordering::SeqCst);
        self.inside.refusals.store(count, Ordering::SeqCst);
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.inside.mails.lock().unwrap().clone()
    }

    /// Waits until there are this many mails.
    pub async fn wait_for(&self, count: usize) -> Vec<Mail> {
        for _ in 0..500 {
            let mails = self.mails();
            if mails.len() >= count {
                assert_eq!(mails.len(), count, "{mails:?}");
                return mails;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{count} mails were expected: {:?}", self.mails());
    }
}

/// As much of RFC 5321 as one polite client needs.
async fn serve(stream: TcpStream, inside: Inside) {
    let mut stream = BufReader::new(stream);
    let (mut line, mut to, mut data) = (String::new(), String::new(), None::<String>);
    let _ = stream.write_all(b"220 tests\r\n").await;
    loop {
        line.clear();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let text = line.trim_end_matches(['\r', '\n']);
        let answer = match (&mut data, text) {
            (Some(_), ".") => {
                let mail = Mail { to: std::mem::take(&mut to), text: data.take().unwrap_or_default() };
                take(&inside, mail)
            }
            (Some(data), text) => {
                data.push_str(text.strip_prefix('.').unwrap_or(text));
                data.push('\n');
                continue;
            }
            (None, text) if text.starts_with("RCPT TO:") => {
                to = text["RCPT TO:".len()..].trim_matches(['<', '>']).to_owned();
                "250 fine".to_owned()
            }
            (None, "DATA") => {
                data = Some(String::new());
                "354 go on".to_owned()
            }
            (None, "QUIT") => "221 bye".to_owned(),
            (None, _) => "250 fine".to_owned(),
        };
        let _ = stream.write_all(format!("{answer}\r\n").as_bytes()).await;
    }
}

fn take(inside: &Inside, mail: Mail) -> String {
    let left = inside.refusals.load(Ordering::SeqCst);
    if left > 0 {
        inside.refusals.store(left - 1, Ordering::SeqCst);
        return format!("{} not now", inside.code.load(Ordering::SeqCst));
    }
    inside.mails.lock().unwrap().push(mail);
    "250 kept".to_owned()
}
