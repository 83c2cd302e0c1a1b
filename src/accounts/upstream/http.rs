//! The requests to providers: short, bounded, and nowhere but where the settings and the metadata say.
//!
//! Limits: 5 s to connect, 10 s in all, 256 KiB an answer. No redirects, no proxy from the environment. Plain http only
//! to this machine, and only where the issuer itself is there.

use std::time::Duration;

use openidconnect::http::{self, HeaderMap};
use openidconnect::{HttpRequest, HttpResponse};
use reqwest::redirect;
use url::Url;

use crate::types::urls::is_loopback;

const CONNECT: Duration = Duration::from_secs(5);
const TOTAL: Duration = Duration::from_secs(10);
/// The largest answer read, in bytes.
const MAX_ANSWER: usize = 256 * 1024;

/// Why a request gave no answer. Says nothing of what was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    #[error("it does not answer in time")]
    Timeout,
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    #[error("its answer is larger than {MAX_ANSWER} bytes")]
    TooLarge,
    #[error("it names the address {0}, which is not https")]
    NotSecure(String),
    #[error("its answer cannot be read: {0}")]
    Broken(String),
}

/// The client that all providers share.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .timeout(TOTAL)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("gatepost/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Whether secrets may go to this URL of a provider with this issuer.
pub fn is_secure(url: &Url, issuer: &str) -> bool {
    let local = |url: &Url| url.scheme() == "http" && is_loopback(url);
    url.scheme() == "https" || local(url) && Url::parse(issuer).is_ok_and(|issuer| local(&issuer))
}

/// Sends one request of openidconnect.
pub async fn send(
    client: reqwest::Client,
    issuer: &str,
    request: HttpRequest,
) -> Result<HttpResponse, EgressError> {
    let target = request.uri().to_string();
    if !Url::parse(&target).is_ok_and(|url| is_secure(&url, issuer)) {
        return Err(EgressError::NotSecure(target.chars().take(200).collect()));
    }
    let request = request.try_into().map_err(failed)?;
    let mut response = client.execute(request).await.map_err(failed)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(EgressError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    let mut answer = http::Response::new(body);
    *answer.status_mut() = response.status();
    *answer.headers_mut() = HeaderMap::clone(response.headers());
    Ok(answer)
}

fn failed(error: reqwest::Error) -> EgressError {
    let error = error.without_url();
    match () {
        () if error.is_timeout() => EgressError::Timeout,
        () if error.is_connect() => EgressError::Unreachable(error.to_string()),
        () => EgressError::Broken(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine_and_with_issuers_there() {
        let secure = |url: &str, issuer: &str| is_secure(&Url::parse(url).unwrap(), issuer);
        assert!(secure("https://id.example/token", "https://id.example"));
        assert!(secure("http://127.0.0.1:9/token", "http://localhost:9"));
        assert!(!secure("http://127.0.0.1:9/token", "https://id.example"));
        assert!(!secure("http://id.example/token", "http://localhost:9"));
        assert!(!secure("file:///etc/passwd", "http://localhost:9"));
    }
}
