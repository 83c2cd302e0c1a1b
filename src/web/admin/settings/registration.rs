//! `/admin/settings/registration`: whether clients may register themselves.

use actix_web::HttpResponse;

use super::super::super::State;
use super::super::super::pages::admin::{AllowRegistrationPage, Area, RuleState, Shell};
use super::super::access::{FreshSubmission, FreshView};
use super::super::answers;
use super::PAGE;
use crate::admin::{Failure, settings};

pub async fn get(FreshView(view): FreshView) -> HttpResponse {
    let html = page(&view.state, view.shell(Area::Settings), None, None);
    answers::page(&view.state, &html, &view.token)
}

pub async fn post(FreshSubmission(sent): FreshSubmission) -> HttpResponse {
    let (state, wish) = (&sent.state, sent.is_ticked("enabled"));
    match settings::set_registration(&state.admin, &sent.actor, wish, sent.version()).await {
        Ok(()) => answers::done(PAGE, "registration-rule-set"),
        Err(failure @ Failure::Changed) => {
            let html = page(state, sent.shell(Area::Settings), Some(wish), Some(&failure));
            answers::again(state, &failure, &html, &sent.token)
        }
        Err(failure) => answers::failed(state, failure),
    }
}

fn page(state: &State, shell: Shell, wish: Option<bool>, failure: Option<&Failure>) -> AllowRegistrationPage {
    let now = state.oauth.settings.current();
    let resources = state.oauth.resources.current();
    AllowRegistrationPage {
        shell,
        rule: RuleState::of(now.registration.is_fixed, failure),
        enabled: wish.unwrap_or(now.registration.value),
        in_force: now.registration.value,
        open: resources.all().iter().filter(|r| r.registration_open).map(|r| r.name.clone()).collect(),
        version: now.registration.change.version,
    }
}
