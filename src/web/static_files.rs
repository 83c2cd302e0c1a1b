//! `/static/…`: the style sheet, the script and the pictures, compiled in.

use actix_web::http::header;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::error_page;

const FILES: &[(&str, &str, &[u8])] = &[
    ("app.css", "text/css; charset=utf-8", include_bytes!("../../static/app.css")),
    ("app.js", "text/javascript; charset=utf-8", include_bytes!("../../static/app.js")),
    ("audit.js", "text/javascript; charset=utf-8", include_bytes!("../../static/audit.js")),
    ("passkeys.js", "text/javascript; charset=utf-8", include_bytes!("../../static/passkeys.js")),
    ("logo.svg", "image/svg+xml", include_bytes!("../../static/logo.svg")),
    ("favicon.svg", "image/svg+xml", include_bytes!("../../static/favicon.svg")),
];

/// Sends a file; an unchanged one is not sent again.
pub async fn get(request: HttpRequest, name: Path<String>) -> HttpResponse {
    send(&request, &name)
}

/// Browsers ask for this name by themselves.
pub async fn favicon(request: HttpRequest) -> HttpResponse {
    send(&request, "favicon.svg")
}

fn send(request: &HttpRequest, name: &str) -> HttpResponse {
    let Some((_, media_type, bytes)) = FILES.iter().find(|(file, ..)| *file == name) else {
        return error_page::not_found();
    };
    let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(bytes)[..12]));
    let unchanged = request
        .headers()
        .get(header::IF_NONE_MATCH)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.split(',').any(|tag| tag.trim() == etag));
    let mut response = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::ETAG, etag))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    if unchanged { response.finish() } else { response.content_type(*media_type).body(*bytes) }
}
