//! `/admin/settings/providers/{name}/check`: whether a login provider answers.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::super::pages::admin::{Area, ProviderCheckPage};
use super::super::access::Submission;
use super::super::answers;
use super::list::provider_view;
use crate::admin::{Failure, settings};

pub async fn post(sent: Submission, name: Path<String>) -> HttpResponse {
    let state = &sent.state;
    let asked = match settings::ask_provider(&state.admin, &name).await {
        Ok(asked) => asked,
        Err(failure) => return answers::failed(state, failure),
    };
    let Some(provider) = state.accounts.upstream.find(&name) else {
        return answers::failed(state, Failure::NotFound);
    };
    let html = ProviderCheckPage {
        shell: sent.shell(Area::Settings),
        provider: provider_view(state, provider),
        fault: asked.err().map(|fault| fault.to_string()),
    };
    answers::page(state, &html, &sent.token)
}
