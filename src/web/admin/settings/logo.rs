//! `/admin/settings/branding/logo`: uploading a picture, and taking it away.

use actix_web::HttpResponse;

use super::super::access::Submission;
use super::super::answers;
use super::super::upload::Upload;
use crate::admin::settings;

const PAGE: &str = "/admin/settings/branding";

pub async fn post(upload: Upload) -> HttpResponse {
    let sent = upload.sent;
    match settings::set_logo(&sent.state.admin, &sent.actor, upload.file, sent.version()).await {
        Ok(()) => answers::done(PAGE, "logo-set"),
        Err(failure) => answers::failed(&sent.state, failure),
    }
}

pub async fn remove(sent: Submission) -> HttpResponse {
    match settings::remove_logo(&sent.state.admin, &sent.actor, sent.version()).await {
        Ok(()) => answers::done(PAGE, "logo-removed"),
        Err(failure) => answers::failed(&sent.state, failure),
    }
}
