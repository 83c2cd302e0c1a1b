//! `/admin/settings`: every setting with its value, its source and its meaning.

use actix_web::HttpResponse;

use super::super::super::State;
use super::super::super::pages::admin::{Area, ChoiceView, ProviderView, SettingsPage};
use super::super::access::View;
use super::super::answers;
use crate::accounts::upstream::provider::{Admit, Provider};
use crate::settings::Choice;

pub async fn get(view: View) -> HttpResponse {
    let state = &view.state;
    let set = state.oauth.settings.current();
    let html = SettingsPage {
        shell: view.shell(Area::Settings),
        brand_name: set.brand.name().to_owned(),
        has_logo: set.brand.logo.is_some(),
        second_factor: choice_view(&set.second_factor, set.second_factor.value.as_str()),
        registration: choice_view(&set.registration, if set.registration.value { "on" } else { "off" }),
        has_mail: state.accounts.mail.is_on(),
        providers: state.accounts.upstream.all().map(|provider| provider_view(state, provider)).collect(),
        warnings: state.in_force.warnings.clone(),
        sections: state.in_force.sections.clone(),
    };
    answers::page(state, &html, &view.token)
}

fn choice_view<T>(choice: &Choice<T>, value: &str) -> ChoiceView {
    ChoiceView {
        value: value.to_owned(),
        is_fixed: choice.is_fixed,
        is_default: !choice.is_fixed && choice.change.version == 0,
    }
}

pub fn provider_view(state: &State, provider: &Provider) -> ProviderView {
    ProviderView {
        name: provider.name.clone(),
        label: provider.label.clone(),
        issuer: provider.issuer.clone(),
        admits: match &provider.policy.admit {
            Admit::Invited => "nobody without an account here".to_owned(),
            Admit::Domains(domains) => format!("people of {}", domains.join(", ")),
            Admit::Anyone => "everybody".to_owned(),
        },
        redirect_uri: state.issuer().at(&provider.callback_path()),
    }
}
