//! Bodies, read with a bound, and forms taken apart.

use std::time::Duration;

use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures::StreamExt as _;

use super::respond;
use crate::oauth::error::Refusal;
use crate::oauth::params::{MAX_BYTES, Params};

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads a body of at most `limit` bytes; answers 413 for a larger one, 408 for one that does not come.
pub async fn body(payload: &mut Payload, limit: usize) -> Result<Bytes, HttpResponse> {
    let late = || HttpResponse::RequestTimeout().insert_header((header::CONNECTION, "close")).finish();
    tokio::time::timeout(PATIENCE, read(payload, limit)).await.unwrap_or_else(|_| Err(late()))
}

async fn read(payload: &mut Payload, limit: usize) -> Result<Bytes, HttpResponse> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk
            .map_err(|_| respond::refusal(&Refusal::malformed("the body could not be read to its end")))?;
        if bytes.len() + chunk.len() > limit {
            return Err(respond::too_large(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// Whether the request's media type is `expected`, parameters aside.
pub fn has_type(request: &HttpRequest, expected: &str) -> bool {
    request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.split(';').next())
        .is_some_and(|v| v.trim().eq_ignore_ascii_case(expected))
}

/// Reads `application/x-www-form-urlencoded` parameters, or answers with an OAuth error.
pub async fn params(request: &HttpRequest, payload: &mut Payload) -> Result<Params, HttpResponse> {
    if !has_type(request, "application/x-www-form-urlencoded") {
        return Err(respond::refusal(&Refusal::malformed(
            "Content-Type must be application/x-www-form-urlencoded",
        )));
    }
    let bytes = body(payload, MAX_BYTES).await?;
    Params::parse(&bytes).map_err(|refusal| respond::refusal(&refusal))
}

/// The `Authorization` header, if it is text.
pub fn authorization(request: &HttpRequest) -> Option<&str> {
    request.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok())
}

/// The token of an `Authorization: Bearer` header.
pub fn bearer(request: &HttpRequest) -> Option<&str> {
    let (scheme, token) = authorization(request)?.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim())
}
