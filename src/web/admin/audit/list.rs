//! `/admin/audit`: the trail, the newest first, filtered.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::super::super::pages::admin::{Area, AuditPage, Problems};
use super::super::super::{error_page, respond, when};
use super::super::access::View;
use super::super::answers;
use crate::admin::Failure;
use crate::admin::audit::{self, Filters, Listing};

/// Events on one page.
const SIZE: usize = 50;

pub async fn get(view: View) -> HttpResponse {
    let state = &view.state;
    let search = view.search();
    if let Some(text) = &search {
        match audit::named(&state.admin, text).await {
            Ok(Some(id)) => return respond::see_other(&format!("{}/{id}", super::PAGE)),
            Ok(None) => {}
            Err(error) => return answers::failed(state, error.into()),
        }
    }
    let filters = Filters::read(|name| view.query.first(name));
    let after = view.after();
    let (listing, problems) = match audit::list(&state.admin, &filters, after.as_deref(), SIZE).await {
        Ok(listing) => (listing, Vec::new()),
        Err(Failure::Invalid(problems)) => (Listing::default(), problems),
        Err(failure) => return answers::failed(state, failure),
    };
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let html = AuditPage {
        shell: view.shell(Area::Audit),
        not_found: search.clone(),
        search: search.unwrap_or_default(),
        lines: listing.rows.iter().map(|seen| super::line(state, seen)).collect(),
        next_url: listing.next.as_deref().map(|id| super::url_of(&filters, &[("after", id)])),
        first_url: after.is_some().then(|| super::url_of(&filters, &[])),
        searched_back_to: listing.searched_back_to.map(when::second),
        is_filtered: !filters.is_empty(),
        filter: super::filter_view(state, filters),
        problems: Problems(problems),
    };
    error_page::form_page(state, status, &html, &view.token)
}
