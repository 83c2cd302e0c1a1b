//! `/account`: who is signed in, and the name they go by.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::super::pages::account::{OverviewPage, Tab};
use super::super::problem::Problem;
use super::super::{State, address, csrf, error_page};
use super::Visit;
use crate::accounts::profile::{self, MAX_NAME, NameError};
use crate::audit::Event;
use crate::web::when;

const PAGE: &str = "/account";

/// Shows the account, or leads to the login.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let visit = match super::visit(&state, &request).await {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let name = visit.session.user.name.clone().unwrap_or_default();
    show(&state, &visit, name, None, StatusCode::OK)
}

/// Changes the name.
pub async fn post(state: Data<State>, request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let (session, posted) = match super::submission(&state, &request, &mut payload, PAGE).await {
        Ok(submission) => submission,
        Err(response) => return response,
    };
    let origin = address::origin(&state, &request);
    if let Err(throttled) = state.accounts.throttle.secret(origin.address.as_deref().unwrap_or_default()) {
        return Problem::from(throttled).as_page(&state, &request, Event::UserRenamed).await;
    }
    let typed = posted.first("name").unwrap_or_default();
    match profile::rename(&state.accounts, &session.user, typed, &origin).await {
        Ok(changed) => {
            if changed {
                state.trust.forget_all();
            }
            super::done(PAGE, "name")
        }
        Err(NameError::Store(error)) => error_page::refused(&error.into(), error_page::reference(&state)),
        Err(error @ (NameError::TooLong | NameError::Unprintable)) => {
            let token = csrf::issue(&state, &request, Some(&session.id));
            let visit = Visit { session, token, notice: None };
            let typed = typed.chars().take(10 * MAX_NAME).collect();
            show(&state, &visit, typed, Some(error.to_string()), StatusCode::UNPROCESSABLE_ENTITY)
        }
    }
}

fn show(
    state: &State,
    visit: &Visit,
    name: String,
    error: Option<String>,
    status: StatusCode,
) -> HttpResponse {
    let page = OverviewPage {
        shell: visit.shell(Tab::Overview),
        name,
        error,
        max_name: MAX_NAME,
        signed_in_at: when::moment(visit.session.auth_time),
    };
    error_page::form_page(state, status, &page, &visit.token)
}
