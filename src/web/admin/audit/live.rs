//! `/admin/audit/live`: the newest events, and more as they come.

use actix_web::HttpResponse;

use super::super::super::pages::admin::{Area, LivePage};
use super::super::access::View;
use super::super::answers;
use crate::admin::audit::{self, Filters};

/// Events shown at first.
const SIZE: usize = 50;

pub async fn get(view: View) -> HttpResponse {
    match audit::list(&view.state.admin, &Filters::default(), None, SIZE).await {
        Ok(listing) => {
            let html = LivePage {
                shell: view.shell(Area::Audit),
                lines: listing.rows.iter().map(|seen| super::line(&view.state, seen)).collect(),
            };
            answers::page(&view.state, &html, &view.token)
        }
        Err(failure) => answers::failed(&view.state, failure),
    }
}
