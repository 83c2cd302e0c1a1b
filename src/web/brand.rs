//! The brand that pages wear, and the files that go with it.
//!
//! While a request is answered, its server's brand belongs to the task that answers it: `templates/base.html` asks
//! for it, so that no page has to be given it. A page rendered outside a request wears Gatepost's own.

use std::future::Future;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Query};
use serde::Deserialize;

use super::{State, error_page};
use crate::settings::{Accents, Brand, Branding};

tokio::task_local! {
    static WORN: Arc<Brand>;
}

/// Answers a request in this brand.
pub async fn wear<T>(brand: Arc<Brand>, answer: impl Future<Output = T>) -> T {
    WORN.scope(brand, answer).await
}

/// Renders in this brand.
pub fn try_on<T>(brand: Brand, render: impl FnOnce() -> T) -> T {
    WORN.sync_scope(Arc::new(brand), render)
}

/// The brand of the request that is being answered.
pub fn current() -> Arc<Brand> {
    WORN.try_with(Arc::clone).unwrap_or_default()
}

/// The version that an address asks for.
#[derive(Deserialize)]
pub struct Version {
    v: Option<String>,
}

/// `/branding/logo`: the picture that was uploaded.
pub async fn logo(state: Data<State>, asked: Query<Version>) -> HttpResponse {
    let snapshot = state.oauth.settings.current();
    let Some(logo) = &snapshot.brand.logo else { return error_page::not_found() };
    // A process that has not heard of a new picture yet must not have the old one kept under its name.
    let is_this = asked.v.as_deref() == Some(logo.hash());
    let keep = if is_this { "public, max-age=31536000, immutable" } else { "no-store" };
    file(logo.media_type.as_str(), keep, logo.bytes.clone())
}

/// `/branding/style.css`: the colours that were chosen.
pub async fn style(state: Data<State>, asked: Query<Version>) -> HttpResponse {
    let snapshot = state.oauth.settings.current();
    let Some(accents) = snapshot.brand.branding.accents else { return error_page::not_found() };
    let is_this = asked.v.as_deref().is_some_and(|v| v == accents.version());
    let keep = if is_this { "public, max-age=31536000, immutable" } else { "no-store" };
    file("text/css; charset=utf-8", keep, accents.style().into_bytes())
}

/// The colours that an address holds, as six hexadecimal digits each.
#[derive(Deserialize)]
pub struct Proposed {
    accent: String,
    #[serde(default)]
    dark: String,
}

/// `/branding/preview.css`: colours that somebody tries on.
pub async fn preview(asked: Query<Proposed>) -> HttpResponse {
    let accents = Branding::parse("", &asked.accent, &asked.dark).ok().and_then(|b| b.accents);
    let Some(style) = accents.map(Accents::style) else { return error_page::not_found() };
    file("text/css; charset=utf-8", "no-store", style.into_bytes())
}

fn file(media_type: &'static str, keep: &'static str, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((header::CACHE_CONTROL, keep))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"))
        .body(bytes)
}
