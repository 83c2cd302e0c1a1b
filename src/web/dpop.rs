//! Proofs of possession on the wire: which scheme an access token came in, what a refusal of it looks like, and the
//! nonce that the next proof shall carry.
//!
//! | request                                              | its answer also has                                     |
//! |------------------------------------------------------|---------------------------------------------------------|
//! | with a `DPoP` header or scheme, where the settings ask for a nonce | `DPoP-Nonce`, whatever the answer is     |
//! | anything else                                        | nothing                                                 |

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};
use serde_json::json;

use super::{State, respond};
use crate::oauth::dpop;
use crate::oauth::dpop::access::{self, Sent};
use crate::oauth::error::{Code, Refusal};
use crate::types::Scheme;

/// The header of proofs.
pub const PROOF: &str = "dpop";
/// The header of nonces.
pub const NONCE: &str = "dpop-nonce";

/// The access token in the one `Authorization` header of a request.
pub fn sent(headers: &HeaderMap) -> Option<Sent<'_>> {
    let mut values = headers.get_all(header::AUTHORIZATION);
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    value.to_str().ok().and_then(access::sent)
}

/// The proofs of a request. One that is no text stays, as one that nothing can be read from.
pub fn proofs(headers: &HeaderMap) -> Vec<&str> {
    headers.get_all(PROOF).map(|value| value.to_str().unwrap_or_default()).collect()
}

/// Tells the nonce of now.
pub async fn tell_nonce<B: MessageBody>(
    state: Data<State>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let headers = request.headers();
    let proves = headers.contains_key(PROOF) || sent(headers).is_some_and(|s| s.scheme == Scheme::Dpop);
    let mut response = next.call(request).await?;
    let nonce = dpop::next_nonce(&state.oauth).filter(|_| proves);
    if let Some(nonce) = nonce.and_then(|text| HeaderValue::from_str(&text).ok()) {
        response.headers_mut().insert(HeaderName::from_static(NONCE), nonce);
    }
    Ok(response)
}

/// Whether a refusal is about the token or its proof, so that the answer has to say how to do better.
pub const fn is_of_token(code: Code) -> bool {
    matches!(code, Code::InvalidToken | Code::InsufficientScope | Code::InvalidDpopProof | Code::UseDpopNonce)
}

/// The refusal of an access token at a protocol endpoint (RFC 6750 §3, RFC 9449 §7.1).
pub fn refused(refusal: &Refusal, scheme: Scheme) -> HttpResponse {
    if !is_of_token(refusal.code) {
        return respond::refusal(refusal);
    }
    let status = match refusal.code {
        Code::InsufficientScope => StatusCode::FORBIDDEN,
        _ => StatusCode::UNAUTHORIZED,
    };
    let (error, text) = (refusal.code.as_str(), respond::printable(&refusal.description));
    let algs = match scheme {
        Scheme::Bearer => String::new(),
        Scheme::Dpop => format!(", algs=\"{}\"", dpop::alg_names()),
    };
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::PRAGMA, "no-cache"))
        .insert_header((
            header::WWW_AUTHENTICATE,
            format!("{} error=\"{error}\"{algs}, error_description=\"{text}\"", scheme.as_str()),
        ))
        .json(json!({ "error": error, "error_description": text }))
}
