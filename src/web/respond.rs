//! Results of the rules as HTTP responses: one place for status, `no-store` and `WWW-Authenticate`.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use serde_json::json;

use crate::oauth::error::{Code, Refusal};

/// JSON that must not be kept by any cache (RFC 6749 §5.1).
pub fn json_no_store(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::PRAGMA, "no-cache"))
        .json(body)
}

/// JSON that is the same for everybody and may be kept for `seconds`.
pub fn json_public(body: &impl Serialize, seconds: u32) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, format!("public, max-age={seconds}"))).json(body)
}

/// The same for a client that may have tried to authenticate. Only who did so in the header is challenged (RFC 6749
/// §5.2): where there is a challenge, some libraries show it in the place of the description.
pub fn refusal_of(request: &HttpRequest, refused: &Refusal) -> HttpResponse {
    let mut response = refusal(refused);
    if refused.code == Code::InvalidClient && request.headers().contains_key(header::AUTHORIZATION) {
        let basic = HeaderValue::from_static("Basic realm=\"gatepost\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, basic);
    }
    response
}

/// An OAuth error response (RFC 6749 §5.2).
pub fn refusal(refusal: &Refusal) -> HttpResponse {
    let status = StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.insert_header((header::CACHE_CONTROL, "no-store")).insert_header((header::PRAGMA, "no-cache"));
    challenge(&mut response, refusal);
    if refusal.code == Code::TemporarilyUnavailable {
        response.insert_header((header::RETRY_AFTER, "5"));
    }
    response.json(json!({
        "error": refusal.code.as_str(),
        "error_description": printable(&refusal.description),
    }))
}

fn challenge(response: &mut HttpResponseBuilder, refusal: &Refusal) {
    let value = match refusal.code {
        Code::InvalidToken | Code::InsufficientScope => format!(
            "Bearer error=\"{}\", error_description=\"{}\"",
            refusal.code.as_str(),
            printable(&refusal.description)
        ),
        _ => return,
    };
    if let Ok(value) = HeaderValue::from_str(&value) {
        response.insert_header((header::WWW_AUTHENTICATE, value));
    }
}

/// `error_description` may hold printable ASCII without quotes and backslashes only (RFC 6749 §5.2).
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '"' => '\'',
            '\\' => '/',
            c if c == ' ' || c.is_ascii_graphic() => c,
            _ => '?',
        })
        .take(300)
        .collect()
}

/// A redirect of the browser with GET (OAuth 2.1 §7.5.4: 303).
pub fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}
