//! `/account`: who is signed in.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::DateTime;

use super::pages::AccountPage;
use super::{State, csrf, error_page, respond, session};

/// Shows the account, or leads to the login.
pub async fn get(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let session = match session::current(&state, &request).await {
        Ok(Some(session)) => session,
        Ok(None) => return respond::see_other("/login"),
        Err(page) => return page,
    };
    let token = csrf::issue(&state, &request, Some(&session.id));
    let page = AccountPage {
        csrf: token.value.clone(),
        email: session.user.email,
        is_admin: session.user.is_admin,
        notice: None,
        signed_in_at: DateTime::from_timestamp(session.auth_time, 0)
            .map(|t| t.format("%-d %B %Y, %H:%M UTC").to_string())
            .unwrap_or_default(),
    };
    error_page::form_page(&state, StatusCode::OK, &page, &token)
}
