//! `/admin/settings/branding/preview`: the form once more, and sign-in and consent, as they would look. Saves nothing.

use actix_web::HttpResponse;

use super::super::super::brand;
use super::super::super::pages::admin::Area;
use super::super::access::Submission;
use super::super::answers;
use super::branding;
use crate::admin::settings;
use crate::settings::Brand;

pub async fn post(sent: Submission) -> HttpResponse {
    let (state, input) = (&sent.state, branding::input(&sent));
    match settings::check_branding(&input) {
        Ok(proposed) => {
            let logo = state.oauth.settings.current().brand.logo.clone();
            let proposed = Brand::proposed(proposed, logo);
            let mut html = branding::page(state, sent.shell(Area::Settings), input, None);
            html.preview = Some(proposed.name().to_owned());
            // Saving then still notices what somebody else changed in between.
            html.version = sent.version();
            brand::try_on(proposed, || answers::page(state, &html, &sent.token))
        }
        Err(failure) => {
            let html = branding::page(state, sent.shell(Area::Settings), input, Some(&failure));
            answers::again(state, &failure, &html, &sent.token)
        }
    }
}
