//! Which `Host` values are answered.
//!
//! A page of another site can make a browser connect here under a name of its own (DNS rebinding); its
//! requests then carry that name as `Host`. Probes of health are answered under any name. Programs that call the API
//! are told in its words, everybody else in a line of text.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};

use super::admin::api;
use super::{State, address, error_page};
use crate::audit::{Entry, Event};
use crate::types::urls::Issuer;

/// The names under which `issuer` may be called: its own, and on loopback each loopback name, with each port.
pub fn allowed(issuer: &Issuer, ports: &[u16]) -> Vec<String> {
    let own = issuer.authority().to_ascii_lowercase();
    let mut hosts = vec![own.clone()];
    if issuer.is_loopback() {
        let own_port = own.rsplit_once(':').and_then(|(_, p)| p.parse().ok());
        for port in ports.iter().copied().chain(own_port) {
            for name in ["localhost", "127.0.0.1", "[::1]"] {
                hosts.push(format!("{name}:{port}"));
            }
        }
    }
    hosts.sort();
    hosts.dedup();
    hosts
}

/// Refuses requests meant for another host with 403, and records them.
pub async fn check<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if matches!(request.path(), "/healthz" | "/readyz") {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    }
    let state = request.app_data::<web::Data<State>>().cloned();
    let mut hosts = request.headers().get_all(header::HOST);
    let host = hosts.next().and_then(|h| h.to_str().ok()).map(str::to_ascii_lowercase);
    let single = hosts.next().is_none();
    let fine =
        single && state.as_ref().is_some_and(|s| host.is_some_and(|h| s.settings.allowed_hosts.contains(&h)));
    if fine {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    }
    if let Some(state) = &state {
        let reference = error_page::reference(state);
        let asked = request.headers().get(header::HOST).map(|h| String::from_utf8_lossy(h.as_bytes()));
        let entry = Entry::refused(Event::AccessRefused, "foreign_host")
            .address(address::origin(state, request.request()).address)
            .reference(reference.clone())
            .detail(format!("host: {}", asked.unwrap_or_default()));
        state.oauth.audit.record(entry).await;
        if request.path().starts_with(api::PREFIX) {
            let response = api::foreign_host(state, reference);
            return Ok(request.into_response(response).map_into_right_body());
        }
    }
    let body = "This server does not answer under this host name. Use its public URL, or set \
                GATEPOST_PUBLIC_URL to the URL you use (and let a reverse proxy pass the Host header on).\n";
    let response = HttpResponse::Forbidden().content_type("text/plain; charset=utf-8").body(body);
    Ok(request.into_response(response).map_into_right_body())
}
