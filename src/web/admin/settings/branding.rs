//! `/admin/settings/branding`: the name, the colours and the logo of every page.

use actix_web::HttpResponse;

use super::super::super::State;
use super::super::super::pages::admin::{Area, BrandingPage, Problems, Shell};
use super::super::access::{Submission, View};
use super::super::answers;
use super::PAGE;
use crate::admin::Failure;
use crate::admin::settings::{self, BrandingInput};
use crate::settings::Branding;

pub async fn get(view: View) -> HttpResponse {
    let stored = input_of(&view.state.oauth.settings.current().brand.branding);
    let html = page(&view.state, view.shell(Area::Settings), stored, None);
    answers::page(&view.state, &html, &view.token)
}

pub async fn post(sent: Submission) -> HttpResponse {
    let (state, input) = (&sent.state, input(&sent));
    match settings::set_branding(&state.admin, &sent.actor, &input, sent.version()).await {
        Ok(()) => answers::done(PAGE, "branding-set"),
        Err(failure @ (Failure::Changed | Failure::Invalid(_))) => {
            let html = page(state, sent.shell(Area::Settings), input, Some(&failure));
            answers::again(state, &failure, &html, &sent.token)
        }
        Err(failure) => answers::failed(state, failure),
    }
}

/// What was typed.
pub fn input(sent: &Submission) -> BrandingInput {
    let field = |name: &str| sent.text(name).to_owned();
    BrandingInput { name: field("name"), accent: field("accent"), accent_dark: field("accent_dark") }
}

fn input_of(branding: &Branding) -> BrandingInput {
    let text = |colour: Option<_>| colour.map(|c: crate::settings::Colour| c.to_string()).unwrap_or_default();
    BrandingInput {
        name: branding.name.clone().unwrap_or_default(),
        accent: text(branding.accents.map(|a| a.light)),
        accent_dark: text(branding.accents.and_then(|a| a.dark)),
    }
}

/// The form with what was typed, or is stored, in it.
pub fn page(state: &State, shell: Shell, input: BrandingInput, failure: Option<&Failure>) -> BrandingPage {
    let now = state.oauth.settings.current();
    let is_changed = matches!(failure, Some(Failure::Changed));
    BrandingPage {
        shell,
        problems: failure.map(Problems::of_failure).unwrap_or_default(),
        is_changed,
        stored: is_changed.then(|| input_of(&now.brand.branding)),
        input,
        version: now.branding.version,
        logo_version: now.logo.version,
        logo_url: now.brand.logo_url(),
        logo_width: now.brand.logo_width(),
        has_logo: now.brand.logo.is_some(),
        preview: None,
    }
}
