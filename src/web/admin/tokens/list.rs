//! `/admin/api/tokens`: every token, the newest first.

use actix_web::HttpResponse;

use super::super::super::pages::admin::{ApiTokensPage, Area};
use super::super::access::View;
use super::super::answers;
use super::PAGE;
use crate::admin::api_tokens;

pub async fn get(view: View) -> HttpResponse {
    let after = view.after();
    let page = match api_tokens::list(&view.state.admin, after.as_deref()).await {
        Ok(page) => page,
        Err(error) => return answers::failed(&view.state, error.into()),
    };
    let now = view.state.oauth.clock.now();
    let html = ApiTokensPage {
        shell: view.shell(Area::Api),
        tokens: page.rows.into_iter().map(|token| super::line(token, now)).collect(),
        next_url: page.next.map(|last| format!("{PAGE}?after={last}")),
        first_url: after.map(|_| PAGE.to_owned()),
    };
    answers::page(&view.state, &html, &view.token)
}
