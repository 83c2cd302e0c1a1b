//! `/admin/issuers`: all of them.

use actix_web::HttpResponse;

use super::super::super::pages::admin::{Area, IssuersPage};
use super::super::access::View;
use super::super::answers;
use crate::admin::issuers;

pub async fn get(view: View) -> HttpResponse {
    match issuers::all(&view.state.admin).await {
        Ok(set) => {
            let lines = set.all().iter().map(|issuer| super::line(issuer)).collect();
            let html = IssuersPage { shell: view.shell(Area::Issuers), issuers: lines };
            answers::page(&view.state, &html, &view.token)
        }
        Err(failure) => answers::failed(&view.state, failure),
    }
}
