//! One GET: what is sent, and which answers are taken.
//!
//! | answer                                        | result            | test (`src/fetch/tests/servers.rs`)   |
//! |-----------------------------------------------|-------------------|---------------------------------------|
//! | 200, JSON by its content type, small enough   | the bytes         | `a_document_is_read`                  |
//! | 3xx                                           | refused           | `redirects_are_not_followed`          |
//! | any other status                              | refused           | `only_status_200_is_an_answer`        |
//! | another content type, or none                 | refused           | `the_content_type_must_be_json`       |
//! | any `Content-Encoding` but `identity`         | refused           | `compressed_answers_are_refused`      |
//! | larger than the limit, announced or not       | refused, the rest unread | `large_answers_are_cut_off`    |
//! | shorter than announced                        | refused           | `truncated_answers_are_refused`       |
//! | slow headers, slow body, no answer            | refused after the time limit | `slow_servers_are_given_up`|
//!
//! Never a proxy of the environment, never a cookie, never a kept connection: each fetch looks its name up itself.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use reqwest::{Client, StatusCode, redirect};

use super::fault::Fault;
use super::fresh::{self, Lifetime};
use super::resolve::{Barred, Guarded};
use super::target::Target;

/// The most header fields of an answer.
const MAX_HEADERS: usize = 64;

/// What is wanted, and with it what is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// A document of a client.
    Document,
    /// A key set (RFC 7517).
    Keys,
}

impl Wanted {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Keys => "keys",
        }
    }

    const fn accept(self) -> &'static str {
        match self {
            Self::Document => "application/json",
            Self::Keys => "application/jwk-set+json, application/json",
        }
    }
}

/// TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be set up: {0}")]
pub struct NoClient(String);

/// How long one fetch may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    pub connect: Duration,
    pub total: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connect: Duration::from_secs(3), total: Duration::from_secs(5) }
    }
}

/// An answer that was taken.
#[derive(Debug)]
pub struct Body {
    pub bytes: Vec<u8>,
    pub lifetime: Lifetime,
}

/// The client of every fetch.
#[derive(Clone, Debug)]
pub struct Http(Client);

impl Http {
    pub fn new(resolver: Guarded, patience: Patience) -> Result<Self, NoClient> {
        let client = Client::builder()
            .connect_timeout(patience.connect)
            .timeout(patience.total)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .pool_max_idle_per_host(0)
            .http1_max_headers(MAX_HEADERS)
            .referer(false)
            .dns_resolver(Arc::new(resolver))
            .user_agent(concat!("gatepost/", env!("CARGO_PKG_VERSION")))
            .build();
        client.map(Self).map_err(|error| NoClient(error.to_string()))
    }

    /// By the table above; at most `limit` bytes.
    pub async fn get(&self, target: &Target, wanted: Wanted, limit: usize) -> Result<Body, Fault> {
        let request = self
            .0
            .get(target.url.clone())
            .header(ACCEPT, wanted.accept())
            .header(ACCEPT_ENCODING, "identity");
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status();
        if status.is_redirection() {
            return Err(Fault::Redirect(status.as_u16()));
        }
        if status != StatusCode::OK {
            return Err(Fault::Status(status.as_u16()));
        }
        check_headers(response.headers(), limit)?;
        let lifetime = fresh::lifetime(response.headers());
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if bytes.len() + chunk.len() > limit {
                return Err(Fault::TooLarge(limit));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Body { bytes, lifetime })
    }
}

fn check_headers(headers: &HeaderMap, limit: usize) -> Result<(), Fault> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (first, second) = (types.next(), types.next());
    if second.is_some() || !first.and_then(|value| value.to_str().ok()).is_some_and(is_json) {
        return Err(Fault::ContentType);
    }
    let is_plain = |value: &reqwest::header::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(CONTENT_ENCODING).iter().all(is_plain) {
        return Err(Fault::Encoded);
    }
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit)) {
        return Err(Fault::TooLarge(limit));
    }
    Ok(())
}

/// `application/json` or `application/…+json`, whatever parameters follow.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some(kind) = essence.strip_prefix("application/") else { return false };
    kind == "json" || kind.strip_suffix("+json").is_some_and(|name| !name.is_empty() && !name.contains('/'))
}

fn failed(error: reqwest::Error) -> Fault {
    let error = error.without_url();
    if let Some(barred) = barred(&error) {
        return match barred {
            Barred::Special => Fault::SpecialAddress,
            Barred::Unknown => Fault::UnknownHost,
            Barred::Busy => Fault::LookupsBusy,
        };
    }
    match () {
        () if error.is_timeout() => Fault::Timeout,
        () if error.is_body() || error.is_decode() => Fault::Truncated(chain(&error)),
        () => Fault::Unreachable(chain(&error)),
    }
}

/// What our resolver said, somewhere below.
fn barred(error: &reqwest::Error) -> Option<Barred> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(found) = current.downcast_ref::<Barred>() {
            return Some(*found);
        }
        cause = current.source();
    }
    None
}

/// The error with its causes, for the log.
fn chain(error: &reqwest::Error) -> String {
    let mut out = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(current) = cause {
        out = format!("{out}: {current}");
        cause = current.source();
    }
    out.chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::is_json;

    #[test]
    fn json_is_known_by_its_content_type() {
        for text in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/jwk-set+json",
            "application/oauth-client-id-metadata+json;x=y",
        ] {
            assert!(is_json(text), "{text}");
        }
        for text in
            ["", "text/html", "text/json", "application/+json", "application/jsonx", "application/x/y+json"]
        {
            assert!(!is_json(text), "{text}");
        }
    }
}
