//! `/admin/api/tokens/{id}/revoke`: asks, and ends a token.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::pages::admin::{Area, RevokeApiTokenPage};
use super::super::access::{Submission, View};
use super::super::answers;
use super::PAGE;
use crate::admin::api_tokens;

pub async fn get(view: View, id: Path<String>) -> HttpResponse {
    let token = match api_tokens::find(&view.state.admin, &id).await {
        Ok(token) => token,
        Err(failure) => return answers::failed(&view.state, failure),
    };
    let now = view.state.oauth.clock.now();
    let html = RevokeApiTokenPage { shell: view.shell(Area::Api), token: super::line(token, now) };
    answers::page(&view.state, &html, &view.token)
}

pub async fn post(sent: Submission, id: Path<String>) -> HttpResponse {
    match api_tokens::revoke(&sent.state.admin, &sent.actor, &id).await {
        Ok(()) => answers::done(PAGE, "api-token-revoked"),
        Err(failure) => answers::failed(&sent.state, failure),
    }
}
