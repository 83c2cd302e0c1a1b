//! The requests to issuers elsewhere: public documents, asked for without any secret, at addresses that an administrator
//! wrote or that the issuer's own metadata names. The former may be private ones; of the latter `oauth::issuers::keys`
//! says which may.
//!
//! Limits: 3 s to connect, 5 s in all, 64 KiB an answer. No redirects, no proxy from the environment. Plain http only
//! to this machine. A redirect is refused, not followed: keys come from the address an administrator wrote.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::ACCEPT;
use reqwest::{Client, StatusCode, redirect};
use url::{Host, Url};

use crate::fetch::{Barred, Guarded, Reach, System, is_public};
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
    #[error(
        "its address is not public, and not that of the issuer: write it down as the address of the keys"
    )]
    NotPublic,
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
pub struct Http {
    anywhere: Client,
    /// Connects to nothing but public addresses.
    outside: Client,
    is_outside: bool,
}

impl Http {
    pub fn new() -> Result<Self, NoClient> {
        let builder = || {
            Client::builder()
                .connect_timeout(CONNECT)
                .timeout(TOTAL)
                .redirect(redirect::Policy::none())
                .no_proxy()
                .user_agent(concat!("gatepost/", env!("CARGO_PKG_VERSION")))
        };
        let guarded = Guarded::new(Arc::new(System::default()), Reach::Public);
        let no_client = |error: reqwest::Error| NoClient(error.to_string());
        Ok(Self {
            anywhere: builder().build().map_err(no_client)?,
            outside: builder().dns_resolver(Arc::new(guarded)).build().map_err(no_client)?,
            is_outside: false,
        })
    }

    /// The same that goes to public addresses only.
    #[must_use]
    pub fn outside(&self) -> Self {
        Self { is_outside: true, ..self.clone() }
    }

    /// The answer to one GET.
    pub async fn get(&self, url: &str) -> Result<Vec<u8>, Fault> {
        let target = Url::parse(url).map_err(|_| Fault::NotSecure)?;
        if target.scheme() != "https" && !(target.scheme() == "http" && is_loopback(&target)) {
            return Err(Fault::NotSecure);
        }
        if self.is_outside && !may_be_public(&target) {
            return Err(Fault::NotPublic);
        }
        let client = if self.is_outside { &self.outside } else { &self.anywhere };
        let request = client.get(target).header(ACCEPT, "application/json");
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

/// Whether a URL names no address that is not public. What a name leads to is seen when it is looked up.
fn may_be_public(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_public(address.into()),
        Some(Host::Ipv6(address)) => is_public(address.into()),
        Some(Host::Domain(_)) => true,
        None => false,
    }
}

fn failed(error: reqwest::Error) -> Fault {
    let error = error.without_url();
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(current) = cause {
        if current.downcast_ref::<Barred>() == Some(&Barred::Special) {
            return Fault::NotPublic;
        }
        cause = current.source();
    }
    match () {
        () if error.is_timeout() => Fault::Timeout,
        () if error.is_connect() => Fault::Unreachable(error.to_string()),
        () => Fault::Unreadable(error.to_string()),
    }
}
