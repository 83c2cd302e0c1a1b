//! `/`: what this server is, and the lines to paste into each client.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::pages::{HomePage, Snippet};
use super::{State, error_page, session};
use crate::connect;

/// Shows the start page.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let signed_in = match session::current(&state, &request).await {
        Ok(session) => session.map(|s| s.user.email),
        Err(page) => return page,
    };
    let setup_needed = match state.accounts.store.has_admin().await {
        Ok(has_admin) => !has_admin,
        Err(error) => return error_page::refused(&error.into(), error_page::reference(&state)),
    };
    let resources = state.oauth.resources.current();
    let default = resources.default_resource();
    let mcp_url = default.map_or_else(|| state.issuer().at("/mcp"), |resource| resource.uri.clone());
    let snippets = connect::lines(&mcp_url).into_iter().map(snippet).collect();
    let page = HomePage {
        public_url: state.issuer().as_str().to_owned(),
        mcp_url,
        bound_only: default.is_some_and(|resource| resource.dpop_required),
        snippets,
        signed_in,
        setup_needed,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    error_page::page(StatusCode::OK, &page)
}

fn snippet(line: connect::Line) -> Snippet {
    Snippet { client: line.client.to_owned(), hint: line.hint.to_owned(), text: line.text, link: None }
}
