//! The client of Tavily's HTTP API: one bounded request, and every way it can fail as its own message.
//!
//! Owns limits, retries and the reading of errors. Does not own what is asked and how answers are read
//! (`tools/web_search.rs`, `tools/web_extract.rs`). The only file of `mcp/` that imports reqwest.
//!
//! Limits: 16 requests at a time, 4 MiB per answer, one attempt lasts `timeout`, the call with its retries
//! twice that. At most two retries, only after 429, 5xx and timeouts; `Retry-After` is honoured up to 5 s,
//! a longer wait is reported instead. No redirects, no proxy from the environment: the API key goes to
//! the configured host or nowhere.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode, redirect};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

use crate::types::Plain;

/// Where Tavily's API lives.
pub const DEFAULT_BASE_URL: &str = "https://api.tavily.com";

/// The largest answer read, in bytes.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// The largest error body read, in bytes.
const MAX_ERROR: usize = 64 * 1024;
/// Retries after the first attempt.
const MAX_RETRIES: u32 = 2;
/// The longest wait before a retry; the server may ask for more, then the caller is told.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// The wait before the first retry when the server names none; doubled for the second.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// Requests under way at a time: bounds memory (16 × 4 MiB) and the pressure on the account.
const MAX_PARALLEL: usize = 16;

/// Why the client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TavilySetupError {
    /// The base URL cannot be used.
    #[error("is not an http or https URL without user name, query and fragment")]
    BaseUrl,
    /// The key has characters no header may have.
    #[error("contains characters that cannot be part of an API key")]
    ApiKey,
    /// TLS could not be set up.
    #[error("the HTTPS client cannot be set up: {0}")]
    Client(String),
}

/// Why a request to Tavily failed, as a sentence for the model and its user. Never contains the key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TavilyError {
    /// No key is configured.
    #[error(
        "Web search is not set up on this server: no Tavily API key is configured. The administrator can \
         get a key at https://app.tavily.com and set the environment variable GATEPOST_TAVILY__API_KEY (or \
         TAVILY_API_KEY), or api_key in section [tavily] of gatepost.toml, then restart the server."
    )]
    NoKey,
    /// 400 or 422.
    #[error("The search service refused the request: {0}. Change the arguments and try again.")]
    BadRequest(String),
    /// 401.
    #[error(
        "The search service does not accept this server's Tavily API key. The administrator must check \
         GATEPOST_TAVILY__API_KEY; trying again does not help."
    )]
    BadKey,
    /// 403.
    #[error("The search service does not allow this request: {0}. Trying again does not help.")]
    Forbidden(String),
    /// 429, after the retries; with the wait asked for in seconds, when one was.
    #[error("The search service is receiving too many requests{}.", wait_text(*.0))]
    RateLimited(Option<u64>),
    /// 432.
    #[error(
        "The usage limit of this server's Tavily plan is reached. The administrator can upgrade the plan or \
         wait for it to renew; trying again now does not help."
    )]
    PlanLimit,
    /// 433.
    #[error(
        "The pay-as-you-go limit of this server's Tavily account is reached. The administrator can raise it \
         at https://app.tavily.com; trying again now does not help."
    )]
    PaygoLimit,
    /// 5xx, after the retries.
    #[error("The search service has an internal problem (HTTP {0}). Try again later.")]
    Server(u16),
    /// Another status, redirects included.
    #[error("The search service gave an unexpected answer (HTTP {0}).")]
    Unexpected(u16),
    /// No answer in time, after the retries.
    #[error("The search service did not answer in time. Try again later, or ask for less.")]
    Timeout,
    /// No connection.
    #[error("The search service cannot be reached from this server. Try again later.")]
    Unreachable,
    /// The connection broke in the middle.
    #[error("The connection to the search service broke off. Try again.")]
    Broken,
    /// An answer over 4 MiB.
    #[error("The answer of the search service is too large. Ask for fewer results or pages.")]
    TooLarge,
    /// An answer that is not what the API promises.
    #[error("The search service gave an answer that cannot be read: {0}.")]
    Malformed(&'static str),
}

fn wait_text(seconds: Option<u64>) -> String {
    seconds.map_or_else(
        || ". Wait a little and try again".to_owned(),
        |seconds| format!(". Try again in {seconds} seconds"),
    )
}

/// A client with its key. Clones share the connections and the limit of parallel requests.
#[derive(Clone, Debug)]
pub struct Tavily {
    base: String,
    /// Absent without a key: then nothing is ever sent.
    http: Option<reqwest::Client>,
    /// To take it out of texts that come back.
    key: Option<Arc<Plain<String>>>,
    timeout: Duration,
    permits: Arc<Semaphore>,
}

/// A failed attempt.
struct Failure {
    error: TavilyError,
    retry: Retry,
}

/// Whether another attempt may do better.
#[derive(Clone, Copy)]
enum Retry {
    No,
    /// Yes, after our own wait.
    Soon,
    /// Yes, after the wait the server asked for.
    After(Duration),
}

impl Failure {
    const fn last(error: TavilyError) -> Self {
        Self { error, retry: Retry::No }
    }
}

impl Tavily {
    /// A client for `base_url`. `timeout` bounds one attempt; a call with its retries lasts at most twice
    /// that. Without a key (or with an empty one) every call answers [`TavilyError::NoKey`].
    pub fn new(
        base_url: &str,
        api_key: Option<Plain<String>>,
        timeout: Duration,
    ) -> Result<Self, TavilySetupError> {
        let url = Url::parse(base_url.trim()).map_err(|_| TavilySetupError::BaseUrl)?;
        let extra = !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some();
        if extra || !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(TavilySetupError::BaseUrl);
        }
        let key = api_key.filter(|key| !key.expose().trim().is_empty()).map(Arc::new);
        let http = key.as_ref().map(|key| client(key, timeout)).transpose()?;
        Ok(Self {
            base: url.as_str().trim_end_matches('/').to_owned(),
            http,
            key,
            timeout,
            permits: Arc::new(Semaphore::new(MAX_PARALLEL)),
        })
    }

    /// Whether a key is configured.
    pub const fn is_configured(&self) -> bool {
        self.http.is_some()
    }

    /// Sends `body` to `path` (e.g. `/search`) and returns the answer's JSON object.
    pub(super) async fn post(&self, path: &str, body: &impl Serialize) -> Result<Value, TavilyError> {
        let Some(http) = &self.http else { return Err(TavilyError::NoKey) };
        let deadline = Instant::now() + self.timeout * 2;
        let work = async {
            let _permit = self.permits.acquire().await.map_err(|_| TavilyError::Timeout)?;
            self.attempts(http, path, body, deadline).await
        };
        timeout_at(deadline, work).await.unwrap_or(Err(TavilyError::Timeout))
    }

    async fn attempts(
        &self,
        http: &reqwest::Client,
        path: &str,
        body: &impl Serialize,
        deadline: Instant,
    ) -> Result<Value, TavilyError> {
        let mut wait = FIRST_WAIT;
        for retries_left in (0..=MAX_RETRIES).rev() {
            let failure = match self.attempt(http, path, body).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            tracing::warn!(path, retries_left, error = %failure.error, "a request to Tavily failed");
            let pause = match failure.retry {
                Retry::Soon => wait,
                Retry::After(asked) => asked,
                Retry::No => return Err(failure.error),
            };
            if retries_left == 0 || pause > MAX_WAIT || Instant::now() + pause >= deadline {
                return Err(failure.error);
            }
            sleep(pause).await;
            wait *= 2;
        }
        Err(TavilyError::Timeout)
    }

    async fn attempt(
        &self,
        http: &reqwest::Client,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Value, Failure> {
        let request = http.post(format!("{}{path}", self.base)).json(body);
        let response = request.send().await.map_err(|error| transport_failure(&error))?;
        let status = response.status();
        if status == StatusCode::OK {
            let bytes = read_bounded(response, MAX_ANSWER).await?;
            return match serde_json::from_slice::<Value>(&bytes) {
                Ok(answer @ Value::Object(_)) => Ok(answer),
                Ok(_) => Err(Failure::last(TavilyError::Malformed("it is not an object"))),
                Err(_) => Err(Failure::last(TavilyError::Malformed("it is not JSON"))),
            };
        }
        let asked = retry_after(response.headers());
        let again = asked.map_or(Retry::Soon, Retry::After);
        let text = match read_bounded(response, MAX_ERROR).await {
            Ok(bytes) => self.reason(&bytes),
            Err(_) => "no reason given".to_owned(),
        };
        Err(match status.as_u16() {
            400 | 422 => Failure::last(TavilyError::BadRequest(text)),
            401 => Failure::last(TavilyError::BadKey),
            403 => Failure::last(TavilyError::Forbidden(text)),
            429 => {
                Failure { error: TavilyError::RateLimited(asked.map(|wait| wait.as_secs())), retry: again }
            }
            432 => Failure::last(TavilyError::PlanLimit),
            433 => Failure::last(TavilyError::PaygoLimit),
            code @ 500..=599 => Failure { error: TavilyError::Server(code), retry: again },
            code => Failure::last(TavilyError::Unexpected(code)),
        })
    }

    /// The service's own words from `{"detail":{"error":"…"}}` and its variants: one line, short, without
    /// the key.
    fn reason(&self, body: &[u8]) -> String {
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let detail = &json["detail"];
        let text = [&detail["error"], detail, &detail[0]["msg"], &json["error"], &json["message"]]
            .into_iter()
            .find_map(Value::as_str)
            .unwrap_or("no reason given");
        let mut text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if let Some(key) = &self.key {
            text = text.replace(key.expose().trim(), "[key]");
        }
        text.chars().take(300).collect::<String>().trim().trim_end_matches('.').to_owned()
    }
}

/// The HTTP client. The key travels as a default header marked sensitive, so that it never prints.
fn client(key: &Plain<String>, timeout: Duration) -> Result<reqwest::Client, TavilySetupError> {
    let mut bearer = HeaderValue::from_str(&format!("Bearer {}", key.expose().trim()))
        .map_err(|_| TavilySetupError::ApiKey)?;
    bearer.set_sensitive(true);
    reqwest::Client::builder()
        .default_headers(HeaderMap::from_iter([(AUTHORIZATION, bearer)]))
        .user_agent(concat!("gatepost/", env!("CARGO_PKG_VERSION")))
        .timeout(timeout)
        .connect_timeout(timeout.min(Duration::from_secs(5)))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(|error| TavilySetupError::Client(error.without_url().to_string()))
}

fn transport_failure(error: &reqwest::Error) -> Failure {
    if error.is_timeout() {
        Failure { error: TavilyError::Timeout, retry: Retry::Soon }
    } else if error.is_connect() {
        Failure::last(TavilyError::Unreachable)
    } else {
        Failure::last(TavilyError::Broken)
    }
}

async fn read_bounded(mut response: Response, max: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| transport_failure(&error))? {
        if bytes.len() + chunk.len() > max {
            return Err(Failure::last(TavilyError::TooLarge));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// `Retry-After` in seconds (RFC 9110 §10.2.3); its date form is treated as absent.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
#[path = "tavily_tests.rs"]
mod tests;
