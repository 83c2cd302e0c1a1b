//! `GET /account`: who is signed in.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::super::pages::account::{OverviewPage, Tab};
use super::super::{State, error_page};
use crate::web::when;

/// Shows the account, or leads to the login.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let visit = match super::visit(&state, &request).await {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let page = OverviewPage {
        shell: visit.shell(Tab::Overview),
        name: visit.session.user.name.clone(),
        signed_in_at: when::moment(visit.session.auth_time),
    };
    error_page::form_page(&state, StatusCode::OK, &page, &visit.token)
}
