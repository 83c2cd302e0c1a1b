//! The requests to issuers elsewhere: public documents, asked for without any secret, at addresses that an administrator
//! wrote or that the issuer's own metadata names; they may be private ones.
//!
//! Limits: 3 s to connect, 5 s in all, 64 KiB an answer. No redirects, no proxy from the environment. Plain http only
//! to this machine. A redirect is refused, not followed: keys come from the address an administrator wrote.

use std::time::Duration;

use reqwest::header::ACCEPT;
use reqwest::{Client, StatusCode, redirect};
use url::Url;

use crate::types::urls::is_loopback;

const CONNECT: Duration = Duration::from_secs(3);
const TOTAL: Duration = Duration::from_secs(5);
/// The largest answer read, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// Why a document could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("its address is not https")]
    NotSecure,
    #[error("it does not answer in time")]
    Timeout,
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    #[error("it answers with status {0}")]
    Status(u16),
    #[error("its answer is larger than {MAX_ANSWER} bytes")]
    TooLarge,
    #[error("its answer cannot be read: {0}")]
    Unreadable(String),
}

/// TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be set up: {0}")]
pub struct NoClient(String);

/// The client that all issuers share.
#[derive(Clone, Debug)]
pub struct Http(Client);

impl Http {
    pub fn new() -> Result<Self, NoClient> {
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(TOTAL)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("gatepost/", env!("CARGO_PKG_VERSION")))
            .build();
        client.map(Self).map_err(|error| NoClient(error.to_string()))
    }

    /// The answer to one GET.
    pub async fn get(&self, url: &str) -> Result<Vec<u8>, Fault> {
        let target = Url::parse(url).map_err(|_| Fault::NotSecure)?;
        if target.scheme() != "https" && !(target.scheme() == "http" && is_loopback(&target)) {
            return Err(Fault::NotSecure);
        }
        let request = self.0.get(target).header(ACCEPT, "application/json");
        let mut response = request.send().await.map_err(failed)?;
        if response.status() != StatusCode::OK {
            return Err(Fault::Status(response.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(Fault::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

fn failed(error: reqwest::Error) -> Fault {
    let error = error.without_url();
    match () {
        () if error.is_timeout() => Fault::Timeout,
        () if error.is_connect() => Fault::Unreachable(error.to_string()),
        () => Fault::Unreadable(error.to_string()),
    }
}
