//! What is wrong with a request before its rule is asked, and the two ways to say so: as JSON to a client, as
//! a page to a person. Which of them is the endpoint's choice; the status is the same.
//!
//! | problem                                               | status | reason in the audit trail (of a page) |
//! |-------------------------------------------------------|--------|---------------------------------------|
//! | wrong media type; not form-urlencoded UTF-8; a NUL; too many parameters | 400 | `malformed_request`    |
//! | a field twice                                         | 400    | `duplicate_parameter`                 |
//! | larger than is read                                   | 413    | `body_too_large`                      |
//! | does not arrive in time                               | 408    | `body_too_slow`                       |
//! | too many requests from one place                      | 429    | `rate_limited`                        |

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::pages::ErrorPage;
use super::{State, address, error_page, respond};
use crate::accounts::throttle::Throttled;
use crate::audit::{Entry, Event};
use crate::oauth::error::{Code, Refusal};

/// Why a request is not looked at.
#[derive(Debug)]
pub enum Problem {
    /// It cannot be read as what it should be.
    Malformed(Refusal),
    /// Its body is larger than this many bytes.
    TooLarge(usize),
    /// Its body did not arrive in time.
    TooSlow,
    /// It is one too many.
    Throttled(Throttled),
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Malformed(refusal)
    }
}

impl From<Throttled> for Problem {
    fn from(throttled: Throttled) -> Self {
        Self::Throttled(throttled)
    }
}

impl Problem {
    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(refusal) => {
                StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::BAD_REQUEST)
            }
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    fn reason(&self) -> String {
        match self {
            Self::Malformed(refusal) => refusal.reason.as_str(),
            Self::TooLarge(_) => "body_too_large".to_owned(),
            Self::TooSlow => "body_too_slow".to_owned(),
            Self::Throttled(_) => "rate_limited".to_owned(),
        }
    }

    /// The answer to a client (RFC 6749 §5.2).
    pub fn as_json(&self) -> HttpResponse {
        let (code, text) = match self {
            Self::Malformed(refusal) => return respond::refusal(refusal),
            Self::TooLarge(limit) => (Code::InvalidRequest, format!("the body is larger than {limit} bytes")),
            Self::TooSlow => (Code::InvalidRequest, "the body did not arrive in time".to_owned()),
            Self::Throttled(throttled) => (
                Code::TemporarilyUnavailable,
                format!("too many requests; try again in {} seconds", throttled.retry_after),
            ),
        };
        let body = json!({ "error": code.as_str(), "error_description": text });
        self.with_headers(respond::json_no_store(self.status(), &body))
    }

    /// The answer to a person, with a reference that finds the audit event.
    pub async fn as_page(&self, state: &State, request: &HttpRequest, event: Event) -> HttpResponse {
        let reference = error_page::reference(state);
        let entry = Entry::refused(event, self.reason())
            .address(address::origin(state, request).address)
            .reference(reference.clone());
        state.oauth.audit.record(entry).await;
        let (title, sentence, next) = self.words(event);
        let page = ErrorPage { title: title.to_owned(), sentence, next, reference: Some(reference) };
        self.with_headers(error_page::page(self.status(), &page))
    }

    fn words(&self, event: Event) -> (&'static str, String, String) {
        // The form of an authorization request is an app's, every other one is ours.
        let back = if event == Event::Authorization {
            "Go back to the app and start signing in again."
        } else {
            "Go back, reload the page, and try again."
        };
        match self {
            Self::Malformed(refusal) => (
                "This form could not be read",
                format!("The form did not arrive the way a browser sends it: {}.", refusal.description),
                back.to_owned(),
            ),
            Self::TooLarge(limit) => (
                "This form is too large",
                format!("It has more than the {limit} bytes that are read."),
                back.to_owned(),
            ),
            Self::TooSlow => {
                ("This form took too long", "It did not arrive in time.".to_owned(), back.to_owned())
            }
            Self::Throttled(throttled) => (
                "Too many attempts",
                "There have been too many attempts from your network.".to_owned(),
                format!("Go back and try again in {} seconds.", throttled.retry_after),
            ),
        }
    }

    fn with_headers(&self, mut response: HttpResponse) -> HttpResponse {
        match self {
            Self::TooSlow => {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Self::Throttled(throttled) => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(throttled.retry_after));
            }
            Self::Malformed(_) | Self::TooLarge(_) => {}
        }
        response
    }
}
