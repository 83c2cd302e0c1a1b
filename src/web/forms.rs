//! Bodies, read with a bound, and forms taken apart.

use actix_multipart::Multipart;
use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut, Payload};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::problem::Problem;
use super::{State, address};
use crate::oauth::call::Call;
use crate::oauth::error::Refusal;
use crate::oauth::params::{MAX_BYTES, Params};

/// Reads a body of at most `limit` bytes.
pub async fn body(state: &State, payload: &mut Payload, limit: usize) -> Result<Bytes, Problem> {
    tokio::time::timeout(state.settings.patience.form, read(payload, limit))
        .await
        .unwrap_or(Err(Problem::TooSlow))
}

async fn read(payload: &mut Payload, limit: usize) -> Result<Bytes, Problem> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Refusal::malformed("the body could not be read to its end"))?;
        if bytes.len() + chunk.len() > limit {
            return Err(Problem::TooLarge(limit));
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

/// Reads `application/x-www-form-urlencoded` parameters.
pub async fn params(state: &State, request: &HttpRequest, payload: &mut Payload) -> Result<Params, Problem> {
    params_within(state, request, payload, MAX_BYTES).await
}

async fn params_within(
    state: &State,
    request: &HttpRequest,
    payload: &mut Payload,
    limit: usize,
) -> Result<Params, Problem> {
    if !has_type(request, "application/x-www-form-urlencoded") {
        return Err(Refusal::malformed("Content-Type must be application/x-www-form-urlencoded").into());
    }
    let bytes = body(state, payload, limit).await?;
    Ok(Params::parse_within(&bytes, limit)?)
}

/// Reads a form of ours: no field comes twice, but for a group of tick boxes named `group`.
pub async fn fields(
    state: &State,
    request: &HttpRequest,
    payload: &mut Payload,
    group: Option<&str>,
) -> Result<Params, Problem> {
    let fields = params(state, request, payload).await?;
    fields.each_once_but(group)?;
    Ok(fields)
}

/// A form of administrators: fields that end in `[]` are lists.
pub async fn lists(
    state: &State,
    request: &HttpRequest,
    payload: &mut Payload,
    limit: usize,
) -> Result<Params, Problem> {
    let fields = params_within(state, request, payload, limit).await?;
    fields.each_once_unless(|name| name.ends_with("[]"))?;
    Ok(fields)
}

/// A form of administrators with at most one file of at most `limit` bytes, which comes back apart. One without a
/// file may also come as an ordinary form.
pub async fn with_file(
    state: &State,
    request: &HttpRequest,
    payload: &mut Payload,
    limit: usize,
) -> Result<(Params, Vec<u8>), Problem> {
    if !has_type(request, "multipart/form-data") {
        return Ok((fields(state, request, payload, None).await?, Vec::new()));
    }
    let malformed = |_| Refusal::malformed("the form cannot be taken apart");
    let bytes = body(state, payload, limit + MAX_BYTES).await?;
    let mut parts = Multipart::new(request.headers(), stream::once(async { Ok(bytes) }));
    let (mut pairs, mut file) = (Vec::new(), Vec::new());
    while let Some(mut part) = parts.try_next().await.map_err(malformed)? {
        let name = part.name().unwrap_or_default().to_owned();
        let is_file = part.content_disposition().is_some_and(|d| d.get_filename().is_some());
        let mut value = Vec::new();
        while let Some(chunk) = part.try_next().await.map_err(malformed)? {
            value.extend_from_slice(&chunk);
        }
        if is_file {
            file = value;
        } else {
            let text = String::from_utf8(value).map_err(|_| Refusal::malformed("a field is not UTF-8"))?;
            pairs.push((name, text));
        }
    }
    // Written and read once more, so that the rules for ordinary forms hold here as well.
    let fields = Params::parse(Params::from_pairs(pairs).to_query().as_bytes())?;
    fields.each_once_but(None)?;
    Ok((fields, file))
}

/// A form of ours without groups, of at most `limit` bytes.
pub async fn fields_within(
    state: &State,
    request: &HttpRequest,
    payload: &mut Payload,
    limit: usize,
) -> Result<Params, Problem> {
    let fields = params_within(state, request, payload, limit).await?;
    fields.each_once_but(None)?;
    Ok(fields)
}

/// The `Authorization` header, if it is text.
pub fn authorization(request: &HttpRequest) -> Option<&str> {
    request.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok())
}

/// What a request to a protocol endpoint brings besides its parameters.
pub fn call<'a>(state: &State, request: &'a HttpRequest) -> Call<'a> {
    // One that is no text stays, as one that nothing can be read from.
    let proofs = request.headers().get_all("dpop").map(|v| v.to_str().unwrap_or_default());
    Call {
        authorization: authorization(request),
        dpop: proofs.collect(),
        method: request.method().as_str(),
        path: request.path(),
        origin: address::origin(state, request),
    }
}

/// The token of an `Authorization: Bearer` header.
pub fn bearer(request: &HttpRequest) -> Option<&str> {
    let (scheme, token) = authorization(request)?.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim())
}
